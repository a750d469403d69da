//! Inclusion lists made from the step, and changed without the wizard (R63, R64).

use anyhow::Result;
use connector::{
    api::v1::{self, ErrorReason, Step, StepState, inclusion_rule::Rule},
    simulator::hubspot::seed,
};
use tonic::{Code, Status};

use super::{answers, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{STEPS, Walk, request_id},
};

fn create(walk: &Walk, name: &str, stages: &[&str]) -> v1::CreateSmartListRequest {
    v1::CreateSmartListRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        name: name.to_owned(),
        lifecycle_stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
    }
}

async fn set(walk: &Walk, list_id: &str, etag: &str) -> Result<Option<Rule>, Status> {
    let request = v1::SetInclusionListRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        list_id: list_id.to_owned(),
        etag: etag.to_owned(),
    };
    let answer = inner(walk.clients.lists.clone().set_inclusion_list(request).await)?;
    Ok(answer.inclusion.and_then(|inclusion| inclusion.rule))
}

async fn clear(walk: &Walk, stage: &str, etag: &str) -> Result<Option<Rule>, Status> {
    let request = v1::ClearInclusionListRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        lowest_lifecycle_stage: stage.to_owned(),
        etag: etag.to_owned(),
    };
    let answer = inner(walk.clients.lists.clone().clear_inclusion_list(request).await)?;
    Ok(answer.inclusion.and_then(|inclusion| inclusion.rule))
}

#[tokio::test]
async fn r63_a_smart_list_is_created_from_the_step_and_then_chosen() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let mut lists = walk.clients.lists.clone();
    let request = create(&walk, "Ready for sales", &["salesqualifiedlead", "opportunity"]);
    let list = inner(lists.create_smart_list(request.clone()).await)?.list.unwrap_or_default();
    assert_eq!((list.name.as_str(), list.processing_type.as_str()), ("Ready for sales", "DYNAMIC"));
    let again = inner(lists.create_smart_list(request).await)?.list.unwrap_or_default();
    assert_eq!(again.list_id, list.list_id, "the same request creates nothing twice");
    let there = world.simulators.hubspot.lists(seed::PORTAL_A)?;
    assert_eq!(there.iter().filter(|one| one.to_string().contains("Ready for sales")).count(), 1);

    assert_eq!(answers(&walk.setup().await?).inclusion, None, "creating is not choosing");
    let setup = walk.list(&list.list_id).await?;
    let chosen = answers(&setup).inclusion.and_then(|inclusion| inclusion.rule);
    assert!(matches!(chosen, Some(Rule::List(one)) if one.list_id == list.list_id));

    let taken = inner(lists.create_smart_list(create(&walk, "Ready for sales", &["lead"])).await);
    refused_for(taken, Code::AlreadyExists, ErrorReason::SmartListNameTaken)?;
    for (name, stages, field) in [("", ["lead"].as_slice(), "name"), ("Nobody", &[], "lifecycle_stages")] {
        let wrong = inner(lists.create_smart_list(create(&walk, name, stages)).await);
        let refusal = refused_for(wrong, Code::InvalidArgument, ErrorReason::InvalidField)?;
        assert_eq!(refusal.fields, [field]);
    }
    Ok(())
}

#[tokio::test]
async fn r64_the_list_is_set_changed_and_removed_without_the_wizard() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    for step in STEPS.into_iter().take_while(|step| *step != Step::InclusionList) {
        for refusal in [set(&walk, "2", "").await, clear(&walk, "", "").await] {
            let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
            assert_eq!(refusal.subjects.first().map(String::as_str), Some(step.as_str_name()));
        }
        walk.answer_and_wait(step).await?;
    }
    // Reached, though not answered: it answers the step.
    assert!(matches!(set(&walk, "2", "").await?, Some(Rule::List(list)) if list.list_id == "2"));
    assert_eq!(state_of(&walk.setup().await?, Step::InclusionList), StepState::Answered);
    for step in [Step::Review, Step::Test, Step::Done] {
        walk.answer_and_wait(step).await?;
    }
    assert!(matches!(set(&walk, "3", "").await?, Some(Rule::List(list)) if list.name == "Customers"));
    let none = clear(&walk, "lead", "").await?;
    assert!(matches!(none, Some(Rule::NoList(none)) if none.lowest_lifecycle_stage == "lead"));
    assert!(matches!(clear(&walk, "lead", "").await?, Some(Rule::NoList(_))), "idempotent");
    let status = walk.sync_status().await?;
    let in_force = status.settings.clone().unwrap_or_default().inclusion.and_then(|one| one.rule);
    assert!(matches!(in_force, Some(Rule::NoList(none)) if none.lowest_lifecycle_stage == "lead"));
    let setup = walk.setup().await?;
    assert_eq!(
        (setup.status(), setup.stale.len()),
        (v1::SetupStatus::Finished, 0),
        "no new run of the wizard"
    );

    refused_for(set(&walk, "1", "").await, Code::FailedPrecondition, ErrorReason::ListNotSmart)?;
    refused_for(set(&walk, "99999", "").await, Code::NotFound, ErrorReason::SmartListNotFound)?;
    assert!(set(&walk, "2", &status.etag).await.is_ok());
    refused_for(set(&walk, "3", &status.etag).await, Code::Aborted, ErrorReason::EtagMismatch)?;
    refused_for(clear(&walk, "", &status.etag).await, Code::Aborted, ErrorReason::EtagMismatch)?;
    // Also while the connection is stale: what was reached once stays reached.
    walk.edition(v1::SalesforceEdition::Unlimited).await?;
    assert!(set(&walk, "3", "").await.is_ok());
    Ok(())
}

#[tokio::test]
async fn r64_a_portal_without_a_setup_has_nothing_to_set() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let portal_id = walk.clients.register(seed::TOKEN_B).await?;
    let other = Walk { portal_id, ..walk };
    let refusal = set(&other, "2", "").await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
    let unknown = Walk { portal_id: 4_711, ..other };
    refused_for(set(&unknown, "2", "").await, Code::NotFound, ErrorReason::PortalNotFound)?;
    Ok(())
}
