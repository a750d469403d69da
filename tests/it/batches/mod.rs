//! Reads and steps that share a statement: each caller gets what it would get alone.

mod reads;
mod steps;

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::harness::{World, walk::Walk};

/// Hub ids of copies begin here.
const COPIES: i64 = 5_000_000_000;

/// Makes copies of a walked portal and its setup; returns their hub ids and setups.
async fn copies(world: &World, walk: &Walk, count: i64) -> Result<Vec<(i64, String)>> {
    let setup = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))";
    let sql = format!(
        "insert into portals select (jsonb_populate_record(
                t, jsonb_build_object('portal_id', n, 'portal', t.portal || jsonb_build_object('portal_id', n))
            )).*
         from portals t, generate_series({COPIES}, {COPIES} + {count} - 1) n where t.portal_id = {portal};
         insert into setups select (jsonb_populate_record(t, jsonb_build_object('setup_id', {setup}, 'portal_id', n,
                'state', t.state || jsonb_build_object('id', {setup}, 'portal_id', n))
            )).*
         from setups t, generate_series({COPIES}, {COPIES} + {count} - 1) n where t.portal_id = {portal}",
        portal = walk.portal_id,
    );
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await?;
    Ok((COPIES..COPIES + count).map(|n| (n, format!("00000000-0000-7000-8000-{n:012x}"))).collect())
}

/// Ends the sessions whose last statement begins so. Returns how many there were.
async fn end_sessions(world: &World, begin: &str) -> Result<i64> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let ended = sqlx::query_scalar(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity
         where datname = current_database() and query like $1 and pid <> pg_backend_pid()",
    )
    .bind(format!("{begin}%"))
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok(ended)
}
