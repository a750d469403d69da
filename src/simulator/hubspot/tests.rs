//! The simulator over HTTP.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod activity;
mod crm;
mod lists;
mod oauth;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::Duration;

use super::{PortalFixture, fixture::Tier};
use crate::simulator::{RunningSimulators, Seed, SimulatorConfig, start};

const TOKEN: &str = "test-token";
const PORTAL: u64 = 42;

struct Api {
    running: RunningSimulators,
    client: reqwest::Client,
}

impl Api {
    async fn with(fixture: PortalFixture) -> Self {
        let config = SimulatorConfig { seed: Seed::Empty, ..SimulatorConfig::default() };
        let running = start(config).await.unwrap();
        running.hubspot.create_portal(fixture).unwrap();
        let redirect = reqwest::redirect::Policy::none();
        Self { running, client: reqwest::Client::builder().redirect(redirect).build().unwrap() }
    }

    async fn start() -> Self {
        Self::with(PortalFixture::new(PORTAL).token(TOKEN)).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.hubspot_url)
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, self.url(path)).bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn create(&self, properties: Value) -> String {
        let (status, body) =
            self.post("/crm/objects/2026-09/contacts", json!({"properties": properties})).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn every_version_of_a_path_is_the_same_resource() {
    let api = Api::start().await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    for path in ["/crm/v3/objects/contacts", "/crm/objects/2026-03/contact", "/crm/objects/2026-09/0-1"] {
        let (status, body) = api.get(&format!("{path}/{id}")).await;
        assert_eq!((status, &body["id"]), (StatusCode::OK, &json!(id)), "{path}");
    }
    for path in ["/crm/v2/objects/contacts", "/crm/objects/2025-09/contacts", "/nowhere", "/crm/v4/lists"] {
        let response = api.client.get(api.url(path)).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    let (status, body) = api.get("/crm/v3/objects/butterflies").await;
    assert_eq!(status, 400);
    assert_eq!(body["message"], "Unable to infer object type from: butterflies");
    assert_eq!(body.get("category"), None);
}

#[tokio::test]
async fn who_calls_and_what_they_may() {
    let fixture = PortalFixture::new(PORTAL)
        .token_with_scopes(TOKEN, &["oauth", "crm.objects.contacts.read"])
        .tier(Tier::Starter);
    let api = Api::with(fixture).await;
    let nobody = api.client.get(api.url("/account-info/2026-09/details")).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    assert_eq!(nobody.json::<Value>().await.unwrap()["category"], "INVALID_AUTHENTICATION");

    let details =
        api.client.get(api.url("/account-info/v3/details")).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(details.headers()["x-hubspot-ratelimit-daily"], "250000");
    assert_eq!(details.headers()["x-hubspot-ratelimit-remaining"], "99");
    assert!(details.headers().contains_key("x-hubspot-correlation-id"));
    let details: Value = details.json().await.unwrap();
    assert_eq!((&details["portalId"], &details["utcOffset"]), (&json!(PORTAL), &json!("-05:00")));

    let (status, body) =
        api.post("/crm/v3/objects/contacts", json!({"properties": {"email": "a@x.org"}})).await;
    assert_eq!((status, &body["category"]), (StatusCode::FORBIDDEN, &json!("MISSING_SCOPES")));
    let scopes = &body["errors"][0]["context"]["requiredGranularScopes"];
    assert_eq!(*scopes, json!(["crm.objects.contacts.write"]));

    api.running.hubspot.change_portal(PORTAL, &json!({"revoked": true})).unwrap();
    assert_eq!(api.get("/account-info/v3/details").await.0, 401);
}

#[tokio::test]
async fn the_eleventh_call_waits_for_the_window() {
    let fixture = PortalFixture { burst_limit: Some(10), ..PortalFixture::new(PORTAL).token(TOKEN) };
    let api = Api::with(fixture).await;
    for _ in 0..10 {
        assert_eq!(api.get("/account-info/v3/details").await.0, 200);
    }
    let (status, body) = api.get("/account-info/v3/details").await;
    assert_eq!(
        (status, &body["policyName"]),
        (StatusCode::TOO_MANY_REQUESTS, &json!("TEN_SECONDLY_ROLLING"))
    );
    assert_eq!(body["errorType"], "RATE_LIMIT");
    api.running.clock.advance(Duration::seconds(10));
    assert_eq!(api.get("/account-info/v3/details").await.0, 200);
}

#[tokio::test]
async fn fixtures_are_made_and_changed_over_http() {
    let api = Api::start().await;
    let portals = api.url("/_control/portals");
    let fixture = json!({"portal_id": 7, "tokens": [{"token": "seven"}],
        "contacts": [{"id": 701, "properties": {"email": "Seven@x.org"}}]});
    let made = api.client.post(&portals).json(&fixture).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let again = api.client.post(&portals).json(&fixture).send().await.unwrap();
    assert_eq!(again.status(), 409);
    let typo = api.client.post(&portals).json(&json!({"portal_id": 8, "tokenz": []})).send().await.unwrap();
    assert_eq!(typo.status(), 400);

    let change = json!({"time_zone": "Asia/Tokyo", "contacts": [{"properties": {"email": "new@x.org"}}]});
    let changed: Value =
        api.client.patch(format!("{portals}/7")).json(&change).send().await.unwrap().json().await.unwrap();
    assert_eq!((&changed["time_zone"], &changed["records"]["contacts"]), (&json!("Asia/Tokyo"), &json!(2)));
    let records: Value =
        api.client.get(format!("{portals}/7/objects/contacts")).send().await.unwrap().json().await.unwrap();
    assert_eq!(records["results"][0]["properties"]["email"], "seven@x.org");
    let counters: Value =
        api.client.get(api.url("/_control/counters")).send().await.unwrap().json().await.unwrap();
    assert_eq!(counters["records"]["7"]["contacts"], 2);

    assert_eq!(api.client.delete(format!("{portals}/7")).send().await.unwrap().status(), 204);
    assert_eq!(api.client.get(format!("{portals}/7")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_standard_seed_fits() {
    let running = start(SimulatorConfig::default()).await.unwrap();
    let portals = running.hubspot.portals();
    let ids: Vec<&Value> = portals.iter().map(|portal| &portal["portal_id"]).collect();
    assert_eq!(ids, [&json!(10_000_001), &json!(10_000_002), &json!(10_000_003)]);
    for portal in &portals {
        assert_eq!(portal["records"]["contacts"], 12);
        let lists = running.hubspot.lists(portal["portal_id"].as_u64().unwrap()).unwrap();
        let sizes: Vec<&Value> = lists.iter().map(|list| &list["size"]).collect();
        assert_eq!(sizes, [&json!(2), &json!(3), &json!(1)]);
    }
}
