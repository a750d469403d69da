//! Judging an org: what the setup claims against what the probe found.

use super::{
    Actor, ApiCalls, Check, Fact, Facts, Finding, ObjectFacts, Organization, Outcome, Permissions, Unknown,
};
use crate::domain::{
    Reason,
    connection::Claims,
    edition::{AdminAccess, Edition, Environment},
    setup::VisualforceMethod,
};

/// Fewer remaining calls than this are worth a warning.
const FEW_API_CALLS: i64 = 1_000;

/// Judges an org after a login that was accepted. The findings come in the order of [`Check`].
#[must_use]
pub fn judge(claims: &Claims, facts: &Facts) -> Vec<Finding> {
    let mut findings = vec![Finding::passed(Check::Login), judge_api_enabled(&facts.permissions)];
    match &facts.organization {
        Ok(organization) => findings.extend(judge_organization(claims, organization)),
        Err(unknown) => findings.extend(organization_unknown(unknown)),
    }
    findings.push(judge_seats(claims, &facts.seats));
    findings.extend(judge_package(&facts.package));
    for object in &facts.objects {
        findings.extend(judge_object(claims, object, &facts.external_id_field));
    }
    findings.push(judge_api_calls(&facts.api_calls));
    findings.push(judge_admin_access(claims, &facts.permissions));
    findings.sort_by_key(|finding| finding.check);
    findings
}

/// Judges a login that was not accepted: no other check could be made (R47).
#[must_use]
pub fn judge_failed_login(claims: &Claims, reason: Reason) -> Vec<Finding> {
    let api_disabled = reason == Reason::SalesforceApiDisabled;
    let actor = match reason {
        Reason::SalesforceHostNotAllowed => Actor::Operator,
        Reason::SalesforceSoapLoginDisabled
        | Reason::SalesforceApiDisabled
        | Reason::SalesforceLoginRestricted
        | Reason::SalesforceOauthRefused => Actor::SalesforceAdministrator,
        _ => Actor::PortalAdministrator,
    };
    let open = |check| Finding::not_checked(check, &Unknown::LoginFailed);
    vec![
        Finding::failed(Check::Login, actor, reason),
        if api_disabled {
            Finding::failed(Check::ApiEnabled, actor, reason)
        } else {
            open(Check::ApiEnabled)
        },
        open(Check::Edition).claimed(claims.edition.label()),
        open(Check::Trial),
        open(Check::Environment).claimed(claims.environment.label()),
        open(Check::Seats).claimed(claims.seats.to_string()),
        open(Check::Package).claimed("installed"),
        open(Check::ObjectAccess),
        open(Check::FieldAccess),
        open(Check::PageLayouts).claimed("added"),
        open(Check::ApiCalls),
        open(Check::ExternalId),
        open(Check::AdminAccess).claimed(claims.admin_access.label()),
    ]
}

/// The reason to refuse, if any check failed: the first in the order of checks.
#[must_use]
pub fn refusal(findings: &[Finding]) -> Option<&Finding> {
    findings.iter().find(|finding| finding.outcome == Outcome::Failed)
}

fn judge_api_enabled(permissions: &Fact<Permissions>) -> Finding {
    match permissions {
        Ok(permissions) if !permissions.api_enabled => {
            Finding::failed(Check::ApiEnabled, Actor::SalesforceAdministrator, Reason::SalesforceApiDisabled)
        }
        // An answer of any kind shows that the API may be used.
        Ok(_) | Err(_) => Finding::passed(Check::ApiEnabled),
    }
}

/// Without the organization neither edition nor trial nor environment can be judged: that stops the connection.
fn organization_unknown(unknown: &Unknown) -> Vec<Finding> {
    let reason = match unknown {
        Unknown::NoApiCalls => Reason::SalesforceApiCallsExhausted,
        Unknown::MissingPermission(_) | Unknown::NotVisible(_) | Unknown::Error(_) | Unknown::LoginFailed => {
            Reason::SalesforceOrgUnavailable
        }
    };
    let mut edition = Finding::failed(Check::Edition, Actor::PortalAdministrator, reason);
    edition.unknown = Some(unknown.clone());
    vec![
        edition,
        Finding::not_checked(Check::Trial, unknown),
        Finding::not_checked(Check::Environment, unknown),
    ]
}

fn judge_organization(claims: &Claims, organization: &Organization) -> [Finding; 3] {
    let found_environment = Environment::from_is_sandbox(organization.is_sandbox);
    let environment = if found_environment == claims.environment {
        Finding::passed(Check::Environment)
    } else {
        Finding::failed(Check::Environment, Actor::PortalAdministrator, Reason::SandboxMismatch)
    };
    let trial = match organization.trial_expires_at {
        Some(date) if !organization.is_sandbox => {
            Finding::failed(Check::Trial, Actor::SalesforceAdministrator, Reason::TrialOrg)
                .found(format!("trial until {}", date.date()))
        }
        _ => Finding::passed(Check::Trial),
    };
    [
        judge_edition(claims, organization),
        trial,
        environment.claimed(claims.environment.label()).found(found_environment.label()),
    ]
}

fn judge_edition(claims: &Claims, organization: &Organization) -> Finding {
    let found = Edition::from_organization_type(&organization.organization_type);
    let finding = match found {
        Some(edition) if edition == claims.edition => Finding::passed(Check::Edition),
        Some(edition) if !edition.is_eligible() => {
            Finding::failed(Check::Edition, Actor::SalesforceAdministrator, Reason::EditionMismatch)
        }
        // Another eligible edition is harmless as long as the administrative access suffices for it as well.
        Some(edition) if claims.admin_access.suffices(edition) => {
            Finding::warning(Check::Edition, Actor::PortalAdministrator)
        }
        Some(_) => Finding::failed(Check::Edition, Actor::PortalAdministrator, Reason::EditionClaimDiffers),
        None => Finding::failed(Check::Edition, Actor::SalesforceAdministrator, Reason::EditionMismatch),
    };
    finding.claimed(claims.edition.label()).found(organization.organization_type.clone())
}

fn judge_seats(claims: &Claims, seats: &Fact<i32>) -> Finding {
    match seats {
        Ok(found) if *found == claims.seats => Finding::passed(Check::Seats).found(found.to_string()),
        Ok(found) => Finding::warning(Check::Seats, Actor::PortalAdministrator).found(found.to_string()),
        Err(unknown) => Finding::not_checked(Check::Seats, unknown),
    }
    .claimed(claims.seats.to_string())
}

fn judge_package(package: &Fact<Option<String>>) -> Vec<Finding> {
    match package {
        Ok(Some(version)) => vec![
            Finding::passed(Check::Package).claimed("installed").found("installed"),
            Finding::passed(Check::PackageVersion).found(version.clone()),
        ],
        Ok(None) => vec![
            Finding::failed(Check::Package, Actor::SalesforceAdministrator, Reason::PackageNotInstalled)
                .claimed("installed")
                .found("not installed"),
        ],
        Err(unknown) => vec![Finding::not_checked(Check::Package, unknown).claimed("installed")],
    }
}

fn judge_object(claims: &Claims, facts: &ObjectFacts, external_id_field: &str) -> Vec<Finding> {
    let missing = match &facts.missing_rights {
        Ok(missing) => missing,
        Err(unknown) => return vec![Finding::not_checked(Check::ObjectAccess, unknown).on(&facts.object)],
    };
    let admin = Actor::SalesforceAdministrator;
    let mut findings = Vec::new();
    findings.push(if missing.is_empty() {
        Finding::passed(Check::ObjectAccess).on(&facts.object)
    } else {
        Finding::failed(Check::ObjectAccess, admin, Reason::ObjectAccessMissing)
            .on(&facts.object)
            .found(format!("missing: {}", missing.join(", ")))
    });
    findings.push(if facts.missing_fields.is_empty() {
        Finding::passed(Check::FieldAccess).on(&facts.object)
    } else {
        Finding::failed(Check::FieldAccess, admin, Reason::FieldAccessMissing)
            .on(&facts.object)
            .found(format!("missing or read-only: {}", facts.missing_fields.join(", ")))
    });
    if let Some(present) = facts.external_id {
        let finding = if present {
            Finding::passed(Check::ExternalId)
        } else {
            Finding::failed(Check::ExternalId, admin, Reason::ExternalIdFieldMissing).found("no such field")
        };
        findings.push(finding.on(format!("{}.{external_id_field}", facts.object)));
    }
    if let Some(shown) = &facts.visualforce {
        findings.push(judge_layout(claims.visualforce, shown).on(&facts.object));
    }
    findings
}

fn judge_layout(method: VisualforceMethod, shown: &Fact<bool>) -> Finding {
    match (method, shown) {
        (VisualforceMethod::HubspotEmbed, _) => Finding::not_checked(
            Check::PageLayouts,
            &Unknown::NotVisible("Lightning pages are not part of the layouts".to_owned()),
        ),
        (VisualforceMethod::Visualforce, Ok(true)) => Finding::passed(Check::PageLayouts),
        (VisualforceMethod::Visualforce, Ok(false)) => Finding::failed(
            Check::PageLayouts,
            Actor::SalesforceAdministrator,
            Reason::VisualforceModuleNotFound,
        )
        .found("no Visualforce component"),
        (VisualforceMethod::Visualforce, Err(unknown)) => Finding::not_checked(Check::PageLayouts, unknown),
    }
    .claimed("added")
}

fn judge_api_calls(api_calls: &Fact<ApiCalls>) -> Finding {
    match api_calls {
        Ok(calls) if calls.remaining <= 0 => {
            Finding::failed(Check::ApiCalls, Actor::PortalAdministrator, Reason::SalesforceApiCallsExhausted)
                .found(format!("0 of {} left", calls.max))
        }
        Ok(calls) => {
            let finding = if calls.remaining < FEW_API_CALLS {
                Finding::warning(Check::ApiCalls, Actor::PortalAdministrator)
            } else {
                Finding::passed(Check::ApiCalls)
            };
            finding.found(format!("{} of {} left", calls.remaining, calls.max))
        }
        Err(unknown) => Finding::not_checked(Check::ApiCalls, unknown),
    }
}

fn judge_admin_access(claims: &Claims, permissions: &Fact<Permissions>) -> Finding {
    let finding = match (claims.admin_access, permissions) {
        (_, Err(unknown)) => Finding::not_checked(Check::AdminAccess, unknown),
        (_, Ok(permissions)) if permissions.modify_all_data => {
            Finding::passed(Check::AdminAccess).found(AdminAccess::TopLevelAdministrator.label())
        }
        (AdminAccess::TopLevelAdministrator, Ok(_)) if claims.edition == Edition::Professional => {
            Finding::failed(
                Check::AdminAccess,
                Actor::SalesforceAdministrator,
                Reason::AdminAccessInsufficient,
            )
            .found("no \"Modify All Data\"")
        }
        (AdminAccess::TopLevelAdministrator, Ok(_)) => {
            Finding::warning(Check::AdminAccess, Actor::PortalAdministrator).found("no \"Modify All Data\"")
        }
        (_, Ok(_)) => Finding::passed(Check::AdminAccess),
    };
    finding.claimed(claims.admin_access.label())
}
