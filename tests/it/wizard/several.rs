//! Several portals of one org: each its own setup, answers and secrets (R13, R35).

use anyhow::Result;
use connector::{
    api::v1::{self, ErrorReason, Step},
    simulator::hubspot::seed,
};
use tonic::Code;

use super::{answers, limit_of, notice};
use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

#[tokio::test]
async fn r13_nothing_is_copied_from_one_portal_to_another() -> Result<()> {
    let world = World::start().await?;
    let first = Walk::start(&world).await?;
    first.answer_until(Step::Unspecified).await?;
    let before = (first.setup().await?, first.sync_status().await?);
    let second = Walk::start_with(&world, seed::TOKEN_B).await?;
    let fresh = second.setup().await?;
    assert_ne!(fresh.setup_id, first.setup_id);
    assert_eq!((fresh.next_step(), answers(&fresh)), (Step::Prerequisites, v1::SetupAnswers::default()));
    assert_eq!(second.sync_status().await?.settings, Some(v1::SyncSettings::default()));
    second.answer_until(Step::SecurityToken).await?;
    // Neither the token nor the login of the first portal is used for the second.
    second.token_not_used().await?;
    second.answer(Step::VisualforceModule).await?;
    let refusal = second.start_to_connect().await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SecurityTokenMissing)?;
    let refusal = second.start_to_connect_with(None).await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::CredentialMissing)?;
    second.answer(Step::SecurityToken).await?;
    let rest = [
        Step::ConnectAccounts,
        Step::ObjectSync,
        Step::ActivitySync,
        Step::InclusionList,
        Step::Review,
        Step::Done,
    ];
    for step in rest {
        second.answer_and_wait(step).await?;
    }
    let settings = |walk: &Walk| {
        let walk = walk.clone();
        async move { Ok::<_, anyhow::Error>(walk.sync_status().await?.settings.unwrap_or_default()) }
    };
    second.activities(false, true, v1::Choice::No).await?;
    assert_ne!(settings(&second).await?, settings(&first).await?);
    let after = (first.setup().await?, first.sync_status().await?);
    assert_eq!(after.0.answers.map(without_share), before.0.answers.map(without_share));
    assert_eq!(after.1.settings, before.1.settings);
    let org = v1::ListOrgPortalsRequest { org_id: before.1.org_id };
    let portals = inner(first.clients.orgs.clone().list_org_portals(org).await)?.portals;
    let ids: Vec<i64> = portals.iter().map(|portal| portal.portal_id).collect();
    assert_eq!(ids, [first.portal_id, second.portal_id]);
    Ok(())
}

/// What other portals hold is a fact of the org, not an answer.
fn without_share(mut answers: v1::SetupAnswers) -> v1::SetupAnswers {
    if let Some(limit) = &mut answers.api_call_limit {
        (limit.held_by_other_portals, limit.suggested) = (0, 0);
    }
    answers
}

#[tokio::test]
async fn r32_r35_what_other_portals_hold_counts() -> Result<()> {
    let world = World::start().await?;
    let first = Walk::before(&world, Step::ApiCallLimit).await?;
    first.limit(Some(100_000)).await?;
    for step in [Step::Package, Step::SecurityToken, Step::VisualforceModule, Step::ConnectAccounts] {
        first.answer_and_wait(step).await?;
    }
    let second = Walk::start_with(&world, seed::TOKEN_B).await?;
    second.answer_until(Step::ApiCallLimit).await?;
    // Before it is connected nobody knows which org it is: connecting finds that it is too much.
    second.limit(Some(50_001)).await?;
    for step in [Step::Package, Step::SecurityToken, Step::VisualforceModule] {
        second.answer(step).await?;
    }
    let attempt = second.connect().await?;
    assert_eq!(attempt.reason(), ErrorReason::OrgApiCallLimitExceeded, "{}", attempt.message);
    second.limit(Some(40_000)).await?;
    let setup = second.answer_and_wait(Step::ConnectAccounts).await?;
    let limit = limit_of(&setup);
    assert_eq!((limit.allocation, limit.held_by_other_portals), (150_000, 100_000));
    assert_eq!(limit.suggested, 25_000, "half of what is left");
    let refusal = second.limit(Some(50_001)).await;
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::ApiCallLimitOverAllocation)?;
    let figure = |name: &str| refusal.metadata.get(name).cloned().unwrap_or_default();
    assert_eq!(figure("limit"), "50001");
    assert_eq!(figure("allocation"), "150000");
    assert_eq!(figure("held_by_others"), "100000");
    assert_eq!(figure("available"), "50000");
    assert_eq!(limit_of(&second.limit(Some(50_000)).await?).limit, 50_000);
    assert_eq!(limit_of(&first.setup().await?).held_by_other_portals, 50_000);
    assert!(notice(&first.setup().await?, "LIMIT_OVER_ALLOCATION").is_none());
    Ok(())
}

#[tokio::test]
async fn r35_two_portals_cannot_take_the_same_calls_at_once() -> Result<()> {
    let world = World::start().await?;
    let first = Walk::before(&world, Step::ObjectSync).await?;
    first.limit(Some(10_000)).await?;
    let second = Walk::start_with(&world, seed::TOKEN_B).await?;
    second.answer_until(Step::ApiCallLimit).await?;
    second.limit(Some(10_000)).await?;
    for step in [Step::Package, Step::SecurityToken, Step::VisualforceModule, Step::ConnectAccounts] {
        second.answer_and_wait(step).await?;
    }
    for _ in 0..10 {
        let (a, b) = tokio::join!(first.limit(Some(80_000)), second.limit(Some(80_000)));
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "exactly one gets them");
        first.limit(Some(10_000)).await?;
        second.limit(Some(10_000)).await?;
    }
    let request = v1::GetApiBudgetRequest { org_id: first.sync_status().await?.org_id };
    let budget = inner(first.clients.orgs.clone().get_api_budget(request).await)?.budget.unwrap_or_default();
    assert_eq!((budget.held_by_portals, budget.unassigned), (20_000, 130_000));
    let too_much = v1::AllocateApiCallsRequest {
        request_id: request_id(),
        org_id: budget.org_id,
        shares: vec![v1::ApiCallShare { portal_id: first.portal_id, api_call_limit: 140_001 }],
        ..Default::default()
    };
    let refusal = inner(first.clients.orgs.clone().allocate_api_calls(too_much).await);
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::OrgApiCallLimitExceeded)?;
    Ok(())
}
