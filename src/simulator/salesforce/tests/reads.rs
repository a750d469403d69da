//! Versions, limits, queries, describe, layouts, changes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use reqwest::Method;
use serde_json::json;
use time::Duration;

use super::{Simulator, answer, code, used};
use crate::simulator::salesforce::{
    fixture::{FieldRights, ObjectRights},
    moment,
};

#[tokio::test]
async fn versions_are_told_to_everyone_and_free() {
    let simulator = Simulator::start().await;
    let response = simulator.http.get(simulator.url("/services/data/")).send().await.unwrap();
    assert!(!response.headers().contains_key("sforce-limit-info"));
    let versions: serde_json::Value = response.json().await.unwrap();
    let v64 = versions.as_array().unwrap().iter().find(|version| version["version"] == "64.0").unwrap();
    assert_eq!(v64["label"], "Summer '25");
    let session = simulator.admin().await;
    for (path, status) in
        [("/services/data/v30.0/limits", 410), ("/services/data/v99.0/limits", 404), ("/x", 404)]
    {
        assert_eq!(session.get(path).await.0, status, "{path}");
    }
    let (_, resources) = session.get("/services/data/v64.0/").await;
    assert_eq!(resources["sobjects"], "/services/data/v64.0/sobjects");
}

#[tokio::test]
async fn limits_and_header_tell_the_same_and_the_window_moves() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let response = session.request(Method::GET, "limits").send().await.unwrap();
    assert_eq!(response.headers()["sforce-limit-info"], "api-usage=1/150000");
    let limits: serde_json::Value = response.json().await.unwrap();
    assert_eq!(limits["DailyApiRequests"], json!({"Max": 150_000, "Remaining": 149_999}));
    let fixtures = &simulator.running.salesforce;
    fixtures.edit_org("acme", |org| (org.daily_api_limit, org.daily_api_used) = (100, 99)).unwrap();
    let (status, _) = session.get("recent").await;
    assert_eq!(status, 200);
    let response = session.request(Method::GET, "recent").send().await.unwrap();
    assert_eq!((response.status().as_u16(), used(&response)), (403, 100));
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!(
        body,
        json!([{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    );
    simulator.running.clock.advance(Duration::hours(25));
    let session = simulator.admin().await;
    assert_eq!(session.used().await, 1);
    fixtures.set_used_calls("acme", 42).unwrap();
    assert_eq!(session.used().await, 43);
}

#[tokio::test]
async fn who_may_not_call() {
    let simulator = Simulator::start().await;
    let session = simulator.session("sales@acme.example").await;
    let (status, body) = session.get("limits").await;
    assert_eq!((status, code(&body)), (403, "API_DISABLED_FOR_ORG"));
    let anonymous = simulator.http.get(simulator.url("/services/data/v64.0/limits"));
    let expected = json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]);
    assert_eq!(answer(anonymous).await, (401, expected));
    simulator.running.salesforce.edit_org("acme", |org| org.api_enabled = false).unwrap();
    let (status, body) = session.get("recent").await;
    assert_eq!((status, code(&body)), (403, "API_DISABLED_FOR_ORG"));
    let long = format!("query?q={}", "x".repeat(17_000));
    assert_eq!(simulator.admin_token_is_useless(&long).await, 431);
}

impl Simulator {
    async fn admin_token_is_useless(&self, path: &str) -> u16 {
        answer(self.http.get(self.url(&format!("/services/data/v64.0/{path}")))).await.0
    }
}

#[tokio::test]
async fn pages_of_a_query_are_calls_of_their_own() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    for number in 0..450 {
        let fields = json!({"LastName": format!("L{number}"), "Company": "Bulk"});
        let serde_json::Value::Object(fields) = fields else { unreachable!() };
        simulator.running.salesforce.add_record("acme", "Lead", fields).unwrap();
    }
    let before = session.used().await;
    let request = session.request(Method::GET, "query/").header("sforce-query-options", "batchSize=200");
    let (_, first) = answer(request.query(&[("q", "SELECT Id FROM Lead WHERE Company = 'Bulk'")])).await;
    assert_eq!((&first["totalSize"], &first["done"]), (&json!(450), &json!(false)));
    let mut seen = first["records"].as_array().unwrap().len();
    let mut next = first["nextRecordsUrl"].as_str().map(str::to_owned);
    assert!(next.as_ref().unwrap().ends_with("-200"));
    while let Some(url) = next {
        let (_, page) = session.get(&url).await;
        seen += page["records"].as_array().unwrap().len();
        next = page["nextRecordsUrl"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, 450);
    assert_eq!(session.used().await - before, 4);
    let (status, body) = session.get("query/01g000000000000AAA-200").await;
    assert_eq!((status, code(&body)), (400, "INVALID_QUERY_LOCATOR"));
}

#[tokio::test]
async fn describe_is_per_user_and_knows_not_modified() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let response = session.request(Method::GET, "sobjects/Lead/describe/").send().await.unwrap();
    let modified = response.headers()["last-modified"].clone();
    let lead: serde_json::Value = response.json().await.unwrap();
    let field = |described: &serde_json::Value, name: &str| {
        described["fields"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned()
    };
    let key = field(&lead, "HubSpot_Id__c").unwrap();
    assert_eq!(
        (&key["externalId"], &key["unique"], &key["length"]),
        (&json!(true), &json!(true), &json!(255))
    );
    let required = |field: &serde_json::Value| {
        field["createable"] == true && field["nillable"] == false && field["defaultedOnCreate"] == false
    };
    let needed: Vec<&str> = lead["fields"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|field| required(field))
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert_eq!(needed, ["LastName", "Company"]);
    let again = session.request(Method::GET, "sobjects/Lead/describe").header("if-modified-since", modified);
    assert_eq!(answer(again).await.0, 304);

    let fixtures = &simulator.running.salesforce;
    fixtures
        .edit_org("acme", |org| {
            org.external_id_field = false;
            let rights = &mut org.users[0].field_rights;
            rights.insert("Lead.Email".to_owned(), FieldRights { read: true, edit: false });
            rights.insert("Lead.Phone".to_owned(), FieldRights { read: false, edit: false });
            let read_only = ObjectRights { read: true, create: false, edit: false, delete: false };
            org.users[0].object_rights.insert("Lead".to_owned(), read_only);
        })
        .unwrap();
    let (_, lead) = session.get("sobjects/lead/describe").await;
    assert_eq!((&lead["createable"], &lead["queryable"]), (&json!(false), &json!(true)));
    assert!(field(&lead, "HubSpot_Id__c").is_none() && field(&lead, "Phone").is_none());
    assert_eq!(field(&lead, "Email").unwrap()["updateable"], false);
}

#[tokio::test]
async fn describe_global_lists_what_the_user_may_see() {
    let simulator = Simulator::start().await;
    let names = async |username: &str| -> Vec<String> {
        let (_, body) = simulator.session(username).await.get("sobjects").await;
        body["sobjects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| object["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let admin = names("admin@acme.example").await;
    for object in ["Account", "Contact", "Lead", "Opportunity", "Task", "Organization", "UserLicense"] {
        assert!(admin.iter().any(|name| name == object), "{object}");
    }
    assert!(!names("sales@acme.example").await.contains(&"UserLicense".to_owned()));
}

#[tokio::test]
async fn layouts_show_the_page_where_it_was_put() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    simulator.running.salesforce.edit_org("acme", |org| org.visualforce_on_contact_layout = false).unwrap();
    let pages = async |object: &str| {
        let (status, body) = session.get(&format!("sobjects/{object}/describe/layouts/")).await;
        assert_eq!(status, 200);
        let text = body["layouts"][0]["detailLayoutSections"].to_string();
        text.matches("\"type\":\"VisualforcePage\"").count()
    };
    assert_eq!((pages("Lead").await, pages("Contact").await), (1, 0));
    let (_, tooling) = answer(
        session
            .request(Method::GET, "tooling/query/")
            .query(&[("q", "SELECT Metadata FROM Layout WHERE TableEnumOrId = 'Lead'")]),
    )
    .await;
    assert!(tooling["records"][0]["Metadata"].to_string().contains("HubSpot_Inc__"));
    assert_eq!(tooling["entityTypeName"], "Layout");
}

#[tokio::test]
async fn updated_and_deleted_cover_whole_minutes() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let kept = session.create("Lead", json!({"LastName": "Kept", "Company": "C"})).await;
    let gone = session.create("Lead", json!({"LastName": "Gone", "Company": "C"})).await;
    assert_eq!(session.delete(&format!("sobjects/Lead/{gone}")).await.0, 204);
    let now = simulator.running.clock.now();
    simulator.running.clock.advance(Duration::minutes(5));
    let window = |from: time::OffsetDateTime, to: time::OffsetDateTime| {
        [("start", moment::rest(from)), ("end", moment::rest(to))]
    };
    let ask = async |path: &str, from, to| {
        answer(session.request(Method::GET, path).query(&window(from, to))).await
    };
    let (start, end) = (now - Duration::minutes(5), now + Duration::minutes(2));
    let (_, body) = ask("sobjects/Lead/updated/", start, end).await;
    assert!(body["ids"].as_array().unwrap().contains(&json!(kept)));
    assert!(body["latestDateCovered"].as_str().unwrap().contains(":00.000+0000"));
    let (_, body) = ask("sobjects/Lead/deleted", start, end).await;
    assert_eq!(body["deletedRecords"][0]["id"], json!(gone));
    assert!(body["earliestDateAvailable"].is_string());
    for (from, to) in [(end, start), (start, start), (now - Duration::days(31), end)] {
        let (status, body) = ask("sobjects/Lead/updated", from, to).await;
        assert_eq!((status, code(&body)), (400, "INVALID_REPLICATION_DATE"));
    }
}
