//! The Ed25519 key that signs statements, and the public half that checks them. Both are PEM, as OpenSSL writes them.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest,
    signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use thiserror::Error;
use zeroize::Zeroizing;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// What comes before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// A key file is a few lines.
const MAX_FILE_LEN: u64 = 16 * 1024;

/// Why there is no key. The messages never carry a part of one.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file can't be read or written.
    #[error("audit key {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Others can read the signing key.
    #[error("audit key {}: its mode is {mode:03o}, others can get at the key; run `chmod 600` on it", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// The permission bits found.
        mode: u32,
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
        write_new(path, &text, 0o600)?;
        write_new(&public_path(path), &key.public().to_pem(), 0o644)?;
        Ok(key)
    }

    /// Reads the key. On Unix only its owner may write it and others must have no access at all.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        refuse_open_permissions(path)?;
        let text = Zeroizing::new(read(path)?);
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
        let der = unpem(PUBLIC, &read(path)?);
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

fn read(path: &Path) -> Result<String, KeyError> {
    let error = |source| KeyError::Io { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.len() > MAX_FILE_LEN {
        return Err(error(io::ErrorKind::FileTooLarge.into()));
    }
    fs::read_to_string(path).map_err(error)
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), KeyError> {
    use std::io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

#[cfg(unix)]
fn refuse_open_permissions(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
    let mode = metadata.mode() & 0o777;
    if mode & 0o027 == 0 { Ok(()) } else { Err(KeyError::Permissions { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_permissions(_: &Path) -> Result<(), KeyError> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use std::os::unix::fs::PermissionsExt as _;

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
        assert!(matches!(SigningKey::load(&path), Err(KeyError::Permissions { mode: 0o644, .. })));
        fs::remove_dir_all(&folder).unwrap();
    }
}
