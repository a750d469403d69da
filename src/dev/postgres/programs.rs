//! Where this machine keeps `initdb` and `postgres`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::Error;

/// The oldest major version that the schema is written for.
pub(super) const OLDEST_MAJOR: u16 = 15;

/// The server's programs, found and tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    bin: PathBuf,
    version: String,
    major: u16,
}

impl Programs {
    /// Looks in `PATH`, asks `pg_config`, then looks where Debian, Red Hat, Homebrew, Postgres.app and the Windows
    /// installer put them. Takes the first that runs and is new enough; of several versions in one such place the
    /// newest. Nothing is downloaded.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] with what was looked at and the platform's install command.
    pub fn find() -> Result<Self, Error> {
        let mut rejected = Vec::new();
        let mut seen = Vec::new();
        for folder in candidate_folders() {
            if seen.contains(&folder) {
                continue;
            }
            match Self::in_folder(&folder) {
                Ok(programs) => return Ok(programs),
                Err(reason) => rejected.push(format!("{}: {reason}", folder.display())),
            }
            seen.push(folder);
        }
        Err(Error::NotInstalled { rejected })
    }

    /// Like [`find`](Self::find), and where nothing is installed fetches pinned programs once with the `npm` client,
    /// into a cache under `/var/tmp`. They bundle an old OpenSSL: for development only.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] where that is no way either, [`Error::WrongChecksum`] for a download that differs.
    #[cfg(unix)]
    pub fn find_or_download() -> Result<Self, Error> {
        match Self::find() {
            Err(Error::NotInstalled { mut rejected }) => match super::download::programs() {
                Ok(folder) => Self::in_folder(&folder).map_err(|reason| {
                    rejected.push(format!("{}: {reason}", folder.display()));
                    Error::NotInstalled { rejected }
                }),
                Err(super::download::Failure::Unavailable(reason)) => {
                    rejected.push(reason);
                    Err(Error::NotInstalled { rejected })
                }
                Err(super::download::Failure::Refused(error)) => Err(error),
            },
            other => other,
        }
    }

    /// The version as `postgres --version` names it, for example `15.18`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The major version, which also names the data format.
    #[must_use]
    pub fn major(&self) -> u16 {
        self.major
    }

    /// The folder that holds the programs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.bin
    }

    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.bin.join(program).with_extension(env::consts::EXE_EXTENSION)
    }

    /// Tries what is there instead of trusting it: a client package names a folder that holds no server, and as root
    /// the programs must be reachable for the account that will run them.
    pub(super) fn in_folder(folder: &Path) -> Result<Self, String> {
        let mut programs = Self { bin: folder.to_owned(), version: String::new(), major: 0 };
        for program in ["initdb", "postgres"] {
            if !programs.path(program).is_file() {
                return Err(format!("no {program}"));
            }
        }
        let output = probe(&programs.path("postgres"))?;
        let (version, major) =
            parse_version(&output).ok_or_else(|| format!("unknown version {:?}", output.trim()))?;
        if major < OLDEST_MAJOR {
            return Err(format!("version {version} is too old"));
        }
        programs.version = version;
        programs.major = major;
        Ok(programs)
    }
}

fn probe(postgres: &Path) -> Result<String, String> {
    #[cfg(unix)]
    let mut command =
        super::account::Account::for_server().map_err(|error| error.to_string())?.command(postgres);
    #[cfg(not(unix))]
    let mut command = Command::new(postgres);
    let output = command.arg("--version").output().map_err(|error| format!("can't run postgres: {error}"))?;
    if !output.status.success() {
        return Err(format!("postgres --version: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)` and `postgres (PostgreSQL) 18beta1`.
fn parse_version(output: &str) -> Option<(String, u16)> {
    let version = output.split_once("(PostgreSQL)")?.1.split_whitespace().next()?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((version.to_owned(), digits.parse().ok()?))
}

fn candidate_folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::var_os("PATH")
        .iter()
        .flat_map(|path| env::split_paths(path).collect::<Vec<_>>())
        .map(|folder| folder.join("initdb").with_extension(env::consts::EXE_EXTENSION))
        // Debian links /usr/local/bin/initdb or the like to the folder that holds all programs.
        .filter_map(|program| fs::canonicalize(program).ok())
        .filter_map(|program| program.parent().map(Path::to_owned))
        .collect();
    folders.extend(pg_config_folder());
    for (parent, prefix, inner) in USUAL_PLACES {
        folders.extend(versions_in(Path::new(parent), prefix, inner));
    }
    folders
}

/// Parent folder, how the version's folder name starts, what lies below it.
const USUAL_PLACES: &[(&str, &str, &str)] = &[
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/usr/local/pgsql", "bin", ""),
    (r"C:\Program Files\PostgreSQL", "", "bin"),
];

fn versions_in(parent: &Path, prefix: &str, inner: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u16, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(prefix)?;
            let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
            Some((digits.parse().unwrap_or(0), fs::canonicalize(entry.path().join(inner)).ok()?))
        })
        .filter(|(_, folder)| folder.join("postgres").with_extension(env::consts::EXE_EXTENSION).is_file())
        .collect();
    found.sort_by(|left, right| right.cmp(left));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn pg_config_folder() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    fs::canonicalize(String::from_utf8_lossy(&output.stdout).trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::parse_version;

    #[test]
    fn versions_are_read_as_the_program_prints_them() {
        let debian = parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n");
        assert_eq!(debian, Some(("15.18".to_owned(), 15)));
        assert_eq!(parse_version("postgres (PostgreSQL) 19beta1"), Some(("19beta1".to_owned(), 19)));
        assert_eq!(parse_version("postgres 15.18"), None);
        assert_eq!(parse_version("postgres (PostgreSQL) devel"), None);
    }
}
