//! Why there is no private server, said so that the reader can mend it.

use std::{fmt, io, path::PathBuf};

use super::install;

/// A private PostgreSQL could not be started.
#[derive(Debug)]
pub enum Error {
    /// No usable server programs on this machine. The message carries the install command for it.
    NotInstalled {
        /// What was found and why it would not do, one entry per folder looked at.
        rejected: Vec<String>,
    },
    /// Private clusters need Unix sockets, which this platform's drivers lack.
    UnsupportedPlatform,
    /// A program of the server failed.
    Failed {
        /// The program's name.
        program: &'static str,
        /// The end of what it printed.
        output: String,
    },
    /// Another process has this data folder in use.
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The server's process id, if it left one.
        pid: Option<u32>,
    },
    /// The data folder was written by another major version than the one installed.
    OtherVersion {
        /// The folder.
        folder: PathBuf,
        /// The version that wrote the data.
        written_by: String,
        /// The version installed here.
        installed: u16,
    },
    /// The account that runs the server can't reach the folder.
    Unreachable {
        /// The folder.
        folder: PathBuf,
        /// The account's name.
        account: String,
    },
    /// The downloaded programs are not the ones that were pinned.
    WrongChecksum {
        /// What was downloaded.
        package: String,
    },
    /// The operating system said no.
    Io {
        /// What was being done, in a few words.
        doing: String,
        /// Its answer.
        source: io::Error,
    },
}

impl Error {
    pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled { rejected } => {
                writeln!(
                    out,
                    "no PostgreSQL {} or later found on this machine",
                    super::programs::OLDEST_MAJOR
                )?;
                for reason in rejected {
                    writeln!(out, "  looked at {reason}")?;
                }
                write!(out, "{}", install::advice())
            }
            Self::UnsupportedPlatform => write!(
                out,
                "a private PostgreSQL needs Unix sockets, which this platform lacks\n{}",
                install::advice()
            ),
            Self::Failed { program, output } => write!(out, "{program} failed:\n{}", output.trim_end()),
            Self::InUse { folder, pid } => {
                write!(out, "{} is in use by another process", folder.display())?;
                match pid {
                    Some(pid) => {
                        write!(out, " (PostgreSQL with process id {pid}); stop it or choose another folder")
                    }
                    None => write!(out, "; stop it or choose another folder"),
                }
            }
            Self::OtherVersion { folder, written_by, installed } => write!(
                out,
                "{} was written by PostgreSQL {written_by}, but version {installed} is installed; install version \
                 {written_by} beside it or choose another folder",
                folder.display()
            ),
            Self::Unreachable { folder, account } => write!(
                out,
                "PostgreSQL can't run as root, and the account {account} that runs it can't reach {}; choose a \
                 folder outside root's home, such as /var/tmp/connector",
                folder.display()
            ),
            Self::WrongChecksum { package } => {
                write!(
                    out,
                    "{package} as downloaded does not have the expected sha512; nothing of it was run"
                )
            }
            Self::Io { doing, source } => write!(out, "{doing}: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
