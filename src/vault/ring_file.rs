//! The file of a key ring: who may read it, how it is made and changed.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use aws_lc_rs::{error::Unspecified, rand};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::{KeyId, KeyRingError, envelope::KEY_LEN, key_ring::RingFile};

/// A ring of a few hundred keys is far below this.
const MAX_FILE_LEN: u64 = 64 * 1024;

fn io_error(path: &Path) -> impl Fn(io::Error) -> KeyRingError + '_ {
    |source| KeyRingError::Io { path: path.to_owned(), source }
}

/// The file's text, if nobody else can get at it.
pub(super) fn read(path: &Path) -> Result<SecretString, KeyRingError> {
    let metadata = fs::metadata(path).map_err(io_error(path))?;
    refuse_open_permissions(path, &metadata)?;
    if metadata.len() > MAX_FILE_LEN {
        return Err(io_error(path)(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok(SecretString::from(fs::read_to_string(path).map_err(io_error(path))?))
}

/// Writes a file of mode 0600 that must not exist yet.
pub(super) fn write_new(path: &Path, json: &SecretString) -> Result<(), KeyRingError> {
    write_private(path, json).map_err(io_error(path))
}

/// Puts another text in the place of the file's, with its owner and mode, in one step.
pub(super) fn replace(path: &Path, json: &SecretString) -> Result<(), KeyRingError> {
    let target = fs::canonicalize(path).map_err(io_error(path))?;
    let before = fs::metadata(&target).map_err(io_error(path))?;
    let mut beside: PathBuf = target.clone();
    beside.as_mut_os_string().push(format!(".{}.new", std::process::id()));
    let written = write_private(&beside, json)
        .and_then(|()| keep_owner(&beside, &before))
        .and_then(|()| fs::set_permissions(&beside, before.permissions()))
        .and_then(|()| fs::rename(&beside, &target))
        .and_then(|()| match target.parent() {
            // The name is on the disk only once its folder is.
            Some(folder) => fs::File::open(folder).and_then(|folder| folder.sync_all()),
            None => Ok(()),
        });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written.map_err(io_error(path))
}

/// A file made by root for a server without privileges must stay that server's.
#[cfg(unix)]
fn keep_owner(path: &Path, before: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};

    let made = fs::metadata(path)?;
    if (made.uid(), made.gid()) == (before.uid(), before.gid()) {
        return Ok(());
    }
    chown(path, Some(before.uid()), Some(before.gid()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "this platform has no such owners")]
fn keep_owner(_path: &Path, _before: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// The text for a new ring of one random key with the id `1`.
pub(super) fn generate() -> Result<SecretString, KeyRingError> {
    let (key, fingerprint_key) = (random_key()?, random_key()?);
    let keys = [("1".to_owned(), SecretString::from(key.as_str()))];
    Ok(text("1", &keys, fingerprint_key.as_str()))
}

/// The ring with one more random key, which is the current one. Its id is a number above all that are there.
pub(super) fn with_new_key(json: &SecretString) -> Result<(SecretString, KeyId), KeyRingError> {
    let file = RingFile::parse(json)?;
    let highest = file.keys.keys().filter_map(|id| id.parse::<u64>().ok()).max().unwrap_or(0);
    let id = highest.saturating_add(1).to_string();
    let key = random_key()?;
    let mut keys: Vec<(String, SecretString)> = file.keys.into_iter().collect();
    keys.push((id.clone(), SecretString::from(key.as_str())));
    let json = text(&id, &keys, file.fingerprint_key.expose_secret());
    Ok((json, KeyId::parse(&id)?))
}

/// Ids and base64 have no character that JSON would escape.
fn text(current: &str, keys: &[(String, SecretString)], fingerprint_key: &str) -> SecretString {
    let keys: Zeroizing<Vec<String>> = Zeroizing::new(
        keys.iter().map(|(id, key)| format!("    \"{id}\": \"{}\"", key.expose_secret())).collect(),
    );
    let keys = Zeroizing::new(keys.join(",\n"));
    SecretString::from(format!(
        "{{\n  \"current\": \"{current}\",\n  \"keys\": {{\n{}\n  }},\n  \"fingerprint_key\": \"{fingerprint_key}\"\n}}\n",
        keys.as_str(),
    ))
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

fn write_private(path: &Path, text: &SecretString) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.expose_secret().as_bytes())?;
    // Secrets sealed with a key that a power cut took away would be lost.
    file.sync_all()
}
