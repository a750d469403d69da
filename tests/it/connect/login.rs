//! User name, password and the token that is carried over (R44–R46, R49, R50).

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        Check, Choice, ChooseObjectSyncRequest, ConnectState, ErrorReason, ObjectSync, StartSetupRequest,
        Step, StepState,
    },
    config::Config,
    simulator::{hubspot::seed::TOKEN_A, salesforce::fixture::UserFixture},
};
use tonic::Code;
use tonic_types::StatusExt as _;

use super::scene::{
    ACME, Claimed, PASSWORD, Portal, Scene, TOKEN, credential, detail, finding, password, password_of,
    refusal, request_id, wrong_fields,
};

/// A refused login ends the attempt at once: no token is new.
pub fn tokens_are_old(config: &mut Config) {
    config.worker.token_activation_window = Duration::from_millis(1);
}

#[tokio::test]
async fn r44_the_token_is_carried_over_from_its_step() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let attempt = scene.connect(&portal, ACME).await?;
    ensure!(attempt.logins == 1 && scene.logins(ACME) == 1, "one action is one login: {attempt:?}");
    Ok(())
}

#[tokio::test]
async fn r44_a_token_in_the_request_replaces_the_stored_one() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let claimed = Claimed { token: Some("an-old-token"), ..Claimed::default() };
    let portal = scene.portal(TOKEN_A, &claimed).await?;
    let fingerprint = || async {
        let answers = scene.setup(&portal).await?.answers.context("answers")?;
        anyhow::Ok(answers.security_token.context("a token")?.fingerprint)
    };
    let before = fingerprint().await?;
    let attempt = scene.try_connect(&portal, Some(password_of(ACME, PASSWORD, TOKEN))).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    ensure!(fingerprint().await? != before, "the stored token is still the old one");
    // It was replaced for good: the next login is carried by it.
    scene.salesforce().end_sessions(ACME, false).map_err(anyhow::Error::msg)?;
    scene.connect(&portal, ACME).await?;
    Ok(())
}

#[tokio::test]
async fn r44_a_password_is_sent_as_it_is() -> Result<()> {
    let scene = Scene::open().await?;
    let odd = " <&>\"' 秘密]]> ";
    scene.edit_org(ACME, |org| {
        org.users.push(UserFixture { password: odd.to_owned(), ..UserFixture::admin("odd@acme.example") });
    })?;
    let portal = scene.portal_a().await?;
    let attempt = scene.try_connect(&portal, Some(password_of("odd@acme.example", odd, ""))).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    Ok(())
}

#[tokio::test]
async fn r45_whatever_is_missing_is_named_and_nothing_is_sent() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let before = scene.setup(&portal).await?;
    let (name, word) = ("credential.password.username", "credential.password.password");
    for (username, secret, fields) in [
        ("", PASSWORD, vec![name]),
        ("  ", PASSWORD, vec![name]),
        (ACME, "", vec![word]),
        ("", "", vec![name, word]),
    ] {
        wrong_fields(scene.ask(&portal, Some(password_of(username, secret, ""))).await, &fields)?;
    }
    let nothing = connector::api::v1::SalesforceCredential { method: None };
    wrong_fields(scene.ask(&portal, Some(nothing)).await, &["credential"])?;
    refusal(scene.ask(&portal, None).await, Code::FailedPrecondition, "CREDENTIAL_MISSING")?;
    ensure!(scene.setup(&portal).await? == before, "a refused call changed the setup");
    ensure!(scene.salesforce().frame().journal.entries_after(0).is_empty(), "Salesforce was called");
    Ok(())
}

#[tokio::test]
async fn r45_without_a_token_the_call_leads_to_the_token_step() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal(TOKEN_A, &Claimed { token: None, ..Claimed::default() }).await?;
    let answer = scene.ask(&portal, Some(password(ACME))).await;
    let status = refusal(answer, Code::FailedPrecondition, "SECURITY_TOKEN_MISSING")?;
    let details = status.get_error_details();
    let violation = details.precondition_failure().and_then(|failure| failure.violations.first().cloned());
    ensure!(violation.is_some_and(|one| one.subject == "STEP_SECURITY_TOKEN"), "{details:?}");
    ensure!(scene.logins(ACME) == 0 && scene.attempt(&portal).await?.is_none());
    // The request may bring it along.
    let attempt = scene.try_connect(&portal, Some(password_of(ACME, PASSWORD, TOKEN))).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    Ok(())
}

#[tokio::test]
async fn r30_a_refused_login_says_that_the_other_kind_of_org_may_be_the_cause() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    // As a sandbox's user at the production host: Salesforce does not tell it from a wrong password.
    let stranger = Some(password("admin@acme.example.elsewhere"));
    let attempt = scene.refused(&portal, stranger, ErrorReason::SalesforceLoginRefused).await?;
    ensure!(attempt.fix.contains("Production or sandbox"), "{}", attempt.fix);
    let environment = finding(&attempt.findings, Check::Environment, "")?;
    ensure!(environment.claimed == "production", "{environment:?}");
    ensure!(environment.fix.contains("edit the sandbox step"), "{environment:?}");
    let login = finding(&attempt.findings, Check::Login, "")?;
    ensure!(login.fix.contains("sandbox step"), "{login:?}");
    Ok(())
}

async fn choose_objects(scene: &Scene, portal: &Portal) -> Result<(), tonic::Status> {
    let object_sync = Some(ObjectSync { accounts: Choice::Yes.into(), opportunities: Choice::No.into() });
    let setup_id = portal.setup_id.clone();
    let request = ChooseObjectSyncRequest { setup_id, object_sync, ..Default::default() };
    scene.setups().choose_object_sync(request).await.map(|_| ())
}

#[tokio::test]
async fn r46_the_next_step_opens_only_after_a_connect_that_succeeded() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let closed = |answer| -> Result<()> {
        let status = refusal(answer, Code::FailedPrecondition, "SETUP_STEP_NOT_REACHED")?;
        ensure!(detail(&status, "steps").contains("CONNECT_ACCOUNTS"), "{status:?}");
        Ok(())
    };
    closed(choose_objects(&scene, &portal).await)?;
    scene.edit_org(ACME, |org| org.package = None)?;
    scene.refused(&portal, Some(password(ACME)), ErrorReason::PackageNotInstalled).await?;
    closed(choose_objects(&scene, &portal).await)?;
    scene.edit_org(ACME, |org| org.package = Some(Default::default()))?;
    scene.try_connect(&portal, None).await?;
    choose_objects(&scene, &portal).await?;
    Ok(())
}

#[tokio::test]
async fn r22_connecting_before_its_predecessors_names_what_is_missing() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.select_environment(&portal, connector::api::v1::SalesforceEnvironment::Sandbox).await?;
    let answer = scene.ask(&portal, Some(password(ACME))).await;
    let status = refusal(answer, Code::FailedPrecondition, "SETUP_STEP_NOT_REACHED")?;
    let details = status.get_error_details();
    let violations = details.precondition_failure().map(|failure| failure.violations.clone());
    let named: Vec<String> = violations.into_iter().flatten().map(|violation| violation.subject).collect();
    ensure!(named.contains(&"STEP_PACKAGE".to_owned()), "{named:?}");
    ensure!(named.contains(&"STEP_SECURITY_TOKEN".to_owned()), "{named:?}");
    ensure!(scene.logins(ACME) == 0);
    Ok(())
}

#[tokio::test]
async fn r49_success_is_said_in_the_guides_words_and_opens_the_next_step() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let attempt = scene.connect(&portal, ACME).await?;
    ensure!(attempt.message == "Successfully connected your accounts", "{}", attempt.message);
    let setup = scene.setup(&portal).await?;
    ensure!(setup.next_step() == Step::ObjectSync, "{:?}", setup.next_step());
    let connection = scene.connection(&portal).await?;
    ensure!(connection.connection_id == attempt.connection_id && connection.org_id == attempt.org_id);
    ensure!(connection.org_id.len() == 18 && connection.org_name == "Acme", "{connection:?}");
    let stored = connection.credential.context("a credential")?;
    ensure!(stored.method == "password" && stored.username == ACME && !stored.fingerprint.is_empty());
    Ok(())
}

#[tokio::test]
async fn r50_after_a_failure_nothing_is_connected_and_every_answer_is_there() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let before = scene.setup(&portal).await?;
    scene.edit_org(ACME, |org| org.visualforce_on_lead_layout = false)?;
    scene.refused(&portal, Some(password(ACME)), ErrorReason::VisualforceModuleNotFound).await?;
    refusal(scene.connection(&portal).await, Code::NotFound, "CONNECTION_NOT_FOUND")?;
    ensure!(scene.connected_portals().await?.is_empty());
    let after = scene.setup(&portal).await?;
    let mut answers = after.answers.clone().context("answers")?;
    answers.connect_attempt = None;
    ensure!(Some(answers) == before.answers, "an answer was lost");
    ensure!(after.steps == before.steps && after.next_step() == Step::ConnectAccounts);
    // The retry needs nothing to be entered again.
    scene.edit_org(ACME, |org| org.visualforce_on_lead_layout = true)?;
    let attempt = scene.try_connect(&portal, None).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    Ok(())
}

#[tokio::test]
async fn r47_a_login_that_salesforce_refuses_for_good_reason_gives_that_reason() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    scene.edit_org(ACME, |org| {
        let user = UserFixture::admin("odd@acme.example");
        org.users.push(UserFixture { password_expired: true, ..user });
        let mut user = UserFixture::admin("noapi@acme.example");
        user.permissions.api_enabled = false;
        org.users.push(user);
        let user = UserFixture::admin("gone@acme.example");
        org.users.push(UserFixture { is_active: false, ..user });
    })?;
    for (username, reason) in [
        ("odd@acme.example", ErrorReason::SalesforcePasswordExpired),
        ("noapi@acme.example", ErrorReason::SalesforceApiDisabled),
        ("gone@acme.example", ErrorReason::SalesforceLoginRefused),
    ] {
        let attempt = scene.refused(&portal, Some(password(username)), reason).await?;
        ensure!(attempt.logins == 1 && scene.logins(username) == 1, "{attempt:?}");
    }
    scene.edit_org(ACME, |org| org.api_enabled = false)?;
    scene.refused(&portal, Some(password(ACME)), ErrorReason::SalesforceApiDisabled).await?;
    Ok(())
}

#[tokio::test]
async fn r47_a_refused_login_is_a_finding_too_and_the_rest_could_not_be_checked() -> Result<()> {
    use connector::api::v1::{Actor, Check, FindingResult};
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    let wrong = Some(password_of(ACME, "wrong", ""));
    let attempt = scene.refused(&portal, wrong, ErrorReason::SalesforceLoginRefused).await?;
    let login = super::scene::finding(&attempt.findings, Check::Login, "")?;
    ensure!(login.result() == FindingResult::Failed && !login.fix.is_empty(), "{login:?}");
    ensure!(login.reason() == ErrorReason::SalesforceLoginRefused, "{login:?}");
    ensure!(login.actor() == Actor::PortalAdministrator, "{login:?}");
    for check in [Check::Edition, Check::Trial, Check::Environment, Check::Seats, Check::Package] {
        let one = super::scene::finding(&attempt.findings, check, "")?;
        ensure!(one.result() == FindingResult::NotChecked, "{one:?}");
        ensure!(one.found.contains("the login failed"), "{one:?}");
    }
    Ok(())
}

#[tokio::test]
async fn r09_an_attempts_outcome_survives_a_restart() -> Result<()> {
    let mut scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.setup(&portal).await?;
    scene.world.restart().await?;
    let scene = scene.reopen().await?;
    ensure!(scene.setup(&portal).await? == before, "the setup changed with the restart");
    let step = before.steps.iter().find(|one| one.step() == Step::ConnectAccounts).context("the step")?;
    ensure!(step.state() == StepState::Answered);
    // Starting again leads to the same setup.
    let request = StartSetupRequest { request_id: request_id(), portal_id: portal.id };
    let started = scene.setups().start_setup(request).await?.into_inner().setup.context("a setup")?;
    ensure!(started.setup_id == portal.setup_id);
    Ok(())
}

#[tokio::test]
async fn r53_a_credential_of_no_method_is_refused_in_every_rpc_that_takes_one() -> Result<()> {
    use connector::api::v1::{RotateCredentialRequest, SalesforceCredential};
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    for credential in [None, Some(SalesforceCredential { method: None })] {
        let request = RotateCredentialRequest { portal_id: portal.id, credential, ..Default::default() };
        wrong_fields(scene.connections().rotate_credential(request).await, &["credential"])?;
    }
    let jwt = connector::api::v1::salesforce_credential::Method::JwtBearer(Default::default());
    let fields =
        ["client_id", "username", "private_key_pem"].map(|name| format!("credential.jwt_bearer.{name}"));
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    wrong_fields(scene.ask(&portal, Some(credential(jwt))).await, &fields)?;
    Ok(())
}
