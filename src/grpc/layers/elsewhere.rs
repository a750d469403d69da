//! Calls that wait for a vendor leave the thread that serves their connection.
//!
//! Their clients' connections are kept in a pool that the worker uses as well, and TLS and JSON of somebody else's
//! size would hold up everybody on that thread.

use std::panic;

use axum::{extract::Request, response::Response};
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::Instrument as _;

use super::{Inner, call_of, deadline::asks_a_vendor, refuse};
use crate::grpc::status::Failure;

/// Runs such a call on the process's common runtime; without one it stays where it is.
pub(super) async fn run_elsewhere(
    common: Option<&Handle>,
    request: Request,
    next: impl Inner + 'static,
) -> Response {
    let call = call_of(&request).filter(|_| asks_a_vendor(request.uri().path()));
    let Some((common, call)) = common.zip(call) else { return next.run(request).await };
    let mut task = EndedWithItsCaller(common.spawn(next.run(request).in_current_span()));
    match (&mut task.0).await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(error) => refuse(&call, &Failure::Internal(error.into())),
        },
    }
}

/// A call that nobody waits for any more ends, as it does on its connection's own thread.
struct EndedWithItsCaller(JoinHandle<Response>);

impl Drop for EndedWithItsCaller {
    fn drop(&mut self) {
        self.0.abort();
    }
}
