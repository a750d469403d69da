//! Composite requests: several calls as one, later ones using what earlier ones gave.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};
use serde_json::{Map, Value, json};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    request::{Incoming, decode_segment},
};

/// Parts of one composite request.
const MAX_PARTS: usize = 25;

/// Parts of one composite request that query or are collections.
const MAX_WIDE_PARTS: usize = 5;

/// A part of a composite request.
pub(super) struct Part {
    method: String,
    url: String,
    pub(super) reference: String,
    body: Option<Value>,
    headers: HeaderMap,
}

/// The answer to a part, and whether it went well.
pub(super) struct PartAnswer {
    pub(super) shown: Value,
    pub(super) ok: bool,
}

impl Context<'_> {
    pub(super) fn composite(&mut self, request: &Incoming) -> Outcome {
        let body = request.json_object()?;
        let parts = parts(&body, request, MAX_PARTS)?;
        let wide = parts
            .iter()
            .filter(|part| part.url.contains("/query") || part.url.contains("/composite/sobjects"));
        if wide.count() > MAX_WIDE_PARTS {
            let message =
                "Limit of 5 query and sObject Collections operations in one composite request exceeded";
            return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
        }
        let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
        let answers = self.run_parts(&parts, all_or_none);
        let shown: Vec<Value> = answers.into_iter().map(|answer| answer.shown).collect();
        Ok(Answer::ok(json!({"compositeResponse": shown})).kind("composite"))
    }

    /// Runs parts in order; with `all_or_none` a failure takes everything back.
    pub(super) fn run_parts(&mut self, parts: &[Part], all_or_none: bool) -> Vec<PartAnswer> {
        let before = self.snapshot(all_or_none);
        let mut bodies: BTreeMap<String, Value> = BTreeMap::new();
        let mut answers = Vec::new();
        let mut halted = false;
        for part in parts {
            let answer = if halted { halt(part) } else { self.run_part(part, &bodies) };
            let (status, body) = (answer.status, answer.clone().into_value());
            let ok = (200..300).contains(&status);
            if ok {
                bodies.insert(part.reference.clone(), body);
            }
            halted |= all_or_none && !ok;
            answers.push(PartAnswer { shown: show(part, answer), ok });
        }
        if halted {
            self.restore(before);
            for (part, answer) in parts.iter().zip(&mut answers).filter(|(_, answer)| answer.ok) {
                *answer = PartAnswer { shown: show(part, halt(part)), ok: false };
            }
        }
        answers
    }

    fn run_part(&mut self, part: &Part, bodies: &BTreeMap<String, Value>) -> Answer {
        let resolved = resolve_text(&part.url, bodies).and_then(|url| {
            let body = part.body.clone().map(|body| resolve(body, bodies)).transpose()?;
            Ok((url, body))
        });
        let (url, body) = match resolved {
            Ok(resolved) => resolved,
            Err(error) => return error.into(),
        };
        let Ok(method) = Method::from_bytes(part.method.to_ascii_uppercase().as_bytes()) else {
            return ApiError::method_not_allowed(&part.method).into();
        };
        let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = Incoming::part(method, &url, part.headers.clone(), body);
        self.dispatch(&request)
    }

    /// Answers a part by its URL, which names a version of its own.
    pub(super) fn dispatch(&mut self, request: &Incoming) -> Answer {
        let path = request.path.trim_start_matches('/');
        let path = path.strip_prefix("services/data/").unwrap_or(path);
        let segments: Vec<String> = path.split('/').map(decode_segment).collect();
        let Some((version, rest)) = segments.split_first() else { return ApiError::not_found().into() };
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        // Composite resources don't nest, except collections.
        if matches!(rest.as_slice(), ["composite"] | ["composite", "batch" | "graph" | "tree", ..]) {
            return ApiError::new(400, "INVALID_INPUT", "the resource can't be part of a composite request")
                .into();
        }
        let (version, number) = match super::parse_version(version) {
            Ok(version) => version,
            Err(error) => return error.into(),
        };
        let outer = (
            std::mem::replace(&mut self.version, version),
            std::mem::replace(&mut self.version_number, number),
        );
        let answer = self.route(request, &rest);
        (self.version, self.version_number) = outer;
        answer.unwrap_or_else(Answer::from)
    }
}

/// Reads the parts of a request body.
pub(super) fn parts(
    body: &Map<String, Value>,
    request: &Incoming,
    max: usize,
) -> Result<Vec<Part>, ApiError> {
    let list = body.get("compositeRequest").and_then(Value::as_array);
    let list = list.ok_or_else(|| ApiError::bad_json("The request needs a list \"compositeRequest\"."))?;
    if list.is_empty() || list.len() > max {
        let message = format!("Limit of {max} sub requests exceeded, or none given");
        return Err(ApiError::new(400, "LIMIT_EXCEEDED", message));
    }
    let mut parts: Vec<Part> = Vec::new();
    for value in list {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let (Some(method), Some(url), Some(reference)) = (text("method"), text("url"), text("referenceId"))
        else {
            return Err(ApiError::bad_json("Every sub request needs method, url and referenceId."));
        };
        let well_formed = reference.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !well_formed || parts.iter().any(|part| part.reference == reference) {
            let message = format!("Provided referenceId ('{reference}') is invalid or not unique.");
            return Err(ApiError::new(400, "INVALID_INPUT", message));
        }
        let headers = part_headers(request, value.get("httpHeaders"));
        parts.push(Part { method, url, reference, body: value.get("body").cloned(), headers });
    }
    Ok(parts)
}

/// The headers of the whole request that concern writes and queries, and the part's own.
fn part_headers(request: &Incoming, own: Option<&Value>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| name.as_str().starts_with("sforce-")) {
        headers.insert(name, value.clone());
    }
    for (name, value) in own.and_then(Value::as_object).into_iter().flatten() {
        let value = value.as_str().and_then(|value| HeaderValue::from_str(value).ok());
        if let (Ok(name), Some(value)) = (HeaderName::from_bytes(name.as_bytes()), value) {
            headers.insert(name, value);
        }
    }
    headers
}

fn halt(_part: &Part) -> Answer {
    let message = "The transaction was rolled back since another operation in the same transaction failed.";
    ApiError::new(400, "PROCESSING_HALTED", message).into()
}

fn show(part: &Part, answer: Answer) -> Value {
    let mut headers = Map::new();
    for (name, value) in &answer.headers {
        if *name == "location" {
            headers.insert("Location".to_owned(), value.as_str().into());
        }
    }
    let status = answer.status;
    json!({
        "body": answer.into_value(),
        "httpHeaders": headers,
        "httpStatusCode": status,
        "referenceId": part.reference,
    })
}

fn resolve(value: Value, bodies: &BTreeMap<String, Value>) -> Result<Value, ApiError> {
    Ok(match value {
        Value::String(text) => {
            // A value that is nothing but a reference keeps the type of what it refers to.
            let whole = text.strip_prefix("@{").and_then(|rest| rest.strip_suffix('}'));
            match whole.filter(|path| !path.contains('}')) {
                Some(path) => look_up(path, bodies)?.clone(),
                None => Value::String(resolve_text(&text, bodies)?),
            }
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| resolve(item, bodies)).collect::<Result<_, _>>()?)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| Ok((name, resolve(value, bodies)?)));
            Value::Object(fields.collect::<Result<_, ApiError>>()?)
        }
        other => other,
    })
}

fn resolve_text(text: &str, bodies: &BTreeMap<String, Value>) -> Result<String, ApiError> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        let Some((path, after)) = after.split_once('}') else { break };
        resolved.push_str(before);
        match look_up(path, bodies)? {
            Value::String(text) => resolved.push_str(text),
            other => resolved.push_str(&other.to_string()),
        }
        rest = after;
    }
    resolved.push_str(rest);
    Ok(resolved)
}

/// `ref.records[0].Id`
fn look_up<'b>(path: &str, bodies: &'b BTreeMap<String, Value>) -> Result<&'b Value, ApiError> {
    let (reference, steps) = path.split_once('.').map_or((path, ""), |(reference, steps)| (reference, steps));
    let (reference, first) = reference
        .split_once('[')
        .map_or((reference, String::new()), |(reference, index)| (reference, format!("[{index}")));
    let invalid = || {
        let message = format!(
            "Invalid reference specified. No value for {path} found in {reference}. Provided referenceId is invalid or \
             its request failed."
        );
        ApiError::new(400, "PROCESSING_HALTED", message)
    };
    let mut value = bodies.get(reference).ok_or_else(invalid)?;
    let steps = format!("{first}.{steps}");
    for step in steps.split('.').filter(|step| !step.is_empty()) {
        let (name, indexes) = step.split_once('[').unwrap_or((step, ""));
        if !name.is_empty() {
            let fields = value.as_object().ok_or_else(invalid)?;
            let found = fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
            value = found.map(|(_, value)| value).ok_or_else(invalid)?;
        }
        for index in indexes.split('[').filter(|index| !index.is_empty()) {
            let index: usize = index.trim_end_matches(']').parse().map_err(|_| invalid())?;
            value = value.get(index).ok_or_else(invalid)?;
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_reach_into_earlier_answers() {
        let bodies = BTreeMap::from([
            ("a".to_owned(), json!({"id": "001", "n": 5})),
            ("q".to_owned(), json!({"records": [{"Id": "003", "Account": {"Name": "x"}}]})),
            ("c".to_owned(), json!([{"id": "00Q"}])),
        ]);
        let url = resolve_text("/sobjects/Account/@{a.id}/@{q.records[0].Account.Name}", &bodies);
        assert_eq!(url, Ok("/sobjects/Account/001/x".to_owned()));
        assert_eq!(resolve(json!({"x": ["@{a.n}", "n @{a.n}"]}), &bodies), Ok(json!({"x": [5, "n 5"]})));
        assert_eq!(resolve(json!("@{c[0].id}"), &bodies), Ok(json!("00Q")));
        let missing = resolve(json!("@{b.id}"), &bodies).map_err(|error| error.code);
        assert_eq!(missing, Err("PROCESSING_HALTED"));
    }
}
