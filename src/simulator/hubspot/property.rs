//! Property definitions: what a property is, how it renders, and which values it takes.

use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{error::InvalidProperty, stamp};

/// One choice of an enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub label: String,
    pub value: String,
    #[serde(default)]
    pub display_order: i64,
    #[serde(default)]
    pub hidden: bool,
    #[serde(default)]
    pub description: Option<String>,
}

/// A property of one object type.
#[derive(Debug, Clone)]
pub(super) struct Property {
    pub name: String,
    pub label: String,
    pub data_type: String,
    pub field_type: String,
    pub description: String,
    pub group_name: String,
    pub options: Vec<Choice>,
    pub display_order: i64,
    pub calculated: bool,
    pub external_options: bool,
    pub has_unique_value: bool,
    pub hidden: bool,
    pub hubspot_defined: bool,
    pub read_only_value: bool,
    pub form_field: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub archived_at: Option<OffsetDateTime>,
}

impl Property {
    pub(super) fn render(&self) -> Value {
        let options: Vec<Value> = self
            .options
            .iter()
            .map(|choice| {
                let mut option = json!({
                    "label": choice.label,
                    "value": choice.value,
                    "displayOrder": choice.display_order,
                    "hidden": choice.hidden,
                });
                if let (Some(description), Some(option)) = (&choice.description, option.as_object_mut()) {
                    option.insert("description".to_owned(), json!(description));
                }
                option
            })
            .collect();
        let mut body = json!({
            "name": self.name,
            "label": self.label,
            "type": self.data_type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group_name,
            "options": options,
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.external_options,
            "hasUniqueValue": self.has_unique_value,
            "hidden": self.hidden,
            "modificationMetadata": {
                "archivable": true,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": self.read_only_value,
            },
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
            "createdAt": stamp::iso(self.created_at),
            "updatedAt": stamp::iso(self.updated_at),
            "archived": self.archived_at.is_some(),
        });
        if let Some(fields) = body.as_object_mut() {
            if self.hubspot_defined {
                fields.insert("hubspotDefined".to_owned(), json!(true));
            }
            if let Some(archived_at) = self.archived_at {
                fields.insert("archivedAt".to_owned(), json!(stamp::iso(archived_at)));
            }
        }
        body
    }

    /// The value as it will be stored, or why it is refused. Empty clears and is always fine.
    pub(super) fn accept(&self, value: &str) -> Result<String, InvalidProperty> {
        let refuse = |code, message| Err(InvalidProperty { name: self.name.clone(), code, message });
        if self.read_only_value {
            let message = format!("\"{}\" is a read only property; its value cannot be set.", self.name);
            return refuse("READ_ONLY_VALUE", message);
        }
        if value.is_empty() {
            return Ok(String::new());
        }
        match self.data_type.as_str() {
            "number" => match value.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(value.trim().to_owned()),
                _ => refuse("INVALID_INTEGER", format!("{value} was not a valid number.")),
            },
            "bool" => match value {
                "true" | "false" => Ok(value.to_owned()),
                _ => refuse(
                    "INVALID_OPTION",
                    format!("{value} was not one of the allowed options: [true, false]"),
                ),
            },
            "datetime" => match stamp::parse(value) {
                Some(at) => Ok(stamp::iso(at)),
                None => refuse("INVALID_DATE", format!("{value} was not a valid date time.")),
            },
            "date" => match stamp::parse(value) {
                Some(at) => Ok(stamp::day(at)),
                None => refuse("INVALID_DATE", format!("{value} was not a valid date.")),
            },
            "enumeration" => self.accept_choice(value),
            _ if self.name == "email" => match is_email(value.trim()) {
                true => Ok(value.trim().to_lowercase()),
                false => refuse("INVALID_EMAIL", format!("Email address {value} is invalid")),
            },
            _ => Ok(value.to_owned()),
        }
    }

    fn accept_choice(&self, value: &str) -> Result<String, InvalidProperty> {
        if self.external_options {
            return Ok(value.to_owned());
        }
        // A leading semicolon appends to a multiple choice.
        let chosen = value.trim_start_matches(';').split(';');
        for one in chosen {
            if !self.options.iter().any(|choice| choice.value == one) {
                let allowed: Vec<&str> = self.options.iter().map(|choice| choice.value.as_str()).collect();
                return Err(InvalidProperty {
                    name: self.name.clone(),
                    code: "INVALID_OPTION",
                    message: format!("{one} was not one of the allowed options: [{}]", allowed.join(", ")),
                });
            }
        }
        Ok(value.to_owned())
    }

    /// Position of a value in the order that people see.
    pub(super) fn rank(&self, value: &str) -> Option<i64> {
        self.options.iter().find(|choice| choice.value == value).map(|choice| choice.display_order)
    }
}

/// The refusal of a name that the portal does not know.
pub(super) fn unknown(name: &str) -> InvalidProperty {
    InvalidProperty {
        name: name.to_owned(),
        code: "PROPERTY_DOESNT_EXIST",
        message: format!("Property \"{name}\" does not exist"),
    }
}

/// One `@`, something before it, and a dotted domain: about what HubSpot asks for.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let labels_are_filled = domain.split('.').all(|label| !label.is_empty());
    !local.is_empty()
        && !domain.contains('@')
        && domain.contains('.')
        && labels_are_filled
        && !text
            .chars()
            .any(|letter| letter.is_whitespace() || letter.is_control() || ",;<>\"".contains(letter))
}

/// Pairs of `type` and `fieldType` that HubSpot accepts in a new property.
pub(super) fn is_valid_pair(data_type: &str, field_type: &str) -> bool {
    match data_type {
        "bool" => matches!(field_type, "booleancheckbox" | "calculation_equation"),
        "enumeration" => {
            matches!(field_type, "booleancheckbox" | "checkbox" | "radio" | "select" | "calculation_equation")
        }
        "date" | "datetime" => matches!(field_type, "date" | "calculation_equation"),
        "number" => matches!(field_type, "number" | "calculation_equation"),
        "string" => matches!(
            field_type,
            "file" | "text" | "textarea" | "html" | "phonenumber" | "calculation_equation"
        ),
        "phone_number" => field_type == "phonenumber",
        _ => false,
    }
}
