//! Puts the server together and runs it: services, health, reflection, gRPC-Web, layers, connections, and their end.

use std::{io, sync::Arc, time::Duration};

use axum::{Router, middleware};
use http::{HeaderName, HeaderValue, Method, header};
use tokio::{net::TcpListener, runtime::Handle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::{
    accept::{self, ConnectionLimits, Door},
    access::{Handoffs, Rules},
    auth::Authentication,
    connection::{self, Ends, House},
    health::Readiness,
    layers::{Capacity, Layers, Observation, Shares, Ways, share::CallerLimits},
    links::Links,
    threads::Threads,
    tls::Tls,
};
use crate::api;

/// The largest request, in bytes, compressed or not.
pub const MAX_REQUEST_BYTES: usize = 1024 * 1024;
/// The largest response message, in bytes. tonic sends without a limit and takes no more than this by default.
pub const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// How long a browser may remember what CORS allows.
const CORS_MAX_AGE: Duration = Duration::from_secs(24 * 3_600);

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// Who may call.
    pub authentication: Authentication,
    /// TLS; plain text without it.
    pub tls: Option<Tls>,
    /// Whoever comes by a hand-off may call as well.
    pub handoffs: Option<Handoffs>,
    /// What each method demands of its caller. None of them: every call is refused.
    pub rules: Arc<Rules>,
    /// Where guides and error pages are.
    pub links: Arc<Links>,
    /// The largest request, in bytes.
    pub max_request_bytes: usize,
    /// The deadline of calls that name none.
    pub default_deadline: Duration,
    /// Calls under way at once, until their headers are sent.
    pub max_calls: usize,
    /// What one caller may have under way.
    pub caller: CallerLimits,
    /// Connections at once.
    pub connections: ConnectionLimits,
    /// Connections that have not made a request by then are closed: half a preface keeps no place.
    pub first_request: Duration,
    /// Calls at once on one connection; streams count.
    pub max_streams_per_connection: u32,
    /// Web origins whose pages may call by gRPC-Web, for example `https://admin.example.com`. None by default.
    pub web_origins: Vec<HeaderValue>,
    /// Whether reflection is served.
    pub reflection: bool,
    /// How often it is looked whether the caller of a reflection stream is still good.
    pub stream_recheck: Duration,
    /// How long health says "not serving" before connections are closed, so that load balancers notice first.
    pub drain_delay: Duration,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            authentication: Authentication::nobody(),
            tls: None,
            handoffs: None,
            rules: Arc::default(),
            links: Arc::default(),
            max_request_bytes: MAX_REQUEST_BYTES,
            default_deadline: Duration::from_secs(10),
            max_calls: 1_024,
            caller: CallerLimits { calls: 512, streams: 5_000 },
            connections: ConnectionLimits { total: 1_024, per_address: 1_024 },
            first_request: Duration::from_secs(10),
            max_streams_per_connection: 256,
            web_origins: Vec::new(),
            reflection: true,
            stream_recheck: Duration::from_secs(15),
            drain_delay: Duration::ZERO,
        }
    }
}

/// Ends the server: `soft` asks, `hard` cuts.
#[derive(Clone, Debug, Default)]
pub struct Shutdown {
    /// Nothing new is begun; what is under way may end.
    pub soft: CancellationToken,
    /// What is still under way is cut.
    pub hard: CancellationToken,
}

/// The server can't be put together or can't listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The descriptor that reflection would serve is not one: a defect of the build.
    #[error("the API descriptor cannot be served")]
    Descriptor(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The listener is not one.
    #[error("the listener does not work")]
    Listener(#[source] io::Error),
}

/// Serves until the soft token, then until every connection has ended or the hard token cuts them.
///
/// Health says "not serving" from the soft token on; who is ready is said through `readiness` before. Connections
/// are served by `threads`; calls that wait for a vendor, and the listener, by the runtime of the caller.
///
/// # Errors
/// When the server can't be put together or the listener does not work. Errors of connections end those alone.
pub async fn serve(
    listener: TcpListener,
    services: Routes,
    readiness: Readiness,
    settings: ServerSettings,
    threads: &Threads,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Listener)?;
    let ends = Ends {
        closing: CancellationToken::new(),
        hard: shutdown.hard.clone(),
        first_request: settings.first_request,
    };
    let house = House {
        router: assemble(services, &readiness, &settings, threads, &ends.closing)?,
        protocol: connection::protocol(settings.max_streams_per_connection, settings.first_request),
        tls: settings.tls.clone(),
        ends: ends.clone(),
    };
    let door = Door::new(settings.connections);
    let connections = TaskTracker::new();
    tracing::info!(%address, tls = settings.tls.is_some(), "serving");

    let mut farewell = std::pin::pin!(farewell(&readiness, &shutdown, settings.drain_delay));
    loop {
        tokio::select! {
            () = &mut farewell => break,
            (stream, _, ticket) = accept::next_connection(&listener, &door) => {
                let house = house.clone();
                threads.spawn(&connections, stream, move |stream| connection::serve(stream, ticket, house));
            }
        }
    }
    // Closed before the connections end: who comes now is to try another server at once.
    drop(listener);
    ends.closing.cancel();
    connections.close();
    tracing::info!(connections = connections.len(), "draining connections");
    connections.wait().await;
    Ok(())
}

/// Waits for the soft token, says "not serving", and leaves load balancers time to notice.
async fn farewell(readiness: &Readiness, shutdown: &Shutdown, delay: Duration) {
    shutdown.soft.cancelled().await;
    readiness.set(false).await;
    tokio::select! {
        () = tokio::time::sleep(delay) => {}
        () = shutdown.hard.cancelled() => {}
    }
}

/// All services behind all layers.
fn assemble(
    services: Routes,
    readiness: &Readiness,
    settings: &ServerSettings,
    threads: &Threads,
    closing: &CancellationToken,
) -> Result<Router, ServeError> {
    let mut routes = services.add_service(readiness.service());
    if settings.reflection {
        routes = with_reflection(routes)?;
    }
    let layers = Layers {
        observation: Observation { links: Arc::clone(&settings.links), closing: closing.clone() },
        capacity: Capacity::new(settings.max_calls),
        ways: Ways { authentication: settings.authentication.clone(), handoffs: settings.handoffs.clone() },
        rules: Arc::clone(&settings.rules),
        shares: Shares::new(settings.caller),
        stream_recheck: settings.stream_recheck,
        default_deadline: settings.default_deadline,
        max_request_bytes: settings.max_request_bytes,
        common: (!threads.is_empty()).then(Handle::current),
    };
    // The last layer is the outermost one.
    Ok(routes
        .prepare()
        .into_axum_router()
        .layer(middleware::from_fn_with_state(Arc::new(layers), Layers::pass))
        .layer(GrpcWebLayer::new())
        .layer(cors(&settings.web_origins)))
}

/// Reflection in the version that tools speak today and in the one that older ones know.
fn with_reflection(routes: Routes) -> Result<Routes, ServeError> {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(api::DESCRIPTOR)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = builder().build_v1().map_err(|error| ServeError::Descriptor(error.into()))?;
    let v1alpha = builder().build_v1alpha().map_err(|error| ServeError::Descriptor(error.into()))?;
    Ok(routes.add_service(v1).add_service(v1alpha))
}

fn cors(origins: &[HeaderValue]) -> CorsLayer {
    let sent = ["x-grpc-web", "x-user-agent", "grpc-timeout", "x-request-id"].map(HeaderName::from_static);
    let seen = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"];
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::POST])
        .allow_headers(
            sent.into_iter()
                .chain([header::CONTENT_TYPE, header::AUTHORIZATION, header::ACCEPT_LANGUAGE])
                .collect::<Vec<_>>(),
        )
        .expose_headers(seen.map(HeaderName::from_static))
        .max_age(CORS_MAX_AGE)
}
