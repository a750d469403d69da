//! Contacts. HubSpot's search is never used to look for what was just created: its index lags.

use std::collections::BTreeMap;

use http::Method;
use serde::Deserialize;

use super::{
    client::{PortalApi, body, if_found, plain_id},
    error::{HubSpotError, HubSpotErrorKind},
};
use crate::outbound::Answer;

/// HubSpot takes at most so many in one batch.
const MAX_BATCH: usize = 100;

/// Property values by internal name.
pub type Properties = BTreeMap<String, String>;

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: String,
    /// The properties that were asked for; `None` for an empty one.
    pub properties: BTreeMap<String, Option<String>>,
    /// The address at which a person opens it, where HubSpot tells.
    pub url: Option<String>,
}

impl Contact {
    /// A property's value, unless empty.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.get(name)?.as_deref().filter(|value| !value.is_empty())
    }
}

/// The outcome of archiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// HubSpot archived it. It also says so of one that is archived already.
    Now,
    /// There is no such contact any more.
    AlreadyGone,
}

#[derive(Deserialize)]
struct Record {
    id: String,
    #[serde(default)]
    properties: BTreeMap<String, Option<String>>,
    #[serde(default)]
    url: Option<String>,
}

impl Record {
    fn contact(self, status: http::StatusCode) -> Result<Contact, HubSpotError> {
        let id = plain_id(self.id, status.as_u16())?;
        Ok(Contact { id, properties: self.properties, url: self.url })
    }
}

fn contact(answer: &Answer) -> Result<Contact, HubSpotError> {
    body::<Record>(answer)?.contact(answer.status)
}

#[derive(Deserialize)]
struct BatchAnswer {
    results: Vec<Record>,
}

impl PortalApi {
    /// Creates a contact. Not idempotent: after an unknown outcome create again and take the `Conflict` with the
    /// existing id as the answer.
    ///
    /// # Errors
    /// [`HubSpotError`]; `Conflict` with the existing contact's id when the e-mail address is taken.
    pub async fn create_contact(&self, properties: &Properties) -> Result<Contact, HubSpotError> {
        let url = self.client.url("crm/objects", &["contacts"])?;
        let answer = self
            .send(Method::POST, url, &serde_json::json!({ "properties": properties, "associations": [] }))
            .await?;
        contact(&answer)
    }

    /// A contact by its id; `None` when there is none, or it is archived.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn contact_by_id(
        &self,
        id: &str,
        properties: &[&str],
    ) -> Result<Option<Contact>, HubSpotError> {
        self.read_contact(id, None, properties).await
    }

    /// A contact by its primary or an additional e-mail address. Not the search: it sees what was just created.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn contact_by_email(
        &self,
        email: &str,
        properties: &[&str],
    ) -> Result<Option<Contact>, HubSpotError> {
        self.read_contact(email, Some("email"), properties).await
    }

    async fn read_contact(
        &self,
        key: &str,
        id_property: Option<&str>,
        properties: &[&str],
    ) -> Result<Option<Contact>, HubSpotError> {
        let mut url = self.client.url("crm/objects", &["contacts", key])?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("properties", &properties.join(","));
            if let Some(id_property) = id_property {
                query.append_pair("idProperty", id_property);
            }
        }
        let found = if_found(self.get(url).await)?;
        found.map(|answer| contact(&answer).map_err(HubSpotError::without_effect)).transpose()
    }

    /// Changes properties; `""` clears one. Safe to repeat.
    ///
    /// # Errors
    /// [`HubSpotError`], `Rejected` by a rule of the portal.
    pub async fn update_contact(&self, id: &str, properties: &Properties) -> Result<Contact, HubSpotError> {
        let url = self.client.url("crm/objects", &["contacts", id])?;
        let answer = self.send(Method::PATCH, url, &serde_json::json!({ "properties": properties })).await?;
        contact(&answer)
    }

    /// Archives a contact. One that is already gone is no error.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn archive_contact(&self, id: &str) -> Result<Archived, HubSpotError> {
        let url = self.client.url("crm/objects", &["contacts", id])?;
        match self.call(Method::DELETE, url, None).await {
            Ok(_) => Ok(Archived::Now),
            Err(error) if *error.kind() == HubSpotErrorKind::NotFound => Ok(Archived::AlreadyGone),
            Err(error) => Err(error),
        }
    }

    /// Contacts by their ids, in no particular order; those that do not exist are left out. One call for each hundred.
    ///
    /// # Errors
    /// [`HubSpotError`].
    pub async fn contacts_by_id(
        &self,
        ids: &[&str],
        properties: &[&str],
    ) -> Result<Vec<Contact>, HubSpotError> {
        let mut contacts = Vec::with_capacity(ids.len());
        let mut distinct = ids.to_vec();
        // HubSpot refuses a batch with an id twice.
        distinct.sort_unstable();
        distinct.dedup();
        for batch in distinct.chunks(MAX_BATCH) {
            let inputs: Vec<_> = batch.iter().map(|id| serde_json::json!({ "id": id })).collect();
            let url = self.client.url("crm/objects", &["contacts", "batch", "read"])?;
            let request = serde_json::json!({ "properties": properties, "propertiesWithHistory": [], "inputs": inputs });
            let answer = self.query(url, &request).await?;
            let batch: BatchAnswer = body(&answer).map_err(HubSpotError::without_effect)?;
            for record in batch.results {
                contacts.push(record.contact(answer.status).map_err(HubSpotError::without_effect)?);
            }
        }
        Ok(contacts)
    }
}
