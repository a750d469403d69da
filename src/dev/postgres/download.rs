//! Server programs from the npm registry, for a machine that has `npm` but no PostgreSQL.
//!
//! The `npm` client knows its registry; no address is written here. The version and its sha512 are pinned. The
//! builds bundle an OpenSSL past its end of life, so they serve development only.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, Output},
};

use super::{Error, account::Account, folder};

const VERSION: &str = "17.10.0-beta.17";

/// Platform as npm names it, sha512 of the package in base64.
const PACKAGES: &[(&str, &str, &str, &str)] = &[
    (
        "linux",
        "x86_64",
        "linux-x64",
        "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg==",
    ),
];

/// npm packages carry no symbolic links; the package names them in a file beside the programs.
const LINK_SCRIPT: &str = r"
const fs = require('fs'), path = require('path');
for (const { source, target } of JSON.parse(fs.readFileSync('native/pg-symlinks.json'))) {
  fs.mkdirSync(path.dirname(target), { recursive: true });
  if (!fs.existsSync(target)) fs.symlinkSync(path.relative(path.dirname(target), source), target);
}";

const CHECKSUM_SCRIPT: &str = "process.stdout.write(require('crypto').createHash('sha512')\
    .update(require('fs').readFileSync(process.argv[1])).digest('base64'))";

/// Why there is no download.
pub(super) enum Failure {
    /// This way is not open on this machine, in a few words.
    Unavailable(String),
    /// Something came that must not be used, or could not be stored.
    Refused(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// The folder of the cached programs, fetched if this is the first time.
pub(super) fn programs() -> Result<PathBuf, Failure> {
    let package = PACKAGES.iter().find(|(os, arch, ..)| *os == env::consts::OS && *arch == env::consts::ARCH);
    let Some((_, _, platform, sha512)) = package else {
        return Err(Failure::Unavailable("npm: no programs for this platform".to_owned()));
    };
    if cfg!(target_env = "musl") {
        return Err(Failure::Unavailable("npm: its programs need glibc".to_owned()));
    }
    let account = Account::for_server()?;
    let cache = folder::cache_folder(&account)
        .ok_or_else(|| Failure::Unavailable("npm: no cache folder of our own under /var/tmp".to_owned()))?;
    let installed = cache.join(format!("npm-{VERSION}"));
    if !installed.exists() {
        let work = cache.join(format!("npm-partial-{}", process::id()));
        folder::new_private_folder(&work, &account).map_err(Error::io("make a folder for the download"))?;
        let fetched = fetch(&work, &format!("@embedded-postgres/{platform}@{VERSION}"), sha512, &account);
        let stored = fetched.and_then(|package| {
            fs::rename(package, &installed).map_err(|error| Error::io("store the programs")(error).into())
        });
        let _ = fs::remove_dir_all(&work);
        stored?;
    }
    Ok(installed.join("native/bin"))
}

fn fetch(work: &Path, package: &str, sha512: &str, account: &Account) -> Result<PathBuf, Failure> {
    let packed = Command::new("npm").args(["pack", "--silent", package]).current_dir(work).output();
    let packed = match packed {
        Ok(output) if output.status.success() => output,
        Ok(output) => return Err(Failure::Unavailable(format!("npm: {}", first_line(&output.stderr)))),
        Err(error) => return Err(Failure::Unavailable(format!("npm: {error}"))),
    };
    let archive = work.join(first_line(&packed.stdout));
    let checksum = run(Command::new("node").args(["-e", CHECKSUM_SCRIPT]).arg(&archive), "node")?;
    if String::from_utf8_lossy(&checksum.stdout) != sha512 {
        return Err(Error::WrongChecksum { package: package.to_owned() }.into());
    }
    run(Command::new("tar").arg("-xzf").arg(&archive).current_dir(work), "tar")?;
    let unpacked = work.join("package");
    run(Command::new("node").args(["-e", LINK_SCRIPT]).current_dir(&unpacked), "node")?;
    run(Command::new("chmod").args(["-R", "u+rwX,go-w", "package"]).current_dir(work), "chmod")?;
    run(Command::new("chmod").args(["-R", "u+x", "package/native/bin"]).current_dir(work), "chmod")?;
    give_to(&unpacked, account)?;
    Ok(unpacked)
}

fn give_to(folder: &Path, account: &Account) -> Result<(), Error> {
    // Symbolic links keep their owner: `own` would follow them out of the folder.
    account.own(folder).map_err(Error::io("hand over the programs"))?;
    for entry in fs::read_dir(folder).map_err(Error::io("list the programs"))? {
        let entry = entry.map_err(Error::io("list the programs"))?;
        let kind = entry.file_type().map_err(Error::io("list the programs"))?;
        if kind.is_dir() {
            give_to(&entry.path(), account)?;
        } else if kind.is_file() {
            account.own(&entry.path()).map_err(Error::io("hand over the programs"))?;
        }
    }
    Ok(())
}

fn run(command: &mut Command, program: &'static str) -> Result<Output, Error> {
    let output = command.output().map_err(Error::io(format!("run {program}")))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::Failed { program, output: String::from_utf8_lossy(&output.stderr).into_owned() })
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().trim().to_owned()
}
