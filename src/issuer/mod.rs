//! Makes tokens: for installations without an identity provider of their own, and for `dev`, `demo` and the tests.
//!
//! A key is an Ed25519 pair, kept as a private JWK (RFC 8037). Servers only need its public half, in a JWKS.

mod jwks;

use std::{
    collections::BTreeSet,
    fmt, io,
    path::{Path, PathBuf},
    time::Duration,
};

use aws_lc_rs::{
    digest, rand,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;
use zeroize::{Zeroize as _, Zeroizing};

use crate::{
    domain::access::{PortalGrant, Scope},
    private_file,
};

pub use jwks::add_to_jwks;

/// No token lives longer. A token can't be taken back alone, only together with its key.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3_600);
/// A key file larger than this is something else.
const MAX_KEY_FILE: u64 = 16 * 1024;
const SEED_LEN: usize = 32;

/// Why a key or a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum IssuerError {
    /// A file.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a key that was made here.
    #[error("{}: not a private key of this program (a JWK with kty OKP, crv Ed25519, kid, x and d)", .0.display())]
    NotAKey(PathBuf),
    /// Not a set of keys.
    #[error("{}: not a JWKS ({{\"keys\": […]}})", .0.display())]
    NotAJwks(PathBuf),
    /// The lifetime.
    #[error("a token lives from one second to {} days", LONGEST_LIFETIME.as_secs() / 86_400)]
    Lifetime,
    /// The subject.
    #[error(
        "the subject must have 1 to {MAX_SUBJECT} bytes without control characters, and no \"handoff:\" before it"
    )]
    Subject,
    /// The system's random numbers or its cryptography.
    #[error("the cryptography of this machine failed")]
    Crypto,
}

/// Longest name of a principal, in bytes.
pub const MAX_SUBJECT: usize = 128;

/// What a token says.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// `iss`: as servers have it in `auth.issuer`.
    pub issuer: &'a str,
    /// `aud`: as servers have it in `auth.audience`.
    pub audience: &'a str,
    /// `sub`: the principal's name in audit rows and answers.
    pub subject: &'a str,
    /// `scope`: what the caller may do.
    pub scopes: BTreeSet<Scope>,
    /// `portals`: which portals it may know of.
    pub portals: PortalGrant,
    /// From now to `exp`; at most [`LONGEST_LIFETIME`].
    pub lifetime: Duration,
}

/// A key that signs tokens.
pub struct Issuer {
    key_id: String,
    public: String,
    seed: Zeroizing<[u8; SEED_LEN]>,
    signing: EncodingKey,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// The key as a JWK; without `d` it is the public half.
#[derive(Serialize, Deserialize)]
struct Jwk {
    kty: String,
    crv: String,
    alg: String,
    #[serde(rename = "use")]
    usage: String,
    kid: String,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    d: Option<String>,
}

impl Drop for Jwk {
    fn drop(&mut self) {
        self.d.zeroize();
    }
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    scope: String,
    portals: Portals,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Portals {
    All(&'static str),
    Only(Vec<i64>),
}

impl Issuer {
    /// A new key that is kept nowhere.
    ///
    /// # Errors
    /// [`IssuerError::Crypto`].
    pub fn generate() -> Result<Self, IssuerError> {
        let mut seed = Zeroizing::new([0; SEED_LEN]);
        rand::fill(seed.as_mut_slice()).map_err(|_| IssuerError::Crypto)?;
        Self::from_seed(seed)
    }

    fn from_seed(seed: Zeroizing<[u8; SEED_LEN]>) -> Result<Self, IssuerError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| IssuerError::Crypto)?;
        let public = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let pkcs8 = pair.to_pkcs8().map_err(|_| IssuerError::Crypto)?;
        let signing = EncodingKey::from_ed_der(pkcs8.as_ref());
        // RFC 7638: the key's own thumbprint, so that no two keys share an id.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{public}"}}"#);
        let print = digest::digest(&digest::SHA256, canonical.as_bytes());
        Ok(Self { key_id: URL_SAFE_NO_PAD.encode(print.as_ref()), public, seed, signing })
    }

    /// Writes a new key to a file of mode 0600 that must not exist yet.
    ///
    /// # Errors
    /// See [`IssuerError`].
    pub fn create(path: &Path) -> Result<Self, IssuerError> {
        let issuer = Self::generate()?;
        let mut jwk = issuer.jwk();
        jwk.d = Some(URL_SAFE_NO_PAD.encode(issuer.seed.as_slice()));
        let text = Zeroizing::new(serde_json::to_string_pretty(&jwk).map_err(|_| IssuerError::Crypto)?);
        private_file::create(path, &text)
            .map_err(|source| IssuerError::Io { path: path.to_owned(), source })?;
        Ok(issuer)
    }

    /// Reads a key that [`Issuer::create`] wrote.
    ///
    /// # Errors
    /// See [`IssuerError`].
    pub fn load(path: &Path) -> Result<Self, IssuerError> {
        let text = private_file::read(path, MAX_KEY_FILE)
            .map_err(|source| IssuerError::Io { path: path.to_owned(), source })?;
        let refuse = || IssuerError::NotAKey(path.to_owned());
        let jwk: Jwk = serde_json::from_str(&text).map_err(|_| refuse())?;
        let secret =
            jwk.d.as_ref().filter(|_| jwk.kty == "OKP" && jwk.crv == "Ed25519").ok_or_else(refuse)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret).map_err(|_| refuse())?);
        let seed = bytes.as_slice().try_into().map_err(|_| refuse())?;
        let issuer = Self::from_seed(Zeroizing::new(seed))?;
        if issuer.public == jwk.x && issuer.key_id == jwk.kid { Ok(issuer) } else { Err(refuse()) }
    }

    /// The public half alone.
    fn jwk(&self) -> Jwk {
        Jwk {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
            kid: self.key_id.clone(),
            x: self.public.clone(),
            d: None,
        }
    }

    /// The id that its tokens name it by.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The JWKS by which servers know its tokens.
    #[must_use]
    pub fn jwks(&self) -> String {
        serde_json::json!({"keys": [self.jwk()]}).to_string()
    }

    /// Makes a token.
    ///
    /// # Errors
    /// When lifetime or subject are out of bounds.
    pub fn issue(&self, order: &Order<'_>) -> Result<SecretString, IssuerError> {
        if order.lifetime < Duration::from_secs(1) || order.lifetime > LONGEST_LIFETIME {
            return Err(IssuerError::Lifetime);
        }
        let is_bad = order.subject.chars().any(char::is_control) || order.subject.starts_with("handoff:");
        if is_bad || !(1..=MAX_SUBJECT).contains(&order.subject.len()) {
            return Err(IssuerError::Subject);
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let lifetime = i64::try_from(order.lifetime.as_secs()).map_err(|_| IssuerError::Lifetime)?;
        let scopes: Vec<&str> = order.scopes.iter().map(|scope| scope.name()).collect();
        let claims = Claims {
            iss: order.issuer,
            aud: order.audience,
            sub: order.subject,
            iat: now,
            nbf: now,
            exp: now + lifetime,
            jti: Uuid::now_v7().to_string(),
            scope: scopes.join(" "),
            portals: order.portals.filter().map_or(Portals::All("*"), Portals::Only),
        };
        let header = Header { kid: Some(self.key_id.clone()), ..Header::new(Algorithm::EdDSA) };
        let token = jsonwebtoken::encode(&header, &claims, &self.signing).map_err(|_| IssuerError::Crypto)?;
        Ok(SecretString::from(token))
    }
}

#[cfg(test)]
mod tests;
