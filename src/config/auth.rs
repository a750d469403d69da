//! The settings of authentication and TLS. What each one does is written in `defaults.toml`.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;
use url::Url;

use super::sections::{positive, unless_empty};

/// `[auth]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthConfig {
    /// Whether a token and a certificate are both needed.
    pub require: Required,
    /// `iss` of every token.
    pub issuer: String,
    /// `aud` of every token.
    pub audience: String,
    /// Algorithms of tokens that are taken.
    pub algorithms: Vec<Algorithm>,
    /// File with the keys for tokens.
    #[serde(deserialize_with = "unless_empty")]
    pub jwks_file: Option<PathBuf>,
    /// Address of the keys for tokens.
    #[serde(deserialize_with = "address")]
    pub jwks_url: Option<Url>,
    /// The keys for tokens themselves.
    #[serde(deserialize_with = "unless_empty")]
    pub jwks: Option<String>,
    /// How often the keys are read again.
    #[serde(deserialize_with = "up_to_30_s")]
    pub jwks_refresh: Duration,
    /// How long keys that can't be read again are trusted.
    #[serde(deserialize_with = "positive")]
    pub jwks_max_age: Duration,
    /// By how much the issuer's clock may differ.
    #[serde(with = "humantime_serde")]
    pub clock_leeway: Duration,
    /// Whose client certificates are taken, and what they allow.
    pub certificates: Vec<CertificateConfig>,
}

/// What a caller must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Required {
    /// A token or a certificate.
    Either,
    /// A token and a certificate.
    Both,
}

/// An algorithm of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSA, PKCS #1 v1.5.
    #[serde(rename = "RS256")]
    Rs256,
}

/// `[[auth.certificates]]`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateConfig {
    /// DNS name or URI of the certificate, or a SPIFFE id that ends in `/*`.
    pub san: String,
    /// The principal's name; the certificate's own name without it.
    pub principal: Option<String>,
    /// Names of scopes.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Hub ids.
    #[serde(default)]
    pub portals: Portals,
}

/// Which portals.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Portals {
    /// `"*"`
    All(AllPortals),
    /// These.
    Only(Vec<i64>),
}

/// The word for all portals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum AllPortals {
    /// `"*"`
    #[serde(rename = "*")]
    Star,
}

impl Default for Portals {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

/// `[tls]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The server's chain.
    #[serde(deserialize_with = "unless_empty")]
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    #[serde(deserialize_with = "unless_empty")]
    pub key_file: Option<PathBuf>,
    /// Authorities of client certificates.
    #[serde(deserialize_with = "unless_empty")]
    pub client_ca_file: Option<PathBuf>,
    /// Revoked client certificates.
    #[serde(deserialize_with = "unless_empty")]
    pub client_crl_file: Option<PathBuf>,
    /// How often the files are looked at.
    #[serde(deserialize_with = "positive")]
    pub reload_interval: Duration,
}

/// Together with the time that a fetch may take and the look at streams, this keeps the promise that a revoked key is refused within a minute.
fn up_to_30_s<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let duration = positive(from)?;
    if duration <= Duration::from_secs(30) {
        Ok(duration)
    } else {
        Err(serde::de::Error::custom("must be at most 30s: a revoked key is refused within a minute"))
    }
}

/// `https`, but on this machine: who could change the answer on its way could sign tokens.
fn address<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(from)?;
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(&text).map_err(serde::de::Error::custom)?;
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && is_here) {
        Ok(Some(url))
    } else {
        Err(serde::de::Error::custom("must be an https address"))
    }
}
