//! The property definitions and groups of one object type in one portal.

use std::collections::BTreeMap;

use super::{
    fixture::StageFixture,
    object_type::ObjectType,
    property::Property,
    property_defaults::{catalog, default_group},
};

/// A folder that properties are shown in.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub name: String,
    pub label: String,
    pub display_order: i64,
    pub archived: bool,
}

/// Properties and groups by name.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    properties: BTreeMap<String, Property>,
    pub groups: BTreeMap<String, Group>,
}

impl Catalog {
    pub(super) fn standard(kind: ObjectType, stages: &[StageFixture]) -> Self {
        let name = default_group(kind);
        let label = format!("{} information", kind.singular());
        let group = Group { name: name.to_owned(), label, display_order: 0, archived: false };
        Self { properties: catalog(kind, stages), groups: BTreeMap::from([(name.to_owned(), group)]) }
    }

    /// Archived ones too.
    pub(super) fn all(&self) -> &BTreeMap<String, Property> {
        &self.properties
    }

    pub(super) fn live(&self, name: &str) -> Option<&Property> {
        self.properties.get(name).filter(|property| property.archived_at.is_none())
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Property> {
        self.properties.get_mut(name)
    }

    pub(super) fn put(&mut self, property: Property) {
        self.properties.insert(property.name.clone(), property);
    }
}
