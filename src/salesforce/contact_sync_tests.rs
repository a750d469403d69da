#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use serde_json::{Value, json};

use super::{NewPerson, delete_synced, match_and_upsert};
use crate::outbound::testing::{Asked, Reply, ScriptedServer, cutting_server, nobody};
use crate::salesforce::{
    CrmObject, Deleted, DidItHappen, SalesforceErrorKind as Kind, SalesforceId, tests::api,
};

const CONTACT: &str = "003x0000000AAAA";
const LEAD: &str = "00Qx0000000BBBB";

fn person() -> NewPerson {
    NewPerson {
        external_id: "62515/12 é".to_owned(),
        email: "o'neil@example.com".to_owned(),
        first_name: Some("Ada".to_owned()),
        last_name: "O'Neil".to_owned(),
        company: None,
        phone: None,
        lead_source: Some("HubSpot".to_owned()),
    }
}

fn id(text: &str) -> SalesforceId {
    SalesforceId::parse(text).unwrap()
}

/// What the four queries find: contact and lead by external id, then by e-mail.
fn found(parts: [Value; 4]) -> Reply {
    let parts: Vec<Value> = parts
        .into_iter()
        .enumerate()
        .map(|(index, records)| {
            let body = json!({ "totalSize": 1, "done": true, "records": records });
            json!({ "body": body, "httpHeaders": {}, "httpStatusCode": 200, "referenceId": format!("r{index}") })
        })
        .collect();
    Reply::json(200, &json!({ "compositeResponse": parts }))
}

fn contact(external_id: Option<&str>) -> Value {
    json!([{ "attributes": {"type": "Contact"}, "Id": CONTACT, "HubSpot_Id__c": external_id }])
}

fn lead(external_id: Option<&str>, contact_id: Option<&str>) -> Value {
    json!([{ "attributes": {"type": "Lead"}, "Id": LEAD, "IsConverted": contact_id.is_some(),
        "ConvertedContactId": contact_id, "HubSpot_Id__c": external_id }])
}

fn nothing() -> Value {
    json!([])
}

async fn sync(
    replies: Vec<Reply>,
) -> (Result<super::Synced, crate::salesforce::SalesforceError>, Vec<Asked>) {
    let server = ScriptedServer::start(replies).await;
    let outcome = match_and_upsert(&api(&server.url), &person()).await;
    (outcome, server.asked())
}

#[tokio::test]
async fn an_unknown_person_becomes_a_lead_in_two_calls() {
    let created = json!({ "id": LEAD, "success": true, "errors": [], "created": true });
    let (synced, asked) =
        sync(vec![found([nothing(), nothing(), nothing(), nothing()]), Reply::json(201, &created)]).await;
    let synced = synced.unwrap();
    assert_eq!((synced.object, synced.record_id, synced.created), (CrmObject::Lead, id(LEAD), true));
    assert_eq!((synced.calls, asked.len()), (2, 2));
    let write = &asked[1];
    assert_eq!(write.method, "PATCH");
    assert_eq!(write.path_and_query, "/services/data/v67.0/sobjects/Lead/HubSpot_Id__c/62515%2F12%20%C3%A9");
    let body = write.json();
    assert_eq!(body["Company"], "[not provided]");
    assert_eq!(body["LeadSource"], "HubSpot");
    assert_eq!(body.get("HubSpot_Id__c"), None, "the key must not be in the body");
    assert_eq!(body.get("Phone"), None, "what HubSpot does not know is left alone");
    assert_eq!(
        write.header("sforce-duplicate-rule-header"),
        "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true"
    );
    let query = asked[0].json()["compositeRequest"][2]["url"].as_str().unwrap().to_owned();
    assert!(query.contains("o%5C%27neil%40example.com"), "{query}");
}

#[tokio::test]
async fn a_found_record_is_updated_by_preference() {
    let ours = Some("62515/12 é");
    let other_contact = "003x0000000CCCC";
    for (name, reply, object, record_id) in [
        (
            "contact by id",
            found([contact(ours), lead(ours, None), contact(ours), nothing()]),
            CrmObject::Contact,
            CONTACT,
        ),
        ("lead by id", found([nothing(), lead(ours, None), contact(None), nothing()]), CrmObject::Lead, LEAD),
        (
            "converted lead by id",
            found([nothing(), lead(ours, Some(other_contact)), nothing(), nothing()]),
            CrmObject::Contact,
            other_contact,
        ),
        (
            "contact by e-mail",
            found([nothing(), nothing(), contact(None), lead(None, None)]),
            CrmObject::Contact,
            CONTACT,
        ),
        ("lead by e-mail", found([nothing(), nothing(), nothing(), lead(None, None)]), CrmObject::Lead, LEAD),
        (
            "converted lead by e-mail",
            found([nothing(), nothing(), nothing(), lead(None, Some(other_contact))]),
            CrmObject::Contact,
            other_contact,
        ),
        (
            "lead, as the contact is taken",
            found([nothing(), nothing(), contact(Some("other")), lead(None, None)]),
            CrmObject::Lead,
            LEAD,
        ),
    ] {
        let (synced, asked) = sync(vec![reply, Reply::text(204, "")]).await;
        let synced = synced.unwrap();
        assert_eq!(
            (synced.object, &synced.record_id, synced.created),
            (object, &id(record_id), false),
            "{name}"
        );
        assert_eq!(synced.calls, 2, "{name}");
        let path = format!("/services/data/v67.0/sobjects/{}/{}", object.api_name(), id(record_id));
        assert_eq!(asked[1].path_and_query, path, "{name}");
        assert_eq!(asked[1].json()["HubSpot_Id__c"], "62515/12 é", "{name}");
        assert_eq!(asked[1].json().get("Company"), None, "{name}: an unknown company overwrites nothing");
    }
}

#[tokio::test]
async fn a_record_of_another_person_is_never_taken_over() {
    let (error, asked) = sync(vec![found([nothing(), nothing(), contact(Some("other")), nothing()])]).await;
    assert!(matches!(error.unwrap_err().kind(), Kind::Duplicate { matches, .. } if matches == &[CONTACT]));
    assert_eq!(asked.len(), 1, "nothing was written");
    let twice =
        json!([{ "Id": CONTACT, "HubSpot_Id__c": "x" }, { "Id": "003x0000000DDDD", "HubSpot_Id__c": "x" }]);
    let (error, _) = sync(vec![found([twice, nothing(), nothing(), nothing()])]).await;
    assert_eq!(*error.unwrap_err().kind(), Kind::MultipleMatches);
}

#[tokio::test]
async fn a_missing_external_id_field_is_named() {
    let error = json!([{ "errorCode": "INVALID_FIELD",
        "message": "\nSELECT Id, HubSpot_Id__c FROM Contact\n ^\nERROR at Row:1:Column:12\nNo such column 'HubSpot_Id__c' on entity 'Contact'." }]);
    let parts: Vec<Value> = (0..4)
        .map(|index| json!({ "body": error, "httpStatusCode": 400, "referenceId": format!("r{index}") }))
        .collect();
    let (outcome, _) = sync(vec![Reply::json(200, &json!({ "compositeResponse": parts }))]).await;
    assert_eq!(
        *outcome.unwrap_err().kind(),
        Kind::ExternalIdFieldMissing { object: "Contact".to_owned(), field: "HubSpot_Id__c".to_owned() }
    );
    let error = json!([{ "errorCode": "NOT_FOUND",
        "message": "Provided external ID field does not exist or is not accessible: HubSpot_Id__c" }]);
    let (outcome, _) =
        sync(vec![found([nothing(), nothing(), nothing(), nothing()]), Reply::json(404, &error)]).await;
    assert!(
        matches!(outcome.unwrap_err().kind(), Kind::ExternalIdFieldMissing { object, .. } if object == "Lead")
    );
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_repetition_finds_the_record() {
    let error = match_and_upsert(&api(&cutting_server().await), &person()).await.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable()), (DidItHappen::No, true), "only the look-up was sent");
    let (outcome, asked) =
        sync(vec![found([nothing(), nothing(), nothing(), nothing()]), Reply::cut()]).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable(), asked.len()), (DidItHappen::Unknown, true, 2));
    let error = match_and_upsert(&api(&nobody().await), &person()).await.unwrap_err();
    assert_eq!(error.effect(), DidItHappen::No);
    let ours = found([nothing(), lead(Some("62515/12 é"), None), nothing(), lead(Some("62515/12 é"), None)]);
    let (synced, _) = sync(vec![ours, Reply::text(204, "")]).await;
    let synced = synced.unwrap();
    assert_eq!((synced.record_id, synced.created), (id(LEAD), false));
}

#[tokio::test]
async fn calls_are_counted_also_when_they_fail_but_not_when_nothing_was_sent() {
    let server = ScriptedServer::start([Reply::text(503, "")]).await;
    let sent = api(&server.url);
    match_and_upsert(&sent, &person()).await.unwrap_err();
    assert_eq!(sent.calls(), 1);
    let unsent = api(&nobody().await);
    match_and_upsert(&unsent, &person()).await.unwrap_err();
    assert_eq!(unsent.calls(), 0);
}

#[tokio::test]
async fn deleting_is_repeatable_and_finds_a_record_whose_id_was_lost() {
    let gone = json!([{ "errorCode": "ENTITY_IS_DELETED", "message": "entity is deleted" }]);
    let server = ScriptedServer::start([Reply::text(204, ""), Reply::json(404, &gone)]).await;
    let known = api(&server.url);
    let record = Some((CrmObject::Lead, &id(LEAD))).map(|(object, id)| (object, id.clone())).unwrap();
    let record = Some((record.0, &record.1));
    assert_eq!(delete_synced(&known, record, "x").await.unwrap(), Deleted::Now);
    assert_eq!(delete_synced(&known, record, "x").await.unwrap(), Deleted::AlreadyGone);
    assert_eq!(known.calls(), 2);

    let two = |contacts: Value, leads: Value| {
        let part = |index: u8, records: Value| json!({ "body": { "records": records }, "httpStatusCode": 200, "referenceId": format!("r{index}") });
        Reply::json(200, &json!({ "compositeResponse": [part(0, contacts), part(1, leads)] }))
    };
    let server = ScriptedServer::start([
        two(nothing(), lead(Some("x"), None)),
        Reply::text(204, ""),
        two(nothing(), nothing()),
    ])
    .await;
    let lost = api(&server.url);
    assert_eq!(delete_synced(&lost, None, "x").await.unwrap(), Deleted::Now);
    assert_eq!(delete_synced(&lost, None, "x").await.unwrap(), Deleted::AlreadyGone);
    assert_eq!(server.asked()[1].method, "DELETE");
    assert_eq!(server.asked()[1].path_and_query, format!("/services/data/v67.0/sobjects/Lead/{}", id(LEAD)));
}

#[tokio::test]
async fn an_empty_key_finds_nothing_rather_than_every_record_without_one() {
    let server = ScriptedServer::start([]).await;
    let api = api(&server.url);
    for empty in ["", " ", "\u{3000}", "..", "."] {
        let no_id = NewPerson { external_id: empty.to_owned(), ..person() };
        let no_email = NewPerson { email: empty.to_owned(), ..person() };
        for error in [
            match_and_upsert(&api, &no_id).await.unwrap_err(),
            match_and_upsert(&api, &no_email).await.unwrap_err(),
            delete_synced(&api, None, empty).await.unwrap_err(),
            api.find_people_by_email(empty).await.unwrap_err(),
            api.upsert_by_external_id(CrmObject::Lead, empty, &super::Fields::new()).await.unwrap_err(),
        ] {
            assert!(matches!(error.kind(), Kind::Validation { .. }), "{error:?}");
        }
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn only_records_that_really_carry_the_external_id_are_deleted() {
    let part = |index: u8, records: Value| json!({ "body": { "records": records }, "httpStatusCode": 200, "referenceId": format!("r{index}") });
    let answer = json!({ "compositeResponse": [part(0, contact(Some("y"))), part(1, lead(None, None))] });
    let server = ScriptedServer::start([Reply::json(200, &answer)]).await;
    assert_eq!(delete_synced(&api(&server.url), None, "x").await.unwrap(), Deleted::AlreadyGone);
    assert_eq!(server.asked().len(), 1, "nothing was deleted");
}

#[tokio::test]
async fn a_failure_to_read_back_a_write_says_that_it_happened() {
    let replies =
        vec![found([nothing(), nothing(), nothing(), nothing()]), Reply::text(204, ""), Reply::cut()];
    let (outcome, _) = sync(replies).await;
    assert_eq!(outcome.unwrap_err().effect(), DidItHappen::Yes);
}
