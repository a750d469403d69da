//! What comes back from where it was kept: sealed secrets, sessions, key rings, signed statements.

use std::sync::{Arc, LazyLock};

use futures::FutureExt as _;
use secrecy::SecretString;

use crate::{
    audit::{PublicKey, Series, SigningKey, Statement},
    salesforce::Session,
    vault::{KeyRing, RingProvider, SealContext, SecretBytes, Vault},
};

const PLACE: SealContext<'static> = SealContext { table: "secrets", row: "7", field: "token", version: 1 };
const SECRET: &[u8] = b"a secret that was sealed";
const RING: &str = r#"{"current":"1","keys":{"1":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="},
    "fingerprint_key":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}"#;
const SESSION: &str = r#"{"access_token":"00D!x","instance":"https://acme.my.salesforce.com",
    "org_id":"00Dx0000000BV7zEAG","user_id":"005x00000012Q9PAAU","api_version":"67.0","sandbox":null,
    "issued_at":1790000000,"seconds_valid":7200,"rotated_refresh_token":null}"#;

/// A vault and something that it sealed.
struct Sealed {
    vault: Vault,
    bytes: Vec<u8>,
}

static SEALED: LazyLock<Option<Sealed>> = LazyLock::new(|| {
    let ring = RingProvider::fixed(KeyRing::from_json(&SecretString::from(RING)).ok()?);
    let vault = Vault::new(ring.fingerprint_keys(), vec![Arc::new(ring)], std::time::Duration::ZERO);
    let secret = SecretBytes::new(SECRET.to_vec());
    // Keys of a ring are at hand: nothing is waited for.
    let bytes = vault.seal(&PLACE, &secret).now_or_never()?.ok()?;
    Some(Sealed { vault, bytes })
});

#[cfg(test)]
pub(super) fn is_ready() -> bool {
    SEALED.is_some() && !KEYS.is_empty()
}

static KEYS: LazyLock<Vec<PublicKey>> =
    LazyLock::new(|| SigningKey::generate().iter().map(SigningKey::public).collect());

/// One of these, chosen by the first byte.
///
/// # Panics
/// When something opens that was not sealed, or a statement passes that nobody signed.
pub fn stored(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    match kind % 4 {
        0 => sealed(data),
        1 => {
            if let Ok(session) = Session::from_bytes(data) {
                assert!(Session::from_bytes(&session.to_bytes()).is_ok());
                let _ = format!("{session:?}");
            }
        }
        2 => {
            if let Ok(text) = std::str::from_utf8(data) {
                let _ = KeyRing::from_json(&SecretString::from(text)).map(|ring| format!("{ring:?}"));
            }
        }
        _ => statement(data),
    }
}

/// The difference to what was sealed: opens when there is none.
fn sealed(difference: &[u8]) {
    let Some(Sealed { vault, bytes }) = SEALED.as_ref() else { return };
    let (kept, added) = difference.split_at(difference.len().min(bytes.len()));
    let mut tried: Vec<u8> = bytes.iter().zip(kept).map(|(byte, other)| byte ^ other).collect();
    tried.extend_from_slice(added);
    for tried in [tried.as_slice(), difference] {
        let Some(opened) = vault.open(&PLACE, tried).now_or_never() else { continue };
        if let Ok(opened) = opened {
            assert_eq!(tried, bytes.as_slice(), "something else opens");
            assert_eq!(opened.expose(), SECRET);
        }
    }
}

fn statement(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(statement) = Statement::parse(text) else { return };
    let problems = Series::new(&KEYS).take(&statement);
    assert!(!problems.is_empty(), "nobody signed it: {text}");
    let _ = problems.iter().map(ToString::to_string).collect::<String>();
}

/// Things as they are kept.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let length = SEALED.as_ref().map_or(0, |sealed| sealed.bytes.len());
    let mut seeds = vec![
        seed(0, &vec![0; length]),
        seed(0, &vec![0; length + 3]),
        seed(0, &[1, 1, b'1', 0, 4, 1, 2, 3, 4, 5, 6]),
        seed(1, SESSION.as_bytes()),
        seed(2, RING.as_bytes()),
    ];
    if let Ok(key) = SigningKey::generate() {
        let at = time::OffsetDateTime::UNIX_EPOCH;
        let heads = vec![crate::audit::ChainHead { portal_id: 1, sequence: 1, hash: [7; 32] }];
        let none = crate::audit::Predecessor::NONE;
        let statement = Statement::sign(&key, uuid::Uuid::nil(), none, at, &heads, heads.clone());
        seeds.extend(statement.to_text().ok().map(|text| seed(3, text.as_bytes())));
    }
    seeds
}
