//! Which key seals, which rows carry which, and who holds them. A rotation only changes the key that seals; that all
//! rows carry it is then worked at until it is so, by whoever has the lease.

mod rotation;
mod seen;
mod write;

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::{Reason, Refusal};

pub(super) use rotation::{begin_rewrap, is_other_key_carried};
pub use seen::KeysSeen;

/// Servers that have not been heard of for so long are forgotten.
const FORGET_AFTER: Duration = Duration::hours(1);

/// What a server can open with, and what it seals with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Holding {
    /// Its keys.
    pub key_ids: Vec<String>,
    /// It also opens with every key whose id begins like this.
    pub key_family: Option<String>,
    /// The key that it seals with.
    pub sealing_key_id: String,
}

/// What an installation has agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The key that all servers seal with.
    pub sealing_key_id: String,
    /// A fingerprint of nothing: equal only under the same fingerprint key.
    pub fingerprint_check: String,
}

/// A server that runs.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyHolder {
    /// Its id, made up at its start.
    pub server_id: Uuid,
    /// Its keys.
    #[serde(flatten)]
    pub holding: Holding,
    /// When it started.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When it was last heard of.
    #[serde(with = "time::serde::rfc3339")]
    pub seen_at: OffsetDateTime,
    /// It was heard of so lately that it counts as running.
    pub is_live: bool,
}

/// A change of the key that seals.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyRotation {
    /// Its id.
    pub rotation_id: Uuid,
    /// The key before.
    pub from_key_id: String,
    /// The key after.
    pub to_key_id: String,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub started_at: OffsetDateTime,
    /// When no row carried another key any more.
    #[serde(with = "time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// Rows whose data key was wrapped anew.
    pub rewrapped: i64,
    /// Rows of the last pass whose secret does not open.
    pub unreadable: i64,
}

/// Everything that the database knows of keys.
#[derive(Clone, Debug)]
pub struct KeyRecord {
    /// The key that seals.
    pub sealing_key_id: String,
    /// Rows by the key that they carry; an envelope that names none has an empty one.
    pub rows: BTreeMap<String, i64>,
    /// Servers that were heard of lately.
    pub holders: Vec<KeyHolder>,
    /// The newest rotation.
    pub rotation: Option<KeyRotation>,
    /// Keys that were given up.
    pub retired: Vec<String>,
}

/// A sealed row that carries another key.
#[derive(Clone, Debug)]
pub struct RowToRewrap {
    /// Its id.
    pub secret_id: Uuid,
    /// Its portal.
    pub portal_id: i64,
    /// What the secret is.
    pub kind: String,
    /// Its version.
    pub version: i32,
    /// The envelope.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Announces a server that starts, and learns what the installation has agreed on. The first one says it. A
    /// rotation can't come in between.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn join_keys(
        &self,
        server_id: Uuid,
        holding: &Holding,
        fingerprint_check: &str,
    ) -> Result<Seal, StoreError> {
        let mut tx = self.pool.begin().await?;
        let seal = sqlx::query_as!(
            Seal,
            r#"/* keys::join_keys */
            update installation
            set sealing_key_id = coalesce(sealing_key_id, $1), fingerprint_check = coalesce(fingerprint_check, $2)
            returning sealing_key_id as "sealing_key_id!", fingerprint_check as "fingerprint_check!""#,
            holding.sealing_key_id,
            fingerprint_check,
        )
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query!(
            "/* keys::join_keys */
            delete from key_holders where seen_at < clock_timestamp() - make_interval(secs => $1)",
            FORGET_AFTER.as_seconds_f64(),
        )
        .execute(&mut *tx)
        .await?;
        let holding = Holding { sealing_key_id: seal.sealing_key_id.clone(), ..holding.clone() };
        announce(&mut tx, server_id, &holding).await?;
        tx.commit().await?;
        Ok(seal)
    }

    /// Says that a server is there and what it holds. Returns the key that it is to seal with.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn announce_keys(&self, server_id: Uuid, holding: &Holding) -> Result<String, StoreError> {
        announce(&mut *self.pool.acquire().await?, server_id, holding).await
    }

    /// Takes a server off the list that goes away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_keys(&self, server_id: Uuid) -> Result<(), StoreError> {
        sqlx::query!("/* keys::leave_keys */ delete from key_holders where server_id = $1", server_id)
            .execute(&mut *self.pool.acquire().await?)
            .await?;
        Ok(())
    }
}

async fn announce(
    connection: &mut PgConnection,
    server_id: Uuid,
    holding: &Holding,
) -> Result<String, StoreError> {
    let sealing = sqlx::query_scalar!(
        r#"/* keys::announce */
        with announced as (
            insert into key_holders (server_id, key_ids, key_family, sealing_key_id, seen_at)
            values ($1, $2, $3, $4, clock_timestamp())
            on conflict (server_id) do update
            set key_ids = excluded.key_ids, key_family = excluded.key_family,
                sealing_key_id = excluded.sealing_key_id, seen_at = excluded.seen_at
        )
        select sealing_key_id as "sealing_key_id!" from installation"#,
        server_id,
        &holding.key_ids,
        holding.key_family,
        holding.sealing_key_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(sealing)
}

async fn sealing_key(connection: &mut PgConnection) -> Result<String, StoreError> {
    let sealing = sqlx::query_scalar!(
        r#"/* keys::sealing_key */ select coalesce(sealing_key_id, '') as "sealing_key_id!" from installation"#
    )
    .fetch_one(connection)
    .await?;
    Ok(sealing)
}

async fn holders(connection: &mut PgConnection, live: Duration) -> Result<Vec<KeyHolder>, StoreError> {
    let rows = sqlx::query!(
        r#"/* keys::holders */
        select server_id, key_ids, key_family, sealing_key_id, started_at, seen_at,
            seen_at > clock_timestamp() - make_interval(secs => $1) as "is_live!"
        from key_holders order by started_at, server_id limit 1000"#,
        live.as_seconds_f64(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| KeyHolder {
            server_id: row.server_id,
            holding: Holding {
                key_ids: row.key_ids,
                key_family: row.key_family,
                sealing_key_id: row.sealing_key_id,
            },
            started_at: row.started_at,
            seen_at: row.seen_at,
            is_live: row.is_live,
        })
        .collect())
}

impl KeyRecord {
    /// Whether a key may become the one that seals.
    fn check_rotation(&self, to: &str) -> Result<(), Refusal> {
        if self.sealing_key_id == to && self.rows.keys().all(|carried| carried == to) {
            return Err(Refusal::new(Reason::NoNewKey).with("key_id", to));
        }
        if self.retired.iter().any(|retired| retired == to) {
            return Err(Refusal::new(Reason::KeyRetired).with("key_id", to));
        }
        let without =
            self.holders.iter().filter(|holder| holder.is_live && !holder.holding.opens(to)).count();
        if without > 0 {
            return Err(Refusal::new(Reason::KeyNotEverywhere).with("key_id", to).with("servers", without));
        }
        Ok(())
    }

    /// Whether keys may be given up; `key_id` is the one that was asked for.
    fn check_retirement(&self, key_id: &str, keys: &[String]) -> Result<(), Refusal> {
        let rows: i64 = keys.iter().filter_map(|key| self.rows.get(key)).sum();
        let seals = |holder: &KeyHolder| holder.is_live && keys.contains(&holder.holding.sealing_key_id);
        if rows > 0 || keys.contains(&self.sealing_key_id) || self.holders.iter().any(seals) {
            return Err(Refusal::new(Reason::KeyInUse).with("key_id", key_id).with("rows", rows));
        }
        Ok(())
    }
}

impl Holding {
    /// Whether it opens what is sealed with this key.
    #[must_use]
    pub fn opens(&self, key_id: &str) -> bool {
        self.key_ids.iter().any(|held| held == key_id)
            || self.key_family.as_ref().is_some_and(|family| key_id.starts_with(family.as_str()))
    }
}
