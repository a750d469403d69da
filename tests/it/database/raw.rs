//! Rows written by hand, and what the database says to them.

use anyhow::{Context as _, Result, ensure};
use connector::{
    domain::api_limit::Policy,
    store::{PoolSettings, Settings, Store},
};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::harness::{PATIENCE, TestDatabase, eventually};

/// Orgs as they are seeded here, each with two places.
pub const ORG_A: &str = "00D000000000000EAA";
pub const ORG_B: &str = "00D00000000000BEAQ";

pub async fn connect(database: &TestDatabase) -> Result<PgConnection> {
    Ok(PgConnection::connect(&database.url()).await?)
}

/// Portals 1 to 4 and both orgs, not connected.
pub async fn seed(connection: &mut PgConnection) -> Result<()> {
    let sql = format!(
        "insert into portals (portal_id, revision, portal, sync, sync_version)
        select id, 0, jsonb_build_object(
            'portal_id', id, 'display_name', '', 'subscription', null, 'credential', null, 'version', 0,
            'account', '{{\"account_type\":\"\",\"time_zone\":\"\",\"ui_domain\":\"\",\"data_hosting_location\":\"\"}}'::jsonb,
            'created_at', '2026-01-01T00:00:00Z', 'updated_at', '2026-01-01T00:00:00Z'
        ), '{{}}', 0 from generate_series(1, 4) as id;
        insert into orgs (org_id, portal_cap, name, environment, instance_url, allocation, allocation_source)
        select org_id, 2, 'Org', 'production', 'https://org.example', 1000, 'salesforce'
        from unnest(array['{ORG_A}', '{ORG_B}']) as org_id;"
    );
    run(connection, &sql).await.context("seed")
}

/// The statement that inserts a connection; `id` is any small number, the org's cap is 2.
pub fn insert(id: u8, portal_id: i64, org_id: &str, place: i32, state: &str) -> String {
    let gone = if state == "disconnected" { "now()" } else { "null" };
    format!(
        "insert into connections (connection_id, portal_id, org_id, portal_cap, place, state, api_call_limit, \
         findings, probed_at, connected_at, disconnected_at, version) values \
         ('{}', {portal_id}, '{org_id}', 2, {place}, '{state}', 500, '[]', now(), now(), {gone}, 1)",
        uuid(id)
    )
}

/// The statement that inserts a portal's secret under a key, which nobody can open.
pub fn insert_secret(portal_id: i64, key: &str) -> String {
    let sealed = [&[1, u8::try_from(key.len()).unwrap_or(0)], key.as_bytes()].concat();
    format!(
        "insert into secrets (secret_id, portal_id, kind, role, version, sealed, info) values \
         (gen_random_uuid(), {portal_id}, 'security_token', 'current', 1, '\\x{}', '{{}}')",
        hex::encode(sealed)
    )
}

pub fn uuid(id: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{id:02x}")
}

/// Runs statements as one simple query, so as one transaction unless they say otherwise.
pub async fn run(connection: &mut PgConnection, sql: &str) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.with_context(|| sql.to_owned())?;
    Ok(())
}

/// Runs statements that must be refused by a constraint, and takes back whatever they left behind.
pub async fn refused(connection: &mut PgConnection, sql: &str, constraint: &str) -> Result<()> {
    let outcome = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *connection).await;
    sqlx::raw_sql("rollback").execute(connection).await?;
    let by = match &outcome {
        Ok(_) => "nothing",
        Err(error) => {
            error.as_database_error().and_then(|error| error.constraint()).unwrap_or("something else")
        }
    };
    ensure!(by == constraint, "refused by {by}, not by {constraint}: {sql}\n{outcome:?}");
    Ok(())
}

pub async fn count(connection: &mut PgConnection, sql: &str) -> Result<i64> {
    let count = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()));
    count.fetch_one(connection).await.with_context(|| sql.to_owned())
}

/// Both rules as one look at the table sees them: no portal at two orgs, no place taken twice, no place beyond the cap.
pub async fn rules_hold(connection: &mut PgConnection) -> Result<()> {
    let broken = "select count(*) from (
        select 1 from connections where state <> 'disconnected' group by portal_id having count(*) > 1
        union all
        select 1 from connections c join orgs o using (org_id) where c.state <> 'disconnected'
        group by o.org_id, o.portal_cap having count(*) > o.portal_cap or count(distinct c.place) < count(*)
            or max(c.place) > o.portal_cap or min(c.place) < 1
    ) as broken";
    ensure!(count(connection, broken).await? == 0, "a rule is broken");
    Ok(())
}

/// Waits until as many backends of this database wait for a lock.
pub async fn waiting(observer: &mut PgConnection, backends: i64) -> Result<()> {
    let sql = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    let mut polls = 0;
    loop {
        if count(observer, sql).await? == backends {
            return Ok(());
        }
        polls += 1;
        ensure!(polls < 200_000, "nobody waits for a lock");
        tokio::task::yield_now().await;
    }
}

/// The store on a database, as a server opens it.
pub async fn store(database: &TestDatabase, max_connections: u32) -> Result<Store> {
    open(database, PoolSettings { max_connections, ..PoolSettings::default() }).await
}

/// The same, for many at once on a busy machine.
pub async fn patient_store(database: &TestDatabase, max_connections: u32) -> Result<Store> {
    let pool = PoolSettings {
        max_connections,
        acquire_timeout: PATIENCE,
        statement_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        idle_in_transaction_timeout: PATIENCE,
        ..PoolSettings::default()
    };
    open(database, pool).await
}

async fn open(database: &TestDatabase, pool: PoolSettings) -> Result<Store> {
    let settings = Settings { portals_per_org: 2, policy: Policy::Of2026, calls_per_contact_sync: 4 };
    Ok(Store::open(&SecretString::from(database.url()), &pool, settings).await?)
}

/// Waits until a query counts to a number.
pub async fn counts_to(database: &TestDatabase, sql: &str, number: i64) -> Result<()> {
    eventually(sql, async || {
        let mut connection = connect(database).await?;
        let now = count(&mut connection, sql).await?;
        connection.close().await?;
        Ok((now == number).then_some(()))
    })
    .await
}
