//! A proxy before PostgreSQL that counts round trips: how often a client sends something and waits for the answer.
//!
//! In PostgreSQL's protocol a client waits after `Sync` and after a simple `Query`; whatever it sends before one of
//! these goes along with it. Benchmarks use this file as well.

use std::{
    collections::HashMap,
    io,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use anyhow::{Context as _, Result};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
    task::JoinSet,
};
use url::Url;

/// One round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// Which of the proxy's connections, by their order.
    pub connection: usize,
    /// The texts of the statements that were run; none for a ping.
    pub statements: Vec<String>,
    /// Statements were prepared and none was run: happens once on a connection.
    pub is_preparation: bool,
}

/// What went through.
#[derive(Debug, Default)]
struct Traffic {
    round_trips: Mutex<Vec<RoundTrip>>,
    /// Round trips whose answer has yet to come.
    under_way: AtomicI64,
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Proxy {
    /// The database's address by way of the proxy.
    pub url: String,
    traffic: Arc<Traffic>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone, Debug)]
enum Upstream {
    Socket(PathBuf),
    Address(String),
}

impl Proxy {
    /// Listens before the database of this address.
    pub async fn start(database_url: &str) -> Result<Self> {
        let mut url: Url = database_url.parse().context("the database's address")?;
        let upstream = upstream(&url)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        url.set_host(Some("127.0.0.1"))?;
        let port = listener.local_addr()?.port();
        url.set_port(Some(port)).ok().context("the database's address takes no port")?;
        // What is encrypted can't be counted.
        url.query_pairs_mut().append_pair("sslmode", "disable");
        let traffic = Arc::<Traffic>::default();
        let task = tokio::spawn(accept(listener, upstream, Arc::clone(&traffic)));
        Ok(Self { url: url.into(), traffic, task })
    }

    /// What has gone through since the last time.
    pub fn take(&self) -> Vec<RoundTrip> {
        std::mem::take(&mut self.traffic.round_trips.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether every answer has come.
    pub fn is_quiet(&self) -> bool {
        self.traffic.under_way.load(Ordering::SeqCst) <= 0
    }
}

fn upstream(url: &Url) -> Result<Upstream> {
    let host = url.host_str().context("the database's address has no host")?;
    let port = url.port().unwrap_or(5432);
    let folder = host.replace("%2F", "/").replace("%2f", "/");
    Ok(if folder.starts_with('/') {
        Upstream::Socket(PathBuf::from(folder).join(format!(".s.PGSQL.{port}")))
    } else {
        Upstream::Address(format!("{host}:{port}"))
    })
}

async fn accept(listener: TcpListener, upstream: Upstream, traffic: Arc<Traffic>) {
    let mut connections = JoinSet::new();
    let mut number = 0;
    while let Ok((client, _)) = listener.accept().await {
        let (upstream, traffic) = (upstream.clone(), Arc::clone(&traffic));
        number += 1;
        let connection = number;
        // Ends with its client: an error here is one there.
        connections.spawn(async move {
            client.set_nodelay(true)?;
            match upstream {
                Upstream::Socket(path) => {
                    let (from, to) = UnixStream::connect(path).await?.into_split();
                    carry(client, from, to, connection, &traffic).await
                }
                Upstream::Address(address) => {
                    let (from, to) = TcpStream::connect(address).await?.into_split();
                    carry(client, from, to, connection, &traffic).await
                }
            }
        });
    }
}

async fn carry(
    client: TcpStream,
    from_server: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    connection: usize,
    traffic: &Traffic,
) -> io::Result<()> {
    let (from_client, to_client) = client.into_split();
    let requests = requests(from_client, to_server, connection, traffic);
    tokio::select! {
        ended = requests => ended,
        ended = answers(from_server, to_client, traffic) => ended,
    }
}

async fn requests(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    connection: usize,
    traffic: &Traffic,
) -> io::Result<()> {
    // The first message has no type.
    let start = message(&mut from, false).await?;
    to.write_all(&start).await?;
    let mut prepared: HashMap<Vec<u8>, String> = HashMap::new();
    let (mut statements, mut parsed) = (Vec::new(), false);
    loop {
        let message = message(&mut from, true).await?;
        let body = message.get(5..).unwrap_or_default();
        let mut ends = false;
        match message.first() {
            Some(b'P') => {
                parsed = true;
                let (name, rest) = text(body);
                prepared.insert(name.to_vec(), String::from_utf8_lossy(text(rest).0).into_owned());
            }
            Some(b'B') => {
                let (name, _) = text(text(body).1);
                statements.push(prepared.get(name).cloned().unwrap_or_default());
            }
            Some(b'Q') => {
                statements.push(String::from_utf8_lossy(text(body).0).into_owned());
                ends = true;
            }
            Some(b'S') => ends = true,
            _ => {}
        }
        if ends {
            traffic.under_way.fetch_add(1, Ordering::SeqCst);
            let is_preparation = std::mem::take(&mut parsed) && statements.is_empty();
            let statements = std::mem::take(&mut statements);
            let round_trip = RoundTrip { connection, statements, is_preparation };
            traffic.round_trips.lock().unwrap_or_else(PoisonError::into_inner).push(round_trip);
        }
        to.write_all(&message).await?;
    }
}

async fn answers(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    traffic: &Traffic,
) -> io::Result<()> {
    let mut is_started = false;
    loop {
        let message = message(&mut from, true).await?;
        to.write_all(&message).await?;
        if message.first() == Some(&b'Z') {
            // The first one answers the start of the session.
            if is_started {
                traffic.under_way.fetch_sub(1, Ordering::SeqCst);
            }
            is_started = true;
        }
    }
}

/// A whole message: its type, if it has one, the length of the rest, and the rest.
async fn message(from: &mut (impl AsyncRead + Unpin), has_type: bool) -> io::Result<Vec<u8>> {
    let head = if has_type { 5 } else { 4 };
    let mut message = vec![0; head];
    from.read_exact(&mut message).await?;
    let length = message.iter().skip(head - 4).fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    message.resize(head + length.saturating_sub(4), 0);
    from.read_exact(message.get_mut(head..).unwrap_or_default()).await?;
    Ok(message)
}

/// Up to the zero byte, and what follows it.
fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    (bytes.get(..end).unwrap_or_default(), bytes.get(end + 1..).unwrap_or_default())
}
