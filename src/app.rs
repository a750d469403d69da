//! Puts a server together from its configuration: database, keys, vendors' clients, use cases, worker, watches, gRPC.
//!
//! `connectord serve` and `dev` start the same server here.

mod security;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    audit,
    config::{ApiCallPolicy, Config, ConfigError, GrpcThreads},
    control::{self, AuditSettings, Control, JoinError, KeySettings, Parts},
    domain::api_limit::Policy,
    grpc::{
        self, Backend, CallerLimits, ConnectionLimits, Handoffs, Links, Readiness, RuleError, Rules,
        ServerSettings, Shutdown, Threads,
    },
    hubspot::{self, HubSpotClient},
    lifecycle::Lifecycle,
    salesforce::{self, HostPolicy, Origin, SalesforceClient, Timeouts},
    store::{self, MigrationError, PoolSettings, Store},
    transit::{TransitConfig, TransitError, TransitKeys},
    vault::{KeyProvider, KeyRing, KeyRingError, RingProvider, Vault},
    watch::{StreamSettings, Watches},
};

use security::Security;
pub use security::SecurityError;

/// How often it is checked whether the database takes writes.
const READINESS_EVERY: Duration = Duration::from_secs(1);

/// Why a server did not start. Each says what to do.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Who may call.
    #[error(transparent)]
    Security(#[from] SecurityError),
    /// No keys.
    #[error("no keys for the vault: set vault.key_file (`connectord new-key-file PATH` makes one)")]
    NoKeys,
    /// The keys.
    #[error("the vault's keys can't be used: {0}")]
    Keys(#[from] KeyRingError),
    /// The API.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// The keys in HashiCorp Vault.
    #[error("the keys in HashiCorp Vault can't be used: {0}")]
    Transit(#[from] TransitError),
    /// The keys don't fit those of the other servers.
    #[error(transparent)]
    Join(#[from] JoinError),
    /// The database.
    #[error(transparent)]
    Database(#[from] MigrationError),
    /// The key that signs the audit trail's heads.
    #[error("[audit] {0}")]
    AuditKey(#[from] audit::KeyError),
    /// Salesforce's settings.
    #[error("[salesforce] {0}")]
    Salesforce(#[from] salesforce::ConfigError),
    /// HubSpot's settings.
    #[error("[hubspot] {0}")]
    HubSpot(#[from] hubspot::ConfigError),
    /// The threads.
    #[error("no threads can be had for [grpc] threads: {0}")]
    Threads(std::io::Error),
    /// The address.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// A server that runs under a [`Lifecycle`].
#[derive(Clone, Debug)]
pub struct Started {
    /// Where it listens.
    pub address: SocketAddr,
    /// Base URL, by address.
    pub url: String,
}

/// What of the configuration shows only when keys and certificates are read: for those who only check it.
///
/// # Errors
/// [`SecurityError`] says what to do.
pub fn check_security(config: &Config) -> Result<(), SecurityError> {
    Security::new(config).map(|_| ())
}

/// Starts a server. It runs until the lifecycle ends.
///
/// # Errors
/// [`StartError`] says what is missing and what to do.
pub async fn start(config: &Config, life: &Lifecycle) -> Result<Started, StartError> {
    start_with(config, life, |_| ()).await
}

/// Starts a server whose settings are other than the configuration says, such as with other rules.
///
/// # Errors
/// [`StartError`] says what is missing and what to do.
pub async fn start_with(
    config: &Config,
    life: &Lifecycle,
    adjust: impl FnOnce(&mut ServerSettings),
) -> Result<Started, StartError> {
    let Security { authentication, tls } = Security::new(config)?;
    let rules = Arc::new(Rules::of_the_api()?);
    let vault = Arc::new(vault(config).await?);
    let url = config.database.required_url()?.clone();
    let direct_url = config.database.direct_url.clone().unwrap_or_else(|| url.clone());
    let store = Store::open(&url, &pool_settings(config), store_settings(config)).await?;
    let control = Control::new(parts(config, store.clone(), vault)?);
    control.join_keys().await?;
    let streams = StreamSettings { heartbeat: config.grpc.heartbeat, max_age: config.grpc.stream_max_age };
    let watches = Watches::new(store.clone(), streams, life.soft().clone());

    let listener = TcpListener::bind(config.grpc.listen)
        .await
        .map_err(|source| StartError::Listen { address: config.grpc.listen, source })?;
    let address =
        listener.local_addr().map_err(|source| StartError::Listen { address: config.grpc.listen, source })?;
    let readiness = Readiness::not_ready(grpc::names()).await;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut settings = ServerSettings {
        authentication: authentication.clone(),
        tls: tls.clone(),
        handoffs: Some(Handoffs::new(control.clone())),
        rules,
        ..server_settings(config)
    };
    adjust(&mut settings);
    let max_streams = usize::try_from(config.grpc.max_streams.get()).unwrap_or(usize::MAX);
    let backend = Backend::new(control.clone(), watches.clone(), max_streams, config.grpc.stream_recheck);
    let services = grpc::routes(&backend, settings.max_request_bytes);

    let threads = Threads::start(thread_count(config.grpc.threads)).map_err(StartError::Threads)?;

    let hub = watches.clone();
    let (poll_every, stop) = (config.watch.poll_interval, life.soft().clone());
    life.spawn_essential("watch hub", async move { hub.run(poll_every, direct_url, stop).await });
    let owner = format!("{}-{}", std::process::id(), uuid::Uuid::now_v7().simple());
    life.spawn_essential("keys", control::run_keys(control.clone(), life.soft().clone()));
    let working = control.clone();
    let worker_ended = CancellationToken::new();
    let (stop, ended) = (life.soft().clone(), worker_ended.clone().drop_guard());
    life.spawn_essential("worker", async move {
        let _ended = ended;
        control::run_jobs(working, owner, stop).await;
    });
    life.spawn_essential("audit signer", control::run_audit(control.clone(), life.soft().clone()));
    life.spawn(keep_ready(store.clone(), readiness.clone(), life.soft().clone()));
    let stop = life.soft().clone();
    life.spawn(async move { authentication.keep_fresh(stop).await });
    if let Some(tls) = tls {
        let (every, stop) = (config.tls.reload_interval, life.soft().clone());
        life.spawn(async move { tls.keep_fresh(every, stop).await });
    }
    let shutdown = Shutdown { soft: life.soft().clone(), hard: life.hard().clone() };
    life.spawn_essential("grpc server", async move {
        if let Err(error) = grpc::serve(listener, services, readiness, settings, &threads, shutdown).await {
            tracing::error!(%error, "the server ended");
        }
        // The worker may still have to write down how a login came out.
        worker_ended.cancelled().await;
        // What was changed until now is signed with the last that this server does.
        control.sign_audit(true).await;
        store.close().await;
        // Connections to the database that were opened there are of use until now.
        drop(threads);
    });
    Ok(Started { address, url: format!("{scheme}://{address}") })
}

/// One for each core: while one waits for the database, the others serve.
fn thread_count(threads: GrpcThreads) -> usize {
    match threads {
        GrpcThreads::Auto => std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        GrpcThreads::Fixed(count) => usize::try_from(count).unwrap_or(usize::MAX),
    }
}

/// The keys as they are configured.
///
/// # Errors
/// [`StartError`] says what is missing and what to do.
pub async fn vault(config: &Config) -> Result<Vault, StartError> {
    let settings = &config.vault;
    let ring = match (&settings.key_file, &settings.keyring) {
        (Some(path), _) => RingProvider::of_file(path)?,
        (None, Some(json)) => RingProvider::fixed(KeyRing::from_json(json)?),
        (None, None) => return Err(StartError::NoKeys),
    };
    let fingerprints = ring.fingerprint_keys();
    let mut providers: Vec<Arc<dyn KeyProvider>> = vec![Arc::new(ring)];
    if let (Some(address), Some(key), Some(token_file)) =
        (&settings.transit_address, &settings.transit_key, &settings.transit_token_file)
    {
        let transit = TransitConfig {
            address: address.clone(),
            mount: settings.transit_mount.clone(),
            key: key.clone(),
            token_file: token_file.clone(),
            namespace: settings.transit_namespace.clone(),
            ca_file: settings.transit_ca_file.clone(),
        };
        providers.insert(0, Arc::new(TransitKeys::connect(&transit).await?));
    }
    let vault = Vault::new(fingerprints, providers, settings.transit_cache);
    if vault.sealing_key().is_none() {
        return Err(JoinError::NoKey.into());
    }
    Ok(vault)
}

fn pool_settings(config: &Config) -> PoolSettings {
    PoolSettings {
        max_connections: config.database.max_connections.get(),
        acquire_timeout: config.database.acquire_timeout,
        statement_timeout: config.database.statement_timeout,
        lock_timeout: config.database.lock_timeout,
        idle_in_transaction_timeout: config.database.idle_in_transaction_timeout,
        application_name: "connectord".to_owned(),
    }
}

fn store_settings(config: &Config) -> store::Settings {
    store::Settings {
        portals_per_org: i32::try_from(config.limits.portals_per_org.get()).unwrap_or(i32::MAX),
        policy: match config.limits.api_call_policy {
            ApiCallPolicy::Of2026 => Policy::Of2026,
            ApiCallPolicy::Of2016 => Policy::Of2016,
        },
        calls_per_contact_sync: calls_per_contact_sync(config),
    }
}

fn calls_per_contact_sync(config: &Config) -> i32 {
    i32::try_from(config.limits.calls_per_contact_sync.get()).unwrap_or(i32::MAX)
}

fn parts(config: &Config, store: Store, vault: Arc<Vault>) -> Result<Parts, StartError> {
    let settings = &config.salesforce;
    let allowed: Vec<String> = settings.extra_allowed_hosts.iter().map(ToString::to_string).collect();
    let exceptions = allowed
        .iter()
        .map(|address| Origin::parse(address))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|reason| salesforce::ConfigError::Address { setting: "extra_allowed_hosts", reason })?;
    let salesforce = SalesforceClient::new(salesforce::ClientConfig {
        production_login: settings.production_login_url.to_string(),
        sandbox_login: settings.sandbox_login_url.to_string(),
        soap_version: settings.soap_version.clone(),
        rest_version: settings.rest_version.clone(),
        client_name: settings.client_name.clone(),
        external_id_field: settings.external_id_field.clone(),
        package_namespace: settings.package_namespace.clone(),
        allowed_origins: allowed,
        timeouts: Timeouts::default(),
    })?;
    let hubspot = HubSpotClient::new(&hubspot::ClientConfig {
        base_url: config.hubspot.base_url.to_string(),
        api_version: config.hubspot.api_version.as_str().to_owned(),
        timeouts: Timeouts::default(),
    })?;
    Ok(Parts {
        store,
        vault,
        salesforce,
        login_hosts: HostPolicy::new(exceptions),
        external_id_field: settings.external_id_field.clone(),
        hubspot,
        settings: control_settings(config),
        audit: audit_settings(config)?,
    })
}

fn audit_settings(config: &Config) -> Result<AuditSettings, StartError> {
    let key = config.audit.signing_key_file.as_deref().map(audit::SigningKey::load).transpose()?;
    if key.is_none() {
        tracing::warn!("audit.signing_key_file is not set: an audit trail that is cut off can't be told");
    }
    Ok(AuditSettings {
        key: key.map(Arc::new),
        every: config.audit.sign_every,
        folder: config.audit.export_dir.clone(),
    })
}

fn control_settings(config: &Config) -> control::Settings {
    let signed = |duration: Duration| time::Duration::try_from(duration).unwrap_or(time::Duration::MAX);
    control::Settings {
        lease: signed(config.worker.lease_duration),
        poll_interval: config.worker.poll_interval,
        concurrency: usize::try_from(config.worker.concurrency.get()).unwrap_or(1),
        token_activation_window: signed(config.worker.token_activation_window),
        logins_per_hour: i64::from(config.worker.logins_per_hour.get()),
        calls_per_contact_sync: i64::from(calls_per_contact_sync(config)),
        event_retention: signed(config.watch.retention),
        keys: KeySettings {
            refresh_interval: config.vault.refresh_interval,
            rewrap_batch: config.vault.rewrap_batch.get(),
        },
    }
}

/// Everything but authentication and TLS.
fn server_settings(config: &Config) -> ServerSettings {
    let size = |number: std::num::NonZeroU32| usize::try_from(number.get()).unwrap_or(usize::MAX);
    ServerSettings {
        links: Arc::new(Links {
            package_production: config.salesforce.package_install_url_production.to_string(),
            package_sandbox: config.salesforce.package_install_url_sandbox.to_string(),
            ..Links::default()
        }),
        max_request_bytes: size(config.grpc.max_message_bytes),
        default_deadline: config.grpc.unary_deadline,
        connections: ConnectionLimits {
            total: size(config.grpc.max_connections),
            per_address: size(config.grpc.max_connections_per_address),
        },
        first_request: config.grpc.first_request,
        caller: CallerLimits {
            calls: size(config.grpc.max_calls_per_caller),
            streams: size(config.grpc.max_streams_per_caller),
        },
        max_streams_per_connection: config.grpc.max_streams_per_connection.get(),
        stream_recheck: config.grpc.stream_recheck,
        ..ServerSettings::default()
    }
}

/// Health follows the database: a server that can't write is no use.
async fn keep_ready(store: Store, readiness: Readiness, stop: CancellationToken) {
    let mut was_ready = false;
    loop {
        let outcome = store.check_writable().await;
        let is_ready = outcome.is_ok();
        if is_ready != was_ready {
            if let Err(error) = outcome {
                tracing::error!(%error, "not ready: the database takes no writes");
            } else {
                tracing::info!("ready");
            }
            readiness.set(is_ready).await;
            was_ready = is_ready;
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(READINESS_EVERY) => {}
        }
    }
}
