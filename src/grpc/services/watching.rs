//! Streams: what the watches say, in messages.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use super::Backend;
use crate::{
    api::v1,
    domain::Reason,
    grpc::{Call, Failure, convert::timestamp, status},
    watch::{EndCause, Item, ResetCause, Yielded},
};

/// A stream of responses.
pub(super) type ResponseStream<R> = Pin<Box<dyn Stream<Item = Result<R, Status>> + Send>>;

/// A response of a stream: one event and the token to resume after it.
pub(super) trait StreamResponse: Send + 'static {
    type Snapshot;
    type Transition;

    fn new(event: Event<Self::Snapshot, Self::Transition>, resume_token: String) -> Self;
}

/// An event, the same for all streams.
pub(super) enum Event<S, T> {
    Snapshot(S),
    Transition(T),
    Heartbeat(v1::Heartbeat),
    Reset(v1::WatchReset),
    End(v1::WatchEnd),
}

macro_rules! stream_responses {
    ($($response:ident in $module:ident of $snapshot:ident, $transition:ident;)*) => {$(
        impl StreamResponse for v1::$response {
            type Snapshot = v1::$snapshot;
            type Transition = v1::$transition;

            fn new(event: Event<Self::Snapshot, Self::Transition>, resume_token: String) -> Self {
                use v1::$module::Event as Sent;
                let event = match event {
                    Event::Snapshot(snapshot) => Sent::Snapshot(snapshot),
                    Event::Transition(transition) => Sent::Transition(transition),
                    Event::Heartbeat(heartbeat) => Sent::Heartbeat(heartbeat),
                    Event::Reset(reset) => Sent::Reset(reset),
                    Event::End(end) => Sent::End(end),
                };
                Self { event: Some(event), resume_token }
            }
        }
    )*};
}

stream_responses! {
    WatchSetupResponse in watch_setup_response of Setup, Setup;
    WatchTestContactResponse in watch_test_contact_response of TestContact, TestContact;
    WatchConnectionsResponse in watch_connections_response of ConnectionSnapshot, ConnectionTransition;
    WatchSyncStatusResponse in watch_sync_status_response of SyncStatusSnapshot, SyncStatus;
}

/// One of the streams that this process may have; given back when the stream ends.
pub(super) struct StreamPlace(OwnedSemaphorePermit);

impl Backend {
    /// A place for one more stream.
    ///
    /// # Errors
    /// `SERVICE_OVERLOADED` when there are as many as there may be.
    pub(super) fn stream_place(&self) -> Result<StreamPlace, Failure> {
        let place = self.streams.clone().try_acquire_owned();
        place.map(StreamPlace).map_err(|_| Reason::ServiceOverloaded.into())
    }
}

impl Backend {
    /// Puts the messages of a watch into the words of the API, until the caller's credential ends.
    pub(super) fn respond<R, S, T>(
        &self,
        place: StreamPlace,
        call: &Call,
        messages: impl Stream<Item = Yielded<S, T>> + Send + Unpin + 'static,
        snapshot: fn(&Call, &S) -> R::Snapshot,
        transition: fn(&Call, &T) -> R::Transition,
    ) -> ResponseStream<R>
    where
        R: StreamResponse,
        S: 'static,
        T: 'static,
    {
        let words = call.clone();
        let messages = messages.map(move |message| {
            // Held as long as the stream lives.
            let _place = &place.0;
            match *message {
                Ok(message) => {
                    let event = event(&words, &message.item, snapshot, transition);
                    Ok(R::new(event, message.resume_token))
                }
                Err(error) => Err(status::of(&words, &error.into())),
            }
        });
        Box::pin(self.while_valid(call, messages))
    }
}

fn event<S, T, PS, PT>(
    call: &Call,
    item: &Item<S, T>,
    snapshot: fn(&Call, &S) -> PS,
    transition: fn(&Call, &T) -> PT,
) -> Event<PS, PT> {
    match item {
        Item::Snapshot(shown) => Event::Snapshot(snapshot(call, shown)),
        Item::Transition(change) => Event::Transition(transition(call, change)),
        Item::Heartbeat(at) => Event::Heartbeat(v1::Heartbeat { time: Some(timestamp(*at)) }),
        Item::Reset(cause) => Event::Reset(v1::WatchReset { cause: reset_cause(*cause).into() }),
        Item::End(cause) => Event::End(v1::WatchEnd { cause: end_cause(*cause).into() }),
    }
}

fn reset_cause(cause: ResetCause) -> v1::watch_reset::Cause {
    match cause {
        ResetCause::TokenTooOld => v1::watch_reset::Cause::TokenTooOld,
        ResetCause::ConsumerTooSlow => v1::watch_reset::Cause::ConsumerTooSlow,
    }
}

fn end_cause(cause: EndCause) -> v1::watch_end::Cause {
    match cause {
        EndCause::Finished => v1::watch_end::Cause::Finished,
        EndCause::ServerShutdown => v1::watch_end::Cause::ServerShutdown,
        EndCause::MaxAge => v1::watch_end::Cause::MaxAge,
    }
}
