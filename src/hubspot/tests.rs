#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{
    AccountType, Archived, ClientConfig, Credential, DidItHappen, HubSpotClient, HubSpotErrorKind as Kind,
    PortalApi, ProcessingType, Properties,
};
use crate::outbound::testing::{Reply, ScriptedServer, cutting_server, nobody};

fn portal(url: &str, credential: Credential) -> PortalApi {
    let config = ClientConfig { base_url: url.to_owned(), ..ClientConfig::default() };
    HubSpotClient::new(&config).unwrap().portal(credential)
}

fn with_token(url: &str) -> PortalApi {
    portal(url, Credential::StaticToken(SecretString::from("CANARY-static")))
}

fn oauth() -> Credential {
    Credential::OAuth {
        client_id: "client".to_owned(),
        client_secret: SecretString::from("CANARY-client"),
        refresh_token: SecretString::from("CANARY-refresh-1"),
    }
}

fn token(access: &str, refresh: Option<&str>) -> Reply {
    let mut body = json!({ "token_type": "bearer", "access_token": access, "hub_id": 62_515,
        "scopes": ["oauth", "crm.lists.read"], "expires_in": 1_800 });
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    Reply::json(200, &body)
}

fn expired() -> Reply {
    Reply::json(
        401,
        &json!({ "status": "error", "category": "EXPIRED_AUTHENTICATION",
        "message": "The OAuth token used to make this call expired 75 second(s) ago." }),
    )
}

fn account() -> Value {
    json!({ "portalId": 12_345_678, "accountType": "STANDARD", "timeZone": "US/Eastern", "companyCurrency": "USD",
        "additionalCurrencies": [], "utcOffset": "-04:00", "utcOffsetMilliseconds": -14_400_000,
        "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1" })
}

fn record(id: &str) -> Value {
    json!({ "id": id, "properties": { "email": "a@b.co", "firstname": null, "lastname": "" },
        "createdAt": "2025-11-03T23:36:13.632Z", "updatedAt": "2025-11-03T23:36:13.632Z", "archived": false,
        "url": format!("https://app.hubspot.com/contacts/44237313/record/0-1/{id}") })
}

#[tokio::test]
async fn account_info_is_read_with_the_daily_limit() {
    let server =
        ScriptedServer::start([Reply::json(200, &account()).header("X-HubSpot-RateLimit-Daily", "250000")])
            .await;
    let info = with_token(&server.url).account_info().await.unwrap();
    assert_eq!(
        (info.portal_id, &info.account_type, info.daily_limit),
        (12_345_678, &AccountType::Standard, Some(250_000))
    );
    assert_eq!(info.contact_url("7"), "https://app.hubspot.com/contacts/12345678/record/0-1/7");
    let asked = server.asked().remove(0);
    assert_eq!(asked.path_and_query, "/account-info/2026-09/details");
    assert_eq!(asked.header("authorization"), "Bearer CANARY-static");
}

#[tokio::test]
async fn a_contact_is_created_read_changed_and_archived() {
    let gone = json!({ "status": "error", "message": "resource not found" });
    let server = ScriptedServer::start([
        Reply::json(201, &record("51")),
        Reply::json(200, &record("51")),
        Reply::json(200, &record("51")),
        Reply::json(404, &gone),
        Reply::json(200, &record("51")),
        Reply::text(204, ""),
        Reply::json(404, &gone),
    ])
    .await;
    let api = with_token(&server.url);
    let properties = Properties::from([("email".to_owned(), "a@b.co".to_owned())]);
    let contact = api.create_contact(&properties).await.unwrap();
    assert_eq!((contact.id.as_str(), contact.property("email")), ("51", Some("a@b.co")));
    assert_eq!(
        (contact.property("firstname"), contact.property("lastname"), contact.property("x")),
        (None, None, None)
    );
    assert!(contact.url.unwrap().ends_with("/0-1/51"));
    assert_eq!(api.contact_by_id("51", &["email", "lifecyclestage"]).await.unwrap().unwrap().id, "51");
    assert_eq!(api.contact_by_email("a+b@b.co/?", &["email"]).await.unwrap().unwrap().id, "51");
    assert_eq!(api.contact_by_id("52", &["email"]).await.unwrap(), None);
    assert_eq!(api.update_contact("51", &properties).await.unwrap().id, "51");
    assert_eq!(api.archive_contact("51").await.unwrap(), Archived::Now);
    assert_eq!(api.archive_contact("51").await.unwrap(), Archived::AlreadyGone);
    let asked: Vec<String> =
        server.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path_and_query)).collect();
    assert_eq!(
        asked,
        [
            "POST /crm/objects/2026-09/contacts",
            "GET /crm/objects/2026-09/contacts/51?properties=email%2Clifecyclestage",
            "GET /crm/objects/2026-09/contacts/a+b@b.co%2F%3F?properties=email&idProperty=email",
            "GET /crm/objects/2026-09/contacts/52?properties=email",
            "PATCH /crm/objects/2026-09/contacts/51",
            "DELETE /crm/objects/2026-09/contacts/51",
            "DELETE /crm/objects/2026-09/contacts/51",
        ]
    );
    assert_eq!(server.asked()[0].json(), json!({ "properties": { "email": "a@b.co" }, "associations": [] }));
}

#[tokio::test]
async fn a_repeated_create_learns_the_existing_id() {
    let conflict = json!({ "status": "error", "message": "Contact already exists. Existing ID: 51", "category": "CONFLICT" });
    let server = ScriptedServer::start([Reply::json(409, &conflict)]).await;
    let error = with_token(&server.url).create_contact(&Properties::new()).await.unwrap_err();
    assert_eq!(*error.kind(), Kind::Conflict { existing_id: Some("51".to_owned()) });

    let error = with_token(&cutting_server().await).create_contact(&Properties::new()).await.unwrap_err();
    assert_eq!(error.effect(), DidItHappen::Unknown);
    let error = with_token(&nobody().await).create_contact(&Properties::new()).await.unwrap_err();
    assert_eq!(error.effect(), DidItHappen::No);
    assert!(!format!("{error} {error:?}").contains("CANARY"));
}

#[tokio::test]
async fn a_batch_has_at_most_a_hundred_distinct_ids() {
    let page = |ids: std::ops::Range<u32>| {
        let results: Vec<Value> = ids.map(|id| record(&id.to_string())).collect();
        Reply::json(200, &json!({ "status": "COMPLETE", "results": results }))
    };
    let partial = Reply::json(
        207,
        &json!({ "status": "COMPLETE", "results": [], "numErrors": 1, "errors": [{ "category": "OBJECT_NOT_FOUND" }] }),
    );
    let server = ScriptedServer::start([page(0..100), partial]).await;
    let ids: Vec<String> = (0..101).chain(0..5).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let contacts = with_token(&server.url).contacts_by_id(&ids, &["email"]).await.unwrap();
    assert_eq!(contacts.len(), 100);
    let sizes: Vec<usize> =
        server.asked().iter().map(|asked| asked.json()["inputs"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [100, 1]);
}

#[tokio::test]
async fn an_access_token_is_fetched_once_and_kept() {
    let server = ScriptedServer::start([
        token("CANARY-access-1", Some("CANARY-refresh-1")),
        Reply::json(200, &account()),
        Reply::json(200, &account()),
    ])
    .await;
    let api = portal(&server.url, oauth());
    api.account_info().await.unwrap();
    api.account_info().await.unwrap();
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].path_and_query, "/oauth/2026-09/token");
    assert_eq!(
        asked[0].body,
        "grant_type=refresh_token&client_id=client&client_secret=CANARY-client&refresh_token=CANARY-refresh-1"
    );
    assert_eq!(asked[2].header("authorization"), "Bearer CANARY-access-1");
    let update = api.take_token_update().await.unwrap();
    assert!(update.refresh_token.is_none(), "the same token is no rotation");
    assert_eq!((update.hub_id, update.scopes.len()), (Some(62_515), 2));
    assert!(api.take_token_update().await.is_none());
    assert!(!format!("{api:?} {update:?}").contains("CANARY"));
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_the_rotation_is_told() {
    let server = ScriptedServer::start([
        token("CANARY-access-1", None),
        expired(),
        token("CANARY-access-2", Some("CANARY-refresh-2")),
        Reply::json(200, &account()),
        token("CANARY-access-3", None),
    ])
    .await;
    let api = portal(&server.url, oauth());
    api.account_info().await.unwrap();
    assert_eq!(server.asked()[3].header("authorization"), "Bearer CANARY-access-2");
    let update = api.refresh().await.unwrap().unwrap();
    assert_eq!(
        update.refresh_token.unwrap().expose_secret(),
        "CANARY-refresh-2",
        "a rotation is not lost behind another refresh"
    );
    assert!(server.asked()[4].body.ends_with("refresh_token=CANARY-refresh-2"));
}

#[tokio::test]
async fn a_token_that_stays_refused_is_an_error_and_not_a_loop() {
    let server = ScriptedServer::start([
        token("CANARY-access-1", None),
        expired(),
        token("CANARY-access-2", None),
        expired(),
    ])
    .await;
    let error = portal(&server.url, oauth()).account_info().await.unwrap_err();
    assert_eq!(*error.kind(), Kind::CredentialRefused);
    assert_eq!(server.asked().len(), 4);

    let server = ScriptedServer::start([expired()]).await;
    let error = with_token(&server.url).account_info().await.unwrap_err();
    assert_eq!((error.kind(), server.asked().len()), (&Kind::CredentialRefused, 1));
}

#[tokio::test]
async fn many_calls_share_one_refresh() {
    let answers = std::iter::once(token("CANARY-access-1", None))
        .chain(std::iter::repeat_with(|| Reply::json(200, &account())).take(20));
    let server = ScriptedServer::start(answers).await;
    let api = portal(&server.url, oauth());
    let calls = (0..20).map(|_| {
        let api = api.clone();
        tokio::spawn(async move { api.account_info().await.map(|info| info.portal_id) })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), 12_345_678);
    }
    let refreshes = server.asked().iter().filter(|asked| asked.path_and_query.ends_with("/token")).count();
    assert_eq!(refreshes, 1);
}

#[tokio::test]
async fn lifecycle_stages_come_in_display_order() {
    let option = |value: &str, order: i64| json!({ "label": value, "value": value, "displayOrder": order, "hidden": false });
    let property = json!({ "name": "lifecyclestage", "label": "Lifecycle Stage", "type": "enumeration", "fieldType": "radio",
        "options": [option("customer", 5), option("odd", -1), option("subscriber", 0), option("lead", 1)] });
    let server = ScriptedServer::start([Reply::json(200, &property), Reply::text(404, "")]).await;
    let api = with_token(&server.url);
    let stages: Vec<String> =
        api.lifecycle_stages().await.unwrap().into_iter().map(|stage| stage.value).collect();
    assert_eq!(stages, ["subscriber", "lead", "customer", "odd"]);
    assert_eq!(api.contact_property("nope").await.unwrap(), None);
}

#[tokio::test]
async fn smart_lists_are_paged_and_static_ones_left_out() {
    // As recorded.
    let page = json!({ "offset": 2, "hasMore": true, "total": 3, "lists": [
        { "listId": "3", "listVersion": 1, "processingStatus": "COMPLETE", "processingType": "DYNAMIC", "objectTypeId": "0-1",
          "name": "Test List", "additionalProperties": { "hs_list_size": "4993", "hs_list_reference_count": "0" } },
        { "listId": "4", "listVersion": 1, "processingStatus": "COMPLETE", "processingType": "SNAPSHOT", "objectTypeId": "0-2",
          "name": "Test static company list", "additionalProperties": { "hs_list_size": "3" } } ] });
    let stuck = json!({ "offset": 2, "hasMore": true, "lists": [] });
    let server = ScriptedServer::start([Reply::json(200, &page), Reply::json(200, &stuck)]).await;
    let api = with_token(&server.url);
    let first = api.smart_lists("", 0, 10_000).await.unwrap();
    assert_eq!((first.lists.len(), first.next_offset, first.total), (1, Some(2), Some(3)));
    let list = &first.lists[0];
    assert_eq!(
        (list.id.as_str(), list.size, &list.processing_type),
        ("3", Some(4_993), &ProcessingType::Dynamic)
    );
    assert_eq!(
        api.smart_lists("", 2, 10).await.unwrap().next_offset,
        None,
        "an offset that stands still ends the paging"
    );
    assert_eq!(server.asked()[0].json()["count"], 500);
    assert_eq!(server.asked()[0].json()["processingTypes"], json!(["DYNAMIC"]));
}

#[tokio::test]
async fn a_list_of_any_kind_can_be_looked_at_and_a_smart_one_created() {
    let list = |kind: &str, size: Value| {
        json!({ "list": { "listId": "611", "processingStatus": "PROCESSING", "processingType": kind,
        "objectTypeId": "0-1", "name": "Sales ready", "size": size } })
    };
    let server = ScriptedServer::start([
        Reply::json(200, &list("MANUAL", json!(7))),
        Reply::text(404, ""),
        Reply::json(200, &list("DYNAMIC", Value::Null)),
        Reply::json(200, &json!({ "results": [{ "listId": "76", "listVersion": 1 }, { "listId": 77 }] })),
        Reply::json(200, &list("DYNAMIC", json!("9"))),
    ])
    .await;
    let api = with_token(&server.url);
    let found = api.list("611").await.unwrap().unwrap();
    assert_eq!(
        (&found.processing_type, found.size, found.lists_contacts),
        (&ProcessingType::Manual, Some(7), true)
    );
    assert_eq!(api.list("612").await.unwrap(), None);
    let created = api.create_smart_list("Sales ready", &["lead", "customer"]).await.unwrap();
    assert!(created.is_processing && created.size.is_none());
    assert_eq!(api.lists_of_contact("51").await.unwrap(), ["76", "77"]);
    assert_eq!(api.list_by_name("sales/ready").await.unwrap().unwrap().size, Some(9));
    let asked = server.asked();
    let sent = asked[2].json();
    assert_eq!(
        (asked[2].path_and_query.as_str(), &sent["processingType"]),
        ("/crm/lists/2026-09", &json!("DYNAMIC"))
    );
    let filter = &sent["filterBranch"]["filterBranches"][0]["filters"][0];
    assert_eq!(filter["operation"]["values"], json!(["lead", "customer"]));
    assert_eq!(filter["operation"]["operator"], "IS_ANY_OF");
    assert_eq!(asked[3].path_and_query, "/crm/lists/2026-09/records/0-1/51/memberships");
    assert_eq!(asked[4].path_and_query, "/crm/lists/2026-09/object-type-id/0-1/name/sales%2Fready");
}

#[tokio::test]
async fn a_failed_read_has_no_effect_and_hostile_values_do_not_pass() {
    let cut = with_token(&cutting_server().await);
    assert_eq!(cut.smart_lists("", 0, 10).await.unwrap_err().effect(), DidItHappen::No);
    assert_eq!(cut.contact_by_id("1", &["email"]).await.unwrap_err().effect(), DidItHappen::No);
    assert_eq!(cut.contacts_by_id(&["1"], &["email"]).await.unwrap_err().effect(), DidItHappen::No);

    let mut details = account();
    details["uiDomain"] = "evil.com/@x".into();
    details["portalName"] = "A\u{0}\u{202e}B".into();
    let server = ScriptedServer::start([
        Reply::json(200, &record("../51")),
        Reply::json(201, &record("5 1")),
        Reply::json(200, &details),
    ])
    .await;
    let api = with_token(&server.url);
    let error = api.contact_by_id("51", &["email"]).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)) && error.effect() == DidItHappen::No, "{error:?}");
    let error = api.create_contact(&Properties::new()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)) && error.effect() == DidItHappen::Yes, "{error:?}");
    let info = api.account_info().await.unwrap();
    assert_eq!((info.ui_domain.as_str(), info.name.as_deref()), ("app.hubspot.com", Some("A B")));
}

#[tokio::test]
async fn a_token_that_cannot_stand_in_a_header_is_refused_unsent() {
    let server = ScriptedServer::start([]).await;
    for token in ["CANARY\n", "CANARY\r\nx: y", "CANARY é", ""] {
        let api = portal(&server.url, Credential::StaticToken(SecretString::from(token)));
        assert_eq!(*api.account_info().await.unwrap_err().kind(), Kind::CredentialRefused, "{token:?}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_create_that_never_got_a_token_did_not_happen() {
    let api = portal(&cutting_server().await, oauth());
    assert_eq!(api.create_contact(&Properties::new()).await.unwrap_err().effect(), DidItHappen::No);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_says_that_the_effect_happened() {
    let server = ScriptedServer::start([
        Reply::text(201, "<html>"),
        Reply::text(307, "").header("location", "https://evil.com"),
    ])
    .await;
    let api = with_token(&server.url);
    let error = api.create_contact(&Properties::new()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)));
    assert_eq!((error.effect(), error.status()), (DidItHappen::Yes, Some(StatusCode::CREATED.as_u16())));
    let error = api.create_contact(&Properties::new()).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::Malformed(_)), "a redirect is not followed: {error:?}");
}
