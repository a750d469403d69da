//! Nobody is locked out by a machine, and a token may take its time (R52).

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{CheckConnectionRequest, ConnectAttempt, ConnectState, ErrorReason, RotateCredentialRequest},
    simulator::salesforce::fixture::UserFixture,
};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::{
    login::tokens_are_old,
    scene::{ACME, PASSWORD, Portal, Scene, detail, password, password_of, refusal},
};
use crate::harness::PATIENCE;

/// Wrong passwords in a row with which Salesforce locks a user out.
const LOCKOUT: u64 = 10;

/// The seeded administrator's token works only after an hour of the simulators' clock.
async fn with_an_inactive_token(window: Duration) -> Result<(Scene, Portal)> {
    let scene = Scene::open_with(|config| config.worker.token_activation_window = window).await?;
    let later = scene.world.simulators.clock.now() + time::Duration::hours(1);
    scene.edit_org(ACME, |org| {
        for user in &mut org.users {
            user.token_active_at = Some(later);
        }
    })?;
    let portal = scene.portal_a().await?;
    Ok((scene, portal))
}

async fn wait_for_token(scene: &Scene, portal: &Portal) -> Result<ConnectAttempt> {
    let asked = scene.ask(portal, Some(password(ACME))).await?.attempt.context("an attempt")?;
    scene.attempt_in(portal, &asked.attempt_id, &[ConnectState::WaitingForToken]).await
}

#[tokio::test]
async fn r52_a_token_that_is_not_active_yet_is_tried_again_until_it_is() -> Result<()> {
    let (scene, portal) = with_an_inactive_token(Duration::from_secs(8)).await?;
    let waiting = wait_for_token(&scene, &portal).await?;
    let next = waiting.next_try_time.context("when it is tried again")?;
    let update = waiting.update_time.context("an update time")?;
    ensure!((next.seconds, next.nanos) > (update.seconds, update.nanos), "{waiting:?}");
    ensure!(waiting.message.contains("not active") || waiting.message.contains("token"), "{waiting:?}");
    ensure!(scene.connection(&portal).await.is_err(), "connected before the login");
    // A second Connect joins the one that waits, and sends nothing.
    let logins = scene.logins(ACME);
    let joined = scene.ask(&portal, Some(password(ACME))).await?;
    ensure!(joined.joined && joined.attempt.context("an attempt")?.attempt_id == waiting.attempt_id);
    ensure!(scene.logins(ACME) <= logins + 1);
    scene.world.simulators.clock.advance(time::Duration::hours(2));
    let attempt = scene.ended(&portal, &waiting.attempt_id).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    ensure!(attempt.next_try_time.is_none());
    let logins = scene.logins(ACME);
    ensure!((2..=6).contains(&logins) && i64::from(attempt.logins) == i64::try_from(logins)?, "{logins}");
    Ok(())
}

#[tokio::test]
async fn r52_a_token_that_never_works_ends_after_few_logins_at_growing_intervals() -> Result<()> {
    let (scene, portal) = with_an_inactive_token(Duration::from_secs(9)).await?;
    let asked = scene.ask(&portal, Some(password(ACME))).await?.attempt.context("an attempt")?;
    let mut tries: Vec<(i64, i32)> = Vec::new();
    let begun = tokio::time::Instant::now();
    let ended = loop {
        ensure!(begun.elapsed() < PATIENCE, "the attempt does not end");
        let attempt = scene.attempt(&portal).await?.context("an attempt")?;
        if let Some(next) = attempt.next_try_time
            && tries.last() != Some(&(next.seconds, next.nanos))
        {
            tries.push((next.seconds, next.nanos));
        }
        if attempt.state() == ConnectState::Failed {
            break attempt;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    ensure!(ended.attempt_id == asked.attempt_id && ended.reason() == ErrorReason::SalesforceLoginRefused);
    ensure!(scene.logins(ACME) <= 6 && scene.logins(ACME) >= 3, "{} logins", scene.logins(ACME));
    ensure!(ended.logins == i32::try_from(scene.logins(ACME))?, "{ended:?}");
    let moments: Vec<f64> = tries
        .iter()
        .map(|(seconds, nanos)| {
            f64::from(u32::try_from(*seconds % 100_000).unwrap_or(0)) + f64::from(*nanos) / 1e9
        })
        .collect();
    let waits: Vec<f64> = moments.windows(2).filter_map(|two| Some(two.last()? - two.first()?)).collect();
    // The last wait is cut short by the end of the window.
    let growing = waits.split_last().map(|(_, before)| before.is_sorted()).unwrap_or(true);
    ensure!(growing && !waits.is_empty(), "{waits:?}");
    Ok(())
}

#[tokio::test]
async fn r52_a_wrong_password_is_sent_once_and_never_again() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    let wrong = || Some(password_of(ACME, "wrong", ""));
    let attempt = scene.refused(&portal, wrong(), ErrorReason::SalesforceLoginRefused).await?;
    ensure!(attempt.logins == 1 && scene.logins(ACME) == 1, "{attempt:?}");
    for _ in 0..3 {
        let answer = scene.ask(&portal, wrong()).await;
        refusal(answer, Code::FailedPrecondition, "SALESFORCE_LOGIN_REFUSED")?;
    }
    ensure!(scene.logins(ACME) == 1, "the same wrong password was sent again");
    // What was refused is not kept, and the right one is not held up by it.
    refusal(scene.ask(&portal, None).await, Code::FailedPrecondition, "CREDENTIAL_MISSING")?;
    scene.connect(&portal, ACME).await?;
    Ok(())
}

#[tokio::test]
async fn r52_after_three_refusals_within_the_hour_no_login_is_sent_for_that_user() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    for wrong in ["one", "two", "three"] {
        let credential = Some(password_of(ACME, wrong, ""));
        scene.refused(&portal, credential, ErrorReason::SalesforceLoginRefused).await?;
    }
    for next in ["four", PASSWORD] {
        let answer = scene.ask(&portal, Some(password_of(ACME, next, ""))).await;
        let status = refusal(answer, Code::ResourceExhausted, "SALESFORCE_LOGIN_LIMIT")?;
        let details = status.get_error_details();
        let delay = details.retry_info().and_then(|info| info.retry_delay).context("when to come back")?;
        ensure!(delay > Duration::from_secs(3_000) && delay <= Duration::from_secs(3_600), "{delay:?}");
        ensure!(detail(&status, "limit") == "3", "{status:?}");
    }
    // Whichever portal asks: it is the user who would be locked out.
    let other = scene.portal_b().await?;
    let answer = scene.ask(&other, Some(password_of("ADMIN@acme.example", "five", ""))).await;
    refusal(answer, Code::ResourceExhausted, "SALESFORCE_LOGIN_LIMIT")?;
    ensure!(scene.logins(ACME) == 3, "{} logins", scene.logins(ACME));
    // Another user is not held up.
    scene.edit_org(ACME, |org| org.users.push(UserFixture::admin("second@acme.example")))?;
    scene.connect(&other, "second@acme.example").await?;
    Ok(())
}

#[tokio::test]
async fn r52_logins_that_were_accepted_do_not_count() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    for _ in 0..6 {
        scene.connect(&portal, ACME).await?;
    }
    ensure!(scene.logins(ACME) == 6, "one action is one login: {}", scene.logins(ACME));
    Ok(())
}

/// Whatever a user clicks on while a token is new: Salesforce is not driven to lock the user out.
#[tokio::test]
async fn r52_a_new_token_is_no_licence_to_try_without_end() -> Result<()> {
    let scene = Scene::open_with(|config| {
        config.worker.token_activation_window = Duration::from_secs(900);
    })
    .await?;
    let portal = scene.portal_a().await?;
    let wrong = password_of(ACME, "wrong", "");
    let asked = scene.ask(&portal, Some(wrong)).await?.attempt.context("an attempt")?;
    scene.attempt_in(&portal, &asked.attempt_id, &[ConnectState::WaitingForToken]).await?;
    for _ in 0..2 * LOCKOUT {
        let request = CheckConnectionRequest { setup_id: portal.setup_id.clone() };
        ensure!(scene.connections().check_connection(request).await.is_err(), "a wrong password is no proof");
    }
    let other = scene.portal_b().await?;
    for number in 0..2 * LOCKOUT {
        let credential = password_of(ACME, &format!("wrong {number}"), &format!("token-{number}"));
        // A refusal is as good as an attempt that waits: it is joined from then on.
        let _ = scene.ask(&other, Some(credential)).await;
        let request = CheckConnectionRequest { setup_id: other.setup_id.clone() };
        let _ = scene.connections().check_connection(request).await;
    }
    ensure!(scene.logins(ACME) < LOCKOUT, "{} logins with a wrong password", scene.logins(ACME));
    Ok(())
}

#[tokio::test]
async fn r52_rotating_keeps_to_the_same_limits() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let rotate = |secret: String| {
        let credential = Some(password_of(ACME, &secret, ""));
        let request = RotateCredentialRequest { portal_id: portal.id, credential, ..Default::default() };
        let mut client = scene.connections();
        async move { client.rotate_credential(request).await }
    };
    for number in 0..3 {
        let answer = rotate(format!("wrong {number}")).await?.into_inner();
        let attempt = scene.ended(&portal, &answer.attempt.context("an attempt")?.attempt_id).await?;
        ensure!(attempt.reason() == ErrorReason::SalesforceLoginRefused, "{attempt:?}");
    }
    refusal(rotate("wrong 4".to_owned()).await, Code::ResourceExhausted, "SALESFORCE_LOGIN_LIMIT")?;
    ensure!(scene.logins(ACME) == 4, "{} logins", scene.logins(ACME));
    Ok(())
}

/// An outage is no wrong password: it locks nobody out, and must not keep anybody from connecting after it.
#[tokio::test]
async fn r52_an_outage_of_salesforce_is_not_counted_as_a_wrong_password() -> Result<()> {
    use connector::simulator::fault::{Action, FaultPlan, Point};
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    let action = Action::Respond {
        status: 503,
        headers: Default::default(),
        body: "Service Unavailable".to_owned(),
        point: Point::Before,
    };
    let outage = scene.salesforce().frame().faults.add(FaultPlan::on("POST", "/services/Soap/", action));
    for _ in 0..4 {
        let reason = ErrorReason::SalesforceOrgUnavailable;
        scene.refused(&portal, Some(password(ACME)), reason).await?;
    }
    outage.remove();
    scene.connect(&portal, ACME).await?;
    Ok(())
}
