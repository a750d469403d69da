//! The settings as types. What each one does is written in `defaults.toml`.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use super::auth::{AuthConfig, TlsConfig};

/// The whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The gRPC server.
    pub grpc: GrpcConfig,
    /// Who may call.
    pub auth: AuthConfig,
    /// TLS of the gRPC server.
    pub tls: TlsConfig,
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// The keys for secrets.
    pub vault: VaultConfig,
    /// The audit trail.
    pub audit: AuditConfig,
    /// Salesforce.
    pub salesforce: SalesforceConfig,
    /// HubSpot.
    pub hubspot: HubSpotConfig,
    /// Rules with numbers that an installation may change.
    pub limits: LimitsConfig,
    /// Tasks that outlive a call.
    pub worker: WorkerConfig,
    /// The watch hub.
    pub watch: WatchConfig,
    /// The end of the process.
    pub shutdown: ShutdownConfig,
    /// Logging.
    pub log: LogConfig,
}

/// `[grpc]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrpcConfig {
    /// Address to serve on.
    pub listen: SocketAddr,
    /// Plain text also on an address that others reach.
    pub allow_plaintext: bool,
    /// Threads that serve connections.
    pub threads: GrpcThreads,
    /// Largest message taken, in bytes.
    pub max_message_bytes: NonZeroU32,
    /// Longest unary call.
    #[serde(deserialize_with = "positive")]
    pub unary_deadline: Duration,
    /// Connections at once.
    pub max_connections: NonZeroU32,
    /// Connections at once from one address.
    pub max_connections_per_address: NonZeroU32,
    /// When a connection without a request is closed.
    #[serde(deserialize_with = "positive")]
    pub first_request: Duration,
    /// Calls at once of one caller.
    pub max_calls_per_caller: NonZeroU32,
    /// Watch streams at once of one caller.
    pub max_streams_per_caller: NonZeroU32,
    /// Calls at once on one connection.
    pub max_streams_per_connection: NonZeroU32,
    /// Watch streams at once in the process.
    pub max_streams: NonZeroU32,
    /// Longest silence of a watch stream.
    #[serde(deserialize_with = "positive")]
    pub heartbeat: Duration,
    /// Longest life of a watch stream.
    #[serde(deserialize_with = "positive")]
    pub stream_max_age: Duration,
    /// How often it is asked whether the credential of a stream still holds.
    #[serde(deserialize_with = "positive")]
    pub stream_recheck: Duration,
}

/// How many threads serve connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcThreads {
    /// As many as are best for the machine's cores.
    Auto,
    /// So many; with none, the process's common threads do it.
    Fixed(u32),
}

impl<'de> Deserialize<'de> for GrpcThreads {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "auto" {
            return Ok(Self::Auto);
        }
        match text.parse() {
            Ok(count @ 0..=256) => Ok(Self::Fixed(count)),
            _ => Err(D::Error::custom("must be \"auto\" or a number from \"0\" to \"256\"")),
        }
    }
}

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// The address, also when it came from `url_file`.
    #[serde(deserialize_with = "unless_empty")]
    pub url: Option<SecretString>,
    /// File that held the address.
    #[serde(deserialize_with = "unless_empty")]
    pub url_file: Option<PathBuf>,
    /// The address past a pooler, also when it came from `direct_url_file`; `url` if there is none.
    #[serde(deserialize_with = "unless_empty")]
    pub direct_url: Option<SecretString>,
    /// File that held the address past a pooler.
    #[serde(deserialize_with = "unless_empty")]
    pub direct_url_file: Option<PathBuf>,
    /// Connections of this process.
    pub max_connections: NonZeroU32,
    /// Longest wait for a free connection.
    #[serde(deserialize_with = "positive")]
    pub acquire_timeout: Duration,
    /// PostgreSQL's `statement_timeout`.
    #[serde(deserialize_with = "positive")]
    pub statement_timeout: Duration,
    /// PostgreSQL's `lock_timeout`.
    #[serde(deserialize_with = "positive")]
    pub lock_timeout: Duration,
    /// PostgreSQL's `idle_in_transaction_session_timeout`.
    #[serde(deserialize_with = "positive")]
    pub idle_in_transaction_timeout: Duration,
}

/// `[vault]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultConfig {
    /// The key ring's file.
    #[serde(deserialize_with = "unless_empty")]
    pub key_file: Option<PathBuf>,
    /// The key ring itself.
    #[serde(deserialize_with = "unless_empty")]
    pub keyring: Option<SecretString>,
    /// How often to look for changed keys and for a rotation.
    #[serde(deserialize_with = "up_to_5s")]
    pub refresh_interval: Duration,
    /// Secrets that a rotation wraps anew at once.
    #[serde(deserialize_with = "up_to_10_000")]
    pub rewrap_batch: NonZeroU32,
    /// HashiCorp Vault's address.
    #[serde(deserialize_with = "address_unless_empty")]
    pub transit_address: Option<Url>,
    /// Where its transit engine is mounted.
    pub transit_mount: String,
    /// The key's name there.
    #[serde(deserialize_with = "unless_empty")]
    pub transit_key: Option<String>,
    /// File with the token to call it with.
    #[serde(deserialize_with = "unless_empty")]
    pub transit_token_file: Option<PathBuf>,
    /// Its namespace.
    #[serde(deserialize_with = "unless_empty")]
    pub transit_namespace: Option<String>,
    /// File with the roots of its certificate.
    #[serde(deserialize_with = "unless_empty")]
    pub transit_ca_file: Option<PathBuf>,
    /// How long an unwrapped data key is remembered.
    #[serde(with = "humantime_serde")]
    pub transit_cache: Duration,
}

/// `[audit]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// The key that signs.
    #[serde(deserialize_with = "unless_empty")]
    pub signing_key_file: Option<PathBuf>,
    /// How often it signs.
    #[serde(deserialize_with = "positive")]
    pub sign_every: Duration,
    /// Where the statements are written to.
    #[serde(deserialize_with = "unless_empty")]
    pub export_dir: Option<PathBuf>,
}

/// `[salesforce]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SalesforceConfig {
    /// Login address of production orgs.
    pub production_login_url: Url,
    /// Login address of sandboxes.
    pub sandbox_login_url: Url,
    /// Origins that may be called beside Salesforce's.
    pub extra_allowed_hosts: Vec<Url>,
    /// Version of SOAP `login()`.
    pub soap_version: String,
    /// Version of everything else.
    pub rest_version: String,
    /// The client's name in `Sforce-Call-Options`.
    pub client_name: String,
    /// The field that links records.
    pub external_id_field: String,
    /// Namespace of HubSpot's package.
    pub package_namespace: String,
    /// Installer for production orgs.
    pub package_install_url_production: Url,
    /// Installer for sandboxes.
    pub package_install_url_sandbox: Url,
}

/// `[hubspot]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HubSpotConfig {
    /// Where the API answers.
    pub base_url: Url,
    /// Dated version of the API.
    pub api_version: HubSpotApiVersion,
}

/// A dated version of HubSpot's API that this release speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum HubSpotApiVersion {
    /// `2026-09`
    #[serde(rename = "2026-09")]
    September2026,
    /// `2026-03`
    #[serde(rename = "2026-03")]
    March2026,
}

impl HubSpotApiVersion {
    /// As it stands in paths.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::September2026 => "2026-09",
            Self::March2026 => "2026-03",
        }
    }
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Portals that may share one org.
    #[serde(deserialize_with = "up_to_100")]
    pub portals_per_org: NonZeroU32,
    /// How daily API calls are estimated.
    pub api_call_policy: ApiCallPolicy,
    /// API calls per contact sync, as a rule of thumb.
    pub calls_per_contact_sync: NonZeroU32,
}

/// How an org's daily API calls are estimated before it tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum ApiCallPolicy {
    /// 100,000 and a number per seat.
    #[serde(rename = "2026")]
    Of2026,
    /// A number per seat, with a floor and a cap.
    #[serde(rename = "2016")]
    Of2016,
}

/// `[worker]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// How long a lease lives without a sign.
    #[serde(deserialize_with = "positive")]
    pub lease_duration: Duration,
    /// How often to look for tasks.
    #[serde(deserialize_with = "positive")]
    pub poll_interval: Duration,
    /// Tasks at once in this process.
    pub concurrency: NonZeroU32,
    /// How long a refused new token counts as not active yet.
    #[serde(deserialize_with = "positive")]
    pub token_activation_window: Duration,
    /// Logins per Salesforce user and hour.
    pub logins_per_hour: NonZeroU32,
}

/// `[watch]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchConfig {
    /// How often to look for changes.
    #[serde(deserialize_with = "positive")]
    pub poll_interval: Duration,
    /// How long changes stay readable.
    #[serde(deserialize_with = "positive")]
    pub retention: Duration,
}

/// `[shutdown]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShutdownConfig {
    /// How long streams and tasks get to end.
    #[serde(deserialize_with = "positive")]
    pub drain_timeout: Duration,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Form of a line.
    pub format: LogFormat,
    /// Directives as `tracing_subscriber::EnvFilter` takes them.
    pub filter: String,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

pub(super) fn unless_empty<'de, D: Deserializer<'de>, T: From<String>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    Ok((!text.is_empty()).then(|| T::from(text)))
}

pub(super) fn positive<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let duration: Duration = humantime_serde::deserialize(from)?;
    if duration.is_zero() { Err(D::Error::custom("must be longer than zero")) } else { Ok(duration) }
}

fn address_unless_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(&text).ok().filter(|url| {
        let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let has_user = !url.username().is_empty() || url.password().is_some();
        matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare && !has_user
    });
    url.map(Some).ok_or_else(|| D::Error::custom("must be the address of a host, like https://vault:8200"))
}

/// Other servers count on hearing of each one's keys within seconds.
fn up_to_5s<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let duration = positive(from)?;
    if duration <= Duration::from_secs(5) {
        Ok(duration)
    } else {
        Err(D::Error::custom("must be at most 5s"))
    }
}

/// A batch is held in memory.
fn up_to_10_000<'de, D: Deserializer<'de>>(from: D) -> Result<NonZeroU32, D::Error> {
    let number = NonZeroU32::deserialize(from)?;
    if number.get() <= 10_000 { Ok(number) } else { Err(D::Error::custom("must be 1 to 10,000")) }
}

/// An org's portals are always shown whole, so there are never more.
fn up_to_100<'de, D: Deserializer<'de>>(from: D) -> Result<NonZeroU32, D::Error> {
    let number = NonZeroU32::deserialize(from)?;
    if number.get() <= 100 { Ok(number) } else { Err(D::Error::custom("must be 1 to 100")) }
}
