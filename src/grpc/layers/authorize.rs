//! Whether the caller may call this at all, decided before the body is read.

use std::sync::Arc;

use axum::{body::Body, extract::Request, response::Response};
use time::OffsetDateTime;

use super::{Inner, call_of, refuse_unread};
use crate::{
    domain::{Reason, Refusal},
    grpc::{
        access::{Demand, Permit, Rules},
        status,
    },
};

/// Refuses whoever lacks the scope, and every method that has no rule. What belongs to a portal is judged once the
/// message is known.
pub(super) async fn authorize(rules: &Rules, mut request: Request, next: impl Inner) -> Response {
    let path = request.uri().path();
    // The layers around this one have put it there; without one nobody has called.
    let Some(call) = call_of(&request) else { return status::no_such_method().into_http::<Body>() };
    let rule = match rules.of(path) {
        None => return status::no_such_method().into_http::<Body>(),
        Some(Demand::Nothing | Demand::Credential) => return next.run(request).await,
        Some(Demand::Rule(rule)) => Arc::clone(rule),
    };
    let access = call.caller.access();
    if !access.is_valid(OffsetDateTime::now_utc()) {
        return refuse_unread(request, &call, &Reason::Unauthenticated.into());
    }
    if !access.may_call(&rule) {
        let method = path.rsplit_once("v1.").map_or(path, |(_, method)| method);
        tracing::info!(method, "the caller may not call this");
        let refusal = Refusal::new(Reason::PermissionDenied).with("method", method);
        return refuse_unread(request, &call, &refusal.into());
    }
    request.extensions_mut().insert(Permit(rule));
    next.run(request).await
}
