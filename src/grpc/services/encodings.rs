//! What many watch is put into words and encoded once.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use uuid::Uuid;

use crate::{domain::PortalId, locale::Language};

/// Encodings that are kept. Whoever is further behind than that has its own made.
const KEPT: usize = 256;

/// Names what the same bytes are sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// The response message.
    pub(super) response: &'static str,
    /// The setup or the test contact; nil where the portal says it all.
    pub(super) subject: Uuid,
    pub(super) portal_id: PortalId,
    /// An event is never changed: its revision stands for what it tells.
    pub(super) revision: i64,
    pub(super) language: Language,
}

/// Encoded transitions of the last events.
#[derive(Default)]
pub(super) struct Encodings(Mutex<HashMap<Key, Bytes>>);

impl Encodings {
    /// The encoding of a key, made by `encode` for whoever comes first.
    pub(super) fn of(&self, key: Key, encode: impl FnOnce() -> Bytes) -> Bytes {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return known.clone();
        }
        let encoded = encode();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, encoded.clone());
        encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(revision: i64, language: Language) -> Option<Key> {
        let portal_id = PortalId::parse(7)?;
        Some(Key { response: "WatchSetupResponse", subject: Uuid::nil(), portal_id, revision, language })
    }

    #[test]
    fn each_is_encoded_once_and_few_are_kept() {
        let encodings = Encodings::default();
        let of = |revision, language, bytes: &'static str| {
            key(revision, language).map(|key| encodings.of(key, || Bytes::from_static(bytes.as_bytes())))
        };
        assert_eq!(of(1, Language::En, "first"), Some("first".into()));
        assert_eq!(of(1, Language::En, "again"), Some("first".into()));
        assert_eq!(of(1, Language::Ja, "other language"), Some("other language".into()));
        assert_eq!(of(2, Language::En, "later"), Some("later".into()));
        for revision in 0..1_000 {
            let _ = of(revision, Language::En, "many");
        }
        assert!(encodings.0.lock().is_ok_and(|known| known.len() <= KEPT));
    }
}
