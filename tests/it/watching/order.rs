//! The order of one portal's changes in a stream over all portals, where transactions overlap.

use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, PgConnection};

use super::{
    record::{Recorder, Servers, Watch, committed, revisions},
    rules,
    writers::{allocate, fleet, org_of, world},
};
use crate::harness::{World, eventually};

/// Waits until so many of the servers' sessions wait for a lock.
async fn waiting(world: &World, sessions: i64) -> Result<()> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    for _ in 0..2_000 {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&mut database)
        .await?;
        if waiting >= sessions {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    anyhow::bail!("nobody waits for the lock")
}

/// A transaction that got its number first can write to a portal last: when it changes several.
#[tokio::test]
async fn changes_of_one_portal_keep_their_order_when_transactions_overtake_each_other() -> Result<()> {
    let world = world(1).await?;
    let servers = Servers::of(&world);
    let fleet = fleet(&world).await?;
    let [first, second, third] = fleet.as_slice() else { anyhow::bail!("three portals") };
    let org_id = org_of(first).await?;
    let begin = revisions(&world).await?;
    let recorder = Recorder::begin(&servers, Watch::Connections(0), false);
    recorder.begun().await?;

    // The second portal is locked; whoever changes all three waits there with the first one's lock and a number.
    let mut blocker = PgConnection::connect(&world.database.url()).await?;
    sqlx::raw_sql("begin").execute(&mut blocker).await?;
    sqlx::query("select from portals where portal_id = $1 for update")
        .bind(second.portal_id)
        .execute(&mut blocker)
        .await?;
    let portals = [first, second, third].map(|walk| walk.portal_id);
    let early = tokio::spawn({
        let (clients, org_id) = (first.clients.clone(), org_id.clone());
        async move { allocate(&clients, &org_id, &portals.map(|portal_id| (portal_id, 9_000))).await }
    });
    waiting(&world, 1).await?;
    // Meanwhile a later transaction changes the third portal and commits.
    allocate(&third.clients, &org_id, &[(third.portal_id, 8_000)]).await?;
    sqlx::raw_sql("commit").execute(&mut blocker).await?;
    early.await?.context("the early one")?;

    let truth = committed(&world).await?;
    let due = rules::due(&recorder.watch, &recorder.seen(), &truth, &begin);
    eventually("all changes were seen", async || {
        Ok((rules::changes(&recorder.seen()).len() >= due.len()).then_some(()))
    })
    .await?;
    rules::all(&recorder.watch, &recorder.seen(), &truth, &begin)
}
