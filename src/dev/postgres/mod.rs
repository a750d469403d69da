//! A private PostgreSQL server made from the programs on this machine, gone when this process is gone.
//!
//! `dev`, `demo`, the tests and the workspace's build tasks use it. It needs the standard library only and no other
//! room of the crate, because the build tasks compile these files while the crate itself may not compile.
//!
//! - The server answers on a Unix socket in a folder of mode 0700: no port to clash, nothing exposed, no password.
//! - PostgreSQL refuses to run as root, so under root the server runs as `postgres` or `nobody`.
//! - A keeper process (a small `sh` script) starts the server and waits on a pipe whose other end this process
//!   holds. However this process ends, also by SIGKILL, the pipe closes and the keeper stops the server and deletes
//!   its folder. `PR_SET_PDEATHSIG` can't do this: it fires when the spawning *thread* ends.
//! - `initdb` takes half a second to a second, a copy of its result a tenth of that: temporary clusters are copies
//!   of a template kept under `/var/tmp`.

mod error;
mod install;
mod programs;

#[cfg(unix)]
mod account;
#[cfg(unix)]
mod cluster;
#[cfg(unix)]
mod download;
#[cfg(unix)]
mod folder;
#[cfg(unix)]
mod keeper;
#[cfg(unix)]
mod settings;
#[cfg(unix)]
mod template;

#[cfg(not(unix))]
#[path = "cluster_elsewhere.rs"]
mod cluster;

#[cfg(all(test, unix))]
mod tests;

pub use cluster::Cluster;
pub use error::Error;
pub use programs::Programs;

/// How much a cluster does so that commits survive a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is synced to disk and the cluster lies in memory where there is room: for tests.
    None,
    /// As in production: `fsync`, synchronous commit, full page writes, on a disk. For benchmarks and kept data.
    Full,
}
