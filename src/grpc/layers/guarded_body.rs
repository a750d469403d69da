//! Reflection's streams end when the credential of their caller does. The streams of our own services see to that where
//! their messages are made; tonic makes those of reflection.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use futures::future::BoxFuture;
use hyper::body::{Body as HttpBody, Frame, SizeHint};

use super::{Inner, call_of};
use crate::{
    domain::Reason,
    grpc::{call::Call, status},
};

const REFLECTION: &str = "/grpc.reflection.";

/// Looks at reflection's callers again, this often.
pub(super) async fn guard_reflection(every: Duration, request: Request, next: impl Inner) -> Response {
    let Some(call) = call_of(&request).filter(|_| request.uri().path().starts_with(REFLECTION)) else {
        return next.run(request).await;
    };
    next.run(request).await.map(|body| Body::new(GuardedBody::new(body, call, every)))
}

/// A body that ends with `UNAUTHENTICATED` soon after its caller would not be let in any more.
struct GuardedBody {
    /// `None` once it was ended.
    body: Option<Body>,
    call: Call,
    ended: BoxFuture<'static, ()>,
}

impl GuardedBody {
    fn new(body: Body, call: Call, every: Duration) -> Self {
        let caller = call.caller.clone();
        Self { body: Some(body), call, ended: Box::pin(async move { caller.ended(every).await }) }
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else { return Poll::Ready(None) };
        // First, so that a stream that always has something to say ends too.
        if this.ended.as_mut().poll(context).is_pending() {
            return Pin::new(body).poll_frame(context);
        }
        this.body = None;
        let status = status::of(&this.call, &Reason::Unauthenticated.into());
        Poll::Ready(Some(Ok(Frame::trailers(status::trailers_of(&status)))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}
