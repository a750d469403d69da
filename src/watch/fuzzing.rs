//! The door for fuzzing to resume tokens.

use uuid::Uuid;

use super::token::{Identity, StreamKind};

/// Reads a resume token as the stream over all sync states of database 7 does. What it takes, it writes again.
///
/// # Panics
/// When a token that is taken is not the one that is written for its place.
pub fn resume_token(text: &str) {
    let identity = Identity { kind: StreamKind::SyncStatus, subject: 0, incarnation: Uuid::from_u128(7) };
    if let Ok(place) = identity.decode(text) {
        assert_eq!(identity.decode(&identity.encode(&place)), Ok(place), "{text}");
    }
}

/// A token that is taken.
#[must_use]
pub fn good_resume_token() -> String {
    let identity = Identity { kind: StreamKind::SyncStatus, subject: 0, incarnation: Uuid::from_u128(7) };
    let mut place = super::token::Place::default();
    place.position.xid = 4_711;
    place.included.insert(62_515, 12);
    identity.encode(&place)
}
