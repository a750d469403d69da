//! Logging: set up once per process, to standard error.
//!
//! Secrets are kept out of the log by their types. The scrubber behind it is the last defence, for the two kinds of
//! secrets that vendors put into texts of their own: Salesforce session ids and HubSpot access tokens.

mod scrub;

use std::io::{self, IsTerminal as _};

use tracing_subscriber::{
    EnvFilter, Layer as _, Registry, filter::ParseError, layer::SubscriberExt as _,
    util::SubscriberInitExt as _, util::TryInitError,
};

use crate::config::{LogConfig, LogFormat};
use scrub::Scrubbed;

/// Logging can't be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `log.filter` is not a list of directives.
    #[error("log.filter: {0}; it takes directives such as \"info\" or \"warn,connector::sync=debug\"")]
    Filter(#[from] ParseError),
    /// There is a logger already.
    #[error("logging was set up before: {0}")]
    Installed(#[from] TryInitError),
}

/// Sends the events of the whole process to standard error, as the configuration says. Colours are for terminals.
///
/// # Errors
/// See [`TelemetryError`].
pub fn init(config: &LogConfig) -> Result<(), TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    let writer = || Scrubbed::new(io::stderr());
    let lines = tracing_subscriber::fmt::layer::<Registry>().with_writer(writer);
    let lines = match config.format {
        LogFormat::Text => lines.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()?;
    Ok(())
}
