//! What to do next: the command of this tool that leads on from a refusal.

use tonic::Code;

use super::lang::Lang;
use crate::api::v1::ErrorReason;

/// The next thing to do, where this tool knows one. `request_id` is that of a mutation whose outcome is not known.
pub fn next(code: Code, reason: Option<&str>, request_id: Option<&str>, lang: Lang) -> Option<String> {
    if matches!(code, Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled)
        && let Some(id) = request_id
    {
        let again = lang.with("ctl-hint-same-request", &[("id", id)]);
        // Without a reason no server has spoken: it may be down, or somewhere else.
        let is_silent = reason.is_none() && code == Code::Unavailable;
        return Some(if is_silent {
            format!("{} {again}", lang.text("ctl-hint-unavailable"))
        } else {
            again
        });
    }
    reason
        .and_then(|reason| ErrorReason::from_str_name(&format!("ERROR_REASON_{reason}")))
        .and_then(of_reason)
        .map(|like| lang.text(&format!("ctl-hint-{}", kebab(like))))
        .or_else(|| of_code(code).map(|key| lang.text(key)))
}

/// The reason whose hint says what to do, for each reason that has one: several call for the same.
fn of_reason(reason: ErrorReason) -> Option<ErrorReason> {
    use ErrorReason as R;
    Some(match reason {
        R::ConflictingChange => R::EtagMismatch,
        R::ListNotSmart => R::SmartListNotFound,
        R::SetupHasConnection => R::PortalAlreadyConnected,
        R::NotConnected => R::ConnectionStale,
        R::HubspotScopeMissing | R::HubspotPortalMismatch => R::HubspotCredentialRefused,
        R::RequestIdReused
        | R::EtagMismatch
        | R::ResumeTokenInvalid
        | R::PortalNotFound
        | R::SetupNotFound
        | R::ConnectionNotFound
        | R::OrgNotFound
        | R::TestContactNotFound
        | R::SmartListNotFound
        | R::Unauthenticated
        | R::PermissionDenied
        | R::InternalError
        | R::SetupStepNotReached
        | R::SetupNotActive
        | R::PrerequisitesNotAcknowledged
        | R::SandboxNotesNotAcknowledged
        | R::PackageNotConfirmed
        | R::VisualforceModuleNotConfirmed
        | R::SecurityTokenMissing
        | R::ReviewChanged
        | R::ApiCallLimitOverAllocation
        | R::SmartListNameTaken
        | R::PortalAlreadyConnected
        | R::OrgPortalLimitReached
        | R::OrgChanged
        | R::OrgApiCallLimitExceeded
        | R::SandboxMismatch
        | R::EditionClaimDiffers
        | R::ConnectionStale
        | R::ConnectRunning
        | R::CredentialMissing
        | R::SalesforceSoapLoginDisabled
        | R::HubspotCredentialRefused
        | R::SyncNotEnabled
        | R::SyncNotOn
        | R::TestContactRunning
        | R::TestContactEnded => reason,
        _ => return None,
    })
}

/// `SETUP_NOT_FOUND` as `setup-not-found`.
fn kebab(reason: ErrorReason) -> String {
    reason.as_str_name().trim_start_matches("ERROR_REASON_").to_ascii_lowercase().replace('_', "-")
}

fn of_code(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::Unavailable => "ctl-hint-unavailable",
        Code::DeadlineExceeded | Code::Cancelled => "ctl-hint-deadline",
        Code::Unauthenticated => "ctl-hint-unauthenticated",
        Code::Unimplemented => "ctl-hint-unimplemented",
        _ => return None,
    })
}
