//! The promises under writers, cuts, restarts and two replicas.

use anyhow::{Context as _, Result, ensure};
use sqlx::{Connection as _, PgConnection};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    record::{Message, Recorder, Said, Servers, Watch, committed, revisions},
    rules::{self, Revisions},
    writers::{Writers, fleet, org_of, world},
};
use crate::harness::{World, eventually, walk::Walk};

/// Test contacts that are watched at most.
const TEST_CONTACTS: usize = 12;

/// Every stream there is over these portals, but for test contacts.
fn watches(fleet: &[Walk]) -> Vec<Watch> {
    let mut watches = vec![Watch::Connections(0), Watch::SyncStatus(0)];
    for walk in fleet {
        let (setup_id, portal_id) = (walk.setup_id.clone(), walk.portal_id);
        watches.extend([
            Watch::Setup { setup_id, portal_id },
            Watch::Connections(portal_id),
            Watch::SyncStatus(portal_id),
        ]);
    }
    watches
}

/// Waits until nothing is under way any more and everything was seen, then holds the recordings against the rules.
async fn judge(world: &World, recorders: &[Recorder], begin: &Revisions) -> Result<usize> {
    settled(world).await?;
    nothing_changed_in_silence(world).await?;
    let truth = committed(world).await?;
    let mut changes = 0;
    for recorder in recorders {
        let whole = |seen: &[Message]| {
            let due = rules::due(&recorder.watch, seen, &truth, begin);
            rules::changes(seen).len() >= due.len()
        };
        // What is missing is named by the rules.
        let seen = match recorder.until("every change was seen", whole).await {
            Ok(seen) => seen,
            Err(_) => recorder.seen(),
        };
        rules::all(&recorder.watch, &seen, &truth, begin)?;
        changes += rules::changes(&seen).len();
    }
    Ok(changes)
}

/// Waits until the worker has nothing left to do.
async fn settled(world: &World) -> Result<()> {
    eventually("the worker has nothing left to do", async || {
        let mut database = PgConnection::connect(&world.database.url()).await?;
        let jobs: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&mut database).await?;
        Ok((jobs == 0).then_some(()))
    })
    .await
}

/// Nothing changes without an event: the newest event of each resource is of the version that is stored.
async fn nothing_changed_in_silence(world: &World) -> Result<()> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let silent: Vec<(String, i64, i64)> = sqlx::query_as(
        "select kind, portal_id, version from (
            select 'setup' as kind, portal_id, version from setups
            union all select 'connection', portal_id, version from connections
            union all select 'test_contact', portal_id, version from test_contacts
            union all select 'sync', portal_id, sync_version from portals where sync_version > 1
        ) as stored
        where not exists (
            select from portal_events e
            where e.portal_id = stored.portal_id and e.revision = stored.version and stored.kind = any(e.kinds)
        )",
    )
    .fetch_all(&mut database)
    .await?;
    ensure!(silent.is_empty(), "changed without an event: {silent:?}");
    Ok(())
}

/// Watches each test contact as it turns up in the database.
async fn watch_test_contacts(
    url: String,
    servers: Servers,
    stop: CancellationToken,
) -> Result<Vec<Recorder>> {
    let mut database = PgConnection::connect(&url).await?;
    let mut recorders: Vec<Recorder> = Vec::new();
    loop {
        let rows: Vec<(uuid::Uuid, i64)> =
            sqlx::query_as("select test_contact_id, portal_id from test_contacts order by created_at")
                .fetch_all(&mut database)
                .await?;
        for (id, portal_id) in rows {
            let watch = Watch::TestContact { id: id.to_string(), portal_id };
            if recorders.len() < TEST_CONTACTS && recorders.iter().all(|recorder| recorder.watch != watch) {
                recorders.push(Recorder::begin(&servers, watch, true));
            }
        }
        if stop.is_cancelled() {
            return Ok(recorders);
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watch_keeps_its_promises_over_cuts_restarts_and_two_replicas() -> Result<()> {
    let mut world = world(2).await?;
    let servers = Servers::of(&world);
    let fleet = fleet(&world).await?;
    let begin = revisions(&world).await?;
    let mut recorders = Vec::new();
    for watch in watches(&fleet) {
        recorders.push(Recorder::begin(&servers, watch.clone(), false));
        recorders.push(Recorder::begin(&servers, watch, true));
    }
    for recorder in &recorders {
        recorder.begun().await?;
    }
    let portals: Vec<i64> = fleet.iter().map(|walk| walk.portal_id).collect();
    let org_id = org_of(fleet.first().context("no portal")?).await?;
    let done = CancellationToken::new();
    let contacts = watch_test_contacts(world.database.url(), servers.clone(), done.clone());
    let contacts = AbortOnDropHandle::new(tokio::spawn(contacts));

    let writers = Writers::begin(8, &servers, &portals, &org_id);
    for number in [1, 0, 1] {
        let enough = committed(&world).await?.len() + 50;
        eventually("the writers went on", async || {
            Ok((committed(&world).await?.len() > enough).then_some(()))
        })
        .await?;
        let url = world.url(1 - number).to_owned();
        servers.are(vec![url]);
        world.replace(number).await?;
        servers.are(world.urls());
    }
    let written = writers.stop().await;
    done.cancel();
    recorders.extend(contacts.await??);
    let seen = judge(&world, &recorders, &begin).await?;
    println!("{written} changes written, {seen} seen by {} consumers", recorders.len());
    ensure!(written >= 100, "{written} changes are too few to show anything");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_opened_while_others_write_begin_exactly_at_their_snapshot() -> Result<()> {
    let world = world(2).await?;
    let servers = Servers::of(&world);
    let fleet = fleet(&world).await?;
    let begin = revisions(&world).await?;
    let portals: Vec<i64> = fleet.iter().map(|walk| walk.portal_id).collect();
    let first = fleet.first().context("no portal")?;
    let org_id = org_of(first).await?;
    let writers = Writers::begin(8, &servers, &portals, &org_id);
    let mut recorders = Vec::new();
    for _ in 0..8 {
        for watch in [
            Watch::Connections(0),
            Watch::SyncStatus(0),
            Watch::SyncStatus(first.portal_id),
            Watch::Setup { setup_id: first.setup_id.clone(), portal_id: first.portal_id },
        ] {
            let recorder = Recorder::begin(&servers, watch, true);
            recorder.begun().await?;
            recorders.push(recorder);
        }
    }
    writers.stop().await;
    settled(&world).await?;
    let truth = committed(&world).await?;
    for recorder in &recorders {
        // Attempts are in no snapshot, so that a stream over connections may begin anywhere before it.
        let whole = |seen: &[Message]| {
            let due = rules::due(&recorder.watch, seen, &truth, &begin);
            due.is_subset(&rules::changes(seen))
        };
        let seen = recorder.until("every change was seen", whole).await?;
        rules::all(&recorder.watch, &seen, &truth, &begin)?;
        ensure!(seen.iter().filter(|message| matches!(message.said, Said::Snapshot { .. })).count() == 1);
    }
    Ok(())
}
