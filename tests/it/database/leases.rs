//! A worker that overslept: it is held at a point, its lease runs out, another server takes the job and ends it. Then
//! the first one wakes up and goes on. It must not write anything, and nothing may happen twice at the vendors.
//!
//! What it may still write down are facts about itself: the calls that it has made, how its login came out.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, CleanupState, ConnectState, ErrorReason, TestContactStatus},
    domain::{PortalId, Reason},
    failpoint,
    store::{Call, Job, JobKind, Lease, Store, StoreError, Target},
};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::raw::{connect, count, counts_to, run, seed, store};
use crate::harness::{
    PATIENCE, TestDatabase, World, eventually,
    walk::{ACME_ADMIN, Walk, request_id},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    Connect,
    Test,
    Delete,
}

/// Two servers whose leases outlive the test unless it makes them run out. A transaction that sleeps is soon ended by
/// the database, but one that merely runs on a machine that stalls is not: its job would be put away twice.
async fn two_servers() -> Result<World> {
    let mut world = World::start_with(|config| {
        config.worker.lease_duration = Duration::from_secs(3_600);
        config.worker.logins_per_hour = std::num::NonZeroU32::MIN.saturating_add(999);
        config.database.idle_in_transaction_timeout = Duration::from_secs(2);
        config.database.lock_timeout = Duration::from_secs(10);
        config.database.statement_timeout = Duration::from_secs(10);
    })
    .await?;
    world.add_server().await?;
    Ok(world)
}

/// Asks for the operation; returns what it is about. A deletion is asked for what there is.
async fn ask(walk: &Walk, operation: Operation, there: &str) -> Result<String> {
    Ok(match operation {
        Operation::Connect => walk.start_to_connect().await?.attempt_id,
        Operation::Test => walk.create_test_contact().await?.test_contact_id,
        Operation::Delete => {
            let test_contact_id = there.to_owned();
            let request = v1::DeleteTestContactRequest { request_id: request_id(), test_contact_id };
            walk.clients.test_contacts.clone().delete_test_contact(request).await?;
            there.to_owned()
        }
    })
}

async fn contact(walk: &Walk, id: &str) -> Result<v1::TestContact> {
    let request = v1::GetTestContactRequest { test_contact_id: id.to_owned() };
    let answer = walk.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
    answer.test_contact.context("no test contact")
}

/// Waits until it has ended well, and once; the vendors are asked.
async fn ended(world: &World, walk: &Walk, operation: Operation, id: &str) -> Result<()> {
    match operation {
        Operation::Connect => {
            let attempt = walk.attempt_ended(id).await?;
            // A login that somebody may be about to send is not sent by a second one.
            let in_flight = attempt.reason() == ErrorReason::LoginOutcomeUnknown;
            ensure!(attempt.state() == ConnectState::Connected || in_flight, "{attempt:?}");
        }
        Operation::Test => {
            let contact = walk.test_ended(id).await?;
            ensure!(contact.status() == TestContactStatus::Completed, "{contact:?}");
        }
        Operation::Delete => {
            eventually("it is deleted", async || {
                Ok(Some(contact(walk, id).await?).filter(|one| one.cleanup() == CleanupState::Deleted))
            })
            .await?;
        }
    }
    counts_to(&world.database, "select count(*) from jobs", 0).await
}

/// How often the contact was created in HubSpot, and how many of it Salesforce holds.
async fn at_the_vendors(world: &World, walk: &Walk, id: &str) -> Result<(u64, usize)> {
    let email = contact(walk, id).await?.email;
    let created = world.simulators.hubspot.created_with_email(u64::try_from(walk.portal_id)?, &email);
    let mut held = 0;
    for object in ["Lead", "Contact"] {
        let records =
            world.simulators.salesforce.records(ACME_ADMIN, object, false).map_err(anyhow::Error::msg)?;
        held += records.iter().filter(|one| one.get("Email").and_then(Value::as_str) == Some(&email)).count();
    }
    Ok((created, held))
}

/// Everything that is stored but the ledger and the logins.
async fn stored(database: &TestDatabase) -> Result<Vec<String>> {
    let mut connection = connect(database).await?;
    let mut rows = Vec::new();
    for table in ["portals", "setups", "connections", "test_contacts", "portal_events", "jobs", "secrets"] {
        let sql = format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from {table} t");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut connection).await?;
        rows.push(text);
    }
    Ok(rows)
}

fn hits(name: &str) -> u64 {
    failpoint::hits().get(name).copied().unwrap_or_default()
}

/// A world with a portal, its operation, and how many jobs its workers have put away.
struct Night {
    world: World,
    walk: Walk,
    operation: Operation,
    done: u64,
}

impl Night {
    async fn begin(operation: Operation) -> Result<Self> {
        let world = two_servers().await?;
        let walk = Walk::enabled(&world).await?;
        let mut night = Self { world, walk, operation, done: 0 };
        // It has connected.
        night.workers_have_done(1).await?;
        Ok(night)
    }

    /// Waits until the workers have put so many jobs away, and none is left.
    async fn workers_have_done(&mut self, jobs: u64) -> Result<()> {
        counts_to(&self.world.database, "select count(*) from jobs", 0).await?;
        eventually("the workers have ended", async || Ok((hits("worker.done") >= jobs).then_some(())))
            .await?;
        self.done = hits("worker.done");
        ensure!(self.done == jobs, "{} jobs were put away, not {jobs}", self.done);
        Ok(())
    }

    /// What a deletion deletes.
    async fn there(&mut self) -> Result<String> {
        if self.operation != Operation::Delete {
            return Ok(String::new());
        }
        let id = self.walk.test().await?.test_contact_id;
        self.workers_have_done(self.done + 1).await?;
        Ok(id)
    }

    /// The points that the worker passes on its way, with how often. The first commit is the call's own.
    async fn points(&mut self) -> Result<Vec<(&'static str, u64)>> {
        let there = self.there().await?;
        let before = failpoint::hits();
        let id = ask(&self.walk, self.operation, &there).await?;
        ended(&self.world, &self.walk, self.operation, &id).await?;
        self.workers_have_done(self.done + 1).await?;
        let mut points = Vec::new();
        for (name, hits) in failpoint::hits() {
            let passes = hits - before.get(name).copied().unwrap_or_default();
            let first = if name.ends_with("_commit") { 2 } else { 1 };
            points.extend((first..=passes).filter(|_| name != "worker.done").map(|nth| (name, nth)));
        }
        Ok(points)
    }

    /// Holds the worker at the point, lets another one take over, and wakes it.
    async fn oversleep(&mut self, (name, nth): (&'static str, u64)) -> Result<()> {
        let there = self.there().await?;
        let mut hold = failpoint::hold_at(name, nth);
        let id = ask(&self.walk, self.operation, &there).await?;
        hold.reached().await;
        let mut sql = connect(&self.world.database).await?;
        run(&mut sql, "update jobs set lease_until = clock_timestamp() where lease_until is not null")
            .await?;
        // At the last points the job has ended, and nobody takes over.
        let successors = u64::try_from(count(&mut sql, "select count(*) from jobs").await?)?;
        ended(&self.world, &self.walk, self.operation, &id).await?;
        counts_to(&self.world.database, "select count(*) from jobs", 0).await?;
        let before = stored(&self.world.database).await?;
        hold.release();
        self.workers_have_done(self.done + 1 + successors).await?;
        let after = stored(&self.world.database).await?;
        ensure!(before == after, "it was written to:\n{before:#?}\n{after:#?}");
        let expected = match self.operation {
            Operation::Connect => return Ok(()),
            Operation::Test => (1, 1),
            Operation::Delete => (1, 0),
        };
        let found = at_the_vendors(&self.world, &self.walk, &id).await?;
        ensure!(found == expected, "created and held: {found:?}, not {expected:?}");
        Ok(())
    }
}

async fn at_every_point(operation: Operation, must_pass: &[&str]) -> Result<()> {
    let mut night = Night::begin(operation).await?;
    let points = night.points().await?;
    for name in must_pass {
        ensure!(points.iter().any(|(passed, _)| passed == name), "{name} is not passed: {points:?}");
    }
    for point in &points {
        let slept = tokio::time::timeout(PATIENCE, night.oversleep(*point)).await.context("for ever");
        slept.and_then(|slept| slept).with_context(|| format!("{operation:?}, held at {point:?}"))?;
    }
    eprintln!("{operation:?}: overslept at {} points", points.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_oversleeps_while_connecting_writes_nothing() -> Result<()> {
    let must_pass = [
        "store.after_take",
        "login.after_call",
        "connect.after_probe",
        "connect.start",
        "store.before_commit",
    ];
    at_every_point(Operation::Connect, &must_pass).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_oversleeps_with_a_test_contact_writes_nothing() -> Result<()> {
    let must_pass = ["test_contact.after_hubspot", "test_contact.after_salesforce", "budget.before_settle"];
    at_every_point(Operation::Test, &must_pass).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_oversleeps_while_deleting_writes_nothing() -> Result<()> {
    let must_pass = ["cleanup.before_vendors", "cleanup.after_vendors", "store.after_commit"];
    at_every_point(Operation::Delete, &must_pass).await
}

async fn taken(store: &Store) -> Result<Job> {
    let jobs = store.take_jobs("test", time::Duration::seconds(60), 1).await?;
    jobs.into_iter().next().context("no job is due")
}

/// Every way to write under a lease, for one that has passed to somebody else.
async fn writes_refused(store: &Store, portal_id: PortalId, lease: Lease) -> Result<()> {
    for way in ["check", "end", "postpone"] {
        let outcome = store
            .change(&Call::internal("test"), Target::Portal(portal_id), move |tx| {
                Box::pin(async move {
                    match way {
                        "check" => tx.check_lease(lease).await,
                        "end" => tx.end_job(lease).await,
                        _ => tx.postpone_job(lease, OffsetDateTime::UNIX_EPOCH).await,
                    }
                })
            })
            .await;
        let refused = matches!(&outcome, Err(StoreError::Refused(refusal)) if refusal.reason == Reason::ConflictingChange);
        ensure!(refused, "{way}: {outcome:?}");
    }
    ensure!(!store.renew_lease(lease, time::Duration::seconds(60)).await?, "the lease was renewed");
    store.release_lease(lease).await?;
    Ok(())
}

#[tokio::test]
async fn a_lease_that_was_taken_over_or_replaced_opens_nothing() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut sql = connect(&database).await?;
    seed(&mut sql).await?;
    let store = store(&database, 4).await?;
    let portal_id = PortalId::parse(1).context("no portal id")?;
    let add = async || {
        let call = Call::internal("test");
        let add = store.change(&call, Target::Portal(portal_id), |tx| {
            Box::pin(
                async move { tx.add_job(JobKind::Connect, Uuid::nil(), OffsetDateTime::UNIX_EPOCH).await },
            )
        });
        add.await
    };
    add().await?;
    let first = taken(&store).await?;
    ensure!(
        store.take_jobs("other", time::Duration::seconds(60), 9).await?.is_empty(),
        "a held job was taken"
    );
    run(&mut sql, "update jobs set lease_until = clock_timestamp()").await?;
    let second = taken(&store).await?;
    ensure!(second.taken_before && second.lease.fence > first.lease.fence);
    writes_refused(&store, portal_id, first.lease).await?;
    // Its own lease is as it was.
    let held = "select count(*) from jobs where lease_owner = 'test' and lease_until > clock_timestamp()";
    ensure!(count(&mut sql, held).await? == 1, "the successor lost its lease");
    ensure!(store.renew_lease(second.lease, time::Duration::seconds(60)).await?);

    // Asked for anew: who works for what was asked before is out as well.
    add().await?;
    writes_refused(&store, portal_id, second.lease).await?;
    let third = taken(&store).await?;
    writes_refused(&store, portal_id, second.lease).await?;
    store
        .change(&Call::internal("test"), Target::Portal(portal_id), move |tx| {
            Box::pin(async move { tx.end_job(third.lease).await })
        })
        .await?;
    writes_refused(&store, portal_id, third.lease).await
}
