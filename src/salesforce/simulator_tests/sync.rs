//! A person's way into the org.

use serde_json::json;

use super::{ADMIN, EXTERNAL_ID, World, password, person};
use crate::{
    salesforce::{
        CrmObject, Deleted, DidItHappen, NewPerson, SalesforceErrorKind as Kind, delete_synced,
        match_and_upsert,
    },
    simulator::{
        fault::{Action, FaultPlan, Point},
        salesforce::fixture::{Condition, DuplicateRule, ObjectRights, RowLock, ValidationRule},
    },
};

#[tokio::test]
async fn a_person_is_synced_in_two_calls_and_stays_one_record() {
    let world = World::start().await;
    let (leads, contacts) = (world.count("Lead"), world.count("Contact"));
    let api = world.api(ADMIN).await;
    let synced = match_and_upsert(&api, &person()).await.unwrap();
    assert_eq!((synced.object, synced.created, synced.calls), (CrmObject::Lead, true, 2));
    let lead = api
        .retrieve(CrmObject::Lead, &synced.record_id, &["LastName", "HubSpot_Id__c"])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(lead["LastName"].as_deref(), Some("O'Contact \\"));
    assert_eq!(lead["HubSpot_Id__c"].as_deref(), Some(EXTERNAL_ID));
    let again = match_and_upsert(&api, &person()).await.unwrap();
    assert_eq!((again.record_id.clone(), again.created), (synced.record_id.clone(), false));
    assert_eq!((world.count("Lead"), world.count("Contact")), (leads + 1, contacts));
    let deleted = delete_synced(&api, Some((CrmObject::Lead, &synced.record_id)), EXTERNAL_ID).await.unwrap();
    assert_eq!(deleted, Deleted::Now);
    for record in [Some((CrmObject::Lead, &synced.record_id)), None] {
        assert_eq!(delete_synced(&api, record, EXTERNAL_ID).await.unwrap(), Deleted::AlreadyGone);
    }
    assert_eq!(world.count("Lead"), leads);
}

#[tokio::test]
async fn a_lost_answer_leaves_one_record_which_the_repetition_and_the_clean_up_find() {
    let world = World::start().await;
    let leads = world.count("Lead");
    let api = world.api(ADMIN).await;
    world.fault(FaultPlan::on("PATCH", "*/sobjects/Lead/*", Action::Cut { point: Point::After }).times(1));
    let error = match_and_upsert(&api, &person()).await.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable()), (DidItHappen::Unknown, true));
    assert_eq!(world.count("Lead"), leads + 1, "it did happen");
    assert_eq!(delete_synced(&api, None, EXTERNAL_ID).await.unwrap(), Deleted::Now);
    assert_eq!(world.count("Lead"), leads);
    world.fault(FaultPlan::on("PATCH", "*/sobjects/Lead/*", Action::Cut { point: Point::After }).times(1));
    match_and_upsert(&api, &person()).await.unwrap_err();
    assert!(!match_and_upsert(&api, &person()).await.unwrap().created);
    assert_eq!(world.count("Lead"), leads + 1);
}

#[tokio::test]
async fn an_existing_person_is_matched_by_e_mail() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    let contact = NewPerson { email: "HANK@globex.example".to_owned(), ..person() };
    let synced = match_and_upsert(&api, &contact).await.unwrap();
    assert_eq!((synced.object, synced.created), (CrmObject::Contact, false));
    let other = NewPerson { external_id: "10000002-1".to_owned(), ..contact };
    let error = match_and_upsert(&api, &other).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Duplicate { matches, .. } if matches == &[synced.record_id.to_string()]),
        "{error:?}"
    );

    let lead = NewPerson {
        external_id: "10000001-52".to_owned(),
        email: "lena@initech.example".to_owned(),
        ..person()
    };
    let found = api.find_people_by_email(&lead.email).await.unwrap().remove(0);
    let converted = json!({ "IsConverted": true, "ConvertedContactId": synced.record_id.as_str() });
    world
        .simulators
        .salesforce
        .change_record("acme", "Lead", found.record_id.as_str(), converted.as_object().unwrap().clone())
        .unwrap();
    assert!(api.find_people_by_email(&lead.email).await.unwrap().is_empty(), "converted leads are no match");
    let through_lead = match_and_upsert(&api, &lead).await.unwrap();
    assert_eq!((through_lead.object, through_lead.record_id), (CrmObject::Contact, synced.record_id));
}

#[tokio::test]
async fn refusals_of_the_org_are_typed() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    world.edit(|org| {
        org.validation_rules.push(ValidationRule {
            object: "Lead".to_owned(),
            field: "Email".to_owned(),
            when: Condition::EndsWith("example.com".to_owned()),
            message: "No tests here".to_owned(),
            at_field: true,
        });
    });
    let error = match_and_upsert(&api, &person()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Some("FIELD_CUSTOM_VALIDATION_EXCEPTION"), DidItHappen::No));
    assert!(
        matches!(error.kind(), Kind::Validation { message, fields } if message == "No tests here" && fields == &["Email"]),
        "{error:?}"
    );

    let rule = |allow_save| DuplicateRule {
        name: "Standard_Lead_Duplicate_Rule".to_owned(),
        object: "Lead".to_owned(),
        match_objects: Vec::new(),
        match_fields: vec!["Company".to_owned()],
        allow_save,
        message: "Use one of these records?".to_owned(),
    };
    let same_company = NewPerson { company: Some("Initech".to_owned()), ..person() };
    world.edit(|org| {
        org.validation_rules.clear();
        org.duplicate_rules.push(rule(false));
    });
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Duplicate { rule: Some(rule), matches, allow_save: false } if rule == "Standard_Lead_Duplicate_Rule" && matches.len() == 1),
        "{error:?}"
    );
    world.edit(|org| org.duplicate_rules = vec![rule(true)]);
    let synced = match_and_upsert(&api, &same_company).await.unwrap();
    assert!(synced.created, "a rule that only warns lets it through");

    world.edit(|org| org.row_locks.push(RowLock { object: "Lead".to_owned(), times: 1 }));
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (&Kind::RowLocked, true));
    world.edit(|org| org.external_id_field = false);
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::ExternalIdFieldMissing { .. }), "{error:?}");
    world.simulators.salesforce.end_sessions("acme", false).unwrap();
    assert_eq!(*match_and_upsert(&api, &person()).await.unwrap_err().kind(), Kind::SessionInvalid);
}

#[tokio::test]
async fn a_user_without_rights_is_told_so() {
    let world = World::start().await;
    world.edit(|org| {
        let rights = ObjectRights { create: false, ..ObjectRights::default() };
        org.users[1].object_rights.insert("Lead".to_owned(), rights);
    });
    let error = match_and_upsert(&world.api("sales@acme.example").await, &person()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&Kind::Permission, DidItHappen::No), "{error:?}");
}

#[tokio::test]
async fn an_assignment_rule_does_not_take_the_lead_away() {
    let world = World::start().await;
    world.edit(|org| org.lead_assignment_owner = Some("sales@acme.example".to_owned()));
    let session = world.login(&password(ADMIN, "password", "token")).await.unwrap();
    let api = world.client.api(&session).unwrap();
    let synced = match_and_upsert(&api, &person()).await.unwrap();
    let lead = api.retrieve(CrmObject::Lead, &synced.record_id, &["OwnerId"]).await.unwrap().unwrap();
    assert_eq!(lead["OwnerId"].as_deref(), Some(session.user_id.as_str()));
}
