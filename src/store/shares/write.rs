//! The write: what an allocation changes of several portals and of their org, in one statement, whole or not at all.

use time::OffsetDateTime;

use crate::{
    domain::OrgId,
    store::{
        Call, Store, StoreError,
        audit::{Changed, Columns},
        transaction::write_json,
    },
};

/// What must still be so of the org when its shares are written.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) org_id: OrgId,
    /// The version of the org's row, as the database counts it: whatever takes more of an org's calls, or changes what
    /// the org is granted, writes the row.
    pub(super) row_version: String,
    /// When it was read: the time of the change.
    pub(super) now: OffsetDateTime,
}

/// What an org's row became.
pub(super) struct Written {
    pub(super) version: i64,
    pub(super) updated_at: OffsetDateTime,
}

impl Store {
    /// Writes what changed, if all of it is still as it was read.
    pub(super) async fn share_out(
        &self,
        call: &Call,
        guard: Guard,
        changed: Vec<Changed>,
    ) -> Result<Option<Written>, StoreError> {
        let columns = Columns::of(call, guard.now, &changed)?;
        let events = changed.into_iter().filter_map(Changed::into_event).collect();
        let (store, call) = (self.clone(), call.clone());
        self.write_in_a_task(events, async move { store.write_shares(&call, &guard, &columns).await }).await
    }

    /// Writes all portals' connections, setups, events and audit rows, the org's version and the answer, if all portals
    /// and the org are free and still as they were read and the request has no answer yet. `None`, and nothing written,
    /// if not.
    async fn write_shares(
        &self,
        call: &Call,
        guard: &Guard,
        columns: &Columns,
    ) -> Result<Option<Written>, StoreError> {
        Ok(sqlx::query_as!(
            Written,
            r#"/* shares::write_shares */
            with asked as (
                select * from unnest(
                    $1::bigint[], $2::bigint[], $3::jsonb[], $4::bigint[], $5::bytea[], $6::bytea[], $7::text[],
                    $8::text[]
                ) as a (portal_id, revision, changes, sequence, prev_hash, hash, kinds, details)
            ), free as materialized (
                select asked.* from asked
                join portals p on p.portal_id = asked.portal_id
                    and p.revision = asked.revision - 1 and p.audit_sequence = asked.sequence - 1
                    and p.audit_head = asked.prev_hash
                for no key update of p skip locked
            ), org as materialized (
                select org_id from orgs where org_id = $9 and xmin::text = $10 for no key update skip locked
            ), recorded as (
                insert into request_records (principal, method, request_id, payload_hash, answer)
                select $11, $12, $13, $14, $15 from org
                where (select count(*) from free) = (select count(*) from asked)
                on conflict do nothing
                returning request_id
            ), fresh as materialized (
                select free.* from free cross join recorded
            ), changed as materialized (
                select portal_id, revision, change ->> 'kind' as kind, change -> 'after' as after
                from fresh cross join lateral jsonb_array_elements(changes) as change
            ), saved_connections as (
                update connections
                set api_call_limit = (after ->> 'api_call_limit')::bigint, version = revision
                from changed where kind = 'connection' and connection_id = (after ->> 'id')::uuid
            ), saved_setups as (
                update setups set state = after -> 'setup', version = revision
                from changed where kind = 'setup' and setup_id = (after #>> '{setup,id}')::uuid
            ), raised as (
                update portals
                set revision = fresh.revision, audit_sequence = fresh.sequence, audit_head = fresh.hash
                from fresh where portals.portal_id = fresh.portal_id
            ), audited as (
                insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                    call_id, reason, kinds, details, prev_hash, hash)
                select portal_id, sequence, revision, $16, $11, $12, $13, $17, $18, string_to_array(kinds, ','),
                    details::json, prev_hash, hash
                from fresh
            ), appended as (
                insert into portal_events (portal_id, revision, kinds, changes, principal, method, occurred_at)
                select portal_id, revision, array(
                    select distinct change ->> 'kind' from jsonb_array_elements(changes) as change
                ), changes, $11, $12, $16
                from fresh
            )
            update orgs set version = version + 1, updated_at = now()
            from recorded where org_id = $9
            returning version, updated_at"#,
            &columns.portals,
            &columns.revisions,
            &columns.events,
            &columns.sequences,
            &columns.prev_hashes,
            &columns.hashes,
            &columns.kinds,
            &columns.details,
            guard.org_id.as_str(),
            guard.row_version,
            call.principal,
            call.method,
            call.request_id,
            call.payload_hash.as_slice(),
            write_json("answer", &())?,
            guard.now,
            call.call_id,
            call.reason,
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?)
    }
}
