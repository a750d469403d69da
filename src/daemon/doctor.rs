//! `connectord doctor`: what is missing on this machine or in this configuration, and the fix.

use std::{path::Path, process::ExitCode};

use crate::{
    app::{self, StartError},
    audit::SigningKey,
    config::{Config, Sources},
    store::{self, MigrationError, PoolSettings},
};

/// One thing that was looked at.
struct Diagnosis {
    what: &'static str,
    /// What is wrong, and the fix.
    trouble: Option<(String, String)>,
}

impl Diagnosis {
    fn fine(what: &'static str) -> Self {
        Self { what, trouble: None }
    }

    fn trouble(what: &'static str, trouble: &dyn ToString, fix: impl Into<String>) -> Self {
        Self { what, trouble: Some((trouble.to_string(), fix.into())) }
    }
}

/// Looks at everything, prints it, and fails if anything is wrong.
pub(super) async fn run(file: Option<&Path>, overrides: Vec<(String, String)>) -> ExitCode {
    let mut diagnoses = Vec::new();
    match Config::load(&Sources::of_process(file, overrides)) {
        Ok(config) => {
            diagnoses.push(Diagnosis::fine("configuration"));
            diagnoses.push(keys(&config).await);
            diagnoses.push(callers(&config));
            diagnoses.push(audit_key(&config));
            diagnoses.push(database(&config).await);
            diagnoses.push(address(&config).await);
        }
        Err(error) => {
            diagnoses.push(Diagnosis::trouble("configuration", &error, "correct the values that are named"));
        }
    }
    #[cfg(feature = "simulator")]
    diagnoses.push(postgres_programs().await);
    for diagnosis in &diagnoses {
        match &diagnosis.trouble {
            None => println!("ok       {}", diagnosis.what),
            Some((trouble, fix)) => {
                println!("missing  {}\n         {trouble}\n         fix: {fix}", diagnosis.what);
            }
        }
    }
    if diagnoses.iter().any(|diagnosis| diagnosis.trouble.is_some()) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

async fn keys(config: &Config) -> Diagnosis {
    let what = "keys for the vault";
    match app::vault(config).await {
        Ok(_) => Diagnosis::fine(what),
        Err(error @ StartError::Transit(_)) => {
            Diagnosis::trouble(what, &error, "correct the vault.transit_ settings, or mend HashiCorp Vault")
        }
        Err(error) => {
            Diagnosis::trouble(what, &error, "connectord new-key-file PATH, then set vault.key_file")
        }
    }
}

fn callers(config: &Config) -> Diagnosis {
    let what = "authentication of callers and TLS";
    match app::check_security(config) {
        Ok(()) => Diagnosis::fine(what),
        Err(error) => Diagnosis::trouble(what, &error, "see docs/operations.md#security"),
    }
}

fn audit_key(config: &Config) -> Diagnosis {
    let what = "key for the audit trail's heads";
    let fix = "connectord new-audit-key PATH, then set audit.signing_key_file";
    match config.audit.signing_key_file.as_deref().map(SigningKey::load) {
        Some(Ok(_)) => Diagnosis::fine(what),
        Some(Err(error)) => Diagnosis::trouble(what, &error, fix),
        None => Diagnosis::trouble(
            what,
            &"signing_key_file is not set: a trail that is cut off can't be told",
            fix,
        ),
    }
}

async fn database(config: &Config) -> Diagnosis {
    let what = "database";
    let Ok(url) = config.database.required_url() else {
        return Diagnosis::trouble(
            what,
            &"no address is set",
            "set database.url_file or DATABASE_URL; `connectord dev` brings a database of its own",
        );
    };
    match store::check(url, &PoolSettings::default()).await {
        Ok(()) => Diagnosis::fine(what),
        Err(error @ MigrationError::TooOld { .. }) => Diagnosis::trouble(what, &error, "connectord migrate"),
        Err(error @ MigrationError::TooNew { .. }) => Diagnosis::trouble(what, &error, "use the newer build"),
        Err(error) => {
            Diagnosis::trouble(what, &error, "start PostgreSQL 15 or later, or correct the address")
        }
    }
}

async fn address(config: &Config) -> Diagnosis {
    let what = "address to listen on";
    match tokio::net::TcpListener::bind(config.grpc.listen).await {
        Ok(_) => Diagnosis::fine(what),
        Err(error) => {
            let trouble = format!("{}: {error}", config.grpc.listen);
            Diagnosis::trouble(what, &trouble, "stop what listens there, or set grpc.listen")
        }
    }
}

/// Only `dev`, `demo` and the tests need these.
#[cfg(feature = "simulator")]
async fn postgres_programs() -> Diagnosis {
    let what = "PostgreSQL programs (for dev, demo and tests)";
    match tokio::task::spawn_blocking(crate::dev::postgres::Programs::find).await {
        Ok(Ok(_)) => Diagnosis::fine(what),
        Ok(Err(error)) => Diagnosis::trouble(what, &error, "see above"),
        Err(error) => Diagnosis::trouble(what, &error, "run it again"),
    }
}
