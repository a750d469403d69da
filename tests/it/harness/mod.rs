//! A database of its own for each test.
//!
//! One server serves the whole test program: the one that `TEST_DATABASE_URL` names, else a private one. A template
//! database is migrated once; each test gets a copy of its files.

pub mod proxy;
pub mod raw;
pub mod refusal;
mod server;
pub mod trap;
pub mod walk;
mod world;

use std::thread;

use anyhow::{Context as _, Result};
use connector::store;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use server::Server;
pub use world::{PATIENCE, World, eventually};

/// A migrated database that only this test uses. It is dropped with this value, unless the test failed on a server
/// given by `TEST_DATABASE_URL`: then it is kept and named.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: &'static Server,
}

impl TestDatabase {
    /// A copy of the migrated template.
    pub async fn create() -> Result<Self> {
        let server = Server::shared().await?;
        let name = server.next_name();
        // Copying files beats writing the log: 13 against 18 ms.
        let sql = format!("CREATE DATABASE {name} TEMPLATE {} STRATEGY file_copy", server.template);
        execute(&server.url("postgres")?, sql).await?;
        let database = Self { name, server };
        // What a role may do with a database is not copied with the template.
        store::create_roles(&database.url().into()).await?;
        Ok(database)
    }

    /// The address of this database for one of the product's roles.
    pub fn url_as(&self, role: &str) -> Result<SecretString> {
        self.server.url_as(role, &self.name)
    }

    /// The address of this database for its superuser: tests may look at everything, and break it.
    pub fn url(&self) -> String {
        // The server's address was parsed when it was started.
        self.server.url(&self.name).unwrap_or_default()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if thread::panicking() && self.server.is_kept {
            eprintln!("the test's database is kept: {}", self.name);
            return;
        }
        let Ok(url) = self.server.url("postgres") else { return };
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // The test's own runtime can't be waited on from here.
        let dropped = thread::spawn(move || -> Result<()> {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(execute(&url, sql))
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("a test's database could not be dropped: {error:#}");
        }
    }
}

async fn execute(url: &str, sql: String) -> Result<()> {
    let mut connection = PgConnection::connect(url).await.context("connect to the test server")?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
