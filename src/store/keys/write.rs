//! The writes of [`super::seen`]: each is one statement that takes the installation's row, changes keys, and leaves the
//! audit row and the answer behind, or does nothing at all.

use time::Duration;
use uuid::Uuid;

use super::KeyRotation;
use crate::{
    audit::Row,
    store::{Store, StoreError, transaction::write_json},
};

/// What a change of keys writes whatever it is.
pub(super) struct KeyChange {
    /// What the version of the installation's row must still be.
    pub(super) row_version: String,
    pub(super) audit: Row,
    pub(super) payload_hash: [u8; 32],
}

impl Store {
    /// `None`, and nothing written, when the installation's row was written or is held, the request has an answer, the
    /// key is given up, or a running server does not open with it.
    pub(super) async fn write_rotation(
        &self,
        change: &KeyChange,
        from: &str,
        to: &str,
        live: Duration,
    ) -> Result<Option<KeyRotation>, StoreError> {
        let KeyChange { row_version, audit, payload_hash } = change;
        Ok(sqlx::query_as!(
            KeyRotation,
            r#"/* keys::write_rotation */
            with held as materialized (
                select incarnation from installation
                where xmin::text = $1 and audit_sequence = $8::bigint - 1 and audit_head = $15
                for no key update skip locked
            ), recorded as (
                insert into request_records (principal, method, request_id, payload_hash, answer)
                select $2, $3, $4, $5, $6 from held
                where not exists (select from retired_keys where key_id = $17)
                  and not exists (
                      select from key_holders
                      where seen_at > clock_timestamp() - make_interval(secs => $18)
                        and not ($17 = any(key_ids) or coalesce(starts_with($17, key_family), false))
                  )
                on conflict do nothing
                returning request_id
            ), audited as (
                insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                    call_id, reason, kinds, details, prev_hash, hash)
                select $7, $8, $9, $10, $2, $3, $4, $11, $12, $13, $14::text::json, $15, $16 from recorded
            ), sealing as (
                update installation set sealing_key_id = $17, audit_sequence = $8, audit_head = $16 from recorded
            ), begun as (
                insert into key_rotations (rotation_id, from_key_id, to_key_id, requested_by)
                select $19, $20, $17, $2 from recorded
                on conflict ((true)) where finished_at is null do update
                set to_key_id = excluded.to_key_id, requested_by = excluded.requested_by
                returning rotation_id, from_key_id, to_key_id, requested_by, started_at, finished_at, rewrapped,
                    unreadable
            )
            select rotation_id as "rotation_id!", from_key_id as "from_key_id!", to_key_id as "to_key_id!",
                requested_by as "requested_by!", started_at as "started_at!", finished_at,
                rewrapped as "rewrapped!", unreadable as "unreadable!"
            from begun"#,
            row_version,
            audit.draft.principal,
            audit.draft.method,
            audit.draft.request_id,
            payload_hash.as_slice(),
            write_json("answer", &())?,
            audit.draft.portal_id,
            audit.sequence,
            audit.draft.revision,
            audit.draft.occurred_at,
            audit.draft.call_id,
            audit.draft.reason,
            &audit.draft.kinds,
            audit.draft.details,
            audit.prev_hash.as_slice(),
            audit.hash.as_slice(),
            to,
            live.as_seconds_f64(),
            Uuid::now_v7(),
            from,
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?)
    }

    /// `None`, and nothing written, when the installation's row was written or is held, the request has an answer, a row
    /// carries one of the keys, or a running server seals with one.
    pub(super) async fn write_retirement(
        &self,
        change: &KeyChange,
        keys: &[String],
        live: Duration,
    ) -> Result<Option<()>, StoreError> {
        let KeyChange { row_version, audit, payload_hash } = change;
        let written = sqlx::query_scalar!(
            r#"/* keys::write_retirement */
            with held as materialized (
                select incarnation from installation
                where xmin::text = $1 and audit_sequence = $8::bigint - 1 and audit_head = $15
                  and not coalesce(sealing_key_id = any($17), false)
                for no key update skip locked
            ), recorded as (
                insert into request_records (principal, method, request_id, payload_hash, answer)
                select $2, $3, $4, $5, $6 from held
                where not exists (select from secrets where key_id = any($17))
                  and not exists (
                      select from key_holders
                      where seen_at > clock_timestamp() - make_interval(secs => $18) and sealing_key_id = any($17)
                  )
                on conflict do nothing
                returning request_id
            ), audited as (
                insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                    call_id, reason, kinds, details, prev_hash, hash)
                select $7, $8, $9, $10, $2, $3, $4, $11, $12, $13, $14::text::json, $15, $16 from recorded
            ), retired as (
                insert into retired_keys (key_id, retired_by)
                select given_up, $2 from unnest($17::text[]) as given_up cross join recorded
                on conflict (key_id) do nothing
            )
            update installation set audit_sequence = $8, audit_head = $16 from recorded
            returning true as "written!""#,
            row_version,
            audit.draft.principal,
            audit.draft.method,
            audit.draft.request_id,
            payload_hash.as_slice(),
            write_json("answer", &())?,
            audit.draft.portal_id,
            audit.sequence,
            audit.draft.revision,
            audit.draft.occurred_at,
            audit.draft.call_id,
            audit.draft.reason,
            &audit.draft.kinds,
            audit.draft.details,
            audit.prev_hash.as_slice(),
            audit.hash.as_slice(),
            keys,
            live.as_seconds_f64(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(written.map(|_| ()))
    }
}
