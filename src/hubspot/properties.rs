//! Contact properties: the lifecycle stages and their order are a portal's own.

use serde::Deserialize;

use super::{
    client::{PortalApi, body, if_found},
    error::HubSpotError,
};
use crate::outbound::text::bounded;

/// A contact property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyDefinition {
    /// Internal name.
    pub name: String,
    /// Label.
    pub label: String,
    /// For example `enumeration`.
    pub kind: String,
    /// Whether no two contacts may have the same value.
    pub has_unique_value: bool,
    /// The options in display order, for enumerations.
    pub options: Vec<PropertyOption>,
}

/// An option of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyOption {
    /// Internal value; a number for stages that the portal added.
    pub value: String,
    /// Label.
    pub label: String,
    /// Whether it is hidden from people.
    pub hidden: bool,
}

/// A lifecycle stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifecycleStage {
    /// Internal value.
    pub value: String,
    /// Label.
    pub label: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    name: String,
    #[serde(default)]
    label: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    has_unique_value: bool,
    #[serde(default)]
    options: Vec<Choice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Choice {
    value: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    hidden: bool,
    #[serde(default = "last")]
    display_order: i64,
}

const fn last() -> i64 {
    i64::MAX
}

impl PortalApi {
    /// A contact property by its internal name; `None` when there is none.
    ///
    /// # Errors
    /// [`HubSpotError`] but for `NotFound`.
    pub async fn contact_property(&self, name: &str) -> Result<Option<PropertyDefinition>, HubSpotError> {
        let url = self.client.url("crm/properties", &["contacts", name])?;
        let Some(answer) = if_found(self.get(url).await)? else { return Ok(None) };
        let mut definition: Definition = body(&answer).map_err(HubSpotError::without_effect)?;
        // HubSpot writes -1 for "no order given": those come last.
        definition
            .options
            .sort_by_key(|option| if option.display_order < 0 { last() } else { option.display_order });
        let options = definition.options.into_iter().map(|option| PropertyOption {
            value: option.value,
            label: bounded(&option.label),
            hidden: option.hidden,
        });
        Ok(Some(PropertyDefinition {
            name: definition.name,
            label: bounded(&definition.label),
            kind: definition.kind,
            has_unique_value: definition.has_unique_value,
            options: options.collect(),
        }))
    }

    /// The portal's lifecycle stages, earliest first.
    ///
    /// # Errors
    /// [`HubSpotError`].
    pub async fn lifecycle_stages(&self) -> Result<Vec<LifecycleStage>, HubSpotError> {
        let property = self.contact_property("lifecyclestage").await?;
        let options = property.map(|property| property.options).unwrap_or_default();
        Ok(options
            .into_iter()
            .map(|option| LifecycleStage { value: option.value, label: option.label })
            .collect())
    }
}
