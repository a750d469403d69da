//! From HubSpot's error bodies to [`HubSpotError`]. Every field of such a body is optional, and some come from
//! proxies in front of it.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, StatusCode, header};
use secrecy::SecretString;
use serde::Deserialize;

use super::error::{HubSpotError, HubSpotErrorKind as Kind, RatePolicy};
use crate::outbound::{Answer, DidItHappen, json, text::vendor_text};

/// HubSpot's locks last two seconds.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// A portal that moves to another region may take a day; a longer wait is a mistake in the header.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ErrorBody {
    message: Option<String>,
    category: Option<String>,
    error_type: Option<String>,
    policy_name: Option<String>,
    sub_category: Option<String>,
    correlation_id: Option<String>,
    context: BTreeMap<String, Words>,
    errors: Vec<ErrorDetail>,
    /// OAuth answers.
    error: Option<String>,
    status: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorDetail {
    context: BTreeMap<String, Words>,
}

/// Context values are lists of strings, but not always.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Many(Vec<String>),
    One(String),
    Other(serde::de::IgnoredAny),
}

impl Words {
    fn all(&self) -> &[String] {
        match self {
            Self::Many(words) => words,
            Self::One(word) => std::slice::from_ref(word),
            Self::Other(_) => &[],
        }
    }
}

impl ErrorBody {
    fn read(body: &[u8]) -> Self {
        json::parse(body).unwrap_or_default()
    }

    /// Values of a context key, from the top and from every detail.
    fn context(&self, key: &str, secrets: &[&SecretString]) -> Vec<String> {
        let everywhere = std::iter::once(&self.context).chain(self.errors.iter().map(|error| &error.context));
        everywhere
            .filter_map(|context| context.get(key))
            .flat_map(|words| words.all())
            .map(|word| vendor_text(word, secrets))
            .collect()
    }
}

/// An answer outside 2xx.
pub(super) fn rest(answer: &Answer) -> HubSpotError {
    refused(answer, &[])
}

/// The same to a call that carried these secrets.
fn refused(answer: &Answer, secrets: &[&SecretString]) -> HubSpotError {
    let status = answer.status;
    if status.is_redirection() {
        return HubSpotError::malformed("a redirect", status.as_u16());
    }
    let body = ErrorBody::read(&answer.body);
    let message = vendor_text(body.message.as_deref().unwrap_or_default(), secrets);
    let category =
        vendor_text(body.category.as_deref().or(body.error_type.as_deref()).unwrap_or_default(), secrets);
    let kind = kind_of(status, (&category, &message), &body, &answer.headers, secrets);
    let effect = if status.is_server_error() { DidItHappen::Unknown } else { DidItHappen::No };
    let from_header = || answer.headers.get("x-hubspot-correlation-id").and_then(|value| value.to_str().ok());
    let correlation_id =
        body.correlation_id.as_deref().or_else(from_header).map(|id| vendor_text(id, secrets));
    HubSpotError::new(kind, effect)
        .with_vendor(status.as_u16(), &category, &message)
        .with_correlation_id(correlation_id.as_deref())
}

fn kind_of(
    status: StatusCode,
    (category, message): (&str, &str),
    body: &ErrorBody,
    headers: &HeaderMap,
    secrets: &[&SecretString],
) -> Kind {
    match status.as_u16() {
        401 => Kind::CredentialRefused,
        // Without MISSING_SCOPES it is still no word against the credential as such.
        403 => Kind::ScopeMissing { scopes: unique(body.context("requiredGranularScopes", secrets)) },
        404 => Kind::NotFound,
        409 => Kind::Conflict { existing_id: existing_id(message, body) },
        423 => Kind::Unavailable { retry_after: retry_after(headers).or(Some(LOCK_WAIT)) },
        429 => rate_limited(body, message, headers),
        477 => Kind::Unavailable { retry_after: retry_after(headers) },
        500..=599 => Kind::Unavailable { retry_after: retry_after(headers) },
        400 if is_conflict(category, body) => Kind::Conflict { existing_id: existing_id(message, body) },
        400 | 422 => Kind::Rejected {
            message: message.to_owned(),
            properties: unique(body.context("propertyName", secrets)),
        },
        _ => Kind::Other,
    }
}

/// A list name that is taken comes as a validation error.
fn is_conflict(category: &str, body: &ErrorBody) -> bool {
    matches!(category, "OBJECT_ALREADY_EXISTS" | "CONFLICT")
        || body.sub_category.as_deref().is_some_and(|sub| sub.contains("DUPLICATE_LIST_NAMES"))
}

fn unique(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    words
}

/// `Contact already exists. Existing ID: 37765128953`, or a context entry.
fn existing_id(message: &str, body: &ErrorBody) -> Option<String> {
    let from_context = body.context("existingId", &[]).into_iter().next();
    let from_message = || {
        let (_, rest) = message.split_once("Existing ID:")?;
        let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    from_context
        .filter(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
        .or_else(from_message)
}

fn rate_limited(body: &ErrorBody, message: &str, headers: &HeaderMap) -> Kind {
    let name = body.policy_name.as_deref().unwrap_or_default();
    let policy = match name {
        "TEN_SECONDLY_ROLLING" | "TEN_SECONDLY" => RatePolicy::TenSecondly,
        "SECONDLY" => RatePolicy::Secondly,
        "DAILY" => RatePolicy::Daily,
        _ if message.contains("daily") => RatePolicy::Daily,
        _ if message.contains("ten_secondly") => RatePolicy::TenSecondly,
        _ if message.contains("secondly") => RatePolicy::Secondly,
        other => RatePolicy::Other(vendor_text(other, &[])),
    };
    let usual = match policy {
        RatePolicy::TenSecondly | RatePolicy::Other(_) => Some(Duration::from_secs(10)),
        RatePolicy::Secondly => Some(Duration::from_secs(1)),
        RatePolicy::Daily => None,
    };
    Kind::RateLimited { retry_after: retry_after(headers).or(usual), policy }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// An answer of the token endpoint outside 2xx. A revoked grant is the portal's matter, a wrong client ours.
pub(super) fn oauth(answer: &Answer, secrets: &[&SecretString]) -> HubSpotError {
    let status = answer.status;
    let is_final = matches!(status.as_u16(), 400 | 401 | 403);
    if !is_final {
        return refused(answer, secrets);
    }
    let body = ErrorBody::read(&answer.body);
    let error = vendor_text(body.error.as_deref().unwrap_or_default(), secrets);
    let state = vendor_text(body.status.as_deref().unwrap_or_default(), secrets);
    let message = vendor_text(body.message.as_deref().unwrap_or_default(), secrets);
    let is_client = matches!(
        error.as_str(),
        "invalid_client" | "unauthorized_client" | "invalid_request" | "unsupported_grant_type"
    ) || state.starts_with("BAD_CLIENT");
    let kind = if is_client {
        let name = if error.is_empty() { state.clone() } else { error };
        Kind::ClientRefused { error: name }
    } else {
        Kind::CredentialRefused
    };
    HubSpotError::new(kind, DidItHappen::No).with_vendor(status.as_u16(), &state, &message)
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
