//! `keys`.

use clap::Subcommand;

/// The commands of `keys`.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Show all keys, how many secrets are under each, and which servers hold them
    #[command(after_help = "Examples:\n  connectorctl keys list\n  connectorctl keys list --output json")]
    List,
    /// Seal with the newest key from now on, and wrap all other secrets by it; shows how far it is
    #[command(after_help = "First put the new key on every server: connectord new-key-file --add PATH

Ends with 1 if secrets are left that do not open.

Examples:
  connectorctl keys rotate
  connectorctl keys rotate --no-wait")]
    Rotate {
        /// Don't wait until no secret is under another key
        #[arg(long)]
        no_wait: bool,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// Watch a rotation to its end
    #[command(after_help = "Examples:\n  connectorctl keys watch")]
    Watch,
    /// Give a key up that no secret is under any more; older backups of the database still need it
    #[command(after_help = "Examples:\n  connectorctl keys retire 1")]
    Retire {
        /// The key
        key: String,
        /// Why, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
}
