//! Tokens: JWTs in compact form (RFC 7519), signed by a key of the configured issuer.
//!
//! The header is read before anything is verified, so it is trusted with one thing only: which of *our* keys to try.
//! The key decides the algorithm. Keys that the token brings along or points at are refused, not ignored.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Validation, errors::ErrorKind};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    TokenSettings,
    claims::{Claims, UniqueMap},
    jwks::{JwksError, MAX_KEY_ID, TokenAlgorithm},
    key_source::{FoundKey, Keys},
    verified::Verified,
};
use crate::domain::access::Access;

/// The largest token, in bytes. Larger ones are not even taken apart.
const MAX_TOKEN: usize = 8 * 1024;
/// What a header may say. Whatever else is there (`crit`, `jku`, `jwk`, `x5u`, `x5c`, `b64`, `zip`, …) asks for
/// something that is not done here, and the token is refused.
const HEADER_NAMES: &[&str] = &["alg", "kid", "typ", "x5t", "x5t#S256"];
/// What `typ` may be, in any case (RFC 7519, RFC 9068).
const TYPES: &[&str] = &["JWT", "at+jwt", "application/at+jwt"];

/// Why a token is refused. Carries nothing of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::grpc) enum TokenError {
    #[error("larger than {MAX_TOKEN} bytes")]
    TooLarge,
    #[error("not a JWT in compact form")]
    Form,
    #[error("its header says more than alg, kid and typ, or something twice")]
    Header,
    #[error("its algorithm is none of those in auth.algorithms")]
    Algorithm,
    #[error("it names no key, or a key id of more than {MAX_KEY_ID} bytes")]
    KeyId,
    #[error("its key is not known")]
    UnknownKey,
    #[error("its key is for another algorithm")]
    AlgorithmOfKey,
    #[error("its key was revoked, or the keys could not be read again for too long")]
    KeyRevoked,
    #[error("its signature is wrong")]
    Signature,
    #[error("its claims are incomplete, malformed or there twice")]
    Claims,
    #[error("another issuer")]
    Issuer,
    #[error("another audience")]
    Audience,
    #[error("expired")]
    Expired,
    #[error("not valid yet")]
    TooEarly,
}

/// A token that was verified, without the token.
pub(super) struct KnownToken {
    key: FoundKey,
    access: Access,
}

/// Judges tokens.
pub(super) struct Tokens {
    settings: TokenSettings,
    keys: Keys,
    verified: Verified,
}

impl Tokens {
    pub(super) fn new(settings: TokenSettings) -> Result<Self, JwksError> {
        let keys = Keys::new(settings.keys.clone(), settings.algorithms.clone())?;
        Ok(Self { settings, keys, verified: Verified::default() })
    }

    pub(super) async fn keep_fresh(&self, stop: CancellationToken) {
        self.keys.keep_fresh(stop).await;
    }

    /// Whose token it is. What it allows now, [`look_again`](Self::look_again) tells.
    pub(super) async fn verify(&self, token: &[u8]) -> Result<Arc<KnownToken>, TokenError> {
        if let Some(known) = self.verified.get(token) {
            // One that no longer holds is told why it is refused as if it had never been seen.
            if self.look_again(&known).is_ok() {
                return Ok(known);
            }
            self.verified.forget(token);
        }
        let known = Arc::new(self.verify_anew(token).await?);
        self.verified.keep(token, &known, |known| self.look_again(known).is_ok());
        Ok(known)
    }

    async fn verify_anew(&self, token: &[u8]) -> Result<KnownToken, TokenError> {
        let Names { algorithm, key_id } = self.names(token)?;
        let key = self.keys.find(&key_id).await.ok_or(TokenError::UnknownKey)?;
        if key.algorithm() != algorithm {
            return Err(TokenError::AlgorithmOfKey);
        }
        let mut validation = Validation::new(algorithm.of_library());
        validation.set_issuer(&[&self.settings.issuer]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = self.settings.leeway.as_secs();
        let read = jsonwebtoken::decode::<Claims>(token, key.decoding(), &validation);
        let claims = read.map_err(|error| told(error.kind()))?.claims;
        let leeway = i64::try_from(self.settings.leeway.as_secs()).unwrap_or(0);
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        if claims.issued.is_some_and(|issued| issued > now.saturating_add(leeway)) {
            return Err(TokenError::TooEarly);
        }
        Ok(KnownToken { access: claims.access(leeway), key })
    }

    /// What a token that was verified before allows now.
    pub(super) fn look_again(&self, token: &KnownToken) -> Result<Access, TokenError> {
        if !self.keys.are_good(&token.key) {
            return Err(TokenError::KeyRevoked);
        }
        if !token.access.is_valid(time::OffsetDateTime::now_utc()) {
            return Err(TokenError::Expired);
        }
        Ok(token.access.clone())
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.verified.len()
    }

    /// Reads the header, as strictly as it can be read.
    fn names(&self, token: &[u8]) -> Result<Names, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLarge);
        }
        let mut parts = token.split(|byte| *byte == b'.');
        let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(TokenError::Form);
        };
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| TokenError::Form)?;
        let UniqueMap(fields) = serde_json::from_slice(&header).map_err(|_| TokenError::Header)?;
        if fields.keys().any(|name| !HEADER_NAMES.contains(&name.as_str())) {
            return Err(TokenError::Header);
        }
        let is_a_jwt = |kind: &Value| {
            kind.as_str().is_some_and(|kind| TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)))
        };
        if !fields.get("typ").is_none_or(is_a_jwt) {
            return Err(TokenError::Header);
        }
        let algorithm = fields.get("alg").and_then(Value::as_str).and_then(TokenAlgorithm::from_name);
        let algorithm = algorithm
            .filter(|algorithm| self.settings.algorithms.contains(algorithm))
            .ok_or(TokenError::Algorithm)?;
        let key_id = fields.get("kid").and_then(Value::as_str);
        let key_id = key_id.filter(|id| (1..=MAX_KEY_ID).contains(&id.len())).ok_or(TokenError::KeyId)?;
        Ok(Names { algorithm, key_id: key_id.to_owned() })
    }
}

/// What the header is trusted with.
struct Names {
    algorithm: TokenAlgorithm,
    key_id: String,
}

fn told(error: &ErrorKind) -> TokenError {
    match error {
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::TooEarly,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
        ErrorKind::InvalidToken | ErrorKind::Base64(_) => TokenError::Form,
        _ => TokenError::Claims,
    }
}
