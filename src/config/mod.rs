//! The configuration: read from four layers, checked as a whole, typed.
//!
//! `defaults.toml` beside this file holds every setting with its documentation; it is the first layer. A mistake is
//! reported with the file, variable or flag that it came from, and all mistakes at once. No other room is used here,
//! and nothing is opened but the files that the configuration names.

mod auth;
mod error;
mod layers;
mod print;
mod sections;
#[cfg(test)]
mod tests;

use std::path::Path;

use secrecy::SecretString;

pub use auth::{Algorithm, AllPortals, AuthConfig, CertificateConfig, Portals, Required, TlsConfig};
pub use error::{ConfigError, Origin, Problem};
pub use layers::Layers;
pub use sections::{
    ApiCallPolicy, AuditConfig, Config, DatabaseConfig, GrpcConfig, GrpcThreads, HubSpotApiVersion,
    HubSpotConfig, LimitsConfig, LogConfig, LogFormat, SalesforceConfig, ShutdownConfig, VaultConfig,
    WatchConfig, WorkerConfig,
};

/// The documented defaults, for `connectord config print --defaults` and the like.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// What the layers above the defaults are read from.
#[derive(Debug, Default)]
pub struct Sources<'a> {
    /// The file of `--config`.
    pub file: Option<&'a Path>,
    /// The process's environment; `CONNECTOR_…` and `DATABASE_URL` are looked at.
    pub environment: Vec<(String, String)>,
    /// The `section.key=value` pairs of flags.
    pub overrides: Vec<(String, String)>,
}

impl<'a> Sources<'a> {
    /// This process's environment, with a file and flags.
    #[must_use]
    pub fn of_process(file: Option<&'a Path>, overrides: Vec<(String, String)>) -> Self {
        // A variable that is not UTF-8 can't be one of ours.
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, environment, overrides }
    }
}

impl Config {
    /// Reads all layers and checks them.
    ///
    /// # Errors
    /// Every mistake found, each with where it came from.
    pub fn load(sources: &Sources<'_>) -> Result<Self, ConfigError> {
        Layers::read(sources)?.config()
    }
}

impl DatabaseConfig {
    /// The database's address, for commands that can't do without.
    ///
    /// # Errors
    /// A message that names the ways to give it.
    pub fn required_url(&self) -> Result<&SecretString, ConfigError> {
        self.url.as_ref().ok_or_else(|| Problem::Missing { key: "database.url" }.into())
    }
}
