//! The control API.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use serde_json::json;

use super::{Simulator, answer};

#[tokio::test]
async fn orgs_are_made_changed_and_read_over_http() {
    let simulator = Simulator::start().await;
    let post = |path: &str, body: serde_json::Value| simulator.http.post(simulator.url(path)).json(&body);
    let (status, org) = answer(post(
        "/_control/orgs",
        json!({
            "name": "New", "my_domain": "new", "edition": "Unlimited Edition", "seats": 7, "package": null,
            "users": [{"username": "a@new.example", "password": "pw", "security_token": "tk"}],
            "records": {"Lead": [{"LastName": "Seeded", "Company": "C"}]},
        }),
    ))
    .await;
    assert_eq!((status, &org["record_counts"]["Lead"]), (201, &json!(1)), "{org}");
    let id = org["id"].as_str().unwrap();
    let (status, _) = simulator.soap_login("/services/Soap/u/64.0", "A@new.example", "pwtk").await;
    assert_eq!(status, 200);
    let patch = simulator.http.patch(simulator.url(&format!("/_control/orgs/{id}")));
    let (_, org) = answer(patch.json(&json!({"seats": 9, "package": {"version": "2.0.0.1"}}))).await;
    assert_eq!((&org["seats"], &org["package"]["version"]), (&json!(9), &json!("2.0.0.1")));
    assert_eq!(org["users"][0]["username"], "a@new.example");
    let patch = simulator.http.patch(simulator.url("/_control/orgs/new/users/a@new.example"));
    let (status, user) = answer(patch.json(&json!({"permissions": {"view_setup": false}}))).await;
    assert_eq!(
        (status, &user["permissions"]["view_setup"], &user["permissions"]["api_enabled"]),
        (200, &json!(false), &json!(true))
    );
    let (status, _) =
        answer(post("/_control/orgs/new/users", json!({"username": "admin@acme.example"}))).await;
    assert_eq!(status, 422, "a user name of another org");
    let (_, records) = answer(simulator.http.get(simulator.url("/_control/orgs/new/records/lead"))).await;
    assert_eq!(records["records"][0]["LastName"], "Seeded");
    let (_, key) = answer(post("/_control/orgs/acme/apps/acme-client-id/key", json!({}))).await;
    assert!(key["private_key_pem"].as_str().unwrap().starts_with("-----BEGIN PRIVATE KEY-----"));
    let (_, counters) = answer(simulator.http.get(simulator.url("/_control/counters"))).await;
    assert_eq!(
        (&counters["calls"]["soap_login"], &counters["login_successes"]["a@new.example"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(answer(simulator.http.get(simulator.url("/_control/orgs/nowhere"))).await.0, 404);
    let bad = post("/_control/orgs", json!({"seets": 7}));
    assert_eq!(answer(bad).await.0, 422);
    assert_eq!(answer(simulator.http.delete(simulator.url("/_control/orgs/new"))).await.0, 200);
    assert_eq!(answer(post("/_control/reset", json!({}))).await.0, 204);
    let (_, orgs) = answer(simulator.http.get(simulator.url("/_control/orgs"))).await;
    assert_eq!(orgs["orgs"].as_array().unwrap().len(), 4);
}
