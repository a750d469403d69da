use super::*;
use crate::simulator::hubspot::{EmailEventFixture, fixture::FormFixture};

const FORM: &str = "51b5a9e0-0000-4000-8000-0000000000f0";

async fn with_form() -> Api {
    let mut fixture = PortalFixture::new(PORTAL).token(TOKEN).without_lag();
    fixture.forms = vec![FormFixture { id: FORM.to_owned(), name: "Contact us".to_owned() }];
    Api::with(fixture).await
}

#[tokio::test]
async fn a_form_makes_a_contact_and_shows_newest_first() {
    let api = with_form().await;
    assert_eq!(api.get("/marketing/v3/forms").await.1["results"][0]["id"], FORM);
    for name in ["Ada", "Augusta"] {
        let fields = json!({"fields": [{"name": "email", "value": "Ada@x.org"}, {"name": "firstname", "value": name}],
            "context": {"pageUri": "https://x.org/contact"}});
        let path = format!("/submissions/v3/integration/secure/submit/{PORTAL}/{FORM}");
        assert_eq!(api.post(&path, fields).await.0, 200);
        api.running.clock.advance(Duration::seconds(1));
    }
    let (_, page) = api.get(&format!("/form-integrations/v1/submissions/forms/{FORM}?limit=1")).await;
    assert_eq!(page["results"][0]["values"][1]["value"], "Augusta");
    let after = page["paging"]["next"]["after"].as_str().unwrap();
    let (_, page) =
        api.get(&format!("/form-integrations/v1/submissions/forms/{FORM}?limit=1&after={after}")).await;
    assert_eq!((&page["results"][0]["values"][1]["value"], page.get("paging")), (&json!("Ada"), None));
    let path =
        "/crm/objects/2026-09/contacts/ada@x.org?idProperty=email&properties=num_conversion_events,firstname";
    let (_, contact) = api.get(path).await;
    assert_eq!(contact["properties"]["num_conversion_events"], "2");
    assert_eq!(contact["properties"]["firstname"], "Augusta");
}

#[tokio::test]
async fn an_opened_email_is_an_event_and_shows_on_the_contact() {
    let api = with_form().await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    for filtered in [false, true] {
        let event = EmailEventFixture {
            recipient: "a@x.org".to_owned(),
            kind: "OPEN".to_owned(),
            campaign_id: 7,
            filtered,
            at: None,
        };
        api.running.hubspot.add_email_event(PORTAL, event).unwrap();
    }
    let (_, page) = api.get("/email/public/v1/events?eventType=OPEN&recipient=A@x.org&limit=1").await;
    assert_eq!((&page["hasMore"], &page["events"][0]["filteredEvent"]), (&json!(true), &json!(true)));
    let offset = page["offset"].as_str().unwrap();
    let (_, page) = api.get(&format!("/email/public/v1/events?eventType=OPEN&offset={offset}")).await;
    assert_eq!((&page["hasMore"], &page["events"][0]["emailCampaignId"]), (&json!(false), &json!(7)));
    let (_, contact) = api.get(&format!("/crm/v3/objects/contacts/{id}?properties=hs_email_open")).await;
    assert_eq!(contact["properties"]["hs_email_open"], "1");
}

#[tokio::test]
async fn nonsense_is_refused_and_crashes_nothing() {
    let api =
        Api::with(PortalFixture { burst_limit: Some(10_000), ..PortalFixture::new(PORTAL).token(TOKEN) })
            .await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    let huge = json!({"filterBranchType": "OR", "filters": [], "filterBranches": [
        {"filterBranchType": "AND", "filterBranches": [], "filters": [{"filterType": "PROPERTY",
            "property": "createdate", "operation": {"operationType": "TIME_POINT", "operator": "IS_AFTER",
            "timePoint": {"timeType": "INDEXED", "indexReference": {"referenceType": "NOW"},
                "offset": {"years": i64::MAX, "weeks": i64::MIN, "milliseconds": i64::MAX}}}}]}]});
    let bodies = [
        json!(null),
        json!([]),
        json!("text"),
        json!({"inputs": []}),
        json!({"inputs": [{}]}),
        json!({"inputs": [{"id": {"deep": []}, "properties": {"": null}}]}),
        json!({"properties": {"email": "\u{0}@x.y", "createdate": "x"}}),
        json!({"properties": {"closedate": i64::MAX.to_string()}}),
        json!({"filterGroups": [{"filters": [{"propertyName": "email", "operator": "CONTAINS_TOKEN",
            "value": "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"}]}], "after": "99999999999999999999"}),
        json!({"name": "x", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": huge}),
    ];
    let paths = [
        "/crm/v3/objects/contacts",
        "/crm/v3/objects/contacts/search",
        "/crm/v3/objects/contacts/batch/create",
        "/crm/v3/objects/contacts/batch/read",
        "/crm/v3/objects/contacts/batch/update",
        "/crm/v3/objects/contacts/batch/upsert",
        "/crm/v3/objects/contacts/batch/archive",
        "/crm/v3/objects/contacts/merge",
        "/crm/v3/objects/contacts/gdpr-delete",
        "/crm/lists/2026-09",
        "/crm/lists/2026-09/search",
        "/crm/lists/2026-09/all",
        "/crm/properties/2026-09/contacts",
        "/crm/v4/associations/contacts/companies/batch/create",
        "/crm/v4/associations/0-1/0-2/batch/archive",
        "/oauth/2026-09/token",
        "/oauth/2026-09/token/introspect",
        "/crm/lists/2026-09/1/memberships/add",
    ];
    for path in paths {
        for body in &bodies {
            for method in [Method::POST, Method::PUT, Method::PATCH] {
                let (status, answer) = api.send(method, path, Some(body.clone())).await;
                assert!(status.as_u16() < 500, "{path} {body}: {status} {answer}");
            }
            api.running.clock.advance(Duration::SECOND);
        }
    }
    for path in [
        "/crm/v3/objects/contacts/%F0%9F%98%80?idProperty=email",
        "/crm/v3/objects/contacts?limit=-1",
        "/crm/v3/objects/contacts?after=18446744073709551616",
        "/crm/v3/lists/99999999999",
        "//crm//v3//objects//",
    ] {
        let (status, answer) = api.get(path).await;
        assert!((400..500).contains(&status.as_u16()), "{path}: {status} {answer}");
    }
    assert_eq!(api.get(&format!("/crm/v3/objects/contacts/{id}")).await.0, 200);
}
