//! The schema: its migrations, and the check that a server understands what it finds.

use secrecy::SecretString;
use sqlx::{ConnectOptions as _, Connection as _, migrate::Migrator};
use thiserror::Error;

use super::pool::{self, Pool, PoolSettings};

/// All migrations, in order.
pub static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Who may do what with which table; run after the migrations.
const GRANTS: &str = include_str!("../../deploy/postgres/grants.sql");

/// Why the schema can't be used or changed.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The database does not answer.
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    /// A migration failed; the schema is as it was before it.
    #[error("a migration failed: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The schema is older than this build needs.
    #[error("the schema is at version {found}, this build needs {needed}: run `connectord migrate`")]
    TooOld {
        /// The newest migration that was run; 0 for none.
        found: i64,
        /// The newest migration of this build.
        needed: i64,
    },
    /// The schema is newer than this build.
    #[error("the schema is at version {found}, this build knows {needed} at most: use a newer build")]
    TooNew {
        /// The newest migration that was run.
        found: i64,
        /// The newest migration of this build.
        needed: i64,
    },
}

/// Runs the migrations that are missing, and grants the servers' roles what they need, if there are such roles. Returns
/// how many migrations that were. Needs a direct connection, not a pooler's.
///
/// # Errors
/// When the database does not answer or a migration fails.
pub async fn migrate(url: &SecretString) -> Result<usize, MigrationError> {
    let settings = PoolSettings {
        // Large tables take their time; the lock time-out of each migration bounds what others wait.
        statement_timeout: std::time::Duration::ZERO,
        application_name: "connectord migrate".to_owned(),
        ..PoolSettings::default()
    };
    let mut connection = pool::options(url, &settings)?.connect().await?;
    let before = applied(&mut connection).await?;
    MIGRATIONS.run(&mut connection).await?;
    sqlx::raw_sql(GRANTS).execute(&mut connection).await?;
    let after = applied(&mut connection).await?;
    connection.close().await?;
    Ok(after.len().saturating_sub(before.len()))
}

/// Opens the database for a look at its schema, and closes it again.
///
/// # Errors
/// When the database does not answer, or its schema is not this build's.
pub async fn check(url: &SecretString, settings: &PoolSettings) -> Result<(), MigrationError> {
    let pool = Pool::connect(url, settings).await?;
    let outcome = check_schema(&pool).await;
    pool.close().await;
    outcome
}

/// Refuses a schema that this build does not know.
pub(super) async fn check_schema(pool: &Pool) -> Result<(), MigrationError> {
    let mut connection = pool.acquire().await?;
    let found = applied(&mut connection).await?.into_iter().max().unwrap_or(0);
    let needed = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
    match found.cmp(&needed) {
        std::cmp::Ordering::Less => Err(MigrationError::TooOld { found, needed }),
        std::cmp::Ordering::Greater => Err(MigrationError::TooNew { found, needed }),
        std::cmp::Ordering::Equal => Ok(()),
    }
}

async fn applied(connection: &mut sqlx::PgConnection) -> Result<Vec<i64>, sqlx::Error> {
    // The migrator's own table is not part of our schema, so the macros can't check this one.
    let exists: bool =
        sqlx::query_scalar("/* migrations::applied */ select to_regclass('_sqlx_migrations') is not null")
            .fetch_one(&mut *connection)
            .await?;
    if !exists {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("/* migrations::applied */ select version from _sqlx_migrations where success")
        .fetch_all(connection)
        .await
}
