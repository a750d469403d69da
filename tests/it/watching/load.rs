//! Many consumers, ones that go away, and how long a change takes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::{StreamExt as _, stream::FuturesUnordered};

use super::{
    record::{Messages, Said, Watch},
    writers::{settings, world_with},
};
use crate::harness::{
    eventually,
    walk::{Clients, Walk},
};

/// A stream after its snapshot.
pub async fn opened(watch: &Watch, clients: &Clients) -> Result<Messages> {
    let mut stream = watch.open(clients, "").await?;
    let first = stream.next().await.context("no snapshot")??;
    ensure!(matches!(first.said, Said::Snapshot { .. }), "{first:?}");
    Ok(stream)
}

/// The revision of the next change.
pub async fn change(stream: &mut Messages) -> Result<i64> {
    loop {
        let message = tokio::time::timeout(crate::harness::PATIENCE, stream.next()).await?;
        if let Said::Change { revision, .. } = message.context("the stream ended")??.said {
            return Ok(revision);
        }
    }
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted
        .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_through_one_server_is_soon_seen_through_another() -> Result<()> {
    let world = world_with(2, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let elsewhere = Clients::over(world.line_to(1).await?);
    let setup = Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id };
    for watch in [setup, Watch::SyncStatus(walk.portal_id), Watch::SyncStatus(0)] {
        let mut stream = opened(&watch, &elsewhere).await?;
        let mut took = Vec::new();
        for round in 0..100 {
            settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
            let committed = Instant::now();
            change(&mut stream).await?;
            took.push(committed.elapsed());
        }
        took.sort_unstable();
        let (p50, p99) = (percentile(&took, 50), percentile(&took, 99));
        println!("{watch:?}: seen on the other server after p50 {p50:?}, p99 {p99:?}");
        ensure!(p50 <= Duration::from_millis(250), "{watch:?}: p50 {p50:?}");
        ensure!(p99 <= Duration::from_secs(1), "{watch:?}: p99 {p99:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_watchers_each_see_a_change() -> Result<()> {
    const WATCHERS: usize = 1_000;
    let world = world_with(1, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let mut streams = Vec::new();
    let mut clients = walk.clients.clone();
    for number in 0..WATCHERS {
        if number % 50 == 0 {
            clients = Clients::over(world.line().await?);
        }
        let watch = match number % 3 {
            0 => Watch::SyncStatus(0),
            1 => Watch::SyncStatus(walk.portal_id),
            _ => Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id },
        };
        streams.push(opened(&watch, &clients).await?);
    }
    settings(&walk.clients, walk.portal_id, true).await?;
    let begun = Instant::now();
    settings(&walk.clients, walk.portal_id, false).await?;
    let mut seeing: FuturesUnordered<_> = streams.iter_mut().map(change).collect();
    let mut seen = Vec::new();
    while let Some(revision) = seeing.next().await {
        seen.push(revision?);
    }
    println!("{} watchers saw it after {:?}", seen.len(), begun.elapsed());
    ensure!(seen.len() == WATCHERS);
    Ok(())
}

/// A stream's place is given back when its consumer hangs up: with room for twenty, two hundred come and go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_that_hang_up_leave_nothing_behind() -> Result<()> {
    const PLACES: u32 = 20;
    let world = world_with(1, |config| {
        config.grpc.max_streams = std::num::NonZeroU32::MIN.saturating_add(PLACES - 1);
    })
    .await?;
    let walk = Walk::enabled(&world).await?;
    let watches = [
        Watch::SyncStatus(0),
        Watch::Connections(walk.portal_id),
        Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id },
    ];
    let full = async |clients: &Clients| -> Result<Vec<Messages>> {
        let mut streams = Vec::new();
        for number in 0..usize::try_from(PLACES)? {
            let watch = watches.get(number % watches.len()).context("no watch")?;
            streams.push(
                eventually("there is room for one more", async || match watch.open(clients, "").await {
                    Ok(mut stream) => {
                        stream.next().await.context("no snapshot")??;
                        Ok(Some(stream))
                    }
                    Err(status) if status.code() == tonic::Code::ResourceExhausted => Ok(None),
                    Err(status) if status.code() == tonic::Code::Unavailable => Ok(None),
                    Err(status) => Err(status.into()),
                })
                .await?,
            );
        }
        Ok(streams)
    };
    for round in 0..10 {
        let clients = Clients::over(world.line().await?);
        let streams = full(&clients).await?;
        let one_more = watches.first().context("no watch")?.open(&clients, "").await;
        ensure!(one_more.is_err(), "round {round}: more streams than there may be");
        if round % 2 == 0 {
            drop(streams);
        } else {
            // The whole connection goes.
            drop((clients, streams));
        }
    }
    Ok(())
}
