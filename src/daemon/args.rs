//! What `connectord` can be told.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::domain::{PortalId, access::Scope};

/// The server that connects HubSpot portals with Salesforce orgs.
#[derive(Debug, Parser)]
#[command(
    name = "connectord",
    version,
    about,
    after_help = "Examples:
  connectord demo                          watch a portal walk the whole wizard
  connectord dev --data-dir ./data         a server to try things with; data is kept
  connectord serve --config connector.toml the server for real use
  connectord doctor                        what is missing, and the fix"
)]
pub struct Args {
    /// Configuration file (TOML). Environment variables and --set win over it.
    #[arg(long, global = true, value_name = "PATH", env = "CONNECTOR_CONFIG")]
    pub config: Option<PathBuf>,
    /// Set one value, for example --set grpc.listen=0.0.0.0:50051. May be repeated.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE", value_parser = parse_override)]
    pub overrides: Vec<(String, String)>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve, with a database and keys that are there.
    Serve(ServeArgs),
    /// Bring the database's schema up to this build, then exit.
    Migrate,
    /// Look at the configuration.
    Config {
        /// What to do with it.
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Say what is missing on this machine or in this configuration, and the fix.
    Doctor,
    /// Make a new key file for the vault. An existing file is never overwritten.
    NewKeyFile {
        /// Where to write it.
        path: PathBuf,
        /// Add a key to a file that is there, and make it the one that the next rotation goes to. Nothing is sealed
        /// with it before `connectorctl keys rotate`.
        #[arg(long)]
        add: bool,
    },
    /// Make a key that signs tokens, for installations without an identity provider.
    #[command(
        after_help = "Servers read the JWKS file (auth.jwks_file). Where it exists, the new key is added to it; to
revoke a key, take it out of there.

Examples:
  connectord new-token-key token-key.json --jwks jwks.json"
    )]
    NewTokenKey {
        /// Where to write the private key, with mode 0600. An existing file is never overwritten.
        path: PathBuf,
        /// File with the public keys: made, or added to.
        #[arg(long, value_name = "PATH")]
        jwks: PathBuf,
    },
    /// Sign a token with such a key.
    IssueToken(IssueTokenArgs),
    /// Make a new key that signs the audit trail's heads, and beside it (.pub) the key that checks them. An existing
    /// file is never overwritten.
    NewAuditKey {
        /// Where to write it.
        path: PathBuf,
    },
    /// A private Postgres, both simulators and the server: stays up until it is stopped.
    #[cfg(feature = "simulator")]
    Dev(DevArgs),
    /// Only the simulators.
    #[cfg(feature = "simulator")]
    Simulate(SimulateArgs),
    /// Walk a portal through the whole wizard on embedded defaults, and show what is refused.
    #[cfg(feature = "simulator")]
    Demo,
}

/// What can be done with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say what is wrong with it; exits 0 if nothing is.
    Check,
    /// Print the values in force with their origin, secrets masked.
    Print,
}

/// Options of `issue-token`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Issuer and audience are those of the configuration (auth.issuer, auth.audience).

Examples:
  connectord issue-token --key token-key.json --subject alice --scope setup --scope connect --portal 62515 --out alice.token
  connectord issue-token --key token-key.json --subject operator --all-scopes --all-portals --expires-in 8h --out token")]
pub struct IssueTokenArgs {
    /// The private key.
    #[arg(long, value_name = "PATH")]
    pub key: PathBuf,
    /// Who calls with it, as audit rows and answers will name them.
    #[arg(long, value_name = "NAME")]
    pub subject: String,
    /// What it may do. May be repeated.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = parse_scope, required_unless_present = "all_scopes")]
    pub scopes: Vec<Scope>,
    /// Everything.
    #[arg(long, conflicts_with = "scopes")]
    pub all_scopes: bool,
    /// A portal that it may know of, by hub id. May be repeated.
    #[arg(long = "portal", value_name = "HUB_ID", value_parser = parse_portal, required_unless_present = "all_portals")]
    pub portals: Vec<PortalId>,
    /// All portals, also those of tomorrow.
    #[arg(long, conflicts_with = "portals")]
    pub all_portals: bool,
    /// How long it is good, for example 8h or 30d; at most 90d.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = parse_duration)]
    pub expires_in: Duration,
    /// Write it to this file, with mode 0600, and not to standard output.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let names: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
    Scope::from_name(text).ok_or_else(|| format!("there are {}", names.join(", ")))
}

fn parse_portal(text: &str) -> Result<PortalId, String> {
    let id = text.parse().ok().and_then(PortalId::parse);
    id.ok_or_else(|| "must be a hub id".to_owned())
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// Options of `serve`.
#[derive(Debug, ClapArgs)]
pub struct ServeArgs {
    /// Write a JSON object with grpc (base URL) here once the server answers.
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
}

/// Options of `dev`.
#[derive(Debug, ClapArgs)]
pub struct DevArgs {
    /// Keep the data in this folder. Without it, everything is thrown away at the end.
    #[arg(long, value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// Write a JSON object with grpc, token, salesforce, hubspot and database_url here once everything answers.
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// Address of the gRPC server; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:50051")]
    pub grpc: SocketAddr,
    /// Address of the Salesforce simulator.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    pub salesforce: SocketAddr,
    /// Address of the HubSpot simulator.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
    pub hubspot: SocketAddr,
}

/// Options of `simulate`.
#[derive(Debug, ClapArgs)]
pub struct SimulateArgs {
    /// Write a JSON object with salesforce and hubspot here once both answer.
    #[arg(long, value_name = "PATH")]
    pub ready_file: Option<PathBuf>,
    /// Address of the Salesforce simulator; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8081")]
    pub salesforce: SocketAddr,
    /// Address of the HubSpot simulator; port 0 lets the system choose.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8082")]
    pub hubspot: SocketAddr,
}

fn parse_override(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "must look like grpc.listen=127.0.0.1:50051".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Args;

    #[test]
    fn the_commands_are_well_formed() {
        Args::command().debug_assert();
    }
}
