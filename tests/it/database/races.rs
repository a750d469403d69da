//! Two connections that race against R14 and R15. Whoever writes first makes the other wait; whether the first commits
//! or takes it back decides what becomes of the second.

use anyhow::{Result, ensure};
use sqlx::{AssertSqlSafe, PgConnection};

use super::raw::{ORG_A, ORG_B, connect, insert, rules_hold, run, seed, waiting};
use crate::harness::TestDatabase;

const ROUNDS: usize = 100;

/// Runs `first` and `second` against each other: in each round one of two connections is first, and it commits or
/// takes it back. A second one that comes after a commit must be refused by a constraint.
async fn race(
    database: &TestDatabase,
    reset: &str,
    first: &str,
    second: &str,
    constraint: &str,
) -> Result<()> {
    let mut observer = connect(database).await?;
    let (mut left, mut right) = (connect(database).await?, connect(database).await?);
    for round in 0..ROUNDS {
        let (early, late) = if round % 2 == 0 { (&mut left, &mut right) } else { (&mut right, &mut left) };
        let commits = round % 4 < 2;
        run(&mut observer, reset).await?;
        run(early, "begin").await?;
        run(early, first).await?;
        let beaten = async {
            run(late, "begin").await?;
            let outcome = sqlx::raw_sql(AssertSqlSafe(second.to_owned())).execute(&mut *late).await;
            run(late, if outcome.is_ok() { "commit" } else { "rollback" }).await?;
            let refused_by = outcome.err().and_then(|error| {
                error.as_database_error().and_then(|error| error.constraint()).map(str::to_owned)
            });
            Ok::<_, anyhow::Error>(refused_by)
        };
        let decided = async {
            waiting(&mut observer, 1).await?;
            run(early, if commits { "commit" } else { "rollback" }).await
        };
        let (refused_by, ()) = tokio::try_join!(beaten, decided)?;
        let expected = commits.then_some(constraint);
        ensure!(
            refused_by.as_deref() == expected,
            "round {round}: refused by {refused_by:?}, not {expected:?}"
        );
        rules_hold(&mut observer).await?;
    }
    Ok(())
}

/// The same without an order: both at once, and exactly one gets through.
async fn free_race(database: &TestDatabase, reset: &str, one: &str, other: &str) -> Result<()> {
    let mut observer = connect(database).await?;
    let (mut left, mut right) = (connect(database).await?, connect(database).await?);
    let attempt = async |connection: &mut PgConnection, sql: &str| {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.is_ok()
    };
    for round in 0..ROUNDS {
        run(&mut observer, reset).await?;
        let (one, other) = tokio::join!(attempt(&mut left, one), attempt(&mut right, other));
        ensure!(one != other, "round {round}: {one} and {other}");
        rules_hold(&mut observer).await?;
    }
    Ok(())
}

async fn seeded() -> Result<TestDatabase> {
    let database = TestDatabase::create().await?;
    seed(&mut connect(&database).await?).await?;
    Ok(database)
}

#[tokio::test]
async fn r14_of_two_orgs_that_race_for_a_portal_one_gets_it() -> Result<()> {
    let database = seeded().await?;
    let (to_a, to_b) = (insert(1, 1, ORG_A, 1, "connected"), insert(2, 1, ORG_B, 1, "connected"));
    race(&database, "delete from connections", &to_a, &to_b, "connections_one_org_per_portal").await?;
    free_race(&database, "delete from connections", &to_a, &to_b).await
}

#[tokio::test]
async fn r14_a_former_connection_that_comes_back_races_as_a_new_one_does() -> Result<()> {
    let database = seeded().await?;
    let reset = format!("delete from connections; {}", insert(1, 1, ORG_A, 1, "disconnected"));
    let back = "update connections set state = 'connected', disconnected_at = null where portal_id = 1 and place = 1";
    let to_b = insert(2, 1, ORG_B, 2, "connected");
    race(&database, &reset, back, &to_b, "connections_one_org_per_portal").await?;
    race(&database, &reset, &to_b, back, "connections_one_org_per_portal").await
}

#[tokio::test]
async fn r15_of_two_portals_that_race_for_the_last_place_one_gets_it() -> Result<()> {
    let database = seeded().await?;
    let reset = format!("delete from connections; {}", insert(1, 1, ORG_A, 1, "connected"));
    let (second, third) = (insert(2, 2, ORG_A, 2, "connected"), insert(3, 3, ORG_A, 2, "connected"));
    race(&database, &reset, &second, &third, "connections_one_portal_per_place").await?;
    free_race(&database, &reset, &second, &third).await
}

#[tokio::test]
async fn r15_room_that_is_taken_away_races_with_who_takes_it() -> Result<()> {
    let database = seeded().await?;
    let reset = format!("delete from connections; update orgs set portal_cap = 2 where org_id = '{ORG_A}'");
    let take = insert(2, 2, ORG_A, 2, "connected");
    let lower = format!("update orgs set portal_cap = 1 where org_id = '{ORG_A}'");
    race(&database, &reset, &take, &lower, "connections_place_within_cap").await?;
    race(&database, &reset, &lower, &take, "connections_org_fkey").await?;
    free_race(&database, &reset, &take, &lower).await
}
