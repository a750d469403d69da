//! What all benchmarks stand on: a PostgreSQL with production durability, databases of several sizes, both simulators,
//! and etcd where there is one.

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use connector::{
    dev::postgres::{Cluster, Durability, Programs},
    simulator::{self, RunningSimulators, SimulatorConfig},
    store,
    vault::KeyRing,
};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    auth::Auth,
    etcd::Etcd,
    fill,
    server::{self, Server},
    settings::Settings,
    walk::{self, Walked},
};

/// The database that both template portals are walked in, and that all others are copies of.
const WALKED: &str = "bench_walked";

/// A filled database.
#[derive(Clone, Debug)]
pub struct Database {
    pub name: String,
    /// Its address for the superuser, whom pgbench runs as.
    pub url: String,
    /// Its address for the role that servers have in production.
    pub server_url: String,
    /// Connected portals.
    pub connected: usize,
    /// Portals amid the wizard.
    pub in_wizard: usize,
    /// Whether a change leaves an audit row.
    pub is_audited: bool,
}

/// Everything but the servers that are measured.
pub struct Bed {
    pub settings: Settings,
    pub programs: Programs,
    pub cluster: Cluster,
    pub etcd: Option<Etcd>,
    server_settings: server::Settings,
    simulators: RunningSimulators,
    walked: Option<Walked>,
    databases: BTreeMap<usize, Database>,
}

impl Bed {
    /// Starts what takes no time; databases are filled when a benchmark asks for them.
    pub async fn prepare(settings: Settings) -> Result<Self> {
        let programs = Programs::find()?;
        let data_dir = settings.data_dir.clone();
        let cluster = tokio::task::spawn_blocking({
            let programs = programs.clone();
            move || match data_dir {
                Some(folder) => Cluster::lasting(&programs, &folder),
                None => Cluster::temporary(&programs, Durability::Full),
            }
        })
        .await??;
        let simulators = simulator::start(SimulatorConfig::default()).await?;
        let server_settings = server::Settings {
            program: settings.server.clone(),
            auth: Auth::make(&settings.server).await?,
            keyring: keyring(settings.data_dir.as_ref())?,
            salesforce: simulators.salesforce_url.clone(),
            hubspot: simulators.hubspot_url.clone(),
        };
        let etcd = Etcd::start().await?;
        match &etcd {
            Some(etcd) => eprintln!("PostgreSQL {}, {}", programs.version(), etcd.version),
            None => eprintln!(
                "PostgreSQL {}; etcd is not installed: its figures are left out",
                programs.version()
            ),
        }
        Ok(Self {
            settings,
            programs,
            cluster,
            etcd,
            server_settings,
            simulators,
            walked: None,
            databases: BTreeMap::new(),
        })
    }

    /// Ends everything.
    pub async fn stop(self) -> Result<()> {
        if let Some(etcd) = self.etcd {
            etcd.stop().await?;
        }
        self.simulators.shutdown().await;
        let cluster = self.cluster;
        tokio::task::spawn_blocking(move || cluster.stop()).await??;
        Ok(())
    }

    /// A database with so many connected portals, and a tenth as many in the wizard but a thousand at least.
    pub async fn database(&mut self, connected: usize) -> Result<Database> {
        if let Some(database) = self.databases.get(&connected) {
            return Ok(database.clone());
        }
        let walked = self.walked().await?;
        let name = format!("bench_{connected}");
        let in_wizard = (connected / 10).max(self.settings.size(1_000, 100));
        let is_audited = self.is_audited().await?;
        let url = self.cluster.url(&name);
        let server_url = address(&url, store::APP)?.expose_secret().to_owned();
        let database = Database { url, server_url, name, connected, in_wizard, is_audited };
        if !self.has(&database.name).await? {
            eprintln!("filling {} with {connected} connected portals", database.name);
            let partial = format!("{}_partial", database.name);
            self.admin(&format!("drop database if exists {partial}")).await?;
            self.admin(&format!("create database {partial} template {WALKED}")).await?;
            fill::fill(&self.cluster.url(&partial), walked, connected, in_wizard).await?;
            self.admin(&format!("alter database {partial} rename to {}", database.name)).await?;
        }
        self.databases.insert(connected, database.clone());
        Ok(database)
    }

    /// A server on a database.
    pub async fn server(&self, database: &Database) -> Result<Server> {
        Server::start(&self.server_settings, &database.server_url).await
    }

    /// A server whose database is reached by another address.
    pub async fn server_by(&self, url: &str) -> Result<Server> {
        Server::start(&self.server_settings, url).await
    }

    /// Writes what is dirty now, so that the next round does not pay for this one.
    pub async fn checkpoint(&self) -> Result<()> {
        self.admin("checkpoint").await
    }

    async fn walked(&mut self) -> Result<Walked> {
        if let Some(walked) = self.walked {
            return Ok(walked);
        }
        let url = self.cluster.url(WALKED);
        if !self.has(WALKED).await? {
            self.admin(&format!("create database {WALKED}")).await?;
            store::create_roles(&SecretString::from(url.as_str())).await?;
            store::migrate(&address(&url, store::OWNER)?).await?;
            let app = address(&url, store::APP)?;
            let server = Server::start(&self.server_settings, app.expose_secret()).await?;
            walk::walk(&server.target).await?;
            server.stop().await?;
        }
        let mut connection = PgConnection::connect(&url).await?;
        let of_portal = |order: &str| {
            AssertSqlSafe(format!(
                "select p.portal_id from portals p left join connections c using (portal_id)
                 order by c.portal_id {order} limit 1"
            ))
        };
        let walked = Walked {
            connected: sqlx::query_scalar(of_portal("nulls last")).fetch_one(&mut connection).await?,
            in_wizard: sqlx::query_scalar(of_portal("nulls first")).fetch_one(&mut connection).await?,
        };
        connection.close().await?;
        // A template can't be copied while anybody is connected to it; the killed server's sessions end on their own.
        self.admin(&format!(
            "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '{WALKED}'"
        ))
        .await?;
        self.walked = Some(walked);
        Ok(walked)
    }

    async fn is_audited(&self) -> Result<bool> {
        let mut connection = PgConnection::connect(&self.cluster.url(WALKED)).await?;
        let has =
            sqlx::query_scalar("select to_regclass('audit_rows') is not null").fetch_one(&mut connection);
        let has = has.await?;
        connection.close().await?;
        Ok(has)
    }

    async fn has(&self, database: &str) -> Result<bool> {
        let mut connection = PgConnection::connect(&self.cluster.url("postgres")).await?;
        let has = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(database)
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(has)
    }

    async fn admin(&self, sql: &str) -> Result<()> {
        let mut connection = PgConnection::connect(&self.cluster.url("postgres")).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }
}

fn address(superuser: &str, role: &str) -> Result<SecretString> {
    store::url_as(&SecretString::from(superuser), role).context("the database's address takes no user")
}

/// Kept with the data: what the template holds is sealed with it.
fn keyring(data_dir: Option<&PathBuf>) -> Result<String> {
    let Some(folder) = data_dir else { return Ok(KeyRing::generate_json()?.expose_secret().to_owned()) };
    let path = folder.join("bench-keys.json");
    if !path.exists() {
        fs::write(&path, KeyRing::generate_json()?.expose_secret()).context("keep the keys")?;
    }
    Ok(fs::read_to_string(path)?)
}
