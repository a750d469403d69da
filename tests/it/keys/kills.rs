//! A rotation whose servers die in every batch, before and after it is committed, while another server serves.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{api::v1::KeyRotationState, dev::Line, failpoint};

use super::{
    RingFile, fingerprints, key_status, meddle, register_many, rotate::Load, rotate_keys, rotated,
    rows_by_key, with_ring,
};
use crate::{
    harness::{World, walk::Clients},
    kills::process::Process,
};

/// Where the servers die, in turn.
const POINTS: [&str; 3] = ["keys.before_batch=exit", "keys.after_batch=exit", "keys.after_batch=exit@2"];
/// The same when all rows are done.
const ENDS: [&str; 2] = ["keys.before_end=exit", "keys.after_end=exit"];
const PORTALS: u64 = 30;

/// Lets servers die one after the other until the rotation is at its end. Returns how many died.
async fn kill(world: &World, line: &Line, points: &[&str]) -> Result<usize> {
    let mut kills = 0;
    for point in points.iter().cycle() {
        // The lease of the one before: the successor comes sooner than it ever would.
        meddle(world, "update key_rotations set lease_until = clock_timestamp()").await?;
        let victim = Process::start(world, point).await?;
        let over = async {
            while !is_over(line).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            true
        };
        if !victim.died_unless(over).await? {
            break;
        }
        kills += 1;
        ensure!(kills < 200, "it does not come to its end");
        if is_over(line).await {
            break;
        }
    }
    Ok(kills)
}

async fn is_over(line: &Line) -> bool {
    let status = key_status(line).await.unwrap_or_default();
    status.rotation.is_some_and(|rotation| rotation.state() == KeyRotationState::Finished)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_survives_a_kill_in_every_batch() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let line = world.line().await?;
    let clients = Clients::over(line.clone());
    let portals = register_many(&world, &clients, PORTALS).await?;
    let before = fingerprints(&world).await?;
    ring.add_key()?;
    // The server that serves never gets to wrap anything: all that is done is done by those that die.
    let mut held = failpoint::hold_at("keys.before_batch", 1);
    rotate_keys(&line).await?;
    held.reached().await;

    let load = Load::start(&[clients], &portals);
    let kills = kill(&world, &line, &POINTS).await?;
    let status = rotated(&line, "2").await?;
    let rotation = status.rotation.context("a rotation")?;
    ensure!(kills >= 8, "only {kills} kills");
    ensure!(rows_by_key(&world).await?.keys().eq(["2"]), "rows are left under another key");

    // Those that died count as running for a while, with the keys that they held; the living one says so again.
    meddle(&world, "delete from key_holders").await?;
    ring.add_key()?;
    rotate_keys(&line).await?;
    let at_the_end = kill(&world, &line, &ENDS).await?;
    rotated(&line, "3").await?;
    ensure!(at_the_end >= 1, "nobody died at the end");
    load.more(20).await?;
    let calls = load.end().await?;
    eprintln!(
        "a rotation of {PORTALS} rows: {kills} kills, {} wrapped anew, {calls} calls without a failure",
        rotation.secrets_done
    );
    let rows = rows_by_key(&world).await?;
    ensure!(rows.keys().eq(["3"]), "rows are left under another key: {rows:?}");
    ensure!(fingerprints(&world).await? == before, "the fingerprints changed");
    Ok(())
}
