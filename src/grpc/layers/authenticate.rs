//! Who calls.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::{call_of, refuse};
use crate::grpc::auth::Authentication;

/// Puts the principal into the call, or answers `UNAUTHENTICATED`.
pub(in crate::grpc) async fn authenticate(
    State(authentication): State<Authentication>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(mut call) = call_of(&request) else { return next.run(request).await };
    match authentication.authenticate(request.uri().path(), request.headers()) {
        Ok(principal) => {
            tracing::Span::current().record("principal", principal.name());
            call.principal = principal;
            request.extensions_mut().insert(call);
            next.run(request).await
        }
        Err(reason) => refuse(&call, &reason.into()),
    }
}
