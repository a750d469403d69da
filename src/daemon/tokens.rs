//! `connectord new-token-key` and `issue-token`.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::args::IssueTokenArgs;
use crate::{
    config::Config,
    domain::access::{PortalGrant, Scope},
    issuer::{Issuer, Order, add_to_jwks},
    private_file,
};

/// Makes a key and adds it to a JWKS.
pub(super) fn new_key(path: &Path, jwks: &Path) -> anyhow::Result<ExitCode> {
    let issuer = Issuer::create(path)?;
    add_to_jwks(&issuer, jwks)?;
    println!(
        "key {} was written to {}: keep it from others, servers don't need it; its public half is in {}",
        issuer.key_id(),
        path.display(),
        jwks.display()
    );
    Ok(ExitCode::SUCCESS)
}

/// Signs a token.
pub(super) fn issue(config: &Config, options: IssueTokenArgs) -> anyhow::Result<ExitCode> {
    let scopes = if options.all_scopes { Scope::ALL.to_vec() } else { options.scopes };
    let portals = match options.all_portals {
        true => PortalGrant::All,
        false => PortalGrant::Only(options.portals.into_iter().collect()),
    };
    let token = Issuer::load(&options.key)?.issue(&Order {
        issuer: &config.auth.issuer,
        audience: &config.auth.audience,
        subject: &options.subject,
        scopes: scopes.into_iter().collect(),
        portals,
        lifetime: options.expires_in,
    })?;
    match options.out {
        Some(path) => private_file::replace(&path, token.expose_secret())
            .with_context(|| format!("can't write {}", path.display()))?,
        // Standard output is where it was asked for.
        None => println!("{}", token.expose_secret()),
    }
    Ok(ExitCode::SUCCESS)
}
