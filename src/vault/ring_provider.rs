//! The key ring as a provider of keys. A ring in a file is looked at again when the file has changed, and at once when
//! a secret needs a key that it does not hold: another server may have seen the new file first.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::SystemTime,
};

use futures::future::{BoxFuture, FutureExt as _, ready};

use super::{
    DataKey, FingerprintKeys, KeyError, KeyId, KeyProvider, KeyRing, KeyRingError, KeySet, envelope,
};

/// Keys of other providers begin like this; a ring must not have one of these names.
pub(super) const RESERVED_PREFIX: &str = "transit.";

/// The key ring of a file, or one that can't change while the process runs.
#[derive(Debug)]
pub struct RingProvider {
    path: Option<PathBuf>,
    ring: RwLock<Arc<KeyRing>>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The file as it was when it was last read, also when it could not be used: it is complained of once.
    file: Option<FileState>,
    /// The key that seals: a file without it is not taken over.
    needed: Option<KeyId>,
}

/// What tells a changed file from an unchanged one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileState {
    modified: Option<SystemTime>,
    len: u64,
    /// A file that was put in the place of another has another one.
    inode: u64,
}

impl FileState {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: metadata.modified().ok(), len: metadata.len(), inode })
    }
}

impl RingProvider {
    /// The ring of a file, followed as it changes.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn of_file(path: &Path) -> Result<Self, KeyRingError> {
        let seen = Seen { file: FileState::of(path), needed: None };
        let ring = KeyRing::load(path)?;
        Ok(Self { path: Some(path.to_owned()), ring: RwLock::new(Arc::new(ring)), seen: Mutex::new(seen) })
    }

    /// A ring that stays as it is.
    #[must_use]
    pub fn fixed(ring: KeyRing) -> Self {
        Self { path: None, ring: RwLock::new(Arc::new(ring)), seen: Mutex::default() }
    }

    /// The keys for fingerprints, which never change.
    #[must_use]
    pub fn fingerprint_keys(&self) -> FingerprintKeys {
        self.ring().fingerprint_keys().clone()
    }

    fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the file anew if it has changed since it was last looked at.
    fn reload(&self, needed: Option<&KeyId>) -> Result<(), KeyError> {
        let Some(path) = &self.path else { return Ok(()) };
        let now = FileState::of(path);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if needed.is_some() {
            seen.needed = needed.cloned();
        }
        if seen.file == now {
            return Ok(());
        }
        let before = self.ring();
        let loaded = KeyRing::load(path)
            .and_then(|ring| ring.may_replace(&before, seen.needed.as_ref()).map(|()| ring));
        seen.file = now;
        match loaded {
            Ok(ring) => {
                for lost in before.ids().filter(|id| ring.key(id).is_none()) {
                    tracing::warn!(key_id = lost.as_str(), "a key left the key ring");
                }
                tracing::info!(current = ?ring.current_id(), "the key ring was read again");
                *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the changed key ring is not used; the one before it stays");
                Err(KeyError::Unavailable(error.to_string()))
            }
        }
    }

    /// The ring that holds this key: the one in memory, or else what the file says now.
    fn ring_with(&self, id: &KeyId) -> Result<Arc<KeyRing>, KeyError> {
        let ring = self.ring();
        if ring.key(id).is_some() {
            return Ok(ring);
        }
        // A file that can't be used leaves the ring as it is, and so the key unknown.
        let _ = self.reload(None);
        let ring = self.ring();
        if ring.key(id).is_some() { Ok(ring) } else { Err(KeyError::Unknown(id.clone())) }
    }

    fn wrap_now(&self, id: &KeyId, data_key: &DataKey, aad: &[u8]) -> Result<Vec<u8>, KeyError> {
        let ring = self.ring_with(id)?;
        let key = ring.key(id).ok_or_else(|| KeyError::Unknown(id.clone()))?;
        envelope::seal_part(key, aad, data_key.expose()).map_err(|_| KeyError::Randomness)
    }

    fn unwrap_now(&self, id: &KeyId, wrapped: &[u8], aad: &[u8]) -> Result<DataKey, KeyError> {
        let ring = self.ring_with(id)?;
        let key = ring.key(id).ok_or_else(|| KeyError::Unknown(id.clone()))?;
        let bytes = envelope::open_part(key, aad, wrapped).map_err(|_| KeyError::Rejected)?;
        DataKey::from_bytes(bytes.expose()).ok_or(KeyError::Rejected)
    }
}

impl KeyProvider for RingProvider {
    fn owns(&self, id: &KeyId) -> bool {
        !id.as_str().starts_with(RESERVED_PREFIX)
    }

    fn keys(&self) -> KeySet {
        let ring = self.ring();
        KeySet { newest: ring.current_id().cloned(), held: ring.ids().cloned().collect(), family: None }
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn refresh<'a>(&'a self, needed: Option<&'a KeyId>) -> BoxFuture<'a, Result<(), KeyError>> {
        ready(self.reload(needed.filter(|id| self.owns(id)))).boxed()
    }

    /// A ring is changed by its operator; this only looks whether that was done.
    fn make_key(&self) -> BoxFuture<'_, Result<Option<KeyId>, KeyError>> {
        ready(self.reload(None).map(|()| self.ring().current_id().cloned())).boxed()
    }

    fn given_up_with(&self, id: &KeyId) -> Vec<KeyId> {
        vec![id.clone()]
    }

    /// A ring is changed by its operator, who may take the key out from now on.
    fn retire<'a>(&'a self, _id: &'a KeyId) -> BoxFuture<'a, Result<(), KeyError>> {
        ready(Ok(())).boxed()
    }

    fn wrap<'a>(
        &'a self,
        id: &'a KeyId,
        data_key: &'a DataKey,
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        ready(self.wrap_now(id, data_key, aad)).boxed()
    }

    fn unwrap<'a>(
        &'a self,
        id: &'a KeyId,
        wrapped: &'a [u8],
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        ready(self.unwrap_now(id, wrapped, aad)).boxed()
    }
}
