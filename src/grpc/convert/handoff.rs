//! Hand-offs.

use super::timestamp;
use crate::{api::v1, domain::handoff::Handoff};

/// A hand-off; nobody knows its token any more.
#[must_use]
pub fn handoff(handoff: &Handoff) -> v1::Handoff {
    v1::Handoff {
        handoff_id: handoff.id.to_string(),
        setup_id: handoff.setup_id.to_string(),
        portal_id: handoff.portal_id.get(),
        created_by: handoff.created_by.clone(),
        create_time: Some(timestamp(handoff.created_at)),
        expire_time: Some(timestamp(handoff.expires_at)),
        revoke_time: handoff.revoked_at.map(timestamp),
    }
}
