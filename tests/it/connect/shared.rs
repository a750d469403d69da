//! One Salesforce user, several portals: a credential is replaced for all of them, and refused for all of them (R40).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        CheckConnectionRequest, ConnectState, ConnectionState, ErrorReason, GetSyncStatusRequest,
        RotateCredentialRequest, SuspensionReason,
    },
    simulator::salesforce::fixture::UserFixture,
};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::{
    login::tokens_are_old,
    scene::{ACME, Portal, Scene, password, password_of, refusal},
};

const SECOND: &str = "second@acme.example";

async fn two_of_one_user() -> Result<(Scene, Portal, Portal)> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let (first, second) = (scene.portal_a().await?, scene.portal_b().await?);
    scene.connect(&first, ACME).await?;
    scene.connect(&second, ACME).await?;
    Ok((scene, first, second))
}

fn change_password(scene: &Scene, password: &'static str, token: &'static str) -> Result<()> {
    scene.edit_org(ACME, |org| {
        for user in org.users.iter_mut().filter(|user| user.username == ACME) {
            password.clone_into(&mut user.password);
            token.clone_into(&mut user.security_token);
        }
    })?;
    end_sessions(scene, ACME)
}

fn end_sessions(scene: &Scene, user: &str) -> Result<()> {
    scene.salesforce().end_sessions(user, false).map_err(anyhow::Error::msg)
}

async fn suspension(scene: &Scene, portal: &Portal) -> Result<SuspensionReason> {
    let request = GetSyncStatusRequest { portal_id: portal.id };
    let status = scene.sync().get_sync_status(request).await?.into_inner().status;
    Ok(status.context("a status")?.suspension())
}

async fn check(scene: &Scene, portal: &Portal) -> Result<bool, tonic::Status> {
    let request = CheckConnectionRequest { setup_id: portal.setup_id.clone() };
    Ok(scene.connections().check_connection(request).await?.into_inner().connectable)
}

async fn rotate(scene: &Scene, portal: &Portal, password: &str, token: &str) -> Result<ConnectState> {
    let credential = Some(password_of(ACME, password, token));
    let request = RotateCredentialRequest { portal_id: portal.id, credential, ..Default::default() };
    let answer = scene.connections().rotate_credential(request).await?.into_inner();
    let attempt = scene.ended(portal, &answer.attempt.context("an attempt")?.attempt_id).await?;
    Ok(attempt.state())
}

/// The transaction of the newest event of each portal.
async fn newest_events(scene: &Scene) -> Result<Vec<(i64, String)>> {
    let mut connection = PgConnection::connect(&scene.world.database.url()).await?;
    let rows = sqlx::query_as(
        "select distinct on (portal_id) portal_id, occurred_at::text from portal_events \
         where method in ('login.refused', 'connect.start') order by portal_id, revision desc",
    )
    .fetch_all(&mut connection)
    .await?;
    connection.close().await?;
    Ok(rows)
}

#[tokio::test]
async fn r40_the_first_refused_login_suspends_all_that_share_it_and_a_rotation_frees_all() -> Result<()> {
    let (scene, first, second) = two_of_one_user().await?;
    let logins = scene.logins(ACME);
    change_password(&scene, "changed", "renewed")?;
    refusal(check(&scene, &first).await, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    ensure!(scene.logins(ACME) == logins + 1);
    for portal in [&first, &second] {
        ensure!(suspension(&scene, portal).await? == SuspensionReason::SalesforceCredentialRefused);
    }
    let events = newest_events(&scene).await?;
    ensure!(events.len() == 2 && events.first().map(|(_, at)| at) == events.last().map(|(_, at)| at));
    // The other one sends nothing any more.
    refusal(check(&scene, &second).await, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    ensure!(scene.logins(ACME) == logins + 1, "the refused credential was sent again");

    let before = scene.connection(&second).await?;
    ensure!(rotate(&scene, &first, "changed", "renewed").await? == ConnectState::Connected);
    for portal in [&first, &second] {
        ensure!(suspension(&scene, portal).await? == SuspensionReason::Unspecified);
    }
    let after = scene.connection(&second).await?;
    ensure!(after.state() == ConnectionState::Connected && after.connection_id == before.connection_id);
    let fingerprint = |connection: &connector::api::v1::Connection| {
        connection.credential.clone().map(|credential| credential.fingerprint)
    };
    ensure!(fingerprint(&after) != fingerprint(&before), "the other connection has the old one still");
    ensure!(fingerprint(&after) == fingerprint(&scene.connection(&first).await?));
    ensure!(scene.setup(&second).await?.stale.is_empty(), "nothing is left to confirm");
    // Each of them logs in with it by itself.
    let logins = scene.logins(ACME);
    end_sessions(&scene, ACME)?;
    ensure!(check(&scene, &first).await? && check(&scene, &second).await?);
    ensure!(scene.logins(ACME) == logins + 2);
    Ok(())
}

#[tokio::test]
async fn r40_a_rotation_that_fails_changes_nobody() -> Result<()> {
    let (scene, first, second) = two_of_one_user().await?;
    let before = [scene.connection(&first).await?, scene.connection(&second).await?];
    ensure!(rotate(&scene, &first, "wrong", "").await? == ConnectState::Failed);
    ensure!([scene.connection(&first).await?, scene.connection(&second).await?] == before);
    for portal in [&first, &second] {
        // What was refused is another credential than the one in force.
        ensure!(suspension(&scene, portal).await? == SuspensionReason::Unspecified);
        end_sessions(&scene, ACME)?;
        ensure!(check(&scene, portal).await?);
    }
    Ok(())
}

#[tokio::test]
async fn r40_another_user_is_neither_suspended_nor_given_the_credential() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    scene.edit_org(ACME, |org| org.users.push(UserFixture::admin(SECOND)))?;
    let (first, second) = (scene.portal_a().await?, scene.portal_b().await?);
    scene.connect(&first, ACME).await?;
    scene.connect(&second, SECOND).await?;
    let before = scene.connection(&second).await?;
    change_password(&scene, "changed", "renewed")?;
    refusal(check(&scene, &first).await, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    ensure!(suspension(&scene, &second).await? == SuspensionReason::Unspecified);
    ensure!(rotate(&scene, &first, "changed", "renewed").await? == ConnectState::Connected);
    ensure!(scene.connection(&second).await? == before);
    end_sessions(&scene, SECOND)?;
    ensure!(check(&scene, &second).await?);
    Ok(())
}

#[tokio::test]
async fn r40_a_portal_that_goes_to_another_user_leaves_the_others_theirs() -> Result<()> {
    let (scene, first, second) = two_of_one_user().await?;
    scene.edit_org(ACME, |org| org.users.push(UserFixture::admin(SECOND)))?;
    let before = scene.connection(&second).await?;
    let request = RotateCredentialRequest {
        portal_id: first.id,
        credential: Some(password(SECOND)),
        ..Default::default()
    };
    let answer = scene.connections().rotate_credential(request).await?.into_inner();
    let attempt = scene.ended(&first, &answer.attempt.context("an attempt")?.attempt_id).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:?}");
    ensure!(scene.connection(&second).await? == before);
    // From now on they share nothing.
    change_password(&scene, "changed", "renewed")?;
    refusal(check(&scene, &second).await, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    ensure!(suspension(&scene, &first).await? == SuspensionReason::Unspecified);
    ensure!(suspension(&scene, &second).await? == SuspensionReason::SalesforceCredentialRefused);
    Ok(())
}

#[tokio::test]
async fn r40_connecting_anew_with_the_right_password_frees_those_that_share_it() -> Result<()> {
    let (scene, first, second) = two_of_one_user().await?;
    // Refused for a while, as a locked user is, and right again.
    change_password(&scene, "other", "token")?;
    refusal(check(&scene, &first).await, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    ensure!(suspension(&scene, &second).await? == SuspensionReason::SalesforceCredentialRefused);
    change_password(&scene, "password", "token")?;
    let again = scene.try_connect(&first, Some(password_of(ACME, "password", "token"))).await?;
    ensure!(again.state() == ConnectState::Connected, "{again:?} {:?}", ErrorReason::try_from(again.reason));
    for portal in [&first, &second] {
        ensure!(suspension(&scene, portal).await? == SuspensionReason::Unspecified);
    }
    Ok(())
}
