//! The error bodies of HubSpot. One value renders as a whole response or as one item of a 207.
//!
//! Most errors carry a category, some of the oldest do not, and 429 uses `errorType` in its place.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// A refusal in HubSpot's words.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub status: StatusCode,
    pub category: Option<&'static str>,
    pub sub_category: Option<&'static str>,
    pub message: String,
    /// Values are always arrays of strings on the wire.
    pub context: Vec<(&'static str, Vec<String>)>,
    pub errors: Vec<Value>,
    pub rate_limit: Option<Box<RateLimit>>,
}

/// Which limit a 429 is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RateLimit {
    pub policy: &'static str,
    pub group: Option<String>,
}

pub(super) type Outcome<T> = Result<T, Failure>;

/// One property value that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct InvalidProperty {
    pub name: String,
    pub code: &'static str,
    pub message: String,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        category: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            category,
            sub_category: None,
            message: message.into(),
            context: Vec::new(),
            errors: Vec::new(),
            rate_limit: None,
        }
    }

    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Some("VALIDATION_ERROR"), message)
    }

    /// The whole body of a single read: HubSpot leaves the category out here.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, None, "resource not found")
    }

    pub(super) fn with_context(mut self, key: &'static str, values: Vec<String>) -> Self {
        self.context.push((key, values));
        self
    }

    pub(super) fn with_sub_category(mut self, sub_category: &'static str) -> Self {
        self.sub_category = Some(sub_category);
        self
    }

    pub(super) fn with_error(mut self, error: Value) -> Self {
        self.errors.push(error);
        self
    }

    pub(super) fn unknown_object_type(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, None, format!("Unable to infer object type from: {name}"))
    }

    /// `existing` is left out when a whole batch is refused.
    pub(super) fn conflict(singular: &str, existing: Option<u64>) -> Self {
        let subject = capitalized(singular);
        match existing {
            Some(id) => Self::new(
                StatusCode::CONFLICT,
                Some("CONFLICT"),
                format!("{subject} already exists. Existing ID: {id}"),
            )
            .with_context("existingId", vec![id.to_string()]),
            None => Self::new(StatusCode::CONFLICT, Some("CONFLICT"), format!("{subject} already exists")),
        }
    }

    /// Refused property values. `portal` is named in the message of single writes only.
    pub(super) fn invalid_properties(invalid: &[InvalidProperty], portal: Option<u64>) -> Self {
        let listed: Vec<Value> = invalid
            .iter()
            .map(|property| {
                let mut entry = json!({
                    "isValid": false,
                    "message": property.message,
                    "error": property.code,
                    "name": property.name,
                });
                if let (Some(portal), Some(entry)) = (portal, entry.as_object_mut()) {
                    entry.insert("localizedErrorMessage".to_owned(), json!(property.message));
                    entry.insert("portalId".to_owned(), json!(portal));
                }
                entry
            })
            .collect();
        let mut failure =
            Self::validation(format!("Property values were not valid: {}", Value::Array(listed)));
        failure.errors = invalid
            .iter()
            .map(|property| {
                json!({
                    "message": property.message,
                    "code": property.code,
                    "context": {"propertyName": [property.name]},
                })
            })
            .collect();
        failure
    }

    pub(super) fn missing_objects(singular: &str, ids: Vec<String>) -> Self {
        let subject = singular.to_uppercase();
        Self::new(
            StatusCode::NOT_FOUND,
            Some("OBJECT_NOT_FOUND"),
            format!(
                "Could not get some {subject} objects, they may be deleted or not exist. \
                 Check that ids are valid."
            ),
        )
        .with_context("ids", ids)
    }

    /// The body of a whole response.
    pub(super) fn body(&self, correlation_id: &str) -> Value {
        let mut body = Map::new();
        body.insert("status".to_owned(), json!("error"));
        body.insert("message".to_owned(), json!(self.message));
        body.insert("correlationId".to_owned(), json!(correlation_id));
        // A single conflict names the id in its message only.
        let hides_context = self.category == Some("CONFLICT");
        if !self.context.is_empty() && !hides_context {
            body.insert("context".to_owned(), self.context_value(None));
        }
        if !self.errors.is_empty() {
            body.insert("errors".to_owned(), json!(self.errors));
        }
        if let Some(sub_category) = self.sub_category {
            body.insert("subCategory".to_owned(), json!(sub_category));
        }
        if let Some(category) = self.category {
            body.insert("category".to_owned(), json!(category));
        }
        if let Some(limit) = &self.rate_limit {
            body.insert("errorType".to_owned(), json!("RATE_LIMIT"));
            body.insert("policyName".to_owned(), json!(limit.policy));
            if let Some(group) = &limit.group {
                body.insert("groupName".to_owned(), json!(group));
            }
        }
        Value::Object(body)
    }

    /// One entry of the `errors` of a 207; `trace` is the caller's `objectWriteTraceId`.
    pub(super) fn item(&self, trace: Option<&str>) -> Value {
        let mut item = Map::new();
        item.insert("status".to_owned(), json!("error"));
        item.insert("category".to_owned(), json!(self.category.unwrap_or("VALIDATION_ERROR")));
        if let Some(sub_category) = self.sub_category {
            item.insert("subCategory".to_owned(), json!(sub_category));
        }
        item.insert("message".to_owned(), json!(self.message));
        if trace.is_some() || !self.context.is_empty() {
            item.insert("context".to_owned(), self.context_value(trace));
        }
        Value::Object(item)
    }

    fn context_value(&self, trace: Option<&str>) -> Value {
        let mut context = Map::new();
        if let Some(trace) = trace {
            context.insert("objectWriteTraceId".to_owned(), json!([trace]));
        }
        for (key, values) in &self.context {
            context.insert((*key).to_owned(), json!(values));
        }
        Value::Object(context)
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}
