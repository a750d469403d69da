//! Changing the key that seals, and giving one up: changes of the installation as a whole, one after the other.

use serde_json::{Value, json};
use sqlx::PgConnection;
use time::Duration;
use uuid::Uuid;

use super::{holders, sealing_key};
use crate::{
    domain::{Reason, Refusal},
    store::{Call, Store, StoreError, installation::InstallationTx},
};

impl Store {
    /// Makes another key the one that seals, once every running server holds it, under the installation's lock. All rows
    /// are then wrapped anew.
    ///
    /// # Errors
    /// `NO_NEW_KEY` when it seals already and no row carries another, `KEY_RETIRED`, `KEY_NOT_EVERYWHERE`.
    pub(super) async fn start_rotation(
        &self,
        call: &Call,
        to: &str,
        live: Duration,
    ) -> Result<(), StoreError> {
        let (to, principal) = (to.to_owned(), call.principal.clone());
        self.change_installation(call, move |tx| {
            let (to, principal) = (to.clone(), principal.clone());
            Box::pin(async move { start_rotation(tx, &to, &principal, live).await })
        })
        .await
    }

    /// Gives a key up that no row carries, under the installation's lock.
    ///
    /// # Errors
    /// `KEY_IN_USE` while rows carry one of `keys` or a running server seals with it. `key_id` is the one asked for.
    pub(super) async fn retire_key(
        &self,
        call: &Call,
        key_id: &str,
        keys: Vec<String>,
        live: Duration,
    ) -> Result<(), StoreError> {
        let (key_id, principal) = (key_id.to_owned(), call.principal.clone());
        self.change_installation(call, move |tx| {
            let (key_id, keys, principal) = (key_id.clone(), keys.clone(), principal.clone());
            Box::pin(async move { retire_key(tx, &key_id, &keys, &principal, live).await })
        })
        .await
    }
}

/// Whether a row carries another key than this one: two looks into the index, however many rows there are.
pub(in crate::store) async fn is_other_key_carried(
    connection: &mut PgConnection,
    key_id: &str,
) -> Result<bool, StoreError> {
    let carried = sqlx::query_scalar!(
        r#"/* keys::is_other_key_carried */
        select exists(select from secrets where key_id < $1)
            or exists(select from secrets where key_id > $1)
            or exists(select from secrets where key_id is null) as "carried!""#,
        key_id,
    )
    .fetch_one(connection)
    .await?;
    Ok(carried)
}

async fn start_rotation(
    tx: &mut InstallationTx,
    to: &str,
    principal: &str,
    live: Duration,
) -> Result<(), StoreError> {
    let connection: &mut PgConnection = &mut tx.sql;
    let from = sealing_key(connection).await?;
    if from == to && !is_other_key_carried(connection, to).await? {
        return Err(Refusal::new(Reason::NoNewKey).with("key_id", to).into());
    }
    let retired = sqlx::query_scalar!(
        r#"/* keys::start_rotation */
        select exists(select from retired_keys where key_id = $1) as "retired!""#,
        to,
    )
    .fetch_one(&mut *connection)
    .await?;
    if retired {
        return Err(Refusal::new(Reason::KeyRetired).with("key_id", to).into());
    }
    let without = holders(connection, live).await?;
    let without = without.iter().filter(|holder| holder.is_live && !holder.holding.opens(to)).count();
    if without > 0 {
        return Err(Refusal::new(Reason::KeyNotEverywhere)
            .with("key_id", to)
            .with("servers", without)
            .into());
    }
    sqlx::query!("/* keys::start_rotation */ update installation set sealing_key_id = $1", to)
        .execute(&mut *connection)
        .await?;
    begin_rewrap(connection, &from, to, principal).await?;
    tx.details.note("keys", rotated(&from, to));
    Ok(())
}

/// One that runs already goes on, to the new key.
pub(in crate::store) async fn begin_rewrap(
    connection: &mut PgConnection,
    from: &str,
    to: &str,
    principal: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "/* keys::begin_rewrap */
        insert into key_rotations (rotation_id, from_key_id, to_key_id, requested_by)
        values ($1, $2, $3, $4)
        on conflict ((true)) where finished_at is null do update
        set to_key_id = excluded.to_key_id, requested_by = excluded.requested_by",
        Uuid::now_v7(),
        from,
        to,
        principal,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn retire_key(
    tx: &mut InstallationTx,
    key_id: &str,
    keys: &[String],
    principal: &str,
    live: Duration,
) -> Result<(), StoreError> {
    let connection: &mut PgConnection = &mut tx.sql;
    let in_use = |rows: i64| Refusal::new(Reason::KeyInUse).with("key_id", key_id).with("rows", rows);
    let rows = sqlx::query_scalar!(
        r#"/* keys::retire_key */ select count(*) as "rows!" from secrets where key_id = any($1)"#,
        keys,
    )
    .fetch_one(&mut *connection)
    .await?;
    let sealing = sealing_key(connection).await?;
    let mut sealing_with = holders(connection, live).await?;
    sealing_with.retain(|holder| holder.is_live && keys.contains(&holder.holding.sealing_key_id));
    if rows > 0 || keys.contains(&sealing) || !sealing_with.is_empty() {
        return Err(in_use(rows).into());
    }
    sqlx::query!(
        "/* keys::retire_key */
        insert into retired_keys (key_id, retired_by) select retired, $2 from unnest($1::text[]) as retired
        on conflict (key_id) do nothing",
        keys,
        principal,
    )
    .execute(connection)
    .await?;
    tx.details.note("keys", retired(keys));
    Ok(())
}

/// What the audit row of a rotation tells.
pub(super) fn rotated(from: &str, to: &str) -> Value {
    json!({ "act": "rotated", "from": from, "to": to })
}

/// What the audit row of keys that are given up tells: all that went along, of a key management service the older ones
/// too.
pub(super) fn retired(keys: &[String]) -> Value {
    json!({ "act": "retired", "key_ids": keys })
}
