//! The write: many portals' steps in one statement and one commit, each of them whole or not at all.

use std::{
    collections::{BTreeMap, HashSet, btree_map::Entry},
    sync::Arc,
};

use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    audit::Row,
    domain::change::Event,
    store::{
        Commits, StoreError,
        actors::{Actors, Work, ended},
        session::{Link, Session},
    },
};

/// All that one step writes.
pub(in crate::store) struct Sealed {
    /// What the portal's revision must still be.
    pub(super) revision: i64,
    pub(super) portal: Option<String>,
    pub(super) sync: Option<String>,
    pub(super) setup_id: Uuid,
    pub(super) setup: String,
    /// Of the changes, separated by commas.
    pub(super) kinds: String,
    pub(super) changes: String,
    pub(super) answer: String,
    pub(super) payload_hash: Vec<u8>,
    pub(super) audit: Row,
    /// What watches are told once it is committed.
    pub(super) event: Arc<Event>,
}

/// Writes steps.
pub(in crate::store) struct Writer(Actors<Writing>);

impl Writer {
    pub(in crate::store) fn new(commits: Commits, link: Link, tasks: TaskTracker) -> Self {
        Self(Actors::new(Writing { commits }, link, tasks))
    }

    /// Whether it was written and committed. If not, the portal had changed, or somebody holds it, or the statement
    /// failed, or its answer was lost: then it may have been written after all.
    pub(super) async fn write(&self, step: Sealed) -> Result<bool, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.0.give(Waiting { step, reply }).await?;
        answer.await.map_err(|_| ended())
    }

    pub(in crate::store) fn close(&self) {
        self.0.close();
    }
}

struct Waiting {
    step: Sealed,
    reply: oneshot::Sender<bool>,
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
        for Waiting { step, reply } in waiting {
            if reply.is_closed() {
                continue;
            }
            match batch.entry(step.event.portal_id.get()) {
                Entry::Vacant(free) if requests.insert(step.audit.draft.request_id) => {
                    free.insert((step, reply));
                }
                // Of two steps of one portal, or under one request id, one must see the other's.
                Entry::Vacant(_) | Entry::Occupied(_) => {
                    let _ = reply.send(false);
                }
            }
        }
        if batch.is_empty() {
            return;
        }
        let (steps, replies): (Vec<Sealed>, Vec<_>) = batch.into_values().unzip();
        let events: Vec<Arc<Event>> = steps.iter().map(|step| Arc::clone(&step.event)).collect();
        let columns = Columns::of(steps);
        crate::failpoint::hit("store.before_commit").await;
        let written = match session.run(|connection| write(connection, &columns)).await {
            Ok(written) => written,
            Err(error) => {
                tracing::info!(%error, steps = replies.len(), "steps go the usual way, one by one");
                HashSet::new()
            }
        };
        crate::failpoint::hit("store.after_commit").await;
        for (event, reply) in events.iter().zip(replies) {
            let is_written = written.contains(&event.portal_id.get());
            if is_written {
                self.commits.publish(event);
            }
            let _ = reply.send(is_written);
        }
    }
}

/// What the statement is given, a column each.
#[derive(Default)]
struct Columns {
    portals: Vec<i64>,
    revisions: Vec<i64>,
    new_portals: Vec<Option<String>>,
    new_syncs: Vec<Option<String>>,
    setup_ids: Vec<Uuid>,
    setups: Vec<String>,
    kinds: Vec<String>,
    changes: Vec<String>,
    principals: Vec<String>,
    methods: Vec<String>,
    times: Vec<OffsetDateTime>,
    requests: Vec<Uuid>,
    payload_hashes: Vec<Vec<u8>>,
    answers: Vec<String>,
    sequences: Vec<i64>,
    prev_hashes: Vec<Vec<u8>>,
    hashes: Vec<Vec<u8>>,
    call_ids: Vec<Option<String>>,
    reasons: Vec<Option<String>>,
    audit_kinds: Vec<String>,
    details: Vec<String>,
}

impl Columns {
    fn of(steps: Vec<Sealed>) -> Self {
        let mut columns = Self::default();
        for step in steps {
            let Row { sequence, prev_hash, hash, draft } = step.audit;
            columns.portals.push(step.event.portal_id.get());
            columns.revisions.push(step.revision);
            columns.new_portals.push(step.portal);
            columns.new_syncs.push(step.sync);
            columns.setup_ids.push(step.setup_id);
            columns.setups.push(step.setup);
            columns.kinds.push(step.kinds);
            columns.changes.push(step.changes);
            columns.principals.push(draft.principal);
            columns.methods.push(draft.method);
            columns.times.push(draft.occurred_at);
            columns.requests.push(draft.request_id);
            columns.payload_hashes.push(step.payload_hash);
            columns.answers.push(step.answer);
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

/// Writes the steps whose portals are free and still as they were read. Returns those portals.
///
/// A portal that somebody else holds is passed over: its step must not hold up those of all others. Which requests were
/// answered before is decided here as well, by their records.
async fn write(connection: &mut PgConnection, columns: &Columns) -> Result<HashSet<i64>, sqlx::Error> {
    let written = sqlx::query_scalar!(
        r#"/* steps::write */
        with asked as (
            select * from unnest(
                $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::timestamptz[], $12::uuid[], $13::bytea[], $14::text[], $15::bigint[],
                $16::bytea[], $17::bytea[], $18::text[], $19::text[], $20::text[], $21::text[]
            ) as a (portal_id, revision, portal, sync, setup_id, setup, kinds, changes, principal, method, occurred_at,
                request_id, payload_hash, answer, sequence, prev_hash, hash, call_id, reason, audit_kinds, details)
        ), free as (
            select asked.* from asked
            join portals p on p.portal_id = asked.portal_id and p.revision = asked.revision
            for no key update of p skip locked
        ), recorded as (
            insert into request_records (principal, method, request_id, payload_hash, answer)
            select principal, method, request_id, payload_hash, answer::jsonb from free
            on conflict do nothing
            returning principal, method, request_id
        ), fresh as (
            select free.* from free join recorded using (principal, method, request_id)
        ), saved as (
            update setups set state = fresh.setup::jsonb, version = fresh.revision + 1
            from fresh where setups.setup_id = fresh.setup_id
        ), appended as (
            insert into portal_events (portal_id, revision, kinds, changes, principal, method, occurred_at)
            select portal_id, revision + 1, string_to_array(kinds, ','), changes::jsonb, principal, method, occurred_at
            from fresh
        ), audited as (
            insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id,
                reason, kinds, details, prev_hash, hash)
            select portal_id, sequence, revision + 1, occurred_at, principal, method, request_id, call_id, reason,
                string_to_array(audit_kinds, ','), details::json, prev_hash, hash
            from fresh
        )
        update portals
        set revision = fresh.revision + 1, audit_sequence = fresh.sequence, audit_head = fresh.hash,
            portal = coalesce(fresh.portal::jsonb, portals.portal), sync = coalesce(fresh.sync::jsonb, portals.sync),
            sync_version = case when fresh.sync is null then portals.sync_version else fresh.revision + 1 end
        from fresh where portals.portal_id = fresh.portal_id
        returning portals.portal_id"#,
        &columns.portals,
        &columns.revisions,
        &columns.new_portals as &[Option<String>],
        &columns.new_syncs as &[Option<String>],
        &columns.setup_ids,
        &columns.setups,
        &columns.kinds,
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
        &columns.audit_kinds,
        &columns.details,
    )
    .fetch_all(connection)
    .await?;
    Ok(written.into_iter().collect())
}
