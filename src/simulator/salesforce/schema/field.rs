//! Fields: what they hold and who may write them.

use serde_json::Value;

use crate::simulator::salesforce::fixture::{CustomField, CustomFieldType};

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

    pub(super) fn custom(custom: &CustomField) -> Self {
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

/// `HasOptedOutOfEmail` → `Has Opted Out Of Email`.
pub(super) fn label_of(name: &str) -> String {
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
