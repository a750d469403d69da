//! From the vendor's four error shapes to [`SalesforceError`]. The only place that knows error codes.

use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;

use super::error::{SalesforceError, SalesforceErrorKind as Kind};
use crate::outbound::{DidItHappen, json, text::vendor_text};

/// One entry of a REST error array. A subrequest of a composite call has the same shape.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RestError {
    #[serde(default)]
    message: String,
    #[serde(default, alias = "statusCode")]
    error_code: String,
    #[serde(default)]
    fields: Option<Vec<String>>,
    /// Salesforce spells it `duplicateResut`.
    #[serde(default, alias = "duplicateResut")]
    duplicate_result: Option<DuplicateResult>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DuplicateResult {
    #[serde(default)]
    allow_save: bool,
    #[serde(default)]
    duplicate_rule: Option<String>,
    #[serde(default)]
    match_results: Vec<MatchResult>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MatchResult {
    #[serde(default)]
    match_records: Vec<MatchRecord>,
}

#[derive(Debug, Deserialize)]
struct MatchRecord {
    record: Option<MatchedRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MatchedRecord {
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
struct OauthError {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// A REST answer (or subrequest answer) outside 2xx.
pub(super) fn rest(status: StatusCode, body: &[u8]) -> SalesforceError {
    if status == StatusCode::MULTIPLE_CHOICES {
        return SalesforceError::new(Kind::MultipleMatches, DidItHappen::No).with_vendor(300, "", "");
    }
    if status.is_redirection() {
        return SalesforceError::malformed("a redirect", status.as_u16());
    }
    // The array is the rule; one bare object is what a few resources answer.
    let first = json::parse::<Vec<RestError>>(body)
        .map(|errors| errors.into_iter().next())
        .or_else(|_| json::parse::<RestError>(body).map(Some));
    match first {
        Ok(Some(error)) if !error.error_code.is_empty() => from_code(status, error),
        _ => without_code(status, body),
    }
}

fn from_code(status: StatusCode, error: RestError) -> SalesforceError {
    let code = vendor_text(&error.error_code, &[]);
    let message = vendor_text(&error.message, &[]);
    let kind = kind_of(status, &code, &message, error);
    // A refusal changed nothing, but a failure in the middle may have come after the commit.
    let effect = match (&kind, status.is_server_error()) {
        (Kind::Unavailable | Kind::Other, true) => DidItHappen::Unknown,
        _ => DidItHappen::No,
    };
    SalesforceError::new(kind, effect).with_vendor(status.as_u16(), &code, &message)
}

fn kind_of(status: StatusCode, code: &str, message: &str, error: RestError) -> Kind {
    match code {
        "INVALID_SESSION_ID" | "INVALID_AUTH_HEADER" => Kind::SessionInvalid,
        // One code, two meanings: the day's calls are spent, or too many long calls run at once.
        "REQUEST_LIMIT_EXCEEDED" if message.contains("Concurrent") => Kind::ConcurrentLimit,
        "REQUEST_LIMIT_EXCEEDED" => Kind::DailyLimitExceeded,
        // The same code stands for a missing "View Setup" on the limits resource.
        "API_DISABLED_FOR_ORG" if message.contains("resource is not enabled") => Kind::Permission,
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => Kind::ApiDisabled,
        "UNABLE_TO_LOCK_ROW" => Kind::RowLocked,
        "DUPLICATES_DETECTED" => duplicate(error.duplicate_result),
        "DUPLICATE_VALUE" | "DUPLICATE_EXTERNAL_ID" => Kind::Duplicate {
            rule: None,
            matches: record_id_in(message).into_iter().collect(),
            allow_save: false,
        },
        "CANNOT_UPDATE_CONVERTED_LEAD" => Kind::ConvertedLead,
        // Mostly the text of an Apex trigger, but also the word for a missing create or edit right.
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if message.starts_with("entity type cannot be") => {
            Kind::Permission
        }
        "INSUFFICIENT_ACCESS"
        | "INSUFFICIENT_ACCESS_OR_READONLY"
        | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
        | "INVALID_FIELD_FOR_INSERT_UPDATE"
        | "INVALID_TYPE"
        | "INVALID_TYPE_FOR_OPERATION"
        | "ENTITY_IS_LOCKED" => Kind::Permission,
        "NOT_FOUND" | "ENTITY_IS_DELETED" | "RESOURCE_NOT_FOUND" => Kind::NotFound,
        "UNSUPPORTED_API_VERSION" | "GONE" => Kind::UnsupportedVersion,
        "SERVER_UNAVAILABLE"
        | "ORG_IN_MAINTENANCE"
        | "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"
        | "REQUEST_RUNNING_TOO_LONG"
        | "QUERY_TIMEOUT" => Kind::Unavailable,
        _ if status.is_server_error() => Kind::Unavailable,
        _ if status == StatusCode::NOT_FOUND => Kind::NotFound,
        _ if status == StatusCode::UNAUTHORIZED => Kind::SessionInvalid,
        _ if status == StatusCode::GONE => Kind::UnsupportedVersion,
        _ if status == StatusCode::BAD_REQUEST => Kind::Validation {
            message: message.to_owned(),
            fields: error.fields.unwrap_or_default().iter().map(|field| vendor_text(field, &[])).collect(),
        },
        _ => Kind::Other,
    }
}

fn duplicate(result: Option<DuplicateResult>) -> Kind {
    let Some(result) = result else {
        return Kind::Duplicate { rule: None, matches: Vec::new(), allow_save: false };
    };
    let matches = result
        .match_results
        .into_iter()
        .flat_map(|matched| matched.match_records)
        .filter_map(|matched| matched.record.and_then(|record| record.id))
        .map(|id| vendor_text(&id, &[]))
        .collect();
    Kind::Duplicate {
        rule: result.duplicate_rule.map(|rule| vendor_text(&rule, &[])),
        matches,
        allow_save: result.allow_save,
    }
}

/// `duplicate value found: <field> duplicates value on record with id: 003…`
fn record_id_in(message: &str) -> Option<String> {
    let (_, id) = message.rsplit_once("record with id: ")?;
    let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();
    (!id.is_empty()).then_some(id)
}

/// An HTML page of a proxy, an empty body, an XML fault of the token check.
fn without_code(status: StatusCode, body: &[u8]) -> SalesforceError {
    let kind = match status.as_u16() {
        401 => Kind::SessionInvalid,
        404 => Kind::NotFound,
        410 => Kind::UnsupportedVersion,
        420 | 429 | 500..=599 => Kind::Unavailable,
        _ => Kind::Other,
    };
    let effect = if status.is_server_error() { DidItHappen::Unknown } else { DidItHappen::No };
    let is_markup = body.trim_ascii_start().starts_with(b"<");
    let words = if is_markup { String::new() } else { vendor_text(&String::from_utf8_lossy(body), &[]) };
    SalesforceError::new(kind, effect).with_vendor(status.as_u16(), "", &words)
}

/// A SOAP fault of `login()`. Such a fault arrives as HTTP 500 and is a definite refusal nevertheless.
pub(super) fn login_fault(
    status: StatusCode,
    code: &str,
    words: &str,
    secrets: &[&SecretString],
) -> SalesforceError {
    let code = vendor_text(code, secrets);
    let words = vendor_text(words, secrets);
    let kind = match code.as_str() {
        "INVALID_LOGIN" | "LOGIN_MUST_USE_SECURITY_TOKEN" | "PASSWORD_LOCKOUT" => Kind::LoginRefused,
        // Whether the org forbids login() or Salesforce has retired it (Summer '27): OAuth is the way out.
        "INVALID_OPERATION" | "UNSUPPORTED_API_VERSION" => Kind::SoapLoginDisabled,
        "API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED" => Kind::ApiDisabled,
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" => Kind::PasswordExpired,
        "REQUEST_LIMIT_EXCEEDED" if words.contains("Concurrent") => Kind::ConcurrentLimit,
        "REQUEST_LIMIT_EXCEEDED" | "EXCEEDED_QUOTA" => Kind::DailyLimitExceeded,
        "SERVER_UNAVAILABLE"
        | "ORG_IN_MAINTENANCE"
        | "ORG_IS_SIGNING_UP"
        | "SSO_SERVICE_DOWN"
        | "REQUEST_RUNNING_TOO_LONG"
        | "UNKNOWN_EXCEPTION" => Kind::Unavailable,
        _ if is_restriction(&code) => Kind::LoginRestricted,
        _ => Kind::Other,
    };
    let effect = if kind == Kind::Unavailable { DidItHappen::Unknown } else { DidItHappen::No };
    SalesforceError::new(kind, effect).with_vendor(status.as_u16(), &code, &words)
}

fn is_restriction(code: &str) -> bool {
    matches!(
        code,
        "LOGIN_DURING_RESTRICTED_DOMAIN"
            | "LOGIN_DURING_RESTRICTED_TIME"
            | "LOGIN_CHALLENGE_ISSUED"
            | "LOGIN_CHALLENGE_PENDING"
            | "LOGIN_RATE_EXCEEDED"
            | "TXN_SECURITY_TWO_FA_REQUIRED"
            | "MUTUAL_AUTHENTICATION_FAILED"
            | "ORG_LOCKED"
            | "ORG_NOT_OWNED_BY_INSTANCE"
            | "TRIAL_EXPIRED"
            | "INVALID_SSO_GATEWAY_URL"
            | "CLIENT_NOT_ACCESSIBLE_FOR_USER"
            | "CLIENT_REQUIRE_UPDATE_FOR_USER"
            | "INVALID_CLIENT"
            | "UNSUPPORTED_CLIENT"
            | "INSUFFICIENT_ACCESS"
    )
}

/// An answer of the token endpoint outside 200. A 5xx is transient whatever its body claims.
pub(super) fn oauth(status: StatusCode, body: &[u8], secrets: &[&SecretString]) -> SalesforceError {
    if status.is_redirection() {
        return SalesforceError::malformed("a redirect", status.as_u16());
    }
    if !status.is_client_error() {
        return without_code(status, b"");
    }
    match json::parse::<OauthError>(body) {
        Ok(refused) => {
            let error = vendor_text(&refused.error, secrets);
            let description = vendor_text(&refused.error_description, secrets);
            let kind = match error.as_str() {
                "temporarily_unavailable" | "server_error" => Kind::Unavailable,
                _ => Kind::OauthRefused { error: error.clone(), description: description.clone() },
            };
            SalesforceError::new(kind, DidItHappen::No).with_vendor(status.as_u16(), &error, &description)
        }
        Err(error) => SalesforceError::from_json(&error, status.as_u16()),
    }
}

#[cfg(test)]
#[path = "refusal_tests.rs"]
mod tests;
