//! A panic in a handler is a defect of that RPC alone.

use std::panic::AssertUnwindSafe;

use axum::{extract::Request, response::Response};
use futures::FutureExt as _;

use super::{Inner, call_of, refuse};
use crate::grpc::status::Failure;

/// Answers `INTERNAL` when the handler panics. The panic hook has told what and where.
pub(super) async fn catch_panics(request: Request, next: impl Inner) -> Response {
    let Some(call) = call_of(&request) else { return next.run(request).await };
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => refuse(&call, &Failure::Internal("a handler panicked".into())),
    }
}
