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
            max_age: Duration::from_secs(900),
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
    // Keys that are inline are never waited for.
    if let Some(judged) = asked.now_or_never() {
        assert!(judged.is_err(), "somebody was let in: {headers:?}");
    }
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
