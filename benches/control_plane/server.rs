//! `connectord serve` as an operator would start it, in a process of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use tokio::process::{Child, Command};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{auth::Auth, load::Target};

/// How long something may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a server is started with.
#[derive(Debug)]
pub struct Settings {
    /// The program.
    pub program: PathBuf,
    /// How callers show who they are.
    pub auth: Option<Auth>,
    /// The vault's keys.
    pub keyring: String,
    /// Base URLs of the simulators.
    pub salesforce: String,
    pub hubspot: String,
}

/// A process that serves gRPC.
pub struct Server {
    child: Child,
    pub target: Target,
    /// From its start until it said that it serves.
    pub ready_after: Duration,
}

impl Server {
    /// Starts a server on a database. Everything that is not about where things are has its default.
    pub async fn start(settings: &Settings, database_url: &str) -> Result<Self> {
        let ready_file = ready_file();
        let mut command = Command::new(&settings.program);
        command
            .args(["serve", "--ready-file"])
            .arg(&ready_file)
            .env_clear()
            .env("CONNECTOR_GRPC__LISTEN", "127.0.0.1:0")
            // Ten thousand streams over a few connections.
            .env("CONNECTOR_GRPC__MAX_STREAMS_PER_CONNECTION", "1000")
            .env("CONNECTOR_GRPC__MAX_STREAMS", "20000")
            .env("CONNECTOR_DATABASE__URL", database_url)
            .env("CONNECTOR_VAULT__KEYRING", &settings.keyring)
            .env("CONNECTOR_SALESFORCE__PRODUCTION_LOGIN_URL", &settings.salesforce)
            .env("CONNECTOR_SALESFORCE__SANDBOX_LOGIN_URL", &settings.salesforce)
            .env("CONNECTOR_SALESFORCE__EXTRA_ALLOWED_HOSTS", &settings.salesforce)
            .env("CONNECTOR_HUBSPOT__BASE_URL", &settings.hubspot);
        if let Some(auth) = &settings.auth {
            command
                .env("CONNECTOR_AUTH__JWKS_FILE", &auth.jwks)
                // All load comes from one caller here.
                .env("CONNECTOR_GRPC__MAX_STREAMS_PER_CALLER", "20000");
        }
        let begin = Instant::now();
        let mut child = spawn(&mut command)?;
        let url = address(&mut child, &ready_file).await?;
        let target = Target { url, token: settings.auth.as_ref().map(|auth| auth.token.clone()) };
        serving(&target).await?;
        Ok(Self { child, target, ready_after: begin.elapsed() })
    }

    /// Starts this program as another server.
    pub async fn of_this_program<D: Serialize>(
        command: &str,
        describe: impl FnOnce(PathBuf) -> D,
    ) -> Result<Self> {
        use tokio::io::AsyncWriteExt as _;
        let ready_file = ready_file();
        let begin = Instant::now();
        let mut program = Command::new(std::env::current_exe()?);
        program.arg(command);
        let mut child = spawn(program.stdin(Stdio::piped()))?;
        let mut input = child.stdin.take().context("no input")?;
        input.write_all(&serde_json::to_vec(&describe(ready_file.clone()))?).await?;
        drop(input);
        let url = address(&mut child, &ready_file).await?;
        Ok(Self { child, target: Target::open(url), ready_after: begin.elapsed() })
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> Result<f64> {
        memory(self.child.id())
    }

    /// Kills it: there is nothing that it would have to finish.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().context("start a server")
}

async fn address(child: &mut Child, ready_file: &Path) -> Result<String> {
    let begin = Instant::now();
    let text = loop {
        if let Ok(text) = fs::read_to_string(ready_file) {
            break text;
        }
        if let Some(status) = child.try_wait()? {
            bail!("the server ended before it was ready: {status}");
        }
        if begin.elapsed() > PATIENCE {
            bail!("the server does not get ready");
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    fs::remove_file(ready_file)?;
    let ready: serde_json::Value = serde_json::from_str(&text)?;
    Ok(ready.get("grpc").and_then(serde_json::Value::as_str).context("no address")?.to_owned())
}

async fn serving(target: &Target) -> Result<()> {
    let begin = Instant::now();
    let mut health = HealthClient::new(target.connect().await?);
    while begin.elapsed() < PATIENCE {
        let answer = health.check(HealthCheckRequest { service: String::new() }).await?.into_inner();
        if answer.status() == ServingStatus::Serving {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    bail!("the server does not say that it serves")
}

/// Resident memory of a process, in bytes.
pub fn memory(process: Option<u32>) -> Result<f64> {
    let process = process.context("the process has ended")?;
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u32 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(f64::from(kib) * 1_024.0)
}

fn ready_file() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("connector-bench-{}-{number}.json", std::process::id()))
}
