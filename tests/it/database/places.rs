//! R15: an org has so many places and no more, whatever SQL is thrown at the tables.

use anyhow::{Result, ensure};
use sqlx::PgConnection;

use super::raw::{ORG_A, ORG_B, connect, count, insert, refused, rules_hold, run, seed, uuid};
use crate::harness::TestDatabase;

const PLACE: &str = "connections_one_portal_per_place";
const CAP: &str = "connections_place_within_cap";
const ORG: &str = "connections_org_fkey";

/// Both places of org A are taken, by portals 1 and 2; portal 3 is at org B, and portal 4 was at A.
async fn full(database: &TestDatabase) -> Result<PgConnection> {
    let mut connection = connect(database).await?;
    seed(&mut connection).await?;
    run(&mut connection, &insert(1, 1, ORG_A, 1, "connected")).await?;
    run(&mut connection, &insert(2, 2, ORG_A, 2, "stale")).await?;
    run(&mut connection, &insert(3, 3, ORG_B, 1, "connected")).await?;
    run(&mut connection, &insert(4, 4, ORG_A, 2, "disconnected")).await?;
    Ok(connection)
}

#[tokio::test]
async fn r15_no_statement_seats_a_portal_too_many() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = full(&database).await?;
    let to = |place| insert(5, 4, ORG_A, place, "connected");
    let [one, two, three, four] = [1, 2, 3, 4].map(uuid);
    let set = |what: &str, id: &str| format!("update connections set {what} where connection_id = '{id}'");
    let back = "state = 'connected', disconnected_at = null";
    let wide = to(3).replace(", 2, 3, 'connected'", ", 3, 3, 'connected'");
    let ways = [
        (to(1), PLACE),
        (to(2), PLACE),
        (to(3), CAP),
        (to(0), CAP),
        (to(-1), CAP),
        (to(i32::MAX), CAP),
        // A cap that the org does not have.
        (wide.clone(), ORG),
        (set("portal_cap = 3", &one), ORG),
        (set("portal_cap = 3, place = 3", &one), ORG),
        (set("place = 2", &one), PLACE),
        (set("place = 3", &one), CAP),
        ("update connections set place = 1".to_owned(), PLACE),
        (set(&format!("org_id = '{ORG_A}'"), &three), PLACE),
        (set(&format!("org_id = '{ORG_A}', place = 2"), &three), PLACE),
        (set(&format!("org_id = '{ORG_A}', place = 3"), &three), CAP),
        // Whoever was there comes back.
        (set(back, &four), PLACE),
        (set(&format!("{back}, place = 1"), &four), PLACE),
        (set(&format!("{back}, place = 3"), &four), CAP),
        (format!("{} on conflict (portal_id) where state <> 'disconnected' do nothing", to(2)), PLACE),
        (format!("{} on conflict (connection_id) do update set {back}", insert(4, 4, ORG_A, 2, "connected")), PLACE),
        (format!("merge into connections c using (values (4)) as v (id) on c.portal_id = v.id
            when matched then update set {back}"), PLACE),
        // Less room than is taken.
        (format!("update orgs set portal_cap = 1 where org_id = '{ORG_A}'"), CAP),
        ("update orgs set portal_cap = 1".to_owned(), CAP),
        (format!("insert into orgs (org_id, portal_cap, name, environment, instance_url, allocation, allocation_source)
            values ('{ORG_A}', 1, '', 'production', '', 0, 'policy')
            on conflict (org_id) do update set portal_cap = excluded.portal_cap"), CAP),
        (format!("begin; set constraints all deferred; update orgs set portal_cap = 1 where org_id = '{ORG_A}'; commit"), CAP),
        // More room, a guest, and less room again.
        (format!("begin; update orgs set portal_cap = 3 where org_id = '{ORG_A}'; {wide};
            update orgs set portal_cap = 2 where org_id = '{ORG_A}'; commit"), CAP),
        (format!("begin; set constraints all deferred; {}; commit", to(2)), PLACE),
        // No org, or one that becomes another.
        (format!("delete from orgs where org_id = '{ORG_A}'"), ORG),
        (format!("begin; set constraints all deferred; delete from orgs where org_id = '{ORG_A}'; commit"), ORG),
        (format!("update orgs set org_id = '{ORG_B}' where org_id = '{ORG_A}'"), "orgs_pkey"),
        (set("org_id = '00D000000000000ZZZ'", &one), ORG),
        ("update orgs set portal_cap = 0".to_owned(), "orgs_portal_cap_bounds"),
        ("update orgs set portal_cap = 101".to_owned(), "orgs_portal_cap_bounds"),
        // A state that no rule speaks of.
        (set("state = 'parked'", &two), "connections_state_known"),
        (set("state = 'disconnected'", &two), "connections_disconnected_has_time"),
        (set("disconnected_at = now()", &two), "connections_disconnected_has_time"),
    ];
    for (way, constraint) in &ways {
        refused(&mut connection, way, constraint).await?;
        rules_hold(&mut connection).await?;
    }
    // Nothing passes a check by not being there.
    for column in ["place", "portal_cap", "state", "org_id", "portal_id"] {
        let nothing = format!("update connections set {column} = null");
        let outcome = run(&mut connection, &nothing).await;
        ensure!(outcome.is_err_and(|error| format!("{error:#}").contains("not-null")), "{nothing}");
    }
    run(&mut connection, &format!("{} on conflict do nothing", to(2))).await?;
    rules_hold(&mut connection).await?;
    ensure!(count(&mut connection, "select count(*) from connections").await? == 4);
    Ok(())
}

#[tokio::test]
async fn r15_a_place_that_is_left_can_be_taken_and_room_can_be_made() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = full(&database).await?;
    let cap = |cap: i32| format!("update orgs set portal_cap = {cap} where org_id = '{ORG_A}'");
    let leave = |portal: i64| {
        format!(
            "update connections set state = 'disconnected', disconnected_at = now() where portal_id = {portal}"
        )
    };
    let third = insert(5, 4, ORG_A, 3, "connected").replace(", 2, 3, 'connected'", ", 3, 3, 'connected'");
    let allowed = [
        // One leaves, another takes the place, in one transaction and apart.
        format!("begin; {}; {}; commit", leave(1), insert(6, 4, ORG_A, 1, "connected")),
        format!(
            "update connections set state = 'disconnected', disconnected_at = now() where connection_id = '{}'",
            uuid(6)
        ),
        // Room for a third, who comes, goes, and takes the room along.
        cap(3),
        third,
        format!("update connections set place = 1 where connection_id = '{}'", uuid(5)),
        cap(2),
        cap(100),
        cap(2),
        format!(
            "update connections set state = 'disconnected', disconnected_at = now() where connection_id = '{}'",
            uuid(5)
        ),
        leave(2),
        // With nobody there, any cap will do, also below a place that was taken once.
        cap(1),
        // A new name for the org takes its connections along.
        format!("update orgs set org_id = '00D000000000000CCC' where org_id = '{ORG_B}'"),
    ];
    for statement in &allowed {
        run(&mut connection, statement).await?;
        rules_hold(&mut connection).await?;
    }
    refused(
        &mut connection,
        &insert(7, 1, ORG_A, 2, "connected").replace(", 2, 2, 'connected'", ", 1, 2, 'connected'"),
        CAP,
    )
    .await?;
    ensure!(
        count(&mut connection, "select count(*) from connections where org_id = '00D000000000000CCC'")
            .await?
            == 1
    );
    Ok(())
}
