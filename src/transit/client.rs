//! Vault's wire: paths, headers, JSON, and what its statuses mean. Errors say what to do and repeat nothing of a body.

use std::path::{Path, PathBuf};

use http::{HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use url::Url;

use super::{TransitConfig, TransitError};
use crate::{
    outbound::{Timeouts, Transport, json},
    vault::KeyError,
};

const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// Vault is near; a secret that is needed waits for it.
const TIMEOUTS: Timeouts = Timeouts {
    connect: std::time::Duration::from_secs(2),
    idle: std::time::Duration::from_secs(5),
    total: std::time::Duration::from_secs(5),
};
/// A token is a few dozen bytes.
const MAX_TOKEN_BYTES: u64 = 16 * 1024;

/// The versions of a key that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Versions {
    /// The newest one.
    pub(super) newest: u64,
    /// The oldest one that decrypts.
    pub(super) oldest: u64,
}

pub(super) struct Client {
    transport: Transport,
    /// Up to the mount, with a slash behind it.
    base: Url,
    key: String,
    token_file: PathBuf,
    namespace: Option<String>,
}

#[derive(Deserialize)]
struct Enveloped<T> {
    data: T,
}

#[derive(Deserialize)]
struct KeyInfo {
    #[serde(rename = "type")]
    kind: String,
    latest_version: u64,
    min_decryption_version: u64,
    #[serde(default)]
    derived: bool,
    #[serde(default)]
    convergent_encryption: bool,
}

#[derive(Serialize)]
struct Encrypt<'a> {
    plaintext: &'a str,
    associated_data: &'a str,
    key_version: u64,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Serialize)]
struct Decrypt<'a> {
    ciphertext: &'a str,
    associated_data: &'a str,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: SecretString,
}

#[derive(Serialize)]
struct Config {
    min_decryption_version: u64,
}

#[derive(Serialize)]
struct Nothing {}

impl Client {
    pub(super) fn new(config: &TransitConfig) -> Result<Self, TransitError> {
        let segments: Vec<&str> = config.mount.trim_matches('/').split('/').collect();
        if segments.iter().any(|segment| segment.is_empty() || segment.trim_matches('.').is_empty()) {
            return Err(TransitError::Mount);
        }
        let mut base = config.address.clone();
        base.path_segments_mut().map_err(|()| TransitError::Mount)?.clear().push("v1").extend(segments);
        let roots = match &config.ca_file {
            Some(path) => Some(std::fs::read(path).map_err(|source| TransitError::File {
                setting: "vault.transit_ca_file",
                path: path.clone(),
                source,
            })?),
            None => None,
        };
        // Its address is the operator's: it may be a private one.
        let trusted = config.address.host_str().map(str::to_owned).into_iter().collect();
        let user_agent = concat!("hubspot-salesforce-connector/", env!("CARGO_PKG_VERSION"));
        Ok(Self {
            transport: Transport::with_roots(user_agent, TIMEOUTS, trusted, roots.as_deref())?,
            base,
            key: config.key.clone(),
            token_file: config.token_file.clone(),
            namespace: config.namespace.clone(),
        })
    }

    pub(super) async fn versions(&self) -> Result<Versions, TransitError> {
        let info: KeyInfo = self.call(Method::GET, &["keys", &self.key], None::<&Nothing>).await?;
        let is_aead = ["aes256-gcm96", "aes128-gcm96", "chacha20-poly1305"].contains(&info.kind.as_str());
        if !is_aead || info.derived || info.convergent_encryption {
            return Err(TransitError::Unsuitable(crate::outbound::text::bounded(&info.kind)));
        }
        Ok(Versions { newest: info.latest_version, oldest: info.min_decryption_version })
    }

    pub(super) async fn encrypt(
        &self,
        plaintext: &str,
        associated_data: &str,
        key_version: u64,
    ) -> Result<String, KeyError> {
        let body = Encrypt { plaintext, associated_data, key_version };
        let encrypted: Encrypted = self.call(Method::POST, &["encrypt", &self.key], Some(&body)).await?;
        Ok(encrypted.ciphertext)
    }

    pub(super) async fn decrypt(
        &self,
        ciphertext: &str,
        associated_data: &str,
    ) -> Result<SecretString, KeyError> {
        let body = Decrypt { ciphertext, associated_data };
        let decrypted: Decrypted = self.call(Method::POST, &["decrypt", &self.key], Some(&body)).await?;
        Ok(decrypted.plaintext)
    }

    pub(super) async fn rotate(&self) -> Result<(), KeyError> {
        self.send(Method::POST, &["keys", &self.key, "rotate"], Some(&Nothing {})).await.map(|_| ())
    }

    /// From now on, older versions decrypt nothing.
    pub(super) async fn set_oldest(&self, version: u64) -> Result<(), KeyError> {
        let body = Config { min_decryption_version: version };
        self.send(Method::POST, &["keys", &self.key, "config"], Some(&body)).await.map(|_| ())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<T, KeyError> {
        let answer = self.send(method, path, body).await?;
        let enveloped: Enveloped<T> =
            json::parse(&answer).map_err(|error| away(&format!("its answer cannot be read: {error}")))?;
        Ok(enveloped.data)
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<bytes::Bytes, KeyError> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| away("its address is not one"))?.extend(path);
        let mut token = HeaderValue::from_str(read_token(&self.token_file).await?.expose_secret())
            .map_err(|_| away("vault.transit_token_file does not hold a token"))?;
        token.set_sensitive(true);
        let mut request = self
            .transport
            .request(method, url)
            .header("x-vault-token", token)
            // Vault's protection against requests that a proxy was tricked into.
            .header("x-vault-request", "true");
        if let Some(namespace) = &self.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = self.transport.send(request, MAX_ANSWER_BYTES).await.map_err(|error| {
            away(&format!("{error}; see that it runs and vault.transit_address is right"))
        })?;
        match answer.status {
            status if status.is_success() => Ok(answer.body),
            status => Err(refusal(status, path)),
        }
    }
}

fn away(words: &str) -> KeyError {
    KeyError::Unavailable(format!("HashiCorp Vault: {words}"))
}

/// What a status of Vault means. Its words are left out: they may quote what was sent.
fn refusal(status: StatusCode, path: &[&str]) -> KeyError {
    let what = path.first().copied().unwrap_or_default();
    match status {
        StatusCode::BAD_REQUEST if what == "decrypt" => KeyError::Rejected,
        StatusCode::FORBIDDEN => away(&format!(
            "the token is not valid or may not {what}; renew it, and give its policy `update` on encrypt, decrypt \
             and keys/…/rotate, and `read` on the key"
        )),
        StatusCode::NOT_FOUND => {
            away("there is no such key; look at vault.transit_mount, transit_key and transit_namespace")
        }
        StatusCode::SERVICE_UNAVAILABLE => away("it is sealed, or in maintenance; unseal it"),
        StatusCode::TOO_MANY_REQUESTS => away("it takes no more requests now (429)"),
        other => away(&format!("it answered {} to {what}", other.as_u16())),
    }
}

async fn read_token(path: &Path) -> Result<SecretString, KeyError> {
    let unreadable =
        |error: std::io::Error| away(&format!("vault.transit_token_file {}: {error}", path.display()));
    let metadata = tokio::fs::metadata(path).await.map_err(unreadable)?;
    if metadata.len() > MAX_TOKEN_BYTES {
        return Err(unreadable(std::io::Error::from(std::io::ErrorKind::FileTooLarge)));
    }
    let text = zeroize::Zeroizing::new(tokio::fs::read_to_string(path).await.map_err(unreadable)?);
    Ok(SecretString::from(text.trim()))
}

impl From<TransitError> for KeyError {
    fn from(error: TransitError) -> Self {
        match error {
            TransitError::Vault(error) => error,
            other => Self::Unavailable(other.to_string()),
        }
    }
}
