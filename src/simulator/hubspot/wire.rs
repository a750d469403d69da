//! One request and one answer, free of the HTTP server: paths of every version folded into one form.
//!
//! `/crm/v3/objects/contacts`, `/crm/objects/2026-03/contacts` and `/crm/objects/2026-09/contacts` are the same
//! resource, so they are one path here; only the version stays known, for the rules that came with it.

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{Failure, Outcome};

/// Which family of paths the caller used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V3,
    V4,
    March2026,
    September2026,
}

impl Version {
    fn parse(segment: &str) -> Option<Self> {
        match segment {
            "v1" => Some(Self::V1),
            "v3" => Some(Self::V3),
            "v4" => Some(Self::V4),
            "2026-03" => Some(Self::March2026),
            "2026-09" => Some(Self::September2026),
            _ => None,
        }
    }

    pub(super) fn is_dated(self) -> bool {
        matches!(self, Self::March2026 | Self::September2026)
    }
}

/// A request whose path was recognised.
#[derive(Debug)]
pub(super) struct Request {
    pub method: Method,
    pub version: Version,
    /// The path without host, `crm` and version: `["objects", "contacts", "1"]`.
    pub segments: Vec<String>,
    /// The path as it came, for paging links.
    pub path: String,
    pub query: Query,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    /// `None` when no version of the API has such a path.
    pub(super) fn parse(
        method: Method,
        path: &str,
        query: Option<&str>,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<Self> {
        let parts: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(decode_segment).collect();
        let (version, segments) = fold(&parts)?;
        Some(Self {
            method,
            version,
            segments,
            path: path.to_owned(),
            query: Query::parse(query.unwrap_or_default()),
            headers,
            body,
        })
    }

    /// The path segment at `position`, or an empty string past the end.
    pub(super) fn segment(&self, position: usize) -> &str {
        self.segments.get(position).map_or("", String::as_str)
    }

    /// The JSON body. A body that does not fit is HubSpot's `Cannot deserialize` message.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Outcome<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let failure = Failure::validation(format!(
                "Invalid input JSON on line {line}, column {column}: Cannot deserialize value of type: {error}"
            ));
            match error.classify() {
                serde_json::error::Category::Data => failure,
                _ => Failure::validation(format!(
                    "Invalid input JSON on line {line}, column {column}: {error}"
                )),
            }
        })
    }

    /// The next page of this very request; points at whoever was asked, so that a client can follow it.
    pub(super) fn next_link(&self, after: &str) -> String {
        let host =
            self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("api.hubapi.com");
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in self.query.0.iter().filter(|(key, _)| key != "after") {
            pairs.append_pair(key, value);
        }
        pairs.append_pair("after", after);
        format!("http://{host}{}?{}", self.path, pairs.finish())
    }
}

/// Query parameters in the order they came.
#[derive(Debug, Default)]
pub(super) struct Query(pub Vec<(String, String)>);

impl Query {
    fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated, comma-separated, or both.
    pub(super) fn every(&self, name: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.first(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A count between 1 and `most`; anything else is a validation error that names the parameter.
    pub(super) fn limit(&self, default: usize, most: usize) -> Outcome<usize> {
        let Some(text) = self.first("limit") else { return Ok(default) };
        let limit: usize = text
            .parse()
            .map_err(|_| Failure::validation(format!("Cannot deserialize value of type int: {text}")))?;
        if limit == 0 || limit > most {
            return Err(Failure::validation(format!("Limit must be between 1 and {most}. Got: {limit}")));
        }
        Ok(limit)
    }
}

/// What goes back.
#[derive(Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub payload: Payload,
    pub headers: Vec<(HeaderName, String)>,
}

#[derive(Debug)]
pub(super) enum Payload {
    Json(Value),
    Html(String),
    Empty,
}

impl Reply {
    pub(super) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, payload: Payload::Json(body), headers: Vec::new() }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(super) fn created(body: Value) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    pub(super) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, payload: Payload::Empty, headers: Vec::new() }
    }

    pub(super) fn redirect(location: String) -> Self {
        Self {
            status: StatusCode::FOUND,
            payload: Payload::Empty,
            headers: vec![(header::LOCATION, location)],
        }
    }

    pub(super) fn html(status: StatusCode, title: &str) -> Self {
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
        );
        Self { status, payload: Payload::Html(page), headers: Vec::new() }
    }

    /// A path that no version of the API has gets a web page, not JSON.
    pub(super) fn unknown_route() -> Self {
        Self::html(StatusCode::NOT_FOUND, "HTTP ERROR 404 Not Found")
    }

    pub(super) fn failure(failure: &Failure, correlation_id: &str) -> Self {
        Self::json(failure.status, failure.body(correlation_id))
    }

    pub(super) fn into_response(self, correlation_id: &str) -> Response {
        let (content_type, body) = match self.payload {
            Payload::Json(value) => (Some("application/json;charset=utf-8"), Body::from(value.to_string())),
            Payload::Html(page) => (Some("text/html;charset=utf-8"), Body::from(page)),
            Payload::Empty => (None, Body::empty()),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        if let Ok(value) = HeaderValue::from_str(correlation_id) {
            headers.insert(HeaderName::from_static("x-hubspot-correlation-id"), value);
        }
        response
    }
}

/// `+` is an ordinary character in a path (and in many e-mail addresses).
fn decode_segment(segment: &str) -> String {
    let guarded = segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(guarded.as_bytes())
        .next()
        .map_or_else(String::new, |(key, _)| key.into_owned())
}

/// Areas of the CRM that exist under `/crm/v3`; associations and their part of objects also under `/crm/v4`.
const CRM_AREAS: [&str; 6] = ["objects", "properties", "associations", "lists", "owners", "pipelines"];

fn fold(parts: &[String]) -> Option<(Version, Vec<String>)> {
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    let keep = |head: &[&str], tail: &[&str]| {
        head.iter().chain(tail).map(|part| (*part).to_owned()).collect::<Vec<String>>()
    };
    match words.as_slice() {
        ["crm", "associations", "v4", rest @ ..] => Some((Version::V4, keep(&["associations"], rest))),
        ["crm", "v4", area @ ("objects" | "associations"), rest @ ..] => {
            let about_associations = *area == "associations" || rest.get(2) == Some(&"associations");
            about_associations.then(|| (Version::V4, keep(&[area], rest)))
        }
        ["crm", "v3", area, rest @ ..] if CRM_AREAS.contains(area) => {
            Some((Version::V3, keep(&[area], rest)))
        }
        ["crm", area, version, rest @ ..] if CRM_AREAS.contains(area) => {
            dated(version).map(|version| (version, keep(&[area], rest)))
        }
        ["account-info", "v3", rest @ ..] => Some((Version::V3, keep(&["account-info"], rest))),
        [area @ ("account-info" | "appinstalls"), version, rest @ ..] => {
            dated(version).map(|version| (version, keep(&[area], rest)))
        }
        ["oauth", "authorize"] => Some((Version::V1, keep(&["oauth", "authorize"], &[]))),
        ["oauth", hub, "authorize"] => Some((Version::V1, keep(&["oauth", "authorize", hub], &[]))),
        ["oauth", version, rest @ ..] => {
            Version::parse(version).map(|version| (version, keep(&["oauth"], rest)))
        }
        ["marketing", "v3", "forms", rest @ ..] => Some((Version::V3, keep(&["forms"], rest))),
        ["form-integrations", "v1", "submissions", "forms", form] => {
            Some((Version::V1, keep(&["form-submissions", form], &[])))
        }
        ["submissions", "v3", "integration", rest @ ..] => Some((Version::V3, keep(&["form-submit"], rest))),
        ["email", "public", "v1", "events"] => Some((Version::V1, keep(&["email-events"], &[]))),
        _ => None,
    }
}

fn dated(segment: &str) -> Option<Version> {
    Version::parse(segment).filter(|version| version.is_dated())
}
