//! The work of a rotation: rows that carry another key than the one that seals are wrapped anew, batch by batch. Who
//! works holds a lease, for economy only: a row is replaced only as it was read, so that a secret that is stored
//! meanwhile is never overwritten, and a batch that is done twice does no harm.

use time::Duration;
use uuid::Uuid;

use super::{
    KeyRotation, RowToRewrap, Store, StoreError,
    keys::{begin_rewrap, is_other_key_carried},
};

impl Store {
    /// Takes the rotation that has work left, or begins one for rows that were sealed with an older key at the last
    /// moment. `None` when there is none, or another server has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_rewrap(
        &self,
        server_id: Uuid,
        sealing_key_id: &str,
        lease: Duration,
    ) -> Result<Option<KeyRotation>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let running = sqlx::query_scalar!(
            r#"/* rewrap::take_rewrap */
            select exists(select from key_rotations where finished_at is null) as "running!""#
        )
        .fetch_one(&mut *tx)
        .await?;
        if !running {
            if !is_other_key_carried(&mut tx, sealing_key_id).await? {
                return Ok(None);
            }
            begin_rewrap(&mut tx, sealing_key_id, sealing_key_id, "connector").await?;
        }
        let taken = sqlx::query_as!(
            KeyRotation,
            "/* rewrap::take_rewrap */
            update key_rotations
            set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2)
            where finished_at is null
              and (lease_owner = $1 or lease_until is null or lease_until < clock_timestamp())
            returning rotation_id, from_key_id, to_key_id, requested_by, started_at, finished_at, rewrapped,
                unreadable",
            server_id,
            lease.as_seconds_f64(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Rows that carry another key, by id, after one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows_to_rewrap(
        &self,
        key_id: &str,
        after: Uuid,
        limit: i64,
    ) -> Result<Vec<RowToRewrap>, StoreError> {
        Ok(sqlx::query_as!(
            RowToRewrap,
            "/* rewrap::rows_to_rewrap */
            select secret_id, portal_id, kind, version, sealed from secrets
            where secret_id > $2 and key_id is distinct from $1
            order by secret_id
            limit $3",
            key_id,
            after,
            limit,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?)
    }

    /// Replaces envelopes by the same ones under another key: id, as it was read, as it becomes. What has changed since
    /// is left alone, and so is what somebody is just changing. Renews the lease; `false` when it is somebody else's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rewrap_rows(
        &self,
        server_id: Uuid,
        rows: Vec<(Uuid, Vec<u8>, Vec<u8>)>,
        lease: Duration,
    ) -> Result<bool, StoreError> {
        let (mut ids, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
        for (id, old, new) in rows {
            ids.push(id);
            before.push(old);
            after.push(new);
        }
        let held = sqlx::query_scalar!(
            r#"/* rewrap::rewrap_rows */
            with picked as (
                select s.secret_id, given.after
                from unnest($1::uuid[], $2::bytea[], $3::bytea[]) as given (secret_id, before, after)
                join secrets s on s.secret_id = given.secret_id and s.sealed = given.before
                for update of s skip locked
            ), replaced as (
                update secrets s set sealed = picked.after
                from picked where s.secret_id = picked.secret_id
                returning s.secret_id
            )
            update key_rotations
            set rewrapped = rewrapped + (select count(*) from replaced),
                lease_until = clock_timestamp() + make_interval(secs => $5)
            where finished_at is null and lease_owner = $4
            returning true as "held!""#,
            &ids,
            &before,
            &after,
            server_id,
            lease.as_seconds_f64(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(held.is_some())
    }

    /// Ends a pass over all rows. The rotation is finished when no row carries another key and every running server
    /// seals with the new one; otherwise another pass follows, by whoever takes it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_rewrap(
        &self,
        server_id: Uuid,
        key_id: &str,
        unreadable: i64,
        live: Duration,
    ) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await?;
        // A server that starts and a rotation that begins wait for this.
        let sealing = sqlx::query_scalar!(
            "/* rewrap::end_rewrap */ select sealing_key_id from installation for update"
        )
        .fetch_one(&mut *tx)
        .await?;
        let lagging = sqlx::query_scalar!(
            r#"/* rewrap::end_rewrap */
            select exists(
                select from key_holders
                where sealing_key_id <> $1 and seen_at > clock_timestamp() - make_interval(secs => $2)
            ) as "lagging!""#,
            key_id,
            live.as_seconds_f64(),
        )
        .fetch_one(&mut *tx)
        .await?;
        let is_done =
            sealing.as_deref() == Some(key_id) && !lagging && !is_other_key_carried(&mut tx, key_id).await?;
        sqlx::query!(
            "/* rewrap::end_rewrap */
            update key_rotations
            set unreadable = $2, lease_owner = null, lease_until = null,
                finished_at = case when $3 then clock_timestamp() end
            where finished_at is null and lease_owner = $1",
            server_id,
            unreadable,
            is_done,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(is_done)
    }
}
