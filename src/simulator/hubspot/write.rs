//! Creates and updates in two halves: everything is checked first, then everything is stored, so that a batch can be
//! all or nothing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    association::{Category, TypeInfo},
    error::{Failure, InvalidProperty, Outcome},
    object_type::ObjectType,
    portal::{Portal, Write, plain_text},
    record::{self, Values},
};

/// One record of a create, update or upsert, as sent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Input {
    pub id: Value,
    pub id_property: Option<String>,
    pub object_write_trace_id: Option<String>,
    pub properties: Map<String, Value>,
    pub associations: Option<Vec<AssociationInput>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssociationInput {
    to: IdInput,
    types: Vec<SpecInput>,
}

/// `{"id": …}`; numbers are taken too.
#[derive(Debug, Deserialize)]
pub(super) struct IdInput {
    pub id: Value,
}

impl IdInput {
    pub(super) fn text(&self) -> String {
        plain_text(&self.id)
    }
}

/// `{"associationCategory": …, "associationTypeId": …}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpecInput {
    pub association_category: String,
    pub association_type_id: u32,
}

/// Why an input cannot be written.
#[derive(Debug)]
pub(super) enum Refusal {
    Properties(Vec<InvalidProperty>),
    /// No such record; the id as given.
    Missing(String),
    Other(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

/// A checked write.
#[derive(Debug)]
pub(super) enum Prepared {
    Create { values: Values, links: Vec<(TypeInfo, u64)> },
    Update { id: u64, changes: Values, written: Vec<String> },
}

impl Prepared {
    /// The unique values that the write claims.
    pub(super) fn keys(&self, portal: &Portal, kind: ObjectType) -> Vec<(String, String)> {
        let (Self::Create { values, .. } | Self::Update { changes: values, .. }) = self;
        record::unique_keys(kind, portal.catalog(kind).all(), values)
    }
}

impl Portal {
    /// Checks a create.
    pub(super) fn prepare_create(
        &self,
        kind: ObjectType,
        input: &Input,
        write: Write,
    ) -> Result<Prepared, Refusal> {
        let values = self.accept(kind, &input.properties).map_err(Refusal::Properties)?;
        self.check_create(kind, &values, write)?;
        self.check_unique(kind, &values, None)?;
        let mut links = Vec::new();
        for association in input.associations.iter().flatten() {
            let partner = association.to.text();
            for spec in &association.types {
                let info = self.find_type(kind, spec)?;
                let id = partner.parse().ok().filter(|id| self.store(info.to).live(*id).is_some());
                let id = id.ok_or_else(|| {
                    Failure::validation(format!("{} with id {partner} does not exist", info.to.singular()))
                })?;
                links.push((info, id));
            }
        }
        Ok(Prepared::Create { values, links })
    }

    /// Checks an update of the record that the id names.
    pub(super) fn prepare_update(
        &self,
        kind: ObjectType,
        id: &str,
        id_property: Option<&str>,
        properties: &Map<String, Value>,
        write: Write,
    ) -> Result<Prepared, Refusal> {
        let found = self.find(kind, id, id_property)?;
        let id = found.ok_or_else(|| Refusal::Missing(id.to_owned()))?;
        if properties.is_empty() {
            let message = "No properties found to update, please provide at least one.";
            return Err(Failure::validation(message).into());
        }
        let mut changes = self.accept(kind, properties).map_err(Refusal::Properties)?;
        let written: Vec<String> = changes.keys().cloned().collect();
        self.check_unique(kind, &changes, Some(id))?;
        self.check_lifecycle(kind, id, &mut changes)?;
        if write.strict {
            let mut after =
                self.store(kind).get(id).map(|record| (*record.values).clone()).unwrap_or_default();
            after.extend(changes.clone());
            self.check_conditional(kind, &after, write)?;
        }
        Ok(Prepared::Update { id, changes, written })
    }

    /// Checks an upsert; an id that no record has becomes the value of the id property.
    pub(super) fn prepare_upsert(
        &self,
        kind: ObjectType,
        input: &Input,
        write: Write,
    ) -> Result<Prepared, Refusal> {
        let id = plain_text(&input.id);
        let id_property = input.id_property.as_deref();
        if self.find(kind, &id, id_property)?.is_some() {
            return self.prepare_update(kind, &id, id_property, &input.properties, write);
        }
        let Some(name) = id_property.filter(|name| *name != "hs_object_id") else {
            return Err(Refusal::Missing(id));
        };
        let mut properties = input.properties.clone();
        properties.insert(name.to_owned(), Value::String(id));
        let input = Input { properties, ..Input::default() };
        self.prepare_create(kind, &input, write)
    }

    /// Stores a checked write; answers the record's id.
    pub(super) fn commit(&mut self, kind: ObjectType, prepared: Prepared, write: Write) -> u64 {
        match prepared {
            Prepared::Create { values, links } => {
                let id = self.insert(kind, values, None, write);
                for (info, partner) in links {
                    self.associate((kind, id), (info.to, partner), &[info], write);
                }
                id
            }
            Prepared::Update { id, changes, .. } => {
                self.apply(kind, id, changes, write);
                id
            }
        }
    }

    /// The live record with this id, or with this value of a unique property.
    pub(super) fn find(&self, kind: ObjectType, id: &str, id_property: Option<&str>) -> Outcome<Option<u64>> {
        let store = self.store(kind);
        let name = id_property.unwrap_or("hs_object_id").to_lowercase();
        if name == "hs_object_id" {
            let record = id.parse().ok().and_then(|id| store.live(id));
            return Ok(record.map(|record| record.id));
        }
        let is_contact_email = kind == ObjectType::Contact && name == "email";
        let property = self.catalog(kind).live(&name);
        match property {
            Some(property) if property.has_unique_value || is_contact_email => Ok(store.holder(&name, id)),
            Some(_) => Err(Failure::validation(format!(
                "Property '{name}' is not a unique property and can't be used as idProperty"
            ))),
            None => Err(Failure::validation(format!("Property \"{name}\" does not exist"))),
        }
    }

    /// The association type that a caller names.
    pub(super) fn find_type(&self, from: ObjectType, spec: &SpecInput) -> Outcome<TypeInfo> {
        let wanted =
            Category::parse(&spec.association_category).map(|category| (category, spec.association_type_id));
        ObjectType::ALL
            .into_iter()
            .flat_map(|to| self.associations.types(from, to))
            .find(|info| Some(info.spec) == wanted)
            .ok_or_else(|| {
                Failure::validation(format!(
                    "Association type {} {} is not valid from {}",
                    spec.association_category,
                    spec.association_type_id,
                    from.singular()
                ))
            })
    }

    /// Links two records and keeps a contact's primary company property true.
    pub(super) fn associate(
        &mut self,
        from: (ObjectType, u64),
        to: (ObjectType, u64),
        types: &[TypeInfo],
        write: Write,
    ) {
        self.associations.link(from, to, types);
        self.sync_primary_company(from, to, write);
    }

    pub(super) fn sync_primary_company(
        &mut self,
        from: (ObjectType, u64),
        to: (ObjectType, u64),
        write: Write,
    ) {
        for (kind, id) in [from, to] {
            if kind == ObjectType::Contact && (from.0 == ObjectType::Company || to.0 == ObjectType::Company) {
                let primary = self.associations.primary(kind, id, ObjectType::Company);
                let value = primary.map(|id| id.to_string()).unwrap_or_default();
                self.apply(kind, id, Values::from([("associatedcompanyid".to_owned(), value)]), write);
            }
        }
    }

    /// Makes one record of two: the primary's values win, the loser's addresses and links are kept.
    pub(super) fn merge(&mut self, kind: ObjectType, primary: u64, loser: u64, write: Write) {
        let values_of = |portal: &Self, id| {
            portal.store(kind).get(id).map(|record| record.values.clone()).unwrap_or_default()
        };
        let (kept, lost) = (values_of(self, primary), values_of(self, loser));
        let mut changes: Values = lost
            .iter()
            .filter(|(name, _)| !kept.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if kind == ObjectType::Contact {
            let addresses: BTreeSet<&str> = [&kept, &lost]
                .into_iter()
                .flat_map(|values| [values.get("hs_additional_emails"), values.get("email")])
                .flatten()
                .flat_map(|all| all.split(';'))
                .filter(|address| {
                    !address.is_empty() && kept.get("email").map(String::as_str) != Some(address)
                })
                .collect();
            let additional: Vec<&str> = addresses.into_iter().collect();
            changes.insert("hs_additional_emails".to_owned(), additional.join(";"));
        }
        let merged_ids = [kept.get("hs_merged_object_ids").cloned(), Some(loser.to_string())];
        let merged_ids: Vec<String> = merged_ids.into_iter().flatten().collect();
        changes.insert("hs_merged_object_ids".to_owned(), merged_ids.join(";"));
        self.associations.move_record(kind, loser, primary);
        self.lists.replace(kind, loser, primary, write.now);
        self.store_mut(kind).merge(loser, primary);
        self.apply(kind, primary, changes, write);
    }
}
