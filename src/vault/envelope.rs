//! The bytes of a sealed secret.
//!
//! ```text
//! version 1 | key id length 1 | key id | wrapped length 2 | wrapped data key | secret: nonce 12, sealed n + tag 16
//! ```
//!
//! The data key is used for one secret only, with AES-256-GCM. How it is wrapped is its provider's affair; the key ring
//! does it by AES-256-GCM with a random nonce, once per secret, far from the 2³² that this allows per key.
//!
//! The database reads the key id at its place as well (`secrets.key_id`): moving it takes a migration.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    error::Unspecified,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{DataKey, KeyError, KeyId, SealContext, SecretBytes};

const VERSION: u8 = 1;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;
pub(super) const KEY_LEN: usize = 32;

const DATA_KEY_DOMAIN: &[u8] = b"connector/vault/1/data-key";
const SECRET_DOMAIN: &[u8] = b"connector/vault/1/secret";

/// Why a sealed secret does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// These bytes were not made by this vault, or were cut.
    #[error("the sealed value is malformed")]
    Malformed,
    /// Sealed by a newer release than this one.
    #[error("the sealed value has the unknown format version {0}")]
    UnknownVersion(u8),
    /// Sealed with a key that nobody holds here (any more).
    #[error("the sealed value needs key {0:?}, which is not held")]
    UnknownKey(KeyId),
    /// Changed, moved to another place, or sealed with another key of the same name.
    #[error("the sealed value does not belong here or was changed")]
    Rejected,
    /// The service that holds the keys does not answer.
    #[error("{0}")]
    Unavailable(String),
}

impl From<KeyError> for OpenError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unknown(id) => Self::UnknownKey(id),
            KeyError::Rejected => Self::Rejected,
            KeyError::Unavailable(words) => Self::Unavailable(words),
            KeyError::Randomness => Self::Unavailable(KeyError::Randomness.to_string()),
        }
    }
}

/// A sealed secret taken apart.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) key_id: KeyId,
    pub(super) wrapped: &'a [u8],
    /// Nonce, ciphertext and tag; the same under whatever key the data key is wrapped.
    pub(super) secret: &'a [u8],
}

impl<'a> Envelope<'a> {
    pub(super) fn parse(sealed: &'a [u8]) -> Result<Self, OpenError> {
        let (&version, rest) = sealed.split_first().ok_or(OpenError::Malformed)?;
        if version != VERSION {
            return Err(OpenError::UnknownVersion(version));
        }
        let (&key_id_len, rest) = rest.split_first().ok_or(OpenError::Malformed)?;
        let (key_id, rest) = rest.split_at_checked(usize::from(key_id_len)).ok_or(OpenError::Malformed)?;
        let key_id = std::str::from_utf8(key_id).ok().and_then(|id| KeyId::parse(id).ok());
        let key_id = key_id.ok_or(OpenError::Malformed)?;
        let (&wrapped_len, rest) = rest.split_first_chunk().ok_or(OpenError::Malformed)?;
        let wrapped_len = usize::from(u16::from_be_bytes(wrapped_len));
        let (wrapped, secret) = rest.split_at_checked(wrapped_len).ok_or(OpenError::Malformed)?;
        Ok(Self { key_id, wrapped, secret })
    }

    pub(super) fn compose(key_id: &KeyId, wrapped: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
        let key_id_len = u8::try_from(key_id.as_str().len()).ok()?;
        let wrapped_len = u16::try_from(wrapped.len()).ok()?;
        let mut sealed = vec![VERSION, key_id_len];
        sealed.extend_from_slice(key_id.as_str().as_bytes());
        sealed.extend_from_slice(&wrapped_len.to_be_bytes());
        sealed.extend_from_slice(wrapped);
        sealed.extend_from_slice(secret);
        Some(sealed)
    }
}

/// Encrypts a secret for its place under its data key.
pub(super) fn encrypt(
    context: &SealContext<'_>,
    data_key: &DataKey,
    secret: &SecretBytes,
) -> Result<Vec<u8>, Unspecified> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, data_key.expose())?;
    seal_part(&key, &secret_aad(context), secret.expose())
}

/// The reverse of [`encrypt`].
pub(super) fn decrypt(
    context: &SealContext<'_>,
    data_key: &DataKey,
    secret: &[u8],
) -> Result<SecretBytes, OpenError> {
    let key = RandomizedNonceKey::new(&AES_256_GCM, data_key.expose()).map_err(|_| OpenError::Rejected)?;
    open_part(&key, &secret_aad(context), secret)
}

/// Nonce, ciphertext and tag.
pub(super) fn seal_part(key: &RandomizedNonceKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, Unspecified> {
    // Room for the tag from the start: growing would leave a copy of the plain bytes behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_LEN));
    buffer.extend_from_slice(plain);
    let nonce = key.seal_in_place_append_tag(Aad::from(aad), &mut *buffer)?;
    let mut part = Vec::with_capacity(NONCE_LEN + buffer.len());
    part.extend_from_slice(nonce.as_ref());
    part.extend_from_slice(&buffer);
    Ok(part)
}

pub(super) fn open_part(key: &RandomizedNonceKey, aad: &[u8], part: &[u8]) -> Result<SecretBytes, OpenError> {
    let (nonce, sealed) = part.split_at_checked(NONCE_LEN).ok_or(OpenError::Malformed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| OpenError::Malformed)?;
    let mut buffer = sealed.to_vec();
    match key.open_in_place(nonce, Aad::from(aad), &mut buffer) {
        Ok(plain) => {
            let plain_len = plain.len();
            buffer.truncate(plain_len);
            Ok(SecretBytes::new(buffer))
        }
        Err(Unspecified) => {
            buffer.zeroize();
            Err(OpenError::Rejected)
        }
    }
}

pub(super) fn data_key_aad(context: &SealContext<'_>, key_id: &KeyId) -> Vec<u8> {
    framed([
        DATA_KEY_DOMAIN,
        context.table.as_bytes(),
        context.row.as_bytes(),
        context.field.as_bytes(),
        &context.version.to_be_bytes(),
        key_id.as_str().as_bytes(),
    ])
}

/// Without the key id, so that wrapping the data key again leaves the secret's part as it is. The data key binds it:
/// it opens only under its key id.
fn secret_aad(context: &SealContext<'_>) -> Vec<u8> {
    framed([
        SECRET_DOMAIN,
        context.table.as_bytes(),
        context.row.as_bytes(),
        context.field.as_bytes(),
        &context.version.to_be_bytes(),
    ])
}

/// Each part behind its length: no two lists of parts give the same bytes.
pub(super) fn framed<const N: usize>(parts: [&[u8]; N]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        framed.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        framed.extend_from_slice(part);
    }
    framed
}
