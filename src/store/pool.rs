//! The connection pool and the settings of every session.
//!
//! sqlx's own pool asks each connection that is given back whether it still lives: a round trip more for every
//! statement. This one asks only those that were not asked lately, and the ones whose transaction nobody ended.

use std::{
    ops::{Deref, DerefMut},
    str::FromStr as _,
    time::{Duration, Instant},
};

use deadpool::{
    Runtime,
    managed::{self, Metrics, Object, PoolError, RecycleError, RecycleResult, Timeouts},
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _, postgres::PgConnectOptions};

use super::session::Link;

/// A connection is taken to live for so long after it was asked; what broke meanwhile fails its user.
const TRUSTED_FOR: Duration = Duration::from_millis(500);
/// Connections are replaced at this age.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);
/// How long the end of a transaction that was given up may take.
const ROLLBACK_WITHIN: Duration = Duration::from_secs(5);

/// How much longer than the database's own limit an actor waits for an answer.
const ANSWER_GRACE: Duration = Duration::from_secs(1);

/// How the pool is set up.
#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// At most this many connections.
    pub max_connections: u32,
    /// How long to wait for one.
    pub acquire_timeout: Duration,
    /// A statement that runs longer is cancelled.
    pub statement_timeout: Duration,
    /// A lock that is not had by then is given up.
    pub lock_timeout: Duration,
    /// A transaction that does nothing for so long is ended.
    pub idle_in_transaction_timeout: Duration,
    /// What Postgres shows as the client.
    pub application_name: String,
}

impl Default for PoolSettings {
    fn default() -> Self {
        Self {
            max_connections: 16,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction_timeout: Duration::from_secs(10),
            application_name: "connectord".to_owned(),
        }
    }
}

/// Connect options with the session settings. The URL is secret: errors never repeat it.
pub(super) fn options(url: &SecretString, settings: &PoolSettings) -> Result<PgConnectOptions, sqlx::Error> {
    let millis = |duration: Duration| format!("{}ms", duration.as_millis());
    let options = PgConnectOptions::from_str(url.expose_secret())
        .map_err(|_| sqlx::Error::Configuration("the database URL cannot be read".into()))?;
    Ok(options.application_name(&settings.application_name).options([
        ("statement_timeout", millis(settings.statement_timeout)),
        ("lock_timeout", millis(settings.lock_timeout)),
        ("idle_in_transaction_session_timeout", millis(settings.idle_in_transaction_timeout)),
        ("timezone", "UTC".to_owned()),
    ]))
}

/// How an actor reaches the database.
///
/// Its few statements are planned once. Left to itself PostgreSQL plans them anew at each run, since it takes an array
/// that it does not know yet for ten elements long, which looks dearer than the one that it does know.
pub(super) fn link(url: &SecretString, settings: &PoolSettings) -> Result<Link, sqlx::Error> {
    Ok(Link {
        options: options(url, settings)?.options([("plan_cache_mode", "force_generic_plan")]),
        connect_within: settings.acquire_timeout,
        answer_within: settings.statement_timeout + ANSWER_GRACE,
    })
}

/// Connections for what is not batched. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pool(managed::Pool<Manager>);

#[derive(Debug)]
struct Manager {
    options: PgConnectOptions,
}

/// A connection in the pool.
#[derive(Debug)]
struct Slot {
    connection: PgConnection,
    /// When it last answered a ping.
    alive_at: Instant,
}

impl managed::Manager for Manager {
    type Type = Slot;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Slot, sqlx::Error> {
        Ok(Slot { connection: self.options.connect().await?, alive_at: Instant::now() })
    }

    async fn recycle(&self, slot: &mut Slot, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() > MAX_AGE {
            return Err(RecycleError::message("old enough"));
        }
        if slot.alive_at.elapsed() > TRUSTED_FOR {
            slot.connection.ping().await?;
            slot.alive_at = Instant::now();
        }
        Ok(())
    }
}

impl Pool {
    /// Opens the pool and checks that a connection can be had.
    pub(super) async fn connect(url: &SecretString, settings: &PoolSettings) -> Result<Self, sqlx::Error> {
        let within = Some(settings.acquire_timeout);
        let manager = Manager { options: options(url, settings)? };
        let pool = managed::Pool::builder(manager)
            .max_size(usize::try_from(settings.max_connections).unwrap_or(usize::MAX))
            .timeouts(Timeouts { wait: within, create: within, recycle: within })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| sqlx::Error::Configuration(error.into()))?;
        let pool = Self(pool);
        pool.acquire().await?;
        Ok(pool)
    }

    /// A connection, for statements that are each a transaction of their own.
    ///
    /// # Errors
    /// When none can be had in time.
    pub async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        Ok(Connection(self.slot().await?))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When no connection can be had in time, or the database does not answer.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.begin_with("begin").await
    }

    /// Begins a transaction with this statement.
    pub(super) async fn begin_with(&self, statement: &'static str) -> Result<Transaction, sqlx::Error> {
        // From here on it has to be ended, also when nobody waits for the answer.
        let mut transaction = Transaction { slot: Some(self.slot().await?) };
        sqlx::raw_sql(statement).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    async fn slot(&self) -> Result<Object<Manager>, sqlx::Error> {
        self.0.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => sqlx::Error::PoolTimedOut,
            PoolError::Closed => sqlx::Error::PoolClosed,
            error => sqlx::Error::Configuration(error.into()),
        })
    }

    /// Says goodbye on all connections that nobody uses; those in use go when they are given back.
    pub(super) async fn close(&self) {
        let idle = self.0.retain(|_, _| false).removed;
        self.0.close();
        for slot in idle {
            // The database notices the end in any case.
            let _ = slot.connection.close().await;
        }
    }
}

/// A connection that goes back to the pool.
#[derive(Debug)]
pub struct Connection(Object<Manager>);

impl Deref for Connection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.connection
    }
}

impl DerefMut for Connection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.connection
    }
}

/// A transaction. One that is dropped is taken back, and its connection is used again only after that.
#[derive(Debug)]
pub struct Transaction {
    /// `None` once it has ended.
    slot: Option<Object<Manager>>,
}

impl Transaction {
    /// Ends it so that all of it counts. After an error it is not known whether it does.
    ///
    /// # Errors
    /// When the database refuses or does not answer.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.end("commit").await
    }

    /// Ends it so that nothing of it counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }

    async fn end(mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(statement).execute(&mut *self).await?;
        self.slot = None;
        Ok(())
    }
}

#[expect(
    clippy::expect_used,
    reason = "only its end takes the connection away, and consumes the transaction"
)]
impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.slot.as_ref().expect("a transaction that has not ended").connection
    }
}

#[expect(
    clippy::expect_used,
    reason = "only its end takes the connection away, and consumes the transaction"
)]
impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.slot.as_mut().expect("a transaction that has not ended").connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(slot) = self.slot.take() else { return };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(take_back(slot));
            }
            Err(_) => drop(Object::take(slot)),
        }
    }
}

/// Ends a transaction that was given up. A connection on which that fails is not used again.
async fn take_back(mut slot: Object<Manager>) {
    let rolled_back = async {
        sqlx::raw_sql("rollback").execute(&mut slot.connection).await?;
        // In a transaction now() stands still at its begin. It must be a simple query: in the extended protocol the
        // two times differ without any transaction.
        sqlx::raw_sql("select now() = statement_timestamp()")
            .fetch_one(&mut slot.connection)
            .await?
            .try_get(0)
    };
    if !matches!(tokio::time::timeout(ROLLBACK_WITHIN, rolled_back).await, Ok(Ok(true))) {
        drop(Object::take(slot));
    }
}
