use super::*;

#[tokio::test]
async fn a_taken_address_answers_the_existing_id() {
    let api = Api::start().await;
    let id = api.create(json!({"email": "Ada@X.org", "firstname": "Ada"})).await;
    let (status, body) =
        api.post("/crm/v3/objects/contacts", json!({"properties": {"email": "ADA@x.ORG"}})).await;
    assert_eq!((status, &body["category"]), (StatusCode::CONFLICT, &json!("CONFLICT")));
    assert_eq!(body["message"], format!("Contact already exists. Existing ID: {id}"));
    assert_eq!(api.running.hubspot.created_with_email(PORTAL, "ada@x.org"), 1);

    let other = api.create(json!({"email": "bob@x.org"})).await;
    let additional = json!({"properties": {"hs_additional_emails": "old@x.org;older@x.org"}});
    let path = format!("/crm/v3/objects/contacts/{id}");
    assert_eq!(api.send(Method::PATCH, &path, Some(additional)).await.0, 200);
    let taken = json!({"properties": {"email": "Older@x.org"}});
    let path = format!("/crm/v3/objects/contacts/{other}");
    let (status, body) = api.send(Method::PATCH, &path, Some(taken)).await;
    assert_eq!((status, body["message"].as_str().unwrap().contains(&id)), (StatusCode::CONFLICT, true));

    let (_, found) = api.get("/crm/v3/objects/contacts/ada%40x.org?idProperty=email").await;
    assert_eq!((&found["id"], &found["properties"]["email"]), (&json!(id), &json!("ada@x.org")));
}

#[tokio::test]
async fn refused_values_are_named_one_by_one() {
    let api = Api::start().await;
    let properties =
        json!({"email": "not an address", "nonsense": "1", "num_notes": "3", "hs_lead_status": "ODD"});
    let (status, body) = api.post("/crm/v3/objects/contacts", json!({"properties": properties})).await;
    assert_eq!((status, &body["category"]), (StatusCode::BAD_REQUEST, &json!("VALIDATION_ERROR")));
    let mut codes: Vec<&str> =
        body["errors"].as_array().unwrap().iter().map(|error| error["code"].as_str().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["INVALID_EMAIL", "INVALID_OPTION", "PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"]);
    let message = body["message"].as_str().unwrap();
    assert!(message.starts_with("Property values were not valid: [{"), "{message}");

    let id = api.create(json!({"email": "a@x.org"})).await;
    let (_, read) =
        api.get(&format!("/crm/v3/objects/contacts/{id}?properties=nonsense,city&properties=phone")).await;
    assert_eq!(read["properties"].get("nonsense"), None);
    assert_eq!((&read["properties"]["city"], &read["properties"]["phone"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_lifecycle_stage_moves_forward_only() {
    let api = Api::start().await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    let set =
        |stage: &str| api.send(Method::PATCH, &path, Some(json!({"properties": {"lifecyclestage": stage}})));
    let read = async || {
        let (_, body) = api.get(&format!("{path}?properties=lifecyclestage")).await;
        body["properties"]["lifecyclestage"].clone()
    };
    assert_eq!(read().await, "lead");
    assert_eq!(set("customer").await.0, 200);
    assert_eq!(set("lead").await.0, 200);
    assert_eq!(read().await, "customer");
    assert_eq!(set("").await.0, 200);
    assert_eq!(set("lead").await.0, 200);
    assert_eq!(read().await, "lead");
}

#[tokio::test]
async fn archived_contacts_are_gone_until_asked_for() {
    let api = Api::start().await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    let path = format!("/crm/v3/objects/contacts/{id}");
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);
    let (status, body) = api.get(&path).await;
    assert_eq!((status, &body["message"]), (StatusCode::NOT_FOUND, &json!("resource not found")));
    let (status, body) = api.get(&format!("{path}?archived=true")).await;
    assert_eq!((status, &body["archived"]), (StatusCode::OK, &json!(true)));
    api.create(json!({"email": "a@x.org"})).await;
}

#[tokio::test]
async fn a_batch_is_all_or_nothing_unless_every_input_is_traced() {
    let api = Api::start().await;
    let id = api.create(json!({"email": "a@x.org"})).await;
    let inputs = |traced: bool| {
        let input = |address: &str, trace: &str| {
            let mut input = json!({"properties": {"email": address}});
            if traced {
                input["objectWriteTraceId"] = json!(trace);
            }
            input
        };
        json!({"inputs": [input("a@x.org", "0"), input("b@x.org", "1")]})
    };
    let path = "/crm/objects/2026-09/contacts/batch/create";
    let (status, body) = api.post(path, inputs(false)).await;
    assert_eq!((status, &body["message"]), (StatusCode::CONFLICT, &json!("Contact already exists")));
    let (status, body) = api.post(path, inputs(true)).await;
    assert_eq!(
        (status, &body["numErrors"], &body["status"]),
        (StatusCode::MULTI_STATUS, &json!(1), &json!("COMPLETE"))
    );
    assert_eq!(body["errors"][0]["context"], json!({"objectWriteTraceId": ["0"], "existingId": [id]}));
    assert_eq!(body["results"][0]["properties"]["email"], "b@x.org");

    let missing = json!({"inputs": [{"id": "a@x.org"}, {"id": "no@x.org"}], "idProperty": "email"});
    let (status, body) = api.post("/crm/v3/objects/contacts/batch/read", missing).await;
    assert_eq!(
        (status, &body["errors"][0]["context"]),
        (StatusCode::MULTI_STATUS, &json!({"ids": ["no@x.org"]}))
    );
    let twice = json!({"inputs": [{"id": id, "properties": {}}, {"id": id, "properties": {}}]});
    let (status, body) = api.post("/crm/v3/objects/contacts/batch/update", twice).await;
    assert_eq!((status, &body["context"]), (StatusCode::BAD_REQUEST, &json!({"ids": [id]})));

    let upsert = json!({"inputs": [
        {"id": "a@x.org", "idProperty": "email", "properties": {"city": "Nara"}},
        {"id": "c@x.org", "idProperty": "email", "properties": {"city": "Nara"}}]});
    let (status, body) = api.post("/crm/v3/objects/contacts/batch/upsert", upsert).await;
    assert_eq!(status, 200);
    let news: Vec<&Value> = body["results"].as_array().unwrap().iter().map(|one| &one["new"]).collect();
    assert_eq!(news, [&json!(false), &json!(true)]);
}

#[tokio::test]
async fn search_lags_and_has_its_own_limit() {
    let api = Api::start().await;
    api.create(json!({"email": "a@x.org"})).await;
    let path = "/crm/objects/2026-09/contacts/search";
    let query = || {
        json!({"filterGroups": [{"filters": [{"propertyName": "email", "operator": "EQ", "value": "a@x.org"}]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}], "properties": ["email"], "limit": "10", "after": "0"})
    };
    assert_eq!(api.post(path, query()).await.1["total"], 0);
    api.running.clock.advance(Duration::seconds(5));
    let response = api.client.post(api.url(path)).bearer_auth(TOKEN).json(&query()).send().await.unwrap();
    assert!(!response.headers().contains_key("x-hubspot-ratelimit-max"));
    assert_eq!(response.json::<Value>().await.unwrap()["total"], 1);

    let fixture = crate::simulator::hubspot::fixture::RecordFixture::new(&[("email", "seen@x.org")]);
    api.running.hubspot.add_record(PORTAL, "contacts", &fixture).unwrap();
    assert_eq!(api.post(path, json!({"query": "seen"})).await.1["total"], 1);
    let mut last = api.post(path, query()).await;
    for _ in 0..5 {
        last = api.post(path, query()).await;
    }
    assert_eq!((last.0, &last.1["policyName"]), (StatusCode::TOO_MANY_REQUESTS, &json!("SECONDLY")));
}

#[tokio::test]
async fn a_merge_keeps_both_addresses_and_the_losing_id_leads_to_the_winner() {
    let api = Api::start().await;
    let winner = api.create(json!({"email": "a@x.org"})).await;
    let loser = api.create(json!({"email": "b@x.org", "city": "Nara"})).await;
    let body = json!({"primaryObjectId": winner, "objectIdToMerge": loser});
    let (status, merged) = api.post("/crm/v3/objects/contacts/merge", body).await;
    assert_eq!((status, &merged["properties"]["hs_additional_emails"]), (StatusCode::OK, &json!("b@x.org")));
    assert_eq!(merged["properties"]["city"], "Nara");
    assert_eq!(api.get(&format!("/crm/v3/objects/contacts/{loser}")).await.1["id"], json!(winner));
    let (status, _) = api.post("/crm/v3/objects/contacts", json!({"properties": {"email": "b@x.org"}})).await;
    assert_eq!(status, 409);
}

#[tokio::test]
async fn a_custom_unique_property_identifies_and_the_admins_rules_hold() {
    let fixture: PortalFixture = serde_json::from_value(json!({
        "portal_id": PORTAL, "tokens": [{"token": TOKEN}], "required_properties": {"contacts": ["company"]},
        "conditional_rules": [{"when_property": "lifecyclestage", "has_any_of": ["customer"], "require": ["phone"]}],
    }))
    .unwrap();
    let api = Api::with(fixture).await;
    let group = json!({"name": "sync", "label": "Sync"});
    assert_eq!(api.post("/crm/properties/2026-09/contacts/groups", group).await.0, 201);
    let property = json!({"groupName": "sync", "name": "sfdc_key", "label": "Key", "type": "string",
        "fieldType": "text", "hasUniqueValue": true});
    let (status, body) = api.post("/crm/properties/2026-09/contacts", property.clone()).await;
    assert_eq!((status, &body["hasUniqueValue"]), (StatusCode::CREATED, &json!(true)));
    assert_eq!(api.post("/crm/properties/2026-09/contacts", property).await.0, 409);

    let strict = "/crm/objects/2026-09/contacts";
    let create = |properties: Value| api.post(strict, json!({"properties": properties}));
    assert_eq!(create(json!({"email": "a@x.org"})).await.0, 400);
    let customer = json!({"email": "a@x.org", "company": "X", "lifecyclestage": "customer"});
    let (status, body) = create(customer).await;
    assert_eq!((status, &body["context"]["properties"]), (StatusCode::BAD_REQUEST, &json!(["phone"])));
    let keyed = json!({"email": "a@x.org", "company": "X", "sfdc_key": "003A"});
    assert_eq!(create(keyed).await.0, 201);
    let (status, body) = create(json!({"email": "b@x.org", "company": "X", "sfdc_key": "003A"})).await;
    assert_eq!(
        (status, &body["errors"][0]["code"]),
        (StatusCode::BAD_REQUEST, &json!("CONFLICTING_UNIQUE_VALUE"))
    );
    assert_eq!(
        api.post("/crm/v3/objects/contacts", json!({"properties": {"email": "b@x.org"}})).await.0,
        201
    );
    assert_eq!(api.get(&format!("{strict}/003A?idProperty=sfdc_key")).await.0, 200);
    assert_eq!(api.get(&format!("{strict}/X?idProperty=company")).await.0, 400);
}

#[tokio::test]
async fn associations_have_two_sides_and_numbers_for_ids() {
    let api = Api::start().await;
    let contact = api.create(json!({"email": "a@x.org"})).await;
    let company = api.post("/crm/v3/objects/companies", json!({"properties": {"name": "X"}})).await.1;
    let company = company["id"].as_str().unwrap().to_owned();
    let path = format!("/crm/objects/2026-09/contacts/{contact}/associations/default/companies/{company}");
    let (status, body) = api.send(Method::PUT, &path, None).await;
    assert_eq!((status, &body["status"]), (StatusCode::OK, &json!("COMPLETE")));
    assert_eq!(body["results"][0]["associationSpec"]["associationTypeId"], 279);

    let read = json!({"inputs": [{"id": contact}, {"id": "1"}]});
    let (status, body) = api.post("/crm/associations/2026-09/contacts/companies/batch/read", read).await;
    assert_eq!(
        (status, &body["errors"][0]["subCategory"]),
        (StatusCode::MULTI_STATUS, &json!("crm.associations.NO_ASSOCIATIONS_FOUND"))
    );
    let partner = &body["results"][0]["to"][0];
    assert_eq!(partner["toObjectId"], json!(company.parse::<u64>().unwrap()));
    let types: Vec<&Value> =
        partner["associationTypes"].as_array().unwrap().iter().map(|one| &one["typeId"]).collect();
    assert_eq!(types, [&json!(1), &json!(279)]);

    let task = json!({"properties": {"hs_timestamp": "1700000000000", "hs_task_subject": "Call"},
        "associations": [{"to": {"id": contact}, "types": [
            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}]});
    let (status, task) = api.post("/crm/v3/objects/tasks", task).await;
    assert_eq!(
        (status, &task["properties"]["hs_timestamp"]),
        (StatusCode::CREATED, &json!("2023-11-14T22:13:20.000Z"))
    );
    let (_, listed) = api.get(&format!("/crm/v4/objects/contacts/{contact}/associations/tasks")).await;
    assert_eq!(listed["results"][0]["toObjectId"].to_string(), task["id"].as_str().unwrap());
    let (_, read) = api
        .get(&format!(
            "/crm/v3/objects/contacts/{contact}?associations=companies&properties=associatedcompanyid"
        ))
        .await;
    assert_eq!(read["associations"]["companies"]["results"][0]["id"], json!(company));
    assert_eq!(read["properties"]["associatedcompanyid"], json!(company));
    let path = format!("/crm/v4/objects/companies/{company}/associations/contacts/{contact}");
    assert_eq!(api.send(Method::DELETE, &path, None).await.0, 204);
    let (_, listed) = api.get(&format!("/crm/v4/objects/contacts/{contact}/associations/companies")).await;
    assert_eq!(listed["results"], json!([]));
}
