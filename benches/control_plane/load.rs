//! The load generator, a process of its own: so many callers, each with one call under way, for so many seconds.
//!
//! It runs on one thread: what it costs does not depend on the machine's mood.

use std::{
    io::{self, Read as _},
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    self, connection_service_client::ConnectionServiceClient, setup_service_client::SetupServiceClient,
};
use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{io::AsyncWriteExt as _, process::Command};
use tonic::{
    Request,
    transport::{Channel, Endpoint},
};
use uuid::Uuid;

use crate::{bare, etcd, fill};

/// The first argument of this process.
pub const COMMAND: &str = "generate-load";

/// Entries on a page of a list.
pub const PAGE: i32 = 100;

/// Who is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    pub url: String,
    /// Sent as a bearer token where the server asks for one.
    pub token: Option<String>,
}

impl Target {
    pub fn open(url: impl Into<String>) -> Self {
        Self { url: url.into(), token: None }
    }

    /// A request that carries the credential.
    pub fn request<T>(&self, message: T) -> Result<Request<T>> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        Ok(request)
    }

    /// A connection.
    pub async fn connect(&self) -> Result<Channel> {
        Ok(Endpoint::from_shared(self.url.clone())?.tcp_nodelay(true).connect().await?)
    }

    /// Connections.
    pub async fn connect_often(&self, count: usize) -> Result<Vec<Channel>> {
        let mut channels = Vec::with_capacity(count);
        for _ in 0..count {
            channels.push(self.connect().await?);
        }
        Ok(channels)
    }
}

/// What is called.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Operation {
    /// The setup of one of the first so many connected portals.
    GetSetup { portals: usize },
    /// Its connection.
    GetConnection { portals: usize },
    /// A page of 100 connections from one of these places.
    ListConnections { page_tokens: Vec<String> },
    /// A step of the wizard, answered for one of the first so many portals that are in it; never by two at once.
    SetSeatCount { portals: usize },
    /// The framework's cost: a setup from memory.
    Bare,
    /// A value of 256 bytes under one of so many keys.
    EtcdPut { keys: usize },
}

/// A load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Load {
    pub target: Target,
    pub operation: Operation,
    pub callers: usize,
    pub connections: usize,
    pub warm_up: f64,
    pub seconds: f64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Load {
    /// Runs it in a process of its own.
    pub async fn run(&self) -> Result<Outcome> {
        child(COMMAND, self).await
    }
}

/// Runs this program once more with a command, a description on its input and the answer on its output.
pub async fn child<D: Serialize, A: DeserializeOwned>(command: &str, description: &D) -> Result<A> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg(command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    input.write_all(&serde_json::to_vec(description)?).await?;
    drop(input);
    let output = child.wait_with_output().await?;
    ensure!(output.status.success(), "{command} failed: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}

/// The description that [`child`] sent.
pub fn description<D: DeserializeOwned>() -> Result<D> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}

/// The process.
pub fn main() -> Result<()> {
    let load: Load = description()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(generate(&load))?;
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn generate(load: &Load) -> Result<Outcome> {
    let channels = load.target.connect_often(load.connections).await?;
    let begin = Instant::now() + Duration::from_secs_f64(load.warm_up);
    let end = begin + Duration::from_secs_f64(load.seconds);
    let mut callers = tokio::task::JoinSet::new();
    for (number, channel) in channels.into_iter().cycle().take(load.callers).enumerate() {
        let caller = Caller::new(load, number, &channel);
        callers.spawn(call_until(caller, begin, end));
    }
    let mut micros = Vec::new();
    while let Some(done) = callers.join_next().await {
        micros.append(&mut done??);
    }
    ensure!(!micros.is_empty(), "not one call was answered in time");
    micros.sort_unstable();
    let count = u32::try_from(micros.len())?;
    Ok(Outcome {
        per_second: f64::from(count) / load.seconds,
        p50_ms: percentile(&micros, 0.50),
        p99_ms: percentile(&micros, 0.99),
    })
}

/// Of sorted microseconds, in milliseconds.
pub fn percentile(sorted: &[u32], part: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = (last as f64 * part).round() as usize;
    sorted.get(index).map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
}

async fn call_until(mut caller: Caller, begin: Instant, end: Instant) -> Result<Vec<u32>> {
    let mut micros = Vec::with_capacity(16_384);
    loop {
        let sent = Instant::now();
        // However slow the server is, one call of each caller counts.
        if sent >= end && !micros.is_empty() {
            return Ok(micros);
        }
        caller.call().await?;
        // What was answered within the time counts, whenever it was sent.
        let answered = Instant::now();
        if answered >= begin && (answered < end || micros.is_empty()) {
            micros.push(u32::try_from((answered - sent).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

struct Caller {
    target: Target,
    operation: Arc<Operation>,
    number: usize,
    callers: usize,
    random: SmallRng,
    setups: SetupServiceClient<Channel>,
    connections: ConnectionServiceClient<Channel>,
    bare: bare::Client,
    etcd: etcd::Client,
}

impl Caller {
    fn new(load: &Load, number: usize, channel: &Channel) -> Self {
        Self {
            target: load.target.clone(),
            operation: Arc::new(load.operation.clone()),
            number,
            callers: load.callers,
            random: SmallRng::seed_from_u64(u64::try_from(number).unwrap_or(0)),
            setups: SetupServiceClient::new(channel.clone()),
            connections: ConnectionServiceClient::new(channel.clone()),
            bare: bare::Client::new(channel.clone()),
            etcd: etcd::Client::new(channel.clone()),
        }
    }

    async fn call(&mut self) -> Result<()> {
        match *self.operation {
            Operation::GetSetup { portals } => {
                let setup_id = fill::setup_id(fill::CONNECTED + self.random.random_range(0..portals));
                let request = self.target.request(v1::GetSetupRequest { setup_id })?;
                self.setups.get_setup(request).await.map(drop)?;
            }
            Operation::GetConnection { portals } => {
                let portal_id = fill::portal_id(fill::CONNECTED + self.random.random_range(0..portals))?;
                let request = self.target.request(v1::GetConnectionRequest { portal_id })?;
                self.connections.get_connection(request).await.map(drop)?;
            }
            Operation::ListConnections { .. } => self.list().await?,
            Operation::SetSeatCount { portals } => self.set_seat_count(portals).await?,
            Operation::Bare => self.bare.unary().await?,
            Operation::EtcdPut { keys } => {
                let key = format!("portal/{:012}", self.random.random_range(0..keys));
                self.etcd.put(key.as_bytes(), &[b'v'; 256]).await?;
            }
        }
        Ok(())
    }

    async fn set_seat_count(&mut self, portals: usize) -> Result<()> {
        // Callers keep to their own portals: the benchmark is of different ones.
        let mine = (portals / self.callers).max(1);
        let portal = self.number + self.callers * self.random.random_range(0..mine);
        let request = self.target.request(v1::SetSeatCountRequest {
            request_id: Uuid::new_v4().to_string(),
            setup_id: fill::setup_id(fill::IN_WIZARD + portal),
            seat_count: self.random.random_range(1..10_000),
            ..Default::default()
        })?;
        self.setups.set_seat_count(request).await.map(drop)?;
        Ok(())
    }

    async fn list(&mut self) -> Result<()> {
        let Operation::ListConnections { page_tokens } = &*self.operation else { return Ok(()) };
        let page_token = page_tokens.get(self.random.random_range(0..page_tokens.len())).cloned();
        let request = v1::ListConnectionsRequest {
            page_size: PAGE,
            page_token: page_token.unwrap_or_default(),
            ..Default::default()
        };
        let page = self.connections.list_connections(self.target.request(request)?).await?.into_inner();
        ensure!(!page.connections.is_empty(), "the page is empty");
        Ok(())
    }
}

/// Tokens that lead to places all over the list, each `every` pages of 500 further on.
pub async fn page_tokens(target: &Target, every: usize) -> Result<Vec<String>> {
    let mut connections = ConnectionServiceClient::new(target.connect().await?);
    let mut tokens = vec![String::new()];
    let mut page_token = String::new();
    for page in 1.. {
        let request = v1::ListConnectionsRequest { page_size: 500, page_token, ..Default::default() };
        page_token =
            connections.list_connections(target.request(request)?).await?.into_inner().next_page_token;
        if page_token.is_empty() {
            break;
        }
        if page % every == 0 {
            tokens.push(page_token.clone());
        }
    }
    Ok(tokens)
}

/// Changes each of the first so many portals amid the wizard once.
pub async fn touch(target: &Target, portals: usize) -> Result<()> {
    let channels = target.connect_often(4).await?;
    let mut changes = tokio::task::JoinSet::new();
    for (portal, channel) in (0..portals).zip(channels.into_iter().cycle()) {
        let request = target.request(v1::SetSeatCountRequest {
            request_id: Uuid::new_v4().to_string(),
            setup_id: fill::setup_id(fill::IN_WIZARD + portal),
            seat_count: rand::random_range(1..10_000),
            ..Default::default()
        })?;
        changes
            .spawn(async move { SetupServiceClient::new(channel).set_seat_count(request).await.map(drop) });
        // As many as a server takes without refusing any.
        if changes.len() >= 32
            && let Some(done) = changes.join_next().await
        {
            done??;
        }
    }
    while let Some(done) = changes.join_next().await {
        done??;
    }
    Ok(())
}
