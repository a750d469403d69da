//! The account that runs the server.

use std::{
    env,
    ffi::OsStr,
    fs, io,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
    sync::OnceLock,
};

use super::Error;

/// Who runs the server's programs: ourselves, or under root an account without rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    /// User and group to change to; `None` when we are that user already.
    change_to: Option<(u32, u32)>,
}

impl Account {
    /// Under root takes `postgres`, else `nobody`: `initdb` wants an account that has a name.
    pub(super) fn for_server() -> Result<Self, Error> {
        static ACCOUNT: OnceLock<Account> = OnceLock::new();
        if let Some(account) = ACCOUNT.get() {
            return Ok(account.clone());
        }
        let account = Self::look_up()?;
        Ok(ACCOUNT.get_or_init(|| account).clone())
    }

    fn look_up() -> Result<Self, Error> {
        let own_uid = ask_id(&["-u"]).map_err(Error::io("ask for the own user id"))?;
        if own_uid != "0" {
            let name = ask_id(&["-un"]).unwrap_or(own_uid);
            return Ok(Self { name, change_to: None });
        }
        for name in ["postgres", "nobody"] {
            let Ok(uid) = ask_id(&["-u", name]) else { continue };
            let gid = ask_id(&["-g", name]).map_err(Error::io("ask for a group id"))?;
            if let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse()) {
                return Ok(Self { name: name.to_owned(), change_to: Some((uid, gid)) });
            }
        }
        Err(Error::Failed {
            program: "postgres",
            output: "it refuses to run as root, and there is neither a user postgres nor a user nobody"
                .to_owned(),
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A command that will run as this account, untouched by the caller's `PG…` variables and locale.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        // The account may not be allowed into our working directory.
        command.env("LC_ALL", "C").current_dir("/");
        if let Some((uid, gid)) = self.change_to {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Makes this account the owner of what we have made.
    pub(super) fn own(&self, path: &Path) -> io::Result<()> {
        match self.change_to {
            Some((uid, gid)) => std::os::unix::fs::chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// Whether the folder is this account's alone, so that nobody else can have planted something in it.
    pub(super) fn owns_alone(&self, folder: &Path) -> bool {
        let Ok(metadata) = fs::symlink_metadata(folder) else { return false };
        let own_uid = self.change_to.map(|(uid, _)| uid.to_string()).or_else(|| ask_id(&["-u"]).ok());
        metadata.is_dir() && metadata.mode() & 0o077 == 0 && own_uid == Some(metadata.uid().to_string())
    }

    /// Whether this account can reach and write the folder.
    pub(super) fn can_write(&self, folder: &Path) -> bool {
        let test =
            self.command("sh").args(["-c", "test -w \"$1\" && test -x \"$1\"", "sh"]).arg(folder).status();
        test.is_ok_and(|status| status.success())
    }
}

fn ask_id(arguments: &[&str]) -> io::Result<String> {
    let output = Command::new("id").args(arguments).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
