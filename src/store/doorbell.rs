//! The doorbell between replicas: tells the others what was committed, so that they look for it at once.
//!
//! It is rung after the commit, from a connection of its own and once for many commits: NOTIFY inside the writing
//! transactions would serialise their commits. Nothing depends on it; a poll stands behind it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, postgres::PgListener};
use uuid::Uuid;

use super::{
    Store, StoreError,
    session::{Link, Session},
};

const CHANNEL: &str = "connector_commits";
/// Portals that one ring names at most. A notification has less than 8,000 bytes, a portal takes 45 at most.
const NAMED: usize = 150;

/// What who rings says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring {
    /// Whose commits they are.
    pub from: Uuid,
    /// Portals with their newest revisions; `None` if there are too many to name them.
    pub commits: Option<Vec<(i64, i64)>>,
}

impl Ring {
    /// Names the portals if there is room for them.
    #[must_use]
    pub fn of(from: Uuid, commits: &BTreeMap<i64, i64>) -> Self {
        let commits = (commits.len() <= NAMED).then(|| commits.iter().map(|(id, at)| (*id, *at)).collect());
        Self { from, commits }
    }
}

/// Hears other replicas ring, and this one.
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

    /// Returns what was rung. `None` when the connection was lost, so that rings may have been missed, and for a ring that
    /// another version made.
    ///
    /// # Errors
    /// When the connection can't be had again.
    pub async fn rung(&mut self) -> Result<Option<Ring>, StoreError> {
        let rung = self.listener.try_recv().await?;
        Ok(rung.and_then(|rung| serde_json::from_str(rung.payload()).ok()))
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
    pub async fn ring(&mut self, ring: &Ring) -> Result<(), StoreError> {
        let said = serde_json::to_string(ring).unwrap_or_default();
        Ok(self.0.run(|connection| notify(connection, said)).await?)
    }
}

async fn notify(connection: &mut PgConnection, said: String) -> Result<(), sqlx::Error> {
    sqlx::query!(r#"/* doorbell::ring */ select pg_notify($1, $2)::text as "rung""#, CHANNEL, said)
        .fetch_one(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    #[test]
    fn a_ring_has_room_in_a_notification() {
        let many = |number: usize| {
            let last = i64::MAX - i64::try_from(number).unwrap();
            Ring::of(Uuid::max(), &(last..i64::MAX).map(|portal_id| (portal_id, i64::MAX)).collect())
        };
        let longest = serde_json::to_string(&many(NAMED)).unwrap();
        assert!(longest.len() < 8_000, "{}", longest.len());
        assert_eq!(serde_json::from_str::<Ring>(&longest).unwrap(), many(NAMED));
        assert_eq!(many(NAMED + 1).commits, None);
    }
}
