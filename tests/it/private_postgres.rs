//! The private PostgreSQL and the harness, seen through a driver.

use std::env;

use anyhow::{Context as _, Result};
use connector::dev::postgres::{Cluster, Programs};
use sqlx::{Connection as _, PgConnection};

use crate::harness::TestDatabase;

#[tokio::test]
async fn each_test_has_its_own_database() -> Result<()> {
    let (first, second) = tokio::try_join!(TestDatabase::create(), TestDatabase::create())?;
    let mut in_first = PgConnection::connect(&first.url()).await?;
    sqlx::raw_sql("CREATE TABLE only_here ()").execute(&mut in_first).await?;
    let mut in_second = PgConnection::connect(&second.url()).await?;
    let elsewhere: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('only_here')::text").fetch_one(&mut in_second).await?;
    assert_eq!(elsewhere, None);

    drop(first);
    let name_of_second: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&mut in_second).await?;
    assert!(second.url().ends_with(&name_of_second));
    let alive = sqlx::raw_sql("SELECT 1").execute(&mut in_first).await;
    assert!(alive.is_err(), "the dropped database still answers");
    Ok(())
}

#[tokio::test]
async fn lasting_data_is_there_after_a_restart() -> Result<()> {
    let folder = env::temp_dir().join(format!("connector-restart-{}", std::process::id()));
    let programs = Programs::find()?;
    let cluster = Cluster::lasting(&programs, &folder)?;
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
    sqlx::raw_sql("CREATE TABLE kept AS SELECT 42 AS value").execute(&mut connection).await?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await?;
    assert_eq!(fsync, "on");
    cluster.stop()?;

    let cluster = Cluster::lasting(&programs, &folder)?;
    let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
    let value: i32 = sqlx::query_scalar("SELECT value FROM kept").fetch_one(&mut connection).await?;
    assert_eq!(value, 42);
    cluster.stop()?;
    std::fs::remove_dir_all(&folder).context("clean up")
}
