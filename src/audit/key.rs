//! The Ed25519 key that signs statements, and the public half that checks them. Both are PEM, as OpenSSL writes them.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::private_file;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// What comes before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// A key file is a few lines.
const MAX_FILE_LEN: u64 = 16 * 1024;

/// Why there is no key. The messages never carry a part of one.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file can't be read or written, or others can get at the signing key.
    #[error("audit key {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Not an Ed25519 key in PEM.
    #[error("audit key {}: not an Ed25519 {kind} in PEM", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Which half was expected.
        kind: &'static str,
    },
    /// The system has no randomness to give.
    #[error("no randomness for a new key")]
    Randomness,
}

/// The key that signs.
pub struct SigningKey(Ed25519KeyPair);

impl fmt::Debug for SigningKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningKey({})", self.public().id())
    }
}

impl SigningKey {
    /// A new key that is kept nowhere.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn generate() -> Result<Self, KeyError> {
        Ed25519KeyPair::generate().map(Self).map_err(|_| KeyError::Randomness)
    }

    /// Writes a new key to a file of mode 0600 that must not exist yet, and its public half beside it, with `.pub`
    /// added to the name.
    ///
    /// # Errors
    /// [`KeyError::Io`], [`KeyError::Randomness`].
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let key = Self::generate()?;
        let pkcs8 = key.0.to_pkcs8v1().map_err(|_| KeyError::Randomness)?;
        let text = Zeroizing::new(pem(PRIVATE, pkcs8.as_ref()));
        private_file::create(path, &text).map_err(|source| io_error(path, source))?;
        let public = public_path(path);
        private_file::create_public(&public, &key.public().to_pem())
            .map_err(|source| io_error(&public, source))?;
        Ok(key)
    }

    /// Reads the key from a file that others have no access to.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = private_file::read(path, MAX_FILE_LEN).map_err(|source| io_error(path, source))?;
        let pair =
            unpem(PRIVATE, &text).and_then(|der| Ed25519KeyPair::from_pkcs8(&Zeroizing::new(der)).ok());
        pair.map(Self).ok_or_else(|| KeyError::Form { path: path.to_owned(), kind: "private key" })
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

/// The key that checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads it from a PEM file.
    ///
    /// # Errors
    /// [`KeyError::Io`], [`KeyError::Form`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let text = private_file::read_public(path, MAX_FILE_LEN).map_err(|source| io_error(path, source))?;
        let der = unpem(PUBLIC, &text);
        let bytes = der.as_deref().and_then(|der| der.strip_prefix(&SPKI_PREFIX)?.try_into().ok());
        bytes.map(Self).ok_or_else(|| KeyError::Form { path: path.to_owned(), kind: "public key" })
    }

    /// Names it: the first half of its hash, in hex.
    #[must_use]
    pub fn id(&self) -> String {
        let hash = digest::digest(&digest::SHA256, &self.0);
        hex::encode(hash.as_ref().iter().take(8).copied().collect::<Vec<u8>>())
    }

    /// The file's text.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem(PUBLIC, &[SPKI_PREFIX.as_slice(), &self.0].concat())
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

fn io_error(path: &Path, source: io::Error) -> KeyError {
    KeyError::Io { path: path.to_owned(), source }
}

/// Where the public half of a key file is.
fn public_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", BASE64_STANDARD.encode(der))
}

fn unpem(kind: &str, text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix(&format!("-----BEGIN {kind}-----"))?;
    let body = body.strip_suffix(&format!("-----END {kind}-----"))?;
    let body = Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    BASE64_STANDARD.decode(body.as_bytes()).ok()
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_new_key_is_private_and_both_halves_read_back() {
        let folder = std::env::temp_dir().join(format!("audit-key-{}", uuid::Uuid::now_v7()));
        fs::create_dir(&folder).unwrap();
        let path = folder.join("audit.pem");
        let key = SigningKey::create(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let public = PublicKey::load(&folder.join("audit.pem.pub")).unwrap();
        assert_eq!(public, key.public());
        let again = SigningKey::load(&path).unwrap();
        assert!(public.verify(b"x", &again.sign(b"x")));
        assert!(!public.verify(b"y", &again.sign(b"x")));
        assert!(!format!("{again:?}").contains("PRIVATE"));

        assert!(matches!(SigningKey::create(&path), Err(KeyError::Io { .. })), "it is never overwritten");
        assert!(matches!(PublicKey::load(&path), Err(KeyError::Form { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = SigningKey::load(&path).unwrap_err().to_string();
        assert!(refused.contains("its mode is 644") && refused.contains("chmod 600"), "{refused}");
        fs::remove_dir_all(&folder).unwrap();
    }
}
