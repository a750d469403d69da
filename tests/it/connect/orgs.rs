//! What an org's portals share: places and daily API calls.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        AllocateApiCallsRequest, ApiBudget, ApiCallShare, ErrorReason, GetApiBudgetRequest, GetOrgRequest,
        ListOrgPortalsRequest, ListOrgsRequest, SalesforceEdition, SalesforceEnvironment,
        api_call_limit::AllocationSource,
    },
    simulator::hubspot::seed::{TOKEN_A, TOKEN_B, TOKEN_C},
};
use tonic::{Code, Status};

use super::{
    places::{GLOBEX, globex},
    scene::{ACME, ACME_ORG, Claimed, Portal, Scene, detail, password, refusal},
};

fn with_limit(limit: i64) -> Claimed {
    Claimed { limit: Some(limit), ..Claimed::default() }
}

/// Portals A and B at the seeded org, holding 40,000 and 20,000 calls.
async fn shared_org() -> Result<(Scene, Portal, Portal, String)> {
    let scene = Scene::open().await?;
    let a = scene.portal(TOKEN_A, &with_limit(40_000)).await?;
    let b = scene.portal(TOKEN_B, &with_limit(20_000)).await?;
    let org_id = scene.connect(&a, ACME).await?.org_id;
    scene.connect(&b, ACME).await?;
    Ok((scene, a, b, org_id))
}

async fn budget(scene: &Scene, org_id: &str) -> Result<ApiBudget> {
    let request = GetApiBudgetRequest { org_id: org_id.to_owned() };
    scene.orgs().get_api_budget(request).await?.into_inner().budget.context("a budget")
}

async fn allocate(scene: &Scene, request: AllocateApiCallsRequest) -> Result<ApiBudget, Status> {
    let answer = scene.orgs().allocate_api_calls(request).await?.into_inner();
    answer.budget.ok_or_else(|| Status::internal("no budget in the answer"))
}

fn shares(org_id: &str, shares: &[(i64, i64)]) -> AllocateApiCallsRequest {
    let share = |(portal_id, api_call_limit): &(i64, i64)| ApiCallShare {
        portal_id: *portal_id,
        api_call_limit: *api_call_limit,
    };
    AllocateApiCallsRequest {
        org_id: org_id.to_owned(),
        shares: shares.iter().map(share).collect(),
        ..Default::default()
    }
}

#[tokio::test]
async fn r80_an_org_is_read_by_either_form_of_its_id() -> Result<()> {
    let (scene, _, _, org_id) = shared_org().await?;
    for id in [ACME_ORG, org_id.as_str()] {
        let request = GetOrgRequest { org_id: id.to_owned() };
        let org = scene.orgs().get_org(request).await?.into_inner().org.context("an org")?;
        ensure!(org.org_id == org_id && org.name == "Acme" && org.seats == 50, "{org:?}");
        ensure!(org.edition() == SalesforceEdition::Enterprise, "{org:?}");
        ensure!(org.environment() == SalesforceEnvironment::Production, "{org:?}");
        ensure!(org.portal_limit == 2 && org.portals_connected == 2, "{org:?}");
        ensure!(!org.instance_url.is_empty() && org.create_time.is_some(), "{org:?}");
    }
    let request = GetOrgRequest { org_id: "00D5g000007UAT1".to_owned() };
    refusal(scene.orgs().get_org(request).await, Code::NotFound, "ORG_NOT_FOUND")?;
    Ok(())
}

#[tokio::test]
async fn r80_orgs_are_listed_page_by_page() -> Result<()> {
    let scene = Scene::open().await?;
    let globex_id = scene.add_org(globex())?;
    let acme_id = scene.connect(&scene.portal_a().await?, ACME).await?.org_id;
    scene.connect(&scene.portal_b().await?, GLOBEX).await?;
    let mut expected = vec![acme_id, globex_id];
    expected.sort_unstable();
    let mut seen = Vec::new();
    let mut page_token = String::new();
    for _ in 0..3 {
        let request = ListOrgsRequest { page_size: 1, page_token };
        let page = scene.orgs().list_orgs(request).await?.into_inner();
        ensure!(page.orgs.len() <= 1, "{page:?}");
        seen.extend(page.orgs.into_iter().map(|org| org.org_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    ensure!(page_token.is_empty() && seen == expected, "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn r11_the_budget_tells_what_is_granted_used_held_and_free() -> Result<()> {
    let scene = Scene::open().await?;
    scene.salesforce().set_used_calls(ACME, 1_000).map_err(anyhow::Error::msg)?;
    let a = scene.portal(TOKEN_A, &with_limit(40_000)).await?;
    let b = scene.portal(TOKEN_B, &with_limit(20_000)).await?;
    let first = scene.connect(&a, ACME).await?;
    let second = scene.connect(&b, ACME).await?;
    let org_id = first.org_id;
    let budget = budget(&scene, &org_id).await?;
    ensure!(budget.allocation == 150_000, "{budget:?}");
    ensure!(budget.allocation_source() == AllocationSource::Salesforce, "{budget:?}");
    let used = i64::try_from(scene.salesforce().used_calls(ACME).map_err(anyhow::Error::msg)?)?;
    ensure!(budget.used_in_org > 1_000 && budget.used_in_org <= used, "{budget:?} {used}");
    ensure!(budget.observe_time.is_some(), "{budget:?}");
    let connector = i64::from(first.api_calls_used + second.api_calls_used);
    ensure!(budget.used_by_connector == connector && used == 1_000 + connector, "{budget:?} {used}");
    ensure!(budget.held_by_portals == 60_000 && budget.unassigned == 90_000, "{budget:?}");
    ensure!(budget.reserved == 0, "{budget:?}");
    let [one, two] = budget.portals.as_slice() else { anyhow::bail!("{budget:?}") };
    ensure!((one.portal_id, one.place, one.api_call_limit) == (a.id, 1, 40_000), "{one:?}");
    ensure!((two.portal_id, two.place, two.api_call_limit) == (b.id, 2, 20_000), "{two:?}");
    ensure!(one.api_calls_used == i64::from(first.api_calls_used), "{one:?}");
    let request = ListOrgPortalsRequest { org_id: ACME_ORG.to_owned() };
    let listed = scene.orgs().list_org_portals(request).await?.into_inner();
    ensure!(listed.portals == budget.portals && listed.portal_limit == 2, "{listed:?}");
    Ok(())
}

#[tokio::test]
async fn r32_after_connect_salesforces_figure_replaces_the_estimate_and_says_so() -> Result<()> {
    let scene = Scene::open().await?;
    scene.edit_org(ACME, |org| org.daily_api_limit = 187_654)?;
    let portal = scene.portal(TOKEN_A, &with_limit(40_000)).await?;
    let limit = || async {
        let answers = scene.setup(&portal).await?.answers.context("answers")?;
        answers.api_call_limit.context("a limit")
    };
    let before = limit().await?;
    ensure!(before.allocation == 150_000, "{before:?}");
    ensure!(before.allocation_source() == AllocationSource::Policy, "{before:?}");
    scene.connect(&portal, ACME).await?;
    let after = limit().await?;
    ensure!(after.allocation == 187_654 && after.limit == 40_000, "{after:?}");
    ensure!(after.allocation_source() == AllocationSource::Salesforce, "{after:?}");
    Ok(())
}

#[tokio::test]
async fn r35_shares_are_set_together_and_what_is_not_named_stays() -> Result<()> {
    let (scene, a, b, org_id) = shared_org().await?;
    let before = budget(&scene, &org_id).await?;
    let asked = shares(&org_id, &[(a.id, 100_000), (b.id, 50_000)]);
    let tried = allocate(&scene, AllocateApiCallsRequest { validate_only: true, ..asked.clone() }).await?;
    ensure!(tried.held_by_portals == 150_000 && tried.unassigned == 0, "{tried:?}");
    ensure!(budget(&scene, &org_id).await? == before, "validate_only changed something");
    let after =
        allocate(&scene, AllocateApiCallsRequest { etag: before.etag.clone(), ..asked.clone() }).await?;
    ensure!(after.held_by_portals == 150_000 && after.etag != before.etag, "{after:?}");
    ensure!(budget(&scene, &org_id).await? == after);
    ensure!(scene.connection(&a).await?.api_call_limit == 100_000);
    ensure!(scene.connection(&b).await?.api_call_limit == 50_000);
    let answers = scene.setup(&b).await?.answers.context("answers")?;
    let limit = answers.api_call_limit.context("a limit")?;
    ensure!(
        limit.limit == 50_000 && limit.set_by_hand && limit.held_by_other_portals == 100_000,
        "{limit:?}"
    );
    // The etag from before is of no use any more.
    let answer = allocate(&scene, AllocateApiCallsRequest { etag: before.etag, ..asked }).await;
    refusal(answer, Code::Aborted, "ETAG_MISMATCH")?;
    let lowered = allocate(&scene, shares(ACME_ORG, &[(b.id, 1)])).await?;
    ensure!(lowered.held_by_portals == 100_001, "{lowered:?}");
    Ok(())
}

#[tokio::test]
async fn r35_the_sum_of_the_shares_stays_within_what_the_org_is_granted() -> Result<()> {
    let (scene, a, b, org_id) = shared_org().await?;
    let before = budget(&scene, &org_id).await?;
    for (asked, held) in [
        (vec![(a.id, 130_001)], "20000"),
        (vec![(a.id, 100_000), (b.id, 50_001)], "0"),
        (vec![(b.id, 10_000_000)], "40000"),
    ] {
        let answer = allocate(&scene, shares(&org_id, &asked)).await;
        let status = refusal(answer, Code::FailedPrecondition, "ORG_API_CALL_LIMIT_EXCEEDED")?;
        let sum: i64 = asked.iter().map(|(_, limit)| limit).sum();
        ensure!(detail(&status, "limit") == sum.to_string(), "{status:?}");
        ensure!(detail(&status, "allocation") == "150000", "{status:?}");
        ensure!(detail(&status, "held_by_others") == held, "{status:?}");
    }
    let code = Code::FailedPrecondition;
    let stranger = scene.portal(TOKEN_C, &with_limit(1)).await?;
    for portal_id in [stranger.id, 4_711] {
        let answer = allocate(&scene, shares(&org_id, &[(a.id, 1), (portal_id, 1)])).await;
        refusal(answer, code, "NOT_CONNECTED")?;
    }
    let answer = allocate(&scene, shares("00D5g000007UAT1", &[(a.id, 1)])).await;
    refusal(answer, Code::NotFound, "ORG_NOT_FOUND")?;
    ensure!(budget(&scene, &org_id).await? == before, "a refused call changed the shares");
    Ok(())
}

#[tokio::test]
async fn r35_a_connect_whose_limit_is_not_free_any_more_is_refused_with_the_numbers() -> Result<()> {
    let scene = Scene::open().await?;
    let a = scene.portal(TOKEN_A, &with_limit(90_000)).await?;
    let b = scene.portal(TOKEN_B, &with_limit(80_000)).await?;
    scene.connect(&a, ACME).await?;
    let reason = ErrorReason::OrgApiCallLimitExceeded;
    let refused = scene.refused(&b, Some(password(ACME)), reason).await?;
    ensure!(refused.message.contains("80,000") && refused.message.contains("150,000"), "{}", refused.message);
    let words = format!("{} {}", refused.message, refused.fix);
    ensure!(words.contains("60,000") || words.contains("90,000"), "what is free or held: {words}");
    ensure!(scene.connection(&b).await.is_err());
    scene.set_limit(&b, Some(60_000)).await?;
    let attempt = scene.try_connect(&b, None).await?;
    ensure!(attempt.reason() == ErrorReason::Unspecified, "{attempt:#?}");
    let budget = budget(&scene, &attempt.org_id).await?;
    ensure!(budget.unassigned == 0, "{budget:?}");
    Ok(())
}
