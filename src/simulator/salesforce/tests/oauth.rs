//! The token endpoint and its grants.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::Duration;

use super::{Simulator, answer};

const SECRET: &str = "connector-client-secret";

async fn token(simulator: &Simulator, form: &[(&str, &str)]) -> (u16, Value) {
    answer(simulator.http.post(simulator.url("/services/oauth2/token")).form(form)).await
}

fn error(outcome: &(u16, Value)) -> (u16, &str, &str) {
    let text = |name: &str| outcome.1[name].as_str().unwrap_or_default();
    (outcome.0, text("error"), text("error_description"))
}

async fn works(simulator: &Simulator, access_token: &Value) -> u16 {
    let url = simulator.url("/services/data/v64.0/limits/");
    answer(simulator.http.get(url).bearer_auth(access_token.as_str().unwrap())).await.0
}

#[tokio::test]
async fn client_credentials_in_the_body_or_as_basic() {
    let simulator = Simulator::start().await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", "acme-client-id"), ("client_secret", SECRET)];
    let (status, body) = token(&simulator, &form).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.get("refresh_token").is_none() && body.get("expires_in").is_none());
    assert!(body["issued_at"].is_string());
    assert!(body["id"].as_str().unwrap().contains("/id/00D5g000007ACMEEA4/005"));
    assert_eq!(works(&simulator, &body["access_token"]).await, 200);

    let basic = simulator.http.post(simulator.url("/my/acme/services/oauth2/token"));
    let basic =
        basic.basic_auth("acme-client-id", Some(SECRET)).form(&[("grant_type", "client_credentials")]);
    assert_eq!(answer(basic).await.0, 200);

    let wrong_host = simulator.http.post(simulator.url("/login/services/oauth2/token")).form(&form);
    assert_eq!(
        error(&answer(wrong_host).await),
        (400, "invalid_grant", "request not supported on this domain")
    );
    let nobody = [
        ("grant_type", "client_credentials"),
        ("client_id", "connector-client-id"),
        ("client_secret", SECRET),
    ];
    let nobody = token(&simulator, &nobody).await;
    assert_eq!(error(&nobody), (400, "invalid_grant", "no client credentials user enabled"));
    let wrong =
        [("grant_type", "client_credentials"), ("client_id", "acme-client-id"), ("client_secret", "x")];
    assert_eq!(
        error(&token(&simulator, &wrong).await),
        (400, "invalid_client", "invalid client credentials")
    );
    let unknown = [("grant_type", "client_credentials"), ("client_id", "x"), ("client_secret", "x")];
    assert_eq!(
        error(&token(&simulator, &unknown).await),
        (400, "invalid_client_id", "client identifier invalid")
    );
}

#[tokio::test]
async fn refresh_with_and_without_rotation() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    let grant = fixtures.make_refresh_token("acme", "connector-client-id", "admin@acme.example").unwrap();
    let refresh = async |refresh_token: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "connector-client-id"),
            ("client_secret", SECRET),
            ("refresh_token", refresh_token),
        ];
        token(&simulator, &form).await
    };
    let (status, body) = refresh(&grant).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.get("refresh_token").is_none());
    fixtures.edit_org("acme", |org| org.oauth_apps[0].rotates_refresh_tokens = true).unwrap();
    let (_, body) = refresh(&grant).await;
    let rotated = body["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(error(&refresh(&grant).await), (400, "invalid_grant", "expired access/refresh token"));
    assert_eq!(refresh(&rotated).await.0, 200);
    fixtures.edit_org("acme", |org| org.oauth_apps[0].installed = false).unwrap();
    let outcome = refresh(&body["refresh_token"].as_str().unwrap().replace(&rotated, "gone")).await;
    assert_eq!(error(&outcome), (400, "invalid_grant", "expired access/refresh token"));
}

#[tokio::test]
async fn a_sixth_grant_ends_the_oldest() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    let make = || fixtures.make_refresh_token("acme", "connector-client-id", "admin@acme.example").unwrap();
    let grants: Vec<String> = (0..6).map(|_| make()).collect();
    let mut outcomes = Vec::new();
    for grant in &grants {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "connector-client-id"),
            ("client_secret", SECRET),
            ("refresh_token", grant.as_str()),
        ];
        outcomes.push(token(&simulator, &form).await.0);
    }
    assert_eq!(outcomes, [400, 200, 200, 200, 200, 200]);
}

#[tokio::test]
async fn jwt_bearer_checks_signature_audience_expiry_and_approval() {
    let simulator = Simulator::start().await;
    let fixtures = &simulator.running.salesforce;
    let key = fixtures.make_app_key("acme", "connector-client-id").unwrap();
    let other_key = fixtures.make_app_key("trial", "connector-client-id").unwrap();
    let now = simulator.running.clock.now().unix_timestamp();
    let bearer = async |key: &str, sub: &str, aud: &str, exp: i64| {
        let key = jsonwebtoken::EncodingKey::from_rsa_pem(key.as_bytes()).unwrap();
        let claims = json!({"iss": "connector-client-id", "sub": sub, "aud": aud, "exp": exp});
        let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
        let assertion = jsonwebtoken::encode(&header, &claims, &key).unwrap();
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.as_str()),
        ];
        token(&simulator, &form).await
    };
    let (login, admin) = ("https://login.salesforce.com", "admin@acme.example");
    let (status, body) = bearer(&key, admin, login, now + 170).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(works(&simulator, &body["access_token"]).await, 200);
    assert_eq!(bearer(&key, admin, &simulator.url(""), now + 170).await.0, 200);
    assert_eq!(error(&bearer(&other_key, admin, login, now + 170).await).1, "invalid_grant");
    let wrong_audience = bearer(&key, admin, "https://test.salesforce.com", now + 170).await;
    assert_eq!(error(&wrong_audience).2, "Audience validation failed");
    assert_eq!(bearer(&key, admin, login, now - 1).await.0, 400);
    assert_eq!(bearer(&key, admin, login, now + 3600).await.0, 400);
    fixtures
        .edit_org("acme", |org| org.oauth_apps[0].approved_users.push("sales@acme.example".to_owned()))
        .unwrap();
    let unapproved = bearer(&key, admin, login, now + 170).await;
    assert_eq!(error(&unapproved).2, "user hasn't approved this consumer");
}

#[tokio::test]
async fn the_code_is_exchanged_once_with_its_verifier() {
    let simulator = Simulator::start().await;
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let challenge = URL_SAFE_NO_PAD.encode(digest);
    let authorize = async |extra: &[(&str, &str)]| {
        let request = simulator.http.get(simulator.url("/services/oauth2/authorize")).query(&[
            ("response_type", "code"),
            ("client_id", "connector-client-id"),
            ("redirect_uri", "https://app.example/callback"),
            ("scope", "api refresh_token"),
            ("state", "xyz"),
            ("login_hint", "admin@acme.example"),
            ("code_challenge", &challenge),
        ]);
        let response = request.query(extra).send().await.unwrap();
        assert_eq!(response.status(), 302);
        let target = url::Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
        target.query_pairs().into_owned().collect::<std::collections::HashMap<String, String>>()
    };
    let reply = authorize(&[]).await;
    assert_eq!(reply["state"], "xyz");
    let exchange = async |code: &str, verifier: &str| {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "connector-client-id"),
            ("client_secret", SECRET),
            ("redirect_uri", "https://app.example/callback"),
            ("code", code),
            ("code_verifier", verifier),
        ];
        token(&simulator, &form).await
    };
    let (status, body) = exchange(&reply["code"], verifier).await;
    assert_eq!(status, 200, "{body}");
    assert!(body["refresh_token"].as_str().unwrap().starts_with("5Aep861"));
    assert_eq!(error(&exchange(&reply["code"], verifier).await).2, "expired authorization code");
    let reply = authorize(&[]).await;
    assert_eq!(error(&exchange(&reply["code"], "wrong").await).1, "invalid_grant");
    assert_eq!(authorize(&[("simulate", "deny")]).await["error"], "access-denied");
}

#[tokio::test]
async fn sessions_end_by_timeout_revocation_and_control() {
    let simulator = Simulator::start().await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", "acme-client-id"), ("client_secret", SECRET)];
    let fresh = async || token(&simulator, &form).await.1["access_token"].clone();
    let access = fresh().await;
    simulator.running.clock.advance(Duration::minutes(119));
    assert_eq!(works(&simulator, &access).await, 200);
    simulator.running.clock.advance(Duration::minutes(119));
    assert_eq!(works(&simulator, &access).await, 200, "every use starts the timeout anew");
    simulator.running.clock.advance(Duration::minutes(121));
    assert_eq!(works(&simulator, &access).await, 401);
    let access = fresh().await;
    let revoke = simulator.http.post(simulator.url("/services/oauth2/revoke"));
    assert_eq!(answer(revoke.form(&[("token", access.as_str().unwrap())])).await.0, 200);
    assert_eq!(works(&simulator, &access).await, 401);
    let access = fresh().await;
    simulator.running.salesforce.end_sessions("acme", false).unwrap();
    assert_eq!(works(&simulator, &access).await, 401);
}

#[tokio::test]
async fn identity_userinfo_and_introspection() {
    let simulator = Simulator::start().await;
    let form =
        [("grant_type", "client_credentials"), ("client_id", "acme-client-id"), ("client_secret", SECRET)];
    let (_, body) = token(&simulator, &form).await;
    let access = body["access_token"].as_str().unwrap();
    let (status, identity) =
        answer(simulator.http.get(body["id"].as_str().unwrap()).bearer_auth(access)).await;
    assert_eq!((status, &identity["username"]), (200, &json!("admin@acme.example")));
    assert!(identity["urls"]["rest"].as_str().unwrap().ends_with("/services/data/v{version}/"));
    let userinfo = simulator.url("/services/oauth2/userinfo");
    let (_, userinfo) = answer(simulator.http.get(userinfo).bearer_auth(access)).await;
    assert_eq!(userinfo["organization_id"], "00D5g000007ACMEEA4");
    let introspect = simulator.http.post(simulator.url("/services/oauth2/introspect"));
    let form = [("client_id", "acme-client-id"), ("client_secret", SECRET), ("token", access)];
    let (_, introspected) = answer(introspect.form(&form)).await;
    assert_eq!(
        (&introspected["active"], &introspected["username"]),
        (&json!(true), &json!("admin@acme.example"))
    );
    let bad = simulator.http.get(body["id"].as_str().unwrap()).bearer_auth("00D!nonsense");
    assert_eq!(answer(bad).await, (403, json!("Bad_OAuth_Token")));
}

#[tokio::test]
async fn the_password_flow_is_off_by_default() {
    let simulator = Simulator::start().await;
    let form = [
        ("grant_type", "password"),
        ("client_id", "connector-client-id"),
        ("client_secret", SECRET),
        ("username", "admin@trial.example"),
        ("password", "passwordtoken"),
    ];
    assert_eq!(error(&token(&simulator, &form).await), (400, "invalid_grant", "authentication failure"));
    simulator.running.salesforce.edit_org("trial", |org| org.oauth_password_flow = true).unwrap();
    assert_eq!(token(&simulator, &form).await.0, 200);
    assert_eq!(error(&token(&simulator, &[("grant_type", "x")]).await).1, "unsupported_grant_type");
}
