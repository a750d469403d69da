//! RPCs as the descriptor has them: any of them can be called with any bytes.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use bytes::{Buf as _, BufMut as _, Bytes};
use connector::{
    api::{self, v1},
    domain::access::Scope,
};
use futures::StreamExt as _;
use http::uri::PathAndQuery;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, Value};
use tonic::{
    Code, Request, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

/// One RPC and the rule that its option declares.
#[derive(Clone, Debug)]
pub struct Rpc {
    pub method: MethodDescriptor,
    pub scopes: BTreeSet<Scope>,
    pub portal: v1::PortalRule,
    pub handoff: bool,
}

impl Rpc {
    /// Every RPC of the API.
    pub fn all() -> Result<Vec<Self>> {
        let pool = DescriptorPool::decode(api::DESCRIPTOR)?;
        let option = pool.get_extension_by_name("connector.v1.access").context("no option")?;
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let rpcs = methods
            .map(|method| {
                let options = method.options();
                let rule: v1::AccessRule =
                    options.get_extension(&option).as_message().context("no rule")?.transcode_to()?;
                let scopes = rule.scopes.iter().filter_map(|number| Scope::from_number(*number)).collect();
                Ok(Self { method, scopes, portal: rule.portal(), handoff: rule.handoff })
            })
            .collect::<Result<Vec<_>>>()?;
        ensure!(rpcs.len() > 50, "the descriptor is read");
        Ok(rpcs)
    }

    pub fn path(&self) -> String {
        format!("/{}/{}", self.method.parent_service().full_name(), self.method.name())
    }

    pub fn name(&self) -> &str {
        self.method.name()
    }

    /// The field by which the request names what must be granted.
    pub fn field(&self) -> Option<&'static str> {
        use v1::PortalRule as Rule;
        match self.portal {
            Rule::PortalId | Rule::PortalIdOrFiltered => Some("portal_id"),
            Rule::SetupId | Rule::SetupIdOrNone => Some("setup_id"),
            Rule::TestContactId => Some("test_contact_id"),
            Rule::OrgId => Some("org_id"),
            Rule::Unspecified | Rule::None | Rule::Filtered | Rule::Credential => None,
        }
    }

    /// What is answered for what is not there.
    pub fn not_found(&self) -> &'static str {
        match self.field() {
            Some("portal_id") => "PORTAL_NOT_FOUND",
            Some("setup_id") => "SETUP_NOT_FOUND",
            Some("test_contact_id") => "TEST_CONTACT_NOT_FOUND",
            _ => "ORG_NOT_FOUND",
        }
    }

    /// Whether it changes something; its request can then be made one that no parser lets through.
    pub fn is_change(&self) -> bool {
        self.method.input().get_field_by_name("request_id").is_some()
    }

    /// A request about these, which changes nothing: its request id is none.
    pub fn request(&self, ids: &Ids) -> Result<Vec<u8>> {
        let mut message = DynamicMessage::new(self.method.input());
        let mut set = |name: &str, value: Value| {
            if self.method.input().get_field_by_name(name).is_some() {
                message.set_field_by_name(name, value);
            }
        };
        set("request_id", Value::String("none".to_owned()));
        if let Some(field) = self.field() {
            set(field, ids.value(field)?);
        }
        Ok(message.encode_to_vec())
    }

    /// The answer as JSON, to look for what must not be in it.
    pub fn json(&self, answer: &[u8]) -> Result<String> {
        json(self.method.output(), answer)
    }
}

fn json(of: MessageDescriptor, bytes: &[u8]) -> Result<String> {
    Ok(serde_json::to_string(&DynamicMessage::decode(of, bytes)?)?)
}

/// What requests name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    pub portal_id: i64,
    pub setup_id: String,
    pub test_contact_id: String,
    pub org_id: String,
}

impl Ids {
    pub fn text(&self, field: &str) -> String {
        match field {
            "portal_id" => self.portal_id.to_string(),
            "setup_id" => self.setup_id.clone(),
            "test_contact_id" => self.test_contact_id.clone(),
            _ => self.org_id.clone(),
        }
    }

    fn value(&self, field: &str) -> Result<Value> {
        Ok(match field {
            "portal_id" => Value::I64(self.portal_id),
            "setup_id" | "test_contact_id" | "org_id" => Value::String(self.text(field)),
            other => anyhow::bail!("no such id: {other}"),
        })
    }

    /// Everything by which an answer could give these away.
    pub fn traces(&self) -> [String; 4] {
        let org = self.org_id.chars().take(15).collect();
        [self.portal_id.to_string(), self.setup_id.clone(), self.test_contact_id.clone(), org]
    }
}

/// Calls with any bytes, as whoever the token says.
#[derive(Clone)]
pub struct Caller {
    channel: Channel,
    token: Option<String>,
}

impl Caller {
    pub fn new(channel: Channel, token: Option<String>) -> Self {
        Self { channel, token }
    }

    /// The answer, or the first message of the stream.
    pub async fn call(&self, rpc: &Rpc, body: &[u8]) -> Result<Bytes, Status> {
        let mut messages = self.open(rpc, body).await?;
        messages.next().await.unwrap_or_else(|| Err(Status::data_loss("no message")))
    }

    /// What is to be read, once the call was not refused.
    pub async fn open(&self, rpc: &Rpc, body: &[u8]) -> Result<Streaming<Bytes>, Status> {
        let mut request = Request::new(Bytes::copy_from_slice(body));
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse().map_err(|_| Status::internal("token"))?;
            request.metadata_mut().insert("authorization", value);
        }
        let path: PathAndQuery = rpc.path().parse().map_err(|_| Status::internal("path"))?;
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|error| Status::internal(error.to_string()))?;
        Ok(client.server_streaming(request, path, Raw).await?.into_inner())
    }
}

/// Bytes as they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
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

/// What a call came to, for comparing: an answer is `Ok`.
pub fn code(outcome: &Result<Bytes, Status>) -> Code {
    outcome.as_ref().map_or_else(Status::code, |_| Code::Ok)
}
