use super::*;
use crate::simulator::hubspot::fixture::OAuthAppFixture;

async fn form(api: &Api, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let fields: Vec<(&str, &str)> =
        [("client_id", "app"), ("client_secret", "secret")].iter().chain(fields).copied().collect();
    let response = api.client.post(api.url(path)).form(&fields).send().await.unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn details(api: &Api, token: &Value) -> (StatusCode, reqwest::header::HeaderMap, Value) {
    let request = api.client.get(api.url("/account-info/2026-09/details"));
    let response = request.bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    (response.status(), response.headers().clone(), response.json().await.unwrap())
}

async fn with_app(app: OAuthAppFixture) -> Api {
    Api::with(PortalFixture::new(PORTAL).token(TOKEN).oauth_app(app)).await
}

#[tokio::test]
async fn consent_gives_a_code_that_works_once() {
    let api = with_app(OAuthAppFixture::new("app", "secret")).await;
    let query = "client_id=app&redirect_uri=http%3A%2F%2Flocalhost%2Fback&scope=oauth%20crm.lists.read\
                 &optional_scope=content%20imaginary&state=xyz";
    let consent = api.client.get(api.url(&format!("/oauth/authorize?{query}"))).send().await.unwrap();
    assert_eq!(consent.status(), 302);
    let target = url::Url::parse(consent.headers()["location"].to_str().unwrap()).unwrap();
    let parameter = |name: &str| target.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(parameter("state"), "xyz");
    let code = parameter("code");
    let grant =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "http://localhost/back")];
    let (status, granted) = form(&api, "/oauth/2026-09/token", &grant).await;
    assert_eq!(
        (status, &granted["hub_id"], &granted["expires_in"]),
        (StatusCode::OK, &json!(PORTAL), &json!(1800))
    );
    assert_eq!(granted["scopes"], json!(["oauth", "crm.lists.read", "content"]));
    let (status, again) = form(&api, "/oauth/2026-09/token", &grant).await;
    assert_eq!((status, &again["status"]), (StatusCode::BAD_REQUEST, &json!("BAD_AUTH_CODE")));

    let (status, headers, body) = details(&api, &granted["access_token"]).await;
    assert_eq!((status, &body["portalId"]), (StatusCode::OK, &json!(PORTAL)));
    assert_eq!(headers["x-hubspot-ratelimit-max"], "110");
    assert!(!headers.contains_key("x-hubspot-ratelimit-daily"));
}

#[tokio::test]
async fn access_tokens_expire_and_refresh_tokens_can_rotate() {
    let api = with_app(OAuthAppFixture::new("app", "secret").installed("first").rotating()).await;
    let refresh = |token: String| {
        let api = &api;
        async move {
            form(api, "/oauth/v1/token", &[("grant_type", "refresh_token"), ("refresh_token", &token)]).await
        }
    };
    let (status, granted) = refresh("first".to_owned()).await;
    assert_eq!(status, 200);
    let second = granted["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(second, "first");
    let (status, stale) = refresh("first".to_owned()).await;
    assert_eq!(
        (status, &stale["status"], &stale["error"]),
        (StatusCode::BAD_REQUEST, &json!("BAD_REFRESH_TOKEN"), &json!("invalid_grant"))
    );

    assert_eq!(details(&api, &granted["access_token"]).await.0, 200);
    api.running.clock.advance(Duration::seconds(1875));
    let (status, _, body) = details(&api, &granted["access_token"]).await;
    assert_eq!((status, &body["category"]), (StatusCode::UNAUTHORIZED, &json!("EXPIRED_AUTHENTICATION")));
    assert!(
        body["message"]
            .as_str()
            .unwrap()
            .starts_with("The OAuth token used to make this call expired 75 second")
    );
    assert!(body["context"]["expire time"][0].is_string());

    let (_, granted) = refresh(second).await;
    let token = granted["access_token"].as_str().unwrap();
    let (_, active) = form(&api, "/oauth/2026-09/token/introspect", &[("token", token)]).await;
    assert_eq!(
        (&active["active"], &active["hub_id"], &active["token_use"]),
        (&json!(true), &json!(PORTAL), &json!("access_token"))
    );
    let third = granted["refresh_token"].as_str().unwrap();
    assert_eq!(form(&api, "/oauth/2026-09/token/revoke", &[("token", third)]).await.0, 200);
    let (_, inactive) = form(&api, "/oauth/2026-09/token/introspect", &[("token", token)]).await;
    assert_eq!(inactive, json!({"active": false}));
    assert_eq!(details(&api, &granted["access_token"]).await.0, 401);
}

#[tokio::test]
async fn a_wrong_client_is_a_configuration_error() {
    let api = with_app(OAuthAppFixture::new("app", "other").installed("first")).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "first")];
    let (status, body) = form(&api, "/oauth/2026-03/token", &grant).await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_client")));
    api.running
        .hubspot
        .change_portal(
            PORTAL,
            &json!({"oauth_apps": [
        {"client_id": "app", "client_secret": "secret", "refresh_tokens": ["first"]}], "revoked": true}),
        )
        .unwrap();
    assert_eq!(form(&api, "/oauth/2026-03/token", &grant).await.1["status"], "BAD_REFRESH_TOKEN");
    api.running.hubspot.change_portal(PORTAL, &json!({"revoked": false})).unwrap();
    assert_eq!(form(&api, "/oauth/2026-03/token", &grant).await.0, 200);
}
