//! What a change is called with: who asks for what, and of which portal.

use uuid::Uuid;

use crate::domain::{HandoffId, PortalId, Reason, SetupId, TestContactId};

/// Who calls what, and under which request id.
#[derive(Clone, Debug)]
pub struct Call {
    /// The principal.
    pub principal: String,
    /// The RPC or the worker's step, for example `SetupService/SelectEdition`.
    pub method: &'static str,
    /// The caller's request id, or one that was made up.
    pub request_id: Uuid,
    /// Keyed hash of the request without its id.
    pub payload_hash: [u8; 32],
    /// Run the change, take it back, and answer what would have come of it.
    pub validate_only: bool,
    /// The id under which the RPC is found in logs.
    pub call_id: Option<String>,
    /// Why, where the caller said so.
    pub reason: Option<String>,
    /// A step of the connector itself. One that changes nothing leaves no audit row.
    pub is_internal: bool,
}

impl Call {
    /// A step of the connector itself.
    #[must_use]
    pub fn internal(method: &'static str) -> Self {
        Self {
            principal: "connector".to_owned(),
            method,
            request_id: Uuid::now_v7(),
            payload_hash: [0; 32],
            validate_only: false,
            call_id: None,
            reason: None,
            is_internal: true,
        }
    }
}

/// Which portal changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The portal itself.
    Portal(PortalId),
    /// The portal of a setup.
    Setup(SetupId),
    /// The portal of a test contact.
    TestContact(TestContactId),
    /// The portal of a setup, of which a hand-off is meant.
    Handoff(SetupId, HandoffId),
}

/// The ids by which a statement finds the portal of a target.
pub(super) struct TargetIds {
    pub(super) portal: Option<i64>,
    pub(super) setup: Option<Uuid>,
    pub(super) test_contact: Option<Uuid>,
    pub(super) handoff: Option<Uuid>,
}

impl Target {
    pub(super) fn ids(self) -> TargetIds {
        let none = TargetIds { portal: None, setup: None, test_contact: None, handoff: None };
        match self {
            Self::Portal(id) => TargetIds { portal: Some(id.get()), ..none },
            Self::Setup(id) => TargetIds { setup: Some(id.0), ..none },
            Self::TestContact(id) => TargetIds { test_contact: Some(id.0), ..none },
            Self::Handoff(setup, id) => TargetIds { setup: Some(setup.0), handoff: Some(id.0), ..none },
        }
    }

    pub(super) fn not_found(self) -> Reason {
        match self {
            Self::Portal(_) => Reason::PortalNotFound,
            Self::Setup(_) | Self::Handoff(..) => Reason::SetupNotFound,
            Self::TestContact(_) => Reason::TestContactNotFound,
        }
    }
}
