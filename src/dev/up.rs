//! `dev`: a private Postgres, both simulators and the server, in one process. The tests and the demo use the same.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::postgres::{Cluster, Durability, Programs};
use crate::{
    app,
    audit::SigningKey,
    config::Config,
    domain::access::{PortalGrant, Scope},
    issuer::{Issuer, Order},
    lifecycle::Lifecycle,
    ready_file::Ready,
    simulator::{self, RunningSimulators, SimulatorConfig},
    store, telemetry,
    vault::KeyRing,
};

/// The database that `dev` uses within its cluster.
const DATABASE: &str = "postgres";
const KEY_FILE: &str = "keys.json";
const HOUR: Duration = Duration::from_secs(3_600);
const AUDIT_KEY_FILE: &str = "audit.pem";
/// The signed heads of the audit trail, in the data folder.
const AUDIT_FOLDER: &str = "audit";

/// Where an environment's parts listen and what is kept.
#[derive(Clone, Debug)]
pub struct EnvironmentSettings {
    /// The gRPC server.
    pub grpc: SocketAddr,
    /// The Salesforce simulator.
    pub salesforce: SocketAddr,
    /// The HubSpot simulator.
    pub hubspot: SocketAddr,
    /// Where the data is kept; thrown away without it.
    pub data_dir: Option<PathBuf>,
    /// How long its token is good.
    pub token_lifetime: Duration,
}

impl Default for EnvironmentSettings {
    /// Free ports on loopback, nothing kept, and a token for an hour.
    fn default() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { grpc: any_port, salesforce: any_port, hubspot: any_port, data_dir: None, token_lifetime: HOUR }
    }
}

/// Everything, running.
pub struct Environment {
    /// Base URL of the gRPC server.
    pub grpc_url: String,
    /// The token to call it with.
    pub token: SecretString,
    /// The database, for its superuser.
    pub database_url: String,
    /// Both simulators.
    pub simulators: RunningSimulators,
    /// Ends the server.
    pub life: Lifecycle,
    cluster: Cluster,
}

impl Environment {
    /// Starts everything.
    ///
    /// # Errors
    /// When something is missing on this machine or an address is taken; the error says what to do.
    pub async fn start(config: &Config, settings: &EnvironmentSettings) -> anyhow::Result<Self> {
        let data_dir = settings.data_dir.clone();
        let cluster = tokio::task::spawn_blocking(move || start_postgres(data_dir.as_deref())).await??;
        let database_url = cluster.url(DATABASE);
        let url = prepare(&SecretString::from(database_url.as_str())).await?;
        let simulators = simulator::start(SimulatorConfig {
            salesforce_addr: settings.salesforce,
            hubspot_addr: settings.hubspot,
            ..SimulatorConfig::default()
        })
        .await?;
        let mut config = config.clone();
        config.grpc.listen = settings.grpc;
        config.database.url = Some(url);
        config.database.direct_url = None;
        let keyring = key_ring(settings.data_dir.as_deref()).await?;
        config.vault.keyring = keyring;
        config.vault.key_file = settings.data_dir.as_ref().map(|folder| folder.join(KEY_FILE));
        if let Some(folder) = &settings.data_dir {
            config.audit.signing_key_file = Some(audit_key(folder).await?);
            config.audit.export_dir = Some(folder.join(AUDIT_FOLDER));
        }
        point_at_simulators(&mut config, &simulators)?;
        let life = Lifecycle::new();
        let token = with_own_issuer(&mut config, settings.token_lifetime)?;
        let grpc_url = app::start(&config, &life).await?.url;
        Ok(Self { grpc_url, token, database_url, simulators, life, cluster })
    }

    /// Stops everything.
    ///
    /// # Errors
    /// When Postgres does not stop.
    pub async fn stop(self, drain_limit: Duration) -> anyhow::Result<()> {
        self.life.drain(drain_limit).await;
        self.simulators.shutdown().await;
        tokio::task::spawn_blocking(move || self.cluster.stop()).await??;
        Ok(())
    }
}

/// Makes the roles and the schema, as in production. Returns the address that the server gets.
async fn prepare(superuser: &SecretString) -> anyhow::Result<SecretString> {
    store::create_roles(superuser).await?;
    let address = |role| store::url_as(superuser, role).context("the database's address takes no user");
    store::migrate(&address(store::OWNER)?).await?;
    address(store::APP)
}

/// Has the server take tokens of a key that is made here and kept nowhere, and makes one for everything.
fn with_own_issuer(config: &mut Config, lifetime: Duration) -> anyhow::Result<SecretString> {
    let issuer = Issuer::generate()?;
    config.auth.jwks = Some(issuer.jwks());
    config.auth.jwks_file = None;
    config.auth.jwks_url = None;
    let token = issuer.issue(&Order {
        issuer: &config.auth.issuer,
        audience: &config.auth.audience,
        subject: "local",
        scopes: Scope::ALL.iter().copied().collect(),
        portals: PortalGrant::All,
        lifetime,
    })?;
    Ok(token)
}

/// Only base URLs differ between a simulator and the real thing.
fn point_at_simulators(config: &mut Config, simulators: &RunningSimulators) -> anyhow::Result<()> {
    let salesforce: url::Url = simulators.salesforce_url.parse()?;
    config.salesforce.production_login_url = salesforce.clone();
    config.salesforce.sandbox_login_url = salesforce.clone();
    config.salesforce.extra_allowed_hosts = vec![salesforce];
    config.hubspot.base_url = simulators.hubspot_url.parse()?;
    Ok(())
}

fn start_postgres(data_dir: Option<&Path>) -> anyhow::Result<Cluster> {
    let programs = Programs::find_or_download()?;
    Ok(match data_dir {
        Some(folder) => Cluster::lasting(&programs, folder)?,
        None => Cluster::temporary(&programs, Durability::None)?,
    })
}

/// Keys for one life, or, with a data folder, a file in it that is made once: returns the ring only for the former.
async fn key_ring(data_dir: Option<&Path>) -> anyhow::Result<Option<SecretString>> {
    let Some(folder) = data_dir else { return Ok(Some(KeyRing::generate_json()?)) };
    let path = folder.join(KEY_FILE);
    if !tokio::fs::try_exists(&path).await.with_context(|| format!("can't read {}", path.display()))? {
        KeyRing::create(&path)?;
    }
    Ok(None)
}

/// The key that signs the audit trail's heads, made once.
async fn audit_key(folder: &Path) -> anyhow::Result<PathBuf> {
    let path = folder.join(AUDIT_KEY_FILE);
    if !tokio::fs::try_exists(&path).await.with_context(|| format!("can't read {}", path.display()))? {
        SigningKey::create(&path)?;
    }
    Ok(path)
}

/// Runs everything until it is stopped.
///
/// # Errors
/// As [`Environment::start`], or when the ready file can't be written.
pub async fn up(
    config: &Config,
    settings: &EnvironmentSettings,
    ready_file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    telemetry::init(&config.log)?;
    let environment = Environment::start(config, settings).await?;
    println!(
        "gRPC        {}\nToken       {}\nSalesforce  {}\nHubSpot     {}\nPostgres    {}",
        environment.grpc_url,
        match ready_file {
            Some(path) => format!("in {0}; export CONNECTOR_READY_FILE={0}", path.display()),
            None => "nowhere: run it with --ready-file PATH".to_owned(),
        },
        environment.simulators.salesforce_url,
        environment.simulators.hubspot_url,
        environment.database_url,
    );
    if let Some(path) = ready_file {
        let ready = Ready {
            grpc: Some(environment.grpc_url.clone()),
            token: Some(environment.token.expose_secret()),
            salesforce: Some(&environment.simulators.salesforce_url),
            hubspot: Some(&environment.simulators.hubspot_url),
            database_url: Some(environment.database_url.clone()),
        };
        ready.write(path)?;
    }
    environment.life.run_to_end(config.shutdown.drain_timeout).await?;
    let failed = environment.life.has_failed();
    environment.stop(config.shutdown.drain_timeout).await?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
