//! What was answered. A secret is never part of an answer, only its fingerprint.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::{
    TestContactId,
    api_limit::ApiCallLimit,
    edition::{AdminAccess, Edition, Environment, Subscription},
    settings::{ActivitySync, InclusionRule, ObjectSync},
};

/// The security token, without its value (R41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "token", rename_all = "snake_case")]
pub enum SecurityToken {
    /// The org connects by OAuth and needs none.
    NotUsed,
    /// It is stored sealed.
    Stored {
        /// Its keyed fingerprint.
        fingerprint: String,
        /// When it was entered.
        #[serde(with = "time::serde::rfc3339")]
        set_at: OffsetDateTime,
    },
}

/// How lead intelligence is shown (R43).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VisualforceMethod {
    /// The Visualforce component.
    Visualforce,
    /// Its successor.
    HubspotEmbed,
}

/// What to do about contacts that exist already (R77).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportDecision {
    /// Import them.
    Import,
    /// Don't.
    DoNotImport,
}

/// All answers; `None` where there is none yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// The declared subscription.
    pub subscription: Option<Subscription>,
    /// The edition.
    pub edition: Option<Edition>,
    /// The administrative access.
    pub admin_access: Option<AdminAccess>,
    /// Production or sandbox; a sandbox only with its notes acknowledged.
    pub environment: Option<Environment>,
    /// Seats.
    pub seats: Option<i32>,
    /// The limit.
    pub api_call_limit: Option<ApiCallLimit>,
    /// "I have installed the HubSpot integration package".
    pub package_installed: bool,
    /// The token.
    pub security_token: Option<SecurityToken>,
    /// "I have added HubSpot lead intelligence to Salesforce".
    pub visualforce: Option<VisualforceMethod>,
    /// Objects.
    pub objects: Option<ObjectSync>,
    /// Activities and tasks.
    pub activities: Option<ActivitySync>,
    /// The inclusion rule.
    pub inclusion: Option<InclusionRule>,
    /// The newest test contact.
    pub test_contact: Option<TestContactId>,
    /// Whether a test contact got through.
    pub tested: bool,
    /// What was decided about existing contacts.
    pub import_decision: Option<ImportDecision>,
}
