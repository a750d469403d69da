//! Objects and fields: what describe shows, what writes are checked against, what SOQL may name.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::fixture::{CustomField, CustomFieldType};

mod crm;
mod setup;
mod tooling;

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// The record's id.
    Id,
    /// One line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// E-mail address, checked on write.
    Email,
    /// Telephone number, free text.
    Phone,
    /// Web address, free text.
    Url,
    /// True or false, never null.
    Boolean,
    /// Whole number.
    Int,
    /// Number.
    Double,
    /// Amount of money.
    Currency,
    /// Percentage.
    Percent,
    /// Calendar day.
    Date,
    /// Point in time.
    DateTime,
    /// One of a list.
    Picklist {
        /// The values; the first one that is also the field's default is marked so.
        values: Vec<String>,
        /// Whether other values are refused.
        restricted: bool,
    },
    /// Id of another record.
    Reference {
        /// Objects it may point to.
        to: Vec<String>,
        /// Name of the way to the parent in SOQL.
        relationship: Option<String>,
        /// Name of the way back from the (first) parent in SOQL.
        children: Option<String>,
    },
    /// Parts of an address, read-only.
    Address,
    /// A structure (tooling metadata).
    Complex,
}

/// A field of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// API name.
    pub name: String,
    /// Label in messages and on pages.
    pub label: String,
    /// What it holds.
    pub kind: Kind,
    /// Longest text in characters; 0 if it has no length.
    pub length: usize,
    /// May be empty.
    pub nillable: bool,
    /// May be given on create.
    pub createable: bool,
    /// May be changed.
    pub updateable: bool,
    /// Gets a value if none is given on create.
    pub default: Option<Value>,
    /// Gets a value from the system if none is given on create.
    pub defaulted_on_create: bool,
    /// Marked as external id.
    pub external_id: bool,
    /// Can stand in an upsert path.
    pub id_lookup: bool,
    /// No two records have the same value.
    pub unique: bool,
    /// Made by the org, not by Salesforce.
    pub custom: bool,
    /// The compound field it is a part of.
    pub compound: Option<String>,
}

impl Field {
    fn new(name: &str, kind: Kind, length: usize) -> Self {
        Self {
            name: name.to_owned(),
            label: label_of(name),
            kind,
            length,
            nillable: true,
            createable: true,
            updateable: true,
            default: None,
            defaulted_on_create: false,
            external_id: false,
            id_lookup: false,
            unique: false,
            custom: name.ends_with("__c"),
            compound: None,
        }
    }

    /// Text up to `length` characters.
    pub fn text(name: &str, length: usize) -> Self {
        Self::new(name, Kind::Text, length)
    }

    /// A field of a kind without a length.
    pub fn of(name: &str, kind: Kind) -> Self {
        let length = match &kind {
            Kind::Id | Kind::Reference { .. } => 18,
            Kind::Email => 80,
            Kind::Phone => 40,
            Kind::Url | Kind::Picklist { .. } => 255,
            Kind::TextArea => 32_000,
            _ => 0,
        };
        Self::new(name, kind, length)
    }

    /// A list of values that others may be added to.
    pub fn picklist(name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Self::of(name, Kind::Picklist { values, restricted: false })
    }

    /// A way to a record of one of `to`; `children` is the way back.
    pub fn reference(name: &str, to: &[&str], relationship: &str, children: Option<&str>) -> Self {
        let to = to.iter().map(|&object| object.to_owned()).collect();
        let mut field = Self::of(
            name,
            Kind::Reference {
                to,
                relationship: Some(relationship.to_owned()),
                children: children.map(str::to_owned),
            },
        );
        field.label = format!("{} ID", label_of(name.strip_suffix("Id").unwrap_or(name)));
        field
    }

    /// A yes-or-no field, no by default.
    pub fn flag(name: &str) -> Self {
        Self { nillable: false, ..Self::of(name, Kind::Boolean) }.default_value(Value::Bool(false))
    }

    /// Must have a value.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.nillable = false;
        self
    }

    /// Has this value if none is given.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Self {
        self.default = Some(value.into());
        self.defaulted_on_create = true;
        self
    }

    /// Written by the system only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.createable = false;
        self.updateable = false;
        self
    }

    /// Given on create only.
    #[must_use]
    pub fn create_only(mut self) -> Self {
        self.updateable = false;
        self
    }

    /// A part of a compound field.
    #[must_use]
    pub fn part_of(mut self, compound: &str) -> Self {
        self.compound = Some(compound.to_owned());
        self
    }

    /// Another label than the name's words.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.label = label.to_owned();
        self
    }

    /// Can stand in an upsert path without being an external id.
    #[must_use]
    pub fn lookup(mut self) -> Self {
        self.id_lookup = true;
        self
    }

    /// Must be given by the caller on create.
    pub fn required_on_create(&self) -> bool {
        self.createable && !self.nillable && !self.defaulted_on_create
    }

    fn custom(custom: &CustomField) -> Self {
        let kind = match custom.kind {
            CustomFieldType::Text => Kind::Text,
            CustomFieldType::TextArea => Kind::TextArea,
            CustomFieldType::Email => Kind::Email,
            CustomFieldType::Number => Kind::Double,
            CustomFieldType::Checkbox => Kind::Boolean,
            CustomFieldType::Date => Kind::Date,
            CustomFieldType::DateTime => Kind::DateTime,
            CustomFieldType::Picklist => {
                Kind::Picklist { values: custom.values.clone(), restricted: custom.restricted }
            }
        };
        let length = match kind {
            Kind::Text => usize::try_from(custom.length).unwrap_or(255),
            _ => Self::of("x", kind.clone()).length,
        };
        let mut field = Self::new(&custom.name, kind, length);
        field.label = custom.name.trim_end_matches("__c").replace('_', " ");
        field.external_id = custom.external_id;
        field.id_lookup = custom.external_id;
        field.unique = custom.unique;
        field.nillable = !custom.required;
        if field.kind == Kind::Boolean {
            field = field.required().default_value(false);
        }
        field
    }
}

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
            label: label_of(name),
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

/// `HasOptedOutOfEmail` → `Has Opted Out Of Email`.
fn label_of(name: &str) -> String {
    let mut label = String::new();
    let mut previous_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && previous_lower {
            label.push(' ');
        }
        previous_lower = letter.is_ascii_lowercase();
        label.push(letter);
    }
    label
}
