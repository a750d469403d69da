//! A connection that an actor owns.
//!
//! The pool pings a connection whenever it is given back: a second round trip for every statement. An actor that
//! keeps its connection has none of that; in exchange it must notice by itself when the connection is lost.

use std::{mem, sync::Arc, time::Duration};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use thiserror::Error;
use tokio::time::timeout;

use super::StoreError;

/// How to reach the database, and how long to wait for it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) options: PgConnectOptions,
    /// For a connection.
    pub(super) connect_within: Duration,
    /// For the answer to a statement. Longer than the database's own limit: behind it only the network is silent.
    pub(super) answer_within: Duration,
}

/// One connection, opened when it is first needed.
pub(super) struct Session {
    link: Link,
    connection: Option<PgConnection>,
    /// Its last statement was brought to an end.
    is_sound: bool,
}

impl Session {
    pub(super) fn new(link: Link) -> Self {
        Self { link, connection: None, is_sound: false }
    }

    /// Runs statements. A connection that is lost meanwhile, or left in the middle of something, is not used again;
    /// whether the statements took effect is not known then.
    pub(super) async fn run<'s, T, F>(
        &'s mut self,
        statements: impl FnOnce(&'s mut PgConnection) -> F,
    ) -> Result<T, sqlx::Error>
    where
        F: Future<Output = Result<T, sqlx::Error>>,
    {
        let Self { link, connection, is_sound } = self;
        let sound = connection.take().filter(|_| mem::replace(is_sound, false));
        let ready = match sound {
            Some(connection) => connection,
            None => connect(link).await?,
        };
        let outcome = match timeout(link.answer_within, statements(connection.insert(ready))).await {
            Ok(outcome) => outcome,
            Err(_) => return Err(timed_out()),
        };
        *is_sound = !outcome.as_ref().is_err_and(is_lost);
        outcome
    }

    pub(super) async fn close(self) {
        if let Some(connection) = self.connection.filter(|_| self.is_sound) {
            // The database notices the end in any case.
            let _ = connection.close().await;
        }
    }
}

async fn connect(link: &Link) -> Result<PgConnection, sqlx::Error> {
    match timeout(link.connect_within, link.options.connect()).await {
        Ok(connected) => connected,
        Err(_) => Err(timed_out()),
    }
}

fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())
}

/// Whether another connection may fare better.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => {
            let state = database.code();
            let is = |class: &str| state.as_deref().is_some_and(|state| state.starts_with(class));
            // A statement that took too long is no fault of the connection.
            is("08") || is("25006") || (is("57") && !is("57014"))
        }
        _ => false,
    }
}

/// One failure that several callers wait for.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub(super) struct Shared(Arc<sqlx::Error>);

impl Shared {
    pub(super) fn new(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }

    /// What it is to one of them.
    pub(super) fn to_store_error(&self) -> StoreError {
        let copy = sqlx::Error::AnyDriverError(Box::new(self.clone()));
        if super::error::is_unavailable(&self.0) {
            StoreError::Unavailable(copy)
        } else {
            StoreError::Statement(copy)
        }
    }
}
