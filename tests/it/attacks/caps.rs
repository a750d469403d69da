//! Twice as many connections as there may be.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::{
    frames::{DATA, END_HEADERS, END_STREAM, HEADERS, Wire, call, frame},
    victim::{EMPTY_MESSAGE, GET_PORTAL, Victim, WATCH},
    witness::{Dial, Witness},
};

const TOTAL: usize = 60;
const PER_ADDRESS: usize = 40;
const LIMITS: [(&str, &str); 2] =
    [("CONNECTOR_GRPC__MAX_CONNECTIONS", "60"), ("CONNECTOR_GRPC__MAX_CONNECTIONS_PER_ADDRESS", "40")];
const PATIENCE: Duration = Duration::from_secs(30);
const MEMORY_MIB: u64 = 32;
/// Descriptors that a server may have for other things than these connections.
const OTHERS: usize = 16;

/// A connection from this address on which a call of somebody without a credential was refused.
async fn stranger(victim: &Victim, source: [u8; 4]) -> Result<Wire> {
    let mut wire = Wire::open_from(source, victim.address()?).await?;
    let flags = END_HEADERS | END_STREAM;
    if wire.send(&frame(HEADERS, flags, 1, &call(GET_PORTAL, None))).await {
        wire.is_answered(PATIENCE).await?;
    }
    Ok(wire)
}

/// A connection from this address with a stream that stays open; `None` when it was refused.
async fn watcher(victim: &Victim, source: [u8; 4]) -> Result<Option<Wire>> {
    let mut wire = Wire::open_from(source, victim.address()?).await?;
    let opening = [
        frame(HEADERS, END_HEADERS, 1, &call(WATCH, Some(victim.token()))),
        frame(DATA, END_STREAM, 1, &EMPTY_MESSAGE),
    ];
    let is_there = wire.send(&opening.concat()).await && wire.is_answered(PATIENCE).await?;
    Ok(is_there.then_some(wire))
}

fn ensure_bounded(victim: &Victim) -> Result<()> {
    let open = victim.descriptors()?;
    ensure!(open <= victim.calm_descriptors + TOTAL + OTHERS, "{open} descriptors");
    victim.ensure_small(MEMORY_MIB)?;
    Ok(())
}

/// Neither silence nor calls without a credential keep a place that somebody with one could have.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twice_the_cap_of_strangers_shuts_nobody_out() -> Result<()> {
    let victim = Victim::start(&LIMITS).await?;
    let witness = victim.witness().await?;
    let mut strangers = Vec::new();
    for number in 0..2 * TOTAL {
        let source = [127, 0, 0, u8::try_from(2 + number % 6)?];
        strangers.push(match number % 2 {
            0 => Wire::open_from(source, victim.address()?).await?,
            _ => stranger(&victim, source).await?,
        });
        ensure_bounded(&victim)?;
    }
    // All from the address that the witness comes from as well.
    for _ in 0..2 * PER_ADDRESS {
        strangers.push(stranger(&victim, [127, 0, 0, 1]).await?);
        ensure_bounded(&victim)?;
    }
    let seen = witness.ends().await?;
    ensure!(seen.connections > 0, "{seen:?}");
    eprintln!("{} strangers for {TOTAL} places: {seen:?}", strangers.len());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_gets_its_share_and_no_more() -> Result<()> {
    let victim = Victim::start(&LIMITS).await?;
    let witness = victim.witness().await?;
    let mut watchers = Vec::new();
    for _ in 0..2 * PER_ADDRESS {
        watchers.extend(watcher(&victim, [127, 0, 0, 2]).await?);
    }
    ensure!(watchers.len() == PER_ADDRESS, "{} got in from one address", watchers.len());
    ensure_bounded(&victim)?;
    // Another address has places left, and the first one again when it gives one back.
    ensure!(watcher(&victim, [127, 0, 0, 3]).await?.is_some(), "the share was taken from others");
    drop(watchers.pop());
    crate::harness::eventually("the place was given back", async || watcher(&victim, [127, 0, 0, 2]).await)
        .await?;
    witness.ends().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_house_full_of_callers_refuses_the_next_and_keeps_those_who_are_in() -> Result<()> {
    let victim = Victim::start(&LIMITS).await?;
    let dial = Dial::plain(&victim.process.url, &victim.world.token).calm();
    let witness = Witness::begin(dial, victim.portal_id).await?;
    let mut watchers = Vec::new();
    for number in 0..2 * TOTAL {
        watchers.extend(watcher(&victim, [127, 0, 0, u8::try_from(2 + number % 6)?]).await?);
        ensure_bounded(&victim)?;
    }
    // The witness has one, and the first client one that may not be closed yet.
    let got_in = watchers.len();
    ensure!((TOTAL - 2..TOTAL).contains(&got_in), "{got_in} of {} got in", 2 * TOTAL);
    for wire in &mut watchers {
        let message = tokio::time::timeout(PATIENCE, wire.next()).await.context("a stream is silent")?;
        ensure!(message.is_some(), "a caller's connection was closed");
    }
    drop(watchers);
    crate::harness::eventually("there is room again", async || Ok(victim.clients().await.ok())).await?;
    witness.ends().await?;
    Ok(())
}
