//! The Salesforce half of a contact's sync: find the person's record, write it, and be able to repeat both after a
//! lost answer.
//!
//! Which record is the person's, first match wins: the contact with the external id; the lead with it (a converted
//! lead stands for its contact); the contact with the e-mail address; the lead with it. Otherwise a lead is created
//! under the external id. Two API calls: one composite of four queries, one write.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    api::{Api, SubAnswer, Subrequest, rows, soql_text},
    error::{SalesforceError, SalesforceErrorKind},
    id::SalesforceId,
    records::{CrmObject, Deleted, Fields, external_id_field_missing, usable_key},
};
use crate::outbound::DidItHappen;

/// A lead needs a company; this one says that HubSpot knows none.
const UNKNOWN_COMPANY: &str = "[not provided]";

/// What HubSpot knows of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Value of the external-id field, unique in the org.
    pub external_id: String,
    /// E-mail address.
    pub email: String,
    /// First name.
    pub first_name: Option<String>,
    /// Last name; Salesforce requires one.
    pub last_name: String,
    /// Company, for leads.
    pub company: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// Lead source, for new leads.
    pub lead_source: Option<String>,
}

/// The record that now holds the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced {
    /// `Lead` or `Contact`.
    pub object: CrmObject,
    /// The record.
    pub record_id: SalesforceId,
    /// Whether this very call created it. After a lost answer the repetition finds it and says `false`.
    pub created: bool,
    /// API calls used.
    pub calls: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    id: String,
    #[serde(default)]
    is_converted: bool,
    #[serde(default)]
    converted_contact_id: Option<String>,
    #[serde(flatten)]
    other: BTreeMap<String, Value>,
}

/// What the look-up found.
#[derive(Debug, PartialEq, Eq)]
enum Match {
    Record { object: CrmObject, record_id: SalesforceId },
    Nothing,
}

/// Finds the person's record and writes it; creates a lead if there is none. Safe to repeat after any failure.
///
/// # Errors
/// [`SalesforceError`]: `Validation`, `Duplicate`, `Permission`, `ExternalIdFieldMissing`, `MultipleMatches` … name
/// what a person must do. A record with the same e-mail that another HubSpot contact owns is a `Duplicate`.
pub async fn match_and_upsert(api: &Api, person: &NewPerson) -> Result<Synced, SalesforceError> {
    let calls_before = api.calls();
    let (object, record_id, created) = match find(api, person).await? {
        Match::Record { object, record_id } => {
            let fields = update_fields(api, object, person);
            api.update(object, &record_id, &fields)
                .await
                .map_err(|error| external_id_field_missing(error, object, &api.config().external_id_field))?;
            (object, record_id, false)
        }
        Match::Nothing => {
            let upserted =
                api.upsert_by_external_id(CrmObject::Lead, &person.external_id, &lead_fields(person)).await?;
            // Only an update can come without an id, and a racing twin must have created the record for that.
            let record_id = match upserted.record_id {
                Some(record_id) => record_id,
                None => record_with_external_id(api, person).await?,
            };
            (CrmObject::Lead, record_id, upserted.created)
        }
    };
    Ok(Synced { object, record_id, created, calls: api.calls() - calls_before })
}

/// Deletes the record that a sync created: by its id, or, when the id was never learned, by its external id. One that
/// is already gone is no error.
///
/// # Errors
/// [`SalesforceError`], `Permission` for example.
pub async fn delete_synced(
    api: &Api,
    record: Option<(CrmObject, &SalesforceId)>,
    external_id: &str,
) -> Result<Deleted, SalesforceError> {
    if let Some((object, record_id)) = record {
        return api.delete(object, record_id).await;
    }
    let mut outcome = Deleted::AlreadyGone;
    for (object, record_id) in by_external_id(api, external_id).await? {
        if api.delete(object, &record_id).await? == Deleted::Now {
            outcome = Deleted::Now;
        }
    }
    Ok(outcome)
}

/// The leads and contacts that carry an external id: one API call.
///
/// # Errors
/// [`SalesforceError`].
pub async fn by_external_id(
    api: &Api,
    external_id: &str,
) -> Result<Vec<(CrmObject, SalesforceId)>, SalesforceError> {
    usable_key(&api.config().external_id_field, external_id)?;
    let parts = [contact_by_external_id(api, external_id), lead_by_external_id(api, external_id)];
    let answers = api.composite(&parts).await?;
    let field = &api.config().external_id_field;
    let mut found = Vec::new();
    for (object, answer) in [CrmObject::Contact, CrmObject::Lead].into_iter().zip(answers) {
        for row in read(api, object, answer)? {
            // Records are deleted on the word of this answer: believe the value, not the filter.
            if row.external_id(field).is_some_and(|found| found.eq_ignore_ascii_case(external_id)) {
                found.push((object, parse_id(&row.id)?));
            }
        }
    }
    Ok(found)
}

async fn record_with_external_id(api: &Api, person: &NewPerson) -> Result<SalesforceId, SalesforceError> {
    let found = by_external_id(api, &person.external_id).await.map_err(SalesforceError::after_a_write)?;
    let lead = found.into_iter().find(|(object, _)| *object == CrmObject::Lead);
    lead.map(|(_, record_id)| record_id)
        .ok_or_else(|| SalesforceError::new(SalesforceErrorKind::NotFound, DidItHappen::Yes))
}

fn contact_by_external_id(api: &Api, external_id: &str) -> Subrequest {
    let field = &api.config().external_id_field;
    Subrequest::query(&format!(
        "SELECT Id, {field} FROM Contact WHERE {field} = {} LIMIT 2",
        soql_text(external_id)
    ))
}

fn lead_by_external_id(api: &Api, external_id: &str) -> Subrequest {
    let field = &api.config().external_id_field;
    Subrequest::query(&format!(
        "SELECT Id, IsConverted, ConvertedContactId, {field} FROM Lead WHERE {field} = {} LIMIT 2",
        soql_text(external_id)
    ))
}

async fn find(api: &Api, person: &NewPerson) -> Result<Match, SalesforceError> {
    let field = &api.config().external_id_field;
    usable_key(field, &person.external_id)?;
    usable_key("Email", &person.email)?;
    let email = soql_text(&person.email);
    let parts = [
        contact_by_external_id(api, &person.external_id),
        lead_by_external_id(api, &person.external_id),
        Subrequest::query(&format!(
            "SELECT Id, {field} FROM Contact WHERE Email = {email} ORDER BY CreatedDate, Id LIMIT 5"
        )),
        Subrequest::query(&format!(
            "SELECT Id, IsConverted, ConvertedContactId, {field} FROM Lead WHERE Email = {email} ORDER BY CreatedDate, Id LIMIT 5"
        )),
    ];
    let mut answers = api.composite(&parts).await?.into_iter();
    let mut next = |object| {
        let missing =
            || SalesforceError::malformed("a part of the composite answer is missing", 200).of_a_read();
        read(api, object, answers.next().unwrap_or_else(|| Err(missing())))
    };
    let contact_by_id = next(CrmObject::Contact)?;
    let lead_by_id = next(CrmObject::Lead)?;
    let contact_by_email = next(CrmObject::Contact)?;
    let lead_by_email = next(CrmObject::Lead)?;
    if contact_by_id.len() > 1 || lead_by_id.len() > 1 {
        return Err(SalesforceError::new(SalesforceErrorKind::MultipleMatches, DidItHappen::No));
    }
    if let Some(contact) = contact_by_id.first() {
        return contact.record(CrmObject::Contact);
    }
    if let Some(lead) = lead_by_id.first() {
        return lead.record(CrmObject::Lead);
    }
    by_email(field, person, &contact_by_email, &lead_by_email)
}

/// A record that has another person's external id is never taken over.
fn by_email(
    field: &str,
    person: &NewPerson,
    contacts: &[Row],
    leads: &[Row],
) -> Result<Match, SalesforceError> {
    let is_free = |row: &&Row| {
        row.external_id(field).is_none_or(|external_id| external_id.eq_ignore_ascii_case(&person.external_id))
    };
    // An unconverted lead before a converted one: that one's contact would have been found by its own address.
    let unconverted = leads.iter().filter(|lead| !lead.is_converted);
    let converted = leads.iter().filter(|lead| lead.is_converted && lead.converted_contact_id.is_some());
    if let Some(contact) = contacts.iter().find(is_free) {
        return contact.record(CrmObject::Contact);
    }
    if let Some(lead) = unconverted.chain(converted).find(is_free) {
        return lead.record(CrmObject::Lead);
    }
    let matches: Vec<String> = contacts
        .iter()
        .chain(leads.iter().filter(|lead| !lead.is_converted))
        .map(|row| row.id.clone())
        .collect();
    if matches.is_empty() {
        return Ok(Match::Nothing);
    }
    let kind = SalesforceErrorKind::Duplicate { rule: None, matches, allow_save: false };
    Err(SalesforceError::new(kind, DidItHappen::No))
}

impl Row {
    fn external_id(&self, field: &str) -> Option<&str> {
        self.other.get(field).and_then(Value::as_str).filter(|external_id| !external_id.is_empty())
    }

    /// The record to write: a converted lead stands for its contact.
    fn record(&self, object: CrmObject) -> Result<Match, SalesforceError> {
        match (&self.converted_contact_id, self.is_converted) {
            (Some(contact_id), true) => {
                Ok(Match::Record { object: CrmObject::Contact, record_id: parse_id(contact_id)? })
            }
            (None, true) => Err(SalesforceError::new(SalesforceErrorKind::ConvertedLead, DidItHappen::No)),
            (_, false) => Ok(Match::Record { object, record_id: parse_id(&self.id)? }),
        }
    }
}

fn read(api: &Api, object: CrmObject, answer: SubAnswer) -> Result<Vec<Row>, SalesforceError> {
    rows(answer).map_err(|error| external_id_field_missing(error, object, &api.config().external_id_field))
}

fn parse_id(text: &str) -> Result<SalesforceId, SalesforceError> {
    SalesforceId::parse(text).map_err(|_| SalesforceError::malformed("a record id", 200).of_a_read())
}

fn lead_fields(person: &NewPerson) -> Fields {
    let mut fields = person_fields(person);
    let company = person.company.clone().filter(|company| !company.trim().is_empty());
    fields.insert("Company", Some(company.unwrap_or_else(|| UNKNOWN_COMPANY.to_owned())));
    if let Some(lead_source) = &person.lead_source {
        fields.insert("LeadSource", Some(lead_source.clone()));
    }
    fields
}

fn update_fields<'a>(
    api: &'a Api,
    object: CrmObject,
    person: &NewPerson,
) -> BTreeMap<&'a str, Option<String>> {
    let mut fields: BTreeMap<&str, Option<String>> = person_fields(person);
    if let (CrmObject::Lead, Some(company)) = (object, &person.company) {
        fields.insert("Company", Some(company.clone()));
    }
    fields.insert(&api.config().external_id_field, Some(person.external_id.clone()));
    fields
}

/// What HubSpot does not know is left alone, not cleared.
fn person_fields(person: &NewPerson) -> Fields {
    let mut fields =
        Fields::from([("Email", Some(person.email.clone())), ("LastName", Some(person.last_name.clone()))]);
    for (name, value) in [("FirstName", &person.first_name), ("Phone", &person.phone)] {
        if let Some(value) = value {
            fields.insert(name, Some(value.clone()));
        }
    }
    fields
}

#[cfg(test)]
#[path = "contact_sync_tests.rs"]
mod tests;
