//! A HubSpot account and the credential to reach it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{PortalId, edition::Subscription};

/// A portal as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Portal {
    /// The hub id.
    pub portal_id: PortalId,
    /// A name for people.
    pub display_name: String,
    /// What HubSpot's account information says.
    pub account: Account,
    /// The subscription and how it is known.
    pub subscription: Option<SubscriptionEvidence>,
    /// The stored credential without its secret.
    pub credential: Option<CredentialInfo>,
    /// When it was registered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The portal's revision at its last change.
    pub version: i64,
}

/// A portal as people know it: `Marketing (62515)`, or the hub id alone where it has no name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPortal {
    /// The hub id.
    pub portal_id: PortalId,
    /// A name for people; may be empty.
    pub display_name: String,
}

impl fmt::Display for NamedPortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.display_name.is_empty() {
            self.portal_id.fmt(f)
        } else {
            write!(f, "{} ({})", self.display_name, self.portal_id)
        }
    }
}

/// HubSpot's account information.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// `STANDARD`, `SANDBOX`, `DEVELOPER_TEST` or `APP_DEVELOPER`.
    pub account_type: String,
    /// For example `US/Eastern`.
    pub time_zone: String,
    /// For example `app.hubspot.com`.
    pub ui_domain: String,
    /// For example `na1`.
    pub data_hosting_location: String,
}

/// A subscription and where the knowledge comes from (R01).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionEvidence {
    /// The subscription.
    pub subscription: Subscription,
    /// Declared by a person, or inferred from what HubSpot answered.
    pub declared: bool,
    /// What it rests on.
    pub evidence: String,
}

/// A stored credential without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialInfo {
    /// How it logs in.
    pub method: CredentialMethod,
    /// The user name, where the method has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// A keyed fingerprint of the secret.
    pub fingerprint: String,
    /// When it was stored.
    #[serde(with = "time::serde::rfc3339")]
    pub set_at: OffsetDateTime,
}

/// How a credential logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialMethod {
    /// Salesforce: user name, password and token by SOAP.
    Password,
    /// Salesforce: OAuth JWT bearer.
    JwtBearer,
    /// Salesforce: OAuth client credentials.
    ClientCredentials,
    /// Either vendor: OAuth refresh token.
    RefreshToken,
    /// HubSpot: a static bearer token.
    StaticToken,
}

impl CredentialMethod {
    /// Its name in the API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::JwtBearer => "jwt_bearer",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::StaticToken => "static_token",
        }
    }
}
