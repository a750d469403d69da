//! `setup`: the wizard, and one command for each of its steps.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::{Access, Edition, Environment, Existing, LeadIntelligence, Subscription, YesNo};

const EXAMPLES: &str = "\
Without a command, on a terminal, the interactive wizard starts, or goes on where it was.

Examples:
  connectorctl setup --portal 62515                      the wizard
  connectorctl setup start --portal 62515
  connectorctl setup edition enterprise --portal 62515
  connectorctl setup token --security-token-file token.txt --portal 62515
  connectorctl setup objects --accounts yes --opportunities no --portal 62515
  connectorctl setup review --portal 62515
  connectorctl setup get --portal 62515 --output json | jq .setup.next_step";

/// `setup`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SetupArgs {
    /// Which setup.
    #[command(flatten)]
    pub target: SetupTarget,
    /// The step or the look at it; the wizard without.
    #[command(subcommand)]
    pub command: Option<SetupCommand>,
}

/// Which setup is meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which setup")]
pub struct SetupTarget {
    /// The portal's newest setup
    #[arg(long, global = true, value_name = "PORTAL", value_parser = clap::value_parser!(i64).range(1..))]
    pub portal: Option<i64>,
    /// The setup with this id
    #[arg(long, global = true, value_name = "SETUP", conflicts_with = "portal")]
    pub setup: Option<String>,
}

/// Options of every step.
#[derive(Debug, Args)]
pub struct StepArgs {
    /// Refuse if the setup changed since this etag was read
    #[arg(long, value_name = "ETAG")]
    pub etag: Option<String>,
    /// Only say what would come of it; change nothing
    #[arg(long)]
    pub validate_only: bool,
}

/// The commands of `setup`.
#[derive(Debug, Subcommand)]
pub enum SetupCommand {
    /// Walk through the steps, with explanations; goes on where it was
    #[command(after_help = "Examples:\n  connectorctl setup wizard --portal 62515")]
    Wizard,
    /// Start the setup of a portal, or return the one that is under way
    #[command(after_help = "Examples:\n  connectorctl setup start --portal 62515")]
    Start,
    /// Show a setup: its answers, where each step stands, what comes next
    #[command(after_help = "Examples:\n  connectorctl setup get --portal 62515")]
    Get,
    /// List setups, newest first
    #[command(after_help = "Examples:\n  connectorctl setup list\n  connectorctl setup list --portal 62515")]
    List(super::PageArgs),
    /// Explain the steps: what they are about, where to find the values, links
    #[command(after_help = "Examples:\n  connectorctl setup describe --lang ja")]
    Describe,
    /// Watch a setup change
    #[command(after_help = "Examples:\n  connectorctl setup watch --portal 62515")]
    Watch(super::WatchArgs),
    /// Give a setup up; its answers stay readable, its secrets are deleted
    #[command(after_help = "Examples:\n  connectorctl setup abandon --portal 62515 --yes")]
    Abandon {
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the setup changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
    /// Hand the steps in Salesforce to its administrator
    #[command(subcommand)]
    Handoff(super::HandoffCommand),
    /// The steps before the accounts are connected.
    #[command(flatten)]
    Before(BeforeConnecting),
    /// The steps after it.
    #[command(flatten)]
    After(AfterConnecting),
}

/// The steps of the wizard before the accounts are connected.
#[derive(Debug, Subcommand)]
pub enum BeforeConnecting {
    /// Get started: what is needed was read, and the HubSpot subscription is declared
    #[command(after_help = "Examples:
  connectorctl setup prerequisites --acknowledged --subscription professional --portal 62515")]
    Prerequisites {
        /// What is needed was read (connectorctl setup describe)
        #[arg(long)]
        acknowledged: bool,
        /// The portal's HubSpot subscription
        #[arg(long, value_enum)]
        subscription: Subscription,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Say which Salesforce edition the company uses
    #[command(after_help = "Examples:\n  connectorctl setup edition enterprise --portal 62515")]
    Edition {
        /// The edition
        #[arg(value_enum)]
        edition: Edition,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Say which administrative access to Salesforce there is
    #[command(
        after_help = "Examples:\n  connectorctl setup admin-access top-level-administrator --portal 62515"
    )]
    AdminAccess {
        /// The access
        #[arg(value_enum)]
        access: Access,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Say whether a sandbox or a production org is connected
    #[command(after_help = "Examples:
  connectorctl setup environment production --portal 62515
  connectorctl setup environment sandbox --sandbox-notes-acknowledged --portal 62515")]
    Environment {
        /// The kind of org
        #[arg(value_enum)]
        environment: Environment,
        /// The notes on sandboxes were read (connectorctl setup describe)
        #[arg(long)]
        sandbox_notes_acknowledged: bool,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Say how many Salesforce seats (licences) the company has
    #[command(after_help = "Examples:\n  connectorctl setup seats 15 --portal 62515")]
    Seats {
        /// The number
        #[arg(value_name = "COUNT", allow_negative_numbers = true)]
        count: i32,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Set how many Salesforce API calls the portal may use in 24 hours
    #[command(after_help = "Examples:
  connectorctl setup api-limit --portal 62515 --validate-only     show the suggestion
  connectorctl setup api-limit --portal 62515                     accept it
  connectorctl setup api-limit 50000 --portal 62515")]
    ApiLimit {
        /// The limit; the suggestion when left out
        #[arg(value_name = "CALLS", allow_negative_numbers = true)]
        limit: Option<i64>,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Confirm that the HubSpot package is installed in Salesforce
    #[command(after_help = "Examples:\n  connectorctl setup package --installed --portal 62515")]
    Package {
        /// "I have installed the HubSpot integration package"
        #[arg(long)]
        installed: bool,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Store the Salesforce security token; asked for on a terminal
    #[command(after_help = "\
The token comes from --security-token-file, --security-token-stdin, CONNECTOR_SALESFORCE_SECURITY_TOKEN or a question,
never from the command line.

Examples:
  connectorctl setup token --portal 62515
  pass salesforce/token | connectorctl setup token --security-token-stdin --portal 62515
  connectorctl setup token --not-used --portal 62515              the org will be connected by OAuth")]
    Token {
        /// The org will be connected by OAuth, which needs no token
        #[arg(long, conflicts_with_all = ["security_token_stdin", "security_token_file"])]
        not_used: bool,
        /// Read the token from standard input
        #[arg(long, conflicts_with = "security_token_file")]
        security_token_stdin: bool,
        /// Read the token from this file
        #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
        security_token_file: Option<PathBuf>,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Confirm that lead intelligence is on the lead and contact layouts
    #[command(after_help = "Examples:\n  connectorctl setup visualforce --added --portal 62515")]
    Visualforce {
        /// "I have added HubSpot lead intelligence to Salesforce"
        #[arg(long)]
        added: bool,
        /// By which means
        #[arg(long, value_enum, default_value_t = LeadIntelligence::Visualforce)]
        method: LeadIntelligence,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
}

/// The steps of the wizard after the accounts are connected.
#[derive(Debug, Subcommand)]
pub enum AfterConnecting {
    /// Choose whether accounts and opportunities sync; both must be chosen
    #[command(
        after_help = "Examples:\n  connectorctl setup objects --accounts yes --opportunities no --portal 62515"
    )]
    Objects {
        /// Sync Salesforce accounts (recommended)
        #[arg(long, value_enum)]
        accounts: YesNo,
        /// Sync the standard fields of Salesforce opportunities
        #[arg(long, value_enum)]
        opportunities: YesNo,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Choose which activities are created in Salesforce, and whether tasks sync
    #[command(
        after_help = "Examples:\n  connectorctl setup activities --on-form-submission --tasks yes --portal 62515"
    )]
    Activities {
        /// Create a Salesforce activity when a contact submits a form
        #[arg(long)]
        on_form_submission: bool,
        /// Create a Salesforce activity when a contact opens an e-mail
        #[arg(long)]
        on_email_open: bool,
        /// Sync the Salesforce tasks of contacts with HubSpot
        #[arg(long, value_enum)]
        tasks: YesNo,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Choose which contacts go from HubSpot to Salesforce: a smart list, or explicitly none
    #[command(after_help = "Examples:
  connectorctl lists list 62515
  connectorctl setup inclusion --list 611 --portal 62515
  connectorctl setup inclusion --no-list --lowest-stage lead --portal 62515")]
    #[command(group(clap::ArgGroup::new("inclusion").required(true).args(["list", "no_list"])))]
    Inclusion {
        /// HubSpot's id of a smart list
        #[arg(long, value_name = "LIST")]
        list: Option<String>,
        /// No inclusion list: new contacts from a lifecycle stage on
        #[arg(long)]
        no_list: bool,
        /// The lowest lifecycle stage that syncs [default: subscriber]
        #[arg(long, value_name = "STAGE", requires = "no_list", conflicts_with = "list")]
        lowest_stage: Option<String>,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Show all decisions for a last look, with the etag that `setup enable` asks for
    #[command(after_help = "Examples:\n  connectorctl setup review --portal 62515")]
    Review,
    /// Switch on "Sync contacts with Salesforce"; nothing that exists is carried over by it
    #[command(after_help = "\
Without --review-etag the review is shown and asked about; --yes takes it as read.

Examples:
  connectorctl setup enable --portal 62515
  connectorctl setup enable --review-etag ETAG --portal 62515")]
    Enable {
        /// The etag of the review that was looked at
        #[arg(long, value_name = "ETAG")]
        review_etag: Option<String>,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
    /// Finish the wizard, with or without a test
    #[command(
        after_help = "Examples:\n  connectorctl setup finish --existing-contacts do-not-import --portal 62515"
    )]
    Finish {
        /// What happens to contacts that exist already: stored, nothing is carried over by it
        #[arg(long, value_enum)]
        existing_contacts: Existing,
        /// Options of every step.
        #[command(flatten)]
        step: StepArgs,
    },
}
