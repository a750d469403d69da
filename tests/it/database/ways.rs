//! A change runs on a draft of its portal first, and under the portal's lock when it must: to a caller both are one.

use anyhow::{Context as _, Result, ensure};
use connector::{
    domain::{
        HandoffId, PortalId, Reason, SetupId, TestContactId,
        connection::ConnectionState,
        handoff::Handoff,
        portal::{CredentialInfo, CredentialMethod},
        settings::SyncSettings,
        setup::{Setup, Status},
        sync_state::SuspensionReason,
        test_contact::TestContact,
    },
    failpoint,
    store::{Call, JobKind, Look, PortalTx, SecretKind, SecretRole, SecretRow, Store, StoreError, Target},
};
use futures::future::{BoxFuture, join_all};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::raw::{ORG_A, ORG_B, connect, count, insert, patient_store, run, seed, store, uuid};
use crate::harness::TestDatabase;

type Done<'tx> = BoxFuture<'tx, Result<(), StoreError>>;

/// Portals 1 and 2, each connected with an org of its own.
async fn prepared() -> Result<(TestDatabase, PgConnection)> {
    let database = TestDatabase::create().await?;
    let mut sql = connect(&database).await?;
    seed(&mut sql).await?;
    run(&mut sql, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut sql, &insert(2, 2, ORG_B, 1, "connected")).await?;
    Ok((database, sql))
}

/// As a caller's, and not the connector's own.
fn call(method: &'static str) -> Call {
    Call { principal: "somebody".to_owned(), is_internal: false, ..Call::internal(method) }
}

fn portal(id: i64) -> Result<PortalId> {
    PortalId::parse(id).context("no portal id")
}

/// An id of its own for each thing of a portal.
fn id(portal_id: PortalId, thing: u8) -> Uuid {
    Uuid::from_u128(u128::from(portal_id.get().unsigned_abs()) << 8 | u128::from(thing))
}

fn secret(portal_id: PortalId, number: u8) -> SecretRow {
    SecretRow {
        secret_id: id(portal_id, number),
        version: 1,
        sealed: vec![1, 1, b'k', number, 0, 255],
        info: CredentialInfo {
            method: CredentialMethod::Password,
            username: None,
            fingerprint: format!("f{number}"),
            set_at: OffsetDateTime::UNIX_EPOCH,
        },
    }
}

fn make(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move {
        let (portal_id, now) = (tx.portal_id(), tx.now());
        let setup = SetupId(id(portal_id, 1));
        tx.save_setup(Setup::start(setup, portal_id, now)).await?;
        tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, &secret(portal_id, 2)).await?;
        tx.put_secret(SecretKind::SalesforceSession, SecretRole::Candidate, &secret(portal_id, 3)).await?;
        tx.add_job(JobKind::Connect, setup.0, now).await?;
        let contact = TestContactId(id(portal_id, 4));
        tx.save_test_contact(TestContact::new(contact, portal_id, "somebody".to_owned(), now)).await?;
        let handoff = HandoffId(id(portal_id, 5));
        let handoff = Handoff::new(handoff, setup, portal_id, 7, "somebody".to_owned(), now);
        tx.add_handoff(handoff, &[u8::try_from(portal_id.get()).unwrap_or(0); 32]).await?;
        let mut named = tx.portal().clone();
        named.display_name = "A \"name\"".to_owned();
        tx.save_portal(named).await?;
        let mut connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
        connection.state = ConnectionState::Stale;
        connection.api_call_limit -= 100;
        connection.credential = Some(secret(portal_id, 2).info);
        tx.save_connection(connection.clone()).await?;
        let sync = tx.sync().clone().suspended(SuspensionReason::ConnectionStale, now);
        tx.save_sync(sync, SyncSettings::default(), Some(connection.org_id)).await?;
        Ok(())
    })
}

fn edit(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move {
        let (portal_id, now) = (tx.portal_id(), tx.now());
        let setup = tx.active_setup().await?.ok_or(Reason::SetupNotFound)?;
        tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, &secret(portal_id, 6)).await?;
        tx.delete_secret(SecretKind::SalesforceSession, SecretRole::Candidate).await?;
        tx.delete_secret(SecretKind::HubspotCredential, SecretRole::Current).await?;
        tx.add_job(JobKind::Connect, setup.id.0, now).await?;
        let mut contact = tx.newest_test_contact().await?.ok_or(Reason::TestContactNotFound)?;
        contact.api_calls = 5;
        tx.save_test_contact(contact).await?;
        let mut connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
        connection.state = ConnectionState::Disconnected;
        connection.disconnected_at = Some(now);
        connection.credential = None;
        tx.save_connection(connection).await?;
        tx.save_setup(Setup { status: Status::Abandoned, ..setup }).await?;
        Ok(())
    })
}

fn revoke(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move {
        let (portal_id, now) = (tx.portal_id(), tx.now());
        let handoff = tx.handoff(SetupId(id(portal_id, 1)), HandoffId(id(portal_id, 5))).await?;
        tx.save_revoked(handoff.revoked(now)).await?;
        Ok(())
    })
}

/// Nothing but a note in the audit trail.
fn touch(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move { tx.view_sync().await.map(|_| ()) })
}

/// All rows of a portal, without what differs between any two.
async fn rows(sql: &mut PgConnection, portal_id: i64) -> Result<String> {
    let rows: String = sqlx::query_scalar(
        "select jsonb_build_array(
            (select to_jsonb(p) - 'audit_head' from portals p where portal_id = $1),
            (select jsonb_agg(to_jsonb(s)) from setups s where portal_id = $1),
            (select jsonb_agg(to_jsonb(c)) from connections c where portal_id = $1),
            (select jsonb_agg(to_jsonb(s) order by kind) from secrets s where portal_id = $1),
            (select jsonb_agg(to_jsonb(j) - 'job_id') from jobs j where portal_id = $1),
            (select jsonb_agg(to_jsonb(h)) from handoffs h where portal_id = $1),
            (select jsonb_agg(to_jsonb(t)) from test_contacts t where portal_id = $1),
            (select jsonb_agg(to_jsonb(e) - 'xid' - 'kinds' order by revision) from portal_events e
                where portal_id = $1),
            (select jsonb_agg(to_jsonb(e.kind) order by revision, e.kind)
                from portal_events, unnest(kinds) as e (kind) where portal_id = $1),
            (select jsonb_agg(to_jsonb(a) - '{hash,prev_hash,request_id}'::text[] order by sequence)
                from audit_rows a where portal_id = $1)
        )::text",
    )
    .bind(portal_id)
    .fetch_one(sql)
    .await?;
    let same = [
        (uuid(2), uuid(1)),
        ("00000000-0000-0000-0000-0000000002".to_owned(), "00000000-0000-0000-0000-0000000001".to_owned()),
        ("+000000000000000000000000000002".to_owned(), "+000000000000000000000000000001".to_owned()),
        ("\"portal_id\": 2".to_owned(), "\"portal_id\": 1".to_owned()),
        ("\"id\": \"2\"".to_owned(), "\"id\": \"1\"".to_owned()),
        ("02".repeat(32), "01".repeat(32)),
        (ORG_B.to_owned(), ORG_A.to_owned()),
    ];
    let rows = same.iter().fold(rows, |rows, (from, to)| rows.replace(from, to));
    let is_time = |part: &&str| part.len() > 18 && part.starts_with("20") && part.contains('T');
    Ok(rows.split('"').map(|part| if is_time(&part) { "TIME" } else { part }).collect::<Vec<_>>().join("\""))
}

#[tokio::test]
async fn both_ways_write_the_same_rows() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 1).await?;
    let [first, second] = [portal(1)?, portal(2)?];
    let handoff = |portal_id| Target::Handoff(SetupId(id(portal_id, 1)), HandoffId(id(portal_id, 5)));
    type Body = fn(&mut PortalTx) -> Done<'_>;
    let bodies: [(&'static str, Body); 4] =
        [("make", make), ("touch", touch), ("edit", edit), ("revoke", revoke)];
    for (method, body) in bodies {
        let target = |portal_id| match method {
            "revoke" => handoff(portal_id),
            _ => Target::Portal(portal_id),
        };
        // The way that locks needs a connection of the pool, and there is but this one.
        let held = store.pool().acquire().await?;
        store.change(&call(method), target(first), body).await?;
        drop(held);
        store.change_along(&call(method), target(second), Vec::new(), body).await?;
        assert_eq!(rows(&mut sql, 1).await?, rows(&mut sql, 2).await?, "{method}");
    }
    ensure!(count(&mut sql, "select revision from portals where portal_id = 1").await? == 3);
    ensure!(count(&mut sql, "select audit_sequence from portals where portal_id = 1").await? == 4);
    Ok(())
}

async fn seen(store: &Store, call: &Call, target: Target) -> Result<Box<PortalTx>> {
    match store.look::<()>(call, target).await? {
        Look::Seen(seen) => Ok(seen),
        Look::Answered(()) => anyhow::bail!("nobody asked before"),
    }
}

/// Adds a letter to the portal's name.
fn lengthen(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move {
        let mut longer = tx.portal().clone();
        longer.display_name.push('x');
        tx.save_portal(longer).await?;
        Ok(())
    })
}

async fn name(sql: &mut PgConnection) -> Result<String> {
    let name = sqlx::query_scalar("select portal ->> 'display_name' from portals where portal_id = 1");
    Ok(name.fetch_one(sql).await?)
}

#[tokio::test]
async fn what_changed_since_it_was_looked_at_is_changed_as_it_is_now() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 2).await?;
    let target = Target::Portal(portal(1)?);
    let (early, late) = (call("early"), call("late"));
    let seen_early = seen(&store, &early, target).await?;
    store.change(&late, target, lengthen).await?;
    store.change_seen(&early, target, seen_early, lengthen).await?;
    ensure!(name(&mut sql).await? == "xx");
    // The same calls again get their answers, and change nothing.
    store.change(&late, target, lengthen).await?;
    ensure!(matches!(store.look::<()>(&early, target).await?, Look::Answered(())));
    ensure!(name(&mut sql).await? == "xx");
    Ok(())
}

#[tokio::test]
async fn a_stale_change_does_not_take_the_others_of_its_batch_along() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 1).await?;
    let [first, second] = [Target::Portal(portal(1)?), Target::Portal(portal(2)?)];
    let (stale, fresh) = (call("stale"), call("fresh"));
    let (seen_stale, seen_fresh) = (seen(&store, &stale, first).await?, seen(&store, &fresh, second).await?);
    store.change(&call("meanwhile"), first, lengthen).await?;
    // Whoever writes is busy, so that what comes now goes into one batch. Nobody can lock.
    let held = store.pool().acquire().await?;
    let mut holds = Vec::new();
    for other in [3, 4] {
        let (store, target) = (store.clone(), Target::Portal(portal(other)?));
        let mut hold = failpoint::hold_at("store.before_commit", 1);
        let busy = tokio::spawn(async move { store.change(&call("busy"), target, lengthen).await });
        hold.reached().await;
        holds.push((hold, busy));
    }
    let mut stale = std::pin::pin!(store.change_seen(&stale, first, seen_stale, lengthen));
    let mut fresh = std::pin::pin!(store.change_seen(&fresh, second, seen_fresh, lengthen));
    ensure!(futures::poll!(&mut stale).is_pending() && futures::poll!(&mut fresh).is_pending());
    for (hold, busy) in holds {
        hold.release();
        busy.await??;
    }
    fresh.await?;
    drop(held);
    stale.await?;
    ensure!(name(&mut sql).await? == "xx");
    Ok(())
}

fn put_token(tx: &mut PortalTx) -> Done<'_> {
    let secret = secret(tx.portal_id(), 2);
    Box::pin(async move { tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, &secret).await })
}

fn delete_token(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(tx.delete_secret(SecretKind::SecurityToken, SecretRole::Current))
}

#[tokio::test]
async fn a_secret_that_came_without_a_revision_is_noticed() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 2).await?;
    let target = Target::Portal(portal(1)?);
    let delete = call("delete");
    let seen = seen(&store, &delete, target).await?;
    store.change_along(&Call::internal("put"), target, Vec::new(), put_token).await?;
    store.change_seen(&delete, target, seen, delete_token).await?;
    ensure!(count(&mut sql, "select count(*) from secrets").await? == 0);
    let told =
        "select count(*) from audit_rows where method = 'delete' and details ->> 'acts' like '%deleted%'";
    ensure!(count(&mut sql, told).await? == 1);
    Ok(())
}

#[tokio::test]
async fn callers_of_one_connected_portal_lose_nothing() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = patient_store(&database, 8).await?;
    let target = Target::Portal(portal(1)?);
    let callers = (0..8).map(|_| {
        let store = &store;
        async move {
            for _ in 0..10 {
                store.change(&call("lengthen"), target, lengthen).await?;
            }
            Ok::<_, StoreError>(())
        }
    });
    join_all(callers).await.into_iter().collect::<Result<Vec<()>, _>>()?;
    ensure!(name(&mut sql).await? == "x".repeat(80));
    ensure!(count(&mut sql, "select revision from portals where portal_id = 1").await? == 80);
    ensure!(count(&mut sql, "select count(*) from portal_events where portal_id = 1").await? == 80);
    ensure!(count(&mut sql, "select count(*) from request_records").await? == 80);
    Ok(())
}

fn refuse(tx: &mut PortalTx) -> Done<'_> {
    Box::pin(async move {
        tx.save_portal(tx.portal().clone()).await?;
        Err(Reason::SyncNotOn.into())
    })
}

#[tokio::test]
async fn a_refusal_reads_the_same_either_way() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 2).await?;
    let nowhere = Target::Setup(SetupId(Uuid::nil()));
    let unknown = Target::TestContact(TestContactId(Uuid::nil()));
    for target in [Target::Portal(portal(1)?), Target::Portal(portal(99)?), nowhere, unknown] {
        let drafted = store.change(&call("refuse"), target, refuse).await;
        let locked = store.change_along(&call("refuse"), target, Vec::new(), refuse).await;
        let (Err(drafted), Err(locked)) = (drafted, locked) else { anyhow::bail!("not refused") };
        assert_eq!(format!("{drafted:?}"), format!("{locked:?}"));
    }
    // Of one id only the first body counts.
    let first = call("reuse");
    store.change(&first, Target::Portal(portal(1)?), lengthen).await?;
    let other = Call { payload_hash: [1; 32], ..first };
    let drafted = store.change(&other, Target::Portal(portal(1)?), lengthen).await;
    let locked = store.change_along(&other, Target::Portal(portal(1)?), Vec::new(), lengthen).await;
    assert_eq!(format!("{drafted:?}"), format!("{locked:?}"));
    ensure!(count(&mut sql, "select count(*) from request_records").await? == 1);
    Ok(())
}

fn grow(tx: &mut PortalTx, by: i64) -> Done<'_> {
    Box::pin(async move {
        let mut connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
        tx.lock_org().await?;
        connection.api_call_limit += by;
        tx.save_connection(connection).await.map(|_| ())
    })
}

#[tokio::test]
async fn only_a_share_that_grows_needs_the_lock() -> Result<()> {
    let (database, mut sql) = prepared().await?;
    let store = store(&database, 1).await?;
    let target = Target::Portal(portal(1)?);
    let limit = "select api_call_limit from connections where portal_id = 1";
    let held = store.pool().acquire().await?;
    store.change(&call("less"), target, |tx| grow(tx, -1)).await?;
    ensure!(count(&mut sql, limit).await? == 499);
    // Without a connection to lock by, what grows gets nowhere.
    let grown = store.change(&call("more"), target, |tx| grow(tx, 1)).await;
    ensure!(matches!(grown, Err(StoreError::Unavailable(_))), "{grown:?}");
    drop(held);
    store.change(&call("more"), target, |tx| grow(tx, 1)).await?;
    ensure!(count(&mut sql, limit).await? == 500);
    Ok(())
}
