//! The framework alone: a service of tonic with no layer that answers from memory. What is slower than this is ours.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use anyhow::Result;
use connector::api::v1;
use futures::{StreamExt as _, future::BoxFuture, stream};
use http::uri::PathAndQuery;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tonic::{
    Request, Response, Status,
    body::Body,
    client::Grpc as GrpcClient,
    server::{Grpc, NamedService},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

use crate::load;

/// The first argument of this process.
pub const COMMAND: &str = "serve-bare";
/// The service's name.
const NAME: &str = "bench.Bare";
const UNARY: &str = "/bench.Bare/Unary";
const STREAM: &str = "/bench.Bare/Stream";

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Description {
    /// A `GetSetupResponse`, encoded.
    pub answer: Vec<u8>,
    /// Where to write the address.
    pub ready_file: std::path::PathBuf,
}

/// The process. One thread: tonic is fastest there.
pub fn main() -> Result<()> {
    let description: Description = load::description()?;
    let answer = <v1::GetSetupResponse as prost::Message>::decode(description.answer.as_slice())?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let beside = description.ready_file.with_extension("part");
        std::fs::write(&beside, serde_json::json!({ "grpc": format!("http://{address}") }).to_string())?;
        std::fs::rename(&beside, &description.ready_file)?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        Server::builder()
            .max_concurrent_streams(Some(20_000))
            .add_service(Bare { answer })
            .serve_with_incoming(incoming)
            .await?;
        Ok(())
    })
}

#[derive(Clone)]
struct Bare {
    answer: v1::GetSetupResponse,
}

impl NamedService for Bare {
    const NAME: &'static str = NAME;
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let answer = self.answer.clone();
        let codec = ProstCodec::<v1::GetSetupResponse, v1::GetSetupRequest>::default();
        if request.uri().path() == UNARY {
            let unary = service_fn(move |_: Request<v1::GetSetupRequest>| {
                let answer = answer.clone();
                async move { Ok::<_, Status>(Response::new(answer)) }
            });
            Box::pin(async move { Ok(Grpc::new(codec).unary(unary, request).await) })
        } else {
            let streaming = service_fn(move |_: Request<v1::GetSetupRequest>| {
                // One message, and then silence.
                let messages = stream::iter([Ok::<_, Status>(answer.clone())]).chain(stream::pending());
                async move { Ok::<_, Status>(Response::new(messages)) }
            });
            Box::pin(async move { Ok(Grpc::new(codec).server_streaming(streaming, request).await) })
        }
    }
}

/// Calls it.
#[derive(Clone)]
pub struct Client {
    grpc: GrpcClient<Channel>,
}

impl Client {
    pub fn new(channel: Channel) -> Self {
        Self { grpc: GrpcClient::new(channel) }
    }

    /// One call.
    pub async fn unary(&mut self) -> Result<()> {
        self.grpc.ready().await?;
        let codec = ProstCodec::<v1::GetSetupRequest, v1::GetSetupResponse>::default();
        let request = Request::new(v1::GetSetupRequest { setup_id: crate::fill::setup_id(0) });
        self.grpc.unary(request, PathAndQuery::from_static(UNARY), codec).await.map(drop)?;
        Ok(())
    }

    /// A stream that stays open.
    pub async fn stream(&mut self) -> Result<tonic::Streaming<v1::GetSetupResponse>> {
        self.grpc.ready().await?;
        let codec = ProstCodec::<v1::GetSetupRequest, v1::GetSetupResponse>::default();
        let request = Request::new(v1::GetSetupRequest { setup_id: crate::fill::setup_id(0) });
        Ok(self.grpc.server_streaming(request, PathAndQuery::from_static(STREAM), codec).await?.into_inner())
    }
}
