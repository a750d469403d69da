//! Events, read for watches: of one portal by its revision, of all portals by a position that no late commit can
//! slip behind.

use std::sync::Arc;

use sqlx::types::Json;

use super::{
    Store, StoreError,
    reader::{self, Events, Histories, History, OwnerKey, PortalEvents},
};
use crate::domain::{
    PortalId, Reason, SetupId,
    access::PortalGrant,
    budget,
    change::{Change, Event},
};

/// A place in the events of all portals.
///
/// Events are ordered by transaction id, and only those below the oldest running transaction are read: whatever
/// commits later comes later. A sequence would lose events (see `docs/adr/0005-watch-positions.md`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The transaction.
    pub xid: i64,
    /// The portal within it.
    pub portal_id: i64,
    /// The revision within that.
    pub revision: i64,
}

impl Position {
    /// The place after all events of a transaction.
    #[must_use]
    pub fn after_all_of(xid: i64) -> Self {
        Self { xid, portal_id: i64::MAX, revision: i64::MAX }
    }
}

impl Store {
    /// The next events of one portal after a revision.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`, or the database does not answer.
    pub async fn portal_events(&self, portal_id: PortalId, after: i64) -> Result<PortalEvents, StoreError> {
        let key = (portal_id.get(), after);
        self.reader.row::<Events>(key).await?.ok_or(Reason::PortalNotFound)?.map_err(|error| {
            let source = <serde_json::Error as serde::de::Error>::custom(error);
            StoreError::Unreadable { what: "event", source }
        })
    }

    /// Events of a portal that are read at once.
    pub const PORTAL_EVENTS: usize = reader::EVENTS;

    /// The events of all granted portals after a position, in order, of the wanted kinds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn all_events(
        &self,
        grant: &PortalGrant,
        after: Position,
        kinds: &[&str],
        limit: i64,
    ) -> Result<Vec<(Position, Arc<Event>)>, StoreError> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let granted = grant.filter();
        let rows = sqlx::query!(
            r#"/* events::all_events */
            select portal_id, revision, xid::text::bigint as "xid!", changes as "changes: Json<Vec<Change>>"
            from portal_events
            where xid < pg_snapshot_xmin(pg_current_snapshot())
              and (xid, portal_id, revision) > ($1::text::xid8, $2, $3)
              and kinds && $4
              and ($6::bigint[] is null or portal_id = any($6))
            order by xid, portal_id, revision
            limit $5"#,
            after.xid.to_string(),
            after.portal_id,
            after.revision,
            &kinds,
            limit,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        rows.into_iter()
            .map(|row| {
                let portal_id = PortalId::parse(row.portal_id).ok_or(Reason::PortalNotFound)?;
                let position = Position { xid: row.xid, portal_id: row.portal_id, revision: row.revision };
                let event = Event { portal_id, revision: row.revision, changes: row.changes.0 };
                Ok((position, Arc::new(event)))
            })
            .collect()
    }

    /// The position of the newest event that can be read in order. A snapshot that is read after it shows all events up to it.
    ///
    /// Not the newest transaction there was: after a crash the database may give the number of one that left nothing behind
    /// once more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn current_position(&self) -> Result<Position, StoreError> {
        let xid = sqlx::query_scalar!(
            r#"/* events::current_position */
            select greatest(pruned_to, (
                select xid from portal_events
                where xid < pg_snapshot_xmin(pg_current_snapshot())
                order by xid desc limit 1
            ))::text::bigint as "xid!"
            from installation"#
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        Ok(Position::after_all_of(xid))
    }

    /// The portals that have events of these kinds after a position, also such as can't be read in order yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn moved_since(&self, position: Position, kinds: &[&str]) -> Result<Vec<i64>, StoreError> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Ok(sqlx::query_scalar!(
            "/* events::moved_since */
            select distinct portal_id from portal_events where xid > $1::text::xid8 and kinds && $2",
            position.xid.to_string(),
            &kinds,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?)
    }

    /// The newest transaction whose events can be read; streams over all portals wait for it to rise.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_event(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"/* events::newest_event */
            select coalesce((
                select xid from portal_events
                where xid < pg_snapshot_xmin(pg_current_snapshot())
                order by xid desc limit 1
            ), '0')::text::bigint as "xid!""#
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?)
    }

    /// Between which transactions a position can lie: events up to the first may be gone, the second has yet to come.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn position_bounds(&self) -> Result<(i64, i64), StoreError> {
        let row = sqlx::query!(
            r#"/* events::position_bounds */
            select pruned_to::text::bigint as "pruned_to!",
                pg_snapshot_xmax(pg_current_snapshot())::text::bigint as "next!"
            from installation"#
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        Ok((row.pruned_to, row.next))
    }

    /// The revisions of portals, for the poll behind all watches. Portals that are gone are left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revisions(&self, portals: &[i64]) -> Result<Vec<(i64, i64)>, StoreError> {
        let rows = sqlx::query!(
            "/* events::revisions */ select portal_id, revision from portals where portal_id = any($1)",
            portals,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        Ok(rows.into_iter().map(|row| (row.portal_id, row.revision)).collect())
    }

    /// How far a portal's events go.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn history(&self, portal_id: PortalId) -> Result<History, StoreError> {
        let key = OwnerKey::Portal(portal_id.get());
        self.reader.row::<Histories>(key).await?.ok_or(Reason::PortalNotFound.into())
    }

    /// The same of the portal of a setup.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn history_of_setup(&self, id: SetupId) -> Result<History, StoreError> {
        self.reader.row::<Histories>(OwnerKey::Setup(id.0)).await?.ok_or(Reason::SetupNotFound.into())
    }

    /// Deletes events, recorded answers and entries of the ledger that are older than they need to be kept. Returns how
    /// many rows went.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn prune(
        &self,
        events_older_than: time::Duration,
        answers_older_than: time::Duration,
    ) -> Result<u64, StoreError> {
        let pruned = sqlx::query!(
            "/* events::prune */
            with gone as (
                delete from portal_events where occurred_at < now() - make_interval(secs => $1)
                returning portal_id, revision, xid
            ), noted as (
                update installation set pruned_to = greatest(pruned_to, (select max(xid) from gone))
                where exists (select from gone)
            )
            update portals set events_pruned_to = greatest(events_pruned_to, last.revision)
            from (select portal_id, max(revision) as revision from gone group by portal_id) as last
            where portals.portal_id = last.portal_id",
            events_older_than.as_seconds_f64(),
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        let answers = sqlx::query!(
            "/* events::prune */
            delete from request_records where created_at < now() - make_interval(secs => $1)",
            answers_older_than.as_seconds_f64(),
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        // A reservation is kept for as long as somebody may come to settle it.
        let ledger = sqlx::query!(
            "/* events::prune */
            with reserved as (
                delete from api_reservations where reserved_at < now() - make_interval(secs => $1)
            )
            delete from api_calls where bucket < now() - make_interval(secs => $1)",
            answers_older_than.max(2 * budget::WINDOW).as_seconds_f64(),
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(pruned.rows_affected() + answers.rows_affected() + ledger.rows_affected())
    }
}
