//! The server over a real connection, with a service that does what a test asks for.

#![expect(clippy::unwrap_used, clippy::panic, reason = "test")]

mod connections;
mod faults;
mod protocol;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::stream::{self, StreamExt as _};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use tonic::{
    Request, Response, Status, async_trait,
    codec::CompressionEncoding,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, Routes, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_types::StatusExt as _;

use secrecy::ExposeSecret as _;

use super::{
    Authentication, Call, Readiness, Rules, ServeError, ServerSettings, Shutdown, Threads,
    auth::{KeySource, KeySourceSettings, TokenAlgorithm, TokenSettings},
    serve,
    server::MAX_REQUEST_BYTES,
};
use crate::{
    api::{
        EncodedEvent,
        servers::sync_service_server::{self, SyncService, SyncServiceServer},
        v1::{self, sync_service_client::SyncServiceClient},
    },
    domain::{
        Reason,
        access::{PortalGrant, Scope},
    },
    grpc::{status, subjects::Subjects as _},
    issuer::{Issuer, Order},
};

/// Portals that the fake service knows.
const FINE: i64 = 1;
const PANICS: i64 = 2;
const HANGS: i64 = 3;
const REFUSES: i64 = 4;

/// A service that answers, panics, hangs or refuses, as the portal says.
#[derive(Clone, Default)]
struct Fake {
    /// Somebody hangs.
    hanging: Arc<Notify>,
    /// Lets those go on who hang.
    go_on: Arc<Notify>,
}

#[async_trait]
impl SyncService for Fake {
    type WatchSyncStatusStream = stream::BoxStream<'static, Result<EncodedEvent, Status>>;

    async fn get_sync_status(
        &self,
        request: Request<v1::GetSyncStatusRequest>,
    ) -> Result<Response<v1::GetSyncStatusResponse>, Status> {
        let mut call = Call::from_extensions(request.extensions());
        let message = request.into_inner();
        call.subjects = message.subjects();
        match message.portal_id {
            PANICS => panic!("as asked"),
            HANGS => {
                self.hanging.notify_one();
                self.go_on.notified().await;
            }
            REFUSES => return Err(status::of(&call, &Reason::PortalNotFound.into())),
            _ => {}
        }
        let status = v1::SyncStatus { operator: call.caller.name().to_owned(), ..Default::default() };
        Ok(Response::new(v1::GetSyncStatusResponse { status: Some(status) }))
    }

    async fn watch_sync_status(
        &self,
        request: Request<v1::WatchSyncStatusRequest>,
    ) -> Result<Response<Self::WatchSyncStatusStream>, Status> {
        let first = stream::iter([Ok(EncodedEvent::default())]);
        let rest = match request.into_inner().portal_id {
            PANICS => stream::once(async {
                tokio::task::yield_now().await;
                panic!("as asked")
            })
            .boxed(),
            _ => stream::pending().boxed(),
        };
        Ok(Response::new(first.chain(rest).boxed()))
    }

    async fn pause_sync(
        &self,
        _: Request<v1::PauseSyncRequest>,
    ) -> Result<Response<v1::PauseSyncResponse>, Status> {
        Ok(Response::new(v1::PauseSyncResponse::default()))
    }

    async fn resume_sync(
        &self,
        _: Request<v1::ResumeSyncRequest>,
    ) -> Result<Response<v1::ResumeSyncResponse>, Status> {
        Ok(Response::new(v1::ResumeSyncResponse::default()))
    }

    async fn update_sync_settings(
        &self,
        _: Request<v1::UpdateSyncSettingsRequest>,
    ) -> Result<Response<v1::UpdateSyncSettingsResponse>, Status> {
        Ok(Response::new(v1::UpdateSyncSettingsResponse::default()))
    }
}

/// Shows a token with every call.
#[derive(Clone)]
struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

type Line = InterceptedService<Channel, Bearer>;

/// Takes tokens of this issuer.
fn authentication(issuer: &Issuer) -> Authentication {
    let minute = Duration::from_secs(60);
    let keys =
        KeySourceSettings { source: KeySource::Inline(issuer.jwks()), refresh: minute, max_age: minute };
    let tokens = TokenSettings {
        issuer: "test".to_owned(),
        audience: "test".to_owned(),
        algorithms: vec![TokenAlgorithm::EdDsa],
        leeway: Duration::ZERO,
        keys,
    };
    Authentication::new(Some(tokens), None, false).unwrap()
}

/// Longer than any test.
const HOUR: Duration = Duration::from_secs(3_600);

/// The value of `authorization` of somebody, for so long.
fn bearer(issuer: &Issuer, subject: &str, lifetime: Duration) -> String {
    let order = Order {
        issuer: "test",
        audience: "test",
        subject,
        scopes: Scope::ALL.iter().copied().collect(),
        portals: PortalGrant::All,
        lifetime,
    };
    format!("Bearer {}", issuer.issue(&order).unwrap().expose_secret())
}

/// A running server.
struct Server {
    address: SocketAddr,
    issuer: Issuer,
    fake: Fake,
    readiness: Readiness,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    async fn start(settings: ServerSettings) -> Self {
        let fake = Fake::default();
        let settings = ServerSettings { rules: Arc::new(Rules::of_the_api().unwrap()), ..settings };
        let service = SyncServiceServer::new(fake.clone())
            .max_decoding_message_size(MAX_REQUEST_BYTES)
            .accept_compressed(CompressionEncoding::Gzip);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let readiness = Readiness::not_ready(vec![sync_service_server::SERVICE_NAME]).await;
        let shutdown = Shutdown::default();
        let issuer = Issuer::generate().unwrap();
        let settings = ServerSettings { authentication: authentication(&issuer), ..settings };
        let (ready, ends) = (readiness.clone(), shutdown.clone());
        let serving = tokio::spawn(async move {
            let threads = Threads::start(2).map_err(ServeError::Listener)?;
            serve(listener, Routes::new(service), ready, settings, &threads, ends).await
        });
        Self { address, issuer, fake, readiness, shutdown, serving }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A connection that shows no token.
    async fn channel(&self) -> Channel {
        Channel::from_shared(self.url()).unwrap().connect().await.unwrap()
    }

    /// A connection that shows somebody's token.
    async fn line_of(&self, subject: &str) -> Line {
        self.line_for(subject, HOUR).await
    }

    /// The same for so long.
    async fn line_for(&self, subject: &str, lifetime: Duration) -> Line {
        let token = bearer(&self.issuer, subject, lifetime).parse().unwrap();
        InterceptedService::new(self.channel().await, Bearer(token))
    }

    async fn line(&self) -> Line {
        self.line_of("local").await
    }

    async fn client(&self) -> SyncServiceClient<Line> {
        SyncServiceClient::new(self.line().await)
    }

    /// Ends the server; it has to end by itself.
    async fn stop(self) {
        self.shutdown.soft.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.serving).await.unwrap().unwrap().unwrap();
    }
}

fn get(portal_id: i64) -> v1::GetSyncStatusRequest {
    v1::GetSyncStatusRequest { portal_id }
}

fn reason_of(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}
