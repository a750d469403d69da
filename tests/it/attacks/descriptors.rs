//! No file descriptors left.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::TcpStream;

use super::{
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Wire, call, frame},
    victim::{EMPTY_MESSAGE, Victim, WATCH},
    witness::{Dial, Witness},
};
use crate::harness::eventually;

/// What the server may have open in all. It needs some thirty for itself.
const DESCRIPTORS: u32 = 120;
/// More than fit.
const CONNECTIONS: usize = 200;
/// Share of a processor that a server takes at most that can't accept; spinning takes a whole one. A debug build on a
/// busy machine works for its witness meanwhile.
const IDLE_SHARE: f64 = 0.4;

/// Connections in use take all descriptors: the server waits instead of spinning, and serves those who are in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_descriptors_the_server_waits_and_comes_back() -> Result<()> {
    // So many streams that say that they live would be work.
    let calm = [("CONNECTOR_GRPC__HEARTBEAT", "3s")];
    let victim = Victim::start_with_descriptors(DESCRIPTORS, &calm).await?;
    let dial = Dial::plain(&victim.process.url, &victim.world.token).calm();
    let witness = Witness::begin(dial, victim.portal_id).await?;
    let opening = [
        frame(HEADERS, END_HEADERS, 1, &call(WATCH, Some(victim.token()))),
        frame(DATA, END_STREAM, 1, &EMPTY_MESSAGE),
    ]
    .concat();
    let mut wires = Vec::new();
    // The one that gets the last descriptor is served as all before it; the system takes in who comes next.
    while wires.len() < CONNECTIONS {
        let mut wire = Wire::open(victim.address()?).await?;
        wire.send(&opening).await;
        let is_served = match wire.is_answered(Duration::from_secs(2)).await {
            Ok(true) => true,
            Ok(false) => bail!("connection {} was cut with its first word", wires.len()),
            Err(_) => false,
        };
        wires.push(wire);
        if !is_served {
            break;
        }
    }
    ensure!(wires.len() < CONNECTIONS, "there were descriptors for all");
    for _ in 0..20 {
        wires.push(Wire::open(victim.address()?).await?);
    }
    let limit = usize::try_from(DESCRIPTORS)?;
    eventually("no descriptor is left", async || Ok((victim.descriptors()? >= limit).then_some(()))).await?;
    let load = victim.load(Duration::from_secs(1)).await?;
    ensure!(victim.descriptors()? >= limit, "descriptors were left: nothing was measured");
    ensure!(load < IDLE_SHARE, "it took {load} of a processor");
    drop(wires);
    let clients = eventually("it takes connections again", async || {
        let dialled = tokio::time::timeout(Duration::from_secs(5), victim.clients()).await;
        Ok(dialled.ok().and_then(Result::ok))
    })
    .await?;
    clients.register(connector::simulator::hubspot::seed::TOKEN_B).await.context("a call over it")?;
    let seen = witness.ends().await?;
    let grown = victim.ensure_small(32)?;
    eprintln!("no descriptors: {load:.2} of a processor, {grown} MiB, {seen:?}");
    Ok(())
}

/// Silent connections take all descriptors: they make room after a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_do_not_keep_the_last_descriptors() -> Result<()> {
    let victim = Victim::start_with_descriptors(DESCRIPTORS, &[]).await?;
    let witness = victim.witness().await?;
    let mut silent = Vec::new();
    for _ in 0..2 {
        for _ in 0..CONNECTIONS / 2 {
            silent.push(TcpStream::connect(victim.address()?).await?);
        }
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    let seen = witness.ends().await?;
    ensure!(seen.connections > 1, "{seen:?}");
    victim.ensure_small(32)?;
    eprintln!("{} silent connections for {DESCRIPTORS} descriptors: {seen:?}", silent.len());
    Ok(())
}
