//! Who calls: by a token (JWT), by a client certificate (mutual TLS), or by both.
//!
//! What is found is an [`Access`]: a name, scopes and portals. Whether that suffices for an RPC is decided elsewhere.
//! A caller is told that it is not known, and never why; the log says why, without the token.

mod certificate;
mod claims;
#[cfg(any(test, feature = "fuzzing"))]
pub(in crate::grpc) mod fuzzing;
mod jwks;
mod jwt;
mod key_source;
mod verified;

use std::{fmt, future::ready, sync::Arc, time::Duration};

use http::{HeaderMap, header};

pub use certificate::{CertificateRule, ClientCertificate, SanPattern};
pub use jwks::{JwksError, TokenAlgorithm};
pub use key_source::{KeySource, KeySourceSettings};

use super::access::Caller;
use crate::domain::access::{Access, PortalGrant};
use certificate::CertificateRules;
use jwt::{KnownToken, Tokens};

/// Health is asked by probes that have no credential; it tells nothing but whether there is service.
const OPEN_SERVICES: &[&str] = &["/grpc.health.v1.Health/"];

/// How tokens are judged.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `iss` of every token.
    pub issuer: String,
    /// `aud` of every token, alone or among others.
    pub audience: String,
    /// Algorithms that are taken.
    pub algorithms: Vec<TokenAlgorithm>,
    /// By how much the issuer's clock may differ from ours.
    pub leeway: Duration,
    /// Where the keys come from.
    pub keys: KeySourceSettings,
}

/// How callers are authenticated. Cheap to clone.
#[derive(Clone, Default)]
pub struct Authentication(Arc<Ways>);

#[derive(Default)]
struct Ways {
    tokens: Option<Tokens>,
    certificates: Option<CertificateRules>,
    /// A token and a certificate are both needed.
    both: bool,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ways { tokens, certificates, both } = &*self.0;
        f.debug_struct("Authentication")
            .field("tokens", &tokens.is_some())
            .field("certificates", &certificates.is_some())
            .field("both", both)
            .finish()
    }
}

/// Why somebody is not let in. For the log alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::grpc) enum Rejected {
    #[error("neither token nor client certificate")]
    Nothing,
    #[error("the client certificate is mapped to no principal")]
    CertificateNotMapped,
    #[error("the client certificate is no longer good")]
    CertificateNoLongerGood,
    #[error("no client certificate beside the token")]
    NoCertificate,
    #[error("no token beside the client certificate")]
    NoToken,
    #[error("the authorization metadata is not one \"Bearer TOKEN\"")]
    Scheme,
    #[error("tokens are not taken here")]
    TokensOff,
    #[error("token: {0}")]
    Token(#[from] jwt::TokenError),
}

/// What proves who calls; looked at again while a stream lives.
struct Proof {
    ways: Authentication,
    token: Option<Arc<KnownToken>>,
    certificate: Option<ClientCertificate>,
}

impl Proof {
    /// Keys that were revoked, tokens that ran out and certificates that are no longer good are seen here.
    fn still_holds(&self) -> bool {
        match self.ways.judge(self.token.as_deref(), self.certificate.as_ref()) {
            Ok(_) => true,
            Err(rejected) => {
                tracing::info!(%rejected, "a caller is no longer authenticated");
                false
            }
        }
    }
}

impl Authentication {
    /// Nobody is let in.
    #[must_use]
    pub fn nobody() -> Self {
        Self::default()
    }

    /// By token, by certificate, or by either; `both` demands both at once.
    ///
    /// # Errors
    /// When the keys for tokens are there and can't be used.
    pub fn new(
        tokens: Option<TokenSettings>,
        certificates: Option<Vec<CertificateRule>>,
        both: bool,
    ) -> Result<Self, JwksError> {
        let tokens = tokens.map(Tokens::new).transpose()?;
        let certificates = certificates.map(CertificateRules::new);
        Ok(Self(Arc::new(Ways { tokens, certificates, both })))
    }

    /// Keeps the keys for tokens fresh until `stop`. Has to run beside the server.
    pub async fn keep_fresh(&self, stop: tokio_util::sync::CancellationToken) {
        match &self.0.tokens {
            Some(tokens) => tokens.keep_fresh(stop).await,
            None => stop.cancelled().await,
        }
    }

    /// Who calls `path` with these headers over a connection with this certificate.
    pub(in crate::grpc) async fn authenticate(
        &self,
        path: &str,
        headers: &HeaderMap,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Caller, Rejected> {
        if OPEN_SERVICES.iter().any(|service| path.starts_with(service)) {
            return Ok(Caller::anonymous());
        }
        let token = match bearer(headers)? {
            None => None,
            Some(token) => {
                let tokens = self.0.tokens.as_ref().ok_or(Rejected::TokensOff)?;
                Some(tokens.verify(token).await?)
            }
        };
        let access = self.judge(token.as_deref(), certificate)?;
        let proof = Arc::new(Proof { ways: self.clone(), token, certificate: certificate.cloned() });
        Ok(Caller::revocable(access, Arc::new(move || Box::pin(ready(proof.still_holds())))))
    }

    #[cfg(test)]
    fn remembered(&self) -> usize {
        self.0.tokens.as_ref().map_or(0, Tokens::remembered)
    }

    /// What a verified token and a certificate give now. Of two, the token says who calls; where both are demanded,
    /// only what both allow is allowed.
    fn judge(
        &self,
        token: Option<&KnownToken>,
        certificate: Option<&ClientCertificate>,
    ) -> Result<Access, Rejected> {
        let Ways { tokens, certificates, both } = &*self.0;
        let by_token = match (token, tokens) {
            (Some(token), Some(tokens)) => Some(tokens.look_again(token)?),
            _ => None,
        };
        let by_certificate = || match (certificate, certificates) {
            (Some(certificate), Some(rules)) => rules.access(certificate).map(Some),
            _ => Ok(None),
        };
        match (by_token, *both) {
            (Some(access), false) => Ok(access),
            (None, false) => by_certificate()?.ok_or(Rejected::Nothing),
            (Some(access), true) => Ok(overlap(access, &by_certificate()?.ok_or(Rejected::NoCertificate)?)),
            (None, true) => Err(if certificate.is_some() { Rejected::NoToken } else { Rejected::Nothing }),
        }
    }
}

/// The token's access within the bounds of the certificate's.
fn overlap(token: Access, certificate: &Access) -> Access {
    let portals = match (token.portals, &certificate.portals) {
        (portals, PortalGrant::All) => portals,
        (PortalGrant::All, some) => some.clone(),
        (PortalGrant::Only(left), PortalGrant::Only(right)) => {
            PortalGrant::Only(left.intersection(right).copied().collect())
        }
    };
    let scopes = token.scopes.intersection(&certificate.scopes).copied().collect();
    Access { scopes, portals, ..token }
}

/// The token of the one `authorization: Bearer TOKEN`; the scheme's case does not matter (RFC 9110).
fn bearer(headers: &HeaderMap) -> Result<Option<&[u8]>, Rejected> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (value, another) = (values.next(), values.next());
    if another.is_some() {
        return Err(Rejected::Scheme);
    }
    let Some(value) = value else { return Ok(None) };
    let (scheme, token) = value.as_bytes().split_at_checked(b"bearer ".len()).ok_or(Rejected::Scheme)?;
    if scheme.eq_ignore_ascii_case(b"bearer ") { Ok(Some(token.trim_ascii())) } else { Err(Rejected::Scheme) }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod verified_tests;
