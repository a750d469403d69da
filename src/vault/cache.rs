//! Data keys that a remote provider has unwrapped, for a short while: not every use of a secret is then a call.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use aws_lc_rs::digest;

use super::{DataKey, KeyId, envelope::framed};

/// A few hundred kilobytes at most.
const MAX_ENTRIES: usize = 4_096;

/// Bounded in number and time; what leaves it is wiped.
pub(super) struct DataKeyCache {
    ttl: Duration,
    entries: Mutex<HashMap<[u8; 32], (Instant, DataKey)>>,
}

/// Names what was unwrapped and for which place: at another place the same bytes are not found.
pub(super) type CacheKey = [u8; 32];

pub(super) fn cache_key(id: &KeyId, wrapped: &[u8], aad: &[u8]) -> CacheKey {
    let digest = digest::digest(&digest::SHA256, &framed([id.as_str().as_bytes(), wrapped, aad]));
    let mut key = [0; 32];
    key.copy_from_slice(digest.as_ref());
    key
}

impl DataKeyCache {
    /// One that remembers for so long; zero remembers nothing.
    pub(super) fn new(ttl: Duration) -> Self {
        Self { ttl, entries: Mutex::default() }
    }

    pub(super) fn get(&self, key: &CacheKey) -> Option<DataKey> {
        let mut entries = self.lock();
        match entries.get(key) {
            Some((since, data_key)) if since.elapsed() < self.ttl => Some(data_key.clone()),
            Some(_) => {
                entries.remove(key);
                None
            }
            None => None,
        }
    }

    pub(super) fn put(&self, key: CacheKey, data_key: &DataKey) {
        if self.ttl.is_zero() {
            return;
        }
        let mut entries = self.lock();
        if entries.len() >= MAX_ENTRIES {
            entries.retain(|_, (since, _)| since.elapsed() < self.ttl);
        }
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (Instant::now(), data_key.clone()));
    }

    /// What has run out leaves the memory also when nobody asks for it.
    pub(super) fn expire(&self) {
        self.lock().retain(|_, (since, _)| since.elapsed() < self.ttl);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<CacheKey, (Instant, DataKey)>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DataKeyCache {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DataKeyCache").field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    #[test]
    fn it_is_bounded_in_number_and_time() {
        let cache = DataKeyCache::new(Duration::from_secs(3_600));
        let data_key = DataKey::random().unwrap();
        let id = KeyId::parse("a").unwrap();
        let key = |number: usize| cache_key(&id, &number.to_be_bytes(), b"aad");
        for number in 0..=MAX_ENTRIES {
            cache.put(key(number), &data_key);
        }
        assert!(cache.lock().len() <= MAX_ENTRIES);
        assert!(cache.get(&key(MAX_ENTRIES)).is_some());
        assert!(cache.get(&cache_key(&id, &MAX_ENTRIES.to_be_bytes(), b"another place")).is_none());

        let forgetful = DataKeyCache::new(Duration::ZERO);
        forgetful.put(key(1), &data_key);
        assert!(forgetful.get(&key(1)).is_none() && forgetful.lock().is_empty());
        let short = DataKeyCache::new(Duration::from_nanos(1));
        short.put(key(1), &data_key);
        short.expire();
        assert!(short.lock().is_empty() && short.get(&key(1)).is_none());
    }
}
