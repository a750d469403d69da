//! Request id, span and log line: the outermost layer.

use std::{sync::Arc, time::Instant};

use axum::{body::Body, extract::Request, response::Response};
use http::HeaderValue;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span};

use super::{Inner, observed_body::ObservedBody};
use crate::grpc::{
    call::{Call, REQUEST_ID_KEY},
    links::Links,
};

/// What the outermost layer knows.
pub(in crate::grpc) struct Observation {
    /// Where guides and error pages are.
    pub(in crate::grpc) links: Arc<Links>,
    /// Ends the streams of the services that are not ours, health and reflection: they would hold up the end.
    pub(in crate::grpc) closing: CancellationToken,
}

/// Opens the call, lets it pass, and writes one line when its last byte has gone.
pub(super) async fn observe(observation: &Observation, mut request: Request, next: impl Inner) -> Response {
    let call = Call::from_headers(request.headers(), Arc::clone(&observation.links));
    let mut ending = Ending::new(&call, request.uri().path());
    let span = ending.span.clone();
    let id = HeaderValue::from_str(call.request_id.as_str());
    request.extensions_mut().insert(call);

    let mut response = next.run(request).instrument(span).await;
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID_KEY, id);
    }
    let (parts, body) = response.into_parts();
    // A status among the headers is the whole answer; otherwise it comes behind the messages.
    if let Some(status) = Status::from_header_map(&parts.headers) {
        ending.code = Some(status.code());
    }
    let closing = ending.is_infrastructure().then(|| observation.closing.clone());
    Response::from_parts(parts, Body::new(ObservedBody::new(body, ending, closing)))
}

/// What is written down when an RPC ends.
pub(super) struct Ending {
    method: Arc<str>,
    request_id: String,
    began: Instant,
    /// What the line belongs to.
    pub(super) span: Span,
    /// The code, once it is known; a client that goes away before leaves it open.
    pub(super) code: Option<Code>,
}

impl Ending {
    fn new(call: &Call, path: &str) -> Self {
        let method = path.trim_start_matches('/');
        Self {
            span: tracing::info_span!(
                "rpc",
                method,
                request_id = %call.request_id,
                principal = tracing::field::Empty,
            ),
            method: method.into(),
            request_id: call.request_id.to_string(),
            began: Instant::now(),
            code: None,
        }
    }

    /// Health and reflection.
    fn is_infrastructure(&self) -> bool {
        self.method.starts_with("grpc.")
    }

    /// Writes the line. Probes that went well are not worth one that anybody reads.
    fn write(&self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        let (method, request_id) = (&*self.method, &*self.request_id);
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match code {
            Code::Ok if self.is_infrastructure() => {
                tracing::debug!(method, request_id, ?code, duration_ms, "rpc ended");
            }
            Code::Internal | Code::Unknown | Code::DataLoss => {
                tracing::error!(method, request_id, ?code, duration_ms, "rpc failed");
            }
            Code::Unavailable | Code::DeadlineExceeded | Code::ResourceExhausted => {
                tracing::warn!(method, request_id, ?code, duration_ms, "rpc failed");
            }
            _ => tracing::info!(method, request_id, ?code, duration_ms, "rpc ended"),
        }
    }
}

/// Written also for a call whose client went away before it was answered.
impl Drop for Ending {
    fn drop(&mut self) {
        self.span.in_scope(|| self.write());
    }
}
