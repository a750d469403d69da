//! A portal as this process left it is remembered for the next step, and decides nothing by itself.

use std::time::Duration;

use anyhow::{Result, ensure};
use connector::{
    domain::{PortalId, Reason, SetupId, setup::Setup},
    store::{Call, PortalTx, SecretKind, SecretRole, Store, StoreError, Target},
};
use futures::future::BoxFuture;
use sqlx::PgConnection;
use uuid::Uuid;

use super::raw::{ORG_A, connect, count, insert, run, seed, store};
use crate::harness::TestDatabase;

type Done<'tx, T> = BoxFuture<'tx, Result<T, StoreError>>;

const SETUP: SetupId = SetupId(Uuid::from_u128(0x5e7));

/// A setup of portal 1, begun and answered once by the first of two servers: it remembers the portal.
async fn answered() -> Result<(TestDatabase, PgConnection, Store, Store)> {
    let database = TestDatabase::create().await?;
    let mut sql = connect(&database).await?;
    seed(&mut sql).await?;
    let (first, second) = (store(&database, 2).await?, store(&database, 2).await?);
    let Some(portal_id) = PortalId::parse(1) else { anyhow::bail!("no portal id") };
    first.change(&call("start"), Target::Portal(portal_id), start).await?;
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 1);
    Ok((database, sql, first, second))
}

fn call(method: &'static str) -> Call {
    Call { principal: "somebody".to_owned(), is_internal: false, ..Call::internal(method) }
}

fn start(tx: &mut PortalTx) -> Done<'_, ()> {
    Box::pin(async move {
        tx.save_setup(Setup::start(SETUP, tx.portal_id(), tx.now())).await?;
        Ok(())
    })
}

/// One seat more; how many there are then.
fn one_more(tx: &mut PortalTx) -> Done<'_, i32> {
    Box::pin(async move {
        let mut setup = tx.setup(SETUP).await?;
        let seats = setup.answers.seats.unwrap_or(0) + 1;
        setup.answers.seats = Some(seats);
        tx.save_setup(setup).await?;
        Ok(seats)
    })
}

fn five_more(tx: &mut PortalTx) -> Done<'_, i32> {
    Box::pin(async move {
        for _ in 0..4 {
            one_more(tx).await?;
        }
        one_more(tx).await
    })
}

/// One more, refused while there are fewer than two.
fn one_more_than_two(tx: &mut PortalTx) -> Done<'_, i32> {
    Box::pin(async move {
        if tx.setup(SETUP).await?.answers.seats.unwrap_or(0) < 2 {
            return Err(Reason::SyncNotOn.into());
        }
        one_more(tx).await
    })
}

async fn seats(sql: &mut PgConnection) -> Result<i64> {
    count(sql, "select (state #>> '{answers,seats}')::bigint from setups").await
}

#[tokio::test]
async fn a_step_after_a_step_reads_nothing() -> Result<()> {
    let (database, mut sql, first, second) = answered().await?;
    // Whoever reads a portal for a change reads its org as well; whoever writes one does not.
    let mut holder = connect(&database).await?;
    run(&mut holder, "begin").await?;
    run(&mut holder, "lock table orgs in access exclusive mode").await?;
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 2);
    let step = call("step");
    let who_must_read = second.change(&step, Target::Setup(SETUP), one_more);
    let mut who_must_read = std::pin::pin!(who_must_read);
    let in_time = tokio::time::timeout(Duration::from_millis(50), &mut who_must_read).await;
    ensure!(in_time.is_err(), "the org is held, so nobody can read the portal");
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 3);
    run(&mut holder, "rollback").await?;
    ensure!(who_must_read.await? == 4);
    ensure!(seats(&mut sql).await? == 4);
    Ok(())
}

#[tokio::test]
async fn what_another_server_changed_is_seen() -> Result<()> {
    let (_database, mut sql, first, second) = answered().await?;
    ensure!(second.change(&call("step"), Target::Setup(SETUP), one_more).await? == 2);
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 3);
    // Each of them has what the other one did not write.
    ensure!(second.change(&call("step"), Target::Setup(SETUP), one_more).await? == 4);
    ensure!(seats(&mut sql).await? == 4);
    Ok(())
}

#[tokio::test]
async fn nobody_is_refused_for_what_is_past() -> Result<()> {
    let (_database, mut sql, first, second) = answered().await?;
    second.change(&call("step"), Target::Setup(SETUP), one_more).await?;
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more_than_two).await? == 3);
    // A preview is not written, so nothing would tell that it is of the past.
    second.change(&call("step"), Target::Setup(SETUP), one_more).await?;
    let preview = Call { validate_only: true, ..call("step") };
    ensure!(first.change(&preview, Target::Setup(SETUP), one_more).await? == 5);
    ensure!(seats(&mut sql).await? == 4);
    Ok(())
}

#[tokio::test]
async fn a_request_that_was_answered_gets_its_answer() -> Result<()> {
    let (_database, mut sql, first, second) = answered().await?;
    let (ours, theirs) = (call("step"), call("step"));
    ensure!(first.change(&ours, Target::Setup(SETUP), one_more).await? == 2);
    ensure!(first.change(&ours, Target::Setup(SETUP), one_more).await? == 2);
    ensure!(second.change(&theirs, Target::Setup(SETUP), one_more).await? == 3);
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 4);
    ensure!(first.change(&theirs, Target::Setup(SETUP), one_more).await? == 3);
    let reused = Call { payload_hash: [7; 32], ..ours };
    let reused = first.change(&reused, Target::Setup(SETUP), one_more).await;
    ensure!(
        matches!(&reused, Err(StoreError::Refused(refusal)) if refusal.reason == Reason::RequestIdReused),
        "{reused:?}"
    );
    ensure!(seats(&mut sql).await? == 4);
    Ok(())
}

#[tokio::test]
async fn a_portal_that_was_connected_meanwhile_is_read() -> Result<()> {
    let (_database, mut sql, first, second) = answered().await?;
    run(&mut sql, &insert(1, 1, ORG_A, 1, "connected")).await?;
    second.change(&call("step"), Target::Setup(SETUP), one_more).await?;
    let limit = first
        .change(&call("step"), Target::Setup(SETUP), |tx| {
            Box::pin(async move {
                let connection = tx.active_connection().await?;
                one_more(tx).await?;
                Ok(connection.map(|connection| connection.api_call_limit))
            })
        })
        .await?;
    ensure!(limit == Some(500), "{limit:?}");
    Ok(())
}

#[tokio::test]
async fn secrets_are_looked_at_before_one_is_taken_away() -> Result<()> {
    let (_database, mut sql, first, _) = answered().await?;
    let secret = "insert into secrets (secret_id, portal_id, kind, role, version, sealed, info)
        values (gen_random_uuid(), 1, 'security_token', 'current', 1, '\\x0101', '{}')";
    run(&mut sql, secret).await?;
    first
        .change(&call("step"), Target::Setup(SETUP), |tx| {
            Box::pin(tx.delete_secret(SecretKind::SecurityToken, SecretRole::Current))
        })
        .await?;
    ensure!(count(&mut sql, "select count(*) from secrets").await? == 0);
    Ok(())
}

/// A failover may lose the last changes, and others get their numbers.
#[tokio::test]
async fn what_a_failover_took_back_is_not_built_upon() -> Result<()> {
    let (_database, mut sql, first, second) = answered().await?;
    run(&mut sql, "create temporary table kept as table portals").await?;
    run(&mut sql, "create temporary table kept_setups as table setups").await?;
    ensure!(first.change(&call("lost"), Target::Setup(SETUP), one_more).await? == 2);
    let take_back = "begin;
        set local session_replication_role = replica;
        alter table portals disable trigger all;
        alter table audit_rows disable trigger all;
        delete from portal_events e using kept k where e.portal_id = k.portal_id and e.revision > k.revision;
        delete from audit_rows a using kept k where a.portal_id = k.portal_id and a.sequence > k.audit_sequence;
        delete from request_records where method = 'lost';
        update portals p set revision = k.revision, audit_sequence = k.audit_sequence, audit_head = k.audit_head
            from kept k where p.portal_id = k.portal_id;
        update setups s set state = k.state, version = k.version from kept_setups k where s.setup_id = k.setup_id;
        alter table portals enable trigger all;
        alter table audit_rows enable trigger all;
        commit";
    run(&mut sql, take_back).await?;
    ensure!(second.change(&call("five more"), Target::Setup(SETUP), five_more).await? == 6);
    let numbers = "select revision * 1000 + audit_sequence from portals where portal_id = 1";
    ensure!(count(&mut sql, numbers).await? == 3003, "the numbers are those that the first server remembers");
    ensure!(first.change(&call("step"), Target::Setup(SETUP), one_more).await? == 7);
    ensure!(seats(&mut sql).await? == 7);
    Ok(())
}
