//! Sealing of secrets before they go to the database, and keyed fingerprints of them.
//!
//! Every secret has a data key of its own, and the key ring's current key wraps that data key: changing the ring's
//! key re-wraps small headers and leaves the secrets themselves alone. A sealed value opens only in the place that
//! it was sealed for: table, row, field and version are authenticated with it, so moving it to another row is
//! noticed. Only cryptography of aws-lc-rs; no SQL, no vendor, no configuration in here.

mod envelope;
mod key_ring;
mod secret;
#[cfg(test)]
mod tests;

use aws_lc_rs::hmac;

pub use envelope::OpenError;
pub use key_ring::{KeyId, KeyRing, KeyRingError};
pub use secret::SecretBytes;

/// The place that a sealed secret belongs to. It opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The row's key, in one fixed text form.
    pub row: &'a str,
    /// The column's name, or what the secret is within it.
    pub field: &'a str,
    /// Counts the values that this field has had: an older one can't be put back.
    pub version: u32,
}

/// Seals and opens with one key ring.
#[derive(Debug)]
pub struct Vault {
    ring: KeyRing,
}

impl Vault {
    /// A vault over this ring.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self { ring }
    }

    /// Encrypts the secret for this place under the ring's current key. The result is 90 bytes longer than the
    /// secret, plus the key id.
    ///
    /// # Errors
    /// [`SealError`] if the system has no randomness to give.
    pub fn seal(&self, context: &SealContext<'_>, secret: &SecretBytes) -> Result<Vec<u8>, SealError> {
        envelope::seal(&self.ring, context, secret).map_err(|_| SealError)
    }

    /// Decrypts what [`seal`](Self::seal) made for the same place, under any key of the ring.
    ///
    /// # Errors
    /// See [`OpenError`]. It never tells which part did not match.
    pub fn open(&self, context: &SealContext<'_>, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        envelope::open(&self.ring, context, sealed)
    }

    /// A name for a secret that lets two be compared and nothing be guessed: HMAC-SHA256 as 64 hex digits. It stays
    /// the same when the ring gets a new current key. `kind` keeps equal secrets of different kinds apart.
    #[must_use]
    pub fn fingerprint(&self, kind: &str, secret: &SecretBytes) -> String {
        let mut context = hmac::Context::with_key(self.ring.fingerprint_key());
        context.update(&envelope::framed([kind.as_bytes()]));
        context.update(secret.expose());
        hex::encode(context.sign())
    }

    /// A keyed hash of a request's body, which may hold secrets: HMAC-SHA256 under another key than
    /// [`fingerprint`](Self::fingerprint)'s, and as stable.
    #[must_use]
    pub fn payload_hash(&self, payload: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(self.ring.payload_key(), payload).as_ref());
        hash
    }
}

/// The system has no randomness to give, so nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be sealed")]
pub struct SealError;
