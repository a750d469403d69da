//! The keys that secrets are sealed with, and the file that holds them.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    error::Unspecified,
    hkdf, hmac,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{envelope::KEY_LEN, ring_file, ring_provider::RESERVED_PREFIX};

/// The name of a key, stored with each sealed secret: 1 to 64 characters of `a–z 0–9 . _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// Takes a name of the allowed form.
    ///
    /// # Errors
    /// [`KeyRingError::KeyId`] for any other.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(KeyRingError::KeyId)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

/// Why there is no key ring. The messages never carry a part of a key.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// The file can't be read or written.
    #[error("key ring {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file's mode lets others at the keys.
    #[error("key ring {}: its mode is {mode:03o}, others can get at the keys; run `chmod 600` on it", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
    },
    /// Not the JSON object that a key ring is.
    #[error(
        "the key ring is not of the form {{\"current\": ID, \"keys\": {{ID: BASE64}}, \"fingerprint_key\": BASE64}} \
         (line {line}, column {column})"
    )]
    Form {
        /// Where reading stopped.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// A key id of another form than allowed.
    #[error("a key id of the key ring is not 1 to 64 characters of a-z 0-9 . _ -")]
    KeyId,
    /// A key is not 32 bytes.
    #[error("{name} of the key ring is not 32 bytes in base64")]
    Key {
        /// Which one.
        name: String,
    },
    /// The current key is not among the keys.
    #[error("the key ring's current key {0:?} is not among its keys")]
    NoCurrent(KeyId),
    /// There are keys, and none is named as the current one.
    #[error("the key ring has keys but no current one; name it in `current`")]
    CurrentMissing,
    /// A name that belongs to keys of another provider.
    #[error("the key id {0:?} begins as those of a key management service do; give it another name")]
    Reserved(KeyId),
    /// The changed ring has another fingerprint key.
    #[error(
        "the changed key ring has another fingerprint_key, which must never change; put the old one back"
    )]
    FingerprintKeyChanged,
    /// The changed ring lacks the key that secrets are sealed with.
    #[error("the changed key ring lacks key {0:?}, which secrets are sealed with; put it back")]
    InUse(KeyId),
    /// The system has no randomness to give.
    #[error("no randomness for a new key")]
    Randomness,
}

/// The keys of a ring by id, which of them is the current one, and the keys for fingerprints.
pub struct KeyRing {
    /// None in a ring that only holds the fingerprint key, beside a key management service.
    current: Option<KeyId>,
    keys: BTreeMap<KeyId, RandomizedNonceKey>,
    fingerprints: FingerprintKeys,
}

/// The keys for fingerprints. They never change: with others, equal secrets would look different.
#[derive(Clone)]
pub struct FingerprintKeys {
    fingerprint: hmac::Key,
    payload: hmac::Key,
}

impl FingerprintKeys {
    pub(super) fn fingerprint_key(&self) -> &hmac::Key {
        &self.fingerprint
    }

    pub(super) fn payload_key(&self) -> &hmac::Key {
        &self.payload
    }

    /// Whether both are derived from the same root.
    fn is_same(&self, other: &Self) -> bool {
        const PROBE: &[u8] = b"connector/vault/1/same";
        hmac::verify(&other.payload, PROBE, hmac::sign(&self.payload, PROBE).as_ref()).is_ok()
    }
}

impl fmt::Debug for FingerprintKeys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("FingerprintKeys([redacted])")
    }
}

/// The file's form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RingFile {
    #[serde(default)]
    pub(super) current: Option<String>,
    #[serde(default)]
    pub(super) keys: BTreeMap<String, SecretString>,
    pub(super) fingerprint_key: SecretString,
}

impl RingFile {
    pub(super) fn parse(json: &SecretString) -> Result<Self, KeyRingError> {
        // The parser's own message may quote a key.
        serde_json::from_str(json.expose_secret())
            .map_err(|error| KeyRingError::Form { line: error.line(), column: error.column() })
    }
}

impl KeyRing {
    /// Reads the ring from its JSON form: `{"current": "2026-11", "keys": {"2026-11": "…", "2025-11": "…"},
    /// "fingerprint_key": "…"}`, each key 32 bytes in base64. The fingerprint key must never change. Beside a key
    /// management service, `current` and `keys` may be missing.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn from_json(json: &SecretString) -> Result<Self, KeyRingError> {
        let file = RingFile::parse(json)?;
        let mut keys = BTreeMap::new();
        for (id, key) in &file.keys {
            let id = KeyId::parse(id)?;
            if id.as_str().starts_with(RESERVED_PREFIX) {
                return Err(KeyRingError::Reserved(id));
            }
            let bytes = decode_key(key, || format!("key {id:?}"))?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice())
                .map_err(|Unspecified| KeyRingError::Key { name: format!("key {id:?}") })?;
            keys.insert(id, key);
        }
        let current = file.current.as_deref().map(KeyId::parse).transpose()?;
        match &current {
            Some(current) if !keys.contains_key(current) => {
                return Err(KeyRingError::NoCurrent(current.clone()));
            }
            None if !keys.is_empty() => return Err(KeyRingError::CurrentMissing),
            _ => {}
        }
        let fingerprint_root = decode_key(&file.fingerprint_key, || "fingerprint_key".to_owned())?;
        let derived = |purpose| {
            derive(&fingerprint_root, purpose)
                .map_err(|Unspecified| KeyRingError::Key { name: "fingerprint_key".to_owned() })
        };
        let fingerprints = FingerprintKeys {
            fingerprint: derived(b"connector/vault/1/fingerprint")?,
            payload: derived(b"connector/vault/1/payload")?,
        };
        Ok(Self { current, keys, fingerprints })
    }

    /// Reads the ring from a file. On Unix only its owner may write it and others must have no access at all; the
    /// group may read it, because that is how orchestrators hand secrets to a process without privileges.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        Self::from_json(&ring_file::read(path)?)
    }

    /// Writes a new ring of one random key to a file of mode 0600 that must not exist yet, and reads it back.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn create(path: &Path) -> Result<Self, KeyRingError> {
        ring_file::write_new(path, &Self::generate_json()?)?;
        Self::load(path)
    }

    /// Adds a random key to the ring of a file and makes it the current one, in one step: whoever reads the file sees
    /// the ring before or after. Returns the new key's id.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn add_key(path: &Path) -> Result<KeyId, KeyRingError> {
        let before = ring_file::read(path)?;
        Self::from_json(&before)?;
        let (json, id) = ring_file::with_new_key(&before)?;
        Self::from_json(&json)?;
        ring_file::replace(path, &json)?;
        Ok(id)
    }

    /// A ring of one random key that is kept nowhere: for a throw-away database.
    ///
    /// # Errors
    /// [`KeyRingError::Randomness`].
    pub fn generate() -> Result<Self, KeyRingError> {
        Self::from_json(&Self::generate_json()?)
    }

    /// The file's text for a new ring of one random key with the id `1`.
    ///
    /// # Errors
    /// [`KeyRingError::Randomness`].
    pub fn generate_json() -> Result<SecretString, KeyRingError> {
        ring_file::generate()
    }

    /// The key that a rotation goes to; a new installation begins with it.
    #[must_use]
    pub fn current_id(&self) -> Option<&KeyId> {
        self.current.as_ref()
    }

    /// Every key, by id.
    pub fn ids(&self) -> impl Iterator<Item = &KeyId> {
        self.keys.keys()
    }

    pub(super) fn key(&self, id: &KeyId) -> Option<&RandomizedNonceKey> {
        self.keys.get(id)
    }

    pub(super) fn fingerprint_keys(&self) -> &FingerprintKeys {
        &self.fingerprints
    }

    /// Refuses a ring that would break what is there: with another fingerprint key, or without the key in use.
    pub(super) fn may_replace(&self, before: &Self, needed: Option<&KeyId>) -> Result<(), KeyRingError> {
        if !self.fingerprints.is_same(&before.fingerprints) {
            return Err(KeyRingError::FingerprintKeyChanged);
        }
        match needed {
            Some(id) if self.key(id).is_none() && before.key(id).is_some() => {
                Err(KeyRingError::InUse(id.clone()))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeyRing")
            .field("current", &self.current)
            .field("keys", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

fn decode_key(
    text: &SecretString,
    name: impl FnOnce() -> String,
) -> Result<Zeroizing<[u8; KEY_LEN]>, KeyRingError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    // The decoder wants room for its estimate, which may be a few bytes more than the result.
    let mut buffer = Zeroizing::new([0; KEY_LEN + 4]);
    let decoded = BASE64_STANDARD.decode_slice(text.expose_secret(), buffer.as_mut_slice());
    match decoded.ok().filter(|len| *len == KEY_LEN).and_then(|len| buffer.get(..len)) {
        Some(bytes) => {
            key.copy_from_slice(bytes);
            Ok(key)
        }
        None => Err(KeyRingError::Key { name: name() }),
    }
}

fn derive(root: &[u8; KEY_LEN], purpose: &'static [u8]) -> Result<hmac::Key, Unspecified> {
    let pseudo_random = hkdf::Salt::new(hkdf::HKDF_SHA256, b"connector/vault/1").extract(root);
    let mut key = Zeroizing::new([0; KEY_LEN]);
    pseudo_random.expand(&[purpose], hkdf::HKDF_SHA256)?.fill(key.as_mut_slice())?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
}
