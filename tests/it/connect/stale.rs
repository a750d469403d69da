//! What an edit does to a connection (R51), and that switching on waits for a new probe (R46, R68).

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    ActivitySync, Choice, ChooseActivitySyncRequest, ChooseInclusionListRequest, ChooseObjectSyncRequest,
    ConnectState, ConnectionState, EnableSyncRequest, GetSyncStatusRequest, NoInclusionList, ObjectSync,
    ReviewSetupRequest, SalesforceEdition, SalesforceEnvironment, Step, SuspensionReason, SyncHealth,
    SyncStatus, choose_inclusion_list_request,
};
use tonic::{Code, Status};

use super::scene::{ACME, Claimed, Portal, Scene, refusal};

/// Answers everything after the connection.
async fn settle(scene: &Scene, portal: &Portal) -> Result<()> {
    let setup_id = portal.setup_id.clone();
    let object_sync = Some(ObjectSync { accounts: Choice::No.into(), opportunities: Choice::No.into() });
    let request = ChooseObjectSyncRequest { setup_id: setup_id.clone(), object_sync, ..Default::default() };
    scene.setups().choose_object_sync(request).await?;
    let activity_sync = Some(ActivitySync { tasks: Choice::No.into(), ..Default::default() });
    let request =
        ChooseActivitySyncRequest { setup_id: setup_id.clone(), activity_sync, ..Default::default() };
    scene.setups().choose_activity_sync(request).await?;
    let choice = Some(choose_inclusion_list_request::Choice::NoList(NoInclusionList::default()));
    let request = ChooseInclusionListRequest { setup_id, choice, ..Default::default() };
    scene.setups().choose_inclusion_list(request).await?;
    Ok(())
}

async fn review(scene: &Scene, portal: &Portal) -> Result<String, Status> {
    let request = ReviewSetupRequest { setup_id: portal.setup_id.clone() };
    Ok(scene.setups().review_setup(request).await?.into_inner().review_etag)
}

async fn switch_on(scene: &Scene, portal: &Portal, review_etag: &str) -> Result<(), Status> {
    let (setup_id, review_etag) = (portal.setup_id.clone(), review_etag.to_owned());
    let request = EnableSyncRequest { setup_id, review_etag, ..Default::default() };
    scene.setups().enable_sync(request).await.map(|_| ())
}

async fn status(scene: &Scene, portal: &Portal) -> Result<SyncStatus> {
    let request = GetSyncStatusRequest { portal_id: portal.id };
    scene.sync().get_sync_status(request).await?.into_inner().status.context("a status")
}

/// What is edited while the portal is connected.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Edition,
    Environment,
    Token,
    NoToken,
}

async fn edit(scene: &Scene, portal: &Portal, what: Edit) -> Result<()> {
    match what {
        Edit::Edition => scene.select_edition(portal, SalesforceEdition::Unlimited).await,
        Edit::Environment => scene.select_environment(portal, SalesforceEnvironment::Sandbox).await,
        Edit::Token => scene.submit_token(portal, Some("a-new-token")).await,
        Edit::NoToken => scene.submit_token(portal, None).await,
    }
}

/// Puts the answer back, and confirms what it has opened again.
async fn edit_back(scene: &Scene, portal: &Portal, what: Edit) -> Result<()> {
    match what {
        Edit::Edition => scene.select_edition(portal, SalesforceEdition::Enterprise).await?,
        Edit::Environment => scene.select_environment(portal, SalesforceEnvironment::Production).await?,
        Edit::Token | Edit::NoToken => {}
    }
    scene.confirm_after_environment(portal, &Claimed::default()).await
}

#[tokio::test]
async fn r51_an_edit_of_what_was_probed_makes_the_connection_stale_until_it_is_probed_again() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    settle(&scene, &portal).await?;
    switch_on(&scene, &portal, &review(&scene, &portal).await?).await?;
    for what in [Edit::Edition, Edit::Environment, Edit::Token, Edit::NoToken] {
        let before = scene.connection(&portal).await?;
        ensure!(before.state() == ConnectionState::Connected, "{what:?}: {before:?}");
        ensure!(status(&scene, &portal).await?.health() == SyncHealth::Healthy, "{what:?}");
        let reviewed = review(&scene, &portal).await?;
        edit(&scene, &portal, what).await?;
        let stale = scene.connection(&portal).await?;
        ensure!(stale.state() == ConnectionState::Stale, "{what:?}: {stale:?}");
        ensure!(stale.place == before.place && stale.connection_id == before.connection_id, "{what:?}");
        let setup = scene.setup(&portal).await?;
        ensure!(setup.stale.contains(&Step::ConnectAccounts.into()), "{what:?}: {:?}", setup.stale);
        let suspended = status(&scene, &portal).await?;
        ensure!(suspended.suspension() == SuspensionReason::ConnectionStale, "{what:?}: {suspended:?}");
        ensure!(suspended.health() == SyncHealth::Suspended && !suspended.suspension_detail.is_empty());
        let answer = switch_on(&scene, &portal, &reviewed).await;
        refusal(answer, Code::FailedPrecondition, "CONNECTION_STALE")?;

        edit_back(&scene, &portal, what).await?;
        let attempt = scene.try_connect(&portal, None).await.with_context(|| format!("{what:?}"))?;
        ensure!(attempt.state() == ConnectState::Connected, "{what:?}: {attempt:#?}");
        let again = scene.connection(&portal).await?;
        ensure!(again.state() == ConnectionState::Connected, "{what:?}: {again:?}");
        ensure!(again.connection_id == before.connection_id, "{what:?}: probed again, not connected anew");
        ensure!(scene.setup(&portal).await?.stale.is_empty(), "{what:?}");
        switch_on(&scene, &portal, &review(&scene, &portal).await?).await?;
    }
    Ok(())
}

#[tokio::test]
async fn r51_what_the_probe_does_not_judge_leaves_the_connection_alone() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    settle(&scene, &portal).await?;
    scene.set_limit(&portal, Some(12_345)).await?;
    // The same answers again are no edit.
    scene.select_edition(&portal, SalesforceEdition::Enterprise).await?;
    scene.select_environment(&portal, SalesforceEnvironment::Production).await?;
    scene.submit_token(&portal, Some(super::scene::TOKEN)).await?;
    let connection = scene.connection(&portal).await?;
    ensure!(connection.state() == ConnectionState::Connected, "{connection:?}");
    ensure!(connection.api_call_limit == 12_345, "{connection:?}");
    switch_on(&scene, &portal, &review(&scene, &portal).await?).await?;
    Ok(())
}

#[tokio::test]
async fn r51_a_stale_connection_stays_stale_when_the_new_probe_fails() -> Result<()> {
    use connector::api::v1::ErrorReason;
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    scene.select_edition(&portal, SalesforceEdition::Unlimited).await?;
    scene.set_limit(&portal, None).await?;
    scene.edit_org(ACME, |org| org.package = None)?;
    scene.refused(&portal, None, ErrorReason::PackageNotInstalled).await?;
    let connection = scene.connection(&portal).await?;
    ensure!(connection.state() == ConnectionState::Stale, "{connection:?}");
    scene.edit_org(ACME, |org| org.package = Some(Default::default()))?;
    scene.try_connect(&portal, None).await?;
    ensure!(scene.connection(&portal).await?.state() == ConnectionState::Connected);
    Ok(())
}
