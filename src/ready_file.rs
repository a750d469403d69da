//! The ready file: written once everything answers, so that whoever waits for it can begin.

use std::path::Path;

use anyhow::Context as _;
use serde::Serialize;

use crate::private_file;

/// What is written. A part that does not run is left out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Ready<'a> {
    /// Base URL of the gRPC server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grpc: Option<String>,
    /// The token to call it with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<&'a str>,
    /// Base URL of the Salesforce simulator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) salesforce: Option<&'a str>,
    /// Base URL of the HubSpot simulator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hubspot: Option<&'a str>,
    /// The database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) database_url: Option<String>,
}

impl Ready<'_> {
    /// Writes it, for its owner alone: a token may be in it. Who sees it sees it whole.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        private_file::replace(path, &text).with_context(|| format!("can't write {}", path.display()))
    }
}
