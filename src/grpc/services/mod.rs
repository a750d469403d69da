//! The services: each method opens its call, parses, makes one call into the use cases, and converts the answer.

mod audit;
mod connection;
mod encodings;
mod handoff;
mod inclusion_list;
mod key;
mod opening;
mod org;
mod portal;
mod setup;
mod sync;
mod test_contact;
mod watching;

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tonic::{Response, Status, codec::CompressionEncoding, service::Routes};

use super::server::MAX_RESPONSE_BYTES;
use crate::{
    api::servers::{
        audit_service_server::AuditServiceServer, connection_service_server::ConnectionServiceServer,
        inclusion_list_service_server::InclusionListServiceServer, key_service_server::KeyServiceServer,
        org_service_server::OrgServiceServer, portal_service_server::PortalServiceServer,
        setup_service_server::SetupServiceServer, sync_service_server::SyncServiceServer,
        test_contact_service_server::TestContactServiceServer,
    },
    control::Control,
    watch::Watches,
};
use encodings::Encodings;

/// The answer of a method.
type Answer<T> = Result<Response<T>, Status>;

/// What the services stand on. Cheap to clone; every service is one of these.
#[derive(Clone)]
pub struct Backend {
    control: Control,
    watches: Watches,
    streams: Arc<Semaphore>,
    recheck: Duration,
    encodings: Arc<Encodings>,
}

impl Backend {
    /// The use cases, the streams, how many of those there may be at once in this process, and how often it is asked
    /// whether the credential that opened one still holds.
    #[must_use]
    pub fn new(control: Control, watches: Watches, max_streams: usize, recheck: Duration) -> Self {
        let streams = Arc::new(Semaphore::new(max_streams.min(Semaphore::MAX_PERMITS)));
        Self { control, watches, streams, recheck, encodings: Arc::default() }
    }
}

/// Full names of the services, for health.
#[must_use]
pub fn names() -> Vec<&'static str> {
    use crate::api::servers;
    vec![
        servers::audit_service_server::SERVICE_NAME,
        servers::connection_service_server::SERVICE_NAME,
        servers::inclusion_list_service_server::SERVICE_NAME,
        servers::key_service_server::SERVICE_NAME,
        servers::org_service_server::SERVICE_NAME,
        servers::portal_service_server::SERVICE_NAME,
        servers::setup_service_server::SERVICE_NAME,
        servers::sync_service_server::SERVICE_NAME,
        servers::test_contact_service_server::SERVICE_NAME,
    ]
}

/// All services. Requests larger than `max_request_bytes`, compressed or not, are refused.
#[must_use]
pub fn routes(backend: &Backend, max_request_bytes: usize) -> Routes {
    macro_rules! with_limits {
        ($routes:expr, $($server:ident),*) => {
            $routes$(.add_service(
                $server::new(backend.clone())
                    .max_decoding_message_size(max_request_bytes)
                    .max_encoding_message_size(MAX_RESPONSE_BYTES)
                    .accept_compressed(CompressionEncoding::Gzip),
            ))*
        };
    }
    with_limits!(
        Routes::default(),
        AuditServiceServer,
        ConnectionServiceServer,
        InclusionListServiceServer,
        KeyServiceServer,
        OrgServiceServer,
        PortalServiceServer,
        SetupServiceServer,
        SyncServiceServer,
        TestContactServiceServer
    )
}
