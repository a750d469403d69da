//! What can go wrong in a use case.

use thiserror::Error;

use crate::{
    domain::{Reason, Refusal},
    store::StoreError,
    vault::{KeyError, OpenError},
};

/// A failure of a use case.
#[derive(Debug, Error)]
pub enum ControlError {
    /// A rule said no, or a vendor did; the caller learns why.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The database.
    #[error(transparent)]
    Store(StoreError),
    /// A key is not at hand right now. A job is tried again; a caller learns why.
    #[error("no key: {0}")]
    Keys(Refusal),
    /// A secret opened, and is not what it should be.
    #[error("a secret cannot be {0}")]
    Vault(&'static str),
}

impl From<StoreError> for ControlError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(refusal) => Self::Refused(refusal),
            other => Self::Store(other),
        }
    }
}

impl From<Reason> for ControlError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<KeyError> for ControlError {
    fn from(error: KeyError) -> Self {
        Self::from(OpenError::from(error))
    }
}

impl From<OpenError> for ControlError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownKey(id) => {
                Self::Keys(Refusal::new(Reason::KeyUnavailable).with("key_id", id.as_str()))
            }
            OpenError::Unavailable(words) => {
                Self::Keys(Refusal::new(Reason::KeyServiceUnavailable).with("message", words))
            }
            OpenError::Malformed | OpenError::UnknownVersion(_) | OpenError::Rejected => {
                Reason::StoredSecretUnreadable.into()
            }
        }
    }
}
