#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use serde_json::{Value, json};
use time::macros::datetime;

use super::{
    Edition, Fact, FieldAccess, LayoutModule, LimitSource, Package, ProbeReport, ProbeScope, Seats, probe,
    read,
};
use crate::outbound::testing::{Asked, Reply, ScriptedServer};
use crate::salesforce::{CrmObject, SalesforceErrorKind as Kind, SalesforceId, tests::api};

const EVERYTHING: ProbeScope = ProbeScope { accounts: true, opportunities: true };

fn rows(records: &Value) -> (u16, Value) {
    (200, json!({ "totalSize": 1, "done": true, "records": records }))
}

fn organization() -> (u16, Value) {
    rows(&json!([{ "attributes": {"type": "Organization"}, "Id": "00Dx0000000BV7zEAG", "Name": "Acme",
        "OrganizationType": "Enterprise Edition", "IsSandbox": false, "TrialExpirationDate": null, "InstanceName": "NA139" }]))
}

fn licences() -> (u16, Value) {
    rows(&json!([
        { "Name": "Salesforce", "LicenseDefinitionKey": "SFDC", "TotalLicenses": 50, "UsedLicenses": 12 },
        { "Name": "Salesforce Platform", "LicenseDefinitionKey": "AUL", "TotalLicenses": 5, "UsedLicenses": 1 },
    ]))
}

fn permissions() -> (u16, Value) {
    rows(
        &json!([{ "PermissionsModifyAllData": true, "PermissionsViewAllData": true, "PermissionsApiEnabled": true,
        "PermissionsViewSetup": true, "PermissionsCustomizeApplication": false }]),
    )
}

fn limits() -> (u16, Value) {
    (
        200,
        json!({ "DailyApiRequests": { "Max": 150_000, "Remaining": 149_998, "Ant": { "Max": 0, "Remaining": 0 } } }),
    )
}

fn layout(with_module: bool) -> Value {
    let component = if with_module {
        json!({ "type": "VisualforcePage", "value": "HubSpot_Intelligence", "url": "/apex/HubSpot_Inc__HubSpot_Intelligence" })
    } else {
        json!({ "type": "VisualforcePage", "value": "Other", "url": "/apex/Other_Inc__Page" })
    };
    json!({ "id": "00hx0000000AAAA", "detailLayoutSections": [{ "heading": "HubSpot", "layoutRows": [{ "numItems": 1,
        "layoutItems": [{ "label": "", "layoutComponents": [{ "type": "Field", "value": "Email" }, component] }] }] }] })
}

fn layouts(with_module: &[bool]) -> (u16, Value) {
    let layouts: Vec<Value> = with_module.iter().map(|with| layout(*with)).collect();
    (200, json!({ "layouts": layouts, "recordTypeMappings": [], "recordTypeSelectorRequired": [false] }))
}

fn describe(fields: &[(&str, bool)]) -> (u16, Value) {
    let fields: Vec<Value> = fields
        .iter()
        .map(|(name, writable)| {
            let is_key = *name == "HubSpot_Id__c";
            json!({ "name": name, "createable": writable, "updateable": writable, "externalId": is_key, "unique": is_key })
        })
        .collect();
    (
        200,
        json!({ "createable": true, "updateable": true, "queryable": true, "deletable": false, "fields": fields }),
    )
}

fn composite(parts: &[(u16, Value)]) -> Reply {
    // In reverse: the answer is matched by reference, not by place.
    let parts: Vec<Value> = parts
        .iter()
        .enumerate()
        .rev()
        .map(|(index, (status, body))| json!({ "body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": format!("r{index}") }))
        .collect();
    Reply::json(200, &json!({ "compositeResponse": parts })).header("sforce-limit-info", "api-usage=10/5000")
}

fn describes() -> Reply {
    composite(&[
        describe(&[("Email", true), ("LastName", true), ("FirstName", false), ("HubSpot_Id__c", true)]),
        describe(&[("Email", true), ("LastName", true), ("Company", true)]),
        describe(&[("Subject", true), ("WhoId", true)]),
        describe(&[("Name", true)]),
        (404, json!([{ "errorCode": "NOT_FOUND", "message": "The requested resource does not exist" }])),
    ])
}

fn packages(namespace: &str) -> Reply {
    Reply::json(
        200,
        &json!({ "size": 1, "totalSize": 1, "done": true, "queryLocator": null, "entityTypeName": "InstalledSubscriberPackage", "records": [{
            "SubscriberPackage": { "NamespacePrefix": namespace, "Name": "HubSpot Integration" },
            "SubscriberPackageVersion": { "MajorVersion": 1, "MinorVersion": 302, "PatchVersion": 0, "BuildNumber": 4 } }] }),
    )
}

/// The second and third call run side by side, so the server must look at what is asked.
async fn run(first: Reply, then: Vec<Reply>) -> (ProbeReport, Vec<Asked>) {
    let server = ScriptedServer::start(std::iter::once(first).chain(then)).await;
    let report = probe(&api(&server.url), &EVERYTHING).await;
    (report, server.asked())
}

fn first_call(layout_parts: [(u16, Value); 2]) -> Reply {
    let [contact, lead] = layout_parts;
    composite(&[organization(), licences(), permissions(), limits(), contact, lead])
}

#[tokio::test]
async fn a_good_org_is_known_completely_in_three_calls() {
    let first = first_call([layouts(&[true]), layouts(&[true, false])]);
    let (report, asked) = run(first, vec![describes(), packages("HubSpot_Inc")]).await;
    assert_eq!((report.calls, asked.len()), (3, 3));
    assert_eq!(report.stopped, None);
    let organization = report.organization.known().unwrap();
    assert_eq!(organization.org_id.as_str(), "00Dx0000000BV7zEAG");
    assert_eq!(organization.edition, Edition::Enterprise);
    assert_eq!((organization.is_sandbox, organization.trial_expiration), (false, None));
    assert_eq!(report.seats, Fact::Known(Seats { total: 50, used: 12 }));
    assert!(report.permissions.known().unwrap().modify_all_data);
    assert_eq!(
        report.package,
        Fact::Known(Package::Installed {
            name: "HubSpot Integration".to_owned(),
            version: "1.302.0.4".to_owned()
        })
    );
    let limit = report.daily_limit.known().unwrap();
    assert_eq!((limit.max, limit.remaining, limit.source), (150_000, 149_998, LimitSource::Limits));
    assert_eq!(report.layouts[&CrmObject::Contact], Fact::Known(LayoutModule { layouts: 1, with_module: 1 }));
    assert_eq!(report.layouts[&CrmObject::Lead], Fact::Known(LayoutModule { layouts: 2, with_module: 1 }));
}

#[tokio::test]
async fn rights_are_told_object_by_object_and_field_by_field() {
    let first = first_call([layouts(&[true]), layouts(&[true])]);
    let (report, _) = run(first, vec![describes(), packages("Other")]).await;
    assert_eq!(report.package, Fact::Known(Package::NotInstalled));
    let contact = report.objects[&CrmObject::Contact].known().unwrap();
    assert!(contact.createable && contact.updateable && contact.queryable && !contact.deletable);
    assert_eq!(contact.fields["Email"], Some(FieldAccess { createable: true, updateable: true }));
    assert_eq!(contact.fields["FirstName"], Some(FieldAccess { createable: false, updateable: false }));
    assert_eq!(contact.fields["Phone"], None, "hidden by field-level security");
    let key = contact.external_id.unwrap();
    assert!(key.is_external_id && key.is_unique && key.access.createable);
    assert_eq!(report.objects[&CrmObject::Lead].known().unwrap().external_id, None);
    let opportunity = report.objects[&CrmObject::Opportunity].known().unwrap();
    assert!(!opportunity.queryable && opportunity.fields.values().all(Option::is_none), "not visible at all");
}

#[tokio::test]
async fn the_calls_carry_what_salesforce_needs() {
    let first = first_call([layouts(&[true]), layouts(&[true])]);
    let (_, asked) = run(first, vec![describes(), packages("x")]).await;
    let first = &asked[0];
    assert_eq!(
        (first.method.as_str(), first.path_and_query.as_str()),
        ("POST", "/services/data/v67.0/composite")
    );
    assert_eq!(first.header("authorization"), "Bearer 00Dx0000000BV7z!CANARY");
    assert_eq!(first.header("sforce-auto-assign"), "FALSE");
    assert_eq!(first.header("sforce-call-options"), "client=HubSpotConnector");
    let parts = first.json()["compositeRequest"].as_array().unwrap().clone();
    assert!(parts.len() <= 25);
    let urls: Vec<&str> = parts.iter().map(|part| part["url"].as_str().unwrap()).collect();
    assert!(urls[0].starts_with("/services/data/v67.0/query?q=SELECT%20Id%2C%20Name"), "{}", urls[0]);
    assert!(urls.contains(&"/services/data/v67.0/limits"));
    assert!(urls.contains(&"/services/data/v67.0/sobjects/Lead/describe/layouts"));
}

#[tokio::test]
async fn what_cannot_be_checked_says_why_and_the_header_stands_in_for_the_limits() {
    let no_setup =
        (403, json!([{ "errorCode": "API_DISABLED_FOR_ORG", "message": "limits resource is not enabled" }]));
    let no_rows = rows(&json!([]));
    let broken =
        (500, json!([{ "errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred." }]));
    let first = composite(&[organization(), no_rows, permissions(), no_setup, broken, layouts(&[true])]);
    let (report, _) = run(first, vec![describes(), packages("x")]).await;
    assert_eq!(report.stopped, None);
    assert_eq!(*report.seats.why_unknown().unwrap().kind(), Kind::Permission);
    let limit = report.daily_limit.known().unwrap();
    assert_eq!((limit.max, limit.remaining, limit.source), (5_000, 4_990, LimitSource::Header));
    assert_eq!(*report.layouts[&CrmObject::Contact].why_unknown().unwrap().kind(), Kind::Unavailable);
    assert!(report.layouts[&CrmObject::Lead].known().is_some());
}

#[tokio::test]
async fn no_calls_left_stops_after_one_call_and_every_fact_says_so() {
    let refusal =
        json!([{ "errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded." }]);
    let reply = Reply::json(403, &refusal).header("sforce-limit-info", "api-usage=5001/5000");
    let (report, asked) = run(reply, Vec::new()).await;
    assert_eq!((report.calls, asked.len()), (1, 1));
    assert_eq!(*report.stopped.unwrap().kind(), Kind::DailyLimitExceeded);
    for why in [report.organization.why_unknown(), report.seats.why_unknown(), report.package.why_unknown()] {
        assert_eq!(*why.unwrap().kind(), Kind::DailyLimitExceeded);
    }
    assert_eq!(report.objects.len(), 5);
    let limit = report.daily_limit.known().unwrap();
    assert_eq!((limit.max, limit.remaining), (5_000, 0));
}

#[tokio::test]
async fn record_types_cost_one_more_call() {
    let by_type = (
        200,
        json!({ "layouts": null, "recordTypeMappings": [
        { "available": true, "recordTypeId": "012000000000000AAA" },
        { "available": true, "recordTypeId": "012x0000000BBBB" },
        { "available": false, "recordTypeId": "012x0000000CCCC" },
        { "available": true, "recordTypeId": "../../../evil" } ] }),
    );
    let server = ScriptedServer::start([first_call([by_type, layouts(&[true])])]).await;
    let api = api(&server.url);
    // The two calls in the middle fail; their facts are unknown, the rest is not.
    let report = probe(&api, &ProbeScope::default()).await;
    assert_eq!(report.calls, 4);
    let last = server.asked().remove(3).json();
    let urls: Vec<&str> = last["compositeRequest"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["url"].as_str().unwrap())
        .collect();
    assert_eq!(
        urls,
        [
            "/services/data/v67.0/sobjects/Contact/describe/layouts/012000000000000AAA",
            "/services/data/v67.0/sobjects/Contact/describe/layouts/012x0000000BBBBAAU"
        ]
        .map(|url| url.replace("BBBBAAU", &SalesforceId::parse("012x0000000BBBB").unwrap().as_str()[11..]))
    );
    assert!(report.package.why_unknown().is_some() && report.organization.known().is_some());
}

#[test]
fn licences_without_end_are_many_and_no_overflow() {
    let licence = json!({ "Name": "Salesforce", "LicenseDefinitionKey": "SFDC", "TotalLicenses": u32::MAX, "UsedLicenses": 7 });
    let (_, body) = rows(&json!([licence, licence]));
    assert_eq!(read::seats(Ok(body)), Ok(Seats { total: u32::MAX, used: 14 }));
}

#[test]
fn datetimes_of_every_spelling_are_read() {
    let expected = datetime!(2011-07-07 00:37 UTC);
    for text in [
        "2011-07-07T00:37:00.000+0000",
        "2011-07-07T00:37:00.000Z",
        "2011-07-07T02:37:00+02:00",
        "2011-07-06T22:37:00.000-0200",
    ] {
        assert_eq!(read::datetime(text), Some(expected), "{text}");
    }
    for text in ["", "yesterday", "2011-07-07", "é+0000", "2011-13-07T00:37:00.000+0000"] {
        assert_eq!(read::datetime(text), None, "{text}");
    }
}
