//! Whether HubSpot's Visualforce component is on a page layout.

use serde::Deserialize;

use super::{LayoutModule, read::unreadable};
use crate::salesforce::{
    api::{Api, SubAnswer, read_part},
    error::SalesforceError,
    id::SalesforceId,
};

/// A composite call takes 25 parts, shared by two objects.
const MAX_RECORD_TYPES: usize = 12;

/// What `describe/layouts` tells.
pub(super) enum Layouts {
    /// All layouts of the user.
    Complete(LayoutModule),
    /// Several record types: ask for each of these ids.
    ByRecordType(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutsAnswer {
    #[serde(default)]
    layouts: Option<Vec<Layout>>,
    #[serde(default)]
    record_type_mappings: Option<Vec<RecordTypeMapping>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordTypeMapping {
    #[serde(default)]
    available: bool,
    record_type_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layout {
    #[serde(default)]
    detail_layout_sections: Option<Vec<LayoutSection>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutSection {
    #[serde(default)]
    layout_rows: Option<Vec<LayoutRow>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutRow {
    #[serde(default)]
    layout_items: Option<Vec<LayoutItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LayoutItem {
    #[serde(default)]
    layout_components: Option<Vec<LayoutComponent>>,
}

#[derive(Deserialize)]
struct LayoutComponent {
    #[serde(rename = "type")]
    kind: Option<String>,
    value: Option<String>,
    url: Option<String>,
}

pub(super) fn read(api: &Api, answer: SubAnswer) -> Result<Layouts, SalesforceError> {
    let answer: LayoutsAnswer = read_part(answer)?;
    let layouts = answer.layouts.unwrap_or_default();
    if layouts.is_empty() {
        let mut record_types: Vec<String> = answer
            .record_type_mappings
            .unwrap_or_default()
            .into_iter()
            .filter(|mapping| mapping.available)
            // It goes into a path.
            .filter_map(|mapping| SalesforceId::parse(&mapping.record_type_id?).ok())
            .map(|id| id.to_string())
            .collect();
        record_types.truncate(MAX_RECORD_TYPES);
        return if record_types.is_empty() {
            Err(unreadable("layouts"))
        } else {
            Ok(Layouts::ByRecordType(record_types))
        };
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Layouts::Complete(LayoutModule {
        layouts: count(layouts.len()),
        with_module: count(layouts.iter().filter(|layout| layout.has_module(api)).count()),
    }))
}

/// The answer for one record type is the layout itself, without the list around it.
pub(super) fn has_module(api: &Api, answer: SubAnswer) -> Result<bool, SalesforceError> {
    let layout: Layout = read_part(answer)?;
    Ok(layout.has_module(api))
}

impl Layout {
    fn has_module(&self, api: &Api) -> bool {
        let prefix = format!("{}__", api.config().package_namespace);
        let of_package = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| text.trim_start_matches("/apex/").starts_with(&prefix))
        };
        let sections = self.detail_layout_sections.iter().flatten();
        let layout_rows = sections.flat_map(|section| section.layout_rows.iter().flatten());
        let items = layout_rows.flat_map(|row| row.layout_items.iter().flatten());
        items.flat_map(|item| item.layout_components.iter().flatten()).any(|part| {
            part.kind.as_deref() == Some("VisualforcePage")
                && (of_package(&part.url) || of_package(&part.value))
        })
    }
}
