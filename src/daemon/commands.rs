//! What each command does.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;

use super::{
    args::{Args, Command, ConfigCommand},
    doctor, tokens,
};
#[cfg(feature = "simulator")]
use crate::dev::EnvironmentSettings;
use crate::{
    app,
    audit::SigningKey,
    config::{Config, Layers, Sources},
    lifecycle::{Ending, Lifecycle},
    ready_file::Ready,
    store, telemetry,
    vault::KeyRing,
};

/// How long the token of `dev` is good.
#[cfg(feature = "simulator")]
const DEV_TOKEN_LIFETIME: std::time::Duration = std::time::Duration::from_secs(12 * 3_600);

/// Runs a command.
///
/// # Errors
/// What went wrong, with what to do about it.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let file = args.config.as_deref();
    match args.command {
        Command::Serve(options) => serve(&load(file, args.overrides)?, options.ready_file.as_deref()).await,
        Command::Migrate => migrate(&load(file, args.overrides)?).await,
        Command::Config { command } => config(file, args.overrides, &command),
        Command::Doctor => Ok(doctor::run(file, args.overrides).await),
        Command::NewKeyFile { path, add } => new_key_file(&path, add),
        Command::NewTokenKey { path, jwks } => tokens::new_key(&path, &jwks),
        Command::IssueToken(options) => tokens::issue(&load(file, args.overrides)?, options),
        Command::NewAuditKey { path } => {
            let key = SigningKey::create(&path)?;
            let id = key.public().id();
            println!(
                "key {id}: {0} signs, {0}.pub checks; give the latter to whoever verifies",
                path.display()
            );
            Ok(ExitCode::SUCCESS)
        }
        #[cfg(feature = "simulator")]
        Command::Dev(dev) => {
            let settings = EnvironmentSettings {
                grpc: dev.grpc,
                salesforce: dev.salesforce,
                hubspot: dev.hubspot,
                data_dir: dev.data_dir,
                token_lifetime: DEV_TOKEN_LIFETIME,
            };
            crate::dev::up(&load(file, args.overrides)?, &settings, dev.ready_file.as_deref()).await
        }
        #[cfg(feature = "simulator")]
        Command::Simulate(simulate) => {
            let addresses = (simulate.salesforce, simulate.hubspot);
            crate::dev::simulate(&load(file, args.overrides)?, addresses, simulate.ready_file.as_deref())
                .await
        }
        #[cfg(feature = "simulator")]
        Command::Demo => crate::dev::demo(&load(file, args.overrides)?).await,
    }
}

fn load(file: Option<&Path>, overrides: Vec<(String, String)>) -> anyhow::Result<Config> {
    Ok(Config::load(&Sources::of_process(file, overrides))?)
}

async fn serve(config: &Config, ready_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    telemetry::init(&config.log)?;
    let life = Lifecycle::new();
    let started = app::start(config, &life).await?;
    if let Some(path) = ready_file {
        let ready = Ready { grpc: Some(started.url), ..Ready::default() };
        ready.write(path)?;
    }
    let ending = life.run_to_end(config.shutdown.drain_timeout).await?;
    tracing::info!(?ending, "stopped");
    Ok(if life.has_failed() || matches!(ending, Ending::Abandoned(_)) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn new_key_file(path: &Path, add: bool) -> anyhow::Result<ExitCode> {
    if add {
        let id = KeyRing::add_key(path)?;
        println!(
            "key {} was added to {}; keep a copy where the database's backups are not, put it on every server, then \
             `connectorctl keys rotate`",
            id.as_str(),
            path.display()
        );
    } else {
        KeyRing::create(path)?;
        println!("{} was written; keep a copy where the database's backups are not", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

async fn migrate(config: &Config) -> anyhow::Result<ExitCode> {
    let url = match &config.database.direct_url {
        Some(url) => url,
        None => config.database.required_url()?,
    };
    let run = store::migrate(url).await.context("the schema is as it was")?;
    println!("{run} migrations were run; the schema is up to date");
    Ok(ExitCode::SUCCESS)
}

fn config(
    file: Option<&Path>,
    overrides: Vec<(String, String)>,
    command: &ConfigCommand,
) -> anyhow::Result<ExitCode> {
    let layers = Layers::read(&Sources::of_process(file, overrides))?;
    match command {
        ConfigCommand::Check => {
            layers.config()?;
            println!("the configuration is fine");
        }
        ConfigCommand::Print => print!("{}", layers.print()),
    }
    Ok(ExitCode::SUCCESS)
}
