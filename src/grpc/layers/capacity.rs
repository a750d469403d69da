//! No more at once than can be done: what is too much is refused at once, not queued.

use axum::{extract::Request, response::Response};
use tokio::sync::Semaphore;

use super::{Inner, call_of, refuse_unread};
use crate::domain::Reason;

/// How much may be under way.
pub(in crate::grpc) struct Capacity {
    calls: Semaphore,
}

impl Capacity {
    /// So many calls until their headers are sent. Streams are bounded by who makes them.
    pub(in crate::grpc) fn new(calls: usize) -> Self {
        Self { calls: Semaphore::new(calls.min(Semaphore::MAX_PERMITS)) }
    }
}

/// Refuses with `SERVICE_OVERLOADED` while too many calls are under way. Health is always answered: an overloaded
/// server that counts as dead would only be replaced by the next one to be overloaded.
pub(super) async fn shed_load(capacity: &Capacity, request: Request, next: impl Inner) -> Response {
    let is_health = request.uri().path().starts_with("/grpc.health.v1.Health/");
    let Some(call) = call_of(&request).filter(|_| !is_health) else { return next.run(request).await };
    match capacity.calls.try_acquire() {
        Ok(_permit) => next.run(request).await,
        Err(_) => refuse_unread(request, &call, &Reason::ServiceOverloaded.into()),
    }
}
