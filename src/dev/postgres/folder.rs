//! Where temporary clusters lie.

use std::{
    env, fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use super::{Durability, Error, account::Account};

/// A cluster with finished databases dropped peaks at 80 MB, a kept database costs 8 MB; Docker's default
/// `/dev/shm` of 64 MB is too small.
const MEMORY_NEEDED_KIB: u64 = 1024 * 1024;

/// Makes a new folder of mode 0700 that belongs to the account. Its path stays short: a socket's path is limited to
/// 103 bytes on macOS, 107 on Linux.
pub(super) fn new_run_folder(account: &Account, durability: Durability) -> Result<PathBuf, Error> {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let parent = match durability {
        Durability::None if free_kib(Path::new("/dev/shm")) >= MEMORY_NEEDED_KIB => PathBuf::from("/dev/shm"),
        Durability::None => short_temporary_folder(account),
        Durability::Full => PathBuf::from("/var/tmp"),
    };
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("cpg-{}-{number}", process::id()));
        match new_private_folder(&folder, account) {
            Ok(()) => return Ok(folder),
            // Left behind by a process of the same id, or made in another container that shares the parent.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Error::io(format!("make {}", folder.display()))(error)),
        }
    }
}

/// The account's cache, or `None` where it can't be had for this account alone.
pub(super) fn cache_folder(account: &Account) -> Option<PathBuf> {
    let folder = Path::new("/var/tmp").join(format!("connector-pg-{}", account.name()));
    match new_private_folder(&folder, account) {
        Ok(()) => Some(folder),
        Err(_) => account.owns_alone(&folder).then_some(folder),
    }
}

/// Makes one folder of mode 0700 and gives it to the account.
pub(super) fn new_private_folder(folder: &Path, account: &Account) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).create(folder)?;
    account.own(folder)
}

fn short_temporary_folder(account: &Account) -> PathBuf {
    let folder = env::temp_dir();
    if folder.as_os_str().len() <= 60 && account.can_write(&folder) { folder } else { PathBuf::from("/tmp") }
}

fn free_kib(folder: &Path) -> u64 {
    if !folder.is_dir() {
        return 0;
    }
    let output = Command::new("df").arg("-Pk").arg(folder).output();
    output.ok().and_then(|output| parse_df(&String::from_utf8_lossy(&output.stdout))).unwrap_or(0)
}

/// The fourth column of the second line, as POSIX prescribes for `df -P`.
fn parse_df(output: &str) -> Option<u64> {
    output.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_df;

    #[test]
    fn free_space_is_the_fourth_column() {
        let output =
            "Filesystem 1024-blocks Used Available Capacity Mounted on\ntmpfs 100 40 60 40% /dev/shm\n";
        assert_eq!(parse_df(output), Some(60));
        assert_eq!(parse_df("df: no such file\n"), None);
    }
}
