//! Files that hold a secret: nobody but their owner reads what is written here, and what others can get at is not read.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;

/// Reads a file that must not be open to others.
///
/// # Errors
/// When it can't be read, is open to others, larger than `max_bytes`, or not text.
pub(crate) fn read(path: &Path, max_bytes: u64) -> io::Result<Zeroizing<String>> {
    let file = fs::File::open(path)?;
    refuse_open_permissions(&file.metadata()?)?;
    read_text(file, max_bytes)
}

/// Reads a file that anybody may read: the public half of a key.
///
/// # Errors
/// When it can't be read, is larger than `max_bytes`, or not text.
pub(crate) fn read_public(path: &Path, max_bytes: u64) -> io::Result<Zeroizing<String>> {
    read_text(fs::File::open(path)?, max_bytes)
}

fn read_text(file: fs::File, max_bytes: u64) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file.take(max_bytes + 1).read_to_string(&mut text)?;
    if text.len() as u64 > max_bytes {
        return Err(io::Error::from(io::ErrorKind::FileTooLarge));
    }
    Ok(text)
}

/// Writes a file of mode 0600 that must not exist yet.
///
/// # Errors
/// When it exists or can't be written.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<()> {
    create_with_mode(path, text, 0o600)
}

/// Writes a file that anybody may read and that must not exist yet.
///
/// # Errors
/// When it exists or can't be written.
pub(crate) fn create_public(path: &Path, text: &str) -> io::Result<()> {
    create_with_mode(path, text, 0o644)
}

fn create_with_mode(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Writes a file of mode 0600 beside its place and moves it there: who sees it sees it whole.
///
/// # Errors
/// When it can't be written.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = Path::new(&beside);
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create(beside, text)?;
    fs::rename(beside, path)
}

#[cfg(unix)]
fn refuse_open_permissions(metadata: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o037 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("its mode is {mode:03o}, others can get at it; run `chmod 600` on it")))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "this platform's permissions are not mode bits")]
fn refuse_open_permissions(_metadata: &fs::Metadata) -> io::Result<()> {
    Ok(())
}
