//! A change of keys by one statement after one look, and what comes in between.

use anyhow::{Result, ensure};
use connector::{
    domain::Reason,
    store::{Call, Holding, Store, StoreError},
};
use futures::future::join_all;
use sqlx::PgConnection;
use time::Duration;
use uuid::Uuid;

use super::raw::{connect, count, insert_secret, patient_store, run, seed};
use crate::harness::TestDatabase;

const LIVE: Duration = Duration::minutes(5);
const ROWS: &str = "select count(*) from audit_rows where portal_id = 0";

fn holding(keys: &[&str]) -> Holding {
    Holding {
        key_ids: keys.iter().map(|key| (*key).to_owned()).collect(),
        key_family: None,
        sealing_key_id: "a".to_owned(),
    }
}

/// One server that seals with `a` and holds `b` as well.
async fn prepared() -> Result<(TestDatabase, PgConnection, Store)> {
    let database = TestDatabase::create().await?;
    let mut sql = connect(&database).await?;
    seed(&mut sql).await?;
    let store = patient_store(&database, 8).await?;
    store.join_keys(Uuid::from_u128(1), &holding(&["a", "b"]), "check").await?;
    Ok((database, sql, store))
}

fn call(method: &'static str) -> Call {
    Call { principal: "somebody".to_owned(), is_internal: false, ..Call::internal(method) }
}

fn refusal<T>(outcome: Result<T, StoreError>) -> Result<Reason> {
    match outcome {
        Err(StoreError::Refused(refusal)) => Ok(refusal.reason),
        Err(error) => Err(error.into()),
        Ok(_) => anyhow::bail!("not refused"),
    }
}

async fn sealing(sql: &mut PgConnection) -> Result<String> {
    Ok(sqlx::query_scalar("select sealing_key_id from installation").fetch_one(sql).await?)
}

#[tokio::test]
async fn a_rotation_leaves_its_row_and_its_answer_behind() -> Result<()> {
    let (_database, mut sql, store) = prepared().await?;
    let rotate = call("rotate");
    let seen = store.look_at_keys(&rotate, LIVE).await?;
    let after = store.rotate_seen(&rotate, &seen, "b", LIVE).await?;
    ensure!(sealing(&mut sql).await? == "b" && count(&mut sql, ROWS).await? == 1);
    // What is answered is what is stored.
    let stored = store.key_record(LIVE).await?;
    assert_eq!(format!("{:?}", after.rotation), format!("{:?}", stored.rotation));
    ensure!((after.sealing_key_id, after.rows) == (stored.sealing_key_id, stored.rows));
    ensure!(store.look_at_keys(&rotate, LIVE).await?.was_done(&rotate)?);
    let other = Call { payload_hash: [1; 32], ..rotate.clone() };
    ensure!(refusal(store.look_at_keys(&other, LIVE).await?.was_done(&other))? == Reason::RequestIdReused);
    // Sent at the same time as the first, it is done once.
    store.rotate_seen(&rotate, &seen, "b", LIVE).await?;
    ensure!(count(&mut sql, ROWS).await? == 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_starts_without_the_key_is_noticed() -> Result<()> {
    let (_database, mut sql, store) = prepared().await?;
    let rotate = call("rotate");
    let seen = store.look_at_keys(&rotate, LIVE).await?;
    store.join_keys(Uuid::from_u128(2), &holding(&["a"]), "check").await?;
    let refused = refusal(store.rotate_seen(&rotate, &seen, "b", LIVE).await)?;
    ensure!(refused == Reason::KeyNotEverywhere, "{refused:?}");
    ensure!(sealing(&mut sql).await? == "a" && count(&mut sql, ROWS).await? == 0);
    // One that gives the key up says so without the lock.
    store.leave_keys(Uuid::from_u128(2)).await?;
    let seen = store.look_at_keys(&rotate, LIVE).await?;
    store.announce_keys(Uuid::from_u128(1), &holding(&["a"])).await?;
    let refused = refusal(store.rotate_seen(&rotate, &seen, "b", LIVE).await)?;
    ensure!(refused == Reason::KeyNotEverywhere, "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn a_key_that_came_into_use_since_the_look_is_not_given_up() -> Result<()> {
    let (_database, mut sql, store) = prepared().await?;
    let retire = call("retire");
    let keys = vec!["b".to_owned()];
    let seen = store.look_at_keys(&retire, LIVE).await?;
    run(&mut sql, &insert_secret(1, "b")).await?;
    let refused = refusal(store.retire_seen(&retire, &seen, "b", keys.clone(), LIVE).await)?;
    ensure!(refused == Reason::KeyInUse, "{refused:?}");
    run(&mut sql, "delete from secrets").await?;
    // It seals since then.
    let seen = store.look_at_keys(&retire, LIVE).await?;
    let rotate = call("rotate");
    store.rotate_seen(&rotate, &store.look_at_keys(&rotate, LIVE).await?, "b", LIVE).await?;
    let refused = refusal(store.retire_seen(&retire, &seen, "b", keys, LIVE).await)?;
    ensure!(refused == Reason::KeyInUse, "{refused:?}");
    ensure!(count(&mut sql, "select count(*) from retired_keys").await? == 0);
    // The other one goes, once its server seals with the new one.
    let keys = vec!["a".to_owned()];
    store
        .announce_keys(
            Uuid::from_u128(1),
            &Holding { sealing_key_id: "b".to_owned(), ..holding(&["a", "b"]) },
        )
        .await?;
    let seen = store.look_at_keys(&retire, LIVE).await?;
    let after = store.retire_seen(&retire, &seen, "a", keys, LIVE).await?;
    ensure!(after.retired == store.key_record(LIVE).await?.retired && after.retired == ["a"]);
    // And never seals again, also when the look was before.
    let back = call("back");
    let refused = refusal(store.rotate_seen(&back, &seen, "a", LIVE).await)?;
    ensure!(refused == Reason::KeyRetired, "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn of_rotations_that_race_each_has_its_row() -> Result<()> {
    let (_database, mut sql, store) = prepared().await?;
    store.join_keys(Uuid::from_u128(1), &holding(&["a", "b", "c", "d"]), "check").await?;
    let racers = ["b", "c", "d"].map(|to| {
        let store = &store;
        async move {
            let rotate = call("rotate");
            let seen = store.look_at_keys(&rotate, LIVE).await?;
            store.rotate_seen(&rotate, &seen, to, LIVE).await.map(|_| ())
        }
    });
    join_all(racers).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    ensure!(count(&mut sql, ROWS).await? == 3);
    let head = "select count(*) from installation i join audit_rows a
        on a.portal_id = 0 and a.sequence = i.audit_sequence and a.hash = i.audit_head
            and i.audit_sequence = 3 and a.details ->> 'acts' like '%\"to\":\"' || i.sealing_key_id || '\"%'";
    ensure!(count(&mut sql, head).await? == 1);
    ensure!(count(&mut sql, "select count(*) from key_rotations where finished_at is null").await? == 1);
    Ok(())
}
