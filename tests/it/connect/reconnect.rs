//! Disconnecting, and what a reconnect may lead to.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    ConnectState, ConnectionState, DisconnectRequest, ErrorReason, GetSyncStatusRequest,
    ListConnectionsRequest, SetupAnswers, Step, SuspensionReason,
};
use tonic::Code;

use super::{
    places::{GLOBEX, globex},
    scene::{ACME, Scene, password, refusal, request_id},
};

#[tokio::test]
async fn r15_a_disconnect_keeps_the_answers_frees_the_place_and_may_be_repeated() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.setup(&portal).await?.answers.context("answers")?;
    let gone = scene.disconnect(&portal).await?;
    ensure!(gone.state() == ConnectionState::Disconnected && gone.disconnect_time.is_some(), "{gone:?}");
    ensure!(gone.credential.is_none(), "the credential is deleted: {gone:?}");
    ensure!(scene.disconnect(&portal).await? == gone, "again is the same");
    let setup = scene.setup(&portal).await?;
    // Without the org its allocation is an estimate again; the limit stays.
    let settled = |mut answers: SetupAnswers| {
        let limit = answers.api_call_limit.take().map(|limit| (limit.limit, limit.set_by_hand));
        answers.connect_attempt = None;
        (answers, limit)
    };
    let after = setup.answers.clone().context("answers")?;
    ensure!(settled(after) == settled(before), "{:#?}", setup.answers);
    ensure!(setup.next_step() == Step::ConnectAccounts, "{:?}", setup.next_step());
    let request = GetSyncStatusRequest { portal_id: portal.id };
    let status = scene.sync().get_sync_status(request).await?.into_inner().status.context("a status")?;
    ensure!(status.suspension() == SuspensionReason::NotConnected && status.org_id.is_empty(), "{status:?}");
    ensure!(scene.connected_portals().await?.is_empty());
    let request = ListConnectionsRequest { include_disconnected: true, ..Default::default() };
    let listed = scene.connections().list_connections(request).await?.into_inner().connections;
    ensure!(listed == [gone], "{listed:?}");
    // The credential is gone as well: it must be entered again.
    refusal(scene.ask(&portal, None).await, Code::FailedPrecondition, "CREDENTIAL_MISSING")?;
    scene.connect(&portal, ACME).await?;
    Ok(())
}

#[tokio::test]
async fn r15_a_disconnect_answers_its_repetition_and_refuses_a_foreign_etag() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let request = |request_id: String, etag: &str| DisconnectRequest {
        request_id,
        portal_id: portal.id,
        etag: etag.to_owned(),
        ..Default::default()
    };
    let disconnect = |request| {
        let mut client = scene.connections();
        async move { client.disconnect(request).await }
    };
    let answer = disconnect(request(String::new(), "")).await;
    refusal(answer, Code::NotFound, "CONNECTION_NOT_FOUND")?;
    scene.connect(&portal, ACME).await?;
    for wrong in ["W-1", "nonsense"] {
        let answer = disconnect(request(String::new(), wrong)).await;
        refusal(answer, Code::Aborted, "ETAG_MISMATCH")?;
    }
    let etag = scene.connection(&portal).await?.etag;
    let id = request_id();
    let first = disconnect(request(id.clone(), &etag)).await?.into_inner();
    scene.connect(&portal, ACME).await?;
    let again = disconnect(request(id, &etag)).await?.into_inner();
    ensure!(again == first, "the same request gets the first answer");
    ensure!(scene.connection(&portal).await?.state() == ConnectionState::Connected, "and does nothing");
    let foreign = DisconnectRequest { portal_id: 4_711, ..Default::default() };
    refusal(disconnect(foreign).await, Code::NotFound, "PORTAL_NOT_FOUND")?;
    Ok(())
}

#[tokio::test]
async fn r14_going_to_another_org_must_be_meant() -> Result<()> {
    let scene = Scene::open().await?;
    let globex_id = scene.add_org(globex())?;
    let portal = scene.portal_a().await?;
    let first = scene.connect(&portal, ACME).await?;
    scene.disconnect(&portal).await?;
    let refused = scene.refused(&portal, Some(password(GLOBEX)), ErrorReason::OrgChanged).await?;
    ensure!(refused.message.contains(&first.org_id) && refused.message.contains(&globex_id), "{refused:?}");
    ensure!(scene.connected_portals().await?.is_empty());
    let asked = scene.ask_for(&portal, None, &globex_id).await?;
    let attempt = scene.ended(&portal, &asked.attempt.context("an attempt")?.attempt_id).await?;
    ensure!(attempt.state() == ConnectState::Connected && attempt.org_id == globex_id, "{attempt:#?}");
    // The same org as before would have needed no word.
    scene.disconnect(&portal).await?;
    scene.connect(&portal, GLOBEX).await?;
    Ok(())
}
