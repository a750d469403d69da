//! Any bytes to any method.

use std::time::Duration;

use anyhow::{Context as _, Result};
use bytes::{Buf as _, BufMut as _};
use connector::api;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::{
    Request, Status,
    codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// Bytes as they are, in both directions.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        Ok(Some(bytes.to_vec()))
    }
}

/// Every method of the API.
pub fn methods() -> Result<Vec<MethodDescriptor>> {
    let pool = DescriptorPool::decode(api::DESCRIPTOR)?;
    let ours = pool.services().filter(|service| service.package_name() == "connector.v1");
    let methods: Vec<_> = ours.flat_map(|service| service.methods().collect::<Vec<_>>()).collect();
    anyhow::ensure!(methods.len() >= 45, "only {} methods", methods.len());
    Ok(methods)
}

/// `/connector.v1.Service/Method`
pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

/// Calls with these bytes; of a stream, the first message counts.
pub async fn call(channel: &Channel, path: &str, message: Vec<u8>, gzip: bool) -> Result<Outcome> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    if gzip {
        grpc = grpc.send_compressed(CompressionEncoding::Gzip);
    }
    let calling = async {
        grpc.ready().await?;
        let called = grpc.server_streaming(Request::new(message), path.parse()?, Raw).await;
        let first = match called {
            Ok(response) => response.into_inner().message().await,
            Err(status) => Err(status),
        };
        anyhow::Ok(first.map(|_| ()))
    };
    tokio::time::timeout(Duration::from_secs(30), calling).await.with_context(|| path.to_owned())?
}

/// An answer, or a refusal.
pub type Outcome = Result<(), Status>;
