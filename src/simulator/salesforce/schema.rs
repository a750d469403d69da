//! Objects and fields: what describe shows, what writes are checked against, what SOQL may name.

use std::{collections::BTreeMap, sync::Arc};

use super::fixture::CustomField;

mod crm;
mod field;
mod setup;
mod tooling;

pub use self::field::{Field, Kind};

/// Where an object's records come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Written through the API.
    Records,
    /// Made from the org's fixture when it is read; can't be written.
    Setup,
    /// Like `Setup`, but only in the tooling API.
    Tooling,
}

/// An object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// API name.
    pub name: String,
    /// Label.
    pub label: String,
    /// First three characters of its ids.
    pub key_prefix: String,
    /// Where its records come from.
    pub storage: Storage,
    /// Whether it has page layouts.
    pub layoutable: bool,
    /// Whether reading it takes "View Setup and Configuration".
    pub needs_view_setup: bool,
    /// The fields, in describe's order.
    pub fields: Vec<Field>,
}

impl Object {
    fn new(name: &str, key_prefix: &str, storage: Storage) -> Self {
        let mut object = Self {
            name: name.to_owned(),
            label: field::label_of(name),
            key_prefix: key_prefix.to_owned(),
            storage,
            layoutable: false,
            needs_view_setup: false,
            fields: vec![Field::of("Id", Kind::Id).required().read_only().label("Record ID").lookup()],
        };
        if let Some(id) = object.fields.first_mut() {
            id.defaulted_on_create = true;
        }
        object
    }

    /// An object whose records are written through the API, with the system fields.
    fn records(name: &str, key_prefix: &str, fields: Vec<Field>) -> Self {
        let mut object = Self::new(name, key_prefix, Storage::Records);
        object.layoutable = true;
        object.fields.push(Field::flag("IsDeleted").read_only().label("Deleted"));
        object.fields.extend(fields);
        let by = |name: &str, way: &str| Field::reference(name, &["User"], way, None).required().read_only();
        let at = |name: &str| Field {
            defaulted_on_create: true,
            ..Field::of(name, Kind::DateTime).required().read_only()
        };
        object.fields.extend([
            at("CreatedDate"),
            by("CreatedById", "CreatedBy"),
            at("LastModifiedDate"),
            by("LastModifiedById", "LastModifiedBy"),
            at("SystemModstamp"),
        ]);
        object
    }

    /// An object that is read from the fixture.
    fn setup(name: &str, key_prefix: &str, storage: Storage, fields: Vec<Field>) -> Self {
        let mut object = Self::new(name, key_prefix, storage);
        object.fields.extend(fields.into_iter().map(Field::read_only));
        object
    }

    /// The field with this name, any case.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// The reference field that this way to a parent goes through.
    pub fn parent(&self, relationship: &str) -> Option<(&Field, &[String])> {
        self.fields.iter().find_map(|field| match &field.kind {
            Kind::Reference { to, relationship: Some(name), .. }
                if name.eq_ignore_ascii_case(relationship) =>
            {
                Some((field, to.as_slice()))
            }
            _ => None,
        })
    }
}

/// The objects of one org.
#[derive(Clone, Debug)]
pub struct Schema {
    objects: BTreeMap<String, Arc<Object>>,
}

impl Schema {
    /// The standard objects, and these custom fields; fields of unknown objects are left out.
    pub fn new<'a>(custom: impl IntoIterator<Item = &'a CustomField>) -> Self {
        let all = crm::objects().into_iter().chain(setup::objects()).chain(tooling::objects());
        let mut objects: BTreeMap<String, Object> =
            all.map(|object| (object.name.to_ascii_lowercase(), object)).collect();
        for field in custom {
            if let Some(object) = objects.get_mut(&field.object.to_ascii_lowercase()) {
                object.fields.retain(|known| !known.name.eq_ignore_ascii_case(&field.name));
                object.fields.push(Field::custom(field));
            }
        }
        Self { objects: objects.into_iter().map(|(name, object)| (name, Arc::new(object))).collect() }
    }

    /// The object with this name, any case.
    pub fn object(&self, name: &str) -> Option<&Arc<Object>> {
        self.objects.get(&name.to_ascii_lowercase())
    }

    /// The object whose ids begin so.
    pub fn by_prefix(&self, prefix: &str) -> Option<&Arc<Object>> {
        self.objects.values().find(|object| object.key_prefix == prefix)
    }

    /// All objects, by name.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.values()
    }

    /// The object and field that the way back `relationship` from `parent` goes through.
    pub fn children<'a>(
        &'a self,
        parent: &'a Object,
        relationship: &str,
    ) -> Option<(&'a Arc<Object>, &'a Field)> {
        self.child_relationships(parent)
            .find(|(name, ..)| name.eq_ignore_ascii_case(relationship))
            .map(|(_, object, field)| (object, field))
    }

    /// Every way back to `parent`: its name, the child object, the field there.
    pub fn child_relationships<'a>(
        &'a self,
        parent: &'a Object,
    ) -> impl Iterator<Item = (&'a str, &'a Arc<Object>, &'a Field)> {
        self.objects.values().flat_map(move |object| {
            object.fields.iter().filter_map(move |field| match &field.kind {
                Kind::Reference { to, children: Some(name), .. } if to.contains(&parent.name) => {
                    Some((name.as_str(), object, field))
                }
                _ => None,
            })
        })
    }
}
