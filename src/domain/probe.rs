//! Judging an org: what the setup claims against what the probe found (R03, R30, R47).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{
    Reason,
    connection::Claims,
    edition::{AdminAccess, Edition, Environment},
    setup::VisualforceMethod,
};

/// Fewer remaining calls than this are worth a warning.
const FEW_API_CALLS: i64 = 1_000;

/// A check of the probe, in the order in which findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The login was accepted.
    Login,
    /// Org and user may use the API.
    ApiEnabled,
    /// The edition.
    Edition,
    /// Not a trial.
    Trial,
    /// Sandbox or production.
    Environment,
    /// Seats.
    Seats,
    /// The package.
    Package,
    /// Its version.
    PackageVersion,
    /// Object rights.
    ObjectAccess,
    /// Field rights.
    FieldAccess,
    /// Page layouts.
    PageLayouts,
    /// API calls.
    ApiCalls,
    /// The external-id field.
    ExternalId,
    /// Administrative access.
    AdminAccess,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// It works, but should be looked at.
    Warning,
    /// It stops the connection.
    Failed,
    /// It could not be checked.
    NotChecked,
}

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Nobody.
    Nobody,
    /// Whoever runs the wizard.
    PortalAdministrator,
    /// The Salesforce administrator.
    SalesforceAdministrator,
    /// Who operates this service.
    Operator,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How it came out.
    pub outcome: Outcome,
    /// Who must act.
    pub actor: Actor,
    /// What it speaks of, where a check has several subjects.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What the setup claims.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub claimed: String,
    /// What was found; for `NotChecked`, why not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub found: String,
    /// Why, when failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why it could not be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Unknown>,
}

/// Why a fact is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// No API calls are left.
    NoApiCalls,
    /// The user lacks a right to read it, for example "View Setup and Configuration".
    MissingPermission(String),
    /// It can't be seen through the API.
    NotVisible(String),
    /// Salesforce answered with an error.
    Error(String),
    /// The login failed.
    LoginFailed,
}

/// A fact, or why it is not known.
pub type Fact<T> = Result<T, Unknown>;

/// Who the org is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its name.
    pub name: String,
    /// `OrganizationType` as Salesforce writes it.
    pub organization_type: String,
    /// Whether it is a sandbox.
    pub is_sandbox: bool,
    /// When the trial ends, if it is one.
    pub trial_expires_at: Option<OffsetDateTime>,
}

/// What the user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions {
    /// "Modify All Data": the mark of a top-level administrator.
    pub modify_all_data: bool,
    /// "API Enabled".
    pub api_enabled: bool,
}

/// Rights to one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectFacts {
    /// For example `Lead`.
    pub object: String,
    /// Rights that are missing, for example `create`; or why that is not known.
    pub missing_rights: Fact<Vec<String>>,
    /// Fields that are missing or read-only.
    pub missing_fields: Vec<String>,
    /// Whether the external-id field is there; `None` where none is needed.
    pub external_id: Option<bool>,
    /// Whether a layout shows the Visualforce component; `None` where none is needed.
    pub visualforce: Option<Fact<bool>>,
}

/// API calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiCalls {
    /// Granted per rolling 24 hours.
    pub max: i64,
    /// Left.
    pub remaining: i64,
}

/// All that a probe found out.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who the org is.
    pub organization: Fact<Organization>,
    /// Active Salesforce licences.
    pub seats: Fact<i32>,
    /// What the user may do.
    pub permissions: Fact<Permissions>,
    /// The package's version, `None` when it is not installed.
    pub package: Fact<Option<String>>,
    /// Every object that syncs.
    pub objects: Vec<ObjectFacts>,
    /// API calls.
    pub api_calls: Fact<ApiCalls>,
    /// Name of the external-id field.
    pub external_id_field: String,
}

impl Finding {
    fn new(check: Check, outcome: Outcome) -> Self {
        Self {
            check,
            outcome,
            actor: Actor::Nobody,
            subject: String::new(),
            claimed: String::new(),
            found: String::new(),
            reason: None,
            unknown: None,
        }
    }

    fn passed(check: Check) -> Self {
        Self::new(check, Outcome::Passed)
    }

    fn warning(check: Check, actor: Actor) -> Self {
        Self { actor, ..Self::new(check, Outcome::Warning) }
    }

    fn failed(check: Check, actor: Actor, reason: Reason) -> Self {
        Self { actor, reason: Some(reason), ..Self::new(check, Outcome::Failed) }
    }

    fn not_checked(check: Check, unknown: &Unknown) -> Self {
        let actor = match unknown {
            Unknown::MissingPermission(_) => Actor::SalesforceAdministrator,
            Unknown::NoApiCalls | Unknown::NotVisible(_) | Unknown::Error(_) | Unknown::LoginFailed => {
                Actor::PortalAdministrator
            }
        };
        Self { actor, unknown: Some(unknown.clone()), ..Self::new(check, Outcome::NotChecked) }
    }

    fn on(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    fn claimed(mut self, claimed: impl Into<String>) -> Self {
        self.claimed = claimed.into();
        self
    }

    fn found(mut self, found: impl Into<String>) -> Self {
        self.found = found.into();
        self
    }
}

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
