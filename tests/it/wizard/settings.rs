//! What syncs (R54, R55, R57–R62).

use std::collections::BTreeMap;

use anyhow::Result;
use connector::{
    api::v1::{
        self, Choice, ErrorReason, Step, StepState, choose_inclusion_list_request, inclusion_rule::Rule,
    },
    simulator::{
        fault::{Action, FaultPlan, Point},
        hubspot::seed,
    },
};
use tonic::Code;

use super::{answers, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

fn rule(inclusion: Option<v1::InclusionRule>) -> Option<Rule> {
    inclusion.and_then(|inclusion| inclusion.rule)
}

#[tokio::test]
async fn r54_r55_both_must_be_chosen_and_nothing_is_preselected() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ObjectSync).await?;
    assert_eq!(answers(&walk.setup().await?).object_sync, None);
    for (accounts, opportunities, fields) in [
        (
            Choice::Unspecified,
            Choice::Unspecified,
            ["object_sync.accounts", "object_sync.opportunities"].as_slice(),
        ),
        (Choice::Yes, Choice::Unspecified, &["object_sync.opportunities"]),
        (Choice::Unspecified, Choice::No, &["object_sync.accounts"]),
    ] {
        let refusal = walk.objects(accounts, opportunities).await;
        let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
        assert_eq!(refusal.fields, fields);
        assert_eq!(state_of(&walk.setup().await?, Step::ObjectSync), StepState::Open);
    }
    for accounts in [Choice::Yes, Choice::No] {
        for opportunities in [Choice::Yes, Choice::No] {
            let chosen =
                answers(&walk.objects(accounts, opportunities).await?).object_sync.unwrap_or_default();
            assert_eq!((chosen.accounts(), chosen.opportunities()), (accounts, opportunities));
            let status = walk.sync_status().await?;
            assert_eq!(status.settings.and_then(|settings| settings.object_sync), Some(chosen));
        }
    }
    Ok(())
}

#[tokio::test]
async fn r54_r55_accounts_are_recommended_and_opportunities_are_their_standard_fields() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let steps =
        inner(walk.clients.setups.clone().describe_setup(v1::DescribeSetupRequest::default()).await)?.steps;
    let recommended: Vec<(Step, &str)> = steps
        .iter()
        .flat_map(|step| step.options.iter().map(move |option| (step.step(), option)))
        .filter(|(_, option)| option.recommended)
        .map(|(step, option)| (step, option.value.as_str()))
        .collect();
    assert_eq!(recommended, [(Step::ObjectSync, "accounts=CHOICE_YES")]);
    let objects = steps.iter().find(|step| step.step() == Step::ObjectSync).cloned().unwrap_or_default();
    let opportunities = objects.options.iter().find(|option| option.value == "opportunities=CHOICE_YES");
    assert!(
        opportunities.is_some_and(|option| option.label.contains("standard fields")),
        "{opportunities:?}"
    );
    Ok(())
}

#[tokio::test]
async fn r57_r58_all_eight_combinations_are_stored_and_take_effect() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ActivitySync).await?;
    assert_eq!(answers(&walk.setup().await?).activity_sync, None);
    let refusal = walk.activities(true, true, Choice::Unspecified).await;
    let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(refusal.fields, ["activity_sync.tasks"]);
    for combination in 0..8 {
        let (form, open) = (combination & 1 != 0, combination & 2 != 0);
        let tasks = if combination & 4 != 0 { Choice::Yes } else { Choice::No };
        let expected =
            v1::ActivitySync { on_form_submission: form, on_email_open: open, tasks: tasks.into() };
        let setup = walk.activities(form, open, tasks).await?;
        assert_eq!(answers(&setup).activity_sync, Some(expected));
        assert_eq!(state_of(&setup, Step::ActivitySync), StepState::Answered, "unticked is a valid no");
        assert_eq!(answers(&walk.setup().await?).activity_sync, Some(expected));
        let settings = walk.sync_status().await?.settings.unwrap_or_default();
        assert_eq!(settings.activity_sync, Some(expected), "in force");
    }
    Ok(())
}

#[tokio::test]
async fn r60_only_a_smart_list_can_be_chosen() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let request = v1::ListSmartListsRequest { portal_id: walk.portal_id, ..Default::default() };
    let lists = inner(walk.clients.lists.clone().list_smart_lists(request).await)?.lists;
    let names: Vec<&str> = lists.iter().map(|list| list.name.as_str()).collect();
    assert!(names.contains(&"Sales ready") && names.contains(&"Customers"), "{names:?}");
    assert!(!names.contains(&"Hand-picked contacts"), "a static list is not offered: {names:?}");
    assert!(lists.iter().all(|list| list.processing_type == "DYNAMIC"), "{lists:?}");

    let refusal = refused_for(walk.list("1").await, Code::FailedPrecondition, ErrorReason::ListNotSmart)?;
    assert_eq!(refusal.subjects, ["STEP_INCLUSION_LIST"]);
    refused_for(walk.list("99999").await, Code::NotFound, ErrorReason::SmartListNotFound)?;
    for wrong in ["", "abc", "-1", "1 2", "123456789012345678901234567890123"] {
        let refusal = refused_for(walk.list(wrong).await, Code::InvalidArgument, ErrorReason::InvalidField)?;
        assert_eq!(refusal.fields, ["list_id"], "{wrong:?}");
    }
    assert_eq!(answers(&walk.setup().await?).inclusion, None);
    let chosen = rule(answers(&walk.list("2").await?).inclusion);
    assert!(matches!(chosen, Some(Rule::List(list)) if list.list_id == "2" && list.name == "Sales ready"));
    Ok(())
}

#[tokio::test]
async fn r61_no_list_is_a_choice_and_not_the_lack_of_an_answer() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let unanswered = walk.setup().await?;
    assert_eq!(answers(&unanswered).inclusion, None);
    assert_eq!(state_of(&unanswered, Step::InclusionList), StepState::Open);
    let empty = v1::ChooseInclusionListRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        ..Default::default()
    };
    let refusal = inner(walk.clients.setups.clone().choose_inclusion_list(empty).await);
    refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
    refused_for(walk.review().await, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;

    let none = walk.no_list("").await?;
    assert!(matches!(rule(answers(&none).inclusion), Some(Rule::NoList(_))));
    assert_eq!(state_of(&none, Step::InclusionList), StepState::Answered);
    let settings = walk.sync_status().await?.settings.unwrap_or_default();
    assert!(matches!(rule(settings.inclusion), Some(Rule::NoList(_))));
    walk.review().await?;
    Ok(())
}

/// Gives portal A other lifecycle stages than HubSpot's.
async fn customize_stages(world: &World) -> Result<()> {
    let url = format!("{}/crm/v3/properties/contacts/lifecyclestage", world.simulators.hubspot_url);
    let stage = |value: &str, order: u32| serde_json::json!({"value": value, "label": value, "displayOrder": order, "hidden": false});
    let options = serde_json::json!({"options": [stage("subscriber", 0), stage("9001", 1)]});
    let answer = reqwest::Client::new().patch(url).bearer_auth(seed::TOKEN_A).json(&options).send().await?;
    anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
    Ok(())
}

#[tokio::test]
async fn r62_a_stage_that_the_portal_does_not_have_is_refused_with_those_it_has() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let unknown = |answer| {
        let refusal = refused_for(answer, Code::InvalidArgument, ErrorReason::LifecycleStageUnknown)?;
        assert_eq!(refusal.fields, ["no_list.lowest_lifecycle_stage"]);
        anyhow::Ok(refusal)
    };
    let refusal = unknown(walk.no_list("leads").await)?;
    let stages = refusal.metadata.get("stages").cloned().unwrap_or_default();
    assert!(stages.starts_with("subscriber, lead, marketingqualifiedlead"), "{stages}");
    assert!(refusal.localized.1.contains("leads") && refusal.localized.1.contains(&stages), "{refusal:?}");
    // The stages are the portal's own.
    customize_stages(&world).await?;
    unknown(walk.no_list("lead").await)?;
    walk.no_list("9001").await?;
    // While HubSpot does not say them, those pass that every portal starts with.
    let faults = &world.simulators.hubspot.frame().faults;
    let action =
        Action::Respond { status: 503, headers: BTreeMap::new(), body: String::new(), point: Point::Before };
    faults.add(FaultPlan::on("GET", "*/properties/*", action));
    walk.no_list("lead").await?;
    refused_for(walk.no_list("9001").await, Code::Unavailable, ErrorReason::HubspotUnavailable)?;
    Ok(())
}

#[tokio::test]
async fn r62_the_threshold_is_a_stored_field() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    for (asked, stored) in [
        ("", "subscriber"),
        ("subscriber", "subscriber"),
        ("marketingqualifiedlead", "marketingqualifiedlead"),
    ] {
        walk.no_list(asked).await?;
        let chosen = rule(answers(&walk.setup().await?).inclusion);
        assert!(
            matches!(chosen, Some(Rule::NoList(none)) if none.lowest_lifecycle_stage == stored),
            "{asked:?}"
        );
    }
    let long = "x".repeat(256);
    let refusal = refused_for(walk.no_list(&long).await, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(refusal.fields, ["no_list.lowest_lifecycle_stage"]);
    // A threshold above the test contact's stage would not let it through, and the result says so.
    walk.no_list("customer").await?;
    walk.enable().await?;
    let verdict = walk.test().await?.inclusion.unwrap_or_default();
    assert!(verdict.evaluated && !verdict.included && !verdict.explanation.is_empty(), "{verdict:?}");
    Ok(())
}

#[tokio::test]
async fn r59_the_list_limits_one_direction_only() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    let steps =
        inner(walk.clients.setups.clone().describe_setup(v1::DescribeSetupRequest::default()).await)?.steps;
    let step = steps.into_iter().find(|one| one.step() == Step::InclusionList).unwrap_or_default();
    assert!(
        step.help.contains("from HubSpot to Salesforce; it does not limit the other direction"),
        "{}",
        step.help
    );
    // Two choices in one request cannot be sent: the last one of a oneof is the one that counts.
    let request = v1::ChooseInclusionListRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        choice: Some(choose_inclusion_list_request::Choice::ListId("2".to_owned())),
        ..Default::default()
    };
    let setup = inner(walk.clients.setups.clone().choose_inclusion_list(request).await)?.setup;
    let review = walk.review().await?;
    assert!(
        setup.is_some()
            && review.decisions.iter().any(|one| one.label == "Contacts from HubSpot to Salesforce")
    );
    Ok(())
}
