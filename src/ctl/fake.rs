//! A server for tests, in this process, over loopback: real transport, canned answers.

#![expect(clippy::unwrap_used, reason = "test")]

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use prost::Message;
use tokio::net::TcpListener;
use tokio_stream::{Stream, wrappers::TcpListenerStream};
use tonic::{Request, Response, Status, metadata::MetadataMap, service::Routes, transport::Server};

use super::{
    client::{Client, Target},
    context::Context,
    lang::Lang,
    output::{Format, View},
};
use crate::api::{
    EncodedEvent,
    servers::test_contact_service_server::{TestContactService, TestContactServiceServer},
    v1,
};

/// Serves until the test's runtime ends; returns the base URL.
pub async fn serve(routes: Routes) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    tokio::spawn(Server::builder().add_routes(routes).serve_with_incoming(TcpListenerStream::new(listener)));
    format!("http://{address}")
}

/// A caller of a server.
pub fn client(endpoint: &str) -> Client {
    let target = Target {
        endpoint: endpoint.to_owned(),
        token: Some("canary-token".into()),
        ca_pem: None,
        identity: None,
    };
    let quick = backon::ExponentialBuilder::default().with_min_delay(std::time::Duration::from_millis(1));
    Client::new(&target, Lang::Ja, None, None).unwrap().with_backoff(quick)
}

/// The circumstances of a command in a test: English, without colours.
pub fn context(endpoint: &str) -> Context {
    let view = View { lang: Lang::En, color: false, color_errors: false, width: None };
    Context { client: client(endpoint), view, format: Format::Json, yes: true }
}

/// A response of a watch, as a server sends it.
pub fn encoded(response: &impl Message) -> EncodedEvent {
    EncodedEvent::new(response.encode_to_vec().into(), String::new())
}

/// What one opened stream does: its messages in order, the last of them perhaps a failure, then the end.
pub type Script = Vec<Step>;

/// A `TestContactService` that answers what it was told to, and remembers what it was asked.
#[derive(Clone, Default)]
pub struct FakeTestContacts {
    pub creates: Arc<Mutex<VecDeque<Result<v1::TestContact, Status>>>>,
    pub create_requests: Arc<Mutex<Vec<(v1::CreateTestContactRequest, MetadataMap)>>>,
    pub gets: Arc<Mutex<VecDeque<Result<v1::TestContact, Status>>>>,
    pub watches: Arc<Mutex<VecDeque<Result<Script, Status>>>>,
    pub watch_tokens: Arc<Mutex<Vec<String>>>,
}

impl FakeTestContacts {
    /// Serves it; returns the base URL.
    pub async fn serve(&self) -> String {
        serve(Routes::new(TestContactServiceServer::new(self.clone()))).await
    }
}

fn next<T>(queue: &Mutex<VecDeque<Result<T, Status>>>) -> Result<T, Status> {
    queue.lock().unwrap().pop_front().unwrap_or_else(|| Err(Status::internal("the script is at its end")))
}

#[tonic::async_trait]
impl TestContactService for FakeTestContacts {
    type WatchTestContactStream = std::pin::Pin<Box<dyn Stream<Item = Result<EncodedEvent, Status>> + Send>>;

    async fn create_test_contact(
        &self,
        request: Request<v1::CreateTestContactRequest>,
    ) -> Result<Response<v1::CreateTestContactResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.create_requests.lock().unwrap().push((message, metadata));
        next(&self.creates)
            .map(|contact| Response::new(v1::CreateTestContactResponse { test_contact: Some(contact) }))
    }

    async fn get_test_contact(
        &self,
        _: Request<v1::GetTestContactRequest>,
    ) -> Result<Response<v1::GetTestContactResponse>, Status> {
        next(&self.gets)
            .map(|contact| Response::new(v1::GetTestContactResponse { test_contact: Some(contact) }))
    }

    async fn watch_test_contact(
        &self,
        request: Request<v1::WatchTestContactRequest>,
    ) -> Result<Response<Self::WatchTestContactStream>, Status> {
        self.watch_tokens.lock().unwrap().push(request.into_inner().resume_token);
        let script = next(&self.watches)?;
        let script = script.into_iter().map(|step| step.as_ref().map(encoded).map_err(Clone::clone));
        Ok(Response::new(Box::pin(tokio_stream::iter(script.collect::<Vec<_>>()))))
    }

    async fn list_test_contacts(
        &self,
        _: Request<v1::ListTestContactsRequest>,
    ) -> Result<Response<v1::ListTestContactsResponse>, Status> {
        Err(Status::unimplemented("list"))
    }

    async fn cancel_test_contact(
        &self,
        _: Request<v1::CancelTestContactRequest>,
    ) -> Result<Response<v1::CancelTestContactResponse>, Status> {
        Err(Status::unimplemented("cancel"))
    }

    async fn delete_test_contact(
        &self,
        _: Request<v1::DeleteTestContactRequest>,
    ) -> Result<Response<v1::DeleteTestContactResponse>, Status> {
        Err(Status::unimplemented("delete"))
    }
}

type Step = Result<v1::WatchTestContactResponse, Status>;
