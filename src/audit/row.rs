//! One row of a portal's chain, and its hash.
//!
//! The hash is SHA-256 over the fields below in this order. Each field is framed: its length in bytes as a big-endian
//! unsigned 32-bit number, then its bytes. Numbers are big-endian signed 64-bit; times are microseconds since 1970;
//! texts are UTF-8. What may be missing is framed as the one byte 0 when it is missing, else as the byte 1 and the
//! text. A list is its count as a number, then each element.
//!
//! 1. the text `connector.audit.row.v1`
//! 2. the hash of the row before; 32 zero bytes for the first
//! 3. portal id, sequence, revision, time
//! 4. principal, method, request id (16 bytes)
//! 5. call id and reason, each of which may be missing
//! 6. the list of kinds
//! 7. the details, letter by letter as stored

use aws_lc_rs::digest;
use time::OffsetDateTime;
use uuid::Uuid;

/// Names what is hashed and how: another encoding gets another name.
const DOMAIN: &[u8] = b"connector.audit.row.v1";

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many rows there are.
    pub sequence: i64,
    /// The hash of the last one.
    pub hash: Hash,
}

impl Head {
    /// The head of a chain that has no row.
    pub const START: Self = Self { sequence: 0, hash: [0; 32] };

    /// The row that comes next. Pure: the same draft after the same head is the same row.
    #[must_use]
    pub fn append(self, draft: Draft) -> Row {
        let mut row = Row { sequence: self.sequence + 1, prev_hash: self.hash, hash: [0; 32], draft };
        row.hash = row.computed_hash();
        row
    }
}

/// What a row tells, before it has its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The portal's hub id.
    pub portal_id: i64,
    /// The portal's revision after the change.
    pub revision: i64,
    /// The database's time, to the microsecond.
    pub occurred_at: OffsetDateTime,
    /// Who.
    pub principal: String,
    /// The RPC or the worker's step.
    pub method: String,
    /// The id that makes the mutation repeatable.
    pub request_id: Uuid,
    /// The id under which the call is found in logs.
    pub call_id: Option<String>,
    /// Why, where the caller said so.
    pub reason: Option<String>,
    /// The kinds of what changed.
    pub kinds: Vec<String>,
    /// JSON: before and after, without secrets.
    pub details: String,
}

/// A row in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place in the chain, from 1.
    pub sequence: i64,
    /// The hash of the row before it.
    pub prev_hash: Hash,
    /// Its hash.
    pub hash: Hash,
    /// What it tells.
    pub draft: Draft,
}

impl Row {
    /// The head of the chain that ends with this row.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }

    /// The hash that its content and its predecessor's hash give.
    #[must_use]
    pub fn computed_hash(&self) -> Hash {
        let draft = &self.draft;
        let mut encoder = Encoder::new(DOMAIN);
        encoder.bytes(&self.prev_hash);
        encoder.number(draft.portal_id);
        encoder.number(self.sequence);
        encoder.number(draft.revision);
        encoder.number(microseconds(draft.occurred_at));
        encoder.bytes(draft.principal.as_bytes());
        encoder.bytes(draft.method.as_bytes());
        encoder.bytes(draft.request_id.as_bytes());
        encoder.optional(draft.call_id.as_deref());
        encoder.optional(draft.reason.as_deref());
        encoder.count(draft.kinds.len());
        for kind in &draft.kinds {
            encoder.bytes(kind.as_bytes());
        }
        encoder.bytes(draft.details.as_bytes());
        encoder.finish()
    }
}

/// Microseconds since 1970, rounded down as the database stores them.
pub(super) fn microseconds(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// Hashes framed fields, so that no two lists of fields give the same bytes.
pub(super) struct Encoder(digest::Context);

impl Encoder {
    pub(super) fn new(domain: &[u8]) -> Self {
        let mut encoder = Self(digest::Context::new(&digest::SHA256));
        encoder.bytes(domain);
        encoder
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        // A field of 4 GiB does not fit into memory here, let alone into a row.
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes);
    }

    pub(super) fn number(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    pub(super) fn count(&mut self, count: usize) {
        self.number(i64::try_from(count).unwrap_or(i64::MAX));
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            None => self.bytes(&[0]),
            Some(text) => {
                let mut bytes = Vec::with_capacity(text.len() + 1);
                bytes.push(1);
                bytes.extend_from_slice(text.as_bytes());
                self.bytes(&bytes);
            }
        }
    }

    pub(super) fn finish(self) -> Hash {
        let mut hash = [0; 32];
        // Both are 32 bytes long.
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    fn draft() -> Draft {
        Draft {
            portal_id: 10_000_001,
            revision: 7,
            occurred_at: OffsetDateTime::from_unix_timestamp_nanos(1_790_000_000_123_456_789).unwrap(),
            principal: "spiffe://acme/billing".to_owned(),
            method: "SyncService/PauseSync".to_owned(),
            request_id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
            call_id: Some("abc-1".to_owned()),
            reason: None,
            kinds: vec!["sync".to_owned()],
            details: r#"{"changes":[]}"#.to_owned(),
        }
    }

    /// The encoding as another program would write it down, from the comment above alone.
    fn by_hand(row: &Row) -> Hash {
        let mut bytes = Vec::new();
        let mut frame = |field: &[u8]| {
            bytes.extend_from_slice(&(field.len() as u32).to_be_bytes());
            bytes.extend_from_slice(field);
        };
        frame(b"connector.audit.row.v1");
        frame(&row.prev_hash);
        for number in [row.draft.portal_id, row.sequence, row.draft.revision, 1_790_000_000_123_456] {
            frame(&number.to_be_bytes());
        }
        frame(row.draft.principal.as_bytes());
        frame(row.draft.method.as_bytes());
        frame(row.draft.request_id.as_bytes());
        frame(b"\x01abc-1");
        frame(b"\x00");
        frame(&1_i64.to_be_bytes());
        frame(b"sync");
        frame(row.draft.details.as_bytes());
        digest::digest(&digest::SHA256, &bytes).as_ref().try_into().unwrap()
    }

    #[test]
    fn a_row_hashes_to_what_is_documented() {
        let first = Head::START.append(draft());
        assert_eq!((first.sequence, first.prev_hash), (1, [0; 32]));
        assert_eq!(first.hash, by_hand(&first));
        let second = first.head().append(draft());
        assert_eq!((second.sequence, second.prev_hash), (2, first.hash));
        assert_eq!(second.hash, by_hand(&second));
        // Whoever changes the encoding must change its name, and finds that here.
        assert_eq!(
            hex::encode(second.hash),
            "b835d1f0a3aa62b6380dea95aefc53488cf5058990cf0f3589f2725f99d35ae5"
        );
    }

    #[test]
    fn text_that_moves_from_one_field_to_the_next_gives_another_hash() {
        let plain = Head::START.append(draft());
        let moved = |edit: fn(&mut Draft)| {
            let mut draft = draft();
            edit(&mut draft);
            Head::START.append(draft).hash
        };
        let others = [
            moved(|draft| draft.principal.push('S')),
            moved(|draft| draft.method = draft.principal.split_off(5) + &draft.method),
            moved(|draft| draft.reason = draft.call_id.take()),
            moved(|draft| draft.reason = Some(String::new())),
            moved(|draft| draft.kinds = vec!["sy".to_owned(), "nc".to_owned()]),
            moved(|draft| draft.kinds.clear()),
        ];
        for other in others {
            assert_ne!(other, plain.hash);
        }
    }
}
