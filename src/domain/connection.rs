//! Connecting a portal with an org: the attempt, the connection that comes of it, and the org.
//!
//! One portal has at most one org, one org at most so many portals; the database holds both rules (R14, R15).

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    AttemptId, ConnectionId, OrgId, PortalId, Refusal,
    api_limit::AllocationSource,
    edition::{AdminAccess, Edition, Environment},
    portal::{CredentialInfo, CredentialMethod},
    probe::Finding,
    setup::VisualforceMethod,
};

/// What the setup claims about the org, taken down when the attempt was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The edition.
    pub edition: Edition,
    /// The administrative access.
    pub admin_access: AdminAccess,
    /// Production or sandbox.
    pub environment: Environment,
    /// Seats.
    pub seats: i32,
    /// How lead intelligence is shown.
    pub visualforce: VisualforceMethod,
    /// Fingerprint of the security token; `None` when none is used.
    pub token_fingerprint: Option<String>,
    /// When the security token was entered.
    #[serde(with = "time::serde::rfc3339::option")]
    pub token_set_at: Option<OffsetDateTime>,
    /// Whether accounts sync, as far as that is decided.
    pub accounts: bool,
    /// Whether opportunities sync, as far as that is decided.
    pub opportunities: bool,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Connect, or probe a stale connection again.
    Connect,
    /// Replace the credential of a connection.
    Rotate,
}

/// Where an attempt stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectState {
    /// Accepted.
    Queued,
    /// Logging in.
    LoggingIn,
    /// The token is not active yet.
    WaitingForToken {
        /// When it is tried again.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
    /// Checking.
    Probing,
    /// Claiming the place.
    Starting,
    /// Connected.
    Connected {
        /// The connection.
        connection_id: ConnectionId,
    },
    /// Not connected.
    Failed {
        /// Why.
        failure: Refusal,
    },
}

/// One attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "StoredAttempt")]
pub struct ConnectAttempt {
    /// Its id.
    pub id: AttemptId,
    /// What it is for.
    pub purpose: Purpose,
    /// Where it stands.
    #[serde(flatten)]
    pub state: ConnectState,
    /// What the setup claims.
    pub claims: Claims,
    /// The org that the caller means.
    pub expected_org_id: Option<OrgId>,
    /// The org that the login led to.
    pub org_id: Option<OrgId>,
    /// What the probe found.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Logins made.
    pub logins: i32,
    /// Salesforce API calls used.
    pub api_calls: i64,
    /// Who asked.
    pub requested_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// An attempt as it is stored, its state spread out. Read as it is, it is read in one go: a flattened state would have
/// all that stands beside it put aside first.
#[derive(Deserialize)]
struct StoredAttempt {
    id: AttemptId,
    purpose: Purpose,
    state: StateName,
    #[serde(default, with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
    connection_id: Option<ConnectionId>,
    failure: Option<Refusal>,
    claims: Claims,
    expected_org_id: Option<OrgId>,
    org_id: Option<OrgId>,
    #[serde(default)]
    findings: Vec<Finding>,
    logins: i32,
    api_calls: i64,
    requested_by: String,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StateName {
    Queued,
    LoggingIn,
    WaitingForToken,
    Probing,
    Starting,
    Connected,
    Failed,
}

impl TryFrom<StoredAttempt> for ConnectAttempt {
    type Error = &'static str;

    fn try_from(stored: StoredAttempt) -> Result<Self, Self::Error> {
        let state = match stored.state {
            StateName::Queued => ConnectState::Queued,
            StateName::LoggingIn => ConnectState::LoggingIn,
            StateName::WaitingForToken => {
                ConnectState::WaitingForToken { until: stored.until.ok_or("missing field `until`")? }
            }
            StateName::Probing => ConnectState::Probing,
            StateName::Starting => ConnectState::Starting,
            StateName::Connected => ConnectState::Connected {
                connection_id: stored.connection_id.ok_or("missing field `connection_id`")?,
            },
            StateName::Failed => {
                ConnectState::Failed { failure: stored.failure.ok_or("missing field `failure`")? }
            }
        };
        Ok(Self {
            id: stored.id,
            purpose: stored.purpose,
            state,
            claims: stored.claims,
            expected_org_id: stored.expected_org_id,
            org_id: stored.org_id,
            findings: stored.findings,
            logins: stored.logins,
            api_calls: stored.api_calls,
            requested_by: stored.requested_by,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
    }
}

impl ConnectAttempt {
    /// Whether it still runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        !matches!(self.state, ConnectState::Connected { .. } | ConnectState::Failed { .. })
    }

    /// The same in another state.
    #[must_use]
    pub fn moved(mut self, state: ConnectState, at: OffsetDateTime) -> Self {
        self.state = state;
        self.updated_at = at;
        self
    }
}

/// When a token that is not active yet is tried again (R52).
///
/// A token works at most 15 minutes after it was entered; the waits grow, so that a wrong token is tried few times.
#[must_use]
pub fn next_token_try(
    token_set_at: OffsetDateTime,
    logins: i32,
    now: OffsetDateTime,
    window: Duration,
) -> Option<OffsetDateTime> {
    let first = window / 15;
    let doublings = u32::try_from(logins.saturating_sub(1)).unwrap_or(0).min(16);
    let next: OffsetDateTime = now + first * 2_i32.saturating_pow(doublings);
    let end = token_set_at + window;
    if now >= end {
        None
    } else {
        // The last try comes when the window closes: by then a good token works.
        Some(next.min(end))
    }
}

/// Whether a connection holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// It holds.
    Connected,
    /// It must be probed again.
    Stale,
    /// It is history.
    Disconnected,
}

/// The mapping of a portal to an org.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The portal.
    pub portal_id: PortalId,
    /// The org.
    pub org_id: OrgId,
    /// The org's name.
    pub org_name: String,
    /// The place at the org, from 1.
    pub place: i32,
    /// Whether it holds.
    pub state: ConnectionState,
    /// The credential without its secret.
    pub credential: Option<CredentialInfo>,
    /// API calls per rolling 24 hours.
    pub api_call_limit: i64,
    /// What the last probe found.
    pub findings: Vec<Finding>,
    /// When the last probe ended.
    #[serde(with = "time::serde::rfc3339")]
    pub probed_at: OffsetDateTime,
    /// When it was connected.
    #[serde(with = "time::serde::rfc3339")]
    pub connected_at: OffsetDateTime,
    /// When it was disconnected.
    #[serde(with = "time::serde::rfc3339::option")]
    pub disconnected_at: Option<OffsetDateTime>,
    /// The portal's revision at its last change.
    pub version: i64,
}

impl Connection {
    /// Whether it occupies a place.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state != ConnectionState::Disconnected
    }
}

/// A Salesforce org, as the last probe saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Org {
    /// Its id.
    pub org_id: OrgId,
    /// Its name.
    pub name: String,
    /// The edition, where known.
    pub edition: Option<Edition>,
    /// Production or sandbox.
    pub environment: Environment,
    /// Base URL of the org.
    pub instance_url: String,
    /// How many portals may connect.
    pub portal_cap: i32,
    /// Seats; `None` when not known.
    pub seats: Option<i32>,
    /// Calls granted per rolling 24 hours.
    pub allocation: i64,
    /// Where that is known from.
    pub allocation_source: AllocationSource,
}

/// A Salesforce user's login, for counting logins and finding who shares a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginIdentity {
    /// How it logs in.
    pub method: CredentialMethod,
    /// Keyed fingerprint of host and user.
    pub user_key: String,
    /// Keyed fingerprint of everything that is sent.
    pub fingerprint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r52_the_waits_grow_and_end_with_the_window() {
        let entered = OffsetDateTime::UNIX_EPOCH;
        let window = Duration::minutes(15);
        let mut now = entered + Duration::seconds(10);
        let mut logins = 1;
        let mut waits = Vec::new();
        while let Some(next) = next_token_try(entered, logins, now, window) {
            waits.push((next - now).whole_seconds());
            now = next;
            logins += 1;
            assert!(logins < 10, "it must end");
        }
        assert_eq!(waits, [60, 120, 240, 470]);
    }
}
