//! Fills a database with copies of two portals, by SQL that asks the catalogue for the columns: a new column is copied
//! along.

use anyhow::Result;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::walk::Walked;

/// Numbers of connected portals begin here, so that they never meet those of the simulators.
pub const CONNECTED: usize = 1_000_000_000;
/// Numbers of portals amid the wizard.
pub const IN_WIZARD: usize = 2_000_000_000;
/// Portals that one statement makes.
const CHUNK: usize = 50_000;

/// The hub id of a number.
pub fn portal_id(number: usize) -> Result<i64> {
    Ok(i64::try_from(number)?)
}

/// The id of its setup; SQL makes the same.
pub fn setup_id(number: usize) -> String {
    format!("00000000-0000-7000-8000-{number:012x}")
}

const UUID: &str = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
/// Two portals share an org. Eighteen characters; the last three are the checksum.
const ORG: &str = "'00D' || lpad((n / 2)::text, 12, '0') || 'EAA'";

/// A table, the template's row, and what differs in a copy.
struct Copied {
    table: &'static str,
    template: &'static str,
    /// How many numbers share a row.
    portals_per_row: usize,
    changed: &'static [(&'static str, &'static str)],
}

const PORTAL: &[(&str, &str)] =
    &[("portal_id", "n"), ("portal", "t.portal || jsonb_build_object('portal_id', n)")];
const SETUP: &[(&str, &str)] = &[
    ("setup_id", UUID),
    ("portal_id", "n"),
    (
        "state",
        "t.state || jsonb_build_object('id', ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0')), 'portal_id', n)",
    ),
];
const ORGS: &[(&str, &str)] = &[("org_id", ORG)];
const CONNECTION: &[(&str, &str)] = &[
    ("connection_id", UUID),
    ("portal_id", "n"),
    ("org_id", ORG),
    ("place", "1 + n % 2"),
    ("user_key", "md5(n::text)"),
];

/// Makes so many connected portals and so many amid the wizard.
pub async fn fill(url: &str, walked: Walked, connected: usize, in_wizard: usize) -> Result<()> {
    let of_portal = "t.portal_id = $1";
    let org = Copied {
        table: "orgs",
        template: "t.org_id = (select org_id from connections where portal_id = $1 limit 1)",
        portals_per_row: 2,
        changed: ORGS,
    };
    let row = |table, changed| Copied { table, template: of_portal, portals_per_row: 1, changed };
    let mut connection = PgConnection::connect(url).await?;
    // Foreign keys hold by construction; checking a million of them takes its time.
    sqlx::raw_sql("set session_replication_role = replica; set synchronous_commit = off")
        .execute(&mut connection)
        .await?;
    for copied in [org, row("portals", PORTAL), row("setups", SETUP), row("connections", CONNECTION)] {
        copy(&mut connection, &copied, walked.connected, CONNECTED, connected).await?;
    }
    for copied in [row("portals", PORTAL), row("setups", SETUP)] {
        copy(&mut connection, &copied, walked.in_wizard, IN_WIZARD, in_wizard).await?;
    }
    sqlx::raw_sql("reset synchronous_commit").execute(&mut connection).await?;
    sqlx::raw_sql("vacuum analyze").execute(&mut connection).await?;
    sqlx::raw_sql("checkpoint").execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

async fn copy(
    connection: &mut PgConnection,
    copied: &Copied,
    template: i64,
    first: usize,
    count: usize,
) -> Result<()> {
    let columns: Vec<String> = sqlx::query_scalar(
        "select column_name::text from information_schema.columns
         where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'
         order by ordinal_position",
    )
    .bind(copied.table)
    .fetch_all(&mut *connection)
    .await?;
    let values: Vec<String> = columns
        .iter()
        .map(|column| {
            let changed = copied.changed.iter().find(|(name, _)| name == column);
            changed.map_or_else(|| format!("t.{column}"), |(_, sql)| (*sql).to_owned())
        })
        .collect();
    let sql = format!(
        "insert into {} ({}) select {} from {} t, generate_series($2::bigint, $3::bigint, $4::bigint) as n where {}",
        copied.table,
        columns.join(", "),
        values.join(", "),
        copied.table,
        copied.template,
    );
    for begin in (0..count).step_by(CHUNK) {
        let end = (begin + CHUNK).min(count);
        sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(template)
            .bind(portal_id(first + begin)?)
            .bind(portal_id(first + end - 1)?)
            .bind(portal_id(copied.portals_per_row)?)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
