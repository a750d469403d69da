//! Who calls.

use axum::{extract::Request, response::Response};

use super::{Inner, call_of, refuse_unread};
use crate::{
    domain::Reason,
    grpc::{
        access::{Caller, Handoffs},
        auth::{Authentication, ClientCertificate},
        connection::Visitor,
        status::Failure,
    },
};

/// The ways in which callers show who they are.
pub(in crate::grpc) struct Ways {
    pub(in crate::grpc) authentication: Authentication,
    /// `None`: no token of a hand-off is known.
    pub(in crate::grpc) handoffs: Option<Handoffs>,
}

/// Puts the caller into the call, or answers `UNAUTHENTICATED`: always the same, whatever was wrong. A stream that is
/// under way is ended in the same way by `Backend::while_valid`, one of reflection by `guard_reflection`.
pub(super) async fn authenticate(ways: &Ways, mut request: Request, next: impl Inner) -> Response {
    let Some(mut call) = call_of(&request) else { return next.run(request).await };
    let by_handoff = match &ways.handoffs {
        Some(handoffs) => handoffs.authenticate(request.headers()).await,
        None => Ok(None),
    };
    let certificate = request.extensions().get::<ClientCertificate>().cloned();
    let caller: Result<Caller, Failure> = match by_handoff {
        Ok(Some(caller)) => Ok(caller),
        Err(failure) => Err(failure),
        Ok(None) => {
            let path = request.uri().path();
            let judged =
                ways.authentication.authenticate(path, request.headers(), certificate.as_ref()).await;
            judged.map_err(|rejected| {
                tracing::info!(request_id = %call.request_id, %rejected, "a caller was not authenticated");
                Reason::Unauthenticated.into()
            })
        }
    };
    match caller {
        Ok(caller) => {
            if let Some(visitor) = request.extensions().get::<Visitor>().filter(|_| !caller.is_anonymous()) {
                visitor.is_recognized();
            }
            tracing::Span::current().record("principal", caller.name());
            call.caller = caller;
            request.extensions_mut().insert(call);
            next.run(request).await
        }
        Err(failure) => refuse_unread(request, &call, &failure),
    }
}
