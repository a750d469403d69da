//! `audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::PageArgs;

/// The commands of `audit`.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List who changed what, newest first
    #[command(after_help = "\
With --output json every event has its details: the fields that changed, before and after.

Examples:
  connectorctl audit list --portal 62515 --page-size 20
  connectorctl audit list --principal alice --from 2026-11-01T00:00:00Z --output json | jq '.events[].details | fromjson'")]
    List {
        /// Only of this portal
        #[arg(long, value_name = "PORTAL", value_parser = clap::value_parser!(i64).range(1..))]
        portal: Option<i64>,
        /// Not before this time (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<OffsetDateTime>,
        /// Before this time (RFC 3339)
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: Option<OffsetDateTime>,
        /// Only of this method, for example SyncService/PauseSync
        #[arg(long, value_name = "METHOD")]
        method: Option<String>,
        /// Only by this principal
        #[arg(long, value_name = "WHO")]
        principal: Option<String>,
        /// Which page.
        #[command(flatten)]
        page: PageArgs,
    },
    /// Verify the trail; with exported heads also that nothing was cut off or made anew since they were signed
    #[command(after_help = "\
Ends with 1 if anything is broken. What each problem means and what to do: docs/operations.md.

Examples:
  connectorctl audit verify
  connectorctl audit verify --portal 62515
  connectorctl audit verify --heads /mnt/audit --public-key audit.pem.pub
  connectorctl audit verify --heads /mnt/audit --public-key audit.pem.pub --offline")]
    Verify(VerifyArgs),
}

/// `audit verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Only this portal's chain
    #[arg(long, value_name = "PORTAL", value_parser = clap::value_parser!(i64).range(1..))]
    pub portal: Option<i64>,
    /// Folder with exported heads; they are checked here, and then against the trail
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, requires = "public_key")]
    pub heads: Option<PathBuf>,
    /// Public key that the heads were signed with; may be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, requires = "heads")]
    pub public_key: Vec<PathBuf>,
    /// Only check the exported heads; ask no server
    #[arg(long, requires = "heads", conflicts_with = "portal")]
    pub offline: bool,
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "expected a time such as 2026-11-01T00:00:00Z".to_owned())
}
