//! What a login yields: an access token, and whose it is.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{
    host::{HostPolicy, HostRefused, Origin},
    id::SalesforceId,
};

/// A session with an org.
#[derive(Clone)]
pub struct Session {
    /// The bearer token of every call.
    pub access_token: SecretString,
    /// Where the org's API lives.
    pub instance: Origin,
    /// The org.
    pub org_id: SalesforceId,
    /// The user that logged in.
    pub user_id: SalesforceId,
    /// The REST version to speak, for example `67.0`.
    pub api_version: String,
    /// Whether the org is a sandbox, if the login said so (SOAP does, OAuth does not).
    pub sandbox: Option<bool>,
    /// When it began, by Salesforce's clock where it tells (OAuth), else by ours.
    pub issued_at: OffsetDateTime,
    /// How long it lasts without use, if the login said so.
    pub seconds_valid: Option<u32>,
    /// Store this in place of the refresh token that was used: that one may be dead already.
    pub rotated_refresh_token: Option<SecretString>,
}

/// The bytes are not a session that [`Session::to_bytes`] wrote, or its host is no longer allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a stored session")]
pub struct InvalidSession;

/// The stored form, as it is written. A field that is added must have a default, so that older bytes stay readable.
#[derive(Serialize)]
struct Writing<'a> {
    access_token: &'a str,
    instance: &'a str,
    org_id: &'a str,
    user_id: &'a str,
    api_version: &'a str,
    sandbox: Option<bool>,
    issued_at: i64,
    seconds_valid: Option<u32>,
    rotated_refresh_token: Option<&'a str>,
}

/// The stored form, as it is read.
#[derive(Deserialize)]
struct Reading {
    access_token: SecretString,
    instance: String,
    org_id: String,
    user_id: String,
    api_version: String,
    sandbox: Option<bool>,
    issued_at: i64,
    seconds_valid: Option<u32>,
    rotated_refresh_token: Option<SecretString>,
}

impl Session {
    /// The session as bytes with the secrets in clear: seal them before they go anywhere.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let stored = Writing {
            access_token: self.access_token.expose_secret(),
            instance: &self.instance.to_string(),
            org_id: self.org_id.as_str(),
            user_id: self.user_id.as_str(),
            api_version: &self.api_version,
            sandbox: self.sandbox,
            issued_at: self.issued_at.unix_timestamp(),
            seconds_valid: self.seconds_valid,
            rotated_refresh_token: self.rotated_refresh_token.as_ref().map(ExposeSecret::expose_secret),
        };
        // A struct of strings and numbers always serializes.
        Zeroizing::new(serde_json::to_vec(&stored).unwrap_or_default())
    }

    /// The session that [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`InvalidSession`] for any other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidSession> {
        let stored: Reading = serde_json::from_slice(bytes).map_err(|_| InvalidSession)?;
        Ok(Self {
            access_token: stored.access_token,
            instance: Origin::parse(&stored.instance).map_err(|_| InvalidSession)?,
            org_id: SalesforceId::parse(&stored.org_id).map_err(|_| InvalidSession)?,
            user_id: SalesforceId::parse(&stored.user_id).map_err(|_| InvalidSession)?,
            api_version: stored.api_version,
            sandbox: stored.sandbox,
            issued_at: OffsetDateTime::from_unix_timestamp(stored.issued_at).map_err(|_| InvalidSession)?,
            seconds_valid: stored.seconds_valid,
            rotated_refresh_token: stored.rotated_refresh_token,
        })
    }

    /// The address at which a person opens a record of this org.
    #[must_use]
    pub fn record_url(&self, record_id: &SalesforceId) -> String {
        format!("{}/{record_id}", self.instance)
    }

    /// The host is checked again at every use: the list may have become shorter since the login.
    pub(super) fn checked_instance(&self, hosts: &HostPolicy) -> Result<Origin, HostRefused> {
        hosts.check(&self.instance.to_string())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("instance", &self.instance.to_string())
            .field("org_id", &self.org_id.as_str())
            .field("user_id", &self.user_id.as_str())
            .field("sandbox", &self.sandbox)
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};
    use time::macros::datetime;

    use super::{InvalidSession, Session};
    use crate::salesforce::{host::Origin, id::SalesforceId};

    fn session() -> Result<Session, Box<dyn std::error::Error>> {
        Ok(Session {
            access_token: SecretString::from("00Dx0000000BV7z!CANARY"),
            instance: Origin::parse("https://acme.my.salesforce.com")?,
            org_id: SalesforceId::parse("00Dx0000000BV7z")?,
            user_id: SalesforceId::parse("005x00000012Q9P")?,
            api_version: "67.0".to_owned(),
            sandbox: Some(false),
            issued_at: datetime!(2026-11-23 10:00 UTC),
            seconds_valid: Some(7_200),
            rotated_refresh_token: Some(SecretString::from("CANARY-refresh")),
        })
    }

    #[test]
    fn bytes_carry_the_whole_session() -> Result<(), Box<dyn std::error::Error>> {
        let session = session()?;
        let again = Session::from_bytes(&session.to_bytes())?;
        assert_eq!(again.access_token.expose_secret(), "00Dx0000000BV7z!CANARY");
        assert_eq!(again.instance, session.instance);
        assert_eq!(again.org_id.as_str(), "00Dx0000000BV7zEAG");
        assert_eq!(again.user_id, session.user_id);
        assert_eq!(again.issued_at, session.issued_at);
        assert_eq!(again.seconds_valid, Some(7_200));
        assert_eq!(
            again.rotated_refresh_token.map(|t| t.expose_secret().to_owned()),
            Some("CANARY-refresh".to_owned())
        );
        Ok(())
    }

    #[test]
    fn other_bytes_are_refused_and_debug_shows_no_token() -> Result<(), Box<dyn std::error::Error>> {
        assert_eq!(Session::from_bytes(b"{}").err(), Some(InvalidSession));
        assert_eq!(Session::from_bytes(b"").err(), Some(InvalidSession));
        assert!(!format!("{:?}", session()?).contains("CANARY"));
        Ok(())
    }
}
