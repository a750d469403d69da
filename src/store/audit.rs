//! The audit trail's rows: made here from what changed, written by the statement that seals a change.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::{Call, StoreError, transaction::write_json};
use crate::{
    audit::{Details, Draft, Head, Row, Subject},
    domain::{
        PortalId,
        change::{Change, Event},
    },
};

/// The row of a change in the chain of a portal, or of the installation, at this id and revision.
pub(super) fn draft(
    call: &Call,
    (portal_id, revision): (i64, i64),
    occurred_at: OffsetDateTime,
    (kinds, details): (Vec<String>, String),
) -> Draft {
    Draft {
        portal_id,
        revision,
        occurred_at,
        principal: call.principal.clone(),
        method: call.method.to_owned(),
        request_id: call.request_id,
        call_id: call.call_id.clone(),
        reason: call.reason.clone(),
        kinds,
        details,
    }
}

/// A portal that a transaction changes, with what its event and its audit row are made of.
pub(super) struct Changed {
    pub(super) portal_id: PortalId,
    /// Its revision after the change.
    pub(super) revision: i64,
    /// Empty when only the audit row tells of it: a secret that was renewed, for instance.
    pub(super) changes: Vec<Change>,
    /// The end of its chain before the change. It was read under the portal's lock, or the write holds it against what is so
    /// then.
    pub(super) audit_head: Head,
    pub(super) details: Details,
}

impl Changed {
    /// The audit row. Pure: it can be made for many portals before one statement writes them all.
    pub(super) fn audit_row(&self, call: &Call, now: OffsetDateTime) -> Result<Row, StoreError> {
        let after = self.changes.iter().filter_map(subject).collect::<Result<Vec<_>, _>>()?;
        let kinds: Vec<&'static str> = self.changes.iter().map(Change::kind).collect();
        let place = (self.portal_id.get(), self.revision);
        Ok(self.audit_head.append(draft(call, place, now, self.details.write(&kinds, &after))))
    }

    /// What watches are told.
    pub(super) fn into_event(self) -> Option<Arc<Event>> {
        let event = Event { portal_id: self.portal_id, revision: self.revision, changes: self.changes };
        (!event.changes.is_empty()).then(|| Arc::new(event))
    }
}

/// What changed, as the trail compares it. An attempt is part of its setup.
fn subject(change: &Change) -> Option<Result<Subject, StoreError>> {
    fn state<T: Serialize>(kind: &'static str, id: &impl ToString, state: &T) -> Result<Subject, StoreError> {
        Ok(Subject { kind, id: id.to_string(), state: write_json(kind, state)? })
    }
    match change {
        Change::Portal(portal) => Some(state("portal", &portal.portal_id, portal)),
        Change::Setup(view) => Some(state("setup", &view.setup.id, &view.setup)),
        Change::Attempt(_) => None,
        Change::Connection(connection) => Some(state("connection", &connection.id, connection)),
        Change::Sync(view) => Some(state("sync", &view.portal_id, &view.state)),
        Change::TestContact(contact) => Some(state("test_contact", &contact.id, contact)),
        Change::Handoff(handoff) => Some(state("handoff", &handoff.id, handoff)),
    }
}

/// What the statement that seals a change is given, a column each.
#[derive(Default)]
pub(super) struct Columns {
    pub(super) portals: Vec<i64>,
    pub(super) revisions: Vec<i64>,
    pub(super) events: Vec<serde_json::Value>,
    pub(super) sequences: Vec<i64>,
    pub(super) prev_hashes: Vec<Vec<u8>>,
    pub(super) hashes: Vec<Vec<u8>>,
    /// Separated by commas: an array of arrays can't be taken apart by rows.
    pub(super) kinds: Vec<String>,
    pub(super) details: Vec<String>,
}

impl Columns {
    pub(super) fn of(call: &Call, now: OffsetDateTime, changed: &[Changed]) -> Result<Self, StoreError> {
        let mut columns = Self::default();
        for portal in changed {
            let row = portal.audit_row(call, now)?;
            columns.portals.push(portal.portal_id.get());
            columns.revisions.push(portal.revision);
            columns.events.push(write_json("event", &portal.changes)?);
            columns.sequences.push(row.sequence);
            columns.prev_hashes.push(row.prev_hash.to_vec());
            columns.hashes.push(row.hash.to_vec());
            columns.kinds.push(row.draft.kinds.join(","));
            columns.details.push(row.draft.details);
        }
        Ok(columns)
    }
}

/// Keeps what was read, for the row to tell it from what it becomes.
pub(super) fn keep<T: Serialize>(
    details: &mut Details,
    kind: &'static str,
    id: &impl ToString,
    state: &T,
) -> Result<(), StoreError> {
    details
        .keep_before(kind, id.to_string(), state)
        .map_err(|source| StoreError::Unreadable { what: kind, source })
}

/// The head of a chain as a portal's row holds it.
pub(super) fn head(sequence: i64, hash: &[u8]) -> Result<Head, StoreError> {
    let hash = hash.try_into().map_err(|error| StoreError::unreadable("audit hash", &error))?;
    Ok(Head { sequence, hash })
}
