//! Who may connect, and the answers about the org (R01, R02, R04–R06, R17, R26–R31).

use anyhow::Result;
use connector::api::v1::{
    self, AdminAccess, ErrorReason, HubSpotSubscription, SalesforceEdition, SalesforceEnvironment, Step,
    StepState,
};
use tonic::Code;

use super::{answers, notice, state_of, step_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{ACME_ADMIN, SANDBOX_ADMIN, Walk, request_id},
};

#[tokio::test]
async fn r01_the_subscription_is_declared_and_must_be_eligible() -> Result<()> {
    use HubSpotSubscription::{Enterprise, Free, Professional, Starter, Unspecified};
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let before = walk.setup().await?;
    for subscription in [Unspecified, Free, Starter] {
        refused_for(
            walk.acknowledge(subscription).await,
            Code::FailedPrecondition,
            ErrorReason::HubspotSubscriptionNotEligible,
        )?;
        assert_eq!(walk.setup().await?, before, "{subscription:?}");
    }
    for subscription in [Professional, Enterprise] {
        let setup = walk.acknowledge(subscription).await?;
        assert_eq!(answers(&setup).subscription(), subscription);
        let request = v1::GetPortalRequest { portal_id: walk.portal_id };
        let portal = inner(walk.clients.portals.clone().get_portal(request).await)?.portal;
        let known = portal.and_then(|portal| portal.subscription).unwrap_or_default();
        assert_eq!(known.subscription(), subscription);
        assert_eq!(known.source(), v1::subscription_evidence::Source::Declared);
        assert!(!known.evidence.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn r02_r26_one_eligible_edition() -> Result<()> {
    use SalesforceEdition::{Developer, Enterprise, Essentials, Group, Professional, Unlimited, Unspecified};
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Edition).await?;
    for edition in [Group, Essentials, Developer] {
        let refusal = walk.edition(edition).await;
        refused_for(refusal, Code::FailedPrecondition, ErrorReason::SalesforceEditionNotEligible)?;
    }
    refused_for(walk.edition(Unspecified).await, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(state_of(&walk.setup().await?, Step::Edition), StepState::Open);
    for edition in [Professional, Enterprise, Unlimited] {
        assert_eq!(answers(&walk.edition(edition).await?).edition(), edition);
    }
    Ok(())
}

#[tokio::test]
async fn r04_r05_the_access_that_suffices_depends_on_the_edition() -> Result<()> {
    use AdminAccess::{FullObjectAndField, ObjectOnly, TopLevelAdministrator};
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Edition).await?;
    for edition in
        [SalesforceEdition::Professional, SalesforceEdition::Enterprise, SalesforceEdition::Unlimited]
    {
        walk.edition(edition).await?;
        for access in [ObjectOnly, FullObjectAndField, TopLevelAdministrator] {
            let suffices = match access {
                TopLevelAdministrator => true,
                FullObjectAndField => edition != SalesforceEdition::Professional,
                _ => false,
            };
            let answer = walk.admin_access(access).await;
            if suffices {
                assert_eq!(
                    state_of(&answer?, Step::AdminAccess),
                    StepState::Answered,
                    "{edition:?} {access:?}"
                );
            } else {
                refused_for(answer, Code::FailedPrecondition, ErrorReason::AdminAccessInsufficient)?;
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn r06_editing_the_edition_reopens_access_that_no_longer_suffices() -> Result<()> {
    use SalesforceEdition::{Enterprise, Professional, Unlimited};
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::AdminAccess).await?;
    walk.admin_access(AdminAccess::FullObjectAndField).await?;
    let setup = walk.edition(Unlimited).await?;
    assert_eq!(
        (state_of(&setup, Step::AdminAccess), setup.next_step()),
        (StepState::Answered, Step::Environment)
    );

    let setup = walk.edition(Professional).await?;
    let reopened = step_of(&setup, Step::AdminAccess);
    assert_eq!((reopened.state(), reopened.stale_because()), (StepState::Stale, Step::Edition));
    assert_eq!(setup.stale().collect::<Vec<_>>(), [Step::AdminAccess]);
    assert_eq!(setup.next_step(), Step::AdminAccess);
    assert_eq!(answers(&setup).admin_access(), AdminAccess::FullObjectAndField, "the answer is kept");
    assert!(notice(&setup, "ADMIN_ACCESS_REOPENED").is_some_and(|text| text.contains("Professional")));
    let refusal = walk.select_environment(SalesforceEnvironment::Production).await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
    assert_eq!(refusal.subjects, ["STEP_ADMIN_ACCESS"]);
    let refusal = walk.admin_access(AdminAccess::FullObjectAndField).await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::AdminAccessInsufficient)?;

    let setup = walk.edition(Enterprise).await?;
    assert_eq!(state_of(&setup, Step::AdminAccess), StepState::Answered, "an edit back mends it");
    walk.edition(Professional).await?;
    let setup = walk.admin_access(AdminAccess::TopLevelAdministrator).await?;
    assert_eq!((setup.stale.len(), setup.next_step()), (0, Step::Environment));
    Ok(())
}

#[tokio::test]
async fn r17_a_sandbox_needs_its_notes_acknowledged() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Environment).await?;
    let request = |environment: SalesforceEnvironment, acknowledged| v1::SelectEnvironmentRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        environment: environment.into(),
        sandbox_notes_acknowledged: acknowledged,
        ..Default::default()
    };
    let mut setups = walk.clients.setups.clone();
    let refusal = inner(setups.select_environment(request(SalesforceEnvironment::Sandbox, false)).await);
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SandboxNotesNotAcknowledged)?;
    assert_eq!(refusal.subjects, ["STEP_ENVIRONMENT"]);
    assert_eq!(state_of(&walk.setup().await?, Step::Environment), StepState::Open);
    let setup = inner(setups.select_environment(request(SalesforceEnvironment::Sandbox, true)).await)?.setup;
    let given = answers(&setup.unwrap_or_default());
    assert_eq!(given.environment(), SalesforceEnvironment::Sandbox);
    assert!(given.sandbox_notes_acknowledged);
    let setup =
        inner(setups.select_environment(request(SalesforceEnvironment::Production, false)).await)?.setup;
    assert!(!answers(&setup.unwrap_or_default()).sandbox_notes_acknowledged);
    Ok(())
}

#[tokio::test]
async fn r28_no_admin_access_waits_and_a_later_yes_goes_on() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::AdminAccess).await?;
    let setup = walk.admin_access(AdminAccess::None).await?;
    assert_eq!(setup.status(), v1::SetupStatus::WaitingForAdministrator);
    assert_eq!(state_of(&setup, Step::AdminAccess), StepState::Waiting);
    assert_eq!(setup.next_step(), Step::AdminAccess);
    assert!(notice(&setup, "WAITING_FOR_ADMINISTRATOR").is_some());
    let refusal = walk.select_environment(SalesforceEnvironment::Production).await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
    assert_eq!(refusal.subjects, ["STEP_ADMIN_ACCESS"]);
    // The waiting setup can still be edited, and still waits.
    let setup = walk.edition(SalesforceEdition::Professional).await?;
    assert_eq!(setup.status(), v1::SetupStatus::WaitingForAdministrator);
    let setup = walk.admin_access(AdminAccess::TopLevelAdministrator).await?;
    assert_eq!((setup.status(), setup.next_step()), (v1::SetupStatus::InProgress, Step::Environment));
    assert!(notice(&setup, "WAITING_FOR_ADMINISTRATOR").is_none());
    Ok(())
}

#[tokio::test]
async fn r29_r30_the_sandbox_answer_must_match_what_is_found() -> Result<()> {
    let world = World::start().await?;
    let mut walk = Walk::before(&world, Step::ConnectAccounts).await?;
    // A sandbox behind "production".
    walk.username = SANDBOX_ADMIN.to_owned();
    let attempt = walk.connect().await?;
    assert_eq!((attempt.state(), attempt.reason()), (v1::ConnectState::Failed, ErrorReason::SandboxMismatch));
    assert!(!attempt.fix.is_empty());
    // Production behind "sandbox".
    walk.username = ACME_ADMIN.to_owned();
    let setup = walk.select_environment(SalesforceEnvironment::Sandbox).await?;
    assert!(notice(&setup, "SANDBOX_BEHAVES_DIFFERENTLY").is_some());
    for step in [Step::ApiCallLimit, Step::Package, Step::SecurityToken, Step::VisualforceModule] {
        walk.answer(step).await?;
    }
    let attempt = walk.connect().await?;
    assert_eq!((attempt.state(), attempt.reason()), (v1::ConnectState::Failed, ErrorReason::SandboxMismatch));
    // And as it is.
    walk.username = SANDBOX_ADMIN.to_owned();
    let attempt = walk.connect().await?;
    assert_eq!(attempt.state(), v1::ConnectState::Connected, "{}", attempt.message);
    Ok(())
}

#[tokio::test]
async fn r31_seats_are_a_whole_number_that_can_be() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::SeatCount).await?;
    for seats in [0, -1, i32::MIN, 1_000_001, i32::MAX] {
        let refusal = refused_for(walk.seats(seats).await, Code::InvalidArgument, ErrorReason::InvalidField)?;
        assert_eq!(refusal.fields, ["seat_count"], "{seats}");
    }
    assert_eq!(state_of(&walk.setup().await?, Step::SeatCount), StepState::Open);
    for seats in [1, 15, 1_000_000] {
        assert_eq!(answers(&walk.seats(seats).await?).seat_count, seats);
    }
    Ok(())
}
