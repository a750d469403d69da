//! The only place that builds a `tonic::Status`.
//!
//! Every status carries `ErrorInfo` with one of our reasons, and beside it what `google.rpc` offers for its kind:
//! violations, retry delay, resource, help link, a localized message, and the request id. The message of the status
//! itself is English, for developers; people read the `LocalizedMessage` (AIP-193). An internal error shows its
//! request id and nothing else; what happened is logged.

use std::{collections::HashMap, error::Error, time::Duration};

use tonic::{Code, Status};
use tonic_types::{
    ErrorDetails, FieldViolation, HelpLink, PreconditionViolation, QuotaViolation, StatusExt as _,
};

use super::{
    call::Call,
    parse::{Violation, Violations},
    wording::{fix, message, speaks_of},
};
use crate::{
    control::ControlError,
    domain::{Reason, Refusal, reason::Kind, setup::Step},
    locale::{self, Language},
    store::StoreError,
};

/// `ErrorInfo.domain` of every error.
pub const ERROR_DOMAIN: &str = "connector.v1";
/// Violations that one status names. Details travel in a header, and clients accept as little as 8 KiB of those.
const MAX_VIOLATIONS: usize = 12;
/// Bytes of a figure, a name or a vendor's words that an error quotes.
const MAX_ARG_BYTES: usize = 300;

/// Why an RPC has no answer.
#[derive(Debug)]
pub enum Failure {
    /// Fields of the request are wrong.
    Invalid(Violations),
    /// A rule, a budget, or something that is away.
    Refused(Refusal),
    /// A defect. The error is logged and never shown.
    Internal(Box<dyn Error + Send + Sync>),
}

impl From<Violations> for Failure {
    fn from(violations: Violations) -> Self {
        Self::Invalid(violations)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            StoreError::Unavailable(_) => {
                tracing::warn!(error = error_chain(&error), "the database is not available");
                Reason::StoreUnavailable.into()
            }
            StoreError::Unreadable { .. } | StoreError::Statement(_) | StoreError::NeedsLock => {
                Self::Internal(error.into())
            }
        }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Refused(refusal) | ControlError::Keys(refusal) => Self::Refused(refusal),
            ControlError::Store(error) => error.into(),
            ControlError::Vault(_) => Self::Internal(error.into()),
        }
    }
}

/// The trailers that end a stream which can say no more than its code.
#[must_use]
pub fn trailers(code: Code) -> http::HeaderMap {
    trailers_of(&Status::new(code, ""))
}

/// The trailers that end a stream with a status.
#[must_use]
pub fn trailers_of(status: &Status) -> http::HeaderMap {
    let mut trailers = http::HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        // Text or details that no header can carry: at least the code gets through.
        trailers.clear();
        let _ = Status::new(status.code(), "").add_header(&mut trailers);
    }
    trailers
}

/// What tonic answers for a method that it does not have.
#[must_use]
pub fn no_such_method() -> Status {
    Status::new(Code::Unimplemented, "")
}

/// The status of a failure, in the caller's language.
#[must_use]
pub fn of(call: &Call, failure: &Failure) -> Status {
    match failure {
        Failure::Invalid(violations) => invalid(call, violations),
        Failure::Refused(refusal) => refused(call, refusal),
        Failure::Internal(error) => {
            tracing::error!(request_id = %call.request_id, error = error_chain(error.as_ref()), "internal error");
            let refusal = Refusal::new(Reason::InternalError).with("request_id", &call.request_id);
            refused(call, &refusal)
        }
    }
}

/// The gRPC code of a kind of failure.
#[must_use]
pub fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::Aborted => Code::Aborted,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::Internal => Code::Internal,
    }
}

fn invalid(call: &Call, violations: &Violations) -> Status {
    let shown = || violations.iter().take(MAX_VIOLATIONS);
    let fields: Vec<String> = shown().map(|violation| clipped(&violation.field)).collect();
    let refusal = Refusal::new(Reason::InvalidField).with("fields", fields.join(", "));
    let mut details = base_details(call, &refusal);
    let described = |violation: &Violation| {
        FieldViolation::new(clipped(&violation.field), violation.describe(call.language))
    };
    details.set_bad_request(shown().map(described).collect::<Vec<_>>());
    finish(&refusal, details)
}

fn refused(call: &Call, refusal: &Refusal) -> Status {
    let refusal = &call.viewer().refusal(refusal);
    let retry = retry_after(refusal);
    let args = refusal.args.iter().map(|(name, value)| (name.clone(), clipped(value)));
    let mut refusal = Refusal { reason: refusal.reason, args: args.collect() };
    for (name, value) in &call.subjects {
        if refusal.arg(name).is_none() && speaks_of(refusal.reason, name) {
            refusal = refusal.with(name, clipped(value));
        }
    }
    if let Some(delay) = retry
        && refusal.arg("retry_seconds").is_none()
    {
        refusal = refusal.with("retry_seconds", delay.as_secs().max(1));
    }
    let mut details = base_details(call, &refusal);
    if retry.is_some() {
        details.set_retry_info(retry);
    }
    match refusal.reason.kind() {
        Kind::FailedPrecondition => {
            details.set_precondition_failure(precondition_violations(call.language, &refusal));
        }
        Kind::ResourceExhausted => {
            let description = message(call.language, &refusal);
            details.set_quota_failure(vec![QuotaViolation::new(quota_subject(&refusal), description)]);
        }
        Kind::NotFound => {
            if let Some((kind, name)) = missing_resource(&refusal) {
                details.set_resource_info(kind, name, "", "");
            }
        }
        Kind::InvalidArgument => {
            if let Some(field) = guilty_field(&refusal) {
                let description = message(call.language, &refusal);
                details.set_bad_request(vec![FieldViolation::new(field, description)]);
            }
        }
        _ => {}
    }
    finish(&refusal, details)
}

/// What every status carries.
fn base_details(call: &Call, refusal: &Refusal) -> ErrorDetails {
    let mut details = ErrorDetails::new();
    let metadata: HashMap<String, String> = refusal.args.iter().cloned().collect();
    details.set_error_info(refusal.reason.name(), ERROR_DOMAIN, metadata);
    details.set_request_info(call.request_id.as_str(), "");
    let first = message(call.language, refusal);
    let text = format!("{first}{}{}", sentence_gap(call.language, &first), fix(call.language, refusal));
    details.set_localized_message(call.language.code(), text.trim());
    if let Some(page) = call.links.of_error(refusal.reason) {
        details.set_help(vec![HelpLink::new(refusal.reason.name(), page)]);
    }
    details
}

fn finish(refusal: &Refusal, details: ErrorDetails) -> Status {
    Status::with_error_details(code(refusal.reason.kind()), message(Language::En, refusal), details)
}

/// Japanese sentences follow each other without a space, each with its full stop; a list at the end has none yet.
fn sentence_gap(language: Language, first: &str) -> &'static str {
    match language {
        Language::En => " ",
        Language::Ja if first.ends_with('。') => "",
        Language::Ja => "。",
    }
}

/// When to come back: what the refusal says, else what is usual for its reason. `None` where waiting alone does not
/// help.
fn retry_after(refusal: &Refusal) -> Option<Duration> {
    let said = refusal.arg("retry_seconds").or_else(|| refusal.arg("retry_after_seconds"));
    let said = said.and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    let usual = match refusal.reason {
        Reason::ConflictingChange | Reason::ServiceOverloaded | Reason::StoreUnavailable => 1,
        Reason::ServerShuttingDown | Reason::CallerLimitReached | Reason::KeyUnavailable => 1,
        Reason::KeyServiceUnavailable => 5,
        Reason::HubspotRateLimited => 10,
        Reason::HubspotUnavailable | Reason::SalesforceOrgUnavailable => 30,
        // The window of 24 hours rolls on in steps of some minutes.
        Reason::SalesforceApiCallsExhausted => 600,
        Reason::SalesforceLoginLimit => 3_600,
        _ => return None,
    };
    Some(said.unwrap_or(Duration::from_secs(usual)))
}

/// One violation for each step that is missing; else one that names the step where it can be mended, or what the
/// rule is about.
fn precondition_violations(language: Language, refusal: &Refusal) -> Vec<PreconditionViolation> {
    let reason = refusal.reason;
    if reason == Reason::SetupStepNotReached
        && let Some(steps) = refusal.arg("steps")
    {
        let violation = |step: &str| {
            let subject = format!("STEP_{step}");
            let title = locale::value_label(language, &subject);
            PreconditionViolation::new(reason.name(), subject, title)
        };
        return steps.split(", ").map(violation).collect();
    }
    let subject = mended_at(reason)
        .map(|step| format!("STEP_{}", step.name()))
        .or_else(|| {
            ["portal_id", "org_id", "test_contact_id", "key_id"]
                .into_iter()
                .find_map(|id| Some(format!("{id}/{}", refusal.arg(id)?)))
        })
        .unwrap_or_default();
    vec![PreconditionViolation::new(reason.name(), subject, message(language, refusal))]
}

/// The step of the wizard at which a refusal can be mended.
fn mended_at(reason: Reason) -> Option<Step> {
    Some(match reason {
        Reason::HubspotSubscriptionNotEligible | Reason::PrerequisitesNotAcknowledged => Step::Prerequisites,
        Reason::SalesforceEditionNotEligible | Reason::EditionMismatch | Reason::EditionClaimDiffers => {
            Step::Edition
        }
        Reason::AdminAccessInsufficient => Step::AdminAccess,
        Reason::SandboxNotesNotAcknowledged | Reason::SandboxMismatch => Step::Environment,
        Reason::ApiCallLimitOverAllocation | Reason::OrgApiCallLimitExceeded => Step::ApiCallLimit,
        Reason::PackageNotConfirmed | Reason::PackageNotInstalled => Step::Package,
        Reason::SecurityTokenMissing | Reason::SecurityTokenNotActiveYet => Step::SecurityToken,
        Reason::VisualforceModuleNotConfirmed | Reason::VisualforceModuleNotFound => Step::VisualforceModule,
        Reason::CredentialMissing
        | Reason::ConnectionStale
        | Reason::NotConnected
        | Reason::ConnectRunning
        | Reason::SalesforceLoginRefused
        | Reason::SalesforceSessionRefused => Step::ConnectAccounts,
        Reason::ListNotSmart => Step::InclusionList,
        Reason::SyncNotEnabled | Reason::SyncNotOn => Step::Review,
        Reason::TestContactRunning | Reason::TestContactEnded => Step::Test,
        _ => return None,
    })
}

/// Whose budget is spent.
fn quota_subject(refusal: &Refusal) -> String {
    let kind = match refusal.reason {
        Reason::SalesforceApiCallsExhausted => "salesforce_api_calls",
        Reason::SalesforceLoginLimit => "salesforce_logins",
        Reason::HubspotRateLimited => "hubspot_rate_limit",
        _ => "service_capacity",
    };
    match refusal.arg("org_id").or_else(|| refusal.arg("portal_id")) {
        Some(owner) => format!("{kind}/{owner}"),
        None => kind.to_owned(),
    }
}

/// Type and name of what was not found.
fn missing_resource(refusal: &Refusal) -> Option<(&'static str, &str)> {
    let (kind, arg) = match refusal.reason {
        Reason::PortalNotFound => ("connector.v1.Portal", "portal_id"),
        Reason::SetupNotFound => ("connector.v1.Setup", "setup_id"),
        Reason::ConnectionNotFound => ("connector.v1.Connection", "portal_id"),
        Reason::OrgNotFound => ("connector.v1.Org", "org_id"),
        Reason::TestContactNotFound => ("connector.v1.TestContact", "test_contact_id"),
        Reason::HandoffNotFound => ("connector.v1.Handoff", "handoff_id"),
        Reason::SmartListNotFound => ("connector.v1.SmartList", "list_id"),
        Reason::KeyNotFound => ("connector.v1.Key", "key_id"),
        _ => return None,
    };
    Some((kind, refusal.arg(arg).unwrap_or_default()))
}

/// The field that an argument error found later than parsing speaks of.
fn guilty_field(refusal: &Refusal) -> Option<&str> {
    match refusal.reason {
        Reason::RequestIdReused => Some("request_id"),
        Reason::PageTokenInvalid => Some("page_token"),
        Reason::ResumeTokenInvalid => Some("resume_token"),
        Reason::LifecycleStageUnknown => refusal.arg("field"),
        _ => None,
    }
}

/// A text from outside, short enough for a header and without control characters.
fn clipped(text: &str) -> String {
    let mut clipped = String::with_capacity(text.len().min(MAX_ARG_BYTES));
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if clipped.len() + c.len_utf8() > MAX_ARG_BYTES {
            clipped.push('…');
            break;
        }
        clipped.push(c);
    }
    clipped
}

/// An error and its causes in one line.
fn error_chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
