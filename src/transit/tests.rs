//! What is sent to Vault, and what its answers come to.

#![expect(clippy::unwrap_used, reason = "test")]

use std::path::PathBuf;

use http::StatusCode;
use serde_json::json;

use super::*;
use crate::outbound::testing::{Reply, ScriptedServer};

const TOKEN: &str = "hvs.CANARY-4c1e";

/// A token file that is removed with this value.
struct TokenFile(PathBuf);

impl TokenFile {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("connector-transit-{}", uuid::Uuid::now_v7()));
        std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
        Self(path)
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn config(server: &ScriptedServer, token: &TokenFile) -> TransitConfig {
    TransitConfig {
        address: server.url.parse().unwrap(),
        mount: "team/transit".to_owned(),
        key: "connector".to_owned(),
        token_file: token.0.clone(),
        namespace: Some("admin".to_owned()),
        ca_file: None,
    }
}

fn key_info(newest: u64, oldest: u64) -> Reply {
    let data = json!({
        "type": "aes256-gcm96", "latest_version": newest, "min_decryption_version": oldest,
        "min_encryption_version": 0, "derived": false, "exportable": false, "supports_encryption": true,
        "keys": {"1": 1_442_851_412},
    });
    Reply::json(200, &json!({ "data": data }))
}

async fn connected(replies: Vec<Reply>) -> (TransitKeys, ScriptedServer, TokenFile) {
    let mut all = vec![key_info(3, 2)];
    all.extend(replies);
    let (server, token) = (ScriptedServer::start(all).await, TokenFile::new());
    let keys = TransitKeys::connect(&config(&server, &token)).await.unwrap();
    (keys, server, token)
}

fn id(text: &str) -> KeyId {
    KeyId::parse(text).unwrap()
}

#[tokio::test]
async fn a_data_key_is_wrapped_for_its_place_by_the_version_that_seals() {
    let data_key = DataKey::random().unwrap();
    let plain = BASE64_STANDARD.encode(data_key.expose());
    let (keys, server, _token) = connected(vec![
        Reply::json(200, &json!({"data": {"ciphertext": "vault:v2:c2VhbGVk", "key_version": 2}})),
        Reply::json(200, &json!({"data": {"plaintext": plain}})),
    ])
    .await;
    assert_eq!(keys.keys().newest, Some(id("transit.connector.3")));
    assert_eq!(keys.keys().family.as_deref(), Some("transit.connector."));
    assert!(keys.owns(&id("transit.connector.1")) && !keys.owns(&id("1")));

    let version = id("transit.connector.2");
    let wrapped = keys.wrap(&version, &data_key, b"the place").await.unwrap();
    assert_eq!(wrapped, b"vault:v2:c2VhbGVk");
    let unwrapped = keys.unwrap(&version, &wrapped, b"the place").await.unwrap();
    assert_eq!(unwrapped.expose(), data_key.expose());

    let asked = server.asked();
    let [look, encrypt, decrypt] = asked.as_slice() else { unreachable!("three calls: {asked:?}") };
    assert_eq!(
        (look.method.as_str(), look.path_and_query.as_str()),
        ("GET", "/v1/team/transit/keys/connector")
    );
    assert_eq!(encrypt.path_and_query, "/v1/team/transit/encrypt/connector");
    let place = BASE64_STANDARD.encode(b"the place");
    assert_eq!(
        encrypt.json(),
        json!({"plaintext": BASE64_STANDARD.encode(data_key.expose()), "associated_data": place, "key_version": 2})
    );
    assert_eq!(decrypt.path_and_query, "/v1/team/transit/decrypt/connector");
    assert_eq!(decrypt.json(), json!({"ciphertext": "vault:v2:c2VhbGVk", "associated_data": place}));
    for asked in &asked {
        assert_eq!(asked.header("x-vault-token"), TOKEN);
        assert_eq!(asked.header("x-vault-namespace"), "admin");
        assert_eq!(asked.header("x-vault-request"), "true");
    }
}

#[tokio::test]
async fn a_label_of_another_version_or_key_is_refused_before_vault_is_asked() {
    let (keys, server, _token) = connected(Vec::new()).await;
    let outcome = |id: KeyId, wrapped: &'static [u8]| {
        let keys = &keys;
        async move { keys.unwrap(&id, wrapped, b"").await.unwrap_err() }
    };
    let version = id("transit.connector.2");
    assert_eq!(outcome(version.clone(), b"vault:v3:c2VhbGVk").await, KeyError::Rejected);
    assert_eq!(outcome(version.clone(), b"c2VhbGVk").await, KeyError::Rejected);
    assert_eq!(outcome(version, b"\xff").await, KeyError::Rejected);
    for other in ["transit.other.2", "transit.connector.02", "transit.connector.x"] {
        assert_eq!(outcome(id(other), b"vault:v2:x").await, KeyError::Unknown(id(other)));
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_vault_refuses_says_what_to_do_and_repeats_nothing() {
    let words = json!({"errors": ["cipher: message authentication failed hvs.CANARY-4c1e"]});
    for (status, expected) in [
        (StatusCode::FORBIDDEN, "give its policy"),
        (StatusCode::NOT_FOUND, "no such key"),
        (StatusCode::SERVICE_UNAVAILABLE, "unseal it"),
        (StatusCode::TOO_MANY_REQUESTS, "429"),
        (StatusCode::INTERNAL_SERVER_ERROR, "500"),
    ] {
        let (keys, _server, _token) = connected(vec![Reply::json(status.as_u16(), &words)]).await;
        let error = keys.unwrap(&id("transit.connector.3"), b"vault:v3:x", b"").await.unwrap_err();
        let KeyError::Unavailable(text) = error else { unreachable!("{status}: {error:?}") };
        assert!(text.contains(expected) && text.starts_with("HashiCorp Vault"), "{text}");
        assert!(!text.contains("CANARY") && !text.contains("cipher"), "{text}");
    }
    // Changed, or of another place.
    let (keys, _server, _token) = connected(vec![Reply::json(400, &words), Reply::json(400, &words)]).await;
    let refused = keys.unwrap(&id("transit.connector.3"), b"vault:v3:x", b"").await.unwrap_err();
    assert_eq!(refused, KeyError::Rejected);
    // Of a version that was given up.
    let refused = keys.unwrap(&id("transit.connector.1"), b"vault:v1:x", b"").await.unwrap_err();
    assert_eq!(refused, KeyError::Unknown(id("transit.connector.1")));
    assert!(!format!("{keys:?}").contains("CANARY"));
}

#[tokio::test]
async fn answers_that_are_cut_or_no_json_are_no_keys() {
    for reply in
        [Reply::cut(), Reply::text(200, "<html>"), Reply::json(200, &json!({"data": {"plaintext": "AA=="}}))]
    {
        let (keys, _server, _token) = connected(vec![reply]).await;
        let error = keys.unwrap(&id("transit.connector.3"), b"vault:v3:x", b"").await.unwrap_err();
        assert!(matches!(error, KeyError::Unavailable(_)), "{error:?}");
    }
}

#[tokio::test]
async fn rotating_makes_a_version_and_retiring_ends_the_older_ones() {
    let (keys, server, _token) = connected(vec![
        Reply::json(200, &json!({"data": {}})),
        key_info(4, 2),
        key_info(4, 2),
        Reply::text(204, ""),
        key_info(4, 4),
    ])
    .await;
    assert_eq!(keys.make_key().await.unwrap(), Some(id("transit.connector.4")));
    let along = keys.given_up_with(&id("transit.connector.3"));
    assert_eq!(along, [1, 2, 3].map(|version| id(&format!("transit.connector.{version}"))));
    keys.retire(&id("transit.connector.3")).await.unwrap();
    let asked = server.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path_and_query.as_str()).collect();
    let key = "/v1/team/transit/keys/connector";
    let (rotate, config) = (format!("{key}/rotate"), format!("{key}/config"));
    assert_eq!(paths, [key, &rotate, key, key, &config, key]);
    assert_eq!(asked.get(4).unwrap().json(), json!({"min_decryption_version": 4}));
}

#[tokio::test]
async fn a_key_or_a_setting_that_cannot_work_is_named() {
    let token = TokenFile::new();
    let derived = json!({"data": {
        "type": "aes256-gcm96", "latest_version": 1, "min_decryption_version": 1, "derived": true,
    }});
    let rsa = json!({"data": {"type": "rsa-2048", "latest_version": 1, "min_decryption_version": 1}});
    for (reply, expected) in [(derived, "must be of type"), (rsa, "rsa-2048")] {
        let server = ScriptedServer::start([Reply::json(200, &reply)]).await;
        let error = TransitKeys::connect(&config(&server, &token)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let server = ScriptedServer::start([]).await;
    let good = config(&server, &token);
    for (wrong, expected) in [
        (TransitConfig { key: "../sys".to_owned(), ..good.clone() }, "vault.transit_key"),
        (TransitConfig { mount: "a/../b".to_owned(), ..good.clone() }, "vault.transit_mount"),
        (TransitConfig { token_file: "/nonexistent".into(), ..good.clone() }, "vault.transit_token_file"),
        (TransitConfig { ca_file: Some("/nonexistent".into()), ..good.clone() }, "vault.transit_ca_file"),
        (TransitConfig { ca_file: Some(token.0.clone()), ..good }, "no certificate"),
    ] {
        let error = TransitKeys::connect(&wrong).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(server.asked().is_empty());
}
