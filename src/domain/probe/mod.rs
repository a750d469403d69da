//! What the probe of an org found, known or not, and what a check makes of it (R03, R30, R47).

mod judge;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Reason;
pub use judge::{judge, judge_failed_login, refusal};

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
