//! Lists, which HubSpot calls segments by now. The guide's "smart list" is a list with processing type `DYNAMIC`.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{PortalApi, body, if_found, plain_id},
    error::HubSpotError,
};
use crate::outbound::{Answer, text::bounded};

/// The object type of contacts.
const CONTACTS: &str = "0-1";
/// HubSpot takes at most so many in one page.
const MAX_PAGE: u32 = 500;

/// How a list gets its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessingType {
    /// By hand.
    Manual,
    /// By its filters, always up to date: a smart list.
    Dynamic,
    /// By its filters, once.
    Snapshot,
    /// Anything else, as reported.
    Other(String),
}

/// A list of contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactList {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// How it gets its members.
    pub processing_type: ProcessingType,
    /// Whether HubSpot is still working out its members.
    pub is_processing: bool,
    /// Whether it lists contacts at all; other lists hold companies, deals …
    pub lists_contacts: bool,
    /// Members, where HubSpot tells.
    pub size: Option<u64>,
}

/// A page of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage {
    /// The lists.
    pub lists: Vec<ContactList>,
    /// Where the next page begins; `None` on the last page.
    pub next_offset: Option<u32>,
    /// Lists in all, where HubSpot tells.
    pub total: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireList {
    #[serde(deserialize_with = "text_or_number")]
    list_id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    processing_type: String,
    #[serde(default)]
    processing_status: String,
    #[serde(default)]
    object_type_id: String,
    #[serde(default)]
    size: Option<Value>,
    #[serde(default)]
    additional_properties: Option<AdditionalProperties>,
}

#[derive(Deserialize)]
struct AdditionalProperties {
    #[serde(default)]
    hs_list_size: Option<Value>,
}

impl WireList {
    fn list(self, status: http::StatusCode) -> Result<ContactList, HubSpotError> {
        let additional = self.additional_properties.and_then(|properties| properties.hs_list_size);
        Ok(ContactList {
            id: plain_id(self.list_id, status.as_u16())?,
            name: bounded(&self.name),
            processing_type: match self.processing_type.as_str() {
                "MANUAL" => ProcessingType::Manual,
                "DYNAMIC" => ProcessingType::Dynamic,
                "SNAPSHOT" => ProcessingType::Snapshot,
                other => ProcessingType::Other(bounded(other)),
            },
            is_processing: self.processing_status == "PROCESSING",
            lists_contacts: self.object_type_id == CONTACTS,
            size: self.size.as_ref().and_then(number).or_else(|| additional.as_ref().and_then(number)),
        })
    }
}

fn one_list(answer: &Answer) -> Result<ContactList, HubSpotError> {
    body::<OneList>(answer)?.list.list(answer.status)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SearchAnswer {
    lists: Vec<WireList>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    offset: u32,
    #[serde(default)]
    total: Option<u64>,
}

#[derive(Deserialize)]
struct OneList {
    list: WireList,
}

#[derive(Deserialize)]
struct Memberships {
    results: Vec<Membership>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Membership {
    #[serde(deserialize_with = "text_or_number")]
    list_id: String,
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

impl PortalApi {
    /// A page of the portal's smart lists of contacts whose name holds `query` (all for an empty one). `page_size` is
    /// at most 500.
    ///
    /// # Errors
    /// [`HubSpotError`].
    pub async fn smart_lists(
        &self,
        query: &str,
        offset: u32,
        page_size: u32,
    ) -> Result<ListPage, HubSpotError> {
        let request = serde_json::json!({
            "query": query,
            "count": page_size.clamp(1, MAX_PAGE),
            "offset": offset,
            "listIds": [],
            "processingTypes": ["DYNAMIC"],
            "objectTypeId": CONTACTS,
            "additionalProperties": ["hs_list_size"],
        });
        let url = self.client.url("crm/lists", &["search"])?;
        let answer = self.query(url, &request).await?;
        let page: SearchAnswer = body(&answer).map_err(HubSpotError::without_effect)?;
        // An offset that does not move would page for ever.
        let next_offset = (page.has_more && page.offset > offset).then_some(page.offset);
        let lists: Result<Vec<ContactList>, HubSpotError> =
            page.lists.into_iter().map(|list| list.list(answer.status)).collect();
        Ok(ListPage {
            lists: lists
                .map_err(HubSpotError::without_effect)?
                .into_iter()
                .filter(|list| list.lists_contacts && list.processing_type == ProcessingType::Dynamic)
                .collect(),
            next_offset,
            total: page.total,
        })
    }

    /// A list of any kind by its id; `None` when there is none.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn list(&self, id: &str) -> Result<Option<ContactList>, HubSpotError> {
        let url = self.client.url("crm/lists", &[id])?;
        let found = if_found(self.get(url).await)?;
        found.map(|answer| one_list(&answer).map_err(HubSpotError::without_effect)).transpose()
    }

    /// Creates a smart list of the contacts in these lifecycle stages. Names are unique in a portal: after an unknown
    /// outcome create again, or look for the name.
    ///
    /// # Errors
    /// [`HubSpotError`]; `Conflict` when the name is taken.
    pub async fn create_smart_list(&self, name: &str, stages: &[&str]) -> Result<ContactList, HubSpotError> {
        let stage_filter = serde_json::json!({
            "filterType": "PROPERTY",
            "property": "lifecyclestage",
            "operation": {
                "operationType": "ENUMERATION",
                "operator": "IS_ANY_OF",
                "values": stages,
                "includeObjectsWithNoValueSet": false,
            },
        });
        // The root must be an OR of ANDs.
        let request = serde_json::json!({
            "name": name,
            "objectTypeId": CONTACTS,
            "processingType": "DYNAMIC",
            "filterBranch": {
                "filterBranchType": "OR",
                "filterBranchOperator": "OR",
                "filters": [],
                "filterBranches": [{
                    "filterBranchType": "AND",
                    "filterBranchOperator": "AND",
                    "filterBranches": [],
                    "filters": [stage_filter],
                }],
            },
        });
        let url = self.client.url("crm/lists", &[])?;
        one_list(&self.send(Method::POST, url, &request).await?)
    }

    /// A list of contacts by its name, whatever its kind; HubSpot ignores case. `None` when there is none.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn list_by_name(&self, name: &str) -> Result<Option<ContactList>, HubSpotError> {
        let url = self.client.url("crm/lists", &["object-type-id", CONTACTS, "name", name])?;
        let found = if_found(self.get(url).await)?;
        found.map(|answer| one_list(&answer).map_err(HubSpotError::without_effect)).transpose()
    }

    /// Ids of the lists that a contact is in.
    ///
    /// # Errors
    /// [`HubSpotError`].
    pub async fn lists_of_contact(&self, contact_id: &str) -> Result<Vec<String>, HubSpotError> {
        let url = self.client.url("crm/lists", &["records", CONTACTS, contact_id, "memberships"])?;
        let answer = self.get(url).await?;
        let memberships: Memberships = body(&answer).map_err(HubSpotError::without_effect)?;
        Ok(memberships.results.into_iter().map(|membership| membership.list_id).collect())
    }
}
