//! Portals of an org that the caller may not see are counted and never named; what it may not see it can't register.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ErrorReason, Step, watch_setup_response::Event},
    simulator::hubspot::seed,
};
use tonic::Code;

use super::scene::{self, Scene, Who, line};
use crate::harness::{
    refusal::{inner, refused, refused_for},
    walk::request_id,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_portals_of_an_org_are_counted_and_not_named() -> Result<()> {
    let scene = Scene::start().await?;
    let (a, b) = (scene.a.portal_id, scene.b.portal_id);
    let org_id = scene.a.sync_status().await?.org_id;
    let line = scene.line(&Who::of(&[a])).await?;
    let mut orgs = v1::org_service_client::OrgServiceClient::new(line);
    let listed = inner(orgs.list_org_portals(v1::ListOrgPortalsRequest { org_id: org_id.clone() }).await)?;
    let named: Vec<i64> = listed.portals.iter().map(|portal| portal.portal_id).collect();
    ensure!((named, listed.other_portals) == (vec![a], 1), "{:?}", listed.portals);
    let budget = inner(orgs.get_api_budget(v1::GetApiBudgetRequest { org_id: org_id.clone() }).await)?;
    let budget = budget.budget.context("no budget")?;
    ensure!(budget.portals.len() == 1 && budget.other_portals == 1 && budget.held_by_portals == 20_000);
    let shown = inner(orgs.list_orgs(v1::ListOrgsRequest::default()).await)?;
    ensure!(shown.orgs.len() == 1 && shown.orgs.iter().all(|org| org.portals_connected == 2));

    // A share of B is as one of a portal that does not exist.
    let mut allocate = async |portal_id| {
        let shares = vec![v1::ApiCallShare { portal_id, api_call_limit: 500 }];
        let (request_id, org_id) = (request_id(), org_id.clone());
        let request = v1::AllocateApiCallsRequest { request_id, org_id, shares, ..Default::default() };
        orgs.allocate_api_calls(request).await
    };
    let mut seen = Vec::new();
    for portal_id in [b, 77] {
        let refusal =
            refused_for(allocate(portal_id).await, Code::FailedPrecondition, ErrorReason::NotConnected)?;
        seen.push(format!("{refusal:?}").replace(&portal_id.to_string(), "ID"));
    }
    ensure!(seen.first() == seen.last(), "{seen:#?}");
    let after = inner(allocate(a).await)?.budget.context("no budget")?;
    ensure!(after.portals.len() == 1 && after.portals.iter().all(|portal| portal.api_call_limit == 500));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_a_full_org_names_only_granted_portals() -> Result<()> {
    let scene = Scene::full_acme(|_| ()).await?;
    let c = &scene.c;
    c.answer_until(Step::ConnectAccounts).await?;
    let attempt = c.connect().await?;
    ensure!(attempt.reason() == ErrorReason::OrgPortalLimitReached, "{attempt:?}");
    let (a, b) = (scene.a.portal_id.to_string(), scene.b.portal_id.to_string());
    ensure!(attempt.message.contains(&a) && attempt.message.contains(&b), "{}", attempt.message);
    for (who, shown) in [(vec![c.portal_id], 0), (vec![c.portal_id, scene.a.portal_id], 1)] {
        let line = scene.line(&Who::of(&who)).await?;
        let mut setups = v1::setup_service_client::SetupServiceClient::new(line);
        let request = v1::GetSetupRequest { setup_id: c.setup_id.clone() };
        let setup = inner(setups.get_setup(request).await)?.setup.context("no setup")?;
        let text = format!("{setup:?}");
        ensure!(text.contains(&a) == (shown == 1) && !text.contains(&b), "{text}");
        let attempt = setup.answers.and_then(|answers| answers.connect_attempt).context("no attempt")?;
        ensure!(attempt.message.contains(&format!("not see: {}", 2 - shown)), "{}", attempt.message);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r40_who_shares_a_salesforce_user_is_named_to_whom_it_may_concern() -> Result<()> {
    let scene = Scene::start().await?;
    let (a, b) = (scene.a.portal_id, scene.b.portal_id);
    for (who, named) in [(Who::of(&[b]), false), (Who::of(&[a, b]), true), (Who::anybody(), true)] {
        let mut setups = v1::setup_service_client::SetupServiceClient::new(scene.line(&who).await?);
        let request = v1::GetSetupRequest { setup_id: scene.b.setup_id.clone() };
        let setup = inner(setups.get_setup(request).await)?.setup.context("no setup")?;
        let warned = setup.notices.iter().find(|notice| notice.code == "SECURITY_TOKEN_RESET_BREAKS_OTHERS");
        let text = &warned.context("no warning")?.text;
        ensure!(text.contains(&a.to_string()) == named, "{text}");
        ensure!(text.contains("may not see") != named, "{text}");
        let request = v1::DescribeSetupRequest { setup_id: scene.b.setup_id.clone() };
        let described = inner(setups.describe_setup(request).await)?;
        let text = format!("{described:?}");
        ensure!(text.contains(&a.to_string()) == named, "{text}");
    }
    Ok(())
}

/// What many watch is encoded once, but not for those whose texts name fewer portals, or are in another language.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r40_each_who_watches_reads_what_concerns_it() -> Result<()> {
    let scene = Scene::start().await?;
    let (a, b) = (scene.a.portal_id, scene.b.portal_id);
    let readers = [
        (Who::anybody(), "en", true),
        (Who::of(&[b]), "en", false),
        (Who::anybody(), "ja", true),
        (Who::of(&[a, b]), "en", true),
        (Who::of(&[b]), "ja", false),
        (Who::anybody(), "en", true),
    ];
    let mut streams = Vec::new();
    for (who, language, named) in readers {
        let mut setups = v1::setup_service_client::SetupServiceClient::new(scene.line(&who).await?);
        let asked = v1::WatchSetupRequest { setup_id: scene.b.setup_id.clone(), resume_token: String::new() };
        let mut request = tonic::Request::new(asked);
        request.metadata_mut().insert("accept-language", language.parse()?);
        let mut stream = inner(setups.watch_setup(request).await)?;
        let first = stream.message().await?.context("the stream ended")?;
        ensure!(matches!(first.event, Some(Event::Snapshot(_))), "{first:?}");
        streams.push((stream, language, named, first.resume_token));
    }
    scene.b.answer(Step::SeatCount).await?;
    let mut seen: Vec<(&str, bool, v1::WatchSetupResponse)> = Vec::new();
    for (mut stream, language, named, first_token) in streams {
        let message = stream.message().await?.context("the stream ended")?;
        ensure!(message.resume_token != first_token && !message.resume_token.is_empty());
        let Some(Event::Transition(setup)) = &message.event else { anyhow::bail!("{message:?}") };
        let warned = setup.notices.iter().find(|notice| notice.code == "SECURITY_TOKEN_RESET_BREAKS_OTHERS");
        let text = &warned.context("no warning")?.text;
        ensure!(text.contains(&a.to_string()) == named, "{text}");
        ensure!(text.is_ascii() == (language == "en"), "{text}");
        if let Some((.., other)) = seen.iter().find(|(l, n, _)| (*l, *n) == (language, named)) {
            ensure!(*other == message, "{other:?} and {message:?}");
        }
        seen.push((language, named, message));
    }
    Ok(())
}

fn registration(token: &str) -> v1::RegisterPortalRequest {
    let method =
        v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken { token: token.to_owned() });
    v1::RegisterPortalRequest {
        request_id: request_id(),
        credential: Some(v1::HubSpotCredential { method: Some(method) }),
        display_name: "X".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_is_not_granted_is_not_registered() -> Result<()> {
    let (world, tokens) = scene::world(|_| ()).await?;
    let all = crate::harness::walk::Clients::over(world.line().await?);
    let only = |portal_id: i64| tokens.of(&Who::of(&[portal_id]));
    let portals = async |token: String| -> Result<_> {
        Ok(v1::portal_service_client::PortalServiceClient::new(line(&world, &token).await?))
    };
    let c = i64::try_from(seed::PORTAL_C)?;
    let mut limited = portals(only(c + 1)?).await?;
    let unknown = refused(limited.register_portal(registration(seed::TOKEN_C)).await)?;
    ensure!((unknown.code, unknown.reason.as_str()) == (Code::PermissionDenied, "PERMISSION_DENIED"));
    let get = v1::GetPortalRequest { portal_id: c };
    refused_for(all.portals.clone().get_portal(get).await, Code::NotFound, ErrorReason::PortalNotFound)?;
    ensure!(all.register(seed::TOKEN_C).await? == c);
    let known = refused(limited.register_portal(registration(seed::TOKEN_C)).await)?;
    ensure!(format!("{unknown:?}") == format!("{known:?}"), "{unknown:?} {known:?}");
    let name = inner(all.portals.clone().get_portal(get).await)?.portal.context("no portal")?.display_name;
    ensure!(name.is_empty(), "the name was changed: {name}");
    inner(portals(only(c)?).await?.register_portal(registration(seed::TOKEN_C)).await)?;
    Ok(())
}
