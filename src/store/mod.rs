//! The only room with SQL. One file for each aggregate; every change goes through the transaction module.
//!
//! A handler never owns a transaction: it runs in a task of its own, so that a caller who goes away can't leave one
//! open on a pooled connection: see `docs/adr/0004-transactions.md` and `docs/adr/0023-a-pool-without-pings.md`.

mod access;
mod actors;
mod audit;
mod budget;
mod call;
mod check;
mod connections;
pub mod constraint;
mod doorbell;
mod error;
mod events;
mod handoffs;
mod installation;
mod jobs;
mod keys;
mod logins;
mod migrations;
mod optimistic;
mod orgs;
mod pool;
mod portals;
mod read;
mod reader;
mod recorded;
mod renewals;
mod rewrap;
#[cfg(feature = "simulator")]
mod roles;
mod secrets;
mod session;
mod setups;
mod several;
mod shares;
mod signing;
mod standing;
mod sync;
mod test_contacts;
mod trail;
mod transaction;

use std::sync::{Arc, OnceLock, Weak};

use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use budget::{BudgetRow, CallsLeft, Reservation};
pub use call::{Call, Target};
pub use check::CheckLook;
pub use connections::NewConnection;
pub use doorbell::{Bell, Doorbell, Ring};
pub use error::StoreError;
pub use events::Position;
pub use handoffs::TokenHash;
pub use jobs::{Job, JobKind, Lease};
pub use keys::{Holding, KeyHolder, KeyRecord, KeyRotation, KeysSeen, RowToRewrap, Seal};
pub use logins::{ActionLogins, LoginOutcome, LoginRecord};
pub use migrations::{MigrationError, check, migrate};
pub use optimistic::Look;
pub use orgs::OrgRecord;
pub use pool::{Connection, Pool, PoolSettings, Transaction};
pub use read::{ConnectionFilter, Page};
pub use reader::{History, PortalEvents};
#[cfg(feature = "simulator")]
pub use roles::{APP, AUDIT_READER, OWNER, create_roles, url_as};
pub use secrets::{SecretKind, SecretRole, SecretRow};
pub use shares::{OrgBudget, OrgSeen};
pub use signing::HeadsToSign;
pub use trail::{AuditFilter, AuditKey, TrailPart, TrailPlace};
pub use transaction::PortalTx;

use crate::domain::change::Event;
use optimistic::{Remembered, Writer};
use reader::Reader;
use session::Link;

/// Hears of this process's commits, right after each, on the task that committed: it must not block.
pub trait CommitListener: Send + Sync {
    /// A portal has changed.
    fn committed(&self, event: &Arc<Event>);
}

/// Who hears of commits.
#[derive(Clone, Default)]
struct Commits(Arc<OnceLock<Weak<dyn CommitListener>>>);

impl Commits {
    fn publish(&self, event: &Arc<Event>) {
        // Nobody listening is fine: watches read the table.
        if let Some(listener) = self.0.get().and_then(Weak::upgrade) {
            listener.committed(event);
        }
    }
}

/// The database.
#[derive(Clone)]
pub struct Store {
    pool: Pool,
    incarnation: Uuid,
    commits: Commits,
    tasks: TaskTracker,
    link: Arc<Link>,
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    remembered: Arc<Remembered>,
    settings: Arc<Settings>,
}

/// What the store is told by configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Portals per org.
    pub portals_per_org: i32,
    /// The policy for estimates.
    pub policy: crate::domain::api_limit::Policy,
    /// Calls that one contact sync is reckoned with.
    pub calls_per_contact_sync: i32,
}

impl Store {
    /// Opens the database and checks that its schema is one that this build knows.
    ///
    /// # Errors
    /// When the database does not answer, or its schema is older or newer than this build's.
    pub async fn open(
        url: &secrecy::SecretString,
        pool: &PoolSettings,
        settings: Settings,
    ) -> Result<Self, MigrationError> {
        let link = pool::link(url, pool)?;
        let pool = Pool::connect(url, pool).await?;
        migrations::check_schema(&pool).await?;
        let incarnation = sqlx::query_scalar!("/* store::open */ select incarnation from installation")
            .fetch_one(&mut *pool.acquire().await?)
            .await?;
        let (tasks, commits) = (TaskTracker::new(), Commits::default());
        Ok(Self {
            pool,
            incarnation,
            writer: Arc::new(Writer::new(commits.clone(), link.clone(), tasks.clone())),
            commits,
            reader: Arc::new(Reader::new(link.clone(), tasks.clone())),
            link: Arc::new(link),
            tasks,
            remembered: Arc::default(),
            settings: Arc::new(settings),
        })
    }

    /// Names this database: a resume token of another one is refused.
    #[must_use]
    pub fn incarnation(&self) -> Uuid {
        self.incarnation
    }

    /// The pool, for health checks and for connections that are held for long.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Tells a listener of what this process commits from now on. There is one in a process; a second hears nothing.
    pub fn listen(&self, listener: Weak<dyn CommitListener>) {
        if self.commits.0.set(listener).is_err() {
            tracing::error!("somebody else listens to commits already");
        }
    }

    /// What it was told by configuration.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Runs something to its end, whether or not anybody still waits for it.
    ///
    /// # Errors
    /// What it fails with.
    pub async fn in_a_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let task = self.tasks.spawn(work);
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    /// Writes in a task: a caller that goes away has either changed nothing or everything, and watches hear of it. `None`
    /// when it was not written, or nobody knows whether it was: then it is found by its request id, on the way that locks.
    async fn write_in_a_task<T: Send + 'static>(
        &self,
        events: Vec<Arc<Event>>,
        write: impl Future<Output = Result<Option<T>, StoreError>> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let commits = self.commits.clone();
        self.in_a_task(async move {
            crate::failpoint::hit("store.before_commit").await;
            let written = write.await.unwrap_or_else(|error| {
                tracing::info!(%error, "a change goes the locking way");
                None
            });
            crate::failpoint::hit("store.after_commit").await;
            if written.is_some() {
                for event in &events {
                    commits.publish(event);
                }
            }
            Ok(written)
        })
        .await
    }

    /// Whether the database answers and takes writes.
    ///
    /// # Errors
    /// When it does not.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        let read_only = sqlx::query_scalar!(
            r#"/* store::check_writable */ select current_setting('transaction_read_only') = 'on' as "read_only!""#
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        if read_only {
            return Err(StoreError::Unavailable(sqlx::Error::PoolClosed));
        }
        Ok(())
    }

    /// Waits until every transaction and read under way has ended, then closes the connections.
    pub async fn close(&self) {
        self.reader.close();
        self.writer.close();
        self.tasks.close();
        self.tasks.wait().await;
        self.pool.close().await;
    }
}
