//! Somebody who works with the server while others attack it: calls over an old connection and over new ones, and a
//! stream that stays open.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    dev::{self, Bearer},
};
use secrecy::SecretString;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use crate::{auth::authority, harness::walk::Clients};

/// No call may take longer. It is below the server's own deadline; a fast machine takes a thousandth.
const LONGEST: Duration = Duration::from_secs(8);
/// Calls over one connection for each call over a new one.
const CALLS_PER_CONNECTION: u32 = 10;

/// How to reach the server.
#[derive(Clone)]
pub struct Dial {
    url: String,
    token: SecretString,
    /// Of TLS, in PEM.
    authority: Option<String>,
    is_calm: bool,
}

impl Dial {
    pub fn plain(url: &str, token: &SecretString) -> Self {
        Self { url: url.to_owned(), token: token.clone(), authority: None, is_calm: false }
    }

    pub fn tls(self, authority: String) -> Self {
        Self { authority: Some(authority), ..self }
    }

    /// Keeps to its first connection, and takes its time between two calls.
    pub fn calm(self) -> Self {
        Self { is_calm: true, ..self }
    }

    pub async fn clients(&self) -> Result<Clients> {
        let dialled = async {
            Ok(Clients::over(match &self.authority {
                Some(pem) => Bearer::new(&self.token)?.over(authority::connect(&self.url, pem, None).await?),
                None => dev::connect(&self.url, &self.token).await?,
            }))
        };
        timeout(LONGEST, dialled).await.context("a new connection does not come")?
    }
}

/// What it has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub calls: u32,
    pub connections: u32,
    /// Messages of its stream.
    pub heard: u32,
    pub slowest: Duration,
}

/// Works until it is asked what it saw.
pub struct Witness {
    stop: CancellationToken,
    calling: JoinHandle<Result<Seen>>,
    listening: JoinHandle<Result<u32>>,
}

impl Witness {
    pub async fn begin(dial: Dial, portal_id: i64) -> Result<Self> {
        let stop = CancellationToken::new();
        let clients = dial.clients().await?;
        let request = v1::WatchSyncStatusRequest::default();
        let mut stream = clients.sync.clone().watch_sync_status(request).await?.into_inner();
        stream.message().await?.context("no snapshot")?;
        let listening = tokio::spawn(listen(stream, stop.clone()));
        let calling = tokio::spawn(call(dial, clients, portal_id, stop.clone()));
        Ok(Self { stop, calling, listening })
    }

    /// Fails when anything at all went wrong.
    pub async fn ends(self) -> Result<Seen> {
        // However short the attack was, it has worked before and after it.
        tokio::time::sleep(Duration::from_millis(250)).await;
        self.stop.cancel();
        let mut seen = self.calling.await?.context("another client's call")?;
        seen.heard = self.listening.await?.context("another client's stream")?;
        ensure!(seen.calls > 0, "it did nothing: {seen:?}");
        Ok(seen)
    }
}

async fn call(dial: Dial, clients: Clients, portal_id: i64, stop: CancellationToken) -> Result<Seen> {
    let mut seen = Seen::default();
    while !stop.is_cancelled() {
        let began = Instant::now();
        let anew = !dial.is_calm && seen.calls % CALLS_PER_CONNECTION == 0;
        let mut portals = if anew { dial.clients().await?.portals } else { clients.portals.clone() };
        seen.connections += u32::from(anew);
        let answer = timeout(LONGEST, portals.get_portal(v1::GetPortalRequest { portal_id })).await;
        let answer = answer.with_context(|| format!("call {} was not answered", seen.calls))?;
        answer.with_context(|| format!("call {}, over a new connection: {anew}", seen.calls))?;
        seen.calls += 1;
        seen.slowest = seen.slowest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(if dial.is_calm { 50 } else { 5 })).await;
    }
    Ok(seen)
}

async fn listen(mut stream: Streaming<v1::WatchSyncStatusResponse>, stop: CancellationToken) -> Result<u32> {
    let mut heard = 1;
    loop {
        tokio::select! {
            () = stop.cancelled() => return Ok(heard),
            message = timeout(LONGEST, stream.message()) => {
                message.context("it has become silent")??.context("it has ended")?;
                heard += 1;
            }
        }
    }
}
