//! How a portal stands before a change: its row as it was read, and as a change knows it.

use std::time::Instant;

use time::OffsetDateTime;

use super::{StoreError, audit::head, transaction::read_text};
use crate::{
    audit::Head,
    domain::{PortalId, Reason, portal::Portal, sync_state::SyncState},
};

/// A portal's row, as each change has to know it. Documents are text.
#[derive(Clone, Debug)]
pub(super) struct PortalState {
    pub(super) portal_id: i64,
    pub(super) revision: i64,
    pub(super) portal: String,
    pub(super) sync: String,
    pub(super) sync_version: i64,
    pub(super) audit_sequence: i64,
    pub(super) audit_head: Vec<u8>,
    pub(super) now: OffsetDateTime,
}

impl PortalState {
    pub(super) fn read(&self) -> Result<Standing, StoreError> {
        Ok(Standing {
            portal_id: PortalId::parse(self.portal_id).ok_or(Reason::PortalNotFound)?,
            revision: self.revision,
            audit_head: head(self.audit_sequence, &self.audit_head)?,
            portal: read_text("portal", &self.portal)?,
            sync: read_text("sync state", &self.sync)?,
            sync_version: self.sync_version,
            now: self.now,
            read_at: Instant::now(),
        })
    }
}

/// How a portal stands before a change.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) portal_id: PortalId,
    pub(super) revision: i64,
    pub(super) audit_head: Head,
    pub(super) portal: Portal,
    pub(super) sync: SyncState,
    pub(super) sync_version: i64,
    /// The database's time when it stood so, and ours.
    pub(super) now: OffsetDateTime,
    pub(super) read_at: Instant,
}
