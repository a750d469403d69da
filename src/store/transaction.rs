//! The one way to change something: replay or apply, raise the portal's revision, append the event and the audit row,
//! commit. On a draft of the portal first (`optimistic`); here is the way that locks it.
//!
//! Transactions run in tasks of their own, are retried when the database broke a tie, contain no vendor call, and
//! carry a request id: a lost answer to COMMIT is resolved by running again, which finds the recorded answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;
use tracing::Instrument as _;

use super::{
    Call, Settings, Store, StoreError, Target, Transaction,
    audit::{Changed, Columns, keep},
    optimistic::{Draft, Look},
    recorded::Recorded,
    several,
    standing::{PortalState, Standing},
};
use crate::{
    audit::{Details, Head},
    domain::{
        PortalId,
        change::{Change, Event},
        portal::Portal,
        sync_state::SyncState,
    },
};

/// How often a transaction is run before its failure is the caller's.
const MAX_RUNS: u32 = 5;
/// The wait before the second run; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(10);

/// A change of a portal: under the portal's lock, or on a draft of it.
pub struct PortalTx {
    pub(super) way: Way,
    pub(super) settings: Arc<Settings>,
    pub(super) changes: Vec<Change>,
    /// What the audit row will tell.
    pub(super) details: Details,
    /// Other portals that change along; their rows are locked as well.
    pub(super) others: Vec<Changed>,
    pub(super) portal_id: PortalId,
    pub(super) revision: i64,
    pub(super) audit_head: Head,
    now: OffsetDateTime,
    read_at: Instant,
    pub(super) portal: Portal,
    pub(super) sync: SyncState,
    pub(super) sync_version: i64,
}

/// How a change reads and writes.
pub(super) enum Way {
    /// A transaction that holds the portal's lock.
    Locked(Transaction),
    /// In memory; it is written once it is whole.
    Draft(Box<Draft>),
}

impl PortalTx {
    pub(super) fn new(way: Way, settings: Arc<Settings>, standing: Standing) -> Self {
        let Standing { portal_id, revision, audit_head, portal, sync, sync_version, now, read_at } = standing;
        Self {
            way,
            settings,
            changes: Vec::new(),
            details: Details::default(),
            others: Vec::new(),
            portal_id,
            revision,
            audit_head,
            now,
            read_at,
            portal,
            sync,
            sync_version,
        }
    }

    /// Time has passed since the portal was read: what changes then changes now.
    pub(super) fn catch_up(&mut self) {
        let micros = i64::try_from(self.read_at.elapsed().as_micros()).unwrap_or(0);
        self.now += time::Duration::microseconds(micros);
        self.read_at = Instant::now();
    }

    /// The draft, if this is not a transaction.
    pub(super) fn draft(&mut self) -> Option<&mut Draft> {
        match &mut self.way {
            Way::Draft(draft) => Some(draft),
            Way::Locked(_) => None,
        }
    }

    /// The transaction, for what can't be done on a draft.
    pub(super) fn sql(&mut self) -> Result<&mut Transaction, StoreError> {
        match &mut self.way {
            Way::Locked(transaction) => Ok(transaction),
            Way::Draft(_) => Err(StoreError::NeedsLock),
        }
    }

    pub(super) fn into_sql(self) -> Result<Transaction, StoreError> {
        match self.way {
            Way::Locked(transaction) => Ok(transaction),
            Way::Draft(_) => Err(StoreError::NeedsLock),
        }
    }

    /// The portal that changes.
    #[must_use]
    pub fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    /// The revision that this change gets.
    #[must_use]
    pub fn next_revision(&self) -> i64 {
        self.revision + 1
    }

    /// The database's time of the change.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The portal as it is.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    pub(super) fn set_portal(&mut self, portal: Portal) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut self.portal, portal);
        self.keep_before("portal", &before.portal_id, &before)?;
        Ok(())
    }

    /// Keeps what was read, for the audit row to tell it from what it becomes.
    pub(super) fn keep_before<T: Serialize>(
        &mut self,
        kind: &'static str,
        id: &impl ToString,
        state: &T,
    ) -> Result<(), StoreError> {
        keep(&mut self.details, kind, id, state)
    }
}

impl Store {
    /// Runs a change of one portal. The same call made again gets the first answer again.
    ///
    /// `body` may run several times; it does nothing but read and write through the transaction. It runs on a draft
    /// first, and under the portal's lock if it can't be written that way. What comes of a draft that was remembered, and
    /// not read, counts only if it was written.
    ///
    /// # Errors
    /// What `body` refuses; `REQUEST_ID_REUSED`; the target's "not found"; [`StoreError::Unavailable`].
    pub async fn change<T, F>(&self, call: &Call, target: Target, body: F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        // What the connector does by itself holds leases and counts calls: that needs the lock.
        if call.is_internal {
            return self.change_along(call, target, Vec::new(), body).await;
        }
        if let Some(seen) = self.recall(call, target)
            && let Ok(Some(answer)) = self.try_on(call, target, seen, &body).await
        {
            return Ok(answer);
        }
        match self.look(call, target).await? {
            Look::Answered(answer) => Ok(answer),
            Look::Seen(seen) => self.change_seen(call, target, seen, body).await,
        }
    }

    /// Runs a change of a portal under its lock, along with others. All are locked from the start, in ascending order,
    /// so that two such changes take turns; [`PortalTx::in_portal`] leads to each of them.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn change_along<T, F>(
        &self,
        call: &Call,
        target: Target,
        along: Vec<PortalId>,
        body: F,
    ) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let span = tracing::debug_span!("transaction", method = call.method);
        let store = self.clone();
        let call = call.clone();
        let task = self.tasks.spawn(
            async move { until_through(|| store.run_once(&call, target, &along, &body)).await }
                .instrument(span),
        );
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn run_once<T, F>(
        &self,
        call: &Call,
        target: Target,
        along: &[PortalId],
        body: &F,
    ) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let (mut tx, recorded) = self.lock(call, target, along).await?;
        if call.validate_only {
            let preview = body(&mut tx).await.map_err(|error| error.about(tx.portal_id));
            tx.into_sql()?.rollback().await?;
            return preview;
        }
        if let Some(answer) = recorded {
            return answer.read(call);
        }
        let answer = match body(&mut tx).await {
            Ok(answer) => answer,
            Err(error) => return self.recorded_meanwhile(call, tx, error).await,
        };
        let committed = match tx.seal(call, &answer).await {
            Ok(committed) => committed,
            Err(error) => return self.recorded_meanwhile(call, tx, error).await,
        };
        crate::failpoint::hit("store.before_commit").await;
        tx.into_sql()?.commit().await?;
        crate::failpoint::hit("store.after_commit").await;
        for event in &committed {
            self.commits.publish(event);
        }
        Ok(answer)
    }

    /// Locks the portal and looks whether this very request was answered before. An answer that was committed while the
    /// lock was waited for may be missed.
    async fn lock(
        &self,
        call: &Call,
        target: Target,
        along: &[PortalId],
    ) -> Result<(PortalTx, Option<Recorded>), StoreError> {
        let mut sql = self.pool.begin().await?;
        if !along.is_empty() {
            several::lock(&mut sql, target, along).await?;
        }
        let ids = target.ids();
        let row = sqlx::query!(
            r#"/* transaction::lock */
            select p.portal_id, p.revision, p.portal::text as "portal!", p.sync::text as "sync!", p.sync_version,
                p.audit_sequence, p.audit_head, clock_timestamp() as "now!",
                r.payload_hash as "payload_hash?", r.answer::text as "answer?"
            from portals p
            left join request_records r on r.principal = $4 and r.method = $5 and r.request_id = $6
            where p.portal_id = coalesce(
                $1::bigint,
                (select s.portal_id from setups s where s.setup_id = $2),
                (select t.portal_id from test_contacts t where t.test_contact_id = $3)
            )
            for update of p"#,
            ids.portal,
            ids.setup,
            ids.test_contact,
            call.principal,
            call.method,
            call.request_id,
        )
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| target.not_found())?;
        let portal = PortalState {
            portal_id: row.portal_id,
            revision: row.revision,
            portal: row.portal,
            sync: row.sync,
            sync_version: row.sync_version,
            audit_sequence: row.audit_sequence,
            audit_head: row.audit_head,
            now: row.now,
        };
        let tx = PortalTx::new(Way::Locked(sql), Arc::clone(&self.settings), portal.read()?);
        Ok((tx, Recorded::of(row.payload_hash, row.answer)))
    }
}

impl PortalTx {
    /// Writes the events and audit rows of all portals that changed, their revisions, and the answer, all in one
    /// statement. A trigger refuses a revision without its audit row.
    ///
    /// Watches over all portals read events in the order of their transaction ids. A transaction over several
    /// portals may have got its id before one that changed a portal of them first: its event then takes that one's
    /// id, so that the events of a portal never go back.
    async fn seal<T: Serialize>(&mut self, call: &Call, answer: &T) -> Result<Vec<Arc<Event>>, StoreError> {
        let answer = write_json("answer", answer)?;
        let changed = self.take_changed(call);
        let columns = Columns::of(call, self.now, &changed)?;
        sqlx::query!(
            r#"/* transaction::seal */
            with changed as (
                select * from unnest(
                    $1::bigint[], $2::bigint[], $3::jsonb[], $4::bigint[], $5::bytea[], $6::bytea[], $7::text[],
                    $8::text[]
                ) as c (portal_id, revision, changes, sequence, prev_hash, hash, kinds, details)
            ), raised as (
                update portals
                set revision = changed.revision, audit_sequence = changed.sequence, audit_head = changed.hash
                from changed where portals.portal_id = changed.portal_id
            ), audited as (
                insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                    call_id, reason, kinds, details, prev_hash, hash)
                select portal_id, sequence, revision, $11, $9, $10, $12, $15, $16, string_to_array(kinds, ','),
                    details::json, prev_hash, hash
                from changed
            ), appended as (
                insert into portal_events
                    (portal_id, revision, kinds, changes, principal, method, occurred_at, xid)
                select portal_id, revision, array(
                    select distinct change ->> 'kind' from jsonb_array_elements(changes) as change
                ), changes, $9, $10, $11, greatest(pg_current_xact_id(), (
                    select last.xid from portal_events last
                    where last.portal_id = changed.portal_id order by last.revision desc limit 1
                ))
                from changed
                where changes <> '[]'
            )
            insert into request_records (principal, method, request_id, payload_hash, answer)
            values ($9, $10, $12, $13, $14)"#,
            &columns.portals,
            &columns.revisions,
            &columns.events,
            &columns.sequences,
            &columns.prev_hashes,
            &columns.hashes,
            &columns.kinds,
            &columns.details,
            call.principal,
            call.method,
            self.now,
            call.request_id,
            call.payload_hash.as_slice(),
            answer,
            call.call_id,
            call.reason,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(changed.into_iter().filter_map(Changed::into_event).collect())
    }

    /// All portals that get an audit row: those that changed, and the locked one also when a caller changed nothing
    /// that is stored here, such as a list at a vendor.
    pub(super) fn take_changed(&mut self, call: &Call) -> Vec<Changed> {
        let mut changed = std::mem::take(&mut self.others);
        let changes = std::mem::take(&mut self.changes);
        let details = std::mem::take(&mut self.details);
        if !changes.is_empty() || details.has_acts() || !call.is_internal {
            let revision = if changes.is_empty() { self.revision } else { self.next_revision() };
            changed.push(Changed {
                portal_id: self.portal_id,
                revision,
                changes,
                audit_head: self.audit_head,
                details,
            });
        }
        changed
    }
}

/// Runs a transaction until it is through or its failure is the caller's. A run must find out by itself whether one
/// before it was committed.
pub(super) async fn until_through<T, R>(run_once: impl Fn() -> R) -> Result<T, StoreError>
where
    R: Future<Output = Result<T, StoreError>>,
{
    let mut run = 1;
    loop {
        match run_once().await {
            Err(error) if run < MAX_RUNS && may_run_again(&error) => {
                tracing::info!(run, error = %error, "transaction runs again");
                tokio::time::sleep(wait_before(run)).await;
                run += 1;
            }
            outcome => return outcome.map_err(StoreError::after_all_runs),
        }
    }
}

/// A broken tie, or a lost connection: in both cases a run that did commit is found by its request id.
fn may_run_again(error: &StoreError) -> bool {
    error.is_serialisation_failure() || error.is_lost_connection()
}

fn wait_before(run: u32) -> Duration {
    let doubled = FIRST_WAIT * 2_u32.saturating_pow(run.saturating_sub(1));
    doubled.mul_f64(0.5 + rand::random::<f64>())
}

pub(super) fn read_json<T: DeserializeOwned>(
    what: &'static str,
    value: serde_json::Value,
) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|source| StoreError::Unreadable { what, source })
}

pub(super) fn read_text<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::Unreadable { what, source })
}

pub(super) fn write_text<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unreadable { what, source })
}

pub(super) fn write_json<T: Serialize>(
    what: &'static str,
    value: &T,
) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|source| StoreError::Unreadable { what, source })
}
