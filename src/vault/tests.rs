//! Round trips, and everything that must not open.

#![expect(clippy::unwrap_used, reason = "test")]

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures::FutureExt as _;
use proptest::prelude::*;
use secrecy::SecretString;

use super::*;

const CONTEXT: SealContext<'static> =
    SealContext { table: "credentials", row: "42", field: "password", version: 3 };

/// A ring with these ids, each key made of one repeated byte; the first is the current one.
fn ring(keys: &[(&str, u8)], fingerprint_byte: u8) -> KeyRing {
    let entries: Vec<String> = keys
        .iter()
        .map(|(id, byte)| format!("\"{id}\": \"{}\"", BASE64_STANDARD.encode([*byte; 32])))
        .collect();
    KeyRing::from_json(&SecretString::from(format!(
        r#"{{"current": "{}", "keys": {{{}}}, "fingerprint_key": "{}"}}"#,
        keys.first().unwrap().0,
        entries.join(","),
        BASE64_STANDARD.encode([fingerprint_byte; 32]),
    )))
    .unwrap()
}

fn vault() -> Vault {
    Vault::of_ring(ring(&[("a", 1)], 9))
}

/// A key ring answers at once.
fn seal(vault: &Vault, context: &SealContext<'_>, secret: &SecretBytes) -> Vec<u8> {
    vault.seal(context, secret).now_or_never().unwrap().unwrap()
}

fn open(vault: &Vault, context: &SealContext<'_>, sealed: &[u8]) -> Result<SecretBytes, OpenError> {
    vault.open(context, sealed).now_or_never().unwrap()
}

fn secret(text: &str) -> SecretBytes {
    SecretBytes::new(text.as_bytes().to_vec())
}

#[test]
fn sealing_twice_gives_different_bytes_that_both_open() {
    let vault = vault();
    let first = seal(&vault, &CONTEXT, &secret("hunter2"));
    let second = seal(&vault, &CONTEXT, &secret("hunter2"));
    assert_ne!(first, second);
    assert_eq!(first.len(), "hunter2".len() + 92 + "a".len());
    for sealed in [first, second] {
        assert!(!sealed.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_eq!(open(&vault, &CONTEXT, &sealed).unwrap().expose(), b"hunter2");
    }
}

#[test]
fn no_flipped_bit_and_no_cut_opens() {
    let vault = vault();
    let sealed = seal(&vault, &CONTEXT, &secret("hunter2"));
    for index in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            *changed.get_mut(index).unwrap() ^= 1 << bit;
            assert!(open(&vault, &CONTEXT, &changed).is_err(), "byte {index}, bit {bit}");
        }
        assert!(open(&vault, &CONTEXT, sealed.get(..index).unwrap()).is_err(), "cut to {index}");
    }
    assert!(open(&vault, &CONTEXT, &[sealed, vec![0]].concat()).is_err());
}

#[test]
fn a_sealed_secret_opens_in_no_other_place() {
    let vault = vault();
    let places = [
        CONTEXT,
        SealContext { table: "portals", ..CONTEXT },
        SealContext { row: "43", ..CONTEXT },
        SealContext { field: "token", ..CONTEXT },
        SealContext { version: 4, ..CONTEXT },
        // The same letters, divided elsewhere.
        SealContext { table: "credentials4", row: "2", ..CONTEXT },
        SealContext { row: "42p", field: "assword", ..CONTEXT },
    ];
    for sealed_for in places {
        let sealed = seal(&vault, &sealed_for, &secret("x"));
        for opened_at in places {
            let opened = open(&vault, &opened_at, &sealed);
            assert_eq!(opened.is_ok(), sealed_for == opened_at, "{sealed_for:?} at {opened_at:?}");
        }
    }
}

#[test]
fn older_keys_open_and_strange_keys_do_not() {
    let sealed = seal(&vault(), &CONTEXT, &secret("x"));
    let rotated = Vault::of_ring(ring(&[("b", 2), ("a", 1)], 9));
    assert_eq!(open(&rotated, &CONTEXT, &sealed).unwrap().expose(), b"x");
    let resealed = seal(&rotated, &CONTEXT, &secret("x"));
    assert_eq!(
        open(&vault(), &CONTEXT, &resealed).unwrap_err(),
        OpenError::UnknownKey(KeyId::parse("b").unwrap())
    );

    let other_key_same_name = Vault::of_ring(ring(&[("a", 7)], 9));
    assert_eq!(open(&other_key_same_name, &CONTEXT, &sealed).unwrap_err(), OpenError::Rejected);
    assert_eq!(open(&vault(), &CONTEXT, &[9, 9]).unwrap_err(), OpenError::UnknownVersion(9));
}

#[test]
fn parts_of_two_envelopes_do_not_mix() {
    let vault = vault();
    let first = seal(&vault, &CONTEXT, &secret("x"));
    let second = seal(&vault, &CONTEXT, &secret("y"));
    let header_len = 4 + "a".len() + 60;
    let mixed = [first.get(..header_len).unwrap(), second.get(header_len..).unwrap()].concat();
    assert_eq!(open(&vault, &CONTEXT, &mixed).unwrap_err(), OpenError::Rejected);
}

#[test]
fn fingerprints_outlive_rotation_and_need_the_key() {
    let before = vault();
    let rotated = Vault::of_ring(ring(&[("b", 2), ("a", 1)], 9));
    let elsewhere = Vault::of_ring(ring(&[("a", 1)], 8));
    let fingerprint = before.fingerprint("security_token", &secret("x"));
    assert_eq!(fingerprint.len(), 64);
    assert_eq!(fingerprint, rotated.fingerprint("security_token", &secret("x")));
    assert_ne!(fingerprint, elsewhere.fingerprint("security_token", &secret("x")));
    assert_ne!(fingerprint, before.fingerprint("password", &secret("x")));
    assert_ne!(fingerprint, before.fingerprint("security_token", &secret("y")));
    assert_ne!(before.fingerprint("ab", &secret("c")), before.fingerprint("a", &secret("bc")));

    assert_eq!(before.payload_hash(b"x"), rotated.payload_hash(b"x"));
    assert_ne!(before.payload_hash(b"x"), elsewhere.payload_hash(b"x"));
    assert_ne!(before.payload_hash(b"x"), before.payload_hash(b"y"));
}

#[test]
fn nothing_secret_is_printed() {
    let vault = Vault::of_ring(ring(&[("a", b'K')], b'F'));
    let printed = format!("{vault:?} {:?}", secret("hunter2"));
    for hidden in [BASE64_STANDARD.encode([b'K'; 32]), BASE64_STANDARD.encode([b'F'; 32])] {
        assert!(!printed.contains(&hidden), "{printed}");
    }
    assert!(
        !printed.contains("hunter2") && !printed.contains("KKKK") && !printed.contains("75, 75"),
        "{printed}"
    );
}

#[test]
fn a_broken_ring_is_refused_without_quoting_it() {
    let key = BASE64_STANDARD.encode([1; 32]);
    let canary = "Q0FOQVJZ";
    for (json, expected) in [
        (
            format!(r#"{{"current": "b", "keys": {{"a": "{key}"}}, "fingerprint_key": "{key}"}}"#),
            "current key \"b\"",
        ),
        (
            format!(r#"{{"current": "a", "keys": {{"a": "{canary}"}}, "fingerprint_key": "{key}"}}"#),
            "key \"a\"",
        ),
        (
            format!(r#"{{"current": "a", "keys": {{"a": "{key}"}}, "fingerprint_key": "{canary}"}}"#),
            "fingerprint_key",
        ),
        (format!(r#"{{"current": "a", "keys": "{canary}", "fingerprint_key": "{key}"}}"#), "line 1"),
        (format!(r#"{{"current": "A!", "keys": {{"A!": "{key}"}}, "fingerprint_key": "{key}"}}"#), "key id"),
        (format!(r#"{{"current": "a", "keys": {{"a": "{key}"}}, "other": "{canary}"}}"#), "line 1"),
    ] {
        let message = KeyRing::from_json(&SecretString::from(json)).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains(canary), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_private_and_stays_so() {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    let path = std::env::temp_dir().join(format!("connector-key-ring-{}.json", std::process::id()));
    let created = Vault::of_ring(KeyRing::create(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        matches!(KeyRing::create(&path), Err(KeyRingError::Io { .. })),
        "an existing ring must not be replaced"
    );

    let sealed = seal(&created, &CONTEXT, &secret("x"));
    let loaded = Vault::of_ring(KeyRing::load(&path).unwrap());
    assert_eq!(open(&loaded, &CONTEXT, &sealed).unwrap().expose(), b"x");

    for (mode, is_private) in [(0o400, true), (0o440, true), (0o604, false), (0o620, false)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(KeyRing::load(&path).is_ok(), is_private, "{mode:o}");
    }
    fs::remove_file(path).unwrap();
}

proptest! {
    #[test]
    fn what_was_sealed_opens_in_its_place_only(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        table in ".{0,12}", row in ".{0,12}", field in ".{0,12}", version: u32,
        other_table in ".{0,12}", other_row in ".{0,12}",
    ) {
        let vault = vault();
        let place = SealContext { table: &table, row: &row, field: &field, version };
        let sealed = seal(&vault, &place, &SecretBytes::new(bytes.clone()));
        let opened = open(&vault, &place, &sealed).unwrap();
        prop_assert_eq!(opened.expose(), bytes.as_slice());
        let other = SealContext { table: &other_table, row: &other_row, ..place };
        prop_assert_eq!(open(&vault, &other, &sealed).is_ok(), other == place);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(open(&vault(), &CONTEXT, &bytes).is_err());
    }
}
