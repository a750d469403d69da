//! Keys in HashiCorp Vault's transit engine, over its documented HTTP API. The key never leaves Vault: it wraps and
//! unwraps data keys. The only room that speaks to Vault.
//!
//! Each version of the transit key is a key of ours, `transit.NAME.VERSION`. A data key is bound to its place as
//! `associated_data`, which `rewrap` does not know, and so wrapping anew is `decrypt` and `encrypt`.

mod client;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::future::{BoxFuture, FutureExt as _};
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::vault::{DataKey, KeyError, KeyId, KeyProvider, KeySet};
use client::{Client, Versions};

/// Ids of keys in the transit engine begin so.
const PREFIX: &str = "transit.";
/// How often the versions of the key are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// Versions that are named one by one.
const MOST_NAMED: usize = 20;
/// A version whose retirement would name more keys than this is a mistake.
const MAX_VERSION: u64 = 100_000;

/// Where Vault is and who calls it.
#[derive(Clone, Debug)]
pub struct TransitConfig {
    /// Scheme, host and port.
    pub address: url::Url,
    /// Where the transit engine is mounted.
    pub mount: String,
    /// The key's name, of `a–z 0–9 _ -`, up to 40 characters.
    pub key: String,
    /// File with the token.
    pub token_file: PathBuf,
    /// Vault's namespace.
    pub namespace: Option<String>,
    /// File with the roots of its certificate, in PEM.
    pub ca_file: Option<PathBuf>,
}

/// The configuration, or what Vault says of the key, can't work.
#[derive(Debug, thiserror::Error)]
pub enum TransitError {
    /// The key's name.
    #[error("vault.transit_key must be 1 to 40 characters of a-z 0-9 _ -")]
    Key,
    /// The mount.
    #[error("vault.transit_mount must be a path like transit or team/transit")]
    Mount,
    /// A file that is named can't be read.
    #[error("{setting} {}: {source}", path.display())]
    File {
        /// Which setting names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The HTTP client.
    #[error("vault.transit_ca_file: {0}")]
    Http(#[from] crate::outbound::HttpSetupError),
    /// The key there is none that data keys can be wrapped with.
    #[error(
        "the transit key must be of type aes256-gcm96, aes128-gcm96 or chacha20-poly1305, and neither derived nor \
         convergent; this one is {0}"
    )]
    Unsuitable(String),
    /// Vault gave no answer.
    #[error(transparent)]
    Vault(#[from] KeyError),
}

/// The versions of one key in the transit engine.
pub struct TransitKeys {
    client: Client,
    name: String,
    seen: Mutex<Seen>,
}

struct Seen {
    versions: Versions,
    at: Instant,
}

impl fmt::Debug for TransitKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TransitKeys").field("key", &self.name).finish_non_exhaustive()
    }
}

impl TransitKeys {
    /// Looks the key up, which shows that Vault answers and the token may read it.
    ///
    /// # Errors
    /// [`TransitError`] says what to do.
    pub async fn connect(config: &TransitConfig) -> Result<Self, TransitError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if !(1..=40).contains(&config.key.len()) || !config.key.bytes().all(is_allowed) {
            return Err(TransitError::Key);
        }
        let client = Client::new(config)?;
        let versions = client.versions().await?;
        let seen = Mutex::new(Seen { versions, at: Instant::now() });
        Ok(Self { client, name: config.key.clone(), seen })
    }

    fn family(&self) -> String {
        format!("{PREFIX}{}.", self.name)
    }

    fn id(&self, version: u64) -> Option<KeyId> {
        KeyId::parse(&format!("{}{version}", self.family())).ok()
    }

    /// The version that an id of ours names.
    fn version(&self, id: &KeyId) -> Result<u64, KeyError> {
        let version = id.as_str().strip_prefix(&self.family()).and_then(|version| version.parse().ok());
        version
            .filter(|version| self.id(*version).as_ref() == Some(id))
            .ok_or_else(|| KeyError::Unknown(id.clone()))
    }

    fn versions(&self) -> Versions {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).versions
    }

    async fn look(&self) -> Result<(), KeyError> {
        let looked = self.client.versions().await;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // Also when it failed: one that is away is not asked every second.
        seen.at = Instant::now();
        match looked {
            Ok(versions) => {
                seen.versions = versions;
                Ok(())
            }
            Err(error) => {
                let error = KeyError::from(error);
                tracing::warn!(%error, "the versions of the transit key were not read");
                Err(error)
            }
        }
    }

    async fn wrap_by(&self, id: &KeyId, data_key: &DataKey, aad: &[u8]) -> Result<Vec<u8>, KeyError> {
        let version = self.version(id)?;
        let plain = Zeroizing::new(BASE64_STANDARD.encode(data_key.expose()));
        let ciphertext = self.client.encrypt(plain.as_str(), &BASE64_STANDARD.encode(aad), version).await?;
        if version_of(&ciphertext) != Some(version) {
            return Err(KeyError::Unavailable(
                "Vault wrapped with another version than asked for".to_owned(),
            ));
        }
        Ok(ciphertext.into_bytes())
    }

    async fn unwrap_by(&self, id: &KeyId, wrapped: &[u8], aad: &[u8]) -> Result<DataKey, KeyError> {
        let version = self.version(id)?;
        let ciphertext = std::str::from_utf8(wrapped).map_err(|_| KeyError::Rejected)?;
        // The envelope names the key, and the ciphertext names it again.
        if version_of(ciphertext) != Some(version) {
            return Err(KeyError::Rejected);
        }
        let is_given_up = version < self.versions().oldest;
        let plain = self.client.decrypt(ciphertext, &BASE64_STANDARD.encode(aad)).await.map_err(|error| {
            // Vault refuses both a version that was given up and what was changed as a bad request.
            if error == KeyError::Rejected && is_given_up { KeyError::Unknown(id.clone()) } else { error }
        })?;
        decode(&plain).ok_or_else(|| KeyError::Unavailable("Vault's answer is not a data key".to_owned()))
    }
}

/// `vault:v3:…` is of version 3.
fn version_of(ciphertext: &str) -> Option<u64> {
    let (version, _) = ciphertext.strip_prefix("vault:v")?.split_once(':')?;
    version.parse().ok()
}

fn decode(plain: &SecretString) -> Option<DataKey> {
    use secrecy::ExposeSecret as _;

    let bytes = Zeroizing::new(BASE64_STANDARD.decode(plain.expose_secret()).ok()?);
    DataKey::from_bytes(&bytes)
}

impl KeyProvider for TransitKeys {
    fn owns(&self, id: &KeyId) -> bool {
        id.as_str().starts_with(PREFIX)
    }

    fn keys(&self) -> KeySet {
        let versions = self.versions();
        KeySet {
            newest: self.id(versions.newest),
            // The newest ones by name; the family stands for the rest.
            held: (versions.oldest.max(1)..=versions.newest)
                .rev()
                .take(MOST_NAMED)
                .filter_map(|version| self.id(version))
                .collect(),
            family: Some(self.family()),
        }
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn refresh<'a>(&'a self, _needed: Option<&'a KeyId>) -> BoxFuture<'a, Result<(), KeyError>> {
        async move {
            let at = self.seen.lock().unwrap_or_else(PoisonError::into_inner).at;
            if at.elapsed() < LOOK_EVERY { Ok(()) } else { self.look().await }
        }
        .boxed()
    }

    fn make_key(&self) -> BoxFuture<'_, Result<Option<KeyId>, KeyError>> {
        async move {
            self.client.rotate().await?;
            self.look().await?;
            Ok(self.id(self.versions().newest))
        }
        .boxed()
    }

    /// Vault knows only the oldest version that it opens with: the older ones go along.
    fn given_up_with(&self, id: &KeyId) -> Vec<KeyId> {
        match self.version(id) {
            Ok(version) => (1..=version.min(MAX_VERSION)).filter_map(|version| self.id(version)).collect(),
            Err(_) => vec![id.clone()],
        }
    }

    fn retire<'a>(&'a self, id: &'a KeyId) -> BoxFuture<'a, Result<(), KeyError>> {
        async move {
            let oldest = self.version(id)?.saturating_add(1);
            self.look().await?;
            if self.versions().oldest < oldest {
                self.client.set_oldest(oldest).await?;
                self.look().await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn wrap<'a>(
        &'a self,
        id: &'a KeyId,
        data_key: &'a DataKey,
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<Vec<u8>, KeyError>> {
        self.wrap_by(id, data_key, aad).boxed()
    }

    fn unwrap<'a>(
        &'a self,
        id: &'a KeyId,
        wrapped: &'a [u8],
        aad: &'a [u8],
    ) -> BoxFuture<'a, Result<DataKey, KeyError>> {
        self.unwrap_by(id, wrapped, aad).boxed()
    }
}
