//! `portals`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::PageArgs;

/// A HubSpot credential but for its secrets, and where those come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credential")]
pub struct HubSpotArgs {
    /// Read the static token (service key, project app, private app) from standard input
    #[arg(long, conflicts_with_all = ["hubspot_token_file", "client_id"])]
    pub hubspot_token_stdin: bool,
    /// Read the static token from this file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "client_id")]
    pub hubspot_token_file: Option<PathBuf>,
    /// Use OAuth: the app's client id
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Read the app's client secret from this file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, requires = "client_id")]
    pub client_secret_file: Option<PathBuf>,
    /// Read the refresh token from this file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, requires = "client_id")]
    pub refresh_token_file: Option<PathBuf>,
}

const HUBSPOT_SECRETS: &str = "\
Secrets come from a file, standard input, the environment or a masked question, never from the command line:
  static token      --hubspot-token-file, --hubspot-token-stdin, CONNECTOR_HUBSPOT_TOKEN
  client secret     --client-secret-file, CONNECTOR_HUBSPOT_CLIENT_SECRET
  refresh token     --refresh-token-file, CONNECTOR_HUBSPOT_REFRESH_TOKEN

Examples:
  connectorctl portals register --name 'Acme EU'
  connectorctl portals register --hubspot-token-stdin < token.txt
  connectorctl portals register --client-id 8b2f... --client-secret-file s.txt --refresh-token-file r.txt
  connectorctl portals update-credential 62515 --hubspot-token-file token.txt";

/// The commands of `portals`.
#[derive(Debug, Subcommand)]
pub enum PortalsCommand {
    /// Register a portal by its HubSpot credential; again replaces the credential
    #[command(after_help = HUBSPOT_SECRETS)]
    Register {
        /// A name for people
        #[arg(long)]
        name: Option<String>,
        /// The credential.
        #[command(flatten)]
        credential: HubSpotArgs,
    },
    /// Show a portal
    #[command(after_help = "Examples:\n  connectorctl portals get 62515")]
    Get {
        /// The hub id
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
    },
    /// List portals
    #[command(after_help = "Examples:\n  connectorctl portals list")]
    List(PageArgs),
    /// Replace the HubSpot credential of a portal
    #[command(after_help = HUBSPOT_SECRETS)]
    UpdateCredential {
        /// The hub id
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// The new credential.
        #[command(flatten)]
        credential: HubSpotArgs,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the portal changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
}
