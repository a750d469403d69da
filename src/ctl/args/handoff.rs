//! `handoff`, which the Salesforce administrator runs, and `setup handoff`, by which it comes about.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{CredentialArgs, LeadIntelligence, PageArgs};

/// `handoff`.
#[derive(Debug, Args)]
#[command(after_help = "\
For the Salesforce administrator to whom `connectorctl setup handoff create` handed the steps in Salesforce: the
package, the security token, the Visualforce module and the connection. Without answers among the options, on a
terminal, they are asked for one by one. The hand-off's token comes from --token-file, CONNECTOR_TOKEN or a question.

Examples:
  connectorctl handoff --setup 01932c07-aaaa-7bbb-8ccc-0123456789ab
  connectorctl handoff --setup 01932c07-aaaa-7bbb-8ccc-0123456789ab --token-file handoff.txt --installed --added \\
      --token-stdin --username admin@acme.com --password-file password.txt")]
pub struct HandoffArgs {
    /// The setup whose steps were handed off
    #[arg(long, value_name = "SETUP")]
    pub setup: String,
    /// "I have installed the HubSpot integration package"
    #[arg(long)]
    pub installed: bool,
    /// Read the Salesforce security token from standard input
    #[arg(long, conflicts_with_all = ["oauth", "new_token_file", "password_stdin"])]
    pub token_stdin: bool,
    /// Read the Salesforce security token from this file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with = "oauth")]
    pub new_token_file: Option<PathBuf>,
    /// The org will be connected by OAuth, which needs no token
    #[arg(long)]
    pub oauth: bool,
    /// "I have added HubSpot lead intelligence to Salesforce"
    #[arg(long)]
    pub added: bool,
    /// By which means
    #[arg(long, value_enum, default_value_t = LeadIntelligence::Visualforce, value_name = "MEANS")]
    pub added_by: LeadIntelligence,
    /// Connect by the credential; implied by --username and --client-id
    #[arg(long)]
    pub connect: bool,
    /// The credential.
    #[command(flatten)]
    pub credential: CredentialArgs,
}

impl HandoffArgs {
    /// Whether any step is answered by an option.
    pub fn answers_anything(&self) -> bool {
        self.installed || self.answers_token() || self.added || self.connects()
    }

    /// Whether the step "security token" is.
    pub fn answers_token(&self) -> bool {
        self.token_stdin || self.new_token_file.is_some() || self.oauth
    }

    /// Whether it is to be connected.
    pub fn connects(&self) -> bool {
        self.connect || self.credential.username.is_some() || self.credential.client_id.is_some()
    }
}

/// `setup handoff`.
#[derive(Debug, Subcommand)]
pub enum HandoffCommand {
    /// Make a token for the Salesforce administrator; it is shown once
    #[command(after_help = "\
With it, `connectorctl handoff --setup SETUP` does the steps in Salesforce of this setup, and nothing else.

Examples:
  connectorctl setup handoff create --portal 62515
  connectorctl setup handoff create --valid-hours 24 --portal 62515 --output json | jq -r .token > handoff.txt")]
    Create {
        /// How many hours it lasts, at most 720 [default: 168]
        #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i32).range(1..=720))]
        valid_hours: Option<i32>,
    },
    /// List a setup's hand-offs, newest first
    #[command(after_help = "Examples:\n  connectorctl setup handoff list --portal 62515")]
    List(PageArgs),
    /// Take a hand-off back; its token opens nothing after a minute at most
    #[command(after_help = "Examples:
  connectorctl setup handoff revoke 01932c07-bbbb-7bbb-8ccc-0123456789ab --portal 62515")]
    Revoke {
        /// The hand-off's id
        #[arg(value_name = "HANDOFF")]
        handoff: String,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}
