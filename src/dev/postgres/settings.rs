//! The server's settings and the address that it gets.

use std::path::Path;

use super::Durability;

/// A part of the socket's file name; the folder is private, so it can't clash.
pub(super) const PORT: u16 = 5432;

/// What `initdb` is called with, beside the folder. UTC, UTF-8 and the C locale: the same order on every machine.
pub(super) const INITDB: &[&str] =
    &["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-instructions"];

const COMMON: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "timezone=UTC",
    "log_timezone=UTC",
    "jit=off",
    // The default leaves segments in /dev/shm behind when the server is killed.
    "dynamic_shared_memory_type=mmap",
];

const FOR_SPEED: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
    "shared_buffers=64MB",
    "max_connections=300",
    "max_wal_size=128MB",
    "min_wal_size=32MB",
    "checkpoint_timeout=1h",
];

const FOR_KEEPING: &[&str] = &["shared_buffers=128MB", "max_connections=200"];

/// The arguments for `postgres`.
pub(super) fn arguments(data: &Path, sockets: &Path, durability: Durability) -> Vec<String> {
    let settings = match durability {
        Durability::None => FOR_SPEED,
        Durability::Full => FOR_KEEPING,
    };
    let mut arguments = vec![
        "-D".to_owned(),
        data.display().to_string(),
        "-k".to_owned(),
        sockets.display().to_string(),
        "-p".to_owned(),
        PORT.to_string(),
    ];
    for setting in COMMON.iter().chain(settings) {
        arguments.push("-c".to_owned());
        arguments.push((*setting).to_owned());
    }
    arguments
}

/// `postgres://postgres@%2Fdev%2Fshm%2Fcpg-1-1:5432/name`, the form that sqlx takes for a socket's folder.
pub(super) fn url(sockets: &Path, database: &str) -> String {
    let host = percent_encoded(&sockets.display().to_string());
    format!("postgres://postgres@{host}:{PORT}/{}", percent_encoded(database))
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::url;

    #[test]
    fn the_socket_folder_is_the_host() {
        let expected = "postgres://postgres@%2Fdev%2Fshm%2Fcpg-7-1:5432/t_1";
        assert_eq!(url(Path::new("/dev/shm/cpg-7-1"), "t_1"), expected);
        assert!(url(Path::new("/tmp/a b"), "é").ends_with("@%2Ftmp%2Fa%20b:5432/%C3%A9"));
    }
}
