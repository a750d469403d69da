//! The ledger of API calls: nothing is free too early, nothing counts twice, nothing is granted twice.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ErrorReason, Step},
    domain::{OrgId, PortalId, Reason},
    failpoint,
    simulator::hubspot::seed,
    store::{BudgetRow, Store, StoreError},
};
use sqlx::PgConnection;

use super::raw::{ORG_A, connect, count, insert, run, seed, store};
use crate::harness::{
    TestDatabase, World,
    walk::{ACME_ADMIN, Walk},
};

/// Portals 1 and 2 at org A; each holds 500 of its 1000 calls.
async fn sharing() -> Result<(TestDatabase, PgConnection, Store)> {
    let database = TestDatabase::create().await?;
    let mut connection = connect(&database).await?;
    seed(&mut connection).await?;
    run(&mut connection, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut connection, &insert(2, 2, ORG_A, 2, "connected")).await?;
    let store = store(&database, 8).await?;
    Ok((database, connection, store))
}

fn portal(id: i64) -> Result<PortalId> {
    PortalId::parse(id).context("no portal id")
}

fn org() -> Result<OrgId> {
    OrgId::parse(ORG_A).context("no org id")
}

/// What a portal has used and set aside.
async fn usage(store: &Store, portal_id: i64) -> Result<(i64, i64)> {
    let (_, _, rows) = store.budget(&org()?).await?;
    let own = rows.into_iter().find(|row| row.portal_id.get() == portal_id);
    Ok(own.map_or((0, 0), |BudgetRow { used, reserved, .. }| (used, reserved)))
}

/// How many of so many reservations of one call that are made at once are granted, of the given portals in turn.
async fn granted(store: &Store, at_once: usize, portals: &[i64]) -> Result<usize> {
    let org = org()?;
    let reservations = portals.iter().cycle().take(at_once).map(|id| {
        let (store, org, id) = (store.clone(), org.clone(), *id);
        async move { store.reserve_api_calls(&org, portal(id)?, 1).await.map_err(anyhow::Error::from) }
    });
    let mut granted = 0;
    for outcome in futures::future::join_all(reservations).await {
        match outcome {
            Ok(_) => granted += 1,
            Err(error) => match error.downcast_ref::<StoreError>() {
                Some(StoreError::Refused(refusal))
                    if refusal.reason == Reason::SalesforceApiCallsExhausted => {}
                _ => return Err(error),
            },
        }
    }
    Ok(granted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r34_of_32_reservations_at_once_as_many_are_granted_as_calls_are_left() -> Result<()> {
    // The portal's share.
    let (_database, mut connection, store) = sharing().await?;
    store.count_api_calls(&org()?, portal(1)?, 489).await?;
    ensure!(granted(&store, 32, &[1]).await? == 11);
    ensure!(usage(&store, 1).await? == (489, 11));
    // The org's allocation, with what the other portal used.
    run(&mut connection, "update connections set api_call_limit = 5000").await?;
    store.count_api_calls(&org()?, portal(2)?, 493).await?;
    ensure!(granted(&store, 32, &[1]).await? == 7);
    ensure!(count(&mut connection, "select count(*) from api_reservations").await? == 18);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r34_two_portals_of_an_org_share_what_it_has_left() -> Result<()> {
    let (_database, mut connection, store) = sharing().await?;
    run(&mut connection, "update connections set api_call_limit = 1000").await?;
    store.count_api_calls(&org()?, portal(1)?, 600).await?;
    store.count_api_calls(&org()?, portal(2)?, 387).await?;
    ensure!(granted(&store, 32, &[1, 2]).await? == 13);
    let ((_, first), (_, second)) = (usage(&store, 1).await?, usage(&store, 2).await?);
    ensure!(first + second == 13, "{first} and {second}");
    Ok(())
}

/// What Salesforce counted is the beginning, not the whole: what is reserved after it comes on top.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r34_what_others_used_in_the_org_is_not_granted_again() -> Result<()> {
    let (_database, mut connection, store) = sharing().await?;
    store.observe_api_calls(&org()?, 991, 1000).await?;
    ensure!(granted(&store, 32, &[1, 2]).await? == 9);
    run(&mut connection, "update orgs set observed_at = now() - interval '61 minutes'").await?;
    ensure!(granted(&store, 1, &[1]).await? == 1, "an old observation is believed");
    Ok(())
}

#[tokio::test]
async fn r34_a_call_counts_for_all_of_24_hours() -> Result<()> {
    let (_database, mut connection, store) = sharing().await?;
    // The bucket that holds the calls of 24 hours ago, of whose last some are younger, and the one before.
    for (calls, ago) in [(3, "24 hours"), (40, "24 hours 10 minutes"), (500, "24 hours 20 minutes")] {
        let sql = format!(
            "insert into api_calls (org_id, portal_id, bucket, calls) values ('{ORG_A}', 1,
                date_bin('10 minutes', now() - interval '{ago}', timestamptz 'epoch'), {calls})"
        );
        run(&mut connection, &sql).await?;
    }
    let (used, _) = usage(&store, 1).await?;
    ensure!(used == 3, "{used} of the three buckets count");
    // To the second, whatever the time of day is.
    for (distance, counts) in [("24 hours 9 minutes", true), ("24 hours 10 minutes 1 second", false)] {
        run(&mut connection, "delete from api_calls").await?;
        let sql = format!(
            "insert into api_calls (org_id, portal_id, bucket, calls) values ('{ORG_A}', 1, now() - interval '{distance}', 8)"
        );
        run(&mut connection, &sql).await?;
        ensure!(usage(&store, 1).await? == (if counts { 8 } else { 0 }, 0), "begun {distance} ago");
    }
    Ok(())
}

#[tokio::test]
async fn settling_twice_counts_once_and_an_expired_reservation_is_settled_too() -> Result<()> {
    let (_database, mut connection, store) = sharing().await?;
    let reservation = store.reserve_api_calls(&org()?, portal(1)?, 4).await?;
    ensure!(usage(&store, 1).await? == (0, 4));
    // R12: five count as five.
    for _ in 0..3 {
        store.settle_api_calls(&reservation, 5).await?;
        ensure!(usage(&store, 1).await? == (5, 0));
    }
    store.settle_api_calls(&reservation, 0).await?;
    ensure!(usage(&store, 1).await? == (5, 0));

    let late = store.reserve_api_calls(&org()?, portal(1)?, 4).await?;
    run(&mut connection, "update api_reservations set reserved_at = now() - interval '25 hours'").await?;
    ensure!(usage(&store, 1).await? == (5, 0), "an expired reservation counts");
    for _ in 0..2 {
        store.settle_api_calls(&late, 3).await?;
        ensure!(usage(&store, 1).await? == (8, 0));
    }
    let unused = store.reserve_api_calls(&org()?, portal(1)?, 4).await?;
    store.settle_api_calls(&unused, 0).await?;
    ensure!(usage(&store, 1).await? == (8, 0));
    ensure!(count(&mut connection, "select count(*) from api_reservations").await? == 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settled_by_many_at_once_it_counts_once() -> Result<()> {
    let (_database, _connection, store) = sharing().await?;
    let reservation = store.reserve_api_calls(&org()?, portal(1)?, 4).await?;
    let settling = (0..8).map(|_| store.settle_api_calls(&reservation, 5));
    futures::future::try_join_all(settling).await?;
    ensure!(usage(&store, 1).await? == (5, 0));
    Ok(())
}

#[tokio::test]
async fn the_ledger_is_pruned_but_not_within_its_window() -> Result<()> {
    let (_database, mut connection, store) = sharing().await?;
    for ago in ["24 hours", "47 hours", "49 hours"] {
        let sql = format!(
            "insert into api_calls (org_id, portal_id, bucket, calls) values ('{ORG_A}', 1, now() - interval '{ago}', 1);
            insert into api_reservations (reservation_id, org_id, portal_id, calls, reserved_at)
            values (gen_random_uuid(), '{ORG_A}', 1, 1, now() - interval '{ago}')"
        );
        run(&mut connection, &sql).await?;
    }
    store.prune(time::Duration::days(1), time::Duration::SECOND).await?;
    ensure!(count(&mut connection, "select count(*) from api_calls").await? == 2);
    ensure!(count(&mut connection, "select count(*) from api_reservations").await? == 2);
    Ok(())
}

/// The process may have any time; the store asks the database for it.
#[test]
fn the_store_has_no_clock_of_its_own() -> Result<()> {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            ensure!(
                !text.contains("now_utc") && !text.contains("SystemTime"),
                "{} has a clock",
                path.display()
            );
            files += 1;
        }
    }
    ensure!(files > 15, "only {files} files");
    Ok(())
}

/// A server that dies right after the commit that connects has counted what its probe used.
#[tokio::test]
async fn the_calls_of_a_probe_count_in_the_commit_that_connects() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let mut hold = failpoint::hold_at("connect.start", 1);
    let begun = walk.start_to_connect().await?;
    hold.reached().await;
    let attempt = walk.attempt_ended(&begun.attempt_id).await?;
    ensure!(attempt.state() == v1::ConnectState::Connected && attempt.api_calls_used > 0, "{attempt:?}");
    let mut connection = connect(&world.database).await?;
    let counted = count(&mut connection, "select coalesce(sum(calls), 0)::bigint from api_calls").await?;
    ensure!(
        counted == i64::from(attempt.api_calls_used),
        "{counted} counted, {} used",
        attempt.api_calls_used
    );
    Ok(())
}

/// The same when the org is known and the attempt fails.
#[tokio::test]
async fn the_calls_of_a_probe_that_refused_count_too() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ObjectSync).await?;
    let mut connection = connect(&world.database).await?;
    let sum = "select coalesce(sum(calls), 0)::bigint from api_calls";
    let before = count(&mut connection, sum).await?;
    let edit = |org: &mut connector::simulator::salesforce::fixture::OrgFixture| {
        "Group Edition".clone_into(&mut org.edition);
    };
    world.simulators.salesforce.edit_org(ACME_ADMIN, edit).map_err(anyhow::Error::msg)?;
    let attempt = walk.connect().await?;
    ensure!(attempt.state() == v1::ConnectState::Failed && attempt.api_calls_used > 0, "{attempt:?}");
    let counted = count(&mut connection, sum).await? - before;
    ensure!(
        counted == i64::from(attempt.api_calls_used),
        "{counted} counted, {} used",
        attempt.api_calls_used
    );
    Ok(())
}

/// Where it is known that an org has no calls left for a probe, none is made.
#[tokio::test]
async fn r47_no_probe_is_made_when_the_org_is_known_to_have_no_calls_left() -> Result<()> {
    let world = World::start().await?;
    Walk::before(&world, Step::ObjectSync).await?;
    let second = Walk::start_with(&world, seed::TOKEN_B).await?;
    second.answer_until(Step::ConnectAccounts).await?;
    let mut connection = connect(&world.database).await?;
    run(&mut connection, "update orgs set observed_used = allocation - 3, observed_at = now()").await?;
    let used = || world.simulators.salesforce.used_calls(ACME_ADMIN).map_err(anyhow::Error::msg);
    let before = used()?;
    let attempt = second.connect().await?;
    ensure!(attempt.reason() == ErrorReason::SalesforceApiCallsExhausted, "{attempt:?}");
    ensure!(used()? == before && attempt.api_calls_used == 0, "a call was made: {attempt:?}");
    let open = attempt.findings.iter().filter(|one| one.result() == v1::FindingResult::NotChecked);
    let words: Vec<&str> = open.map(|one| one.found.as_str()).collect();
    ensure!(words.len() > 5 && words.iter().all(|found| found.contains("no API calls")), "{words:?}");

    // It is asked again once an hour has passed, and then Salesforce's own answer counts.
    run(&mut connection, "update orgs set observed_at = now() - interval '2 hours'").await?;
    let attempt = second.connect().await?;
    ensure!(attempt.state() == v1::ConnectState::Connected, "{attempt:?}");
    Ok(())
}
