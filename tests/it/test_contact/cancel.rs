//! Cancelling, while it is not too late (R73).

use anyhow::Result;
use connector::{
    api::v1::{self, CleanupState, ErrorReason, TestContactStatus},
    simulator::fault::{Action, FaultPlan, Point},
};
use tonic::{Code, Status};

use super::{assert_in_both, cleaned, in_hubspot, in_salesforce, watch};
use crate::harness::{
    World,
    refusal::refused_for,
    walk::{Walk, request_id},
};

async fn cancel(walk: &Walk, id: &str) -> Result<v1::TestContact, Status> {
    let request = v1::CancelTestContactRequest { request_id: request_id(), test_contact_id: id.to_owned() };
    let answer = walk.clients.test_contacts.clone().cancel_test_contact(request).await?.into_inner();
    Ok(answer.test_contact.unwrap_or_default())
}

/// Cancelled while HubSpot creates it: what comes into being all the same is deleted.
#[tokio::test]
async fn r73_cancelled_while_hubspot_creates_it() -> Result<()> {
    for point in [Point::Before, Point::After] {
        let world = World::start().await?;
        let walk = Walk::enabled(&world).await?;
        let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point });
        let held = world.simulators.hubspot.frame().faults.add(plan);
        let id = walk.create_test_contact().await?.test_contact_id;
        held.wait_for_hits(1).await;
        let cancelled = cancel(&walk, &id).await?;
        assert_eq!(cancelled.status(), TestContactStatus::Cancelled);
        let told = watch(&walk, &id).await?;
        assert_eq!(told.statuses(), [TestContactStatus::Cancelled]);
        held.remove();

        let contact = cleaned(&walk, &id).await?;
        assert_eq!(contact.cleanup(), CleanupState::Deleted, "{contact:?}");
        assert_eq!(contact.status(), TestContactStatus::Cancelled);
        let portal = u64::try_from(walk.portal_id)?;
        let created = world.simulators.hubspot.created_with_email(portal, &contact.email);
        assert_eq!(created, 1, "the creation that was under way did not come to pass");
        assert_eq!(in_hubspot(&world, &walk, &contact.email)?.len(), 0, "{point:?}: left in HubSpot");
        assert_eq!(in_salesforce(&world, &contact.email)?, []);
        // The way is free for the next one.
        assert_in_both(&world, &walk, &walk.test().await?)?;
    }
    Ok(())
}

#[tokio::test]
async fn r73_too_late_to_cancel() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let plan = FaultPlan::on("PATCH", "/sobjects/Lead/", Action::Hold { point: Point::Before });
    let held = world.simulators.salesforce.frame().faults.add(plan);
    let id = walk.create_test_contact().await?.test_contact_id;
    held.wait_for_hits(1).await;
    refused_for(cancel(&walk, &id).await, Code::FailedPrecondition, ErrorReason::TestContactRunning)?;
    held.remove();
    let contact = walk.test_ended(&id).await?;
    assert_in_both(&world, &walk, &contact)?;
    refused_for(cancel(&walk, &id).await, Code::FailedPrecondition, ErrorReason::TestContactEnded)?;
    assert_in_both(&world, &walk, &contact)
}

#[tokio::test]
async fn r73_cancelled_by_the_same_request_twice() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    let held = world.simulators.hubspot.frame().faults.add(plan);
    let id = walk.create_test_contact().await?.test_contact_id;
    held.wait_for_hits(1).await;
    let request = v1::CancelTestContactRequest { request_id: request_id(), test_contact_id: id };
    let mut clients = walk.clients.test_contacts.clone();
    let first = clients.cancel_test_contact(request.clone()).await?.into_inner();
    let second = clients.cancel_test_contact(request).await?.into_inner();
    assert_eq!(first, second);
    held.remove();
    Ok(())
}
