//! Deleting a test contact's records in both CRMs.

use anyhow::Result;
use connector::{
    api::v1::{self, CleanupState, ErrorReason},
    failpoint,
    simulator::fault::{Action, FaultPlan, Point},
};
use serde_json::json;
use tonic::{Code, Status};

use super::{cleaned, edit_org, in_hubspot, in_salesforce, read};
use crate::harness::{
    World,
    refusal::refused_for,
    walk::{Walk, request_id},
};

pub(super) async fn delete(walk: &Walk, id: &str) -> Result<v1::TestContact, Status> {
    let request = v1::DeleteTestContactRequest { request_id: request_id(), test_contact_id: id.to_owned() };
    let answer = walk.clients.test_contacts.clone().delete_test_contact(request).await?.into_inner();
    Ok(answer.test_contact.unwrap_or_default())
}

async fn assert_deleted(world: &World, walk: &Walk, id: &str) -> Result<()> {
    let contact = cleaned(walk, id).await?;
    assert_eq!(contact.cleanup(), CleanupState::Deleted, "{contact:?}");
    assert_eq!(in_hubspot(world, walk, &contact.email)?.len(), 0, "left in HubSpot");
    assert_eq!(in_salesforce(world, &contact.email)?, []);
    Ok(())
}

#[tokio::test]
async fn r71_both_records_are_deleted() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let id = walk.test().await?.test_contact_id;
    assert_eq!(read(&walk, &id).await?.cleanup(), CleanupState::Unspecified);
    assert_eq!(delete(&walk, &id).await?.cleanup(), CleanupState::Deleting);
    assert_deleted(&world, &walk, &id).await?;
    // Again, as often as one likes.
    assert_eq!(delete(&walk, &id).await?.cleanup(), CleanupState::Deleted);
    assert_deleted(&world, &walk, &id).await
}

#[tokio::test]
async fn r71_what_is_gone_already_counts_as_deleted() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let contact = walk.test().await?;
    let portal = u64::try_from(walk.portal_id)?;
    world.simulators.hubspot.archive_record(portal, "contacts", contact.hubspot_contact_id.parse()?)?;
    world
        .simulators
        .salesforce
        .purge_record(&walk.username, "Lead", &contact.salesforce_record_id)
        .map_err(anyhow::Error::msg)?;
    delete(&walk, &contact.test_contact_id).await?;
    assert_deleted(&world, &walk, &contact.test_contact_id).await
}

#[tokio::test]
async fn r71_a_failed_one_is_deleted_where_it_got_to() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_org(&world, |org| org.external_id_field = false)?;
    let contact = walk.test().await?;
    assert_eq!(in_hubspot(&world, &walk, &contact.email)?.len(), 1);
    edit_org(&world, |org| org.external_id_field = true)?;
    delete(&walk, &contact.test_contact_id).await?;
    assert_deleted(&world, &walk, &contact.test_contact_id).await
}

#[tokio::test]
async fn r71_a_failed_deletion_says_why_and_is_tried_again_when_asked() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let id = walk.test().await?.test_contact_id;
    let portal = u64::try_from(walk.portal_id)?;
    world.simulators.hubspot.change_portal(portal, &json!({"revoked": true}))?;
    delete(&walk, &id).await?;
    let failed = cleaned(&walk, &id).await?;
    assert_eq!(failed.cleanup(), CleanupState::Failed, "{failed:?}");
    assert_eq!(failed.reason(), ErrorReason::HubspotCredentialRefused, "{failed:?}");
    assert!(!failed.fix.is_empty());
    world.simulators.hubspot.change_portal(portal, &json!({"revoked": false}))?;
    assert_eq!(delete(&walk, &id).await?.cleanup(), CleanupState::Deleting);
    assert_deleted(&world, &walk, &id).await
}

/// Asked again while the server that wrote the failure down has not yet put its job away.
#[tokio::test]
async fn r71_asked_again_before_the_failed_deletion_was_put_away() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let id = walk.test().await?.test_contact_id;
    let portal = u64::try_from(walk.portal_id)?;
    world.simulators.hubspot.change_portal(portal, &json!({"revoked": true}))?;
    let mut hold = failpoint::hold_at("test_contact.clean_up", 1);
    delete(&walk, &id).await?;
    hold.reached().await;
    assert_eq!(cleaned(&walk, &id).await?.cleanup(), CleanupState::Failed);
    world.simulators.hubspot.change_portal(portal, &json!({"revoked": false}))?;
    assert_eq!(delete(&walk, &id).await?.cleanup(), CleanupState::Deleting);
    assert_deleted(&world, &walk, &id).await
}

#[tokio::test]
async fn r71_what_is_under_way_is_not_deleted() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    let held = world.simulators.hubspot.frame().faults.add(plan);
    let id = walk.create_test_contact().await?.test_contact_id;
    held.wait_for_hits(1).await;
    refused_for(delete(&walk, &id).await, Code::FailedPrecondition, ErrorReason::TestContactRunning)?;
    held.remove();
    walk.test_ended(&id).await?;
    delete(&walk, &id).await?;
    assert_deleted(&world, &walk, &id).await
}
