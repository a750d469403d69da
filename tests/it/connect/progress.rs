//! An attempt is watched, joined and repeated, and costs few calls (R47, R48).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        AbandonSetupRequest, ConnectAccountsRequest, ConnectState, DisconnectRequest, ErrorReason,
        RotateCredentialRequest, WatchConnectionsRequest, WatchSetupRequest, watch_connections_response,
        watch_setup_response,
    },
    simulator::fault::{Action, FaultHandle, FaultPlan, Point},
};
use futures::future::join_all;
use tokio::time::timeout;
use tonic::Code;

use super::scene::{ACME, Portal, Scene, password, refusal, request_id};
use crate::harness::PATIENCE;

/// Keeps the next login in the air until the plan is removed.
fn hold_login(scene: &Scene) -> FaultHandle {
    let action = Action::Hold { point: Point::Before };
    scene.salesforce().frame().faults.add(FaultPlan::on("POST", "/services/Soap/", action))
}

/// The states of the newest attempt as `WatchSetup` tells them, until a final one.
async fn watched_states(
    mut stream: tonic::Streaming<connector::api::v1::WatchSetupResponse>,
) -> Result<Vec<ConnectState>> {
    let mut states: Vec<ConnectState> = Vec::new();
    while let Some(message) = timeout(PATIENCE, stream.message()).await?? {
        let Some(watch_setup_response::Event::Transition(setup)) = message.event else { continue };
        let Some(attempt) = setup.answers.and_then(|answers| answers.connect_attempt) else { continue };
        if states.last() != Some(&attempt.state()) {
            states.push(attempt.state());
        }
        if matches!(attempt.state(), ConnectState::Connected | ConnectState::Failed) {
            return Ok(states);
        }
    }
    anyhow::bail!("the stream ended before the attempt: {states:?}")
}

async fn watch_setup(
    scene: &Scene,
    portal: &Portal,
) -> Result<tonic::Streaming<connector::api::v1::WatchSetupResponse>> {
    let request = WatchSetupRequest { setup_id: portal.setup_id.clone(), resume_token: String::new() };
    Ok(scene.setups().watch_setup(request).await?.into_inner())
}

#[tokio::test]
async fn r48_the_setup_is_watched_from_queued_to_connected() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let stream = watch_setup(&scene, &portal).await?;
    scene.ask(&portal, Some(password(ACME))).await?;
    let states = watched_states(stream).await?;
    use ConnectState::{Connected, LoggingIn, Probing, Queued, Starting};
    ensure!(states == [Queued, LoggingIn, Probing, Starting, Connected], "{states:?}");
    Ok(())
}

#[tokio::test]
async fn r48_a_failure_is_watched_as_well() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.edit_org(ACME, |org| org.package = None)?;
    let stream = watch_setup(&scene, &portal).await?;
    scene.ask(&portal, Some(password(ACME))).await?;
    let states = watched_states(stream).await?;
    use ConnectState::{Failed, LoggingIn, Probing, Queued};
    ensure!(states == [Queued, LoggingIn, Probing, Failed], "{states:?}");
    Ok(())
}

#[tokio::test]
async fn r48_connections_are_watched_with_their_attempts() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let request = WatchConnectionsRequest { portal_id: portal.id, resume_token: String::new() };
    let mut stream = scene.connections().watch_connections(request).await?.into_inner();
    scene.ask(&portal, Some(password(ACME))).await?;
    let mut states = Vec::new();
    let connection = loop {
        let message = timeout(PATIENCE, stream.message()).await??.context("the stream ended")?;
        let Some(watch_connections_response::Event::Transition(change)) = message.event else { continue };
        ensure!(change.portal_id == portal.id, "another portal's change");
        if let Some(attempt) = &change.attempt
            && states.last() != Some(&attempt.state())
        {
            states.push(attempt.state());
        }
        if let Some(connection) = change.connection {
            break connection;
        }
    };
    ensure!(
        states.last() == Some(&ConnectState::Connected),
        "the connection comes with its attempt: {states:?}"
    );
    let read = scene.connection(&portal).await?;
    ensure!(connection == read, "the stream tells another connection than GetConnection");
    Ok(())
}

#[tokio::test]
async fn r48_a_second_connect_joins_the_one_that_runs() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let held = hold_login(&scene);
    let first = scene.ask(&portal, Some(password(ACME))).await?;
    ensure!(!first.joined);
    let id = first.attempt.context("an attempt")?.attempt_id;
    timeout(PATIENCE, held.wait_for_hits(1)).await?;
    let asks = (0..8).map(|_| scene.ask(&portal, Some(password(ACME))));
    for answer in join_all(asks).await {
        let answer = answer?;
        ensure!(answer.joined && answer.attempt.context("an attempt")?.attempt_id == id);
    }
    held.remove();
    let attempt = scene.ended(&portal, &id).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    ensure!(scene.logins(ACME) == 1, "{} logins for one action", scene.logins(ACME));
    Ok(())
}

#[tokio::test]
async fn r48_of_many_connects_at_once_one_runs_and_the_others_join_it() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let held = hold_login(&scene);
    let answers = join_all((0..12).map(|_| scene.ask(&portal, Some(password(ACME))))).await;
    let mut ids = Vec::new();
    let mut began = 0;
    for answer in answers {
        let answer = answer?;
        began += usize::from(!answer.joined);
        ids.push(answer.attempt.context("an attempt")?.attempt_id);
    }
    ids.dedup();
    ensure!(began == 1 && ids.len() == 1, "{began} began, {} attempts", ids.len());
    held.remove();
    scene.ended(&portal, ids.first().context("an id")?).await?;
    ensure!(scene.logins(ACME) == 1);
    Ok(())
}

#[tokio::test]
async fn r48_the_same_request_gets_the_same_answer_and_another_one_is_refused() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let request = ConnectAccountsRequest {
        request_id: request_id(),
        setup_id: portal.setup_id.clone(),
        credential: Some(password(ACME)),
        ..Default::default()
    };
    let first = scene.connections().connect_accounts(request.clone()).await?.into_inner();
    let id = first.attempt.clone().context("an attempt")?.attempt_id;
    scene.ended(&portal, &id).await?;
    let again = scene.connections().connect_accounts(request.clone()).await?.into_inner();
    ensure!(again.attempt.context("an attempt")?.attempt_id == id && scene.logins(ACME) == 1);
    let other = ConnectAccountsRequest { credential: Some(password("other@acme.example")), ..request };
    let answer = scene.connections().connect_accounts(other).await;
    refusal(answer, Code::InvalidArgument, "REQUEST_ID_REUSED")?;
    Ok(())
}

#[tokio::test]
async fn r48_while_an_attempt_runs_what_would_pull_the_rug_is_refused() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let held = hold_login(&scene);
    let asked = scene.ask(&portal, Some(password(ACME))).await?.attempt.context("an attempt")?;
    let code = Code::FailedPrecondition;
    refusal(scene.disconnect(&portal).await, code, "CONNECT_RUNNING")?;
    let credential = Some(password(ACME));
    let request = RotateCredentialRequest { portal_id: portal.id, credential, ..Default::default() };
    refusal(scene.connections().rotate_credential(request).await, code, "CONNECT_RUNNING")?;
    let request = AbandonSetupRequest { setup_id: portal.setup_id.clone(), ..Default::default() };
    refusal(scene.setups().abandon_setup(request).await, code, "CONNECT_RUNNING")?;
    held.remove();
    let attempt = scene.ended(&portal, &asked.attempt_id).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    let request = DisconnectRequest { portal_id: portal.id, ..Default::default() };
    scene.connections().disconnect(request).await?;
    Ok(())
}

#[tokio::test]
async fn r48_an_edit_while_the_attempt_runs_leaves_a_connection_that_is_stale() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let held = hold_login(&scene);
    let asked = scene.ask(&portal, Some(password(ACME))).await?.attempt.context("an attempt")?;
    timeout(PATIENCE, held.wait_for_hits(1)).await?;
    scene.submit_token(&portal, Some("another-token")).await?;
    held.remove();
    scene.ended(&portal, &asked.attempt_id).await?;
    let setup = scene.setup(&portal).await?;
    ensure!(setup.stale == [i32::from(connector::api::v1::Step::ConnectAccounts)], "{:?}", setup.stale);
    let state = scene.connection(&portal).await?.state();
    ensure!(state == connector::api::v1::ConnectionState::Stale, "{state:?}");
    Ok(())
}

#[tokio::test]
async fn r48_a_stale_etag_starts_nothing() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let etag = scene.setup(&portal).await?.etag;
    scene.set_limit(&portal, Some(10_000)).await?;
    let request = |etag: String| ConnectAccountsRequest {
        setup_id: portal.setup_id.clone(),
        etag,
        credential: Some(password(ACME)),
        ..Default::default()
    };
    for wrong in [etag, "not one of ours".to_owned()] {
        let answer = scene.connections().connect_accounts(request(wrong)).await;
        refusal(answer, Code::Aborted, "ETAG_MISMATCH")?;
    }
    ensure!(scene.attempt(&portal).await?.is_none() && scene.logins(ACME) == 0);
    let etag = scene.setup(&portal).await?.etag;
    scene.connections().connect_accounts(request(etag)).await?;
    Ok(())
}

#[tokio::test]
async fn r47_a_connect_with_its_whole_probe_costs_few_api_calls() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let before = scene.salesforce().used_calls(ACME).map_err(anyhow::Error::msg)?;
    let attempt = scene.connect(&portal, ACME).await?;
    let used = scene.salesforce().used_calls(ACME).map_err(anyhow::Error::msg)? - before;
    ensure!(used <= 4, "{used} calls counted by Salesforce");
    ensure!(u64::try_from(attempt.api_calls_used)? == used, "{used} used, {} said", attempt.api_calls_used);
    Ok(())
}

#[tokio::test]
async fn r47_checking_tells_the_same_and_changes_nothing() -> Result<()> {
    use connector::api::v1::{CheckConnectionRequest, FindingResult};
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let request = || CheckConnectionRequest { setup_id: portal.setup_id.clone() };
    let answer = scene.connections().check_connection(request()).await;
    refusal(answer, Code::FailedPrecondition, "CREDENTIAL_MISSING")?;
    scene.edit_org(ACME, |org| org.package = None)?;
    scene.refused(&portal, Some(password(ACME)), ErrorReason::PackageNotInstalled).await?;
    let before = scene.setup(&portal).await?;
    let checked = scene.connections().check_connection(request()).await?.into_inner();
    ensure!(!checked.connectable && checked.org_id.len() == 18 && checked.api_calls_used > 0, "{checked:?}");
    let failed: Vec<_> =
        checked.findings.iter().filter(|one| one.result() == FindingResult::Failed).collect();
    ensure!(failed.first().is_some_and(|one| one.reason() == ErrorReason::PackageNotInstalled), "{failed:?}");
    scene.edit_org(ACME, |org| org.package = Some(Default::default()))?;
    let checked = scene.connections().check_connection(request()).await?.into_inner();
    ensure!(checked.connectable, "{checked:#?}");
    ensure!(scene.setup(&portal).await? == before, "a check changed the setup");
    ensure!(scene.connected_portals().await?.is_empty(), "a check connected the portal");
    // Of a connected portal the session in force is used: no login.
    scene.try_connect(&portal, None).await?;
    let (logins, before) = (scene.logins(ACME), scene.connection(&portal).await?);
    ensure!(scene.connections().check_connection(request()).await?.into_inner().connectable);
    ensure!(scene.logins(ACME) == logins, "a check logged in though there is a session");
    ensure!(scene.connection(&portal).await? == before, "a check changed the connection");
    Ok(())
}
