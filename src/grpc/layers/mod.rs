//! What every RPC passes, from the outside in: request id and log, panics, capacity, authentication, authorization,
//! the caller's share, deadline, and the statuses that tonic itself makes.
//!
//! Each layer is one function over the request and the rest of the way. A layer that refuses answers with a status
//! that [`status`](super::status) built, so that a client sees no difference.

pub(super) mod authenticate;
pub(super) mod authorize;
pub(super) mod capacity;
pub(super) mod deadline;
mod guarded_body;
pub(super) mod observe;
mod observed_body;
pub(super) mod own_status;
pub(super) mod panics;
pub(super) mod share;

use axum::{body::Body, extract::Request, response::Response};

use super::{
    call::Call,
    status::{self, Failure},
};

/// The call that the outermost layer has put into the request.
fn call_of(request: &Request) -> Option<Call> {
    request.extensions().get::<Call>().cloned()
}

/// An answer without a message: a status in the headers ("trailers only").
fn refuse(call: &Call, failure: &Failure) -> Response {
    status::of(call, failure).into_http::<Body>()
}
