//! Shares of an org set by one statement after one look, and what comes in between.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use connector::{
    domain::{OrgId, PortalId, Reason, SetupId, setup::Setup},
    store::{Call, OrgBudget, OrgSeen, PortalTx, Store, StoreError, Target},
};
use futures::future::{BoxFuture, join_all};
use sqlx::PgConnection;
use uuid::Uuid;

use super::raw::{ORG_A, ORG_B, connect, count, insert, patient_store, run, seed, uuid};
use crate::harness::TestDatabase;

const HELD: &str = "select sum(api_call_limit)::bigint from connections where org_id like '%EAA'";

/// Portals 1 and 2 at org A, 3 and 4 at org B, the odd ones with a setup; each org is granted 1000 calls and all are
/// given away. The portals of an org share a user.
async fn prepared(connections: u32) -> Result<(TestDatabase, PgConnection, Store)> {
    let database = TestDatabase::create().await?;
    let mut sql = connect(&database).await?;
    seed(&mut sql).await?;
    for (id, org, place) in [(1, ORG_A, 1), (2, ORG_A, 2), (3, ORG_B, 1), (4, ORG_B, 2)] {
        run(&mut sql, &insert(id, i64::from(id), org, place, "connected")).await?;
    }
    run(&mut sql, "update connections set user_key = 'admin'").await?;
    let store = patient_store(&database, connections).await?;
    for portal_id in [1, 3] {
        store.change(&call("start"), Target::Portal(portal(portal_id)?), start).await?;
    }
    Ok((database, sql, store))
}

fn start(tx: &mut PortalTx) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(async move {
        let setup = SetupId(Uuid::from_u128(u128::from(tx.portal_id().get().unsigned_abs())));
        tx.save_setup(Setup::start(setup, tx.portal_id(), tx.now())).await.map(|_| ())
    })
}

fn call(method: &'static str) -> Call {
    Call { principal: "somebody".to_owned(), is_internal: false, ..Call::internal(method) }
}

fn portal(id: i64) -> Result<PortalId> {
    PortalId::parse(id).context("no portal id")
}

fn org(id: &str) -> Result<OrgId> {
    OrgId::parse(id).context("no org id")
}

fn shares(of: &[(i64, i64)]) -> Result<BTreeMap<PortalId, i64>> {
    of.iter().map(|(id, limit)| Ok((portal(*id)?, *limit))).collect()
}

async fn look(store: &Store, call: &Call, of: &[(i64, i64)]) -> Result<OrgSeen> {
    Ok(store.look_at_org(call, &org(ORG_A)?, &shares(of)?).await?)
}

async fn set(store: &Store, call: &Call, of: &[(i64, i64)]) -> Result<OrgBudget> {
    let seen = look(store, call, of).await?;
    Ok(store.allocate_seen(call, seen, shares(of)?, None).await?)
}

fn grow(tx: &mut PortalTx, by: i64) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(async move {
        tx.lock_org().await?;
        let mut connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
        connection.api_call_limit += by;
        tx.save_connection(connection).await.map(|_| ())
    })
}

/// All rows of two portals and their org, without what differs between any two.
async fn rows(sql: &mut PgConnection, portals: [i64; 2], org_id: &str) -> Result<String> {
    let rows: String = sqlx::query_scalar(
        "select jsonb_build_array(
            (select jsonb_agg(to_jsonb(p) - 'audit_head' order by portal_id) from portals p
                where portal_id = any($1)),
            (select jsonb_agg(to_jsonb(s) order by portal_id) from setups s where portal_id = any($1)),
            (select jsonb_agg(to_jsonb(c) order by portal_id) from connections c where portal_id = any($1)),
            (select jsonb_agg(to_jsonb(e) - '{xid,kinds}'::text[] order by portal_id, revision) from portal_events e
                where portal_id = any($1)),
            (select jsonb_agg(to_jsonb(e.kind) order by portal_id, revision, e.kind)
                from portal_events, unnest(kinds) as e (kind) where portal_id = any($1)),
            (select jsonb_agg(to_jsonb(a) - '{hash,prev_hash,request_id}'::text[] order by portal_id, sequence)
                from audit_rows a where portal_id = any($1)),
            (select to_jsonb(o) from orgs o where org_id = $2)
        )::text",
    )
    .bind(portals.as_slice())
    .bind(org_id)
    .fetch_one(sql)
    .await?;
    let number = |id: i64, to: i64| (format!("\"portal_id\": {id}"), format!("\"portal_id\": {to}"));
    let setup = |id: u8| format!("\"{}\"", Uuid::from_u128(u128::from(id)));
    let same = [
        (ORG_B.to_owned(), ORG_A.to_owned()),
        number(3, 1),
        number(4, 2),
        (uuid(4), uuid(2)),
        (setup(3), setup(1)),
    ];
    let rows = same.iter().fold(rows, |rows, (from, to)| rows.replace(from, to));
    let is_time = |part: &&str| part.len() > 18 && part.starts_with("20") && part.contains('T');
    Ok(rows.split('"').map(|part| if is_time(&part) { "TIME" } else { part }).collect::<Vec<_>>().join("\""))
}

#[tokio::test]
async fn both_ways_write_the_same_rows() -> Result<()> {
    let (_database, mut sql, store) = prepared(2).await?;
    for [first, second] in [[100, 900], [600, 300]] {
        let by_look = call("share");
        let (record, connections, _) = set(&store, &by_look, &[(1, first), (2, second)]).await?;
        let of_b = shares(&[(3, first), (4, second)])?;
        store.allocate(&call("share"), &org(ORG_B)?, of_b, None).await?;
        assert_eq!(rows(&mut sql, [1, 2], ORG_A).await?, rows(&mut sql, [3, 4], ORG_B).await?);
        // What is answered is what is stored.
        let (stored, stored_connections, _) = store.budget(&org(ORG_A)?).await?;
        ensure!((record.version, record.updated_at) == (stored.version, stored.updated_at));
        ensure!(connections == stored_connections, "{connections:?} {stored_connections:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_share_that_grew_since_the_look_is_noticed() -> Result<()> {
    let (_database, mut sql, store) = prepared(2).await?;
    set(&store, &call("less"), &[(1, 100)]).await?;
    let share = call("share");
    let seen = look(&store, &share, &[(1, 500)]).await?;
    store.change(&call("grow"), Target::Portal(portal(2)?), |tx| grow(tx, 300)).await?;
    let refused = store.allocate_seen(&share, seen, shares(&[(1, 500)])?, None).await;
    let Err(StoreError::Refused(refusal)) = refused else { anyhow::bail!("{:?}", refused.map(|_| ())) };
    ensure!(refusal.reason == Reason::OrgApiCallLimitExceeded, "{refusal:?}");
    ensure!(count(&mut sql, HELD).await? == 900);
    Ok(())
}

#[tokio::test]
async fn what_is_granted_or_changed_since_the_look_is_noticed() -> Result<()> {
    let (_database, mut sql, store) = prepared(2).await?;
    // Salesforce grants less.
    let share = call("share");
    let seen = look(&store, &share, &[(1, 500)]).await?;
    store.observe_api_calls(&org(ORG_A)?, 1, 900).await?;
    let refused = store.allocate_seen(&share, seen, shares(&[(1, 500)])?, None).await;
    ensure!(matches!(refused, Err(StoreError::Refused(_))));
    // A portal of it has changed: nothing is lost.
    let share = call("share");
    let seen = look(&store, &share, &[(1, 100), (2, 200)]).await?;
    store.change(&call("less"), Target::Portal(portal(2)?), |tx| grow(tx, -1)).await?;
    store.allocate_seen(&share, seen, shares(&[(1, 100), (2, 200)])?, None).await?;
    ensure!(count(&mut sql, HELD).await? == 300);
    ensure!(count(&mut sql, "select revision from portals where portal_id = 2").await? == 2);
    // A version that was expected is the look's; the change before raised it.
    let (late, seen_late) = (call("late"), look(&store, &call("late"), &[(1, 1)]).await?);
    set(&store, &call("early"), &[(2, 2)]).await?;
    let refused = store.allocate_seen(&late, seen_late, shares(&[(1, 1)])?, Some(2)).await;
    let Err(StoreError::Refused(refusal)) = refused else { anyhow::bail!("not refused") };
    ensure!(refusal.reason == Reason::EtagMismatch, "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn the_same_call_again_gets_its_answer() -> Result<()> {
    let (_database, mut sql, store) = prepared(2).await?;
    let share = call("share");
    let seen_before = look(&store, &share, &[(1, 100)]).await?;
    set(&store, &share, &[(1, 100)]).await?;
    set(&store, &call("share"), &[(1, 200)]).await?;
    // Sent at the same time as the first, and sent again.
    store.allocate_seen(&share, seen_before, shares(&[(1, 100)])?, None).await?;
    set(&store, &share, &[(1, 100)]).await?;
    ensure!(count(&mut sql, HELD).await? == 700);
    let other = Call { payload_hash: [1; 32], ..share };
    let reused = look(&store, &other, &[(1, 100)]).await?;
    let reused = store.allocate_seen(&other, reused, shares(&[(1, 100)])?, None).await;
    let Err(StoreError::Refused(refusal)) = reused else { anyhow::bail!("not refused") };
    ensure!(refusal.reason == Reason::RequestIdReused, "{refusal:?}");
    // Only tried: nothing is written.
    let tried = Call { validate_only: true, ..call("share") };
    let (_, connections, _) = set(&store, &tried, &[(1, 7)]).await?;
    ensure!(connections.iter().any(|connection| connection.api_call_limit == 7));
    ensure!(count(&mut sql, HELD).await? == 700);
    Ok(())
}

#[tokio::test]
async fn shares_that_race_are_never_more_than_is_granted() -> Result<()> {
    let (_database, mut sql, store) = prepared(8).await?;
    let refused = |outcome: Result<(), StoreError>| match outcome {
        Ok(()) => Ok(0),
        Err(StoreError::Refused(refusal)) if refusal.reason == Reason::OrgApiCallLimitExceeded => Ok(1),
        Err(error) => Err(error),
    };
    for round in 0..40_i64 {
        run(&mut sql, "update connections set api_call_limit = 100").await?;
        // Each wants 700 for one of the two; there is room for one of them.
        let racers = (0..6_i64).map(|racer| {
            let store = &store;
            async move {
                let (portal_id, share) = (portal(1 + (racer + round) % 2)?, call("share"));
                let wanted = BTreeMap::from([(portal_id, 700)]);
                let outcome = if racer % 3 == 0 {
                    store.change(&share, Target::Portal(portal_id), |tx| limit(tx, 700)).await
                } else {
                    let seen = store.look_at_org(&share, &org(ORG_A)?, &wanted).await?;
                    store.allocate_seen(&share, seen, wanted, None).await.map(|_| ())
                };
                Ok::<_, anyhow::Error>(refused(outcome)?)
            }
        });
        join_all(racers).await.into_iter().collect::<Result<Vec<i64>>>()?;
        let held = count(&mut sql, HELD).await?;
        ensure!(held == 800, "round {round}: {held}");
    }
    let gaps = "select count(*) from portals p where revision <> (
        select count(*) from portal_events e where e.portal_id = p.portal_id
    ) or audit_sequence <> (select count(*) from audit_rows a where a.portal_id = p.portal_id)";
    ensure!(count(&mut sql, gaps).await? == 0);
    Ok(())
}

/// Sets a portal's share as the wizard does, by the sum that it sees under the org's lock.
fn limit(tx: &mut PortalTx, limit: i64) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(async move {
        tx.lock_org().await?;
        let setup = Setup::start(SetupId(Uuid::nil()), tx.portal_id(), tx.now());
        let view = tx.view_setup(setup).await?;
        let mut connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
        let others = view.limit.map_or(0, |limit| limit.held_by_others);
        if others + limit > 1000 {
            return Err(Reason::OrgApiCallLimitExceeded.into());
        }
        connection.api_call_limit = limit;
        tx.save_connection(connection).await.map(|_| ())
    })
}
