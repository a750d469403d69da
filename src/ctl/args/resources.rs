//! `connections`, `orgs`, `lists`, `test-contact`, `status`.

use std::str::FromStr;

use clap::{Args, Subcommand};

use super::{RotateArgs, SetupTarget, YesNo};

/// Which page of a list. All pages are fetched unless one of these is given.
#[derive(Debug, Args)]
pub struct PageArgs {
    /// Only one page of at most this many, 1 to 500
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(i32).range(1..=500))]
    pub page_size: Option<i32>,
    /// Only the page that this token of the page before leads to
    #[arg(long, value_name = "TOKEN")]
    pub page_token: Option<String>,
}

/// Where a watch begins.
#[derive(Debug, Args)]
pub struct WatchArgs {
    /// Go on after the message with this token, instead of starting with how things stand
    #[arg(long, value_name = "TOKEN")]
    pub resume_token: Option<String>,
}

/// The commands of `connections`.
#[derive(Debug, Subcommand)]
pub enum ConnectionsCommand {
    /// Show the connection of a portal, with what the last probe found
    #[command(after_help = "Examples:\n  connectorctl connections get 62515")]
    Get {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
    },
    /// List connections
    #[command(after_help = "Examples:\n  connectorctl connections list --org 00DB0000000J8DXMA0")]
    List {
        /// Only those of this org
        #[arg(long, value_name = "ORG")]
        org: Option<String>,
        /// Also those that were ended
        #[arg(long)]
        include_disconnected: bool,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Log in and probe with the stored credential; changes nothing
    #[command(
        after_help = "Ends with 1 if connecting would fail.\n\nExamples:\n  connectorctl connections check --portal 62515"
    )]
    Check {
        /// Whose claims are checked.
        #[command(flatten)]
        target: SetupTarget,
    },
    /// Replace the Salesforce credential; the old one stays until the new one has proved good
    #[command(after_help = "\
Secrets are given as for `connectorctl connect`.

Examples:
  connectorctl connections rotate 62515 --username admin@acme.com --password-stdin < password.txt")]
    Rotate(RotateArgs),
    /// End a connection: settings are kept, the place at the org becomes free
    #[command(after_help = "Examples:\n  connectorctl connections disconnect 62515 --yes")]
    Disconnect {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the connection changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
    /// Watch connections and attempts to connect, of one portal or of all
    #[command(
        after_help = "Examples:\n  connectorctl connections watch\n  connectorctl connections watch 62515"
    )]
    Watch {
        /// Only this portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: Option<i64>,
        /// Where to begin.
        #[command(flatten)]
        watch: WatchArgs,
    },
}

/// The commands of `orgs`. An org id has 15 or 18 characters; both forms name the same org.
#[derive(Debug, Subcommand)]
pub enum OrgsCommand {
    /// Show an org
    #[command(after_help = "Examples:\n  connectorctl orgs get 00DB0000000J8DXMA0")]
    Get {
        /// The organization id
        org: String,
    },
    /// List orgs
    #[command(after_help = "Examples:\n  connectorctl orgs list")]
    List(PageArgs),
    /// List the portals that are connected to an org, and its places
    #[command(after_help = "Examples:\n  connectorctl orgs portals 00DB0000000J8DXMA0")]
    Portals {
        /// The organization id
        org: String,
    },
    /// Show how an org's API calls are shared and used
    #[command(after_help = "Examples:\n  connectorctl orgs budget 00DB0000000J8DXMA0")]
    Budget {
        /// The organization id
        org: String,
    },
    /// Set how many API calls per 24 hours portals hold; portals that are not named keep theirs
    #[command(
        after_help = "Examples:\n  connectorctl orgs allocate 00DB0000000J8DXMA0 62515=40000 62516=20000"
    )]
    Allocate {
        /// The organization id
        org: String,
        /// A portal and what it shall hold
        #[arg(required = true, value_name = "PORTAL=CALLS")]
        shares: Vec<Share>,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the budget changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
        /// Only say what would come of it; change nothing
        #[arg(long)]
        validate_only: bool,
    },
}

/// `PORTAL=CALLS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The portal.
    pub portal: i64,
    /// API calls per rolling 24 hours.
    pub calls: i64,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('=').and_then(|(portal, calls)| {
            let portal = portal.trim().parse().ok().filter(|portal: &i64| *portal > 0)?;
            let calls = calls.trim().replace([',', '_'], "").parse().ok()?;
            Some(Self { portal, calls })
        });
        parsed.ok_or_else(|| "expected PORTAL=CALLS, for example 62515=40000".to_owned())
    }
}

/// The commands of `lists`.
#[derive(Debug, Subcommand)]
pub enum ListsCommand {
    /// List the portal's smart lists, as HubSpot has them now
    #[command(after_help = "Examples:\n  connectorctl lists list 62515 --query sales")]
    List {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Only lists whose name contains this
        #[arg(long)]
        query: Option<String>,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Create a smart list in HubSpot; it is not chosen by this
    #[command(after_help = "Examples:
  connectorctl lists create 62515 --name 'Sales ready' --stage salesqualifiedlead --stage opportunity")]
    Create {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Its name, unique in the portal
        #[arg(long)]
        name: String,
        /// HubSpot's value of a lifecycle stage that is in; several are allowed
        #[arg(long = "stage", value_name = "STAGE", required = true)]
        stages: Vec<String>,
    },
    /// Set the inclusion list of a portal, at any time
    #[command(after_help = "Examples:\n  connectorctl lists set 62515 611")]
    Set {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// HubSpot's id of a smart list
        list: String,
        /// Refuse if the sync status changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
    /// Remove the inclusion list of a portal: new contacts from a lifecycle stage on will sync
    #[command(after_help = "Examples:\n  connectorctl lists clear 62515 --lowest-stage lead")]
    Clear {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// The lowest lifecycle stage that syncs [default: subscriber]
        #[arg(long, value_name = "STAGE")]
        lowest_stage: Option<String>,
        /// Refuse if the sync status changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
}

/// The commands of `test-contact`.
#[derive(Debug, Subcommand)]
pub enum TestContactCommand {
    /// Create a test contact in HubSpot and watch it travel to Salesforce
    #[command(after_help = "\
It travels at the server: Ctrl-C stops watching it, not the contact. Ends with 1 if it fails.

Examples:
  connectorctl test-contact create 62515
  connectorctl test-contact create 62515 --no-wait --output json | jq -r .test_contact.test_contact_id")]
    Create {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Return as soon as it is accepted
        #[arg(long)]
        no_wait: bool,
    },
    /// Show a test contact
    #[command(after_help = "Examples:\n  connectorctl test-contact get 0197a0b2-...")]
    Get {
        /// Its id
        id: String,
    },
    /// List a portal's test contacts, newest first
    #[command(after_help = "Examples:\n  connectorctl test-contact list 62515")]
    List {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Cancel a test contact before it is processed
    #[command(after_help = "Examples:\n  connectorctl test-contact cancel 0197a0b2-...")]
    Cancel {
        /// Its id
        id: String,
    },
    /// Delete the records of an ended test contact in both CRMs
    #[command(after_help = "Examples:\n  connectorctl test-contact delete 0197a0b2-... --yes")]
    Delete {
        /// Its id
        id: String,
    },
    /// Watch a test contact until it has ended
    #[command(
        after_help = "Ends with 1 if it fails.\n\nExamples:\n  connectorctl test-contact watch 0197a0b2-..."
    )]
    Watch {
        /// Its id
        id: String,
        /// Where to begin.
        #[command(flatten)]
        watch: WatchArgs,
    },
}

/// The commands of `status`.
#[derive(Debug, Subcommand)]
pub enum StatusCommand {
    /// Show the sync of a portal
    #[command(after_help = "Examples:\n  connectorctl status get 62515")]
    Get {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
    },
    /// Watch the sync of one portal or of all
    #[command(
        after_help = "Examples:\n  connectorctl status watch\n  connectorctl status watch 62515 --output json"
    )]
    Watch {
        /// Only this portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: Option<i64>,
        /// Where to begin.
        #[command(flatten)]
        watch: WatchArgs,
    },
    /// Pause the sync; changes stay queued
    #[command(
        after_help = "Examples:\n  connectorctl status pause 62515 --reason 'Salesforce release weekend'"
    )]
    Pause {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Why; shown with the status and in the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the sync status changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
    /// Resume a paused sync where it was; nothing is reset
    #[command(after_help = "Examples:\n  connectorctl status resume 62515")]
    Resume {
        /// The portal
        #[arg(value_parser = clap::value_parser!(i64).range(1..))]
        portal: i64,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
        /// Refuse if the sync status changed since this etag was read
        #[arg(long, value_name = "ETAG")]
        etag: Option<String>,
    },
    /// Change what syncs, without going through the wizard again; what is not named stays
    #[command(after_help = "Examples:
  connectorctl status settings 62515 --opportunities yes
  connectorctl status settings 62515 --on-email-open no --tasks yes
  connectorctl status settings 62515 --list 611")]
    Settings(SettingsArgs),
}

/// `status settings`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("changes").required(true).multiple(true)
    .args(["accounts", "opportunities", "on_form_submission", "on_email_open", "tasks", "list", "no_list"])))]
pub struct SettingsArgs {
    /// The portal
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub portal: i64,
    /// Sync Salesforce accounts
    #[arg(long, value_enum)]
    pub accounts: Option<YesNo>,
    /// Sync the standard fields of Salesforce opportunities
    #[arg(long, value_enum)]
    pub opportunities: Option<YesNo>,
    /// Create a Salesforce activity when a contact submits a form
    #[arg(long, value_enum)]
    pub on_form_submission: Option<YesNo>,
    /// Create a Salesforce activity when a contact opens an e-mail
    #[arg(long, value_enum)]
    pub on_email_open: Option<YesNo>,
    /// Sync the Salesforce tasks of contacts with HubSpot
    #[arg(long, value_enum)]
    pub tasks: Option<YesNo>,
    /// The inclusion list: HubSpot's id of a smart list
    #[arg(long, value_name = "LIST", conflicts_with = "no_list")]
    pub list: Option<String>,
    /// No inclusion list
    #[arg(long)]
    pub no_list: bool,
    /// The lowest lifecycle stage that syncs without a list [default: subscriber]
    #[arg(long, value_name = "STAGE", requires = "no_list", conflicts_with = "list")]
    pub lowest_stage: Option<String>,
    /// Refuse if the sync status changed since this etag was read
    #[arg(long, value_name = "ETAG")]
    pub etag: Option<String>,
    /// Only say what would come of it; change nothing
    #[arg(long)]
    pub validate_only: bool,
}
