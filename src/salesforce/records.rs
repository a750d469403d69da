//! Single records: read, upsert by external id, update, delete, find by e-mail.

use std::collections::BTreeMap;

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::{
    api::{Api, Subrequest, encode, rows, soql_text},
    error::{SalesforceError, SalesforceErrorKind},
    id::SalesforceId,
};
use crate::outbound::DidItHappen;

/// The standard objects that the connector touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CrmObject {
    /// A lead.
    Lead,
    /// A contact.
    Contact,
    /// An account.
    Account,
    /// An opportunity.
    Opportunity,
    /// A task.
    Task,
}

impl CrmObject {
    /// The API name.
    #[must_use]
    pub const fn api_name(self) -> &'static str {
        match self {
            Self::Lead => "Lead",
            Self::Contact => "Contact",
            Self::Account => "Account",
            Self::Opportunity => "Opportunity",
            Self::Task => "Task",
        }
    }
}

/// Field values to write, by API name; `None` clears the field.
pub type Fields = BTreeMap<&'static str, Option<String>>;

/// The outcome of an upsert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upserted {
    /// The record, unless Salesforce left it out of its answer to an update.
    pub record_id: Option<SalesforceId>,
    /// Whether this very call created it.
    pub created: bool,
}

/// The outcome of a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// This call deleted it.
    Now,
    /// There was nothing left to delete.
    AlreadyGone,
}

/// A lead or contact found by its e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFound {
    /// `Lead` or `Contact`.
    pub object: CrmObject,
    /// The record.
    pub record_id: SalesforceId,
    /// Its external id, if it has one.
    pub external_id: Option<String>,
}

#[derive(Deserialize)]
struct WriteAnswer {
    id: SalesforceIdText,
    #[serde(default)]
    created: Option<bool>,
}

/// An id as it comes over the wire.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct SalesforceIdText(String);

impl SalesforceIdText {
    pub(super) fn parse(&self) -> Result<SalesforceId, SalesforceError> {
        SalesforceId::parse(&self.0).map_err(|_| SalesforceError::malformed("a record id", 200))
    }
}

/// A value to look records up by. SOQL takes an empty text for "has none" and would find every such record; dots alone
/// would lead a path elsewhere.
pub(super) fn usable_key(what: &str, value: &str) -> Result<(), SalesforceError> {
    if value.chars().any(|c| c != '.' && !c.is_whitespace()) {
        return Ok(());
    }
    let message = format!("{what} must not be empty");
    let kind = SalesforceErrorKind::Validation { message, fields: vec![what.to_owned()] };
    Err(SalesforceError::new(kind, DidItHappen::No))
}

impl Api {
    /// Creates the record with this external id, or updates the one that has it. Safe to repeat.
    ///
    /// # Errors
    /// [`SalesforceError`]; `MultipleMatches` when the external id is not unique.
    pub async fn upsert_by_external_id(
        &self,
        object: CrmObject,
        external_id: &str,
        fields: &Fields,
    ) -> Result<Upserted, SalesforceError> {
        let field = &self.config().external_id_field;
        usable_key(field, external_id)?;
        let path = format!("/sobjects/{}/{field}/{}", object.api_name(), encode(external_id));
        let body = serde_json::json!(fields);
        let answer = self
            .call(Method::PATCH, &path, Some(&body))
            .await
            .map_err(|error| external_id_field_missing(error, object, field))?;
        if answer.status == StatusCode::NO_CONTENT {
            return Ok(Upserted { record_id: None, created: false });
        }
        let written: WriteAnswer = answer.json()?;
        let created = written.created.unwrap_or(answer.status == StatusCode::CREATED);
        Ok(Upserted { record_id: Some(written.id.parse()?), created })
    }

    /// Updates a record by its id. Safe to repeat.
    ///
    /// # Errors
    /// [`SalesforceError`], `NotFound` when it was deleted.
    pub async fn update(
        &self,
        object: CrmObject,
        record_id: &SalesforceId,
        fields: &BTreeMap<&str, Option<String>>,
    ) -> Result<(), SalesforceError> {
        let path = format!("/sobjects/{}/{record_id}", object.api_name());
        self.call(Method::PATCH, &path, Some(&serde_json::json!(fields))).await.map(|_| ())
    }

    /// Reads fields of a record as text; `None` when there is no such record.
    ///
    /// # Errors
    /// [`SalesforceError`] but for `NotFound`.
    pub async fn retrieve(
        &self,
        object: CrmObject,
        record_id: &SalesforceId,
        fields: &[&str],
    ) -> Result<Option<BTreeMap<String, Option<String>>>, SalesforceError> {
        let path =
            format!("/sobjects/{}/{record_id}?fields={}", object.api_name(), encode(&fields.join(",")));
        let record: BTreeMap<String, Value> = match self.get(&path).await {
            Ok(record) => record,
            Err(error) if *error.kind() == SalesforceErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let texts = record.into_iter().filter(|(name, _)| name != "attributes").map(|(name, value)| {
            let text = match value {
                Value::Null => None,
                Value::String(text) => Some(text),
                other => Some(other.to_string()),
            };
            (name, text)
        });
        Ok(Some(texts.collect()))
    }

    /// Deletes a record. One that is already gone is no error.
    ///
    /// # Errors
    /// [`SalesforceError`] but for `NotFound`.
    pub async fn delete(
        &self,
        object: CrmObject,
        record_id: &SalesforceId,
    ) -> Result<Deleted, SalesforceError> {
        let path = format!("/sobjects/{}/{record_id}", object.api_name());
        match self.call(Method::DELETE, &path, None).await {
            Ok(_) => Ok(Deleted::Now),
            Err(error) if *error.kind() == SalesforceErrorKind::NotFound => Ok(Deleted::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    /// Contacts and unconverted leads with this e-mail address, contacts first, oldest first. One API call; at most
    /// five of each.
    ///
    /// # Errors
    /// [`SalesforceError`].
    pub async fn find_people_by_email(&self, email: &str) -> Result<Vec<PersonFound>, SalesforceError> {
        usable_key("Email", email)?;
        let field = self.config().external_id_field.clone();
        let email = soql_text(email);
        let parts = [
            Subrequest::query(&format!(
                "SELECT Id, {field} FROM Contact WHERE Email = {email} ORDER BY CreatedDate, Id LIMIT 5"
            )),
            Subrequest::query(&format!(
                "SELECT Id, {field} FROM Lead WHERE Email = {email} AND IsConverted = false ORDER BY CreatedDate, Id LIMIT 5"
            )),
        ];
        let mut found = Vec::new();
        for (object, answer) in
            [CrmObject::Contact, CrmObject::Lead].into_iter().zip(self.composite(&parts).await?)
        {
            let records: Vec<BTreeMap<String, Value>> =
                rows(answer).map_err(|error| external_id_field_missing(error, object, &field))?;
            for record in records {
                let text = |name: &str| record.get(name).and_then(Value::as_str);
                let record_id = SalesforceId::parse(text("Id").unwrap_or_default())
                    .map_err(|_| SalesforceError::malformed("a record id", 200).of_a_read())?;
                found.push(PersonFound { object, record_id, external_id: text(&field).map(str::to_owned) });
            }
        }
        Ok(found)
    }
}

/// Salesforce has several words for an external-id field that is not there; make them one kind.
pub(super) fn external_id_field_missing(
    error: SalesforceError,
    object: CrmObject,
    field: &str,
) -> SalesforceError {
    let names_field = error.vendor_text().contains(field);
    let is_schema_error =
        matches!(error.code(), Some("INVALID_FIELD" | "NOT_FOUND" | "INVALID_FIELD_FOR_INSERT_UPDATE"));
    if !(names_field && is_schema_error) {
        return error;
    }
    let kind = SalesforceErrorKind::ExternalIdFieldMissing {
        object: object.api_name().to_owned(),
        field: field.to_owned(),
    };
    SalesforceError::new(kind, error.effect()).with_vendor(
        error.status().unwrap_or_default(),
        error.code().unwrap_or_default(),
        error.vendor_text(),
    )
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
