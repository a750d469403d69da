//! Consumers that open streams and do not read: they cost the others nothing, and the server next to nothing.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    dev::{Bearer, Line},
};
use futures::future::try_join_all;
use sqlx::{Connection as _, PgConnection};
use tonic::transport::Endpoint;

use super::{
    ends::prune,
    load::{change, opened},
    record::{Messages, Said, Watch},
    writers::{copies, settings, world_with},
};
use crate::harness::{
    PATIENCE, World, eventually,
    walk::{Clients, Walk},
};

/// Connections that do not read, and streams on each.
const LINES: usize = 4;
const STREAMS: usize = 10;
const READING: usize = 8;
const CHANGES: usize = 300;
/// What a stream of the server may hold for its consumer: a batch of events, and a frame of 32 KiB with messages of a KiB
/// and more.
const HELD: usize = 100 + 33;
/// Portals beside the one that walked: what tells of all takes several messages.
const OTHERS: i64 = 400;

/// A connection whose streams take a KiB each until somebody reads.
async fn narrow(world: &World) -> Result<Line> {
    let endpoint = Endpoint::from_shared(world.url(0).to_owned())?.initial_stream_window_size(1_024);
    Ok(Bearer::new(&world.token)?.over(endpoint.connect().await?))
}

/// No connection of the server's is in a transaction.
async fn no_connection_is_held(world: &World) -> Result<()> {
    eventually("no connection to the database is held", async || {
        let mut connection = PgConnection::connect(&world.database.url()).await?;
        let held: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database()
            and application_name = 'connectord' and (state <> 'idle' or xact_start is not null)",
        )
        .fetch_one(&mut connection)
        .await?;
        Ok((held == 0).then_some(()))
    })
    .await
}

/// All messages of a snapshot.
async fn snapshot(stream: &mut Messages) -> Result<usize> {
    let mut portals = 0;
    loop {
        let message = tokio::time::timeout(PATIENCE, futures::StreamExt::next(stream)).await?;
        match message.context("the stream ended")??.said {
            Said::Snapshot { shown, more } => {
                portals += shown.len();
                if !more {
                    return Ok(portals);
                }
            }
            other => anyhow::bail!("{other:?} amid a snapshot"),
        }
    }
}

/// Everything that a stream tells until it has nothing more to tell.
async fn rest(stream: &mut Messages) -> Result<Vec<i64>> {
    let mut told = Vec::new();
    let mut silent = 0;
    while silent < 2 {
        let message = tokio::time::timeout(PATIENCE, futures::StreamExt::next(stream)).await?;
        match message.context("the stream ended")??.said {
            Said::Change { revision, .. } => {
                told.push(revision);
                silent = 0;
            }
            Said::Heartbeat => silent += 1,
            other => anyhow::bail!("{other:?} from a stream that was only slow"),
        }
    }
    Ok(told)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_consumers_cost_the_others_nothing() -> Result<()> {
    let world = world_with(1, |config| config.grpc.heartbeat = Duration::from_millis(500)).await?;
    let walk = Walk::enabled(&world).await?;
    let watch = Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id };
    let (mut stalled, mut lines) = (Vec::new(), Vec::new());
    for _ in 0..LINES {
        let clients = Clients::over(narrow(&world).await?);
        for _ in 0..STREAMS {
            stalled.push(opened(&watch, &clients).await?);
        }
        lines.push(clients);
    }
    let mut reading = Vec::new();
    for _ in 0..READING {
        reading.push(opened(&watch, &Clients::over(world.line().await?)).await?);
    }
    let mut revisions = Vec::new();
    for round in 0..CHANGES {
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        let seen = try_join_all(reading.iter_mut().map(change)).await?;
        let revision = *seen.first().context("a watcher")?;
        ensure!(seen.iter().all(|other| *other == revision), "{seen:?}");
        revisions.push(revision);
    }
    ensure!(revisions.is_sorted() && revisions.len() == CHANGES, "{revisions:?}");
    // Other calls of those who do not read their streams are answered.
    for clients in &lines {
        let request = v1::GetSetupRequest { setup_id: walk.setup_id.clone() };
        clients.setups.clone().get_setup(request).await?;
    }
    no_connection_is_held(&world).await?;

    let mut whole = stalled.split_off(stalled.len() / 2);
    for stream in &mut whole {
        ensure!(rest(stream).await? == revisions, "a slow consumer's stream is not whole");
    }
    // The others still stall. Without the events, a stream can tell what the server holds for it and no more.
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    sqlx::query("delete from portal_events").execute(&mut connection).await?;
    for stream in &mut stalled {
        let told = rest(stream).await?;
        ensure!(revisions.starts_with(&told), "{told:?} is no beginning of {revisions:?}");
        ensure!(told.len() <= HELD, "the server held {} messages for one that does not read", told.len());
    }
    Ok(())
}

/// What is gone before a slow consumer was told of it is not left out in silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_slower_than_the_retention_is_told_so() -> Result<()> {
    let world = world_with(1, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let watch = Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id };
    let mut stalled = opened(&watch, &Clients::over(narrow(&world).await?)).await?;
    let mut reading = opened(&watch, &walk.clients).await?;
    let mut last = 0;
    for round in 0..CHANGES {
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        last = change(&mut reading).await?;
    }
    prune(&world).await?;
    let mut told = Vec::new();
    loop {
        let message = tokio::time::timeout(PATIENCE, futures::StreamExt::next(&mut stalled)).await?;
        match message.context("the stream ended")??.said {
            Said::Change { revision, .. } => told.push(revision),
            Said::Reset(cause) => {
                break ensure!(cause == v1::watch_reset::Cause::ConsumerTooSlow, "{cause:?}");
            }
            other => anyhow::bail!("{other:?} after {told:?}"),
        }
    }
    ensure!(told.len() <= HELD && told.is_sorted_by(|one, next| next - one == 1), "{told:?}");
    let message = tokio::time::timeout(PATIENCE, futures::StreamExt::next(&mut stalled)).await?;
    let said = message.context("the stream ended")??.said;
    ensure!(
        said == Said::Snapshot { shown: vec![(walk.portal_id, last)], more: false },
        "{said:?}, not {last}"
    );
    // It goes on from there.
    settings(&walk.clients, walk.portal_id, CHANGES.is_multiple_of(2)).await?;
    ensure!(change(&mut stalled).await? == last + 1);
    Ok(())
}

/// Streams over all portals read by turns, with connections of the pool: one that nobody reads must have given both back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_of_all_portals_keeps_nobodys_turn() -> Result<()> {
    let world = world_with(1, |config| {
        config.grpc.heartbeat = Duration::from_millis(500);
        config.database.max_connections = 4.try_into().unwrap_or(config.database.max_connections);
    })
    .await?;
    let walk = Walk::enabled(&world).await?;
    copies(&world, OTHERS).await?;
    let watch = Watch::SyncStatus(0);
    let mut stalled = Vec::new();
    for _ in 0..LINES {
        let clients = Clients::over(narrow(&world).await?);
        for _ in 0..STREAMS {
            stalled.push(watch.open(&clients, "").await?);
        }
    }
    for round in 0..20 {
        let mut stream = watch.open(&Clients::over(world.line().await?), "").await?;
        ensure!(snapshot(&mut stream).await? == usize::try_from(OTHERS)? + 1);
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        change(&mut stream).await?;
    }
    // They have missed nothing either.
    for stream in &mut stalled {
        ensure!(snapshot(stream).await? == usize::try_from(OTHERS)? + 1);
    }
    Ok(())
}
