//! Failures: each with its reason and a fix in the caller's language (R73).

use anyhow::{Result, ensure};
use connector::{
    api::v1::{self, ErrorReason, Step, SuspensionReason, TestContactStatus},
    simulator::salesforce::fixture::{Condition, DuplicateRule, ObjectRights, ValidationRule},
};
use serde_json::json;

use super::{edit_admin, edit_org, in_hubspot, in_salesforce, put, watch};
use crate::harness::{World, walk::Walk};

/// A test contact that must fail for this reason, streamed as such, and leaves nothing in Salesforce.
async fn fails(world: &World, walk: &Walk, reason: ErrorReason) -> Result<v1::TestContact> {
    let contact = walk.test().await?;
    ensure!(contact.status() == TestContactStatus::Failed && contact.reason() == reason, "{contact:?}");
    ensure!(!contact.message.is_empty() && !contact.fix.is_empty(), "{contact:?}");
    assert_eq!(in_salesforce(world, &contact.email)?, []);
    let told = watch(walk, &contact.test_contact_id).await?;
    assert_eq!(told.statuses(), [TestContactStatus::Failed]);
    assert_eq!(told.snapshot.reason(), reason);
    Ok(contact)
}

async fn suspension(walk: &Walk) -> Result<SuspensionReason> {
    Ok(walk.sync_status().await?.suspension())
}

#[tokio::test]
async fn r73_a_validation_rule_refuses() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_org(&world, |org| {
        org.validation_rules.push(ValidationRule {
            object: "Lead".to_owned(),
            field: "Phone".to_owned(),
            when: Condition::Blank,
            message: "A lead needs a phone".to_owned(),
            at_field: true,
        });
    })?;
    let contact = fails(&world, &walk, ErrorReason::SalesforceValidationRule).await?;
    assert!(contact.message.contains("A lead needs a phone"), "{}", contact.message);
    // It stays in HubSpot, and is remembered: it can be looked at, and deleted.
    assert_eq!(in_hubspot(&world, &walk, &contact.email)?, [contact.hubspot_contact_id]);
    assert_eq!(suspension(&walk).await?, SuspensionReason::Unspecified);
    // Out of the way, the next one gets through.
    edit_org(&world, |org| org.validation_rules.clear())?;
    assert_eq!(walk.test().await?.status(), TestContactStatus::Completed);
    Ok(())
}

#[tokio::test]
async fn r73_a_duplicate_rule_refuses() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    put(&world, "Lead", json!({"LastName": "Test", "Company": "Twin", "Email": "twin@example.com"}))?;
    edit_org(&world, |org| {
        org.duplicate_rules.push(DuplicateRule {
            name: "Standard_Lead_Duplicate_Rule".to_owned(),
            object: "Lead".to_owned(),
            match_objects: Vec::new(),
            match_fields: vec!["LastName".to_owned()],
            allow_save: false,
            message: "Use one of these records?".to_owned(),
        });
    })?;
    fails(&world, &walk, ErrorReason::SalesforceDuplicateRule).await?;
    Ok(())
}

#[tokio::test]
async fn r73_a_right_is_missing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_admin(&world, |admin| {
        admin
            .object_rights
            .insert("Lead".to_owned(), ObjectRights { create: false, ..ObjectRights::default() });
    })?;
    fails(&world, &walk, ErrorReason::SalesforcePermissionMissing).await?;
    Ok(())
}

#[tokio::test]
async fn r73_the_external_id_field_is_missing() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_org(&world, |org| org.external_id_field = false)?;
    let contact = fails(&world, &walk, ErrorReason::ExternalIdFieldMissing).await?;
    assert!(contact.message.contains("HubSpot_Id__c"), "{}", contact.message);
    Ok(())
}

#[tokio::test]
async fn r73_the_org_has_no_api_calls_left() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    world.simulators.salesforce.set_used_calls(&walk.username, 150_000).map_err(anyhow::Error::msg)?;
    fails(&world, &walk, ErrorReason::SalesforceApiCallsExhausted).await?;
    assert_eq!(suspension(&walk).await?, SuspensionReason::ApiCallsExhausted);
    Ok(())
}

#[tokio::test]
async fn r73_the_portals_own_share_is_spent() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    // Less than the probe alone uses.
    walk.limit(Some(1)).await?;
    for step in [
        Step::Package,
        Step::SecurityToken,
        Step::VisualforceModule,
        Step::ConnectAccounts,
        Step::ObjectSync,
        Step::ActivitySync,
        Step::InclusionList,
        Step::Review,
    ] {
        walk.answer_and_wait(step).await?;
    }
    let before = super::calls(&world)?;
    fails(&world, &walk, ErrorReason::SalesforceApiCallsExhausted).await?;
    assert_eq!(super::calls(&world)?, before, "Salesforce was called all the same");
    Ok(())
}

#[tokio::test]
async fn r73_the_portals_token_was_revoked() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let portal = u64::try_from(walk.portal_id)?;
    world.simulators.hubspot.change_portal(portal, &json!({"revoked": true}))?;
    let contact = fails(&world, &walk, ErrorReason::HubspotCredentialRefused).await?;
    assert_eq!(in_hubspot(&world, &walk, &contact.email)?.len(), 0);
    assert_eq!(suspension(&walk).await?, SuspensionReason::HubspotCredentialRefused);
    Ok(())
}

#[tokio::test]
async fn r73_reason_and_fix_come_in_japanese_too() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_org(&world, |org| org.external_id_field = false)?;
    let contact = walk.test().await?;
    let mut request =
        tonic::Request::new(v1::GetTestContactRequest { test_contact_id: contact.test_contact_id });
    request.metadata_mut().insert("accept-language", "ja".parse()?);
    let answer = walk.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
    let japanese = answer.test_contact.unwrap_or_default();
    let is_japanese = |text: &str| text.chars().any(|c| ('\u{3040}'..='\u{30ff}').contains(&c));
    assert!(is_japanese(&japanese.message) && is_japanese(&japanese.fix), "{japanese:?}");
    Ok(())
}
