//! Records one by one, in collections and in composite requests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use reqwest::Method;
use serde_json::{Value, json};

use super::{Simulator, answer, code};
use crate::simulator::salesforce::fixture::{
    Condition, CustomField, CustomFieldType, DuplicateRule, FieldRights, RowLock, ValidationRule,
};

#[tokio::test]
async fn create_read_change_delete() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let request = session
        .request(Method::POST, "sobjects/Contact/")
        .json(&json!({"LastName": "Doe", "FirstName": "J"}));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let body: Value = response.json().await.unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    assert_eq!(body, json!({"id": id, "success": true, "errors": []}));
    assert_eq!(id.len(), 18);
    let (_, read) = session.get(&location).await;
    assert_eq!((&read["Name"], &read["IsDeleted"]), (&json!("J Doe"), &json!(false)));
    let short = &id[..15];
    assert_eq!(
        session.patch(&format!("sobjects/Contact/{short}"), json!({"Title": "CEO"})).await,
        (204, Value::Null)
    );
    let (_, read) = session.get(&format!("sobjects/Contact/{id}?fields=Id,title")).await;
    assert_eq!(read["Title"], "CEO");
    assert_eq!(session.delete(&format!("sobjects/Contact/{id}")).await.0, 204);
    let (status, body) = session.delete(&format!("sobjects/Contact/{id}")).await;
    assert_eq!((status, code(&body)), (404, "ENTITY_IS_DELETED"));
    let (status, body) = session.get("sobjects/Contact/0035g00000AAAAAAAA").await;
    assert_eq!((status, code(&body)), (400, "MALFORMED_ID"));
}

#[tokio::test]
async fn every_rule_has_its_error() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    simulator
        .running
        .salesforce
        .edit_org("acme", |org| {
            org.custom_fields.push(CustomField {
                object: "Contact".to_owned(),
                name: "Size__c".to_owned(),
                kind: CustomFieldType::Picklist,
                length: 255,
                values: vec!["S".to_owned(), "L".to_owned()],
                restricted: true,
                external_id: false,
                unique: false,
                required: false,
            });
            let locked = FieldRights { read: true, edit: false };
            org.users[0].field_rights.insert("Contact.Fax".to_owned(), locked);
        })
        .unwrap();
    let cases = [
        (json!({}), "REQUIRED_FIELD_MISSING", json!(["LastName"])),
        (json!({"LastName": ""}), "REQUIRED_FIELD_MISSING", json!(["LastName"])),
        (json!({"LastName": "x", "Foo": 1}), "INVALID_FIELD", Value::Null),
        (json!({"LastName": "x", "Name": "y"}), "INVALID_FIELD_FOR_INSERT_UPDATE", json!(["Name"])),
        (json!({"LastName": "x", "Fax": "1"}), "INVALID_FIELD_FOR_INSERT_UPDATE", json!(["Fax"])),
        (json!({"LastName": "x".repeat(81)}), "STRING_TOO_LONG", json!(["LastName"])),
        (json!({"LastName": "x", "Email": "nonsense"}), "INVALID_EMAIL_ADDRESS", json!(["Email"])),
        (
            json!({"LastName": "x", "Size__c": "M"}),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            json!(["Size__c"]),
        ),
        (json!({"LastName": "x", "AccountId": "12"}), "MALFORMED_ID", json!(["AccountId"])),
        (
            json!({"LastName": "x", "AccountId": "005x00000012Q9PAAU"}),
            "FIELD_INTEGRITY_EXCEPTION",
            json!(["AccountId"]),
        ),
        (
            json!({"LastName": "x", "AccountId": "0012o00003OBzVSAA1"}),
            "INVALID_CROSS_REFERENCE_KEY",
            json!([]),
        ),
        (json!({"LastName": "x", "DoNotCall": "maybe"}), "JSON_PARSER_ERROR", json!(["DoNotCall"])),
        (json!({"LastName": 5}), "JSON_PARSER_ERROR", json!(["LastName"])),
        (json!({"LastName": "x", "Id": "003"}), "INVALID_FIELD", json!(["Id"])),
    ];
    for (body, expected, fields) in cases {
        let (status, answer) = session.post("sobjects/Contact", body.clone()).await;
        assert_eq!((status, code(&answer)), (400, expected), "{body}");
        assert_eq!(answer[0].get("fields").cloned().unwrap_or(Value::Null), fields, "{body}");
    }
    let broken = session
        .request(Method::POST, "sobjects/Contact")
        .header("content-type", "application/json")
        .body("{");
    assert_eq!(code(&answer(broken).await.1), "JSON_PARSER_ERROR");
    let no_type = session.request(Method::POST, "sobjects/Contact").body("{}");
    let (status, body) = answer(no_type).await;
    assert!(status == 401 && body.as_str().unwrap().contains("LOGIN_OAUTH_INVALID_TOKEN"), "{body}");
}

#[tokio::test]
async fn validation_and_duplicate_rules() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let rule = |allow_save| DuplicateRule {
        name: "Standard_Contact_Duplicate_Rule".to_owned(),
        object: "Contact".to_owned(),
        match_objects: vec!["Contact".to_owned(), "Lead".to_owned()],
        match_fields: vec!["Email".to_owned()],
        allow_save,
        message: "Use one of these records?".to_owned(),
    };
    let fixtures = &simulator.running.salesforce;
    fixtures
        .edit_org("acme", |org| {
            org.duplicate_rules.push(rule(false));
            org.validation_rules.push(ValidationRule {
                object: "Contact".to_owned(),
                field: "Email".to_owned(),
                when: Condition::EndsWith("@gmail.com".to_owned()),
                message: "No private addresses".to_owned(),
                at_field: false,
            });
        })
        .unwrap();
    let (_, body) = session.post("sobjects/Contact", json!({"LastName": "x", "Email": "a@GMAIL.com"})).await;
    let expected = json!([{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "No private addresses", "fields": []}]);
    assert_eq!(body, expected);
    let like_a_lead = json!({"LastName": "x", "Email": "LENA@initech.example"});
    let (status, body) = session.post("sobjects/Contact", like_a_lead.clone()).await;
    assert_eq!((status, code(&body)), (400, "DUPLICATES_DETECTED"));
    let result = &body[0]["duplicateResut"]["matchResults"][0];
    assert!(result["matchRecords"][0]["record"]["Id"].as_str().unwrap().starts_with("00Q"));
    let save = |body: &Value| {
        let header = "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true";
        session
            .request(Method::POST, "sobjects/Contact")
            .header("sforce-duplicate-rule-header", header)
            .json(body)
    };
    assert_eq!(answer(save(&like_a_lead)).await.0, 400);
    fixtures.edit_org("acme", |org| org.duplicate_rules = vec![rule(true)]).unwrap();
    assert_eq!(session.post("sobjects/Contact", like_a_lead.clone()).await.0, 400);
    assert_eq!(answer(save(&like_a_lead)).await.0, 201);
}

#[tokio::test]
async fn upsert_by_external_id() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let path = "sobjects/Contact/HubSpot_Id__c/a%2Fb%201";
    let (status, body) = session.patch(path, json!({"LastName": "Up"})).await;
    assert_eq!((status, &body["created"]), (201, &json!(true)));
    let id = body["id"].clone();
    let (status, body) = session.patch(path, json!({"Title": "x"})).await;
    assert_eq!((status, body), (200, json!({"id": id, "success": true, "errors": [], "created": false})));
    assert_eq!(
        session.patch(&format!("/services/data/v45.0/{path}"), json!({"Title": "y"})).await,
        (204, Value::Null)
    );
    assert_eq!(session.get(path).await.1["HubSpot_Id__c"], "a/b 1");
    let (_, body) = session.patch(path, json!({"HubSpot_Id__c": "a"})).await;
    assert_eq!(code(&body), "INVALID_FIELD");
    let (status, body) = session.patch("sobjects/Contact/Title/x", json!({})).await;
    assert_eq!((status, code(&body)), (404, "NOT_FOUND"));
    let (_, body) =
        session.post("sobjects/Contact", json!({"LastName": "z", "HubSpot_Id__c": "A/B 1"})).await;
    assert_eq!(code(&body), "DUPLICATE_VALUE");
    for name in ["one", "two"] {
        session.create("Contact", json!({"LastName": name, "Email": "same@x.example"})).await;
    }
    let (status, body) = session.patch("sobjects/Contact/Email/same@x.example", json!({"Title": "x"})).await;
    assert_eq!((status, body.as_array().unwrap().len()), (300, 2));
    simulator.running.salesforce.edit_org("acme", |org| org.external_id_field = false).unwrap();
    assert_eq!(session.patch(path, json!({"Title": "x"})).await.0, 404);
}

#[tokio::test]
async fn converted_leads_locks_assignment_and_activities() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let fixtures = &simulator.running.salesforce;
    let lead = session.create("Lead", json!({"LastName": "L", "Company": "C"})).await;
    let account = session.create("Account", json!({"Name": "A"})).await;
    let contact = session.create("Contact", json!({"LastName": "C", "AccountId": account})).await;
    let (_, body) =
        session.post("sobjects/Task", json!({"Subject": "s", "WhoId": lead, "WhatId": account})).await;
    assert_eq!(code(&body), "FIELD_INTEGRITY_EXCEPTION");
    let task = session.create("Task", json!({"Subject": "s", "WhoId": contact})).await;
    let (_, task) = session.get(&format!("sobjects/Task/{task}")).await;
    assert_eq!(
        (&task["AccountId"], &task["Status"], &task["IsClosed"]),
        (&json!(account), &json!("Not Started"), &json!(false))
    );

    fixtures
        .edit_org("acme", |org| org.row_locks.push(RowLock { object: "Lead".to_owned(), times: 1 }))
        .unwrap();
    let path = format!("sobjects/Lead/{lead}");
    assert_eq!(code(&session.patch(&path, json!({"Title": "x"})).await.1), "UNABLE_TO_LOCK_ROW");
    assert_eq!(session.patch(&path, json!({"Title": "x"})).await.0, 204);

    let Value::Object(converted) = json!({"IsConverted": true, "ConvertedContactId": contact}) else {
        unreachable!()
    };
    fixtures.change_record("acme", "Lead", &lead, converted).unwrap();
    let (_, body) = session.patch(&path, json!({"Title": "y"})).await;
    assert_eq!(
        (code(&body), &body[0]["message"]),
        ("CANNOT_UPDATE_CONVERTED_LEAD", &json!("cannot reference converted lead"))
    );

    fixtures
        .edit_org("acme", |org| org.lead_assignment_owner = Some("sales@acme.example".to_owned()))
        .unwrap();
    let assigned = session.create("Lead", json!({"LastName": "M", "Company": "C"})).await;
    let body = json!({"LastName": "N", "Company": "C"});
    let kept =
        session.request(Method::POST, "sobjects/Lead").header("sforce-auto-assign", "FALSE").json(&body);
    let kept = answer(kept).await.1["id"].clone();
    let owners = session
        .query("SELECT LastName, Owner.Name FROM Lead WHERE LastName IN ('M', 'N') ORDER BY LastName")
        .await;
    assert_eq!(owners["records"][0]["Id"], Value::Null);
    assert_eq!(owners["records"][0]["Owner"]["Name"], "Sam Seller", "{assigned}");
    assert_eq!(owners["records"][1]["Owner"]["Name"], "Ada Admin", "{kept}");
}

fn contacts(names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| json!({"attributes": {"type": "Contact"}, "LastName": name})).collect()
}

#[tokio::test]
async fn collections_answer_per_record_and_cost_one_call() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let before = session.used().await;
    let (status, body) =
        session.post("composite/sobjects", json!({"records": contacts(&["a", "", "c"])})).await;
    assert_eq!(status, 200);
    assert_eq!(session.used().await - before, 2);
    let success: Vec<bool> =
        body.as_array().unwrap().iter().map(|result| result["success"] == true).collect();
    assert_eq!(success, [true, false, true]);
    let error = &body[1]["errors"][0];
    assert_eq!(
        (&error["statusCode"], &error["fields"]),
        (&json!("REQUIRED_FIELD_MISSING"), &json!(["LastName"]))
    );
    assert!(error.get("errorCode").is_none());
    let id = body[0]["id"].clone();

    let all_or_none = json!({"allOrNone": true, "records": contacts(&["d", ""])});
    let (_, body) = session.post("composite/sobjects", all_or_none).await;
    assert_eq!(body[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(session.query("SELECT COUNT() FROM Contact WHERE LastName = 'd'").await["totalSize"], 0);

    let change = json!({"records": [{"attributes": {"type": "Contact"}, "id": id, "Title": "t"},
        {"attributes": {"type": "Contact"}, "id": "0035g00000AAAAA", "Title": "t"}]});
    let (_, body) = session.patch("composite/sobjects", change).await;
    assert_eq!(
        (&body[0]["success"], &body[1]["errors"][0]["statusCode"]),
        (&json!(true), &json!("INVALID_CROSS_REFERENCE_KEY"))
    );

    let upsert = |name: &str| {
        json!({"records": [
        {"attributes": {"type": "Contact"}, "HubSpot_Id__c": "1", "LastName": name},
        {"attributes": {"type": "Contact"}, "HubSpot_Id__c": "1", "LastName": name},
        {"attributes": {"type": "Contact"}, "LastName": name}]})
    };
    for created in [true, false] {
        let (_, body) = session.patch("composite/sobjects/Contact/HubSpot_Id__c", upsert("u")).await;
        assert_eq!(body[0]["created"], created);
        assert_eq!(body[1]["errors"][0]["statusCode"], "DUPLICATE_VALUE");
        assert_eq!(body[2]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
    }

    let id = id.as_str().unwrap();
    let (_, body) =
        session.get(&format!("composite/sobjects/Contact?ids={id},0035g00000AAAAA&fields=Id,Title")).await;
    assert_eq!((&body[0]["Title"], &body[1]), (&json!("t"), &Value::Null));
    let (_, body) = session.delete(&format!("composite/sobjects?ids={id},{id}&allOrNone=false")).await;
    assert_eq!(
        (&body[0]["success"], &body[1]["errors"][0]["statusCode"]),
        (&json!(true), &json!("ENTITY_IS_DELETED"))
    );
    let many = json!({"records": contacts(&["x"; 201])});
    assert_eq!(session.post("composite/sobjects", many).await.0, 400);
}

#[tokio::test]
async fn composite_uses_earlier_answers_and_costs_one_call() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let v = "/services/data/v64.0";
    let request = |all_or_none: bool, last_name: &str| {
        json!({"allOrNone": all_or_none, "compositeRequest": [
            {"method": "POST", "url": format!("{v}/sobjects/Account"), "referenceId": "a", "body": {"Name": "Comp"}},
            {"method": "POST", "url": format!("{v}/sobjects/Contact"), "referenceId": "c",
                "body": {"LastName": last_name, "AccountId": "@{a.id}"}},
            {"method": "GET", "url": format!("{v}/query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{{c.id}}'"), "referenceId": "q"},
        ]})
    };
    let before = session.used().await;
    let (status, body) = session.post("composite", request(true, "x")).await;
    assert_eq!((status, session.used().await - before), (200, 2));
    let parts = &body["compositeResponse"];
    assert_eq!((&parts[0]["httpStatusCode"], &parts[1]["httpStatusCode"]), (&json!(201), &json!(201)));
    assert!(parts[0]["httpHeaders"]["Location"].is_string());
    assert_eq!(parts[2]["body"]["records"][0]["Account"]["Name"], "Comp");

    let (_, body) = session.post("composite", request(true, "")).await;
    let parts = &body["compositeResponse"];
    assert_eq!(parts[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(parts[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(parts[2]["body"][0]["errorCode"], "PROCESSING_HALTED");
    let (_, body) = session.post("composite", request(false, "")).await;
    assert_eq!(body["compositeResponse"][0]["httpStatusCode"], 201);
    assert_eq!(body["compositeResponse"][2]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(session.query("SELECT COUNT() FROM Account WHERE Name = 'Comp'").await["totalSize"], 2);
}

#[tokio::test]
async fn batch_graph_and_tree() {
    let simulator = Simulator::start().await;
    let session = simulator.admin().await;
    let before = session.used().await;
    let batch = json!({"haltOnError": true, "batchRequests": [
        {"method": "GET", "url": "v64.0/query/?q=SELECT+Id+FROM+Lead"},
        {"method": "PATCH", "url": "v64.0/sobjects/Lead/0", "richInput": {}},
        {"method": "GET", "url": "v64.0/limits"}]});
    let (_, body) = session.post("composite/batch", batch).await;
    let statuses: Vec<u64> =
        body["results"].as_array().unwrap().iter().map(|part| part["statusCode"].as_u64().unwrap()).collect();
    assert_eq!((statuses, &body["hasErrors"]), (vec![200, 404, 412], &json!(true)));
    assert_eq!(session.used().await - before, 3, "every part that ran counts");

    let node = |name: &str| json!({"method": "POST", "url": "/services/data/v64.0/sobjects/Account", "referenceId": "a", "body": {"Name": name}});
    let graph = json!({"graphs": [{"graphId": "g1", "compositeRequest": [node("G")]}, {"graphId": "g2", "compositeRequest": [node("")]}]});
    let (_, body) = session.post("composite/graph", graph).await;
    assert_eq!(
        (&body["graphs"][0]["isSuccessful"], &body["graphs"][1]["isSuccessful"]),
        (&json!(true), &json!(false))
    );

    let tree = json!({"records": [{"attributes": {"type": "Account", "referenceId": "r1"}, "Name": "T",
        "Contacts": {"records": [{"attributes": {"type": "Contact", "referenceId": "r2"}, "LastName": "Leaf"}]}}]});
    let (status, body) = session.post("composite/tree/Account", tree).await;
    assert_eq!((status, &body["hasErrors"]), (201, &json!(false)), "{body}");
    let found = session.query("SELECT Account.Name FROM Contact WHERE LastName = 'Leaf'").await;
    assert_eq!(found["records"][0]["Account"]["Name"], "T");
}
