//! The bytes of a sealed secret.
//!
//! ```text
//! version 1 | key id length 1 | key id | data key: nonce 12, wrapped 32 + tag 16 | secret: nonce 12, sealed n + tag 16
//! ```
//!
//! Both parts are AES-256-GCM with random nonces. The data key is used for one secret only. The ring's key wraps one
//! data key per secret, far from the 2³² that a random nonce allows per key.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey},
    error::Unspecified,
    rand,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{KeyId, KeyRing, SealContext, SecretBytes};

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
    /// Sealed with a key that the ring does not hold (any more).
    #[error("the sealed value needs key {0:?}, which is not in the key ring")]
    UnknownKey(KeyId),
    /// Changed, moved to another place, or sealed with another key of the same name.
    #[error("the sealed value does not belong here or was changed")]
    Rejected,
}

pub(super) fn seal(
    ring: &KeyRing,
    context: &SealContext<'_>,
    secret: &SecretBytes,
) -> Result<Vec<u8>, Unspecified> {
    let (key_id, key) = ring.current();
    let mut data_key = Zeroizing::new([0; KEY_LEN]);
    rand::fill(data_key.as_mut_slice())?;

    let key_id_len = u8::try_from(key_id.as_str().len()).map_err(|_| Unspecified)?;
    let mut envelope = vec![VERSION, key_id_len];
    envelope.extend_from_slice(key_id.as_str().as_bytes());
    append_sealed(&mut envelope, key, &data_key_aad(context, key_id), data_key.as_slice())?;
    let data_key = RandomizedNonceKey::new(&AES_256_GCM, data_key.as_slice())?;
    append_sealed(&mut envelope, &data_key, &secret_aad(context), secret.expose())?;
    Ok(envelope)
}

fn append_sealed(
    envelope: &mut Vec<u8>,
    key: &RandomizedNonceKey,
    aad: &[u8],
    plain: &[u8],
) -> Result<(), Unspecified> {
    // Room for the tag from the start: growing would leave a copy of the plain bytes behind.
    let mut buffer = Zeroizing::new(Vec::with_capacity(plain.len() + TAG_LEN));
    buffer.extend_from_slice(plain);
    let nonce = key.seal_in_place_append_tag(Aad::from(aad), &mut *buffer)?;
    envelope.extend_from_slice(nonce.as_ref());
    envelope.extend_from_slice(&buffer);
    Ok(())
}

pub(super) fn open(
    ring: &KeyRing,
    context: &SealContext<'_>,
    sealed: &[u8],
) -> Result<SecretBytes, OpenError> {
    let (&version, rest) = sealed.split_first().ok_or(OpenError::Malformed)?;
    if version != VERSION {
        return Err(OpenError::UnknownVersion(version));
    }
    let (&key_id_len, rest) = rest.split_first().ok_or(OpenError::Malformed)?;
    let (key_id, rest) = rest.split_at_checked(usize::from(key_id_len)).ok_or(OpenError::Malformed)?;
    let key_id = std::str::from_utf8(key_id).ok().and_then(|id| KeyId::parse(id).ok());
    let key_id = key_id.ok_or(OpenError::Malformed)?;
    let (wrapped, rest) = rest.split_at_checked(NONCE_LEN + KEY_LEN + TAG_LEN).ok_or(OpenError::Malformed)?;
    let key = ring.key(&key_id).ok_or_else(|| OpenError::UnknownKey(key_id.clone()))?;

    let data_key = open_part(key, &data_key_aad(context, &key_id), wrapped)?;
    let data_key =
        RandomizedNonceKey::new(&AES_256_GCM, data_key.expose()).map_err(|_| OpenError::Rejected)?;
    open_part(&data_key, &secret_aad(context), rest)
}

fn open_part(key: &RandomizedNonceKey, aad: &[u8], part: &[u8]) -> Result<SecretBytes, OpenError> {
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

fn data_key_aad(context: &SealContext<'_>, key_id: &KeyId) -> Vec<u8> {
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
