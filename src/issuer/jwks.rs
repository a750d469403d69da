//! The file with the public keys, which grows when a key is added.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Issuer, IssuerError};
use crate::private_file;

/// Keys of others stay as they are.
#[derive(Default, Deserialize, Serialize)]
struct Jwks {
    keys: Vec<Value>,
}

/// Adds the public half of a key to a JWKS file, which is made if it is missing. Keys that are in it stay, so that
/// tokens which they signed are good until they are taken out.
///
/// # Errors
/// When the file can't be read or written, or holds something else.
pub fn add_to_jwks(issuer: &Issuer, path: &Path) -> Result<(), IssuerError> {
    let failed = |source| IssuerError::Io { path: path.to_owned(), source };
    let mut jwks: Jwks = match fs::read_to_string(path) {
        Ok(text) => serde_json::from_str(&text).map_err(|_| IssuerError::NotAJwks(path.to_owned()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Jwks::default(),
        Err(error) => return Err(failed(error)),
    };
    let is_there = |key: &Value| key.get("kid").and_then(Value::as_str) == Some(issuer.key_id());
    if jwks.keys.iter().any(is_there) {
        return Ok(());
    }
    jwks.keys.push(serde_json::to_value(issuer.jwk()).map_err(|_| IssuerError::Crypto)?);
    let text = serde_json::to_string_pretty(&jwks).map_err(|_| IssuerError::Crypto)?;
    private_file::replace(path, &text).map_err(failed)?;
    open_to_readers(path).map_err(failed)
}

/// Public keys are no secret, and the server that reads them often is another user.
fn open_to_readers(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
