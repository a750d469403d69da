//! Answers and the shapes of REST errors.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde_json::{Map, Value, json};

use crate::simulator::journal::Call;

/// An answer before it becomes HTTP; composite requests embed it instead.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Content,
    /// Kind of call, for journal and counters.
    pub kind: &'static str,
}

/// Body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// No body.
    Empty,
    /// `application/json`.
    Json(Value),
    /// Another type.
    Text(&'static str, String),
}

impl Answer {
    /// JSON with a status.
    pub fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Content::Json(body), kind: "other" }
    }

    /// JSON with 200.
    pub fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Content::Empty, kind: "other" }
    }

    /// Text of another type.
    pub fn text(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: Content::Text(content_type, body.into()), kind: "other" }
    }

    /// Names the kind of call.
    #[must_use]
    pub fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as composite answers embed it; null for none.
    pub fn into_value(self) -> Value {
        match self.body {
            Content::Empty => Value::Null,
            Content::Json(value) => value,
            Content::Text(_, text) => Value::String(text),
        }
    }

    /// The HTTP response, with the headers that Salesforce sends on everything.
    pub fn into_response(self, principal: Option<String>) -> Response {
        let (content_type, body) = match self.body {
            Content::Empty => (None, Body::empty()),
            Content::Json(value) => (Some("application/json;charset=UTF-8"), Body::from(value.to_string())),
            Content::Text(content_type, text) => (Some(content_type), Body::from(text)),
        };
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(
            "strict-transport-security",
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
        headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
        headers.insert("x-robots-tag", HeaderValue::from_static("none"));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-cache,must-revalidate,max-age=0,no-store,private"),
        );
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response.extensions_mut().insert(Call { kind: self.kind, principal });
        response
    }
}

/// One error of a REST call or of a record within a call.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError {
    /// HTTP status when it ends the whole request.
    pub status: u16,
    /// `errorCode` of a request, `statusCode` of a record in a collection.
    pub code: &'static str,
    /// The text; Salesforce's own where it was captured.
    pub message: String,
    /// Fields at fault; absent where Salesforce leaves the key out.
    pub fields: Option<Vec<String>>,
    /// Further keys, such as `duplicateResut` (sic).
    pub extra: Map<String, Value>,
}

impl ApiError {
    /// An error without `fields`.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: None, extra: Map::new() }
    }

    /// A 400 about fields of a record.
    pub fn field(code: &'static str, message: impl Into<String>, fields: &[&str]) -> Self {
        let fields = fields.iter().map(|&field| field.to_owned()).collect();
        Self { fields: Some(fields), ..Self::new(400, code, message) }
    }

    /// The 404 of everything that is not there or not visible.
    pub fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    /// The 405 of a known resource.
    pub fn method_not_allowed(method: &str) -> Self {
        let message = format!(
            "HTTP Method '{method}' not allowed. Allowed are the methods that the resource documents"
        );
        Self::new(405, "METHOD_NOT_ALLOWED", message)
    }

    /// A 400 for a body that is not the JSON the resource expects.
    pub fn bad_json(message: impl Into<String>) -> Self {
        Self::new(400, "JSON_PARSER_ERROR", message)
    }

    /// The shape of errors of single-record REST calls.
    pub fn to_rest(&self) -> Value {
        let mut error = self.extra.clone();
        error.insert("message".to_owned(), json!(self.message));
        error.insert("errorCode".to_owned(), json!(self.code));
        if let Some(fields) = &self.fields {
            error.insert("fields".to_owned(), json!(fields));
        }
        Value::Object(error)
    }

    /// The shape of errors within a collection's result: `statusCode`, and `fields` always there.
    pub fn to_collection(&self) -> Value {
        let mut error = self.extra.clone();
        error.insert("message".to_owned(), json!(self.message));
        error.insert("statusCode".to_owned(), json!(self.code));
        error.insert("fields".to_owned(), json!(self.fields.clone().unwrap_or_default()));
        Value::Object(error)
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self::json(error.status, json!([error.to_rest()]))
    }
}
