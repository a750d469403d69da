#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use aws_lc_rs::{
    encoding::AsDer,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use time::macros::datetime;

use crate::outbound::testing::{Reply, ScriptedServer};
use crate::salesforce::{
    ClientConfig, Credential, DidItHappen, Environment, LoginTarget, SalesforceClient, SalesforceError,
    SalesforceErrorKind as Kind, Session,
};

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
}

fn token_answer() -> serde_json::Value {
    serde_json::json!({
        "access_token": "00Dx0000000BV7z!CANARY", "signature": "0CmxinZir53Yex7nE0TD+zMpvIWYGb/bdJh6XfOH6EQ=",
        "scope": "refresh_token api", "instance_url": "https://acme.my.salesforce.com",
        "id": "https://login.salesforce.com/id/00Dx0000000BV7zEAG/005x00000012Q9PAAU",
        "token_type": "Bearer", "issued_at": "1278448832702"
    })
}

async fn login(
    credential: Credential,
    reply: Reply,
) -> (Result<Session, SalesforceError>, Vec<(String, String)>) {
    let server = ScriptedServer::start([reply]).await;
    let client = SalesforceClient::new(ClientConfig::for_simulator(&server.url)).unwrap();
    let target = LoginTarget { environment: Environment::Production, my_domain: Some(server.url.clone()) };
    let outcome = client.login(&target, &credential).await;
    let asked = server.asked().remove(0);
    assert_eq!(asked.path_and_query, "/services/oauth2/token");
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    let form = url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
    (outcome, form)
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

fn refresh_token() -> Credential {
    Credential::RefreshToken {
        client_id: "key".to_owned(),
        client_secret: Some(SecretString::from("CANARY-secret")),
        refresh_token: SecretString::from("CANARY&refresh"),
    }
}

#[tokio::test]
async fn a_refresh_yields_a_session_and_a_rotated_token() {
    let mut answer = token_answer();
    let (session, form) = login(refresh_token(), Reply::json(200, &answer)).await;
    let session = session.unwrap();
    assert_eq!(session.access_token.expose_secret(), "00Dx0000000BV7z!CANARY");
    assert_eq!(session.org_id.as_str(), "00Dx0000000BV7zEAG");
    assert_eq!(session.user_id.as_str(), "005x00000012Q9PAAU");
    assert_eq!(session.issued_at, datetime!(2010-07-06 20:40:32 UTC));
    assert_eq!(session.sandbox, None);
    assert!(session.rotated_refresh_token.is_none());
    assert_eq!(
        form,
        [
            pair("grant_type", "refresh_token"),
            pair("client_id", "key"),
            pair("refresh_token", "CANARY&refresh"),
            pair("client_secret", "CANARY-secret"),
        ]
    );
    answer["refresh_token"] = "CANARY-new".into();
    let (session, _) = login(refresh_token(), Reply::json(200, &answer)).await;
    assert_eq!(session.unwrap().rotated_refresh_token.unwrap().expose_secret(), "CANARY-new");
}

#[tokio::test]
async fn the_assertion_is_signed_for_the_right_audience() {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der>::as_der(&key).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let credential = Credential::JwtBearer {
        client_id: "3MVG99".to_owned(),
        username: "admin@acme.com".to_owned(),
        private_key_pem: SecretString::from(pem),
    };
    let (session, form) = login(credential, Reply::json(200, &token_answer())).await;
    session.unwrap();
    assert_eq!(form[0], pair("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"));
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_aud = false;
    let public = DecodingKey::from_rsa_der(key.public_key().as_ref());
    let claims = jsonwebtoken::decode::<Claims>(&form[1].1, &public, &validation).unwrap().claims;
    assert_eq!((claims.iss.as_str(), claims.sub.as_str()), ("3MVG99", "admin@acme.com"));
    assert!(claims.aud.starts_with("http://127.0.0.1:"), "a simulator is its own audience: {}", claims.aud);
    let lifetime = claims.exp - time::OffsetDateTime::now_utc().unix_timestamp();
    assert!((100..=180).contains(&lifetime), "{lifetime}");
}

#[tokio::test]
async fn a_key_that_cannot_sign_is_said_before_anything_is_sent() {
    let server = ScriptedServer::start([]).await;
    let client = SalesforceClient::new(ClientConfig::for_simulator(&server.url)).unwrap();
    let target = LoginTarget { environment: Environment::Production, my_domain: None };
    for pem in ["", "CANARY", "-----BEGIN PRIVATE KEY-----\nQ0FOQVJZ\n-----END PRIVATE KEY-----\n"] {
        let credential = Credential::JwtBearer {
            client_id: "key".to_owned(),
            username: "u".to_owned(),
            private_key_pem: SecretString::from(pem),
        };
        let error = client.login(&target, &credential).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::CredentialUnusable { .. }), "{error:?}");
        assert_eq!(error.effect(), DidItHappen::No);
        assert!(!format!("{error:?}").contains("CANARY"));
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn client_credentials_need_the_my_domain() {
    let credential = || Credential::ClientCredentials {
        client_id: "key".to_owned(),
        client_secret: SecretString::from("CANARY"),
    };
    let client = SalesforceClient::new(ClientConfig::default()).unwrap();
    for environment in [Environment::Production, Environment::Sandbox] {
        let target = LoginTarget { environment, my_domain: None };
        let error = client.login(&target, &credential()).await.unwrap_err();
        assert_eq!((error.kind(), error.effect()), (&Kind::MyDomainRequired, DidItHappen::No));
    }
    let (session, form) = login(credential(), Reply::json(200, &token_answer())).await;
    session.unwrap();
    assert_eq!(
        form,
        [pair("grant_type", "client_credentials"), pair("client_id", "key"), pair("client_secret", "CANARY")]
    );
}

#[tokio::test]
async fn refusals_and_hostile_answers_are_typed() {
    let refusal =
        serde_json::json!({"error": "invalid_grant", "error_description": "expired access/refresh token"});
    let (error, _) = login(refresh_token(), Reply::json(400, &refusal)).await;
    assert_eq!(
        *error.unwrap_err().kind(),
        Kind::OauthRefused {
            error: "invalid_grant".to_owned(),
            description: "expired access/refresh token".to_owned()
        }
    );
    for (key, value) in [
        ("instance_url", "https://acme.my.salesforce.com.evil.com"),
        ("instance_url", "http://169.254.169.254"),
        ("id", "https://login.salesforce.com/id/nobody"),
        ("access_token", ""),
    ] {
        let mut answer = token_answer();
        if value.is_empty() {
            answer.as_object_mut().unwrap().remove(key);
        } else {
            answer[key] = value.into();
        }
        let (outcome, _) = login(refresh_token(), Reply::json(200, &answer)).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.effect(), DidItHappen::Yes, "{key}={value}");
        assert!(matches!(error.kind(), Kind::HostNotAllowed(_) | Kind::Malformed(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
    let (outcome, _) =
        login(refresh_token(), Reply::text(302, "").header("location", "https://evil.com")).await;
    assert!(matches!(outcome.unwrap_err().kind(), Kind::Malformed(_)));
}

#[test]
fn no_credential_prints_its_secret() {
    assert_eq!(format!("{:?}", refresh_token()), "RefreshToken { .. }");
}
