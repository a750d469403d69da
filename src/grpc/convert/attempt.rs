//! Attempts to connect, and what their probes found.

use super::{moment, narrow, reason, timestamp};
use crate::{
    api::v1,
    domain::{
        PortalId, Refusal, SetupId,
        change::AttemptView,
        connection::{ConnectAttempt, ConnectState, Purpose},
        probe::{Actor, Check, Finding, Outcome, Unknown},
    },
    grpc::{access::Viewer, wording},
    locale::{self, Language},
};

/// An attempt.
#[must_use]
pub fn attempt(viewer: &Viewer<'_>, view: &AttemptView) -> v1::ConnectAttempt {
    attempt_of(viewer, view.portal_id, view.setup_id, &view.attempt)
}

/// The attempt of this setup.
pub(super) fn attempt_of(
    viewer: &Viewer<'_>,
    portal_id: PortalId,
    setup_id: SetupId,
    attempt: &ConnectAttempt,
) -> v1::ConnectAttempt {
    let language = viewer.language;
    let failure = failure(attempt).map(|failure| viewer.refusal(failure));
    let failure = failure.as_ref();
    v1::ConnectAttempt {
        attempt_id: attempt.id.to_string(),
        portal_id: portal_id.get(),
        setup_id: setup_id.to_string(),
        state: state(&attempt.state).into(),
        findings: attempt.findings.iter().map(|one| finding(language, one)).collect(),
        reason: reason(failure.map(|failure| failure.reason)),
        message: failure
            .map_or_else(|| progress(language, attempt), |failure| wording::message(language, failure)),
        fix: failure.map(|failure| wording::fix(language, failure)).unwrap_or_default(),
        org_id: attempt.org_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        connection_id: match &attempt.state {
            ConnectState::Connected { connection_id } => connection_id.to_string(),
            _ => String::new(),
        },
        next_try_time: match &attempt.state {
            ConnectState::WaitingForToken { until } => Some(timestamp(*until)),
            _ => None,
        },
        logins: attempt.logins,
        api_calls_used: narrow(attempt.api_calls),
        create_time: Some(timestamp(attempt.created_at)),
        update_time: Some(timestamp(attempt.updated_at)),
    }
}

fn failure(attempt: &ConnectAttempt) -> Option<&Refusal> {
    match &attempt.state {
        ConnectState::Failed { failure } => Some(failure),
        _ => None,
    }
}

fn state(state: &ConnectState) -> v1::ConnectState {
    match state {
        ConnectState::Queued => v1::ConnectState::Queued,
        ConnectState::LoggingIn => v1::ConnectState::LoggingIn,
        ConnectState::WaitingForToken { .. } => v1::ConnectState::WaitingForToken,
        ConnectState::Probing => v1::ConnectState::Probing,
        ConnectState::Starting => v1::ConnectState::Starting,
        ConnectState::Connected { .. } => v1::ConnectState::Connected,
        ConnectState::Failed { .. } => v1::ConnectState::Failed,
    }
}

/// How far it has come, while nothing failed.
fn progress(language: Language, attempt: &ConnectAttempt) -> String {
    let text = |key: &str| locale::text(language, key, &[]);
    match &attempt.state {
        ConnectState::Queued => text("connect-progress-queued"),
        ConnectState::LoggingIn => text("connect-progress-logging-in"),
        ConnectState::WaitingForToken { until } => {
            locale::text(language, "connect-progress-waiting-for-token", &[("time", &moment(*until))])
        }
        ConnectState::Probing => text("connect-progress-probing"),
        ConnectState::Starting => text("connect-progress-starting"),
        ConnectState::Connected { .. } => match attempt.purpose {
            Purpose::Connect => text("success-connected"),
            Purpose::Rotate => text("success-credential-replaced"),
        },
        ConnectState::Failed { .. } => String::new(),
    }
}

/// What one check found.
#[must_use]
pub fn finding(language: Language, finding: &Finding) -> v1::Finding {
    let (check, result) = (check(finding.check), result(finding.outcome));
    let args = [("claimed", &*finding.claimed), ("found", &*finding.found), ("subject", &*finding.subject)];
    v1::Finding {
        check: check.into(),
        result: result.into(),
        subject: finding.subject.clone(),
        claimed: finding.claimed.clone(),
        found: match &finding.unknown {
            Some(unknown) => why_unknown(language, check, &finding.subject, unknown),
            None => finding.found.clone(),
        },
        fix: locale::finding_fix(language, check.as_str_name(), result.as_str_name(), &args),
        actor: actor(finding.actor).into(),
        reason: reason(finding.reason),
    }
}

/// Why a check could not be made, of its subject or else of the check itself.
fn why_unknown(language: Language, check: v1::Check, subject: &str, unknown: &Unknown) -> String {
    let key = match unknown {
        Unknown::NoApiCalls => "finding-not-checked-no-api-calls",
        Unknown::MissingPermission(_) => "finding-not-checked-no-view-setup",
        Unknown::NotVisible(_) => "finding-not-checked-embed",
        Unknown::Error(_) => "finding-not-checked-unavailable",
        Unknown::LoginFailed => "finding-not-checked-login-failed",
    };
    let title = locale::value_label(language, check.as_str_name());
    let subject = if subject.is_empty() { &title } else { subject };
    locale::text(language, key, &[("subject", subject)])
}

fn check(check: Check) -> v1::Check {
    match check {
        Check::Login => v1::Check::Login,
        Check::ApiEnabled => v1::Check::ApiEnabled,
        Check::Edition => v1::Check::Edition,
        Check::Trial => v1::Check::Trial,
        Check::Environment => v1::Check::Environment,
        Check::Seats => v1::Check::Seats,
        Check::Package => v1::Check::Package,
        Check::PackageVersion => v1::Check::PackageVersion,
        Check::ObjectAccess => v1::Check::ObjectAccess,
        Check::FieldAccess => v1::Check::FieldAccess,
        Check::PageLayouts => v1::Check::PageLayouts,
        Check::ApiCalls => v1::Check::ApiCalls,
        Check::ExternalId => v1::Check::ExternalId,
        Check::AdminAccess => v1::Check::AdminAccess,
    }
}

fn result(outcome: Outcome) -> v1::FindingResult {
    match outcome {
        Outcome::Passed => v1::FindingResult::Passed,
        Outcome::Warning => v1::FindingResult::Warning,
        Outcome::Failed => v1::FindingResult::Failed,
        Outcome::NotChecked => v1::FindingResult::NotChecked,
    }
}

fn actor(actor: Actor) -> v1::Actor {
    match actor {
        Actor::Nobody => v1::Actor::Unspecified,
        Actor::PortalAdministrator => v1::Actor::PortalAdministrator,
        Actor::SalesforceAdministrator => v1::Actor::SalesforceAdministrator,
        Actor::Operator => v1::Actor::Operator,
    }
}
