//! Ties that the database breaks by failing a transaction: it runs again, and nobody hears of it.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use connector::{
    domain::{OrgId, PortalId, Reason},
    store::{Call, Store, StoreError},
};

use super::raw::{ORG_A, connect, count, counts_to, insert, patient_store, run, seed, waiting};
use crate::harness::TestDatabase;

async fn two_portals(database: &TestDatabase) -> Result<Store> {
    let mut connection = connect(database).await?;
    seed(&mut connection).await?;
    run(&mut connection, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut connection, &insert(2, 2, ORG_A, 2, "connected")).await?;
    patient_store(database, 4).await
}

async fn allocate(store: &Store) -> Result<(), StoreError> {
    let portal = |id| PortalId::parse(id).ok_or(Reason::PortalNotFound);
    let org = OrgId::parse(ORG_A).ok_or(Reason::OrgNotFound)?;
    let shares = BTreeMap::from([(portal(1)?, 100), (portal(2)?, 200)]);
    store.allocate(&Call::internal("test"), &org, shares, None).await
}

const SHARES: &str = "select sum(api_call_limit)::bigint from connections";
const EVENTS: &str = "select count(*) from portal_events";

#[tokio::test]
async fn a_deadlock_over_two_portals_is_tried_again() -> Result<()> {
    let database = TestDatabase::create().await?;
    // Long enough for the other one to come, on a busy machine too.
    let slowly = "do $$ begin execute format('alter database %I set deadlock_timeout = %L', current_database(), '3s'); end $$";
    run(&mut connect(&database).await?, slowly).await?;
    let store = two_portals(&database).await?;
    let (mut other, mut observer) = (connect(&database).await?, connect(&database).await?);
    // The wrong way round, and patient: it is the store that the database will fail.
    run(
        &mut other,
        "set deadlock_timeout = '60s'; begin; select from portals where portal_id = 2 for update",
    )
    .await?;
    let allocating = tokio::spawn({
        let store = store.clone();
        async move { allocate(&store).await }
    });
    waiting(&mut observer, 1).await?;
    run(&mut other, "select from portals where portal_id = 1 for update").await?;
    run(&mut other, "commit").await?;
    allocating.await?.context("the deadlock surfaced")?;
    ensure!(count(&mut observer, SHARES).await? == 300 && count(&mut observer, EVENTS).await? == 2);
    store.close().await;
    counts_to(&database, "select deadlocks from pg_stat_database where datname = current_database()", 1).await
}

/// The first so many transactions that append an event fail with the given code.
async fn fail_first(database: &TestDatabase, runs: i64, code: &str) -> Result<()> {
    run(
        &mut connect(database).await?,
        &format!(
            "create sequence tries;
            create function tie() returns trigger language plpgsql as $$ begin
                if nextval('tries') <= {runs} then raise exception 'a tie' using errcode = '{code}'; end if;
                return null;
            end $$;
            create trigger tie after insert on portal_events for each statement execute function tie()"
        ),
    )
    .await
}

#[tokio::test]
async fn ties_are_tried_again_a_few_times_and_then_are_no_defect() -> Result<()> {
    for code in ["40001", "40P01"] {
        let database = TestDatabase::create().await?;
        let store = two_portals(&database).await?;
        fail_first(&database, 4, code).await?;
        allocate(&store).await.with_context(|| format!("{code} surfaced"))?;
        let mut observer = connect(&database).await?;
        ensure!(count(&mut observer, SHARES).await? == 300 && count(&mut observer, EVENTS).await? == 2);
        ensure!(count(&mut observer, "select last_value from tries").await? == 5);

        // Five are enough. The caller may try again later, and nothing has happened.
        run(&mut observer, "drop trigger tie on portal_events; drop function tie; drop sequence tries")
            .await?;
        fail_first(&database, 99, code).await?;
        let surfaced = allocate(&store).await;
        ensure!(matches!(surfaced, Err(StoreError::Unavailable(_))), "{code}: {surfaced:?}");
        ensure!(count(&mut observer, "select last_value from tries").await? == 5);
        ensure!(count(&mut observer, EVENTS).await? == 2);
        store.close().await;
    }
    Ok(())
}
