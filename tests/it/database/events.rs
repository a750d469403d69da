//! Events under many writers: whoever reads by a portal's revision, or over all portals by position, sees each once
//! and in order. A reader of "greater than the last" over a sequence does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use connector::{
    domain::{OrgId, PortalId, access::PortalGrant, change::Change},
    failpoint,
    store::{Call, Position, Store},
};
use rand::RngExt as _;
use sqlx::PgConnection;

use super::raw::{ORG_A, connect, count, insert, patient_store, run, seed, store};
use crate::harness::{PATIENCE, TestDatabase, eventually};

const WRITERS: usize = 16;
const CHANGES: usize = 60;
/// Few enough that a reader over all portals takes many turns.
const AT_ONCE: i64 = 16;

/// Each event takes a number from a sequence, in the transaction that writes it.
const SCRATCH: &str = "create table scratch (id bigserial primary key, portal_id bigint, revision bigint);
    create function scratch() returns trigger language plpgsql as $$ begin
        insert into scratch (portal_id, revision) values (new.portal_id, new.revision); return null;
    end $$;
    create trigger scratch after insert on portal_events for each row execute function scratch()";

type Seen = Vec<(i64, i64)>;

async fn prepared() -> Result<TestDatabase> {
    let database = TestDatabase::create().await?;
    let mut connection = connect(&database).await?;
    seed(&mut connection).await?;
    run(&mut connection, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut connection, &insert(2, 2, ORG_A, 2, "connected")).await?;
    run(&mut connection, SCRATCH).await?;
    Ok(database)
}

async fn rename(store: &Store, portal_id: i64) -> Result<()> {
    let portal_id = PortalId::parse(portal_id).ok_or_else(|| anyhow::anyhow!("no portal id"))?;
    let call = Call::internal("test");
    store.edit_portal(&call, portal_id, |tx| Ok(tx.portal().clone())).await?;
    Ok(())
}

/// A change of two portals at once.
async fn share(store: &Store, limit: i64) -> Result<()> {
    let portal = |id| PortalId::parse(id).ok_or_else(|| anyhow::anyhow!("no portal id"));
    let org = OrgId::parse(ORG_A).ok_or_else(|| anyhow::anyhow!("no org id"))?;
    let shares = BTreeMap::from([(portal(1)?, limit), (portal(2)?, limit)]);
    let call = Call::internal("test");
    // By one statement, or under the locks.
    if limit % 2 == 0 {
        let seen = store.look_at_org(&call, &org, &shares).await?;
        store.allocate_seen(&call, seen, shares, None).await?;
    } else {
        store.allocate(&call, &org, shares, None).await?;
    }
    Ok(())
}

async fn write(store: &Store) -> Result<()> {
    for _ in 0..CHANGES {
        let dice: i64 = rand::rng().random_range(0..8);
        if dice < 2 { share(store, 100 + dice).await? } else { rename(store, 1 + dice % 4).await? }
    }
    Ok(())
}

/// Reads one portal by its revision until the writers have ended and nothing more comes.
async fn by_revision(store: &Store, portal_id: i64, ended: &AtomicBool) -> Result<Seen> {
    let portal = PortalId::parse(portal_id).ok_or_else(|| anyhow::anyhow!("no portal id"))?;
    let (mut seen, mut last) = (Seen::new(), 0);
    loop {
        let was_last_look = ended.load(Ordering::Acquire);
        let events = store.portal_events(portal, last).await?.events;
        if events.is_empty() && was_last_look {
            return Ok(seen);
        }
        for event in events.iter() {
            last = event.revision;
            seen.push((portal_id, event.revision));
        }
        tokio::task::yield_now().await;
    }
}

/// Reads all portals by position until nothing comes and `is_over`. An open transaction of anybody, in any database,
/// holds events back: that nothing comes does not mean that nothing is there.
async fn by_position(store: &Store, is_over: impl AsyncFn(usize) -> Result<bool>) -> Result<Seen> {
    let (mut seen, mut last) = (Seen::new(), Position::default());
    loop {
        let events = store.all_events(&PortalGrant::All, last, &Change::KINDS, AT_ONCE).await?;
        if events.is_empty() && is_over(seen.len()).await? {
            return Ok(seen);
        }
        for (position, event) in events {
            last = position;
            seen.push((event.portal_id.get(), event.revision));
        }
        tokio::task::yield_now().await;
    }
}

/// The planted reader: everything greater than the last number it saw.
async fn by_sequence(connection: &mut PgConnection, ended: &AtomicBool) -> Result<Seen> {
    let (mut seen, mut last) = (Seen::new(), 0);
    loop {
        let was_last_look = ended.load(Ordering::Acquire);
        let rows: Vec<(i64, i64, i64)> =
            sqlx::query_as("select id, portal_id, revision from scratch where id > $1 order by id")
                .bind(last)
                .fetch_all(&mut *connection)
                .await?;
        if rows.is_empty() && was_last_look {
            return Ok(seen);
        }
        for (id, portal_id, revision) in rows {
            last = id;
            seen.push((portal_id, revision));
        }
        tokio::task::yield_now().await;
    }
}

fn ensure_whole(who: &str, seen: &Seen, written: &BTreeSet<(i64, i64)>) -> Result<()> {
    let distinct: BTreeSet<(i64, i64)> = seen.iter().copied().collect();
    ensure!(distinct.len() == seen.len(), "{who}: {} repeated", seen.len() - distinct.len());
    let lost: Vec<_> = written.difference(&distinct).collect();
    ensure!(lost.is_empty(), "{who}: {} of {} lost: {lost:?}", lost.len(), written.len());
    ensure!(distinct.len() == written.len(), "{who}: made something up");
    let mut last = BTreeMap::new();
    for (portal_id, revision) in seen {
        let before = last.insert(portal_id, revision);
        ensure!(
            before.is_none_or(|before| before < revision),
            "{who}: portal {portal_id} goes back to {revision}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_and_no_reader_loses_or_repeats_an_event() -> Result<()> {
    let database = prepared().await?;
    let store = patient_store(&database, 24).await?;
    let mut planted = connect(&database).await?;
    let ended = AtomicBool::new(false);
    let writing = async {
        futures::future::try_join_all((0..WRITERS).map(|_| {
            let store = store.clone();
            async move { tokio::spawn(async move { write(&store).await }).await? }
        }))
        .await?;
        ended.store(true, Ordering::Release);
        Ok::<_, anyhow::Error>(())
    };
    let is_over = async |seen: usize| {
        let mut connection = connect(&database).await?;
        let written = count(&mut connection, "select count(*) from portal_events").await?;
        Ok::<_, anyhow::Error>(ended.load(Ordering::Acquire) && i64::try_from(seen)? >= written)
    };
    let position = async {
        tokio::time::timeout(PATIENCE, by_position(&store, is_over)).await.context("events stay away")?
    };
    let portals = futures::future::try_join_all((1..=4).map(|portal| by_revision(&store, portal, &ended)));
    let (_, portals, position, sequence) =
        tokio::try_join!(writing, portals, position, by_sequence(&mut planted, &ended))?;

    let rows: Vec<(i64, i64)> =
        sqlx::query_as("select portal_id, revision from portal_events").fetch_all(&mut planted).await?;
    let written: BTreeSet<(i64, i64)> = rows.into_iter().collect();
    ensure!(written.len() >= WRITERS * CHANGES, "only {} events", written.len());
    for (portal, seen) in (1..).zip(&portals) {
        let own = written.iter().copied().filter(|(portal_id, _)| *portal_id == portal).collect();
        ensure_whole("by revision", seen, &own)?;
        let gapless = seen.iter().map(|(_, revision)| *revision).eq(1..=i64::try_from(seen.len())?);
        ensure!(gapless, "portal {portal} has a gap");
    }
    ensure_whole("by position", &position, &written)?;
    eprintln!("{} events; the planted reader lost {}", written.len(), written.len() - sequence.len());
    store.close().await;
    Ok(())
}

/// The same without chance: the transaction that took the lower number commits last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_commit_is_lost_to_a_reader_of_a_sequence_and_to_no_other() -> Result<()> {
    let database = prepared().await?;
    let store = store(&database, 6).await?;
    let mut connection = connect(&database).await?;
    let mut hold = failpoint::hold_at("store.before_commit", 1);
    let late = tokio::spawn({
        let store = store.clone();
        async move { rename(&store, 1).await }
    });
    hold.reached().await;
    rename(&store, 2).await?;

    let over = AtomicBool::new(true);
    let first_look = by_position(&store, async |_| Ok(true)).await?;
    ensure!(first_look.is_empty(), "{first_look:?} can be read before what comes first");
    ensure!(by_sequence(&mut connection, &over).await? == [(2, 1)], "the planted reader does not read ahead");
    let last = count(&mut connection, "select max(id) from scratch").await?;
    hold.release();
    late.await??;

    let whole = eventually("both events can be read", async || {
        let seen = by_position(&store, async |_| Ok(true)).await?;
        Ok((seen.len() == 2).then_some(seen))
    })
    .await?;
    ensure!(whole == [(1, 1), (2, 1)], "{whole:?}");
    let lost = format!("select count(*) from scratch where id < {last} and portal_id = 1");
    ensure!(count(&mut connection, &lost).await? == 1, "the planted reader would have seen it");
    store.close().await;
    Ok(())
}
