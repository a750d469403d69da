//! `composite/batch`: independent calls in one request; each counts against the daily allocation.

use axum::{
    body::Bytes,
    http::{HeaderMap, Method},
};
use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    request::Incoming,
};

/// Parts of one batch.
const MAX_PARTS: usize = 25;

impl Context<'_> {
    pub(super) fn batch(&mut self, request: &Incoming) -> Outcome {
        let body = request.json_object()?;
        let parts = body.get("batchRequests").and_then(Value::as_array);
        let parts = parts.ok_or_else(|| ApiError::bad_json("The request needs a list \"batchRequests\"."))?;
        if parts.is_empty() || parts.len() > MAX_PARTS {
            let message = format!("Limit of {MAX_PARTS} sub requests exceeded, or none given");
            return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
        }
        let halt_on_error = body.get("haltOnError").and_then(Value::as_bool).unwrap_or(false);
        let mut results = Vec::new();
        let mut has_errors = false;
        for part in parts {
            let answer = if has_errors && halt_on_error {
                let message = "Batch processing halted per request";
                ApiError::new(412, "BATCH_PROCESSING_HALTED", message).into()
            } else {
                self.batch_part(part)
            };
            let ok = (200..300).contains(&answer.status);
            has_errors |= !ok;
            let status = answer.status;
            results.push(json!({"statusCode": status, "result": answer.into_value()}));
        }
        Ok(Answer::ok(json!({"hasErrors": has_errors, "results": results})).kind("batch"))
    }

    fn batch_part(&mut self, part: &Value) -> Answer {
        if let Err(error) = self.spend(1) {
            return error.into();
        }
        let text = |name: &str| part.get(name).and_then(Value::as_str);
        let (Some(method), Some(url)) = (text("method"), text("url")) else {
            return ApiError::bad_json("Every sub request needs method and url.").into();
        };
        let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else {
            return ApiError::method_not_allowed(method).into();
        };
        let body = part.get("richInput").map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        self.dispatch(&Incoming::part(method, url, HeaderMap::new(), body))
    }
}
