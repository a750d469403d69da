//! Streams: what the watches say, in messages.

use std::{pin::Pin, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use uuid::Uuid;

use super::{
    Backend,
    encodings::{Encodings, Key},
};
use crate::{
    api::{EncodedEvent, v1},
    domain::{Reason, access::PortalGrant, change},
    grpc::{Call, Failure, convert::timestamp, status},
    watch::{EndCause, Item, ResetCause, Yielded},
};

/// A stream of responses.
pub(super) type ResponseStream = Pin<Box<dyn Stream<Item = Result<EncodedEvent, Status>> + Send>>;

/// A response of a stream: one event and the token to resume after it.
pub(super) trait StreamResponse: prost::Message + 'static {
    const NAME: &'static str;
    type Snapshot;
    type Transition;

    fn new(event: Event<Self::Snapshot, Self::Transition>) -> Self;
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
            const NAME: &'static str = stringify!($response);
            type Snapshot = v1::$snapshot;
            type Transition = v1::$transition;

            fn new(event: Event<Self::Snapshot, Self::Transition>) -> Self {
                use v1::$module::Event as Sent;
                let event = match event {
                    Event::Snapshot(snapshot) => Sent::Snapshot(snapshot),
                    Event::Transition(transition) => Sent::Transition(transition),
                    Event::Heartbeat(heartbeat) => Sent::Heartbeat(heartbeat),
                    Event::Reset(reset) => Sent::Reset(reset),
                    Event::End(end) => Sent::End(end),
                };
                Self { event: Some(event), resume_token: String::new() }
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

/// How what a watch says is put into words.
pub(super) struct Words<R: StreamResponse, S> {
    /// The setup or the test contact; nil where the portal says it all.
    pub(super) subject: Uuid,
    pub(super) snapshot: fn(&Call, &S) -> R::Snapshot,
    /// Of an event that the watch shows.
    pub(super) transition: fn(&Call, Uuid, &change::Event) -> Option<R::Transition>,
}

impl Backend {
    /// A place for one more stream.
    ///
    /// # Errors
    /// `SERVICE_OVERLOADED` when there are as many as there may be.
    pub(super) fn stream_place(&self) -> Result<StreamPlace, Failure> {
        let place = self.streams.clone().try_acquire_owned();
        place.map(StreamPlace).map_err(|_| Reason::ServiceOverloaded.into())
    }

    /// Puts the messages of a watch into the words of the API, until the caller's credential ends.
    pub(super) fn respond<R, S>(
        &self,
        place: StreamPlace,
        call: &Call,
        messages: impl Stream<Item = Yielded<S>> + Send + Unpin + 'static,
        words: Words<R, S>,
    ) -> ResponseStream
    where
        R: StreamResponse,
        S: 'static,
    {
        let (call, encodings) = (Arc::new(call.clone()), Arc::clone(&self.encodings));
        let reader = Arc::clone(&call);
        let messages = messages.map(move |message| {
            // Held as long as the stream lives.
            let _place = &place.0;
            match *message {
                Ok(message) => {
                    let event = encoded(&encodings, &reader, &words, &message.item);
                    Ok(EncodedEvent::new(event, message.resume_token))
                }
                Err(error) => Err(status::of(&reader, &error.into())),
            }
        });
        Box::pin(self.while_valid(call, messages))
    }
}

/// A transition is encoded once for all who may know of every portal. For anybody else its texts may name fewer
/// portals.
fn encoded<R: StreamResponse, S>(
    encodings: &Encodings,
    call: &Call,
    words: &Words<R, S>,
    item: &Item<S>,
) -> Bytes {
    let encode = |event| Bytes::from(R::new(event).encode_to_vec());
    match item {
        Item::Snapshot(shown) => encode(Event::Snapshot((words.snapshot)(call, shown))),
        Item::Transition(change) => {
            let encode = || {
                let transition = (words.transition)(call, words.subject, change);
                transition.map_or_else(Bytes::new, |transition| encode(Event::Transition(transition)))
            };
            if call.caller.access().portals != PortalGrant::All {
                return encode();
            }
            let key = Key {
                response: R::NAME,
                subject: words.subject,
                portal_id: change.portal_id,
                revision: change.revision,
                language: call.language,
            };
            encodings.of(key, encode)
        }
        Item::Heartbeat(at) => encode(Event::Heartbeat(v1::Heartbeat { time: Some(timestamp(*at)) })),
        Item::Reset(cause) => encode(Event::Reset(v1::WatchReset { cause: reset_cause(*cause).into() })),
        Item::End(cause) => encode(Event::End(v1::WatchEnd { cause: end_cause(*cause).into() })),
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
