//! What can go wrong in a use case.

use thiserror::Error;

use crate::{
    domain::{Reason, Refusal},
    store::StoreError,
    vault::{OpenError, SealError},
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
    /// A secret could not be sealed or opened: the key ring does not fit the database.
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

impl From<SealError> for ControlError {
    fn from(_: SealError) -> Self {
        Self::Vault("sealed")
    }
}

impl From<OpenError> for ControlError {
    fn from(_: OpenError) -> Self {
        Self::Vault("opened")
    }
}
