//! The door for fuzzing to tokens, claims and sets of keys.

use std::{sync::LazyLock, time::Duration};

use futures::FutureExt as _;
use http::HeaderMap;

use super::{
    Authentication, KeySource, KeySourceSettings, SanPattern, TokenAlgorithm, TokenSettings, bearer,
    claims::Claims, jwks::KeySet,
};

const ALGORITHMS: [TokenAlgorithm; 3] = [TokenAlgorithm::EdDsa, TokenAlgorithm::Es256, TokenAlgorithm::Rs256];

/// A key whose private half nobody has.
const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","alg":"EdDSA","use":"sig",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

static AUTHENTICATION: LazyLock<Option<Authentication>> = LazyLock::new(|| {
    let tokens = TokenSettings {
        issuer: "https://issuer.example".to_owned(),
        audience: "connector".to_owned(),
        algorithms: ALGORITHMS.to_vec(),
        leeway: Duration::from_secs(30),
        keys: KeySourceSettings {
            source: KeySource::Inline(JWKS.to_owned()),
            refresh: Duration::from_secs(20),
            // Nobody reads them again, and a long run must not outlive them.
            max_age: Duration::from_secs(10 * 365 * 86_400),
        },
    };
    Authentication::new(Some(tokens), None, false).ok()
});

/// Calls with this value of `authorization`. Nobody can sign, so nobody may be let in.
///
/// # Panics
/// When somebody is let in.
pub fn authorization(value: &[u8]) {
    let mut headers = HeaderMap::new();
    if let Ok(value) = http::HeaderValue::from_bytes(value) {
        headers.insert(http::header::AUTHORIZATION, value);
    }
    let _ = bearer(&headers);
    let Some(authentication) = AUTHENTICATION.as_ref() else { return };
    let asked = authentication.authenticate("/connector.v1.PortalService/ListPortals", &headers, None);
    // Keys that are inline are not waited for; an unknown one may be looked for, which is nobody's being let in.
    if let Some(judged) = asked.now_or_never() {
        assert!(judged.is_err(), "somebody was let in: {headers:?}");
    }
}

/// Whether a token of the known key gets as far as its signature: else nothing above would be tried.
#[cfg(test)]
pub(in crate::grpc) fn is_tried(value: &'static str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static(value));
    let Some(authentication) = AUTHENTICATION.as_ref() else { return false };
    let asked = authentication.authenticate("/connector.v1.PortalService/ListPortals", &headers, None);
    asked
        .now_or_never()
        .and_then(Result::err)
        .is_some_and(|rejected| rejected.to_string().contains("signature"))
}

/// Reads claims, a set of keys, and the pattern of a certificate's rule.
pub fn documents(bytes: &[u8]) {
    if let Ok(claims) = serde_json::from_slice::<Claims>(bytes) {
        let _ = claims.access(i64::MAX);
    }
    if let Ok(keys) = KeySet::parse(bytes, &ALGORITHMS) {
        let _ = format!("{keys:?}");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = SanPattern::parse(text);
    }
}
