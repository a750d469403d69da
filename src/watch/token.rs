//! Resume tokens: which stream, of which database, and where in it. Opaque to clients, valid on every replica.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{domain::Reason, store::Position};

const FORMAT: u8 = 1;
/// Format, stream, incarnation, subject, and a position of three numbers.
const LENGTH: usize = 1 + 1 + 16 + 16 + 3 * 8;
/// A portal and a revision.
const INCLUDED_LENGTH: usize = 2 * 8;
/// Portals that a token names at most. It stays below what a request may carry.
pub(super) const MAX_INCLUDED: usize = 64;

/// A place in a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Everything up to it has been seen. The default is before everything: the stream begins anew.
    pub(super) position: Position,
    /// Portals of which events after the position have been seen as well, in a snapshot: up to these revisions.
    pub(super) included: BTreeMap<i64, i64>,
}

/// Which stream a token belongs to. The numbers are part of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamKind {
    Setup = 1,
    TestContact = 2,
    Connections = 3,
    SyncStatus = 4,
}

/// What a token names beside the place in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) kind: StreamKind,
    /// The setup, the test contact, or the portal; zero for all portals.
    pub(super) subject: u128,
    /// The database.
    pub(super) incarnation: Uuid,
}

impl Identity {
    /// The token for a place in this stream. A stream over one portal uses the revision alone.
    pub(super) fn encode(&self, place: &Place) -> String {
        let mut bytes = self.begin();
        let Place { position, included } = place;
        let included = included.iter().flat_map(|(portal_id, revision)| [*portal_id, *revision]);
        for number in [position.xid, position.portal_id, position.revision].into_iter().chain(included) {
            bytes.extend(number.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn begin(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend([FORMAT, self.kind as u8]);
        bytes.extend(self.incarnation.as_bytes());
        bytes.extend(self.subject.to_be_bytes());
        bytes
    }

    /// The place that a token of this stream names.
    ///
    /// # Errors
    /// `RESUME_TOKEN_INVALID` for anything else: another stream's, another database's, no token at all.
    pub(super) fn decode(&self, token: &str) -> Result<Place, Reason> {
        self.read(token).ok_or(Reason::ResumeTokenInvalid)
    }

    fn read(&self, token: &str) -> Option<Place> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (numbers, rest) = bytes.strip_prefix(self.begin().as_slice())?.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| i64::from_be_bytes(*number));
        let count = bytes.len().checked_sub(LENGTH)? / INCLUDED_LENGTH;
        let whole = rest.is_empty() && LENGTH + count * INCLUDED_LENGTH == bytes.len();
        if !whole || count > MAX_INCLUDED || numbers.clone().any(|number| number < 0) {
            return None;
        }
        let position =
            Position { xid: numbers.next()?, portal_id: numbers.next()?, revision: numbers.next()? };
        let mut included = BTreeMap::new();
        while let Some(portal_id) = numbers.next() {
            included.insert(portal_id, numbers.next()?);
        }
        Some(Place { position, included })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn identity() -> Identity {
        Identity { kind: StreamKind::Setup, subject: 7, incarnation: Uuid::from_u128(1) }
    }

    proptest! {
        #[test]
        fn a_token_names_its_place_and_belongs_to_its_stream(
            xid in 0i64..,
            portal_id in 0i64..,
            revision in 0i64..,
            included in prop::collection::btree_map(1i64.., 0i64.., 0..=MAX_INCLUDED),
        ) {
            let place = Place { position: Position { xid, portal_id, revision }, included };
            let token = identity().encode(&place);
            prop_assert!(token.len() < 2_048);
            prop_assert_eq!(identity().decode(&token), Ok(place));
            prop_assert!(identity().decode(token.get(..token.len() - 4).unwrap_or_default()).is_err());
            let others = [
                Identity { kind: StreamKind::TestContact, ..identity() },
                Identity { subject: 8, ..identity() },
                Identity { incarnation: Uuid::from_u128(2), ..identity() },
            ];
            for other in others {
                prop_assert_eq!(other.decode(&token), Err(Reason::ResumeTokenInvalid));
            }
        }

        #[test]
        fn nothing_else_is_a_token(text in "\\PC{0,120}") {
            prop_assert_eq!(identity().decode(&text), Err(Reason::ResumeTokenInvalid));
        }
    }
}
