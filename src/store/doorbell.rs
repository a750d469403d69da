//! The doorbell between replicas: tells the others to look for new events at once.
//!
//! It is rung after the commit, from a connection of its own and once for many commits: NOTIFY inside the writing
//! transactions would serialise their commits. Nothing depends on it; a poll stands behind it.

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{PgConnection, postgres::PgListener};

use super::{
    Store, StoreError,
    session::{Link, Session},
};

const CHANNEL: &str = "connector_commits";

/// Hears other replicas ring.
pub struct Doorbell {
    listener: PgListener,
}

impl Doorbell {
    /// Listens. Needs a direct connection: a pooler in transaction mode delivers nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn listen(direct_url: &SecretString) -> Result<Self, StoreError> {
        let mut listener = PgListener::connect(direct_url.expose_secret()).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self { listener })
    }

    /// Returns when somebody rang, or when the connection was lost and something may have been missed.
    ///
    /// # Errors
    /// When the connection can't be had again.
    pub async fn rung(&mut self) -> Result<(), StoreError> {
        self.listener.try_recv().await?;
        // Whatever else has arrived says the same.
        while self.listener.next_buffered().is_some() {}
        Ok(())
    }
}

/// Rings at other replicas, over a connection of its own.
pub struct Bell(Session);

impl Store {
    /// What to ring with.
    #[must_use]
    pub fn bell(&self) -> Bell {
        Bell(Session::new(Link::clone(&self.link)))
    }
}

impl Bell {
    /// Rings, in a transaction of its own that writes nothing.
    ///
    /// # Errors
    /// When the database does not answer; the next time another connection is tried.
    pub async fn ring(&mut self) -> Result<(), StoreError> {
        Ok(self.0.run(ring).await?)
    }
}

async fn ring(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(r#"/* doorbell::ring */ select pg_notify($1, '')::text as "rung""#, CHANNEL)
        .fetch_one(connection)
        .await?;
    Ok(())
}
