//! The API call limit (R11, R12, R32–R35).

use std::num::NonZeroU32;

use anyhow::Result;
use connector::{
    api::v1::{
        self, ErrorReason, SalesforceEdition, SalesforceEnvironment, Step, StepState,
        api_call_limit::AllocationSource,
    },
    config::ApiCallPolicy,
};
use tonic::Code;

use super::{limit_of, notice, state_of};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::Walk,
};

#[tokio::test]
async fn r32_the_suggestion_is_computed_from_seats_edition_and_environment() -> Result<()> {
    use SalesforceEdition::{Enterprise, Professional, Unlimited};
    use SalesforceEnvironment::{Production, Sandbox};
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    for (edition, environment, seats, allocation) in [
        (Professional, Production, 1, 101_000),
        (Enterprise, Production, 15, 115_000),
        (Enterprise, Production, 50, 150_000),
        (Unlimited, Production, 10, 150_000),
        (Enterprise, Sandbox, 15, 5_000_000),
    ] {
        walk.edition(edition).await?;
        walk.select_environment(environment).await?;
        let limit = limit_of(&walk.seats(seats).await?);
        let shown = (limit.allocation, limit.suggested, limit.policy.as_str());
        assert_eq!(shown, (allocation, allocation / 2, "2026"), "{edition:?} {environment:?} {seats}");
        assert_eq!((limit.limit, limit.held_by_other_portals), (0, 0), "nothing is chosen for the user");
        assert_eq!(limit.allocation_source(), AllocationSource::Policy);
    }
    Ok(())
}

#[tokio::test]
async fn r32_the_policy_of_2016_is_selectable() -> Result<()> {
    let world = World::start_with(|config| config.limits.api_call_policy = ApiCallPolicy::Of2016).await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    for (seats, allocation) in [(1, 15_000), (40, 40_000), (5_000, 1_000_000)] {
        let limit = limit_of(&walk.seats(seats).await?);
        let shown = (limit.allocation, limit.suggested, limit.policy.as_str());
        assert_eq!(shown, (allocation, allocation / 2, "2016"), "{seats}");
    }
    Ok(())
}

#[tokio::test]
async fn r32_salesforces_own_figure_replaces_the_estimate() -> Result<()> {
    let world = World::start().await?;
    world
        .simulators
        .salesforce
        .edit_org("acme", |org| org.daily_api_limit = 90_000)
        .map_err(anyhow::Error::msg)?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let estimated = walk.setup().await?;
    assert_eq!(limit_of(&estimated).allocation, 150_000);
    assert!(notice(&estimated, "ALLOCATION_ESTIMATED").is_some());
    let setup = walk.answer_and_wait(Step::ConnectAccounts).await?;
    let limit = limit_of(&setup);
    assert_eq!((limit.allocation, limit.suggested), (90_000, 45_000));
    assert_eq!(limit.allocation_source(), AllocationSource::Salesforce);
    assert_eq!(limit.limit, 75_000, "the chosen one stays");
    assert!(notice(&setup, "ALLOCATION_ESTIMATED").is_none());
    Ok(())
}

#[tokio::test]
async fn r33_hand_set_limit_survives_a_seat_change() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let limit = limit_of(&walk.limit(Some(20_000)).await?);
    assert_eq!((limit.limit, limit.set_by_hand, limit.needs_confirmation), (20_000, true, false));
    type Edit = fn(&Walk) -> futures::future::BoxFuture<'_, Result<v1::Setup, tonic::Status>>;
    let edits: [(&str, Edit); 3] = [
        ("seats", |walk| Box::pin(walk.seats(100))),
        ("edition", |walk| Box::pin(walk.edition(SalesforceEdition::Unlimited))),
        ("environment", |walk| Box::pin(walk.select_environment(SalesforceEnvironment::Sandbox))),
    ];
    for (what, edit) in edits {
        let before = limit_of(&walk.setup().await?);
        let setup = edit(&walk).await?;
        let limit = limit_of(&setup);
        assert_eq!((limit.limit, limit.set_by_hand), (20_000, true), "{what} replaced it silently");
        assert!(limit.needs_confirmation, "{what}");
        assert_ne!(limit.suggested, before.suggested, "the new suggestion is shown: {what}");
        assert_eq!(state_of(&setup, Step::ApiCallLimit), StepState::Stale, "{what}");
        assert_eq!(setup.next_step(), Step::ApiCallLimit, "{what}");
        assert!(notice(&setup, "API_CALL_LIMIT_NEEDS_CONFIRMATION").is_some(), "{what}");
        let refusal = walk.package().await;
        let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
        assert_eq!(refusal.subjects, ["STEP_API_CALL_LIMIT"], "{what}");
        let limit = limit_of(&walk.limit(Some(20_000)).await?);
        assert_eq!((limit.limit, limit.needs_confirmation), (20_000, false), "confirmed after {what}");
    }
    let limit = limit_of(&walk.limit(None).await?);
    assert_eq!((limit.limit, limit.set_by_hand), (limit.suggested, false), "the suggestion was accepted");
    Ok(())
}

#[tokio::test]
async fn r33_an_accepted_suggestion_is_not_replaced_silently_either() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Package).await?;
    let setup = walk.seats(10).await?;
    let limit = limit_of(&setup);
    assert_eq!((limit.limit, limit.suggested, limit.needs_confirmation), (75_000, 55_000, true));
    let text = notice(&setup, "API_CALL_LIMIT_NEEDS_CONFIRMATION").unwrap_or_default();
    assert!(text.contains("75,000") && text.contains("55,000") && !text.contains("by hand"), "{text}");
    assert_eq!(limit_of(&walk.limit(None).await?).limit, 55_000);
    Ok(())
}

#[tokio::test]
async fn r11_r12_r35_what_the_limit_means() -> Result<()> {
    let world = World::start_with(|config| {
        config.limits.calls_per_contact_sync = NonZeroU32::new(5).unwrap_or(NonZeroU32::MIN);
    })
    .await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let setup = walk.limit(Some(20_000)).await?;
    let limit = limit_of(&setup);
    assert_eq!((limit.calls_per_contact_sync, limit.contact_syncs_per_day), (5, 4_000));
    let text = notice(&setup, "API_CALL_LIMIT_MEANING").unwrap_or_default();
    assert!(text.contains("20,000") && text.contains("4,000") && text.contains("24 hours"), "{text}");

    let usual = World::start().await?;
    let walk = Walk::before(&usual, Step::ApiCallLimit).await?;
    let limit = limit_of(&walk.limit(Some(20_000)).await?);
    assert_eq!((limit.calls_per_contact_sync, limit.contact_syncs_per_day), (4, 5_000));
    Ok(())
}

#[tokio::test]
async fn r12_what_was_really_used_is_what_counts() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let org_id = walk.sync_status().await?.org_id;
    let request = v1::GetApiBudgetRequest { org_id };
    let used = async || -> Result<i64> {
        let answer = inner(walk.clients.orgs.clone().get_api_budget(request.clone()).await)?;
        Ok(answer.budget.unwrap_or_default().used_by_connector)
    };
    let simulated = || world.simulators.salesforce.used_calls("acme").map_err(anyhow::Error::msg);
    let (ours, theirs) = (used().await?, simulated()?);
    let contact = walk.test().await?;
    let really = i64::try_from(simulated()? - theirs)?;
    assert!(really > 0);
    assert_eq!(i64::from(contact.api_calls_used), really, "the test contact's own figure");
    assert_eq!(used().await? - ours, really, "the ledger's figure");
    Ok(())
}

#[tokio::test]
async fn r34_the_limit_is_per_rolling_24_hours() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::Package).await?;
    let request = v1::DescribeSetupRequest { setup_id: walk.setup_id.clone() };
    let steps = inner(walk.clients.setups.clone().describe_setup(request).await)?.steps;
    let help = steps.iter().find(|one| one.step() == Step::ApiCallLimit).map(|one| one.help.clone());
    let help = help.unwrap_or_default();
    assert!(help.contains("any 24 hours") && help.contains("rolling window"), "{help}");
    // The numbers that apply are part of the text.
    assert!(help.contains("150,000") && help.contains("75,000") && help.contains("18,750"), "{help}");
    Ok(())
}

#[tokio::test]
async fn r35_a_limit_over_the_allocation_is_refused_with_the_numbers() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ApiCallLimit).await?;
    let refusal = walk.limit(Some(150_001)).await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::ApiCallLimitOverAllocation)?;
    let figure = |name: &str| refusal.metadata.get(name).cloned().unwrap_or_default();
    assert_eq!(figure("limit"), "150001");
    assert_eq!(figure("allocation"), "150000");
    assert_eq!(figure("held_by_others"), "0");
    assert_eq!(refusal.subjects, ["STEP_API_CALL_LIMIT"]);
    assert!(refusal.localized.1.contains("150,000"), "{}", refusal.localized.1);
    assert_eq!(state_of(&walk.setup().await?, Step::ApiCallLimit), StepState::Open);
    for limit in [0, -1, 10_000_001, i64::MAX, i64::MIN] {
        refused_for(walk.limit(Some(limit)).await, Code::InvalidArgument, ErrorReason::InvalidField)?;
    }
    assert_eq!(limit_of(&walk.limit(Some(150_000)).await?).limit, 150_000);
    Ok(())
}
