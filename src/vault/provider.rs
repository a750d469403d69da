//! Where the keys that wrap data keys come from: the key ring of a file or of the environment, or a key management
//! service. A provider only ever sees data keys, never a secret.

use std::fmt;

use aws_lc_rs::{error::Unspecified, rand};
use futures::future::BoxFuture;
use zeroize::Zeroizing;

use super::{KeyId, envelope::KEY_LEN};

/// The key that one secret is encrypted with. Wiped when dropped, and prints as nothing.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; KEY_LEN]>);

impl DataKey {
    /// A new random one.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        rand::fill(bytes.as_mut_slice()).map_err(|Unspecified| KeyError::Randomness)?;
        Ok(Self(bytes))
    }

    /// Takes bytes that a provider unwrapped; `None` unless they are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; KEY_LEN]);
        if bytes.len() != KEY_LEN {
            return None;
        }
        key.copy_from_slice(bytes);
        Some(Self(key))
    }

    /// The bytes themselves; don't copy them to memory that is not wiped.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DataKey([redacted])")
    }
}

/// Why a provider did not wrap or unwrap.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The provider does not hold this key (any more).
    #[error("key {0:?} is not held")]
    Unknown(KeyId),
    /// What was wrapped was changed or belongs elsewhere, or another key has the same name.
    #[error("the wrapped key does not belong here or was changed")]
    Rejected,
    /// The service that holds the keys did not answer, or not with a key. The text says what to do, and nothing
    /// secret.
    #[error("{0}")]
    Unavailable(String),
    /// The system has no randomness to give.
    #[error("no randomness for a new key")]
    Randomness,
}

/// The keys of a provider as last seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// The one that a rotation goes to.
    pub newest: Option<KeyId>,
    /// All that it opens with.
    pub held: Vec<KeyId>,
    /// It opens with every key whose id begins like this, also with those that it has not seen yet.
    pub family: Option<String>,
}

/// A holder of keys. What a key management service needs to implement to be used.
pub trait KeyProvider: Send + Sync + fmt::Debug {
    /// Whether a key with this id would be one of its own.
    fn owns(&self, id: &KeyId) -> bool;

    /// The keys as last seen.
    fn keys(&self) -> KeySet;

    /// Whether each use is a call over the network: its data keys are then remembered for a while.
    fn is_remote(&self) -> bool;

    /// Looks for new keys. `needed` must stay: a state without it is not taken over.
    fn refresh<'a>(&'a self, needed: Option<&'a KeyId>) -> BoxFuture<'a, Result<(), KeyError>>;

    /// Makes a new key if it can and returns the newest one.
    fn make_key(&self) -> BoxFuture<'_, Result<Option<KeyId>, KeyError>>;

    /// The keys that giving this one up ends with it; itself in any case.
    fn given_up_with(&self, id: &KeyId) -> Vec<KeyId>;

    /// Gives a key up for ever, if it can. Nothing is wrapped by it any more.
    fn retire<'a>(&'a self, id: &'a KeyId) -> BoxFuture<'a, Result<(), KeyError>>;

    /// Wraps a data key under this key. Whoever unwraps has to give the same `aad`.
    fn wrap<'a>(
        &'a self,
        id: &'a KeyId,
        data_key: &'a DataKey,
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KeyError>>;

    /// The reverse of [`wrap`](Self::wrap).
    fn unwrap<'a>(
        &'a self,
        id: &'a KeyId,
        wrapped: &'a [u8],
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<DataKey, KeyError>>;
}
