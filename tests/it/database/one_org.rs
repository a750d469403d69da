//! R14: a portal is connected to one org at most, whatever SQL is thrown at the table.

use anyhow::{Result, ensure};

use super::raw::{ORG_A, ORG_B, connect, count, insert, refused, rules_hold, run, seed, uuid};
use crate::harness::TestDatabase;

const RULE: &str = "connections_one_org_per_portal";

/// Portal 1 at org A and once at org B, portal 2 at org B.
async fn connected(database: &TestDatabase) -> Result<sqlx::PgConnection> {
    let mut connection = connect(database).await?;
    seed(&mut connection).await?;
    run(&mut connection, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut connection, &insert(2, 2, ORG_B, 1, "connected")).await?;
    run(&mut connection, &insert(9, 1, ORG_B, 2, "disconnected")).await?;
    Ok(connection)
}

#[tokio::test]
async fn r14_no_statement_connects_a_portal_twice() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = connected(&database).await?;
    let (again, stale) = (insert(5, 1, ORG_B, 2, "connected"), insert(5, 1, ORG_B, 2, "stale"));
    let (first, second, once) = (uuid(1), uuid(2), uuid(9));
    let ways = [
        again.clone(),
        stale,
        // The same org is no exception.
        insert(5, 1, ORG_A, 2, "connected"),
        format!("update connections set state = 'connected', disconnected_at = null where connection_id = '{once}'"),
        format!("update connections set state = 'stale', disconnected_at = null where connection_id = '{once}'"),
        "update connections set state = 'connected', disconnected_at = null".to_owned(),
        format!("update connections set portal_id = 1 where connection_id = '{second}'"),
        format!("update connections set portal_id = 2 where connection_id = '{first}'"),
        format!("update connections set portal_id = 2, org_id = '{ORG_B}', place = 2 where connection_id = '{first}'"),
        "update connections set portal_id = 1".to_owned(),
        // One statement with several rows.
        format!("{}, ('{}', 3, '{ORG_B}', 2, 2, 'connected', 500, '[]', now(), now(), null, 1)",
            insert(5, 3, ORG_A, 2, "connected"), uuid(6)),
        // What a conflict on another key does instead.
        format!("{again} on conflict (connection_id) do nothing"),
        format!("{again} on conflict (org_id, place) where state <> 'disconnected' do nothing"),
        format!("{} on conflict (connection_id) do update set state = 'connected', disconnected_at = null",
            insert(9, 1, ORG_B, 2, "connected")),
        format!("merge into connections c using (values ('{once}'::uuid)) as v (id) on c.connection_id = v.id
            when matched then update set state = 'connected', disconnected_at = null"),
        // Several statements in one transaction, with the constraints asked to wait.
        format!("begin; set constraints all deferred; {again}; commit"),
        format!("begin; update connections set state = 'disconnected', disconnected_at = now()
            where connection_id = '{first}'; {again}; update connections set state = 'stale', disconnected_at = null
            where connection_id = '{first}'; commit"),
        format!("begin isolation level serializable; savepoint before; {again}; release before; commit"),
        format!("do $$ begin {again}; end $$"),
    ];
    for way in &ways {
        refused(&mut connection, way, RULE).await?;
        rules_hold(&mut connection).await?;
    }
    // A portal can't become another one, nor go.
    refused(&mut connection, "update portals set portal_id = 2 where portal_id = 1", "portals_pkey").await?;
    let fkey = "connections_portal_fkey";
    refused(&mut connection, "update portals set portal_id = 9 where portal_id = 1", fkey).await?;
    refused(&mut connection, "delete from portals where portal_id = 1", fkey).await?;
    refused(&mut connection, "begin; set constraints all deferred; delete from portals; commit", fkey)
        .await?;
    // A conflict that is swallowed changes nothing.
    run(&mut connection, &format!("{again} on conflict do nothing")).await?;
    rules_hold(&mut connection).await?;
    ensure!(count(&mut connection, "select count(*) from connections").await? == 3);
    Ok(())
}

#[tokio::test]
async fn r14_a_portal_that_was_disconnected_goes_where_it_likes() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = connected(&database).await?;
    let leave = "update connections set state = 'disconnected', disconnected_at = now() where portal_id = 1
        and state <> 'disconnected'";
    let allowed = [
        "update connections set state = 'stale' where portal_id = 1 and state = 'connected'".to_owned(),
        "update connections set state = 'connected' where portal_id = 1 and state = 'stale'".to_owned(),
        // To another org, in one transaction.
        format!("begin; {leave}; {}; commit", insert(5, 1, ORG_B, 2, "connected")),
        // And back to the one before, by its old row.
        format!(
            "begin; {leave}; update connections set state = 'connected', disconnected_at = null
            where connection_id = '{}'; commit",
            uuid(1)
        ),
        // As many former connections as there were.
        insert(6, 1, ORG_B, 1, "disconnected"),
        insert(7, 1, ORG_B, 1, "disconnected"),
        leave.to_owned(),
    ];
    for statement in &allowed {
        run(&mut connection, statement).await?;
        rules_hold(&mut connection).await?;
    }
    ensure!(count(&mut connection, "select count(*) from connections where portal_id = 1").await? == 5);
    Ok(())
}
