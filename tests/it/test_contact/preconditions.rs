//! When a test contact may be asked for, and how the wizard ends with and without one (R75).

use anyhow::Result;
use connector::{
    api::v1::{self, ErrorReason, ImportDecision, Step, TestContactStatus},
    simulator::fault::{Action, FaultHandle, FaultPlan, Point},
};
use tonic::Code;

use super::read;
use crate::harness::{
    World,
    refusal::refused_for,
    walk::{Walk, request_id},
};

fn hold(world: &World) -> FaultHandle {
    let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    world.simulators.hubspot.frame().faults.add(plan)
}

#[tokio::test]
async fn r71_only_a_connected_portal_with_sync_switched_on() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let refused = |answer| refused_for(answer, Code::FailedPrecondition, ErrorReason::NotConnected);
    refused(walk.create_test_contact().await)?;
    walk.answer_and_wait(Step::ConnectAccounts).await?;
    refused_for(walk.create_test_contact().await, Code::FailedPrecondition, ErrorReason::SyncNotEnabled)?;
    for step in [Step::ObjectSync, Step::ActivitySync, Step::InclusionList, Step::Review] {
        walk.answer_and_wait(step).await?;
    }
    assert_eq!(walk.test().await?.status(), TestContactStatus::Completed);
    // What the connection was made on has changed since.
    walk.edition(v1::SalesforceEdition::Professional).await?;
    refused_for(walk.create_test_contact().await, Code::FailedPrecondition, ErrorReason::ConnectionStale)?;
    let stranger = v1::CreateTestContactRequest { request_id: request_id(), portal_id: 99 };
    let answer = walk.clients.test_contacts.clone().create_test_contact(stranger).await;
    refused_for(answer, Code::NotFound, ErrorReason::PortalNotFound)?;
    Ok(())
}

#[tokio::test]
async fn r71_one_at_a_time() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let held = hold(&world);
    let first = walk.create_test_contact().await?;
    held.wait_for_hits(1).await;
    let running = ErrorReason::TestContactRunning;
    refused_for(walk.create_test_contact().await, Code::FailedPrecondition, running)?;
    let finished = walk.finish(ImportDecision::DoNotImport).await;
    refused_for(finished, Code::FailedPrecondition, running)?;
    held.remove();
    assert_eq!(walk.test_ended(&first.test_contact_id).await?.status(), TestContactStatus::Completed);
    let second = walk.test().await?;
    assert_ne!(second.email, first.email);
    let finished = walk.finish(ImportDecision::DoNotImport).await?;
    assert!(finished.tested, "{finished:?}");
    Ok(())
}

#[tokio::test]
async fn r71_eight_at_once_make_one() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let held = hold(&world);
    let answers = futures::future::join_all((0..8).map(|_| walk.create_test_contact())).await;
    let (begun, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((begun.len(), refused.len()), (1, 7));
    for answer in refused {
        refused_for(answer, Code::FailedPrecondition, ErrorReason::TestContactRunning)?;
    }
    held.remove();
    Ok(())
}

#[tokio::test]
async fn r71_the_same_request_makes_one() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let request = v1::CreateTestContactRequest { request_id: request_id(), portal_id: walk.portal_id };
    let mut client = walk.clients.test_contacts.clone();
    let first =
        client.create_test_contact(request.clone()).await?.into_inner().test_contact.unwrap_or_default();
    walk.test_ended(&first.test_contact_id).await?;
    let second = client.create_test_contact(request).await?.into_inner().test_contact.unwrap_or_default();
    assert_eq!(first, second);
    let list = v1::ListTestContactsRequest { portal_id: walk.portal_id, ..Default::default() };
    assert_eq!(client.list_test_contacts(list).await?.into_inner().test_contacts.len(), 1);
    assert_eq!(read(&walk, &first.test_contact_id).await?.status(), TestContactStatus::Completed);
    Ok(())
}

#[tokio::test]
async fn r75_the_wizard_ends_without_a_test_and_says_so() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let finished = walk.finish(ImportDecision::DoNotImport).await?;
    assert!(!finished.tested);
    assert!(finished.summary.to_lowercase().contains("not tested"), "{}", finished.summary);
    let setup = finished.setup.unwrap_or_default();
    assert_eq!(setup.status(), v1::SetupStatus::Finished);
    let test = setup.answers.and_then(|answers| answers.test).unwrap_or_default();
    assert!(test.not_tested);
    Ok(())
}
