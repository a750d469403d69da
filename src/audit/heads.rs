//! Signed statements over the heads of all chains: what finds a chain that was cut off or made anew as a whole.
//!
//! A statement names the heads that moved since the statement before it, whose digest it carries, and the root of a
//! Merkle tree over all heads. Whoever holds the statements finds every row again that was there when they were
//! signed, and finds a statement that is missing.
//!
//! Encodings are framed as in [`super::row`]. The leaf of a chain hashes `connector.audit.leaf.v1`, portal id, sequence
//! and hash; a node hashes `connector.audit.node.v1` and its two children; leaves are ordered by portal id, and one that
//! has no neighbour goes up as it is. The statement's digest hashes `connector.audit.heads.v1`, incarnation, number,
//! time, the digest before, count of chains, root, count of heads that moved, and for each its portal id, sequence and
//! hash. The signature is Ed25519 over the digest.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    key::{PublicKey, SigningKey},
    row::{Encoder, Hash, Head, microseconds},
};

const FORMAT: &str = "connector.audit.heads.v1";

/// A chain's head as a statement names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainHead {
    /// The portal's hub id.
    pub portal_id: i64,
    /// Its last row.
    pub sequence: i64,
    /// That row's hash.
    #[serde(with = "hex::serde")]
    pub hash: Hash,
}

impl ChainHead {
    /// The head.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { sequence: self.sequence, hash: self.hash }
    }
}

/// A statement, as its file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    format: String,
    /// Which database.
    pub incarnation: Uuid,
    /// From 1, without a gap.
    pub number: i64,
    /// When, by the database's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub signed_at: OffsetDateTime,
    /// The digest of the statement before; zeros for the first.
    #[serde(with = "hex::serde")]
    pub previous: Hash,
    /// How many chains there are.
    pub chains: i64,
    /// The root over all of them.
    #[serde(with = "hex::serde")]
    pub root: Hash,
    /// The heads that moved since the statement before.
    pub heads: Vec<ChainHead>,
    /// The key that signed.
    pub key_id: String,
    #[serde(with = "hex::serde")]
    signature: Vec<u8>,
}

/// What a statement follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Its number; 0 when there is none.
    pub number: i64,
    /// Its digest.
    pub digest: Hash,
}

impl Predecessor {
    /// No statement was made yet.
    pub const NONE: Self = Self { number: 0, digest: [0; 32] };
}

/// Why a file is no statement.
#[derive(Debug, Error)]
#[error("not a statement of the form {FORMAT}: {0}")]
pub struct FormError(String);

impl Statement {
    /// Signs the heads of all chains (`all`, by portal id), naming those that moved.
    #[must_use]
    pub fn sign(
        key: &SigningKey,
        incarnation: Uuid,
        after: Predecessor,
        signed_at: OffsetDateTime,
        all: &[ChainHead],
        moved: Vec<ChainHead>,
    ) -> Self {
        let mut statement = Self {
            format: FORMAT.to_owned(),
            incarnation,
            number: after.number + 1,
            signed_at,
            previous: after.digest,
            chains: i64::try_from(all.len()).unwrap_or(i64::MAX),
            root: root(all),
            heads: moved,
            key_id: key.public().id(),
            signature: Vec::new(),
        };
        statement.signature = key.sign(&statement.digest());
        statement
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`FormError`].
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let statement: Self = serde_json::from_str(text).map_err(|error| FormError(error.to_string()))?;
        if statement.format == FORMAT {
            return Ok(statement);
        }
        Err(FormError(format!("it says {:?}", statement.format)))
    }

    /// The file's text: one line of JSON.
    ///
    /// # Errors
    /// When it can't be put as JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }

    /// Whether it was signed by this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verify(&self.digest(), &self.signature)
    }

    /// The name of its file, in the order of the numbers.
    #[must_use]
    pub fn file_name(number: i64) -> String {
        format!("heads-{number:012}.json")
    }

    /// What is signed, and what the next statement carries.
    #[must_use]
    pub fn digest(&self) -> Hash {
        let mut encoder = Encoder::new(FORMAT.as_bytes());
        encoder.bytes(self.incarnation.as_bytes());
        encoder.number(self.number);
        encoder.number(microseconds(self.signed_at));
        encoder.bytes(&self.previous);
        encoder.number(self.chains);
        encoder.bytes(&self.root);
        encoder.count(self.heads.len());
        for head in &self.heads {
            encoder.number(head.portal_id);
            encoder.number(head.sequence);
            encoder.bytes(&head.hash);
        }
        encoder.finish()
    }

    /// What the next statement follows.
    #[must_use]
    pub fn as_predecessor(&self) -> Predecessor {
        Predecessor { number: self.number, digest: self.digest() }
    }
}

/// The root over heads that are ordered by portal id.
#[must_use]
pub fn root(heads: &[ChainHead]) -> Hash {
    let mut level: Vec<Hash> = heads
        .iter()
        .map(|head| {
            let mut leaf = Encoder::new(b"connector.audit.leaf.v1");
            leaf.number(head.portal_id);
            leaf.number(head.sequence);
            leaf.bytes(&head.hash);
            leaf.finish()
        })
        .collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => {
                    let mut node = Encoder::new(b"connector.audit.node.v1");
                    node.bytes(left);
                    node.bytes(right);
                    node.finish()
                }
                alone => alone.first().copied().unwrap_or_default(),
            })
            .collect();
    }
    level.first().copied().unwrap_or_default()
}
