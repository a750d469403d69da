//! The write: changes of many portals in one statement and one commit, each of them whole or not at all.

use std::{
    collections::{BTreeMap, HashMap, HashSet, btree_map::Entry},
    sync::Arc,
};

use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::setups::write_setups;
use crate::{
    audit::Row,
    domain::change::Event,
    store::{
        Commits, StoreError,
        actors::{Actors, Work, ended},
        session::{Link, Session},
    },
};

/// All that one change writes. What things have become is told by its event.
pub(in crate::store) struct Sealed {
    /// What the portal's revision must still be.
    pub(super) revision: i64,
    /// The same again when only the audit trail tells of the change.
    pub(super) next_revision: i64,
    /// Nothing changes but a setup.
    pub(super) is_setup: bool,
    /// Of the changes, separated by commas.
    pub(super) kinds: String,
    pub(super) changes: String,
    pub(super) beside: String,
    pub(super) answer: String,
    pub(super) payload_hash: Vec<u8>,
    pub(super) audit: Row,
    /// What watches are told once it is committed.
    pub(super) event: Option<Arc<Event>>,
}

/// Writes changes.
pub(in crate::store) struct Writer(Actors<Writing>);

impl Writer {
    pub(in crate::store) fn new(commits: Commits, link: Link, tasks: TaskTracker) -> Self {
        Self(Actors::new(Writing { commits }, link, tasks))
    }

    /// The database's time, once it was written and committed. If not, the portal had changed, or somebody holds it, or the
    /// statement failed, or its answer was lost: then it may have been written after all.
    pub(super) async fn write(&self, change: Sealed) -> Result<Option<OffsetDateTime>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.give(Waiting { change, reply }).await?;
        answer.await.map_err(|_| ended())
    }

    pub(in crate::store) fn close(&self) {
        self.0.close();
    }
}

struct Waiting {
    change: Sealed,
    reply: oneshot::Sender<Option<OffsetDateTime>>,
}

struct Writing {
    commits: Commits,
}

impl Work for Writing {
    type Item = Waiting;
    /// One fills while the other one waits for the disk.
    const TASKS: usize = 2;
    const BATCH: usize = 100;

    async fn work(&self, session: &mut Session, waiting: Vec<Waiting>) {
        let (mut batch, mut requests) = (BTreeMap::new(), HashSet::new());
        for Waiting { change, reply } in waiting {
            if reply.is_closed() {
                continue;
            }
            match batch.entry(change.audit.draft.portal_id) {
                Entry::Vacant(free) if requests.insert(change.audit.draft.request_id) => {
                    free.insert((change, reply));
                }
                // Of two changes of one portal, or under one request id, one must see the other's.
                Entry::Vacant(_) | Entry::Occupied(_) => {
                    let _ = reply.send(None);
                }
            }
        }
        if batch.is_empty() {
            return;
        }
        let (changes, replies): (Vec<Sealed>, Vec<_>) = batch.into_values().unzip();
        let events: Vec<Option<Arc<Event>>> = changes.iter().map(|change| change.event.clone()).collect();
        let columns = Columns::of(changes);
        crate::failpoint::hit("store.before_commit").await;
        let written = session.run(|connection| async {
            if columns.are_setups {
                write_setups(connection, &columns).await
            } else {
                write(connection, &columns).await
            }
        });
        let written = match written.await {
            Ok(written) => written,
            Err(error) => {
                tracing::info!(%error, changes = replies.len(), "changes go the locking way, one by one");
                HashMap::new()
            }
        };
        crate::failpoint::hit("store.after_commit").await;
        for ((portal_id, event), reply) in columns.portals.iter().zip(events).zip(replies) {
            let written_at = written.get(portal_id).copied();
            if let Some(event) = event.filter(|_| written_at.is_some()) {
                self.commits.publish(&event);
            }
            let _ = reply.send(written_at);
        }
    }
}

/// What the statement is given, a column each.
#[derive(Default)]
pub(super) struct Columns {
    /// Nothing but setups changes.
    are_setups: bool,
    pub(super) portals: Vec<i64>,
    pub(super) revisions: Vec<i64>,
    pub(super) next_revisions: Vec<i64>,
    pub(super) kinds: Vec<String>,
    pub(super) changes: Vec<String>,
    pub(super) beside: Vec<String>,
    pub(super) principals: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) times: Vec<OffsetDateTime>,
    pub(super) requests: Vec<Uuid>,
    pub(super) payload_hashes: Vec<Vec<u8>>,
    pub(super) answers: Vec<String>,
    pub(super) sequences: Vec<i64>,
    pub(super) prev_hashes: Vec<Vec<u8>>,
    pub(super) hashes: Vec<Vec<u8>>,
    pub(super) call_ids: Vec<Option<String>>,
    pub(super) reasons: Vec<Option<String>>,
    pub(super) audit_kinds: Vec<String>,
    pub(super) details: Vec<String>,
}

impl Columns {
    fn of(changes: Vec<Sealed>) -> Self {
        let are_setups = changes.iter().all(|change| change.is_setup);
        let mut columns = Self { are_setups, ..Self::default() };
        for change in changes {
            let Row { sequence, prev_hash, hash, draft } = change.audit;
            columns.portals.push(draft.portal_id);
            columns.revisions.push(change.revision);
            columns.next_revisions.push(change.next_revision);
            columns.kinds.push(change.kinds);
            columns.changes.push(change.changes);
            columns.beside.push(change.beside);
            columns.principals.push(draft.principal);
            columns.methods.push(draft.method);
            columns.times.push(draft.occurred_at);
            columns.requests.push(draft.request_id);
            columns.payload_hashes.push(change.payload_hash);
            columns.answers.push(change.answer);
            columns.sequences.push(sequence);
            columns.prev_hashes.push(prev_hash.to_vec());
            columns.hashes.push(hash.to_vec());
            columns.call_ids.push(draft.call_id);
            columns.reasons.push(draft.reason);
            columns.audit_kinds.push(draft.kinds.join(","));
            columns.details.push(draft.details);
        }
        columns
    }
}

/// Writes the changes whose portals are free and still as they were read. Returns those portals, and when.
///
/// A portal that somebody else holds is passed over: its change must not hold up those of all others. Which requests
/// were answered before is decided here as well, by their records. The audit trail's sequence rises also with what leaves
/// the revision as it is; its head stands for all that ever happened to the portal, also where a failover has lost the end.
async fn write(
    connection: &mut PgConnection,
    columns: &Columns,
) -> Result<HashMap<i64, OffsetDateTime>, sqlx::Error> {
    let written = sqlx::query!(
        r#"/* optimistic::write */
        with asked as (
            select * from unnest(
                $1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::timestamptz[], $10::uuid[], $11::bytea[], $12::text[], $13::bigint[], $14::bytea[], $15::bytea[],
                $16::text[], $17::text[], $18::text[], $19::text[]
            ) as a (portal_id, revision, next, kinds, changes, beside, principal, method, occurred_at, request_id,
                payload_hash, answer, sequence, prev_hash, hash, call_id, reason, audit_kinds, details)
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
            select free.*, free.changes::jsonb as event, free.beside::jsonb as extra
            from free join recorded using (request_id)
        ), changed as materialized (
            select portal_id, next, change ->> 'kind' as kind, change -> 'after' as after
            from fresh cross join lateral jsonb_array_elements(event) as change
        ), saved_setups as (
            insert into setups (setup_id, portal_id, active, state, version, created_at)
            select (after #>> '{setup,id}')::uuid, portal_id, after #>> '{setup,status}' <> 'abandoned',
                after -> 'setup', next, (after #>> '{setup,created_at}')::timestamptz
            from changed where kind = 'setup'
            on conflict (setup_id) do update
            set active = excluded.active, state = excluded.state, version = excluded.version
        ), saved_connections as (
            update connections
            set state = after ->> 'state', credential = nullif(after -> 'credential', 'null'),
                api_call_limit = (after ->> 'api_call_limit')::bigint, findings = after -> 'findings',
                probed_at = (after ->> 'probed_at')::timestamptz,
                disconnected_at = (after ->> 'disconnected_at')::timestamptz, version = next
            from changed where kind = 'connection' and connection_id = (after ->> 'id')::uuid
        ), saved_test_contacts as (
            insert into test_contacts (test_contact_id, portal_id, state, version)
            select (after ->> 'id')::uuid, portal_id, after, next from changed where kind = 'test_contact'
            on conflict (test_contact_id) do update set state = excluded.state, version = excluded.version
        ), saved_handoffs as (
            insert into handoffs
                (handoff_id, setup_id, portal_id, token_hash, created_by, created_at, expires_at, revoked_at)
            select (after ->> 'id')::uuid, (after ->> 'setup_id')::uuid, portal_id,
                decode(extra ->> 'token_hash', 'hex'), after ->> 'created_by',
                (after ->> 'created_at')::timestamptz, (after ->> 'expires_at')::timestamptz,
                (after ->> 'revoked_at')::timestamptz
            from changed join fresh using (portal_id)
            where changed.kind = 'handoff' and extra ->> 'token_hash' is not null
        ), revoked_handoffs as (
            update handoffs set revoked_at = (after ->> 'revoked_at')::timestamptz
            from changed where kind = 'handoff' and handoff_id = (after ->> 'id')::uuid
        ), kept as materialized (
            select fresh.portal_id, secret.*
            from fresh cross join lateral jsonb_to_recordset(extra -> 'secrets')
                as secret (kind text, role text, "row" jsonb)
        ), removed_secrets as (
            delete from secrets using kept
            where secrets.portal_id = kept.portal_id and secrets.kind = kept.kind and secrets.role = kept.role
                and kept."row" is null
        ), saved_secrets as (
            insert into secrets (secret_id, portal_id, kind, role, version, sealed, info)
            select ("row" ->> 'secret_id')::uuid, portal_id, kind, role, ("row" ->> 'version')::integer,
                decode("row" ->> 'sealed', 'hex'), "row" -> 'info'
            from kept where "row" is not null
            on conflict (portal_id, kind, role) do update
            set secret_id = excluded.secret_id, version = excluded.version, sealed = excluded.sealed,
                info = excluded.info, created_at = excluded.created_at
        ), added_jobs as (
            insert into jobs (job_id, portal_id, kind, subject_id, run_at)
            select job_id, portal_id, job.kind, subject_id, run_at
            from fresh cross join lateral jsonb_to_recordset(extra -> 'jobs')
                as job (job_id uuid, kind text, subject_id uuid, run_at timestamptz)
            on conflict (kind, subject_id) do update
            set job_id = excluded.job_id, run_at = excluded.run_at, lease_owner = null, lease_until = null
        ), appended as (
            insert into portal_events (portal_id, revision, kinds, changes, principal, method, occurred_at)
            select portal_id, next, string_to_array(kinds, ','), event, principal, method, occurred_at
            from fresh where kinds <> ''
        ), audited as (
            insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id,
                reason, kinds, details, prev_hash, hash)
            select portal_id, sequence, next, occurred_at, principal, method, request_id, call_id, reason,
                string_to_array(audit_kinds, ','), details::json, prev_hash, hash
            from fresh
        )
        update portals
        set revision = next, audit_sequence = sequence, audit_head = hash,
            portal = coalesce(
                jsonb_path_query_first(event, '$[*] ? (@.kind == "portal").after'), portals.portal
            ),
            sync = coalesce(jsonb_path_query_first(event, '$[*] ? (@.kind == "sync").after.state'), portals.sync),
            sync_version = case when event @? '$[*] ? (@.kind == "sync")' then next else portals.sync_version end
        from fresh where portals.portal_id = fresh.portal_id
        returning portals.portal_id, clock_timestamp() as "at!""#,
        &columns.portals,
        &columns.revisions,
        &columns.next_revisions,
        &columns.kinds,
        &columns.changes,
        &columns.beside,
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
        &columns.audit_kinds,
        &columns.details,
    )
    .fetch_all(connection)
    .await?;
    Ok(written.into_iter().map(|row| (row.portal_id, row.at)).collect())
}
