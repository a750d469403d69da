//! Review, switch, finish (R66–R68, R70, R75–R79).

use anyhow::Result;
use connector::{
    api::v1::{self, Choice, ErrorReason, ImportDecision, Step, StepState},
    simulator::hubspot::seed,
};
use tonic::Code;

use super::{answers, notice, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{STEPS, Walk, request_id},
};

#[tokio::test]
async fn r66_the_review_shows_every_decision() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    walk.list("2").await?;
    let review = walk.review().await?;
    let decided: Vec<Step> = review.decisions.iter().map(v1::Decision::step).collect();
    assert!(decided.is_sorted_by_key(|step| *step as i32), "in order: {decided:?}");
    for step in STEPS.into_iter().filter(|step| !matches!(step, Step::Test | Step::Done)) {
        assert!(decided.contains(&step), "{step:?} is not shown");
    }
    let expected = [
        ("HubSpot subscription", "Professional"),
        ("Salesforce seats", "50"),
        ("API call limit", "75,000"),
        ("Salesforce connection", "Acme"),
        ("Sync Salesforce accounts", "Yes"),
        ("Sync Salesforce opportunities", "No"),
        ("Salesforce activity on form submission", "Yes"),
        ("Salesforce activity on e-mail open", "No"),
        ("Sync Salesforce tasks", "Yes"),
        ("Contacts from HubSpot to Salesforce", "Sales ready"),
        ("Sync contacts with Salesforce", "Off"),
    ];
    for (label, value) in expected {
        let shown = review.decisions.iter().find(|decision| decision.label == label);
        assert!(shown.is_some_and(|shown| shown.value.contains(value)), "{label}: {shown:?}");
    }
    assert!(review.decisions.iter().all(|one| !one.label.is_empty() && !one.value.is_empty()));
    assert_eq!(review.setup, Some(walk.setup().await?));
    Ok(())
}

#[tokio::test]
async fn r67_each_decision_is_edited_and_then_reviewed_again() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let mut etags = vec![walk.review().await?.review_etag];
    for edited in [
        walk.acknowledge(v1::HubSpotSubscription::Enterprise).await?,
        walk.admin_access(v1::AdminAccess::FullObjectAndField).await?,
        walk.limit(Some(10_000)).await?,
        walk.visualforce(v1::VisualforceMethod::HubspotEmbed).await?,
        walk.objects(Choice::No, Choice::Yes).await?,
        walk.activities(false, true, Choice::No).await?,
        walk.list("3").await?,
        walk.no_list("lead").await?,
    ] {
        assert_eq!(edited.next_step(), Step::Review, "back to the review");
    }
    let review = walk.review().await?;
    assert!(!etags.contains(&review.review_etag));
    etags.push(review.review_etag);
    // Reading changes nothing, and an edit that is taken back is no change.
    assert_eq!(Some(walk.review().await?.review_etag).as_ref(), etags.last());
    walk.limit(Some(10_001)).await?;
    assert_ne!(Some(walk.review().await?.review_etag).as_ref(), etags.last());
    walk.limit(Some(10_000)).await?;
    assert_eq!(Some(walk.review().await?.review_etag).as_ref(), etags.last());
    Ok(())
}

#[tokio::test]
async fn r67_what_became_stale_is_confirmed_before_the_review() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let shown = walk.review().await?.review_etag;
    walk.seats(51).await?;
    for refusal in [walk.review().await.map(|_| ()), walk.enable_with(&shown).await.map(|_| ())] {
        let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
        assert_eq!(refusal.subjects, ["STEP_API_CALL_LIMIT"]);
    }
    walk.answer(Step::ApiCallLimit).await?;
    assert!(walk.enable().await.is_ok());
    Ok(())
}

#[tokio::test]
async fn r68_switching_on_is_idempotent_and_needs_a_sound_connection() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let off = walk.sync_status().await?;
    assert_eq!((off.operator_state(), off.health()), (v1::OperatorState::Off, v1::SyncHealth::Off));
    refused_for(walk.create_test_contact().await, Code::FailedPrecondition, ErrorReason::SyncNotEnabled)?;
    let refusal = walk.finish(ImportDecision::Import).await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;

    let shown = walk.review().await?.review_etag;
    let enabled = walk.enable_with(&shown).await?;
    assert!(enabled.message.starts_with("Successfully switched on"), "{}", enabled.message);
    let setup = enabled.setup.unwrap_or_default();
    assert_eq!(state_of(&setup, Step::Review), StepState::Answered);
    assert!(answers(&setup).sync_enabled.unwrap_or_default().confirmed);
    let on = walk.sync_status().await?;
    assert_eq!((on.operator_state(), on.health()), (v1::OperatorState::On, v1::SyncHealth::Healthy));
    assert_eq!(on.operator, "local");

    let again = walk.enable_with(&shown).await?;
    assert_eq!(again.setup, Some(setup), "nothing changed");
    assert_eq!(walk.sync_status().await?, on, "nothing changed");

    walk.edition(v1::SalesforceEdition::Unlimited).await?;
    let refusal = walk.enable_with(&shown).await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::ConnectionStale)?;
    assert_eq!(refusal.subjects, ["STEP_CONNECT_ACCOUNTS"]);
    refused_for(walk.create_test_contact().await, Code::FailedPrecondition, ErrorReason::ConnectionStale)?;
    Ok(())
}

#[tokio::test]
async fn r68_a_stale_connection_cannot_be_switched_on() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let shown = walk.review().await?.review_etag;
    walk.token("another").await?;
    let refusal = walk.enable_with(&shown).await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::ConnectionStale)?;
    assert_eq!(walk.sync_status().await?.operator_state(), v1::OperatorState::Off);
    Ok(())
}

#[tokio::test]
async fn r70_a_decision_that_changed_since_the_review_aborts() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    for edit in 0..4 {
        let shown = walk.review().await?.review_etag;
        match edit {
            0 => walk.objects(Choice::No, Choice::Yes).await?,
            1 => walk.activities(false, true, Choice::No).await?,
            2 => walk.list("2").await?,
            _ => walk.limit(Some(4_321)).await?,
        };
        refused_for(walk.enable_with(&shown).await, Code::Aborted, ErrorReason::ReviewChanged)?;
        assert_eq!(walk.sync_status().await?.operator_state(), v1::OperatorState::Off);
    }
    refused_for(walk.enable_with("made up").await, Code::Aborted, ErrorReason::ReviewChanged)?;
    let shown = walk.review().await?.review_etag;
    let settings = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        object_sync: Some(v1::ObjectSync { accounts: Choice::Yes.into(), opportunities: Choice::Yes.into() }),
        ..Default::default()
    };
    walk.clients.sync.clone().update_sync_settings(settings).await?;
    refused_for(walk.enable_with(&shown).await, Code::Aborted, ErrorReason::ReviewChanged)?;
    walk.enable_with(&walk.review().await?.review_etag).await?;
    Ok(())
}

#[tokio::test]
async fn r75_r76_finished_without_a_test_says_so() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let finished = walk.finish(ImportDecision::Unspecified).await?;
    assert!(!finished.tested);
    assert!(finished.summary.contains("Not tested"), "{}", finished.summary);
    assert!(finished.summary.contains("in both directions"), "{}", finished.summary);
    let setup = finished.setup.unwrap_or_default();
    assert_eq!((setup.status(), setup.next_step()), (v1::SetupStatus::Finished, Step::Unspecified));
    assert!(answers(&setup).test.unwrap_or_default().not_tested);
    assert!(notice(&setup, "NOT_TESTED").is_some());
    // A test is possible afterwards too, and then it counts.
    walk.answer_and_wait(Step::Test).await?;
    let setup = walk.setup().await?;
    assert!(!answers(&setup).test.unwrap_or_default().not_tested);
    assert!(notice(&setup, "NOT_TESTED").is_none());
    let finished = walk.finish(ImportDecision::Unspecified).await?;
    assert!(finished.tested && !finished.summary.contains("Not tested"), "{}", finished.summary);
    Ok(())
}

#[tokio::test]
async fn r77_the_import_decision_is_stored() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    assert_eq!(answers(&walk.setup().await?).import_decision(), ImportDecision::Unspecified);
    let open = walk.finish(ImportDecision::Unspecified).await?;
    assert_eq!(answers(&open.setup.unwrap_or_default()).import_decision(), ImportDecision::Unspecified);
    for (decision, words) in
        [(ImportDecision::Import, "shall be imported"), (ImportDecision::DoNotImport, "are not imported")]
    {
        let finished = walk.finish(decision).await?;
        assert!(finished.summary.contains(words), "{}", finished.summary);
        assert_eq!(answers(&walk.setup().await?).import_decision(), decision);
    }
    walk.finish(ImportDecision::Unspecified).await?;
    assert_eq!(answers(&walk.setup().await?).import_decision(), ImportDecision::DoNotImport, "it is kept");
    Ok(())
}

#[tokio::test]
async fn r78_switching_on_and_importing_later_carry_nothing_over() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Review).await?;
    let counts = || -> Result<Vec<usize>> {
        let mut counts = Vec::new();
        for object in ["Lead", "Contact", "Account", "Opportunity", "Task"] {
            let records = world.simulators.salesforce.records("acme", object, false);
            counts.push(records.map_err(anyhow::Error::msg)?.len());
        }
        counts.push(world.simulators.hubspot.records(seed::PORTAL_A, "contacts")?.len());
        Ok(counts)
    };
    let before = counts()?;
    walk.answer(Step::Review).await?;
    assert!(notice(&walk.setup().await?, "EXISTING_CONTACTS").is_some());
    walk.finish(ImportDecision::Import).await?;
    assert_eq!(counts()?, before);
    // The test contact goes through the very worker that would carry others over: it alone is new.
    let contact = walk.test().await?;
    assert_eq!(contact.status(), v1::TestContactStatus::Completed, "{}", contact.message);
    let new: usize = counts()?.iter().sum::<usize>() - before.iter().sum::<usize>();
    assert_eq!(new, 2, "one in each CRM: {before:?} {:?}", counts()?);
    Ok(())
}

#[tokio::test]
async fn r79_every_setting_changes_without_the_wizard() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    walk.answer_until(Step::Unspecified).await?;
    let update = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        activity_sync: Some(v1::ActivitySync { tasks: Choice::No.into(), ..Default::default() }),
        ..Default::default()
    };
    inner(walk.clients.sync.clone().update_sync_settings(update).await)?;
    let clear = v1::ClearInclusionListRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        lowest_lifecycle_stage: "lead".to_owned(),
        ..Default::default()
    };
    inner(walk.clients.lists.clone().clear_inclusion_list(clear).await)?;
    let allocate = v1::AllocateApiCallsRequest {
        request_id: request_id(),
        org_id: walk.sync_status().await?.org_id,
        shares: vec![v1::ApiCallShare { portal_id: walk.portal_id, api_call_limit: 30_000 }],
        ..Default::default()
    };
    inner(walk.clients.orgs.clone().allocate_api_calls(allocate).await)?;
    walk.objects(Choice::No, Choice::No).await?;

    let setup = walk.setup().await?;
    assert_eq!((setup.status(), setup.next_step()), (v1::SetupStatus::Finished, Step::Unspecified));
    assert_eq!((setup.stale.len(), setup.missing.len()), (0, 0));
    let given = answers(&setup);
    assert_eq!(given.api_call_limit.map(|limit| limit.limit), Some(30_000));
    assert_eq!(given.activity_sync.map(|activities| activities.tasks()), Some(Choice::No));
    let settings = walk.sync_status().await?.settings.unwrap_or_default();
    assert_eq!(settings.object_sync, given.object_sync);
    assert_eq!(settings.activity_sync, given.activity_sync);
    assert_eq!(settings.inclusion, given.inclusion);
    Ok(())
}
