//! Resume tokens: which stream, of which database, and where in it. Opaque to clients, valid on every replica.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::{domain::Reason, store::Position};

const FORMAT: u8 = 1;
/// Format, stream, incarnation, subject, and a position of three numbers.
const LENGTH: usize = 1 + 1 + 16 + 16 + 3 * 8;

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
    pub(super) fn encode(&self, position: Position) -> String {
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend([FORMAT, self.kind as u8]);
        bytes.extend(self.incarnation.as_bytes());
        bytes.extend(self.subject.to_be_bytes());
        for number in [position.xid, position.portal_id, position.revision] {
            bytes.extend(number.to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a token of this stream names.
    ///
    /// # Errors
    /// `RESUME_TOKEN_INVALID` for anything else: another stream's, another database's, no token at all.
    pub(super) fn decode(&self, token: &str) -> Result<Position, Reason> {
        let invalid = Reason::ResumeTokenInvalid;
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid)?;
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| invalid)?;
        let (identity, place) = bytes.split_at(LENGTH - 24);
        if self.encode(Position::default()).get(..) != Some(URL_SAFE_NO_PAD.encode(zeroed(identity)).as_str())
        {
            return Err(invalid);
        }
        let mut numbers = place.chunks_exact(8).map(|chunk| chunk.try_into().map_or(-1, i64::from_be_bytes));
        let mut next = || numbers.next().filter(|number| *number >= 0).ok_or(invalid);
        Ok(Position { xid: next()?, portal_id: next()?, revision: next()? })
    }
}

/// The identity part followed by a position of zeros.
fn zeroed(identity: &[u8]) -> Vec<u8> {
    let mut bytes = identity.to_vec();
    bytes.resize(LENGTH, 0);
    bytes
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
        fn a_token_names_its_place_and_belongs_to_its_stream(xid in 0i64.., portal_id in 0i64.., revision in 0i64..) {
            let position = Position { xid, portal_id, revision };
            let token = identity().encode(position);
            prop_assert_eq!(identity().decode(&token), Ok(position));
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
