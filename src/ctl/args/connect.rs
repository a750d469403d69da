//! `connect` and the Salesforce credential, which no option carries in plain.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::SetupTarget;

/// `connect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Secrets come from a file, standard input, the environment or a masked question, never from the command line:
  password          --password-file, --password-stdin, CONNECTOR_SALESFORCE_PASSWORD
  security token    --security-token-file, CONNECTOR_SALESFORCE_SECURITY_TOKEN (carried over from its step without)
  private key       --private-key-file, CONNECTOR_SALESFORCE_PRIVATE_KEY
  client secret     --client-secret-file, CONNECTOR_SALESFORCE_CLIENT_SECRET
  refresh token     --refresh-token-file, CONNECTOR_SALESFORCE_REFRESH_TOKEN

The attempt runs at the server: Ctrl-C stops watching it, not the attempt. Ends with 1 if it fails.

Examples:
  connectorctl connect --portal 62515 --username admin@acme.com
  connectorctl connect --portal 62515 --username admin@acme.com --password-stdin < password.txt
  connectorctl connect --portal 62515 --method jwt-bearer --client-id 3MVG9... --username admin@acme.com \\
      --private-key-file key.pem
  connectorctl connect --portal 62515 --method client-credentials --client-id 3MVG9... \\
      --client-secret-file secret.txt --login-url https://acme.my.salesforce.com
  connectorctl connect --portal 62515 --method stored --no-wait")]
pub struct ConnectArgs {
    /// Which setup.
    #[command(flatten)]
    pub target: SetupTarget,
    /// The credential.
    #[command(flatten)]
    pub credential: CredentialArgs,
    /// The id of the org that is meant, 15 or 18 characters; needed when the portal goes to another org than before
    #[arg(long, value_name = "ORG")]
    pub expected_org: Option<String>,
    /// Refuse if the setup changed since this etag was read
    #[arg(long, value_name = "ETAG")]
    pub etag: Option<String>,
    /// Return as soon as the attempt is accepted
    #[arg(long)]
    pub no_wait: bool,
}

/// `connections rotate`.
#[derive(Debug, Args)]
pub struct RotateArgs {
    /// The portal
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    pub portal: i64,
    /// The new credential.
    #[command(flatten)]
    pub credential: CredentialArgs,
    /// Why, for the audit trail
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,
    /// Return as soon as the attempt is accepted
    #[arg(long)]
    pub no_wait: bool,
}

/// How to log in to Salesforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CredentialMethod {
    /// User name, password and security token (SOAP login, until Summer '27)
    Password,
    /// OAuth JWT bearer
    JwtBearer,
    /// OAuth client credentials
    ClientCredentials,
    /// An OAuth refresh token
    RefreshToken,
    /// The credential that is stored already
    Stored,
}

/// A Salesforce credential but for its secrets, and where those come from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credential")]
pub struct CredentialArgs {
    /// How to log in
    #[arg(long, value_enum, default_value_t = CredentialMethod::Password)]
    pub method: CredentialMethod,
    /// The Salesforce user (password, jwt-bearer)
    #[arg(long, value_name = "USER")]
    pub username: Option<String>,
    /// Read the password from standard input
    #[arg(long, conflicts_with = "password_file")]
    pub password_stdin: bool,
    /// Read the password from this file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub password_file: Option<PathBuf>,
    /// Read a security token from this file; it replaces the stored one
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub security_token_file: Option<PathBuf>,
    /// The consumer key (jwt-bearer, client-credentials, refresh-token)
    #[arg(long, value_name = "KEY")]
    pub client_id: Option<String>,
    /// Read the consumer secret from this file (client-credentials, refresh-token)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub client_secret_file: Option<PathBuf>,
    /// Read the RSA private key in PEM from this file (jwt-bearer)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub private_key_file: Option<PathBuf>,
    /// Read the refresh token from this file (refresh-token)
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub refresh_token_file: Option<PathBuf>,
    /// The org's My Domain; required for client-credentials
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub login_url: Option<String>,
}
