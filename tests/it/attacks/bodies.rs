//! Requests whose message never ends.

use std::{
    collections::HashSet,
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use tokio::{task::JoinSet, time::timeout};

use super::{
    frames::{DATA, END_HEADERS, HEADERS, RST_STREAM, Wire, call, frame},
    victim::{GET_PORTAL, Victim},
};

/// Calls on one connection, as many as it may have.
const CALLS: u32 = 64;
/// Of this many strangers; the server has places for 1,024 calls.
const STRANGERS: usize = 24;
const ATTACK: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(30);

/// Begins calls that say a part of their message, and waits until each was answered or reset. The number of those.
async fn begin_and_wait(wire: &mut Wire, from: u32, token: Option<&str>) -> Result<usize> {
    let mut bytes = Vec::new();
    let mut waiting = HashSet::new();
    for stream in (from..).step_by(2).take(usize::try_from(CALLS)?) {
        bytes.extend(frame(HEADERS, END_HEADERS, stream, &call(GET_PORTAL, token)));
        bytes.extend(frame(DATA, 0, stream, &[0, 0, 0]));
        waiting.insert(stream);
    }
    let begun = waiting.len();
    if !wire.send(&bytes).await {
        return Ok(0);
    }
    let ended = async {
        while !waiting.is_empty() {
            let Some(frame) = wire.next().await else { break };
            if matches!(frame.kind, HEADERS | RST_STREAM) {
                waiting.remove(&frame.stream);
            }
        }
    };
    timeout(PATIENCE, ended).await.context("a call was neither answered nor reset")?;
    Ok(begun - waiting.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_never_ends_is_answered_at_its_deadline() -> Result<()> {
    let victim = Victim::start(&[("CONNECTOR_GRPC__UNARY_DEADLINE", "1s")]).await?;
    let witness = victim.witness().await?;
    let mut wire = Wire::open(victim.address()?).await?;
    let began = Instant::now();
    let ended = begin_and_wait(&mut wire, 1, Some(victim.token())).await?;
    ensure!(ended == usize::try_from(CALLS)?, "{ended} calls ended");
    ensure!(began.elapsed() >= Duration::from_millis(900), "they were refused before");
    witness.ends().await?;
    victim.ensure_small(32)?;
    Ok(())
}

/// Opens connections and begins calls without a credential, again and again.
async fn besiege(address: SocketAddr, until: Instant) -> Result<usize> {
    let mut calls = 0;
    while Instant::now() < until {
        let mut wire = Wire::open(address).await?;
        for round in 0..20 {
            let ended = begin_and_wait(&mut wire, 1 + round * 2 * CALLS, None).await?;
            calls += ended;
            if ended == 0 || Instant::now() >= until {
                break;
            }
        }
    }
    Ok(calls)
}

/// Whoever shows no credential and plays for time takes no place from those who work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_who_never_finish_their_calls_take_no_places() -> Result<()> {
    let victim = Victim::start(&[]).await?;
    let witness = victim.witness().await?;
    let (address, until) = (victim.address()?, Instant::now() + ATTACK);
    let mut strangers = JoinSet::new();
    for _ in 0..STRANGERS {
        strangers.spawn(besiege(address, until));
    }
    let mut calls = 0;
    while let Some(outcome) = strangers.join_next().await {
        calls += outcome??;
    }
    let seen = witness.ends().await?;
    let grown = victim.ensure_small(96)?;
    ensure!(calls > 2_000, "too few to fill the house: {calls}");
    eprintln!("{calls} calls of strangers without an end: {grown} MiB, {seen:?}");
    Ok(())
}
