//! Who calls.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use http::HeaderMap;

use super::{call_of, refuse};
use crate::{
    domain::access::Access,
    grpc::{
        access::{Caller, Handoffs},
        auth::{Authentication, Principal},
        status::Failure,
    },
};

/// The ways in which callers show who they are.
#[derive(Clone)]
pub(in crate::grpc) struct Ways {
    pub(in crate::grpc) authentication: Authentication,
    /// `None`: no token of a hand-off is known.
    pub(in crate::grpc) handoffs: Option<Handoffs>,
}

/// Puts the caller into the call, or answers `UNAUTHENTICATED`.
pub(in crate::grpc) async fn authenticate(
    State(ways): State<Ways>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(mut call) = call_of(&request) else { return next.run(request).await };
    match caller(&ways, request.uri().path(), request.headers()).await {
        Ok(caller) => {
            tracing::Span::current().record("principal", caller.name());
            call.caller = caller;
            request.extensions_mut().insert(call);
            next.run(request).await
        }
        Err(failure) => refuse(&call, &failure),
    }
}

async fn caller(ways: &Ways, path: &str, headers: &HeaderMap) -> Result<Caller, Failure> {
    if let Some(handoffs) = &ways.handoffs
        && let Some(caller) = handoffs.authenticate(headers).await?
    {
        return Ok(caller);
    }
    if let Some(access) = ways.authentication.known(headers) {
        return Ok(Caller::with_access(access));
    }
    let principal = ways.authentication.authenticate(path, headers)?;
    if principal == Principal::anonymous() {
        return Ok(Caller::anonymous());
    }
    Ok(Caller::with_access(Access::full(principal.name())))
}
