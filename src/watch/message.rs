//! What a watch says.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::{domain::change::Event, store::StoreError};

/// Why a stream starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// The events after the token are no longer kept.
    TokenTooOld,
    /// The consumer was too slow.
    ConsumerTooSlow,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// A final state was reached.
    Finished,
    /// The server is going away.
    ServerShutdown,
    /// The stream is old enough.
    MaxAge,
}

/// What a stream says.
#[derive(Clone, Debug)]
pub enum Item<S> {
    /// How things stand.
    Snapshot(S),
    /// One change. Everybody who watches it has the same.
    Transition(Arc<Event>),
    /// Nothing happened.
    Heartbeat(OffsetDateTime),
    /// A snapshot follows.
    Reset(ResetCause),
    /// The last message.
    End(EndCause),
}

/// One message of a stream.
#[derive(Clone, Debug)]
pub struct Message<S> {
    /// What it says.
    pub item: Item<S>,
    /// Resume after it with this.
    pub resume_token: String,
}

/// What a stream yields. Boxed: each stream sets room aside for one.
pub type Yielded<S> = Box<Result<Message<S>, StoreError>>;
