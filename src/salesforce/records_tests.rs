#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use serde_json::json;

use super::{CrmObject, Deleted, Fields, PersonFound, Upserted};
use crate::outbound::testing::{Reply, ScriptedServer};
use crate::salesforce::{SalesforceErrorKind as Kind, SalesforceId, tests::api};

fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

#[tokio::test]
async fn every_answer_to_an_upsert_is_understood() {
    let lead = "00Qx0000000BBBB";
    let body =
        |created: Option<bool>| json!({ "id": lead, "success": true, "errors": [], "created": created });
    let server = ScriptedServer::start([
        Reply::json(201, &body(Some(true))),
        Reply::json(200, &body(Some(false))),
        Reply::json(201, &json!({ "id": lead, "success": true, "errors": [] })),
        Reply::text(204, ""),
        Reply::json(
            300,
            &json!(["/services/data/v67.0/sobjects/Lead/00QA", "/services/data/v67.0/sobjects/Lead/00QB"]),
        ),
    ])
    .await;
    let api = api(&server.url);
    let fields = Fields::from([("LastName", Some("O'Neil".to_owned())), ("Phone", None)]);
    let found = |created| Upserted { record_id: Some(id(lead)), created };
    for expected in [found(true), found(false), found(true), Upserted { record_id: None, created: false }] {
        assert_eq!(api.upsert_by_external_id(CrmObject::Lead, "1", &fields).await.unwrap(), expected);
    }
    let error = api.upsert_by_external_id(CrmObject::Lead, "1", &fields).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::MultipleMatches);
    assert_eq!(
        server.asked()[0].json(),
        json!({ "LastName": "O'Neil", "Phone": null }),
        "None clears the field"
    );
    assert_eq!(api.calls(), 5);
}

#[tokio::test]
async fn a_record_is_read_as_text_and_a_missing_one_is_none() {
    let contact = id("003x0000000AAAA");
    let gone = json!([{ "errorCode": "NOT_FOUND", "message": "The requested resource does not exist" }]);
    let record = json!({ "attributes": {"type": "Contact"}, "Id": contact.as_str(), "Email": null, "HasOptedOutOfEmail": false, "LastName": "x" });
    let server =
        ScriptedServer::start([Reply::json(200, &record), Reply::json(404, &gone), Reply::json(404, &gone)])
            .await;
    let api = api(&server.url);
    let read = api.retrieve(CrmObject::Contact, &contact, &["Email", "LastName"]).await.unwrap().unwrap();
    assert_eq!(read["LastName"].as_deref(), Some("x"));
    assert_eq!(read["HasOptedOutOfEmail"].as_deref(), Some("false"));
    assert_eq!((read["Email"].as_deref(), read.get("attributes")), (None, None));
    assert_eq!(api.retrieve(CrmObject::Contact, &contact, &["Email"]).await.unwrap(), None);
    assert_eq!(api.delete(CrmObject::Contact, &contact).await.unwrap(), Deleted::AlreadyGone);
    assert!(
        server.asked()[0].path_and_query.ends_with("/003x0000000AAAAAAA?fields=Email%2CLastName")
            || server.asked()[0].path_and_query.contains("?fields=Email%2CLastName")
    );
}

#[tokio::test]
async fn people_are_found_by_e_mail_contacts_first() {
    let part = |index: u8, records: serde_json::Value| json!({ "body": { "records": records }, "httpStatusCode": 200, "referenceId": format!("r{index}") });
    let answer = json!({ "compositeResponse": [
        part(1, json!([{ "Id": "00Qx0000000BBBB", "HubSpot_Id__c": null }])),
        part(0, json!([{ "Id": "003x0000000AAAA", "HubSpot_Id__c": "7" }])) ] });
    let server = ScriptedServer::start([Reply::json(200, &answer)]).await;
    let api = api(&server.url);
    let found = api.find_people_by_email("a@b.co").await.unwrap();
    assert_eq!(
        found,
        [
            PersonFound {
                object: CrmObject::Contact,
                record_id: id("003x0000000AAAA"),
                external_id: Some("7".to_owned())
            },
            PersonFound { object: CrmObject::Lead, record_id: id("00Qx0000000BBBB"), external_id: None },
        ]
    );
    assert_eq!(api.calls(), 1);
}

#[tokio::test]
async fn a_session_at_a_host_that_is_no_longer_allowed_is_not_used() {
    let server = ScriptedServer::start([]).await;
    let strict =
        crate::salesforce::SalesforceClient::new(crate::salesforce::ClientConfig::default()).unwrap();
    let error = strict.api(&crate::salesforce::tests::session(&server.url)).unwrap_err();
    assert!(matches!(error.kind(), Kind::HostNotAllowed(_)));
    assert!(!format!("{:?}", api(&server.url)).contains("CANARY"));
}
