//! The wizard as a whole: entry, order, no skipping ahead, leaving and coming back (R18–R22, R09).

use anyhow::Result;
use connector::api::v1::{self, ErrorReason, Step, StepState};
use tonic::Code;

use crate::harness::{
    World,
    walk::{STEPS, Walk, inner, refused_for, request_id},
};

fn step_of(setup: &v1::Setup, step: Step) -> Option<&v1::StepStatus> {
    setup.steps.iter().find(|status| status.step() == step)
}

#[tokio::test]
async fn r20_every_step_in_order_until_done() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    for (position, step) in STEPS.into_iter().enumerate() {
        let before = walk.setup().await?;
        let order: Vec<Step> = before.steps.iter().map(v1::StepStatus::step).collect();
        assert_eq!(order, STEPS);
        assert_eq!(before.next_step(), step);
        assert_eq!(before.missing().collect::<Vec<_>>(), &STEPS[position..]);
        assert_eq!(step_of(&before, step).map(v1::StepStatus::state), Some(StepState::Open));
        let after = walk.answer_and_wait(step).await?;
        assert_eq!(step_of(&after, step).map(v1::StepStatus::state), Some(StepState::Answered));
        assert!(step_of(&after, step).is_some_and(|status| status.answer_time.is_some()));
    }
    let done = walk.setup().await?;
    assert_eq!(done.status(), v1::SetupStatus::Finished);
    assert_eq!(done.next_step(), Step::Unspecified);
    assert_eq!((done.missing.len(), done.stale.len()), (0, 0));
    Ok(())
}

#[tokio::test]
async fn r22_no_skipping_ahead() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    for (position, reached) in STEPS.into_iter().enumerate() {
        // Every later step is refused, and names the steps before it that are missing, in order.
        for (later, step) in STEPS.into_iter().enumerate().skip(position + 1) {
            if step == Step::Done && reached == Step::Test {
                continue; // R75: the test alone may be left out.
            }
            let missing: Vec<String> = STEPS[position..later]
                .iter()
                .filter(|step| **step != Step::Test)
                .map(|step| step.as_str_name().to_owned())
                .collect();
            let revision = walk.setup().await?.revision;
            let refusal = match (step, reached) {
                // The portal's own RPC speaks of the portal, not of the wizard.
                (Step::Test, _) => refused_for(
                    walk.answer(step).await,
                    Code::FailedPrecondition,
                    if position <= 9 { ErrorReason::NotConnected } else { ErrorReason::SyncNotEnabled },
                )
                .map(|_| None)?,
                _ => Some(refused_for(
                    walk.answer(step).await,
                    Code::FailedPrecondition,
                    ErrorReason::SetupStepNotReached,
                )?),
            };
            if let Some(refusal) = refusal {
                assert_eq!(refusal.subjects, missing, "{step:?} while {reached:?} is open");
            }
            assert_eq!(walk.setup().await?.revision, revision, "{step:?} changed something");
        }
        walk.answer_and_wait(reached).await?;
    }
    Ok(())
}

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
    refused_for(
        inner(setups.acknowledge_prerequisites(request(false)).await),
        Code::FailedPrecondition,
        ErrorReason::PrerequisitesNotAcknowledged,
    )?;
    assert_eq!(walk.setup().await?.next_step(), Step::Prerequisites);
    let setup = inner(setups.acknowledge_prerequisites(request(true)).await)?.setup.unwrap_or_default();
    assert_eq!(setup.next_step(), Step::Edition);
    // Starting again returns the setup that is under way.
    let again = v1::StartSetupRequest { request_id: request_id(), portal_id: walk.portal_id };
    let again = inner(setups.start_setup(again).await)?.setup.unwrap_or_default();
    assert_eq!((again.setup_id, again.etag), (walk.setup_id.clone(), setup.etag));
    let unknown = v1::StartSetupRequest { request_id: request_id(), portal_id: 4_711 };
    refused_for(inner(setups.start_setup(unknown).await), Code::NotFound, ErrorReason::PortalNotFound)?;
    Ok(())
}
