//! What every RPC passes, from the outside in: request id and log, panics, the rest of what is refused, capacity,
//! authentication, authorization, the caller's share, deadline, and the statuses that tonic itself makes.
//!
//! Each layer is one function over the request and the rest of the way. A layer that refuses answers with a status
//! that [`status`](super::status) built, so that a client sees no difference.

pub(super) mod authenticate;
pub(super) mod authorize;
pub(super) mod capacity;
pub(super) mod deadline;
pub(super) mod elsewhere;
pub(super) mod observe;
mod observed_body;
pub(super) mod own_status;
pub(super) mod panics;
pub(super) mod share;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use http_body_util::BodyExt as _;

use super::{
    call::Call,
    status::{self, Failure},
};

/// What is read of a request that is refused before its message is, in bytes.
const DRAINED_BYTES: usize = 64 * 1024;
/// How long is waited for it: it follows the headers at once, unless somebody plays for time.
const DRAIN_TIME: Duration = Duration::from_millis(250);

/// The call that the outermost layer has put into the request.
fn call_of(request: &Request) -> Option<Call> {
    request.extensions().get::<Call>().cloned()
}

/// An answer without a message: a status in the headers ("trailers only").
fn refuse(call: &Call, failure: &Failure) -> Response {
    status::of(call, failure).into_http::<Body>()
}

/// What was not read of a request.
#[derive(Clone)]
struct Unread(Arc<Mutex<Option<Body>>>);

/// Refuses a call whose message was not read; [`read_on`] reads it.
fn refuse_unread(request: Request, call: &Call, failure: &Failure) -> Response {
    let mut response = refuse(call, failure);
    response.extensions_mut().insert(Unread(Arc::new(Mutex::new(Some(request.into_body())))));
    response
}

/// Reads what is left of a small request that was refused, before the answer goes: a client that is still sending
/// when its stream is reset takes that for a broken connection, and never sees the status. It waits outside of every
/// bound, so that who sends slowly and is refused takes no place from anybody.
pub(in crate::grpc) async fn read_on(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let unread = response.extensions_mut().remove::<Unread>();
    let body = unread.and_then(|unread| unread.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(mut body) = body else { return response };
    let drain = async {
        let mut left = DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len());
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
        }
    };
    // Whatever it came to, the call is refused.
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    response
}
