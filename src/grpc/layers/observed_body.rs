//! A response body that knows how it ends: by its trailers, by an error, or because nobody wants it any more.

use std::{
    future::Future as _,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Code, Status};

use super::observe::Ending;
use crate::grpc::status;

/// A body whose end is written down, once.
pub(super) struct ObservedBody {
    /// `None` after a panic: it can't be polled again.
    inner: Option<Body>,
    ending: Ending,
    /// Ends the body when nothing else is to be sent.
    closing: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl ObservedBody {
    pub(super) fn new(inner: Body, ending: Ending, closing: Option<CancellationToken>) -> Self {
        let closing = closing.map(|token| Box::pin(token.cancelled_owned()));
        Self { inner: Some(inner), ending, closing }
    }

    /// Ends the body with a status.
    fn end(&mut self, code: Code) -> Frame<Bytes> {
        self.inner = None;
        self.ending.code = Some(code);
        Frame::trailers(status::trailers(code))
    }
}

impl HttpBody for ObservedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let span = this.ending.span.clone();
        let _entered = span.enter();
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(inner).poll_frame(context)));
        let Ok(polled) = polled else {
            // The stream ends with a status instead of a reset, and the others go on.
            tracing::error!("a stream panicked");
            return Poll::Ready(Some(Ok(this.end(Code::Internal))));
        };
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(status) = frame.trailers_ref().and_then(Status::from_header_map)
        {
            this.ending.code = Some(status.code());
        }
        if polled.is_pending()
            && let Some(closing) = &mut this.closing
            && closing.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Some(Ok(this.end(Code::Unavailable))));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}
