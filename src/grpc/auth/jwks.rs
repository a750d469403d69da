//! Public keys, as an issuer publishes them (RFC 7517).

use std::{collections::HashMap, sync::Arc};

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyOperations, PublicKeyUse},
};

/// The largest set, in bytes.
pub(super) const MAX_JWKS_BYTES: usize = 256 * 1024;
/// The most keys of a set.
const MAX_KEYS: usize = 100;
/// The longest key id, in bytes.
pub(super) const MAX_KEY_ID: usize = 128;
/// RSA below 2048 bits can be broken, above 8192 it is slow.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// An algorithm that may be configured. None of them shares a secret, so that no public key can pass for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenAlgorithm {
    /// ECDSA on P-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSA, PKCS #1 v1.5, of 2048 to 8192 bits.
    Rs256,
}

impl TokenAlgorithm {
    /// Its name in the header of a token.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of this name; names are compared exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::Rs256].into_iter().find(|algorithm| algorithm.name() == name)
    }

    pub(super) fn of_library(self) -> Algorithm {
        match self {
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
            Self::Rs256 => Algorithm::RS256,
        }
    }
}

/// The keys can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// The file.
    #[error("{0}")]
    Unreadable(String),
    /// The address.
    #[error("the JWKS can't be fetched: {0}")]
    Unreachable(String),
    /// Something else than a set of keys.
    #[error("not a JWKS ({{\"keys\": […]}}) of at most {MAX_KEYS} keys and {MAX_JWKS_BYTES} bytes")]
    Form,
    /// Two keys that a token can't tell apart.
    #[error("two keys of the JWKS have the same kid")]
    SameId,
    /// Nothing in it that could verify a token.
    #[error("no key of the JWKS is for signatures, has a kid and one of the algorithms in auth.algorithms")]
    NoUsableKey,
}

/// A key and the only algorithm that it is good for.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) algorithm: TokenAlgorithm,
    pub(super) decoding: DecodingKey,
}

/// The keys of an issuer by their ids.
#[derive(Debug, Default)]
pub(super) struct KeySet(HashMap<String, Arc<Key>>);

impl KeySet {
    /// Reads a set. Keys of other kinds or for other purposes are left out: issuers publish what they like.
    pub(super) fn parse(text: &[u8], algorithms: &[TokenAlgorithm]) -> Result<Self, JwksError> {
        if text.len() > MAX_JWKS_BYTES {
            return Err(JwksError::Form);
        }
        let set: JwkSet = serde_json::from_slice(text).map_err(|_| JwksError::Form)?;
        if set.keys.len() > MAX_KEYS {
            return Err(JwksError::Form);
        }
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let Some(id) = jwk.common.key_id.clone().filter(|id| (1..=MAX_KEY_ID).contains(&id.len())) else {
                continue;
            };
            let Some(key) = usable(jwk, algorithms) else { continue };
            if keys.insert(id, Arc::new(key)).is_some() {
                return Err(JwksError::SameId);
            }
        }
        Ok(Self(keys))
    }

    /// Nobody can have a token: no fault of the set, as its issuer may have revoked every key.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn get(&self, id: &str) -> Option<Arc<Key>> {
        self.0.get(id).cloned()
    }

    /// The ids, in order, for the log.
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }
}

/// The key, if it is for signatures and its algorithm is taken.
fn usable(jwk: &Jwk, algorithms: &[TokenAlgorithm]) -> Option<Key> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => TokenAlgorithm::Es256,
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            TokenAlgorithm::EdDsa
        }
        AlgorithmParameters::RSA(_) => TokenAlgorithm::Rs256,
        _ => return None,
    };
    let common = &jwk.common;
    let is_for_signatures =
        common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|able| able.contains(&KeyOperations::Verify));
    let says_the_same =
        common.key_algorithm.as_ref().is_none_or(|named| named.to_string() == algorithm.name());
    if !is_for_signatures || !says_the_same || !algorithms.contains(&algorithm) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(jwk).ok()?;
    is_of_good_length(&decoding).then_some(Key { algorithm, decoding })
}

fn is_of_good_length(key: &DecodingKey) -> bool {
    use jsonwebtoken::{AlgorithmFamily, DecodingKeyKind};
    match (key.family(), key.kind()) {
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, .. }) => RSA_BYTES.contains(&n.len()),
        // An uncompressed point of P-256.
        (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => point.len() == 65,
        (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(point)) => point.len() == 32,
        _ => false,
    }
}
