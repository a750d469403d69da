//! The keys that secrets are sealed with, and the file that holds them.

use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    aead::{AES_256_GCM, RandomizedNonceKey},
    error::Unspecified,
    hkdf, hmac, rand,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::envelope::KEY_LEN;

/// A ring of a few hundred keys is far below this.
const MAX_FILE_LEN: u64 = 64 * 1024;

/// The name of a key in the ring, stored with each sealed secret: 1 to 32 characters of `a–z 0–9 . _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// Takes a name of the allowed form.
    ///
    /// # Errors
    /// [`KeyRingError::KeyId`] for any other.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
        if (1..=32).contains(&text.len()) && text.bytes().all(is_allowed) {
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
    #[error("a key id of the key ring is not 1 to 32 characters of a-z 0-9 . _ -")]
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
    /// The system has no randomness to give.
    #[error("no randomness for a new key")]
    Randomness,
}

/// The current key, the older ones that still open what they sealed, and the keys for fingerprints.
pub struct KeyRing {
    current: (KeyId, RandomizedNonceKey),
    older: BTreeMap<KeyId, RandomizedNonceKey>,
    fingerprint_key: hmac::Key,
    payload_key: hmac::Key,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RingFile {
    current: String,
    keys: BTreeMap<String, SecretString>,
    fingerprint_key: SecretString,
}

impl KeyRing {
    /// Reads the ring from its JSON form: `{"current": "2026-11", "keys": {"2026-11": "…", "2025-11": "…"},
    /// "fingerprint_key": "…"}`, each key 32 bytes in base64. The fingerprint key must never change.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn from_json(json: &SecretString) -> Result<Self, KeyRingError> {
        // The parser's own message may quote a key.
        let file: RingFile = serde_json::from_str(json.expose_secret())
            .map_err(|error| KeyRingError::Form { line: error.line(), column: error.column() })?;
        let current = KeyId::parse(&file.current)?;
        let mut keys = BTreeMap::new();
        for (id, key) in &file.keys {
            let id = KeyId::parse(id)?;
            let bytes = decode_key(key, || format!("key {id:?}"))?;
            let key = RandomizedNonceKey::new(&AES_256_GCM, bytes.as_slice())
                .map_err(|Unspecified| KeyRingError::Key { name: format!("key {id:?}") })?;
            keys.insert(id, key);
        }
        let current_key = keys.remove(&current).ok_or_else(|| KeyRingError::NoCurrent(current.clone()))?;
        let fingerprint_root = decode_key(&file.fingerprint_key, || "fingerprint_key".to_owned())?;
        let derived = |purpose| {
            derive(&fingerprint_root, purpose)
                .map_err(|Unspecified| KeyRingError::Key { name: "fingerprint_key".to_owned() })
        };
        Ok(Self {
            current: (current, current_key),
            older: keys,
            fingerprint_key: derived(b"connector/vault/1/fingerprint")?,
            payload_key: derived(b"connector/vault/1/payload")?,
        })
    }

    /// Reads the ring from a file. On Unix only its owner may write it and others must have no access at all; the
    /// group may read it, because that is how orchestrators hand secrets to a process without privileges.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn load(path: &Path) -> Result<Self, KeyRingError> {
        let io_error = |source| KeyRingError::Io { path: path.to_owned(), source };
        let metadata = fs::metadata(path).map_err(io_error)?;
        refuse_open_permissions(path, &metadata)?;
        if metadata.len() > MAX_FILE_LEN {
            return Err(io_error(io::Error::from(io::ErrorKind::FileTooLarge)));
        }
        let json = SecretString::from(fs::read_to_string(path).map_err(io_error)?);
        Self::from_json(&json)
    }

    /// Writes a new ring of one random key to a file of mode 0600 that must not exist yet, and reads it back.
    ///
    /// # Errors
    /// See [`KeyRingError`].
    pub fn create(path: &Path) -> Result<Self, KeyRingError> {
        let json = Self::generate_json()?;
        write_new_private(path, json.expose_secret())
            .map_err(|source| KeyRingError::Io { path: path.to_owned(), source })?;
        Self::load(path)
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
        let (key, fingerprint_key) = (random_key()?, random_key()?);
        let json = format!(
            "{{\n  \"current\": \"1\",\n  \"keys\": {{\n    \"1\": \"{}\"\n  }},\n  \"fingerprint_key\": \"{}\"\n}}\n",
            *key, *fingerprint_key
        );
        Ok(SecretString::from(json))
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current_id(&self) -> &KeyId {
        &self.current.0
    }

    pub(super) fn current(&self) -> (&KeyId, &RandomizedNonceKey) {
        (&self.current.0, &self.current.1)
    }

    pub(super) fn key(&self, id: &KeyId) -> Option<&RandomizedNonceKey> {
        if *id == self.current.0 { Some(&self.current.1) } else { self.older.get(id) }
    }

    pub(super) fn fingerprint_key(&self) -> &hmac::Key {
        &self.fingerprint_key
    }

    pub(super) fn payload_key(&self) -> &hmac::Key {
        &self.payload_key
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("KeyRing")
            .field("current", &self.current.0)
            .field("older", &self.older.keys())
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

fn random_key() -> Result<Zeroizing<String>, KeyRingError> {
    let mut bytes = Zeroizing::new([0; KEY_LEN]);
    rand::fill(bytes.as_mut_slice()).map_err(|Unspecified| KeyRingError::Randomness)?;
    Ok(Zeroizing::new(BASE64_STANDARD.encode(bytes.as_slice())))
}

#[cfg(unix)]
fn refuse_open_permissions(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyRingError> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o037 == 0 { Ok(()) } else { Err(KeyRingError::Permissions { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "this platform's permissions are not mode bits")]
fn refuse_open_permissions(_path: &Path, _metadata: &fs::Metadata) -> Result<(), KeyRingError> {
    Ok(())
}

fn write_new_private(path: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    // Secrets sealed with a key that a power cut took away would be lost.
    file.sync_all()
}
