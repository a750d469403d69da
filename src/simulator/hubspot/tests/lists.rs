use super::*;
use crate::simulator::hubspot::seed::stage_filter;

#[tokio::test]
async fn an_active_list_is_processed_and_follows_its_filters() {
    let api = Api::start().await;
    let lead = api.create(json!({"email": "a@x.org"})).await;
    let body = json!({"name": "Leads", "objectTypeId": "0-1", "processingType": "DYNAMIC",
        "filterBranch": stage_filter(&["lead"])});
    let (status, made) = api.post("/crm/lists/2026-09", body.clone()).await;
    assert_eq!((status, &made["list"]["processingStatus"]), (StatusCode::OK, &json!("PROCESSING")));
    let id = made["list"]["listId"].as_str().unwrap().to_owned();
    assert_eq!(
        api.post(
            "/crm/v3/lists/",
            json!({"name": "LEADS", "objectTypeId": "0-1", "processingType": "MANUAL"})
        )
        .await
        .0,
        400
    );

    let members = format!("/crm/lists/2026-09/{id}/memberships");
    assert_eq!(api.get(&members).await.1["results"], json!([]));
    api.running.clock.advance(Duration::seconds(1));
    assert_eq!(api.get(&members).await.1["results"][0]["recordId"], json!(lead));
    let (_, read) = api.get("/crm/v3/lists/object-type-id/0-1/name/leads?includeFilters=true").await;
    assert_eq!((&read["list"]["processingStatus"], &read["list"]["size"]), (&json!("COMPLETE"), &json!(1)));
    assert_eq!(read["list"]["filterBranch"]["filterBranchType"], "OR");

    let add = api.send(Method::PUT, &format!("{members}/add"), Some(json!([lead]))).await;
    assert_eq!(add.0, 400);
    let filters = json!({"filterBranch": stage_filter(&["customer"])});
    let path = format!("/crm/lists/2026-09/{id}/update-list-filters");
    assert_eq!(api.send(Method::PUT, &path, Some(filters)).await.0, 200);
    api.running.clock.advance(Duration::seconds(1));
    assert_eq!(api.get(&members).await.1["results"], json!([]));
}

#[tokio::test]
async fn a_static_list_is_changed_by_hand() {
    let api = Api::start().await;
    let (a, b) =
        (api.create(json!({"email": "a@x.org"})).await, api.create(json!({"email": "b@x.org"})).await);
    let body = json!({"name": "Picked", "objectTypeId": "0-1", "processingType": "MANUAL"});
    let (_, made) = api.post("/crm/v3/lists", body).await;
    let id = made["list"]["listId"].as_str().unwrap().to_owned();
    let members = format!("/crm/v3/lists/{id}/memberships");
    let (status, changed) =
        api.send(Method::PUT, &format!("{members}/add"), Some(json!([b, a, "999"]))).await;
    assert_eq!((status, &changed["recordsIdsAdded"]), (StatusCode::OK, &json!([a, b])));
    assert_eq!((&changed["recordIdsMissing"], &changed["recordIdsRemoved"]), (&json!(["999"]), &json!([])));

    let (_, page) = api.get(&format!("{members}?limit=1")).await;
    assert_eq!((&page["total"], &page["results"][0]["recordId"]), (&json!(2), &json!(a)));
    let after = page["paging"]["next"]["after"].as_str().unwrap();
    let (_, page) = api.get(&format!("{members}?limit=1&after={after}")).await;
    assert_eq!((&page["results"][0]["recordId"], page.get("paging")), (&json!(b), None));
    let (_, of) = api.get(&format!("/crm/v3/lists/records/0-1/{a}/memberships")).await;
    assert_eq!(of["results"][0]["listId"], json!(id));

    let swap = json!({"recordIdsToAdd": [], "recordIdsToRemove": [a]});
    let (_, changed) = api.send(Method::PUT, &format!("{members}/add-and-remove"), Some(swap)).await;
    assert_eq!(changed["recordIdsRemoved"], json!([a]));
    assert_eq!(api.send(Method::DELETE, &format!("/crm/v3/lists/{id}"), None).await.0, 204);
    assert_eq!(api.get(&format!("/crm/v3/lists/{id}")).await.0, 404);
    assert_eq!(api.send(Method::PUT, &format!("/crm/v3/lists/{id}/restore"), None).await.0, 204);
    assert_eq!(api.get(&format!("/crm/v3/lists/{id}")).await.1["list"]["size"], 1);
}

#[tokio::test]
async fn search_pages_by_offset_and_all_by_cursor() {
    let api = Api::start().await;
    for number in 1..=5 {
        let body = json!({"name": format!("List {number}"), "objectTypeId": "0-1", "processingType": "DYNAMIC",
            "filterBranch": stage_filter(&["lead"])});
        assert_eq!(api.post("/crm/v3/lists", body).await.0, 200);
    }
    let query = |offset: u64| {
        json!({"query": "list", "count": 2, "offset": offset, "listIds": [],
        "processingTypes": ["DYNAMIC"], "objectTypeId": "0-1", "additionalProperties": ["hs_list_size"]})
    };
    let (_, page) = api.post("/crm/v3/lists/search", query(2)).await;
    assert_eq!((&page["offset"], &page["hasMore"], &page["total"]), (&json!(4), &json!(true), &json!(5)));
    assert_eq!(page["lists"][0]["additionalProperties"]["hs_list_size"], "0");
    let (_, page) = api.post("/crm/v3/lists/search", query(4)).await;
    assert_eq!((&page["offset"], &page["hasMore"]), (&json!(5), &json!(false)));

    let mut names = Vec::new();
    let mut after = json!(null);
    loop {
        let body = json!({"processingTypes": ["DYNAMIC"], "count": 2, "after": after});
        let (_, page) = api.post("/crm/lists/2026-09/all", body).await;
        names.extend(page["results"].as_array().unwrap().iter().map(|list| list["name"].clone()));
        after = page["paging"]["next"]["after"].clone();
        if after.is_null() {
            break;
        }
    }
    assert_eq!(names.len(), 5);
    let (status, body) = api.post("/crm/lists/2026-09/all", json!({"after": "??"})).await;
    assert_eq!((status, &body["subCategory"]), (StatusCode::BAD_REQUEST, &json!("INVALID_CURSOR")));
    let (_, body) = api.post("/crm/lists/2026-09/all", json!({"processingTypes": ["SMART"]})).await;
    assert_eq!(body["subCategory"], "INVALID_PROCESSING_TYPE");
}
