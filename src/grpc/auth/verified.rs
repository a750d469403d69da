//! Tokens that were verified before: a signature costs more than most calls, and a caller shows the same token for
//! minutes.
//!
//! What is kept is that a token was verified, by its hash and never the token. What it allows is judged anew at each
//! call: [`Tokens::look_again`](super::jwt::Tokens::look_again) sees the key that was revoked and the end that has come.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};

use super::jwt::KnownToken;

/// Tokens that are kept. Only an issuer's own get here; one that is left out is verified again.
pub(super) const KEPT: usize = 4_096;

/// A token's SHA-256.
type Hash = [u8; 32];

/// What is remembered of tokens.
#[derive(Default)]
pub(super) struct Verified(Mutex<HashMap<Hash, Arc<KnownToken>>>);

impl Verified {
    /// The token, if it was verified before.
    pub(super) fn get(&self, token: &[u8]) -> Option<Arc<KnownToken>> {
        self.tokens().get(&hash(token)?).cloned()
    }

    /// Remembers a token. When there are too many, all are forgotten that `is_good` says no longer hold, or else all.
    pub(super) fn keep(&self, token: &[u8], known: &Arc<KnownToken>, is_good: impl Fn(&KnownToken) -> bool) {
        let Some(hash) = hash(token) else { return };
        let mut tokens = self.tokens();
        if tokens.len() >= KEPT {
            tokens.retain(|_, known| is_good(known));
        }
        if tokens.len() >= KEPT {
            tokens.clear();
        }
        tokens.insert(hash, Arc::clone(known));
    }

    /// Forgets a token that no longer holds.
    pub(super) fn forget(&self, token: &[u8]) {
        if let Some(hash) = hash(token) {
            self.tokens().remove(&hash);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.tokens().len()
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Hash, Arc<KnownToken>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(token: &[u8]) -> Option<Hash> {
    digest(&SHA256, token).as_ref().try_into().ok()
}
