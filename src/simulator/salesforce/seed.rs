//! The orgs that are there when nobody says otherwise. Their names are in the module docs of [`super`].

use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::fixture::{OAuthApp, OrgFixture, UserFixture};

/// The standard seed.
pub(super) fn orgs(now: OffsetDateTime) -> Vec<OrgFixture> {
    vec![acme(), acme_sandbox(), trial(now), professional()]
}

/// The vendor's app, which every org knows, and the org's own one, which runs as its admin.
fn with_apps(org: OrgFixture, admin: &str) -> OrgFixture {
    let own = OAuthApp {
        run_as: Some(admin.to_owned()),
        ..OAuthApp::new(&format!("{}-client-id", org.my_domain), "connector-client-secret")
    };
    org.app(OAuthApp::new("connector-client-id", "connector-client-secret")).app(own)
}

fn acme() -> OrgFixture {
    // An old org: the user-name-password flow was not yet off by default.
    let id = Some("00D5g000007ACME".to_owned());
    let mut org = OrgFixture { id, oauth_password_flow: true, ..OrgFixture::new("Acme") }
        .user(UserFixture::admin("admin@acme.example"))
        .user(UserFixture::standard("sales@acme.example"));
    let account = json!({"Id": "0015g0000Globex", "Name": "Globex", "Industry": "Manufacturing"});
    let contact = json!({
        "FirstName": "Hank", "LastName": "Scorpio", "Email": "hank@globex.example", "AccountId": "0015g0000Globex",
    });
    let lead = json!({"FirstName": "Lena", "LastName": "Lead", "Company": "Initech", "Email": "lena@initech.example"});
    for (object, row) in [("Account", account), ("Contact", contact), ("Lead", lead)] {
        if let serde_json::Value::Object(row) = row {
            org.records.entry(object.to_owned()).or_default().push(row);
        }
    }
    with_apps(org, "admin@acme.example")
}

fn acme_sandbox() -> OrgFixture {
    let org = OrgFixture {
        id: Some("00D5g000007UAT1".to_owned()),
        my_domain: "acme--uat".to_owned(),
        is_sandbox: true,
        instance_name: "CS42".to_owned(),
        daily_api_limit: 5_000_000,
        ..OrgFixture::new("Acme")
    };
    with_apps(org.user(UserFixture::admin("admin@acme.example.uat")), "admin@acme.example.uat")
}

fn trial(now: OffsetDateTime) -> OrgFixture {
    let org = OrgFixture {
        id: Some("00D5g000007TRY1".to_owned()),
        trial_expiration: Some(now + Duration::days(30)),
        seats: 10,
        daily_api_limit: 15_000,
        ..OrgFixture::new("Trial")
    };
    with_apps(org.user(UserFixture::admin("admin@trial.example")), "admin@trial.example")
}

fn professional() -> OrgFixture {
    let org = OrgFixture {
        id: Some("00D5g000007PRO1".to_owned()),
        my_domain: "pro".to_owned(),
        edition: "Professional Edition".to_owned(),
        seats: 8,
        daily_api_limit: 108_000,
        ..OrgFixture::new("Pro Edition")
    };
    with_apps(org.user(UserFixture::admin("admin@pro.example")), "admin@pro.example")
}
