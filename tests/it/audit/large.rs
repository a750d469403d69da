//! How long it takes to verify a long trail. Run by hand:
//! `cargo test --release --test it audit::large -- --ignored --nocapture`.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use connector::audit::{Draft, Head, Row};
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::trail::{open_up, rows, verify};
use crate::harness::{World, walk::Walk};

const ROWS: i64 = 100_000;
const AT_ONCE: i64 = 5_000;

#[tokio::test]
#[ignore = "prints how long it takes, which is nothing to assert"]
async fn a_hundred_thousand_rows() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let mut database = PgConnection::connect(&world.database.url()).await?;
    open_up(&mut database).await?;
    let begun = rows(&mut database).await?;
    let mut head = begun.last().map_or(Head::START, Row::head);
    let template = begun.last().context("no row to copy")?.draft.clone();
    while head.sequence < ROWS {
        let count = AT_ONCE.min(ROWS - head.sequence);
        let mut batch = Vec::new();
        for _ in 0..count {
            let draft = Draft { occurred_at: at(head.sequence), ..template.clone() };
            let row = head.append(draft);
            head = row.head();
            batch.push(row);
        }
        insert(&mut database, &batch).await?;
    }
    sqlx::query("update portals set audit_sequence = $2, audit_head = $3 where portal_id = $1")
        .bind(walk.portal_id)
        .bind(head.sequence)
        .bind(head.hash.as_slice())
        .execute(&mut database)
        .await?;
    sqlx::query("analyze audit_rows").execute(&mut database).await?;
    let begun = Instant::now();
    let verdict = verify(&walk.clients, &[], 20_000).await?;
    println!("{} rows verified in {:.2} s", verdict.rows_checked, begun.elapsed().as_secs_f64());
    ensure!(verdict.rows_checked == ROWS && verdict.findings.is_empty(), "{verdict:?}");
    Ok(())
}

/// As the database keeps it: whole microseconds.
fn at(sequence: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000) + time::Duration::milliseconds(sequence)
}

async fn insert(database: &mut PgConnection, batch: &[Row]) -> Result<()> {
    let first = batch.first().map(|row| row.draft.clone());
    let Some(first) = first else { return Ok(()) };
    let sequences: Vec<i64> = batch.iter().map(|row| row.sequence).collect();
    let times: Vec<OffsetDateTime> = batch.iter().map(|row| row.draft.occurred_at).collect();
    let previous: Vec<Vec<u8>> = batch.iter().map(|row| row.prev_hash.to_vec()).collect();
    let hashes: Vec<Vec<u8>> = batch.iter().map(|row| row.hash.to_vec()).collect();
    sqlx::query(
        "insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id,
            reason, kinds, details, prev_hash, hash)
        select $1, r.sequence, $2, r.at, $3, $4, $5, $6, $7, $8, $9::json, r.prev, r.hash
        from unnest($10::bigint[], $11::timestamptz[], $12::bytea[], $13::bytea[]) as r (sequence, at, prev, hash)",
    )
    .bind(first.portal_id)
    .bind(first.revision)
    .bind(&first.principal)
    .bind(&first.method)
    .bind(first.request_id)
    .bind(&first.call_id)
    .bind(&first.reason)
    .bind(&first.kinds)
    .bind(&first.details)
    .bind(&sequences)
    .bind(&times)
    .bind(&previous)
    .bind(&hashes)
    .execute(database)
    .await?;
    Ok(())
}
