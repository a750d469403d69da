//! What a change leaves behind: each is the whole state after it, so that a watcher needs nothing else.

use serde::{Deserialize, Serialize};

use super::{
    AttemptId, OrgId, PortalId, SetupId, TestContactId,
    api_limit::LimitContext,
    connection::{ConnectAttempt, Connection},
    handoff::Handoff,
    portal::{NamedPortal, Portal},
    settings::SyncSettings,
    setup::Setup,
    sync_state::SyncState,
    test_contact::TestContact,
};

/// A setup with what is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupView {
    /// The setup.
    pub setup: Setup,
    /// What is known of the org's API calls, once edition, environment and seats are answered.
    pub limit: Option<LimitContext>,
    /// Other portals whose connections use the same Salesforce user: a reset of its token breaks them (R40).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared_with: Vec<NamedPortal>,
    /// The portal's revision at which this was read.
    pub revision: i64,
}

/// An attempt with what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptView {
    /// The portal.
    pub portal_id: PortalId,
    /// The setup.
    pub setup_id: SetupId,
    /// The attempt.
    pub attempt: ConnectAttempt,
}

impl AttemptView {
    /// The attempt's id.
    #[must_use]
    pub fn id(&self) -> AttemptId {
        self.attempt.id
    }
}

/// The sync of a portal with what is needed to show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncView {
    /// The portal.
    pub portal_id: PortalId,
    /// Operator state and suspension.
    pub state: SyncState,
    /// What syncs.
    pub settings: SyncSettings,
    /// The org, while connected.
    pub org_id: Option<OrgId>,
    /// The portal's revision at its last change.
    pub version: i64,
    /// The portal's revision at which this was read.
    pub revision: i64,
}

/// One changed resource, as it is after the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "after", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a handful at a time, and most are the large one")]
pub enum Change {
    /// The portal itself.
    Portal(Portal),
    /// The setup.
    Setup(SetupView),
    /// The attempt to connect; the setup that holds it changes along.
    Attempt(AttemptView),
    /// The connection.
    Connection(Connection),
    /// The sync.
    Sync(SyncView),
    /// A test contact.
    TestContact(TestContact),
    /// A hand-off. No stream shows it; the audit trail does.
    Handoff(Handoff),
}

impl Change {
    /// Every kind, by its stored name.
    pub const KINDS: [&'static str; 7] =
        ["portal", "setup", "attempt", "connection", "sync", "test_contact", "handoff"];

    /// Its stored name.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Portal(_) => "portal",
            Self::Setup(_) => "setup",
            Self::Attempt(_) => "attempt",
            Self::Connection(_) => "connection",
            Self::Sync(_) => "sync",
            Self::TestContact(_) => "test_contact",
            Self::Handoff(_) => "handoff",
        }
    }
}

/// All that one commit changed in a portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The portal.
    pub portal_id: PortalId,
    /// The portal's revision; each change has its own.
    pub revision: i64,
    /// What changed.
    pub changes: Vec<Change>,
}

impl Event {
    /// A setup, if it changed.
    #[must_use]
    pub fn setup(&self, id: SetupId) -> Option<&SetupView> {
        self.changes.iter().find_map(|change| match change {
            Change::Setup(view) if view.setup.id == id => Some(view),
            _ => None,
        })
    }

    /// A test contact, if it changed.
    #[must_use]
    pub fn test_contact(&self, id: TestContactId) -> Option<&TestContact> {
        self.changes.iter().find_map(|change| match change {
            Change::TestContact(contact) if contact.id == id => Some(contact),
            _ => None,
        })
    }

    /// The connection, if it changed.
    #[must_use]
    pub fn connection(&self) -> Option<&Connection> {
        self.changes.iter().find_map(|change| match change {
            Change::Connection(connection) => Some(connection),
            _ => None,
        })
    }

    /// The attempt to connect, if it changed.
    #[must_use]
    pub fn attempt(&self) -> Option<&AttemptView> {
        self.changes.iter().find_map(|change| match change {
            Change::Attempt(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// The sync, if it changed.
    #[must_use]
    pub fn sync(&self) -> Option<&SyncView> {
        self.changes.iter().find_map(|change| match change {
            Change::Sync(view) => Some(view),
            _ => None,
        })
    }
}
