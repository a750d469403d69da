//! etcd, where it is installed: a system of the same kind that users know.
//!
//! The messages are those parts of etcd's public v3 API (`rpc.proto`, `kv.proto`) that the benchmark uses.

use std::{env, net::TcpListener, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use futures::{StreamExt as _, stream};
use http::uri::PathAndQuery;
use tokio::process::{Child, Command};
use tonic::{Request, Streaming, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::{load::Target, server};

#[derive(Clone, PartialEq, prost::Message)]
struct PutRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
struct PutResponse {}

#[derive(Clone, PartialEq, prost::Message)]
struct WatchRequest {
    #[prost(oneof = "watch_request::Union", tags = "1")]
    union: Option<watch_request::Union>,
}

mod watch_request {
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Union {
        #[prost(message, tag = "1")]
        Create(super::WatchCreateRequest),
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct WatchCreateRequest {
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
}

/// A message of a watch.
#[derive(Clone, PartialEq, prost::Message)]
pub struct WatchResponse {
    #[prost(bool, tag = "3")]
    pub created: bool,
    #[prost(message, repeated, tag = "11")]
    pub events: Vec<Event>,
}

/// A change.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    #[prost(message, optional, tag = "2")]
    pub kv: Option<KeyValue>,
}

/// A key as it is after it.
#[derive(Clone, PartialEq, prost::Message)]
pub struct KeyValue {
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    pub value: Vec<u8>,
}

/// Calls it.
#[derive(Clone)]
pub struct Client {
    grpc: Grpc<Channel>,
}

impl Client {
    pub fn new(channel: Channel) -> Self {
        Self { grpc: Grpc::new(channel) }
    }

    /// Writes a key.
    pub async fn put(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        self.grpc.ready().await?;
        let request = Request::new(PutRequest { key: key.to_vec(), value: value.to_vec() });
        let codec = ProstCodec::<PutRequest, PutResponse>::default();
        self.grpc.unary(request, PathAndQuery::from_static("/etcdserverpb.KV/Put"), codec).await?;
        Ok(())
    }

    /// Watches a key, on a stream of its own, and returns once the watch is there.
    pub async fn watch(&mut self, key: &[u8]) -> Result<Streaming<WatchResponse>> {
        self.grpc.ready().await?;
        let create = watch_request::Union::Create(WatchCreateRequest { key: key.to_vec() });
        let requests = stream::iter([WatchRequest { union: Some(create) }]).chain(stream::pending());
        let path = PathAndQuery::from_static("/etcdserverpb.Watch/Watch");
        let codec = ProstCodec::<WatchRequest, WatchResponse>::default();
        let mut watch = self.grpc.streaming(Request::new(requests), path, codec).await?.into_inner();
        let first = watch.message().await?.context("the watch ended")?;
        anyhow::ensure!(first.created, "the watch was not created");
        Ok(watch)
    }
}

/// A server with its data on the same disk as the database's.
pub struct Etcd {
    child: Child,
    folder: PathBuf,
    pub target: Target,
    pub version: String,
}

impl Etcd {
    /// Starts one; `None` where etcd is not installed.
    pub async fn start() -> Result<Option<Self>> {
        let Ok(version) = Command::new("etcd").arg("--version").output().await else { return Ok(None) };
        let version = String::from_utf8_lossy(&version.stdout).lines().next().unwrap_or_default().to_owned();
        let folder =
            PathBuf::from("/var/tmp").join(format!("connector-etcd-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder)?;
        let clients = format!("http://127.0.0.1:{}", free_port()?);
        let peers = format!("http://127.0.0.1:{}", free_port()?);
        let child = Command::new("etcd")
            .arg("--data-dir")
            .arg(&folder)
            .args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients])
            .args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers])
            .args(["--initial-cluster", &format!("default={peers}")])
            .args(["--logger", "zap", "--log-level", "error", "--max-request-bytes", "1572864"])
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let etcd = Self { child, folder, target: Target::open(clients), version };
        etcd.ready().await?;
        Ok(Some(etcd))
    }

    async fn ready(&self) -> Result<()> {
        for _ in 0..1_000 {
            if let Ok(channel) = self.target.connect().await
                && Client::new(channel).put(b"ready", b"").await.is_ok()
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        bail!("etcd does not get ready")
    }

    /// Resident memory, in bytes.
    pub fn memory(&self) -> Result<f64> {
        server::memory(self.child.id())
    }

    /// Ends it and deletes its data.
    pub async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        std::fs::remove_dir_all(&self.folder)?;
        Ok(())
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
