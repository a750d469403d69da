//! The one way to change something: lock the portal, replay or apply, raise its revision, append the event and the
//! audit row, commit.
//!
//! Transactions run in tasks of their own, are retried when the database broke a tie, contain no vendor call, and
//! carry a request id: a lost answer to COMMIT is resolved by running again, which finds the recorded answer.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Settings, Store, StoreError, Transaction,
    audit::{Changed, Columns, head, keep},
    recorded::Recorded,
    several,
};
use crate::{
    audit::{Details, Head},
    domain::{
        PortalId, Reason, SetupId, TestContactId,
        change::{Change, Event},
        portal::Portal,
        sync_state::SyncState,
    },
};

/// How often a transaction is run before its failure is the caller's.
const MAX_RUNS: u32 = 5;
/// The wait before the second run; it doubles from there.
const FIRST_WAIT: Duration = Duration::from_millis(10);

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

/// Which portal to lock.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The portal itself.
    Portal(PortalId),
    /// The portal of a setup.
    Setup(SetupId),
    /// The portal of a test contact.
    TestContact(TestContactId),
}

impl Target {
    fn not_found(self) -> Reason {
        match self {
            Self::Portal(_) => Reason::PortalNotFound,
            Self::Setup(_) => Reason::SetupNotFound,
            Self::TestContact(_) => Reason::TestContactNotFound,
        }
    }
}

/// A transaction that holds a portal's lock.
pub struct PortalTx {
    pub(super) sql: Transaction,
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
    pub(super) portal: Portal,
    pub(super) sync: SyncState,
    pub(super) sync_version: i64,
    recorded: Option<Recorded>,
}

impl PortalTx {
    /// The portal that is locked.
    #[must_use]
    pub fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    /// The revision that this change gets.
    #[must_use]
    pub fn next_revision(&self) -> i64 {
        self.revision + 1
    }

    /// The database's time at the begin of the transaction.
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
    /// `body` may run several times; it does nothing but read and write through the transaction.
    ///
    /// # Errors
    /// What `body` refuses; `REQUEST_ID_REUSED`; the target's "not found"; [`StoreError::Unavailable`].
    pub async fn change<T, F>(&self, call: &Call, target: Target, body: F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        self.change_along(call, target, Vec::new(), body).await
    }

    /// Runs a change of a portal along with others. All are locked from the start, in ascending order, so that two
    /// such changes take turns; [`PortalTx::in_portal`] leads to each of them.
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
        let mut tx = self.lock(call, target, along).await?;
        if call.validate_only {
            let preview = body(&mut tx).await.map_err(|error| error.about(tx.portal_id));
            tx.sql.rollback().await?;
            return preview;
        }
        if let Some(answer) = tx.recorded.take() {
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
        tx.sql.commit().await?;
        crate::failpoint::hit("store.after_commit").await;
        for event in &committed {
            self.commits.publish(event);
        }
        Ok(answer)
    }

    /// Locks the portal and looks whether this very request was answered before. An answer that was committed while the
    /// lock was waited for may be missed.
    async fn lock(&self, call: &Call, target: Target, along: &[PortalId]) -> Result<PortalTx, StoreError> {
        let mut sql = self.pool.begin().await?;
        if !along.is_empty() {
            several::lock(&mut sql, target, along).await?;
        }
        let (portal, setup, test_contact) = match target {
            Target::Portal(id) => (Some(id.get()), None, None),
            Target::Setup(id) => (None, Some(id.0), None),
            Target::TestContact(id) => (None, None, Some(id.0)),
        };
        let row = sqlx::query!(
            r#"/* transaction::lock */
            select p.portal_id, p.revision, p.portal, p.sync, p.sync_version, p.audit_sequence, p.audit_head,
                clock_timestamp() as "now!", r.payload_hash as "payload_hash?", r.answer as "answer?"
            from portals p
            left join request_records r on r.principal = $4 and r.method = $5 and r.request_id = $6
            where p.portal_id = coalesce(
                $1::bigint,
                (select s.portal_id from setups s where s.setup_id = $2),
                (select t.portal_id from test_contacts t where t.test_contact_id = $3)
            )
            for update of p"#,
            portal,
            setup,
            test_contact,
            call.principal,
            call.method,
            call.request_id,
        )
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| target.not_found())?;
        Ok(PortalTx {
            sql,
            settings: Arc::clone(&self.settings),
            changes: Vec::new(),
            details: Details::default(),
            others: Vec::new(),
            portal_id: PortalId::parse(row.portal_id).ok_or_else(|| target.not_found())?,
            revision: row.revision,
            audit_head: head(row.audit_sequence, &row.audit_head)?,
            now: row.now,
            portal: read_json("portal", row.portal)?,
            sync: read_json("sync state", row.sync)?,
            sync_version: row.sync_version,
            recorded: row
                .payload_hash
                .zip(row.answer)
                .map(|(payload_hash, answer)| Recorded { payload_hash, answer }),
        })
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
        .execute(&mut *self.sql)
        .await?;
        Ok(changed.into_iter().filter_map(Changed::into_event).collect())
    }

    /// All portals that get an audit row: those that changed, and the locked one also when a caller changed nothing
    /// that is stored here, such as a list at a vendor.
    fn take_changed(&mut self, call: &Call) -> Vec<Changed> {
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

pub(super) fn write_json<T: Serialize>(
    what: &'static str,
    value: &T,
) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|source| StoreError::Unreadable { what, source })
}
