//! Sealing of secrets before they go to the database, and keyed fingerprints of them.
//!
//! Every secret has a data key of its own, and a key of a [`KeyProvider`] wraps that data key: changing the provider's
//! key re-wraps small headers and leaves the secrets themselves alone. A sealed value opens only in the place that
//! it was sealed for: table, row, field and version are authenticated with it, so moving it to another row is
//! noticed. Only cryptography of aws-lc-rs; no SQL, no vendor, no configuration in here.

mod cache;
mod envelope;
mod key_ring;
mod provider;
mod ring_file;
mod ring_provider;
#[cfg(test)]
mod rotation_tests;
mod secret;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_lc_rs::hmac;

use cache::{DataKeyCache, cache_key};
use envelope::Envelope;
pub use envelope::OpenError;
pub use key_ring::{FingerprintKeys, KeyId, KeyRing, KeyRingError};
pub use provider::{DataKey, KeyError, KeyProvider, KeySet};
pub use ring_provider::RingProvider;
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

/// Seals and opens.
#[derive(Debug)]
pub struct Vault {
    fingerprints: FingerprintKeys,
    /// The first one is where new keys come from.
    providers: Vec<Arc<dyn KeyProvider>>,
    /// The key that seals; the newest one until somebody says which.
    sealing: RwLock<Option<KeyId>>,
    data_keys: DataKeyCache,
}

impl Vault {
    /// A vault over these holders of keys; the first one is where new keys come from. Data keys that a remote one
    /// unwrapped are remembered for `remember`.
    #[must_use]
    pub fn new(
        fingerprints: FingerprintKeys,
        providers: Vec<Arc<dyn KeyProvider>>,
        remember: Duration,
    ) -> Self {
        Self { fingerprints, providers, sealing: RwLock::new(None), data_keys: DataKeyCache::new(remember) }
    }

    /// A vault over one key ring that does not change.
    #[must_use]
    pub fn of_ring(ring: KeyRing) -> Self {
        let fingerprints = ring.fingerprint_keys().clone();
        Self::new(fingerprints, vec![Arc::new(RingProvider::fixed(ring))], Duration::ZERO)
    }

    /// Encrypts the secret for this place under the key that seals. With a key of the ring the result is 92 bytes
    /// longer than the secret, plus the key id.
    ///
    /// # Errors
    /// When the key is not at hand; [`KeyError`] says why.
    pub async fn seal(&self, context: &SealContext<'_>, secret: &SecretBytes) -> Result<Vec<u8>, KeyError> {
        let data_key = DataKey::random()?;
        let secret = envelope::encrypt(context, &data_key, secret).map_err(|_| KeyError::Randomness)?;
        self.wrap(context, &data_key, &secret).await
    }

    /// Decrypts what [`seal`](Self::seal) made for the same place, under any key that is held.
    ///
    /// # Errors
    /// See [`OpenError`]. It never tells which part did not match.
    pub async fn open(&self, context: &SealContext<'_>, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
        let envelope = Envelope::parse(sealed)?;
        let data_key = self.unwrap(context, &envelope).await?;
        envelope::decrypt(context, &data_key, envelope.secret)
    }

    /// The same secret with its data key wrapped by the key that seals; `None` when it is already.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn rewrap(
        &self,
        context: &SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Option<Vec<u8>>, OpenError> {
        let envelope = Envelope::parse(sealed)?;
        if self.sealing_key().as_ref() == Some(&envelope.key_id) {
            return Ok(None);
        }
        let data_key = self.unwrap(context, &envelope).await?;
        // A row whose secret does not open is not made to look as good as new.
        envelope::decrypt(context, &data_key, envelope.secret)?;
        Ok(Some(self.wrap(context, &data_key, envelope.secret).await?))
    }

    async fn wrap(
        &self,
        context: &SealContext<'_>,
        data_key: &DataKey,
        secret: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        let id = self.sealing_key().ok_or_else(|| KeyError::Unavailable("there is no key".to_owned()))?;
        let provider = self.provider(&id)?;
        let aad = envelope::data_key_aad(context, &id);
        let wrapped = provider.wrap(&id, data_key, &aad).await?;
        if provider.is_remote() {
            self.data_keys.put(cache_key(&id, &wrapped, &aad), data_key);
        }
        Envelope::compose(&id, &wrapped, secret)
            .ok_or_else(|| KeyError::Unavailable("the wrapped key is too long".to_owned()))
    }

    async fn unwrap(&self, context: &SealContext<'_>, envelope: &Envelope<'_>) -> Result<DataKey, OpenError> {
        let provider = self.provider(&envelope.key_id)?;
        let aad = envelope::data_key_aad(context, &envelope.key_id);
        if !provider.is_remote() {
            return Ok(provider.unwrap(&envelope.key_id, envelope.wrapped, &aad).await?);
        }
        let name = cache_key(&envelope.key_id, envelope.wrapped, &aad);
        if let Some(data_key) = self.data_keys.get(&name) {
            return Ok(data_key);
        }
        let data_key = provider.unwrap(&envelope.key_id, envelope.wrapped, &aad).await?;
        self.data_keys.put(name, &data_key);
        Ok(data_key)
    }

    fn provider(&self, id: &KeyId) -> Result<&Arc<dyn KeyProvider>, KeyError> {
        self.providers.iter().find(|provider| provider.owns(id)).ok_or_else(|| KeyError::Unknown(id.clone()))
    }

    /// The key that seals.
    #[must_use]
    pub fn sealing_key(&self) -> Option<KeyId> {
        let chosen = self.sealing.read().unwrap_or_else(PoisonError::into_inner).clone();
        chosen.or_else(|| self.keys().newest)
    }

    /// Seals with this key from now on.
    pub fn seal_with(&self, id: KeyId) {
        *self.sealing.write().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// All keys that are held, and the newest one of where new keys come from.
    #[must_use]
    pub fn keys(&self) -> KeySet {
        let mut all = KeySet::default();
        for (position, provider) in self.providers.iter().enumerate() {
            let keys = provider.keys();
            if position == 0 {
                all.newest = keys.newest;
            }
            all.held.extend(keys.held);
            all.family = all.family.or(keys.family);
        }
        all
    }

    /// Looks for new keys; the one that seals must stay. What can't be read leaves everything as it was.
    ///
    /// # Errors
    /// The first provider's that failed; the others are looked at all the same.
    pub async fn refresh(&self) -> Result<(), KeyError> {
        self.data_keys.expire();
        let needed = self.sealing_key();
        let mut outcome = Ok(());
        for provider in &self.providers {
            outcome = outcome.and(provider.refresh(needed.as_ref()).await);
        }
        outcome
    }

    /// Has a new key made where that is possible, and returns the newest one.
    ///
    /// # Errors
    /// When the provider does not answer.
    pub async fn make_key(&self) -> Result<Option<KeyId>, KeyError> {
        match self.providers.first() {
            Some(provider) => provider.make_key().await,
            None => Ok(None),
        }
    }

    /// The keys that giving this one up ends with it.
    ///
    /// # Errors
    /// When it is nobody's.
    pub fn given_up_with(&self, id: &KeyId) -> Result<Vec<KeyId>, KeyError> {
        Ok(self.provider(id)?.given_up_with(id))
    }

    /// Gives a key up for ever, where that is possible.
    ///
    /// # Errors
    /// When its provider does not answer.
    pub async fn retire(&self, id: &KeyId) -> Result<(), KeyError> {
        self.provider(id)?.retire(id).await
    }

    /// A name for a secret that lets two be compared and nothing be guessed: HMAC-SHA256 as 64 hex digits. It stays
    /// the same when the key changes. `kind` keeps equal secrets of different kinds apart.
    #[must_use]
    pub fn fingerprint(&self, kind: &str, secret: &SecretBytes) -> String {
        let mut context = hmac::Context::with_key(self.fingerprints.fingerprint_key());
        context.update(&envelope::framed([kind.as_bytes()]));
        context.update(secret.expose());
        hex::encode(context.sign())
    }

    /// A keyed hash of a request's body, which may hold secrets: HMAC-SHA256 under another key than
    /// [`fingerprint`](Self::fingerprint)'s, and as stable.
    #[must_use]
    pub fn payload_hash(&self, payload: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(hmac::sign(self.fingerprints.payload_key(), payload).as_ref());
        hash
    }
}
