//! The wizard as a whole: entry, order, no passing, no skipping ahead (R18, R20–R23).

use anyhow::{Context as _, Result};
use connector::api::v1::{self, ErrorReason, Step, StepState};
use tonic::Code;

use super::{state_of, step_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{STEPS, Walk, request_id},
};

#[tokio::test]
async fn r18_get_started_is_an_explicit_call() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let request = |acknowledged| v1::AcknowledgePrerequisitesRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        acknowledged,
        subscription: v1::HubSpotSubscription::Professional.into(),
        ..Default::default()
    };
    let mut setups = walk.clients.setups.clone();
    let refusal = inner(setups.acknowledge_prerequisites(request(false)).await);
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::PrerequisitesNotAcknowledged)?;
    assert_eq!(walk.setup().await?.next_step(), Step::Prerequisites);
    let setup = inner(setups.acknowledge_prerequisites(request(true)).await)?.setup.unwrap_or_default();
    assert_eq!(setup.next_step(), Step::Edition);

    let start = |portal_id| v1::StartSetupRequest { request_id: request_id(), portal_id };
    let again = inner(setups.start_setup(start(walk.portal_id)).await)?.setup.unwrap_or_default();
    assert_eq!((again.setup_id, again.etag), (walk.setup_id.clone(), setup.etag), "one setup at a time");
    let unknown = inner(setups.start_setup(start(4_711)).await);
    refused_for(unknown, Code::NotFound, ErrorReason::PortalNotFound)?;
    Ok(())
}

#[tokio::test]
async fn r20_every_step_in_order_until_done() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let described = v1::DescribeSetupRequest::default();
    let described = inner(walk.clients.setups.clone().describe_setup(described).await)?.steps;
    assert_eq!(described.iter().map(v1::StepDescription::step).collect::<Vec<_>>(), STEPS);
    for (position, step) in STEPS.into_iter().enumerate() {
        let before = walk.setup().await?;
        assert_eq!(before.steps.iter().map(v1::StepStatus::step).collect::<Vec<_>>(), STEPS);
        assert_eq!(before.next_step(), step);
        assert_eq!(before.missing().collect::<Vec<_>>(), STEPS.get(position..).unwrap_or_default());
        assert_eq!(before.status(), v1::SetupStatus::InProgress);
        let after = walk.answer_and_wait(step).await.with_context(|| step.as_str_name())?;
        for (other, reached) in STEPS.into_iter().enumerate() {
            let expected = match (reached, other) {
                // The wizard can be finished without a test, so that both are open.
                (Step::Done, _) if step == Step::Review => StepState::Open,
                (_, other) if other <= position => StepState::Answered,
                (_, other) if other == position + 1 => StepState::Open,
                _ => StepState::NotReached,
            };
            assert_eq!(state_of(&after, reached), expected, "{reached:?} after {step:?}");
        }
        let answered = step_of(&after, step);
        assert!(answered.answer_time.is_some() && answered.answered_by == "local", "{answered:?}");
    }
    let done = walk.setup().await?;
    assert_eq!((done.status(), done.next_step()), (v1::SetupStatus::Finished, Step::Unspecified));
    assert_eq!((done.missing.len(), done.stale.len()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn r21_r23_a_missing_or_unknown_value_is_named_and_nothing_passes() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let setup_id = walk.setup_id.clone();
    let mut setups = walk.clients.setups.clone();
    macro_rules! wrong {
        ($method:ident $request:ident { $($field:ident: $value:expr),* } names $($name:literal),+) => {{
            let before = walk.setup().await?;
            let request = v1::$request {
                request_id: request_id(), setup_id: setup_id.clone(), $($field: $value,)* ..Default::default()
            };
            let refusal = inner(setups.$method(request).await);
            let refusal = refused_for(refusal, Code::InvalidArgument, ErrorReason::InvalidField)?;
            assert_eq!(refusal.fields, [$($name),+], stringify!($method));
            assert_eq!(walk.setup().await?, before, stringify!($method));
        }};
    }
    let objects = |accounts: i32| Some(v1::ObjectSync { accounts, opportunities: 0 });
    wrong!(acknowledge_prerequisites AcknowledgePrerequisitesRequest { acknowledged: true, subscription: 99 } names "subscription");
    walk.answer_until(Step::Edition).await?;
    wrong!(select_edition SelectEditionRequest {} names "edition");
    wrong!(select_edition SelectEditionRequest { edition: 99 } names "edition");
    wrong!(select_edition SelectEditionRequest { edition: -1 } names "edition");
    walk.answer(Step::Edition).await?;
    wrong!(confirm_admin_access ConfirmAdminAccessRequest {} names "admin_access");
    wrong!(confirm_admin_access ConfirmAdminAccessRequest { admin_access: 9 } names "admin_access");
    walk.answer(Step::AdminAccess).await?;
    wrong!(select_environment SelectEnvironmentRequest {} names "environment");
    wrong!(select_environment SelectEnvironmentRequest { environment: 3 } names "environment");
    walk.answer(Step::Environment).await?;
    wrong!(set_seat_count SetSeatCountRequest {} names "seat_count");
    walk.answer(Step::SeatCount).await?;
    wrong!(set_api_call_limit SetApiCallLimitRequest { limit: Some(0) } names "limit");
    walk.answer(Step::ApiCallLimit).await?;
    walk.answer(Step::Package).await?;
    wrong!(submit_security_token SubmitSecurityTokenRequest {} names "security_token");
    walk.answer(Step::SecurityToken).await?;
    wrong!(confirm_visualforce_module ConfirmVisualforceModuleRequest { added: true, method: 7 } names "method");
    walk.answer(Step::VisualforceModule).await?;
    walk.answer_and_wait(Step::ConnectAccounts).await?;
    wrong!(choose_object_sync ChooseObjectSyncRequest {} names "object_sync.accounts", "object_sync.opportunities");
    wrong!(choose_object_sync ChooseObjectSyncRequest { object_sync: objects(1) } names "object_sync.opportunities");
    wrong!(choose_object_sync ChooseObjectSyncRequest { object_sync: objects(3) } names "object_sync.accounts", "object_sync.opportunities");
    walk.answer(Step::ObjectSync).await?;
    wrong!(choose_activity_sync ChooseActivitySyncRequest {} names "activity_sync.tasks");
    walk.answer(Step::ActivitySync).await?;
    wrong!(choose_inclusion_list ChooseInclusionListRequest {} names "choice");
    walk.answer(Step::InclusionList).await?;
    wrong!(enable_sync EnableSyncRequest {} names "review_etag");
    walk.answer(Step::Review).await?;
    wrong!(finish_setup FinishSetupRequest { import_decision: 3 } names "import_decision");
    Ok(())
}

#[tokio::test]
async fn r22_no_skipping_ahead() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    for (position, open) in STEPS.into_iter().enumerate() {
        for (later, step) in STEPS.into_iter().enumerate().skip(position + 1) {
            // R75: the test alone may be left out.
            let left_out = |step: &Step| *step == Step::Test;
            let between = STEPS.get(position..later).unwrap_or_default();
            let missing: Vec<&str> =
                between.iter().filter(|step| !left_out(step)).map(Step::as_str_name).collect();
            // The test contact's RPC speaks of the portal, not of the wizard.
            if missing.is_empty() || step == Step::Test {
                continue;
            }
            let before = walk.setup().await?;
            let refusal = walk.answer(step).await;
            let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
            assert_eq!(refusal.subjects, missing, "{step:?} while {open:?} is open");
            assert_eq!(walk.setup().await?, before, "{step:?} changed something while {open:?} is open");
        }
        if position < 14 {
            let refusal = walk.create_test_contact().await;
            let reason = if position <= 9 { ErrorReason::NotConnected } else { ErrorReason::SyncNotEnabled };
            refused_for(refusal, Code::FailedPrecondition, reason)?;
        }
        if position < 13 {
            let refusal = walk.review().await;
            let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
            assert_eq!(refusal.subjects.first().map(String::as_str), Some(open.as_str_name()));
        }
        walk.answer_and_wait(open).await?;
    }
    Ok(())
}
