//! The server that all tests of this program share.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, Result};
use connector::{
    dev::postgres::{Cluster, Durability, Programs},
    store,
};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

/// Only addresses and names: a pool would belong to the runtime of the test that made it.
#[derive(Debug)]
pub struct Server {
    any_database: Url,
    pub template: String,
    /// The server outlives this program.
    pub is_kept: bool,
    next: AtomicU32,
    /// Stopped by its keeper when this program ends: a static is never dropped.
    _cluster: Option<Cluster>,
}

impl Server {
    pub async fn shared() -> Result<&'static Self> {
        static SERVER: OnceCell<Server> = OnceCell::const_new();
        SERVER.get_or_try_init(Self::start).await
    }

    async fn start() -> Result<Self> {
        let (url, cluster) = match env::var("TEST_DATABASE_URL") {
            Ok(url) => (url, None),
            Err(_) => {
                let cluster =
                    tokio::task::spawn_blocking(|| Cluster::temporary(&Programs::find()?, Durability::None))
                        .await??;
                (cluster.url("postgres"), Some(cluster))
            }
        };
        let server = Self {
            any_database: url.parse().context("TEST_DATABASE_URL")?,
            // Runs of several programs may share one given server.
            template: format!("connector_test_{}_template", process::id()),
            is_kept: cluster.is_none(),
            next: AtomicU32::new(1),
            _cluster: cluster,
        };
        server.make_template().await.context("make the template database")?;
        Ok(server)
    }

    async fn make_template(&self) -> Result<()> {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.template);
        super::execute(&self.url("postgres")?, sql).await?;
        super::execute(&self.url("postgres")?, format!("CREATE DATABASE {}", self.template)).await?;
        store::create_roles(&self.url(&self.template)?.into()).await?;
        // A template can't be copied while somebody is connected to it: this leaves nobody behind.
        store::migrate(&self.url_as(store::OWNER, &self.template)?).await?;
        Ok(())
    }

    /// The address of a database for one of the product's roles.
    pub fn url_as(&self, role: &str, database: &str) -> Result<SecretString> {
        store::url_as(&self.url(database)?.into(), role).context("the server's address takes no user")
    }

    pub fn next_name(&self) -> String {
        format!("connector_test_{}_{}", process::id(), self.next.fetch_add(1, Ordering::Relaxed))
    }

    pub fn url(&self, database: &str) -> Result<String> {
        let mut url = self.any_database.clone();
        url.set_path(database);
        Ok(url.into())
    }
}
