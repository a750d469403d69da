//! Replacing the credential of a connection: the old one stays in force until the new one has proved good (R51, R53).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        CheckConnectionRequest, ConnectAttempt, ConnectState, ConnectionState, ErrorReason,
        RotateCredentialRequest, SalesforceCredential, SalesforceRefreshToken, salesforce_credential::Method,
    },
    simulator::salesforce::fixture::UserFixture,
};
use tonic::Code;

use super::{
    login::tokens_are_old,
    scene::{ACME, PASSWORD, PRO, Portal, Scene, TOKEN, credential, password, password_of, refusal},
};

async fn rotate(scene: &Scene, portal: &Portal, new: SalesforceCredential) -> Result<ConnectAttempt> {
    let request =
        RotateCredentialRequest { portal_id: portal.id, credential: Some(new), ..Default::default() };
    let answer = scene.connections().rotate_credential(request).await?.into_inner();
    scene.ended(portal, &answer.attempt.context("an attempt")?.attempt_id).await
}

/// The credential in force logs in: no session is left to hide behind.
async fn still_logs_in(scene: &Scene, portal: &Portal) -> Result<()> {
    scene.salesforce().end_sessions(ACME, false).map_err(anyhow::Error::msg)?;
    let request = CheckConnectionRequest { setup_id: portal.setup_id.clone() };
    let checked = scene.connections().check_connection(request).await?.into_inner();
    ensure!(checked.connectable, "{checked:#?}");
    Ok(())
}

#[tokio::test]
async fn r51_a_good_credential_takes_over_and_the_connection_stays_the_same() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    scene.edit_org(ACME, |org| org.users.push(UserFixture::admin("second@acme.example")))?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let attempt = rotate(&scene, &portal, password("second@acme.example")).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    let after = scene.connection(&portal).await?;
    ensure!(after.connection_id == before.connection_id && after.place == before.place);
    ensure!(after.state() == ConnectionState::Connected);
    let stored = after.credential.context("a credential")?;
    ensure!(stored.username == "second@acme.example", "{stored:?}");
    ensure!(Some(stored.fingerprint) != before.credential.map(|old| old.fingerprint));
    let logins = scene.logins("second@acme.example");
    still_logs_in(&scene, &portal).await?;
    ensure!(scene.logins("second@acme.example") == logins + 1, "the new one is in force");
    // To OAuth, which needs no token.
    let app = "connector-client-id";
    let token = scene.salesforce().make_refresh_token(ACME, app, ACME).map_err(anyhow::Error::msg)?;
    let oauth = credential(Method::RefreshToken(SalesforceRefreshToken {
        client_id: app.to_owned(),
        client_secret: "connector-client-secret".to_owned(),
        refresh_token: token,
        login_url: String::new(),
    }));
    let attempt = rotate(&scene, &portal, oauth).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    still_logs_in(&scene, &portal).await
}

#[tokio::test]
async fn r51_a_bad_credential_leaves_the_old_one_in_force() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let attempt = rotate(&scene, &portal, password_of(ACME, "wrong", "")).await?;
    ensure!(attempt.reason() == ErrorReason::SalesforceLoginRefused, "{attempt:#?}");
    let after = scene.connection(&portal).await?;
    ensure!(after.state() == ConnectionState::Connected && after.credential == before.credential);
    still_logs_in(&scene, &portal).await
}

#[tokio::test]
async fn r51_a_bad_token_that_came_with_it_does_not_replace_the_good_one() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let attempt = rotate(&scene, &portal, password_of(ACME, PASSWORD, "a-bad-token")).await?;
    ensure!(attempt.reason() == ErrorReason::SalesforceLoginRefused, "{attempt:#?}");
    let after = scene.connection(&portal).await?;
    ensure!(after.state() == ConnectionState::Connected, "{after:?}");
    ensure!(after.credential == before.credential, "{after:?}");
    still_logs_in(&scene, &portal).await
}

#[tokio::test]
async fn r44_a_good_token_that_comes_with_a_rotation_replaces_the_stored_one() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    scene.edit_org(ACME, |org| {
        for user in org.users.iter_mut().filter(|user| user.username == ACME) {
            "changed".clone_into(&mut user.password);
            "renewed".clone_into(&mut user.security_token);
        }
    })?;
    let attempt = rotate(&scene, &portal, password_of(ACME, "changed", "renewed")).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    ensure!(scene.connection(&portal).await?.state() == ConnectionState::Connected);
    ensure!(scene.setup(&portal).await?.stale.is_empty(), "rotated, and nothing left to confirm");
    still_logs_in(&scene, &portal).await
}

#[tokio::test]
async fn r14_a_credential_of_another_org_is_refused() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    // The other org would pass in every other respect.
    scene.edit_org(PRO, |org| "Enterprise Edition".clone_into(&mut org.edition))?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let attempt = rotate(&scene, &portal, password_of(PRO, PASSWORD, TOKEN)).await?;
    ensure!(attempt.reason() == ErrorReason::OrgChanged, "{attempt:#?}");
    let after = scene.connection(&portal).await?;
    ensure!(after.org_id == before.org_id && after.credential == before.credential, "{after:?}");
    ensure!(after.state() == ConnectionState::Connected, "{after:?}");
    still_logs_in(&scene, &portal).await
}

#[tokio::test]
async fn r51_there_must_be_a_connection_to_rotate() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let ask = |portal_id: i64| {
        let credential = Some(password(ACME));
        let request = RotateCredentialRequest { portal_id, credential, ..Default::default() };
        let mut client = scene.connections();
        async move { client.rotate_credential(request).await }
    };
    refusal(ask(portal.id).await, Code::FailedPrecondition, "NOT_CONNECTED")?;
    refusal(ask(4_711).await, Code::NotFound, "PORTAL_NOT_FOUND")?;
    scene.connect(&portal, ACME).await?;
    scene.disconnect(&portal).await?;
    refusal(ask(portal.id).await, Code::FailedPrecondition, "NOT_CONNECTED")?;
    ensure!(scene.logins(ACME) == 1);
    Ok(())
}
