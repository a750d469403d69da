//! The command line. Parsing only: what a command does is in `commands`.

mod audit;
mod connect;
mod handoff;
mod keys;
mod portals;
mod resources;
mod setup;
mod values;

use std::{path::PathBuf, time::Duration};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use secrecy::SecretString;
use uuid::Uuid;

pub use self::{
    audit::{AuditCommand, VerifyArgs},
    connect::{ConnectArgs, CredentialArgs, CredentialMethod, RotateArgs},
    handoff::{HandoffArgs, HandoffCommand},
    keys::KeysCommand,
    portals::{HubSpotArgs, PortalsCommand},
    resources::{
        ConnectionsCommand, ListsCommand, OrgsCommand, PageArgs, SettingsArgs, Share, StatusCommand,
        TestContactCommand, WatchArgs,
    },
    setup::{AfterConnecting, BeforeConnecting, SetupArgs, SetupCommand, SetupTarget, StepArgs},
    values::{Access, Edition, Environment, Existing, LeadIntelligence, Subscription, YesNo},
};
use super::{lang::Lang, output::Format};

/// Where a server on this machine listens.
pub const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:50051";

const EXAMPLES: &str = "\
Examples:
  connectorctl portals register --name 'Acme EU'      register a HubSpot portal (asks for its token)
  connectorctl setup --portal 62515                   walk through the wizard; leave and come back at will
  connectorctl connect --portal 62515 --username admin@acme.com
  connectorctl test-contact create 62515              send a test contact through and watch it travel
  connectorctl watch                                  everything that happens, as it happens
  connectorctl orgs portals 00DB0000000J8DXMA0 --output json | jq '.portals[].portal_id'

Exit codes:
  0    done
  1    what was started ended badly: the connection attempt or the test contact failed
  2    the command line makes no sense
  3    refused: a precondition or a rule of the product is not met
  4    not found
  5    conflict: it changed in between, or exists already
  6    unavailable: no answer in time, or no capacity; trying again later may help
  7    not authenticated, or not allowed
  8    invalid input: the fields are named
  9    internal: a defect
  130  interrupted

Every change carries a request id and is made once, however often it has to be sent. Errors go to standard error;
with --output json they are JSON too.";

/// Sets up and watches the connections between HubSpot portals and Salesforce orgs.
#[derive(Debug, Parser)]
#[command(name = "connectorctl", version, after_help = EXAMPLES, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Where the server is [default: http://127.0.0.1:50051]
    #[arg(long, global = true, env = "CONNECTOR_ENDPOINT", value_name = "URL", value_hint = ValueHint::Url)]
    pub endpoint: Option<String>,
    /// Token to call with; better by --token-file or the environment: arguments show in the list of processes
    #[arg(
        long,
        global = true,
        env = "CONNECTOR_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        value_parser = secret
    )]
    pub token: Option<SecretString>,
    /// File with the token to call with
    #[arg(long, global = true, env = "CONNECTOR_TOKEN_FILE", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub token_file: Option<PathBuf>,
    /// Take endpoint and token from the file that `connectord dev --ready-file` wrote
    #[arg(long, global = true, env = "CONNECTOR_READY_FILE", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ready_file: Option<PathBuf>,
    /// PEM of the root certificate of an https endpoint [default: the system's roots]
    #[arg(long, global = true, env = "CONNECTOR_CA_FILE", value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<PathBuf>,
    /// PEM of the certificate to call with (mutual TLS); needs --key
    #[arg(
        long = "cert",
        global = true,
        env = "CONNECTOR_CERT_FILE",
        value_name = "PATH",
        value_hint = ValueHint::FilePath
    )]
    pub cert_file: Option<PathBuf>,
    /// PEM of its private key
    #[arg(
        long = "key",
        global = true,
        env = "CONNECTOR_KEY_FILE",
        value_name = "PATH",
        value_hint = ValueHint::FilePath
    )]
    pub key_file: Option<PathBuf>,
    /// What to print
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table, value_name = "FORMAT")]
    pub output: Format,
    /// Language of labels and of the server's texts [default: that of the system]
    #[arg(long, global = true, env = "CONNECTOR_LANG", value_enum)]
    pub lang: Option<Lang>,
    /// How long a call may take, for example 10, 10s or 2m [default: 30s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// When to use colours; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,
    /// Don't ask before something is given up, deleted or disconnected
    #[arg(long, short, global = true, action = ArgAction::SetTrue)]
    pub yes: bool,
    /// Send a change under this id again, to learn whether it happened, without making it twice
    #[arg(long, global = true, value_name = "UUID")]
    pub request_id: Option<Uuid>,
}

impl Global {
    /// Whether it is said where the token is.
    pub fn names_token(&self) -> bool {
        self.token.is_some() || self.token_file.is_some() || self.ready_file.is_some()
    }

    /// The language asked for, or the system's.
    pub fn lang(&self) -> Lang {
        self.lang.unwrap_or_else(Lang::of_system)
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register HubSpot portals and look at them
    #[command(subcommand)]
    Portals(PortalsCommand),
    /// Set a portal up: the interactive wizard, or one command for each step
    Setup(SetupArgs),
    /// Connect the portal of a setup with a Salesforce org and watch how it goes
    Connect(ConnectArgs),
    /// Do the steps in Salesforce that were handed to you
    Handoff(HandoffArgs),
    /// Look at connections; check, rotate and end them
    #[command(subcommand)]
    Connections(ConnectionsCommand),
    /// Look at Salesforce orgs, their portals and API calls
    #[command(subcommand)]
    Orgs(OrgsCommand),
    /// Look at the keys that secrets are sealed with; rotate and retire them
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Choose which contacts go from HubSpot to Salesforce
    #[command(subcommand)]
    Lists(ListsCommand),
    /// Send a test contact through
    #[command(subcommand)]
    TestContact(TestContactCommand),
    /// Look at the sync of portals; pause, resume and change it
    #[command(subcommand)]
    Status(StatusCommand),
    /// Look at the audit trail and verify it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Watch everything: connections, attempts and sync, of all portals or of one
    #[command(after_help = "Examples:
  connectorctl watch
  connectorctl watch --portal 62515 --output json | jq -c .")]
    Watch {
        /// Only this portal, and its setup too
        #[arg(long, value_name = "PORTAL", value_parser = clap::value_parser!(i64).range(1..))]
        portal: Option<i64>,
    },
    /// Ask the server and each of its services whether they serve
    #[command(after_help = "Ends with 6 if one of them does not serve.\n\nExamples:\n  connectorctl health")]
    Health,
    /// Print a completion script for a shell
    #[command(after_help = "Examples:
  connectorctl completion bash > /etc/bash_completion.d/connectorctl
  connectorctl completion zsh > \"${fpath[1]}/_connectorctl\"")]
    Completion {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the version
    #[command(after_help = "Examples:\n  connectorctl version --output json")]
    Version,
}

/// Clap prints rejected values: nothing is rejected here, so that no secret is ever printed.
#[expect(clippy::unnecessary_wraps, reason = "the form that clap asks for")]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// Seconds, or a number with `ms`, `s` or `m`.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().map_err(|_| "expected a number such as 10, 10s or 2m".to_owned())?;
    let duration = match text.strip_prefix(digits) {
        Some("ms") => Duration::from_millis(number),
        Some("" | "s") => Duration::from_secs(number),
        Some("m") => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err("expected ms, s or m after the number".to_owned()),
    };
    if duration.is_zero() || duration > Duration::from_secs(3600) {
        return Err("expected more than nothing and at most 60m".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests;
