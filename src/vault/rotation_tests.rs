//! Moved and changed ciphertexts by the ten thousand; keys that come, go and are wrapped anew.

#![expect(clippy::unwrap_used, reason = "test")]

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::FutureExt as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use secrecy::SecretString;

use super::*;

/// A ring whose current key is the last one.
fn ring_json(keys: &[&str], fingerprint_byte: u8) -> SecretString {
    let entries: Vec<String> = keys
        .iter()
        .map(|id| {
            let mut key = [0; 32];
            for (byte, letter) in key.iter_mut().zip(id.bytes()) {
                *byte = letter;
            }
            format!("\"{id}\": \"{}\"", BASE64_STANDARD.encode(key))
        })
        .collect();
    SecretString::from(format!(
        r#"{{"current": "{}", "keys": {{{}}}, "fingerprint_key": "{}"}}"#,
        keys.last().unwrap(),
        entries.join(","),
        BASE64_STANDARD.encode([fingerprint_byte; 32]),
    ))
}

fn vault(keys: &[&str]) -> Vault {
    Vault::of_ring(KeyRing::from_json(&ring_json(keys, 9)).unwrap())
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

/// A key ring answers at once.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().unwrap()
}

/// Places of one installation that differ in one part or in several.
fn places() -> Vec<(String, String, String, u32)> {
    let mut places = Vec::new();
    for table in ["secrets", "portals"] {
        for row in 0..20 {
            for field in ["salesforce_credential", "security_token"] {
                for version in [1, 2] {
                    places.push((
                        table.to_owned(),
                        format!("{}/{row}", 10_000 + row % 3),
                        field.to_owned(),
                        version,
                    ));
                }
            }
        }
    }
    places
}

fn context(place: &(String, String, String, u32)) -> SealContext<'_> {
    SealContext { table: &place.0, row: &place.1, field: &place.2, version: place.3 }
}

#[test]
fn no_ciphertext_opens_in_another_place_under_whatever_key() {
    let before = vault(&["a"]);
    let both = vault(&["a", "b"]);
    let places = places();
    let sealed: Vec<Vec<u8>> = places
        .iter()
        .enumerate()
        .map(|(position, place)| {
            let vault = if position.is_multiple_of(2) { &before } else { &both };
            let secret = SecretBytes::new(format!("secret {position}").into_bytes());
            now(vault.seal(&context(place), &secret)).unwrap()
        })
        .collect();
    let (mut tried, mut opened) = (0_u32, 0_u32);
    for (from, sealed) in sealed.iter().enumerate() {
        for (to, place) in places.iter().enumerate() {
            let outcome = now(both.open(&context(place), sealed));
            if from == to {
                assert_eq!(outcome.unwrap().expose(), format!("secret {from}").as_bytes());
            } else {
                tried += 1;
                opened += u32::from(outcome.is_ok());
            }
        }
    }
    assert!(tried >= 10_000, "{tried}");
    assert_eq!(opened, 0, "of {tried} swaps");
}

/// Each of the two parts of an envelope is bound to its place by itself: whoever can wrap data keys can't move secrets,
/// and whoever can move secrets can't move data keys.
#[test]
fn each_part_is_bound_to_its_place_without_the_other() {
    let key = DataKey::random().unwrap();
    let secret = SecretBytes::new(b"hunter2".to_vec());
    let home = SealContext { table: "secrets", row: "1/a", field: "token", version: 1 };
    let elsewhere = [
        SealContext { table: "portals", ..home },
        SealContext { row: "1/b", ..home },
        SealContext { field: "password", ..home },
        SealContext { version: 2, ..home },
    ];
    let sealed = envelope::encrypt(&home, &key, &secret).unwrap();
    assert!(envelope::decrypt(&home, &key, &sealed).is_ok());
    let aad = envelope::data_key_aad(&home, &id("a"));
    assert_ne!(envelope::data_key_aad(&home, &id("b")), aad, "the key id");
    for place in elsewhere {
        assert!(envelope::decrypt(&place, &key, &sealed).is_err(), "the secret opens at {place:?}");
        assert_ne!(envelope::data_key_aad(&place, &id("a")), aad, "the data key opens at {place:?}");
    }
}

#[test]
fn no_flipped_bits_open_and_no_parts_of_two_envelopes() {
    let vault = vault(&["a", "b"]);
    let places = places();
    let sealed: Vec<Vec<u8>> = places
        .iter()
        .map(|place| now(vault.seal(&context(place), &SecretBytes::new(b"hunter2".to_vec()))).unwrap())
        .collect();
    let mut random = StdRng::seed_from_u64(20_261_127);
    let mut opened = 0_u32;
    for round in 0..20_000_usize {
        let which = round % sealed.len();
        let whole = sealed.get(which).unwrap();
        let mut changed = whole.clone();
        if round % 4 == 3 {
            // The head of one and the tail of another, cut anywhere.
            let other = sealed.get(random.random_range(0..sealed.len())).unwrap();
            let cut = random.random_range(1..whole.len());
            changed = [whole.get(..cut).unwrap(), other.get(cut..).unwrap()].concat();
        } else {
            for _ in 0..=round % 4 {
                let bit = random.random_range(0..whole.len() * 8);
                *changed.get_mut(bit / 8).unwrap() ^= 1 << (bit % 8);
            }
        }
        if changed != *whole {
            opened += u32::from(now(vault.open(&context(places.get(which).unwrap()), &changed)).is_ok());
        }
    }
    assert_eq!(opened, 0);
}

#[test]
fn rewrapping_changes_the_key_and_nothing_else() {
    let before = vault(&["a"]);
    let both = vault(&["a", "b"]);
    let place = SealContext { table: "secrets", row: "1/x", field: "security_token", version: 1 };
    let sealed = now(before.seal(&place, &SecretBytes::new(b"hunter2".to_vec()))).unwrap();
    let rewrapped = now(both.rewrap(&place, &sealed)).unwrap().unwrap();
    let (old, new) = (Envelope::parse(&sealed).unwrap(), Envelope::parse(&rewrapped).unwrap());
    assert_eq!((old.key_id.as_str(), new.key_id.as_str()), ("a", "b"));
    assert_eq!(old.secret, new.secret, "the secret itself is not touched");
    assert_ne!(old.wrapped, new.wrapped);
    assert_eq!(now(both.open(&place, &rewrapped)).unwrap().expose(), b"hunter2");
    assert_eq!(now(vault(&["b"]).open(&place, &rewrapped)).unwrap().expose(), b"hunter2");
    assert_eq!(now(before.open(&place, &rewrapped)).unwrap_err(), OpenError::UnknownKey(id("b")));
    assert_eq!(now(both.rewrap(&place, &rewrapped)).unwrap(), None, "it is wrapped by that key already");
    // One that was moved is not made to look as good as new.
    let elsewhere = SealContext { row: "2/x", ..place };
    assert_eq!(now(both.rewrap(&elsewhere, &sealed)).unwrap_err(), OpenError::Rejected);
}

#[test]
fn the_key_that_seals_is_the_one_that_was_said() {
    let both = vault(&["a", "b"]);
    let place = SealContext { table: "secrets", row: "1/x", field: "security_token", version: 1 };
    let key_of = |sealed: &[u8]| Envelope::parse(sealed).unwrap().key_id;
    let secret = SecretBytes::new(b"x".to_vec());
    assert_eq!(key_of(&now(both.seal(&place, &secret)).unwrap()), id("b"));
    both.seal_with(id("a"));
    assert_eq!(key_of(&now(both.seal(&place, &secret)).unwrap()), id("a"));
    both.seal_with(id("c"));
    assert_eq!(now(both.seal(&place, &secret)).unwrap_err(), KeyError::Unknown(id("c")));
}

struct File(PathBuf);

impl File {
    fn new(name: &str, json: &SecretString) -> Self {
        let path = std::env::temp_dir().join(format!("connector-ring-{}-{name}.json", std::process::id()));
        let _ = fs::remove_file(&path);
        ring_file::write_new(&path, json).unwrap();
        Self(path)
    }

    fn put(&self, json: &SecretString) {
        ring_file::replace(&self.0, json).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn follow(file: &File) -> Vault {
    let provider = RingProvider::of_file(&file.0).unwrap();
    Vault::new(provider.fingerprint_keys(), vec![Arc::new(provider)], Duration::ZERO)
}

#[test]
fn an_unknown_key_makes_the_file_be_read_again() {
    let file = File::new("unknown", &ring_json(&["a"], 9));
    let (early, late) = (follow(&file), follow(&file));
    let place = SealContext { table: "secrets", row: "1/x", field: "security_token", version: 1 };
    file.put(&ring_json(&["a", "b"], 9));
    assert_eq!(early.keys().newest, Some(id("a")), "nobody has looked yet");
    now(early.refresh()).unwrap();
    early.seal_with(id("b"));
    let sealed = now(early.seal(&place, &SecretBytes::new(b"x".to_vec()))).unwrap();
    assert_eq!(late.keys().held, [id("a")]);
    assert_eq!(now(late.open(&place, &sealed)).unwrap().expose(), b"x");
    assert_eq!(late.keys().held, [id("a"), id("b")]);
    // One that is nowhere stays unknown.
    let stray = vault(&["z"]);
    let sealed = now(stray.seal(&place, &SecretBytes::new(b"x".to_vec()))).unwrap();
    assert_eq!(now(late.open(&place, &sealed)).unwrap_err(), OpenError::UnknownKey(id("z")));
}

#[test]
fn a_changed_file_that_would_break_something_is_not_taken_over() {
    let file = File::new("guarded", &ring_json(&["a", "b"], 9));
    let vault = follow(&file);
    vault.seal_with(id("b"));
    now(vault.refresh()).unwrap();
    for (json, expected) in [
        (ring_json(&["a"], 9), "lacks key \"b\""),
        (ring_json(&["a", "b"], 8), "fingerprint_key"),
        (SecretString::from("{\"cut"), "not of the form"),
    ] {
        file.put(&json);
        let error = now(vault.refresh()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(vault.keys().held, [id("a"), id("b")], "{expected}");
    }
    file.put(&ring_json(&["b", "c"], 9));
    now(vault.refresh()).unwrap();
    assert_eq!(vault.keys().held, [id("b"), id("c")], "a key that is not in use may go");
}

#[cfg(unix)]
#[test]
fn adding_a_key_keeps_the_others_and_the_mode() {
    use std::os::unix::fs::PermissionsExt as _;

    let file = File::new("added", &ring_json(&["old", "7"], 9));
    fs::set_permissions(&file.0, fs::Permissions::from_mode(0o640)).unwrap();
    let before = vault(&["old", "7"]);
    let place = SealContext { table: "secrets", row: "1/x", field: "security_token", version: 1 };
    let sealed = now(before.seal(&place, &SecretBytes::new(b"x".to_vec()))).unwrap();
    assert_eq!(KeyRing::add_key(&file.0).unwrap(), id("8"));
    let after = follow(&file);
    assert_eq!(after.keys().newest, Some(id("8")));
    assert_eq!(after.keys().held, [id("7"), id("8"), id("old")]);
    assert_eq!(now(after.open(&place, &sealed)).unwrap().expose(), b"x");
    assert_eq!(before.payload_hash(b"x"), after.payload_hash(b"x"), "the fingerprint key is the same");
    assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o640);
    let beside = fs::read_dir(file.0.parent().unwrap()).unwrap().flatten();
    let left = beside.filter(|entry| entry.file_name().to_string_lossy().contains("-added.json.")).count();
    assert_eq!(left, 0, "nothing is left beside it");
}

#[test]
fn a_ring_may_leave_the_keys_to_a_service_and_must_not_take_their_names() {
    let key = BASE64_STANDARD.encode([1; 32]);
    let read = |json: String| KeyRing::from_json(&SecretString::from(json));
    let bare = read(format!(r#"{{"fingerprint_key": "{key}"}}"#)).unwrap();
    assert!(bare.current_id().is_none() && Vault::of_ring(bare).sealing_key().is_none());
    let unnamed = read(format!(r#"{{"keys": {{"a": "{key}"}}, "fingerprint_key": "{key}"}}"#));
    assert!(unnamed.unwrap_err().to_string().contains("no current one"));
    let taken = format!(
        r#"{{"current": "transit.x.1", "keys": {{"transit.x.1": "{key}"}}, "fingerprint_key": "{key}"}}"#
    );
    assert!(read(taken).unwrap_err().to_string().contains("another name"));
}
