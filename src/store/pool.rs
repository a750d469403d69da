//! The connection pool and the settings of every session.

use std::{str::FromStr as _, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{
    PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::session::Link;

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
pub(super) fn link(url: &SecretString, settings: &PoolSettings) -> Result<Link, sqlx::Error> {
    Ok(Link {
        options: options(url, settings)?,
        connect_within: settings.acquire_timeout,
        answer_within: settings.statement_timeout + ANSWER_GRACE,
    })
}

/// Opens the pool and checks that a connection can be had.
pub(super) async fn connect(url: &SecretString, settings: &PoolSettings) -> Result<PgPool, sqlx::Error> {
    PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // In a transaction that was left open, now() stands still at its begin. Such a connection is not
                // handed on: the next borrower's writes would never be committed. It must be a simple query: in the
                // extended protocol the two times differ without any transaction.
                sqlx::raw_sql("/* pool::after_release */ select now() = statement_timestamp()")
                    .fetch_one(connection)
                    .await?
                    .try_get(0)
            })
        })
        .connect_with(options(url, settings)?)
        .await
}
