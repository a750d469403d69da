//! What a call carries beside its message: page and resume tokens, the values of metadata, an issuer's documents.

use crate::{grpc::fuzzing as grpc, watch::fuzzing as watch};

pub(super) const JWT: &str = "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.\
    eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoiY29ubmVjdG9yIiwic3ViIjoieCIsImV4cCI6OTk5OTk5OTk5OX0.\
    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
const NO_ALGORITHM: &str = "Bearer eyJhbGciOiJub25lIiwia2lkIjoiayJ9.\
    eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwiYXVkIjoiY29ubmVjdG9yIiwic3ViIjoieCIsImV4cCI6OTk5OTk5OTk5OX0.";
const CLAIMS: &str = r#"{"iss":"https://issuer.example","aud":["connector"],"sub":"x","exp":9999999999,"iat":1,
    "nbf":1,"scope":"setup status.read","portals":[62515]}"#;
const JWKS: &str = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"e","use":"sig",
    "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"},
    {"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"},{"kty":"oct","k":"AAAA","kid":"o"}]}"#;

/// One of these, chosen by the first byte.
///
/// # Panics
/// When a token is taken that is not ours, or does not lead back to where it was made.
pub fn tokens(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    let text = std::str::from_utf8(data).ok();
    match (kind % 4, text) {
        (0, Some(text)) => grpc::page_token(text),
        (1, Some(text)) => watch::resume_token(text),
        (2, _) => grpc::metadata(data),
        (3, _) => grpc::issuer_documents(data),
        _ => {}
    }
}

/// Tokens and documents that are taken, and some that must not be.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, text: &str| [&[kind], text.as_bytes()].concat();
    let mut seeds: Vec<_> = grpc::page_token_seeds().iter().map(|token| seed(0, token)).collect();
    seeds.push(seed(1, &watch::good_resume_token()));
    for value in [JWT, NO_ALGORITHM, "Basic eDp5", "10S", "99999999H", "ja,en;q=0.5,*;q=0.1", "abc-1_2.3"] {
        seeds.push(seed(2, value));
    }
    // Signed by nobody, in the form that a signed one has.
    seeds.extend(JWT.rsplit_once('.').map(|(unsigned, _)| seed(2, &format!("{unsigned}."))));
    for document in [CLAIMS, JWKS, "spiffe://corp.example/ns/crm/*", "batch.corp.example"] {
        seeds.push(seed(3, document));
    }
    seeds
}
