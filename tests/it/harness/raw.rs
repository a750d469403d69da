//! The wire as it is: bytes to any method of the descriptor, and what comes back.

use std::time::Duration;

use anyhow::Result;
use bytes::{Buf as _, BufMut as _, Bytes};
use connector::{api, dev::Line};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

/// No call may take longer: a hang is an answer too, and a wrong one.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes in, bytes out.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = buffer.remaining();
        Ok(Some(buffer.copy_to_bytes(length)))
    }
}

/// Every RPC of ours.
pub fn methods() -> Result<Vec<MethodDescriptor>> {
    let pool = DescriptorPool::decode(api::DESCRIPTOR)?;
    let services = pool.services().filter(|service| service.package_name() == "connector.v1");
    Ok(services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect())
}

/// Sends bytes to a method; of a stream the first message counts.
pub async fn send(line: &Line, method: &MethodDescriptor, bytes: Bytes) -> Result<(), Status> {
    let mut grpc = Grpc::new(line.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = path.parse().map_err(|_| Status::unknown("a path"))?;
    let mut request = Request::new(bytes);
    request.set_timeout(PATIENCE);
    if method.is_server_streaming() {
        grpc.server_streaming(request, path, Raw).await?.into_inner().message().await?;
    } else {
        grpc.unary(request, path, Raw).await?;
    }
    Ok(())
}
