//! The write of a batch that changes setups alone, as the steps of the wizard do: most changes are such, and without the
//! tables that they do not touch the database needs a third less time for one.

use std::collections::HashMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::write::Columns;

/// As [`write`](super::write), under the same guards.
pub(super) async fn write_setups(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<HashMap<i64, OffsetDateTime>, sqlx::Error> {
    let written = sqlx::query!(
        r#"/* optimistic::write_setups */
        with asked as (
            select * from unnest(
                $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[],
                $8::uuid[], $9::bytea[], $10::text[], $11::bigint[], $12::bytea[], $13::bytea[], $14::text[],
                $15::text[], $16::text[]
            ) as a (portal_id, revision, next, changes, principal, method, occurred_at, request_id, payload_hash,
                answer, sequence, prev_hash, hash, call_id, reason, details)
        ), free as (
            select asked.* from asked
            join portals p on p.portal_id = asked.portal_id
                and p.revision = asked.revision and p.audit_sequence = asked.sequence - 1
                and p.audit_head = asked.prev_hash
            for no key update of p skip locked
        ), recorded as (
            insert into request_records (principal, method, request_id, payload_hash, answer)
            select principal, method, request_id, payload_hash, answer::jsonb from free
            on conflict do nothing
            returning request_id
        ), fresh as materialized (
            -- Within a batch each request id is there once.
            select free.*, free.changes::jsonb as event from free join recorded using (request_id)
        ), saved_setups as (
            insert into setups (setup_id, portal_id, active, state, version, created_at)
            select (state ->> 'id')::uuid, portal_id, state ->> 'status' <> 'abandoned', state, next,
                (state ->> 'created_at')::timestamptz
            from fresh cross join lateral (select event #> '{0,after,setup}' as state) as setup
            on conflict (setup_id) do update
            set active = excluded.active, state = excluded.state, version = excluded.version
        ), appended as (
            insert into portal_events (portal_id, revision, kinds, changes, principal, method, occurred_at)
            select portal_id, next, '{setup}', event, principal, method, occurred_at from fresh
        ), audited as (
            insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id,
                reason, kinds, details, prev_hash, hash)
            select portal_id, sequence, next, occurred_at, principal, method, request_id, call_id, reason, '{setup}',
                details::json, prev_hash, hash
            from fresh
        )
        update portals set revision = next, audit_sequence = sequence, audit_head = hash
        from fresh where portals.portal_id = fresh.portal_id
        returning portals.portal_id, clock_timestamp() as "at!""#,
        &columns.portals,
        &columns.revisions,
        &columns.next_revisions,
        &columns.changes,
        &columns.principals,
        &columns.methods,
        &columns.times,
        &columns.requests,
        &columns.payload_hashes,
        &columns.answers,
        &columns.sequences,
        &columns.prev_hashes,
        &columns.hashes,
        &columns.call_ids as &[Option<String>],
        &columns.reasons as &[Option<String>],
        &columns.details,
    )
    .fetch_all(connection)
    .await?;
    Ok(written.into_iter().map(|row| (row.portal_id, row.at)).collect())
}
