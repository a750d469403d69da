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

/// All answers; `None` where there is none yet, which is not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// The declared subscription.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
    /// The edition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<Edition>,
    /// The administrative access.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_access: Option<AdminAccess>,
    /// Production or sandbox; a sandbox only with its notes acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Seats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats: Option<i32>,
    /// The limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_call_limit: Option<ApiCallLimit>,
    /// "I have installed the HubSpot integration package".
    pub package_installed: bool,
    /// The token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_token: Option<SecurityToken>,
    /// "I have added HubSpot lead intelligence to Salesforce".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visualforce: Option<VisualforceMethod>,
    /// Objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<ObjectSync>,
    /// Activities and tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activities: Option<ActivitySync>,
    /// The inclusion rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inclusion: Option<InclusionRule>,
    /// The newest test contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_contact: Option<TestContactId>,
    /// Whether a test contact got through.
    pub tested: bool,
    /// What was decided about existing contacts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_decision: Option<ImportDecision>,
}
