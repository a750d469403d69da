//! The token that every call shows, signed as an operator without an identity provider would.

use std::{
    fs,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;

/// A token, and the public key that a server checks it by. The files are deleted with this value.
#[derive(Debug)]
pub struct Auth {
    folder: PathBuf,
    /// The file with the public key.
    pub jwks: PathBuf,
    pub token: String,
}

impl Auth {
    /// Makes both by the server's own commands. `None`: this build is from before there were tokens.
    pub async fn make(program: &Path) -> Result<Option<Self>> {
        let name = format!("connector-bench-{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let mut auth = Self { jwks: folder.join("jwks.json"), folder, token: String::new() };
        let key = auth.folder.join("key.json");
        let made =
            Command::new(program).arg("new-token-key").arg(&key).arg("--jwks").arg(&auth.jwks).output();
        let made = made.await.context("run connectord")?;
        if made.status.code() == Some(2) {
            return Ok(None);
        }
        ensure!(made.status.success(), "new-token-key: {}", String::from_utf8_lossy(&made.stderr));
        let issued = Command::new(program)
            .arg("issue-token")
            .arg("--key")
            .arg(&key)
            .args(["--subject", "bench", "--all-scopes", "--all-portals", "--expires-in", "24h"])
            .output()
            .await?;
        ensure!(issued.status.success(), "issue-token: {}", String::from_utf8_lossy(&issued.stderr));
        auth.token = String::from_utf8(issued.stdout)?.trim().to_owned();
        Ok(Some(auth))
    }
}

impl Drop for Auth {
    fn drop(&mut self) {
        // Left behind at worst, readable for its owner only.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
