//! What each role may not do in the database.

use anyhow::{Context as _, Result, ensure};
use connector::store::{APP, AUDIT_READER, OWNER};
use secrecy::ExposeSecret as _;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::harness::{TestDatabase, World, walk::Walk};

async fn connect(database: &TestDatabase, role: &str) -> Result<PgConnection> {
    Ok(PgConnection::connect(database.url_as(role)?.expose_secret()).await?)
}

/// The SQLSTATE that a statement is refused with.
async fn refused(connection: &mut PgConnection, sql: &'static str) -> Result<String> {
    let error = connection.execute(sql).await.err().with_context(|| format!("it is allowed: {sql}"))?;
    let database = error.as_database_error().with_context(|| format!("{sql}: {error}"))?;
    Ok(database.code().unwrap_or_default().into_owned())
}

/// `insufficient_privilege`.
const NOT_ALLOWED: &str = "42501";

#[tokio::test]
async fn the_servers_role_may_only_do_what_servers_do() -> Result<()> {
    let world = World::start().await?;
    Walk::start(&world).await?;
    let mut app = connect(&world.database, APP).await?;
    for sql in [
        // Data definition.
        "create table mine (id int)",
        "create temporary table audit_rows (id int)",
        "create schema mine",
        "create function mine() returns int language sql as 'select 1'",
        "alter table audit_rows add column more text",
        "alter table audit_rows disable trigger audit_rows_append_only",
        "drop table audit_rows",
        "drop trigger portals_revision_is_audited on portals",
        "create index on portals (revision)",
        "create role another",
        "set session_replication_role = replica",
        // The server's files and programs.
        "select pg_read_file('/etc/passwd')",
        "select pg_ls_dir('.')",
        "copy portals to '/tmp/portals'",
        "copy portals to program 'cat'",
        "copy portals from program 'echo'",
        "select lo_import('/etc/passwd')",
        // Other schemas and other people's passwords.
        "select * from pg_authid",
        "select * from pg_statistic",
        "set role connector_owner",
        // The trail only grows.
        "update audit_rows set principal = 'x'",
        "delete from audit_rows",
        "truncate audit_rows",
        "update audit_exports set document = 'x'",
        "delete from audit_exports",
        "truncate audit_exports",
        "select * from audit_rows for update",
        // Rows that no server deletes or rewrites.
        "delete from portals",
        "delete from connections",
        "update portal_events set principal = 'x'",
        "update request_records set answer = 'null'",
        "truncate secrets",
        "insert into _sqlx_migrations select * from _sqlx_migrations",
    ] {
        let code = refused(&mut app, sql).await?;
        // A parameter that is not one's own to set says it another way than a table does.
        ensure!(code == NOT_ALLOWED, "{sql}: {code}");
    }
    let rows: i64 = sqlx::query_scalar("select count(*) from audit_rows").fetch_one(&mut app).await?;
    ensure!(rows > 0, "it reads the trail");
    Ok(())
}

#[tokio::test]
async fn every_table_is_granted_or_withheld_on_purpose() -> Result<()> {
    let database = TestDatabase::create().await?;
    let mut connection = PgConnection::connect(&database.url()).await?;
    let closed: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not has_table_privilege($1, c.oid, 'select')",
    )
    .bind(APP)
    .fetch_all(&mut connection)
    .await?;
    ensure!(closed.is_empty(), "deploy/postgres/grants.sql says nothing of {closed:?}");
    Ok(())
}

#[tokio::test]
async fn not_even_the_owner_changes_the_trail_or_a_revision_without_it() -> Result<()> {
    let world = World::start().await?;
    Walk::start(&world).await?;
    let mut owner = connect(&world.database, OWNER).await?;
    for sql in [
        "update audit_rows set principal = 'x'",
        "update audit_rows set principal = 'x' where false",
        "delete from audit_rows",
        "truncate audit_rows",
        "delete from audit_exports",
    ] {
        ensure!(refused(&mut owner, sql).await? == NOT_ALLOWED, "{sql}");
    }
    let mut app = connect(&world.database, APP).await?;
    for sql in [
        "update portals set revision = revision + 1",
        "update portals set revision = revision - 1",
        "update portals set audit_sequence = audit_sequence - 1",
        "update portals set audit_head = decode(repeat('11', 32), 'hex')",
        // What belongs to no portal: told when the statement, which is a transaction here, ends.
        "update installation set audit_sequence = audit_sequence + 1",
        "update installation set audit_head = decode(repeat('11', 32), 'hex')",
        "update installation set sealing_key_id = 'mine'",
        "insert into retired_keys (key_id, retired_by) values ('mine', 'x')",
        // A row that does not say what the portal's row says.
        "with row as (
            insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, kinds,
                details, prev_hash, hash)
            select portal_id, audit_sequence + 1, revision, now(), 'x', 'x', gen_random_uuid(), '{}', '{}',
                audit_head, audit_head
            from portals
        )
        update portals set revision = revision + 1, audit_sequence = audit_sequence + 1",
    ] {
        for connection in [&mut app, &mut owner] {
            // `integrity_constraint_violation`
            let code = refused(connection, sql).await?;
            ensure!(code == "23000", "{sql}: {code}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn who_reads_the_trail_reads_nothing_else() -> Result<()> {
    let world = World::start().await?;
    Walk::start(&world).await?;
    let mut reader = connect(&world.database, AUDIT_READER).await?;
    let rows: i64 = sqlx::query_scalar("select count(*) from audit_rows").fetch_one(&mut reader).await?;
    let heads: i64 =
        sqlx::query_scalar("select count(*) from (select audit_sequence, audit_head from portals) as heads")
            .fetch_one(&mut reader)
            .await?;
    ensure!(rows > 0 && heads > 0, "{rows} rows, {heads} heads");
    let installation: i64 = sqlx::query_scalar(
        "select count(*) from (select audit_sequence, audit_head from installation) as head",
    )
    .fetch_one(&mut reader)
    .await?;
    ensure!(installation == 1, "the head of what belongs to no portal");
    for sql in [
        "select sealing_key_id from installation",
        "select portal from portals",
        "select * from secrets",
        "select * from request_records",
        "select * from portal_events",
        "insert into audit_exports values (1, now(), '')",
        "delete from audit_rows",
        "create temporary table mine (id int)",
    ] {
        ensure!(refused(&mut reader, sql).await? == NOT_ALLOWED, "{sql}");
    }
    Ok(())
}
