//! `connectord serve` in a process of its own, to be killed.

use std::{
    env,
    path::PathBuf,
    process::{self, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use connector::{config::Config, dev};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::process::{Child, Command};

use crate::harness::{PATIENCE, World, walk::Clients};

/// A server that runs until it dies.
pub struct Process {
    child: Child,
    /// Base URL.
    pub url: String,
    token: SecretString,
}

impl Process {
    /// Starts a server with the world's settings, to die at `failpoints` (see `connector::failpoint`).
    pub async fn start(world: &World, failpoints: &str) -> Result<Self> {
        Self::start_with(world, failpoints, &[], Stdio::null(), Stdio::inherit()).await
    }

    /// The same with more of an environment, and with its output sent elsewhere.
    pub async fn start_with(
        world: &World,
        failpoints: &str,
        more: &[(&str, &str)],
        stdout: Stdio,
        stderr: Stdio,
    ) -> Result<Self> {
        let program = Command::new(env!("CARGO_BIN_EXE_connectord"));
        Self::run(program, world, failpoints, more, [stdout, stderr]).await
    }

    /// A server that may have so many files and sockets open, and no more.
    pub async fn start_with_descriptors(
        world: &World,
        descriptors: u32,
        more: &[(&str, &str)],
    ) -> Result<Self> {
        let mut program = Command::new("/bin/sh");
        program.args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")]);
        program.arg(env!("CARGO_BIN_EXE_connectord"));
        Self::run(program, world, "", more, [Stdio::null(), Stdio::inherit()]).await
    }

    async fn run(
        mut program: Command,
        world: &World,
        failpoints: &str,
        more: &[(&str, &str)],
        [stdout, stderr]: [Stdio; 2],
    ) -> Result<Self> {
        let ready_file = ready_file();
        let mut child = program
            .args(["serve", "--ready-file"])
            .arg(&ready_file)
            .env_clear()
            .envs(environment(&world.config))
            .env("CONNECTOR_FAILPOINTS", failpoints)
            .envs(more.iter().copied())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .context("start connectord")?;
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let text = loop {
            if let Ok(text) = tokio::fs::read_to_string(&ready_file).await {
                break text;
            }
            if let Some(status) = child.try_wait()? {
                bail!("connectord ended before it was ready: {status}");
            }
            ensure!(tokio::time::Instant::now() < deadline, "connectord does not get ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        tokio::fs::remove_file(&ready_file).await?;
        let ready: serde_json::Value = serde_json::from_str(&text)?;
        let url = ready.get("grpc").and_then(serde_json::Value::as_str).context("no address")?;
        Ok(Self { child, url: url.to_owned(), token: world.token.clone() })
    }

    /// Its number among the processes.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("it has ended")
    }

    /// The services of this server.
    pub async fn clients(&self) -> Result<Clients> {
        Ok(Clients::over(dev::connect(&self.url, &self.token).await?))
    }

    /// Kills it after a while, unless it has died before, and waits for its end.
    pub async fn kill_after(mut self, wait: Duration) -> Result<ExitStatus> {
        match tokio::time::timeout(wait, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => {
                self.child.start_kill()?;
                Ok(self.child.wait().await?)
            }
        }
    }

    /// Kills it now.
    pub async fn kill(self) -> Result<()> {
        self.kill_after(Duration::ZERO).await.map(|_| ())
    }

    /// Waits until it has died by itself; false when `over` came true before, and it was killed then.
    pub async fn died_unless(mut self, over: impl Future<Output = bool>) -> Result<bool> {
        let over = async {
            if !over.await {
                std::future::pending::<()>().await;
            }
        };
        let status = tokio::select! {
            biased;
            died = tokio::time::timeout(PATIENCE, self.child.wait()) => died.context("it did not die")??,
            () = over => {
                self.kill().await?;
                return Ok(false);
            }
        };
        ensure!(!status.success() && status.code().is_none(), "it was not killed but ended: {status}");
        Ok(true)
    }
}

fn ready_file() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    env::temp_dir().join(format!("connector-kills-{}-{number}.json", process::id()))
}

fn environment(config: &Config) -> Vec<(&'static str, String)> {
    let secret = |value: &Option<secrecy::SecretString>| {
        value.as_ref().map(|value| value.expose_secret().to_owned()).unwrap_or_default()
    };
    let salesforce = config.salesforce.production_login_url.to_string();
    let key_file = config.vault.key_file.as_ref().map(|path| path.display().to_string());
    vec![
        ("CONNECTOR_GRPC__LISTEN", "127.0.0.1:0".to_owned()),
        ("CONNECTOR_AUTH__JWKS", config.auth.jwks.clone().unwrap_or_default()),
        ("CONNECTOR_DATABASE__URL", secret(&config.database.url)),
        ("CONNECTOR_DATABASE__MAX_CONNECTIONS", config.database.max_connections.to_string()),
        ("CONNECTOR_VAULT__KEYRING", secret(&config.vault.keyring)),
        ("CONNECTOR_VAULT__KEY_FILE", key_file.unwrap_or_default()),
        ("CONNECTOR_VAULT__REFRESH_INTERVAL", format!("{}ms", config.vault.refresh_interval.as_millis())),
        ("CONNECTOR_VAULT__REWRAP_BATCH", config.vault.rewrap_batch.to_string()),
        ("CONNECTOR_SALESFORCE__PRODUCTION_LOGIN_URL", salesforce.clone()),
        ("CONNECTOR_SALESFORCE__SANDBOX_LOGIN_URL", salesforce.clone()),
        ("CONNECTOR_SALESFORCE__EXTRA_ALLOWED_HOSTS", salesforce),
        ("CONNECTOR_HUBSPOT__BASE_URL", config.hubspot.base_url.to_string()),
        ("CONNECTOR_WORKER__LEASE_DURATION", format!("{}ms", config.worker.lease_duration.as_millis())),
        ("CONNECTOR_WORKER__POLL_INTERVAL", format!("{}ms", config.worker.poll_interval.as_millis())),
        ("CONNECTOR_WORKER__LOGINS_PER_HOUR", config.worker.logins_per_hour.to_string()),
        ("CONNECTOR_LOG__FILTER", "off".to_owned()),
    ]
}
