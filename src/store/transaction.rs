//! The one way to change something: lock the portal, replay or apply, raise its revision, append the event, commit.
//!
//! Transactions run in tasks of their own, are retried when the database broke a tie, contain no vendor call, and
//! carry a request id: a lost answer to COMMIT is resolved by running again, which finds the recorded answer.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{Committed, Settings, Store, StoreError};
use crate::domain::{
    PortalId, Reason, SetupId, TestContactId, change::Change, portal::Portal, sync_state::SyncState,
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

/// A change of another portal in the same transaction.
pub(super) struct OtherPortal {
    pub(super) portal_id: PortalId,
    /// Its revision after the change.
    pub(super) revision: i64,
    pub(super) changes: Vec<Change>,
}

/// A transaction that holds a portal's lock.
pub struct PortalTx {
    pub(super) sql: Transaction<'static, Postgres>,
    pub(super) settings: Arc<Settings>,
    pub(super) changes: Vec<Change>,
    /// Other portals that change along; their rows are locked as well.
    pub(super) others: Vec<OtherPortal>,
    portal_id: PortalId,
    revision: i64,
    now: OffsetDateTime,
    portal: Portal,
    pub(super) sync: SyncState,
    pub(super) sync_version: i64,
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

    pub(super) fn set_portal(&mut self, portal: Portal) {
        self.portal = portal;
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
        let span = tracing::debug_span!("transaction", method = call.method);
        let store = self.clone();
        let call = call.clone();
        let task = self.tasks.spawn(
            async move {
                let mut run = 1;
                loop {
                    match store.run_once(&call, target, &body).await {
                        Err(error) if run < MAX_RUNS && may_run_again(&error) => {
                            tracing::info!(run, error = %error, "transaction runs again");
                            tokio::time::sleep(wait_before(run)).await;
                            run += 1;
                        }
                        outcome => return outcome,
                    }
                }
            }
            .instrument(span),
        );
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn run_once<T, F>(&self, call: &Call, target: Target, body: &F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        let mut tx = self.lock(target).await?;
        if call.validate_only {
            let preview = body(&mut tx).await.map_err(|error| error.about(tx.portal_id));
            tx.sql.rollback().await?;
            return preview;
        }
        if let Some(answer) = recorded_answer(&mut tx.sql, call).await? {
            return Ok(answer);
        }
        let answer = body(&mut tx).await.map_err(|error| error.about(tx.portal_id))?;
        let committed = tx.seal(call, &answer).await?;
        crate::failpoint::hit("store.before_commit").await;
        tx.sql.commit().await?;
        crate::failpoint::hit("store.after_commit").await;
        for committed in committed {
            // Nobody listening is fine: watches read the table.
            let _ = self.commits.send(committed);
        }
        Ok(answer)
    }

    /// The first answer to this very request, if it was made before: for use cases that call a vendor first. A call
    /// that is only tried has none.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED`.
    pub async fn recorded<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, StoreError> {
        if call.validate_only {
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await?;
        recorded_answer(&mut connection, call).await
    }

    async fn lock(&self, target: Target) -> Result<PortalTx, StoreError> {
        let mut sql = self.pool.begin().await?;
        let (portal, setup, test_contact) = match target {
            Target::Portal(id) => (Some(id.get()), None, None),
            Target::Setup(id) => (None, Some(id.0), None),
            Target::TestContact(id) => (None, None, Some(id.0)),
        };
        let row = sqlx::query!(
            r#"/* transaction::lock */
            select portal_id, revision, portal, sync, sync_version, clock_timestamp() as "now!"
            from portals
            where portal_id = coalesce(
                $1::bigint,
                (select s.portal_id from setups s where s.setup_id = $2),
                (select t.portal_id from test_contacts t where t.test_contact_id = $3)
            )
            for update"#,
            portal,
            setup,
            test_contact,
        )
        .fetch_optional(&mut *sql)
        .await?
        .ok_or_else(|| target.not_found())?;
        Ok(PortalTx {
            sql,
            settings: Arc::clone(&self.settings),
            changes: Vec::new(),
            others: Vec::new(),
            portal_id: PortalId::parse(row.portal_id).ok_or_else(|| target.not_found())?,
            revision: row.revision,
            now: row.now,
            portal: read_json("portal", row.portal)?,
            sync: read_json("sync state", row.sync)?,
            sync_version: row.sync_version,
        })
    }
}

impl PortalTx {
    /// Writes the events of all portals that changed, their revisions, and the answer, all in one statement.
    ///
    /// Watches over all portals read events in the order of their transaction ids. A transaction over several
    /// portals may have got its id before one that changed a portal of them first: its event then takes that one's
    /// id, so that the events of a portal never go back.
    async fn seal<T: Serialize>(&mut self, call: &Call, answer: &T) -> Result<Vec<Committed>, StoreError> {
        let answer = write_json("answer", answer)?;
        let mut changed = std::mem::take(&mut self.others);
        if !self.changes.is_empty() {
            let changes = std::mem::take(&mut self.changes);
            changed.push(OtherPortal { portal_id: self.portal_id, revision: self.next_revision(), changes });
        }
        let portals: Vec<i64> = changed.iter().map(|other| other.portal_id.get()).collect();
        let revisions: Vec<i64> = changed.iter().map(|other| other.revision).collect();
        let bodies = changed
            .iter()
            .map(|other| write_json("event", &other.changes))
            .collect::<Result<Vec<_>, StoreError>>()?;
        sqlx::query!(
            r#"/* transaction::seal */
            with changed as (
                select * from unnest($1::bigint[], $2::bigint[], $3::jsonb[]) as c (portal_id, revision, changes)
            ), raised as (
                update portals set revision = changed.revision from changed where portals.portal_id = changed.portal_id
            ), appended as (
                insert into portal_events
                    (portal_id, revision, kinds, changes, principal, method, occurred_at, xid)
                select portal_id, revision, array(
                    select distinct change ->> 'kind' from jsonb_array_elements(changes) as change
                ), changes, $4, $5, $6, greatest(pg_current_xact_id(), (
                    select last.xid from portal_events last
                    where last.portal_id = changed.portal_id order by last.revision desc limit 1
                ))
                from changed
            )
            insert into request_records (principal, method, request_id, payload_hash, answer)
            values ($4, $5, $7, $8, $9)"#,
            &portals,
            &revisions,
            &bodies,
            call.principal,
            call.method,
            self.now,
            call.request_id,
            call.payload_hash.as_slice(),
            answer,
        )
        .execute(&mut *self.sql)
        .await?;
        Ok(portals
            .into_iter()
            .zip(revisions)
            .map(|(portal_id, revision)| Committed { portal_id, revision })
            .collect())
    }
}

async fn recorded_answer<T: DeserializeOwned>(
    connection: &mut sqlx::PgConnection,
    call: &Call,
) -> Result<Option<T>, StoreError> {
    let record = sqlx::query!(
        "/* transaction::recorded_answer */
        select payload_hash, answer from request_records
        where principal = $1 and method = $2 and request_id = $3",
        call.principal,
        call.method,
        call.request_id,
    )
    .fetch_optional(connection)
    .await?;
    match record {
        None => Ok(None),
        Some(record) if record.payload_hash == call.payload_hash => {
            read_json("answer", record.answer).map(Some)
        }
        Some(_) => Err(Reason::RequestIdReused.into()),
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

pub(super) fn write_json<T: Serialize>(
    what: &'static str,
    value: &T,
) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(value).map_err(|source| StoreError::Unreadable { what, source })
}
