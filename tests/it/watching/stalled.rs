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
    load::{change, opened},
    record::{Messages, Said, Watch},
    writers::{settings, world_with},
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
/// What a stream of the server may hold for its consumer: a batch of events, the messages that wait, and a frame of
/// 32 KiB with messages of a KiB and more.
const HELD: usize = 100 + 4 + 33;

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
