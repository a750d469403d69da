//! A whole installation for one test: a database of its own, both simulators, and servers in this process.

use std::time::Duration;

use anyhow::{Context as _, Result};
use connector::{
    app,
    config::{Config, GrpcThreads, Sources},
    dev::{self, Line},
    domain::access::{PortalGrant, Scope},
    grpc::ServerSettings,
    issuer::{Issuer, Order},
    lifecycle::Lifecycle,
    simulator::{self, RunningSimulators, SimulatorConfig},
    store,
    vault::KeyRing,
};
use secrecy::SecretString;

use super::TestDatabase;

/// How long a test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// An installation.
pub struct World {
    /// The database.
    pub database: TestDatabase,
    /// Both vendors.
    pub simulators: RunningSimulators,
    /// The configuration that its servers start with.
    pub config: Config,
    /// The token to call them with: it may do everything.
    pub token: SecretString,
    /// Whose tokens they take.
    pub issuer: Issuer,
    servers: Vec<Server>,
}

/// One server of an installation.
pub struct Server {
    /// Base URL.
    pub url: String,
    life: Lifecycle,
}

impl Server {
    /// Ends it as SIGTERM would.
    pub async fn stop(self) {
        self.life.drain(Duration::from_secs(5)).await;
    }
}

impl World {
    /// Database, simulators and one server.
    pub async fn start() -> Result<Self> {
        Self::start_with(|_| ()).await
    }

    /// The same with another configuration.
    pub async fn start_with(adjust: impl FnOnce(&mut Config)) -> Result<Self> {
        let mut world = Self::without_server(adjust).await?;
        world.add_server().await?;
        Ok(world)
    }

    /// Database and simulators, and no server yet.
    pub async fn without_server(adjust: impl FnOnce(&mut Config)) -> Result<Self> {
        let database = TestDatabase::create().await?;
        let simulators = simulator::start(SimulatorConfig::default()).await?;
        let mut config =
            Config::load(&Sources { file: None, environment: Vec::new(), overrides: Vec::new() })?;
        config.grpc.listen = ([127, 0, 0, 1], 0).into();
        // On the test's own runtime, which its fail points belong to.
        config.grpc.threads = GrpcThreads::Fixed(0);
        config.database.url = Some(database.url_as(store::APP)?);
        config.database.max_connections = 6.try_into()?;
        config.vault.keyring = Some(KeyRing::generate_json()?);
        let salesforce: url::Url = simulators.salesforce_url.parse()?;
        config.salesforce.production_login_url = salesforce.clone();
        config.salesforce.sandbox_login_url = salesforce.clone();
        config.salesforce.extra_allowed_hosts = vec![salesforce];
        config.hubspot.base_url = simulators.hubspot_url.parse()?;
        config.worker.poll_interval = Duration::from_millis(50);
        config.worker.lease_duration = Duration::from_millis(1_500);
        let issuer = Issuer::generate()?;
        config.auth.jwks = Some(issuer.jwks());
        let token = token(&issuer, &config, "local", Scope::ALL, PortalGrant::All)?;
        adjust(&mut config);
        Ok(Self { database, simulators, config, token, issuer, servers: Vec::new() })
    }

    /// Starts one more server on the same database. Returns its number.
    pub async fn add_server(&mut self) -> Result<usize> {
        self.add_server_with(|_| ()).await
    }

    /// The same with other settings than the configuration gives it.
    pub async fn add_server_with(&mut self, adjust: impl FnOnce(&mut ServerSettings)) -> Result<usize> {
        let life = Lifecycle::new();
        let started = app::start_with(&self.config, &life, adjust).await?;
        self.servers.push(Server { url: started.url, life });
        Ok(self.servers.len() - 1)
    }

    /// Stops one of several servers, and only then starts another one in its place.
    pub async fn replace(&mut self, number: usize) -> Result<()> {
        anyhow::ensure!(number < self.servers.len(), "no such server");
        self.servers.remove(number).stop().await;
        self.add_server().await?;
        if let Some(added) = self.servers.pop() {
            self.servers.insert(number, added);
        }
        Ok(())
    }

    /// Base URLs of all servers.
    pub fn urls(&self) -> Vec<String> {
        self.servers.iter().map(|server| server.url.clone()).collect()
    }

    /// Stops a server and starts another one in its place.
    pub async fn restart(&mut self) -> Result<()> {
        if let Some(server) = self.servers.pop() {
            server.stop().await;
        }
        self.add_server().await?;
        Ok(())
    }

    /// Stops all servers; database and simulators stay.
    pub async fn stop_servers(&mut self) {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
    }

    /// A connection to the first server.
    pub async fn line(&self) -> Result<Line> {
        self.line_to(0).await
    }

    /// A connection to a server.
    pub async fn line_to(&self, number: usize) -> Result<Line> {
        let server = self.servers.get(number).context("no such server")?;
        dev::connect(&server.url, &self.token).await
    }

    /// A token for somebody who may do less.
    pub fn token_of(&self, subject: &str, scopes: &[Scope], portals: PortalGrant) -> Result<SecretString> {
        token(&self.issuer, &self.config, subject, scopes, portals)
    }

    /// Base URL of a server.
    pub fn url(&self, number: usize) -> &str {
        self.servers.get(number).map_or("", |server| server.url.as_str())
    }
}

fn token(
    issuer: &Issuer,
    config: &Config,
    subject: &str,
    scopes: &[Scope],
    portals: PortalGrant,
) -> Result<SecretString> {
    Ok(issuer.issue(&Order {
        issuer: &config.auth.issuer,
        audience: &config.auth.audience,
        subject,
        scopes: scopes.iter().copied().collect(),
        portals,
        lifetime: Duration::from_secs(3_600),
    })?)
}

/// Waits until `check` gives a value, trying again and again, for as long as a test may take.
pub async fn eventually<T, F, R>(what: &str, mut check: F) -> Result<T>
where
    F: FnMut() -> R,
    R: Future<Output = Result<Option<T>>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(value) = check().await? {
            return Ok(value);
        }
        anyhow::ensure!(tokio::time::Instant::now() < deadline, "it did not come to this: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
