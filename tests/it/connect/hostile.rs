//! Salesforce answers badly, not at all, or is somebody else (host allow-list, hostile answers, lost answers).

use std::{collections::BTreeMap, sync::atomic::Ordering};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{ConnectState, ErrorReason, SalesforceRefreshToken, salesforce_credential::Method},
    simulator::{
        fault::{Action, FaultPlan, Point},
        hubspot::seed::TOKEN_A,
        salesforce::fixture::AnsweredHost,
    },
};

use super::{
    login::tokens_are_old,
    scene::{ACME, Claimed, Scene, credential, password},
};
use crate::harness::trap::trap;

const LOGIN: &str = "/services/Soap/";

fn respond(status: u16, body: &str) -> Action {
    let headers = BTreeMap::from([("content-type".to_owned(), "text/xml; charset=utf-8".to_owned())]);
    Action::Respond { status, headers, body: body.to_owned(), point: Point::Before }
}

#[tokio::test]
async fn r45_a_login_that_leads_to_a_foreign_host_is_refused_and_nothing_is_sent_there() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let (trap, visits) = trap().await?;
    for hostile in [
        trap.as_str(),
        "https://evil.example",
        "https://acme.my.salesforce.com.evil.example",
        "https://acme.my.salesforce.com@evil.example",
        "https://evil.example/.my.salesforce.com",
        "http://acme.my.salesforce.com",
        "https://localhost",
        "https://[::1]",
    ] {
        scene.edit_org(ACME, |org| org.answered_host = AnsweredHost::Url(hostile.to_owned()))?;
        let reason = ErrorReason::SalesforceHostNotAllowed;
        let attempt =
            scene.refused(&portal, Some(password(ACME)), reason).await.context(hostile.to_owned())?;
        ensure!(attempt.logins == 1, "{hostile}: {attempt:?}");
    }
    ensure!(visits.load(Ordering::SeqCst) == 0, "somebody came to the foreign host");
    ensure!(scene.connected_portals().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn r53_an_oauth_answer_that_leads_to_a_foreign_host_is_refused_as_well() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal(TOKEN_A, &Claimed { token: None, ..Claimed::default() }).await?;
    let (trap, visits) = trap().await?;
    scene.edit_org(ACME, |org| org.answered_host = AnsweredHost::Url(trap))?;
    let app = "connector-client-id";
    let token = scene.salesforce().make_refresh_token(ACME, app, ACME).map_err(anyhow::Error::msg)?;
    let method = Method::RefreshToken(SalesforceRefreshToken {
        client_id: app.to_owned(),
        client_secret: "connector-client-secret".to_owned(),
        refresh_token: token,
        login_url: String::new(),
    });
    scene.refused(&portal, Some(credential(method)), ErrorReason::SalesforceHostNotAllowed).await?;
    ensure!(visits.load(Ordering::SeqCst) == 0, "somebody came to the foreign host");
    Ok(())
}

#[tokio::test]
async fn r45_a_redirect_of_the_login_is_not_followed() -> Result<()> {
    let scene = Scene::open_with(tokens_are_old).await?;
    let portal = scene.portal_a().await?;
    let (trap, visits) = trap().await?;
    for status in [301, 302, 307, 308] {
        let headers = BTreeMap::from([("location".to_owned(), format!("{trap}/services/Soap/u/64.0"))]);
        let action = Action::Respond { status, headers, body: String::new(), point: Point::Before };
        let fault = scene.salesforce().frame().faults.add(FaultPlan::on("POST", LOGIN, action));
        let attempt = scene.try_connect(&portal, Some(password(ACME))).await;
        fault.remove();
        // The limit of logins may come first; that is as good.
        if let Ok(attempt) = attempt {
            ensure!(attempt.state() == ConnectState::Failed && attempt.logins == 1, "{attempt:#?}");
        }
    }
    ensure!(visits.load(Ordering::SeqCst) == 0, "the redirect was followed");
    Ok(())
}

/// One bad answer to a login in a world of its own: the attempt fails with one of these reasons after one login, and
/// the next one connects.
async fn bad_login_answer(action: Action, reasons: &[ErrorReason]) -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let plan = FaultPlan::on("POST", LOGIN, action).times(1);
    let fault = scene.salesforce().frame().faults.add(plan);
    let attempt = scene.try_connect(&portal, Some(password(ACME))).await?;
    ensure!(fault.hits() == 1, "one login, and no second one by itself: {}", fault.hits());
    ensure!(attempt.state() == ConnectState::Failed && attempt.logins == 1, "{attempt:#?}");
    ensure!(reasons.contains(&attempt.reason()), "{reasons:?} expected: {attempt:#?}");
    ensure!(!attempt.fix.is_empty(), "{attempt:#?}");
    let attempt = scene.try_connect(&portal, None).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    Ok(())
}

const UNREADABLE: &[ErrorReason] = &[ErrorReason::SalesforceOrgUnavailable, ErrorReason::LoginOutcomeUnknown];

#[tokio::test]
async fn r47_a_document_type_in_a_login_answer_is_refused() -> Result<()> {
    let body = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                <soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body>\
                <loginResponse><result><sessionId>&b;</sessionId></result></loginResponse></soapenv:Body>\
                </soapenv:Envelope>";
    bad_login_answer(respond(200, body), UNREADABLE).await
}

#[tokio::test]
async fn r47_an_oversized_login_answer_is_cut_off() -> Result<()> {
    bad_login_answer(respond(200, &"<a>x</a>".repeat(1_000_000)), UNREADABLE).await
}

#[tokio::test]
async fn r47_a_login_answer_nested_without_end_is_refused() -> Result<()> {
    bad_login_answer(respond(200, &"<a>".repeat(100_000)), UNREADABLE).await
}

#[tokio::test]
async fn r47_a_login_answer_that_is_no_xml_is_refused() -> Result<()> {
    for body in ["", "null", "<html><body>Be right back</body></html>", "\u{0}\u{1}", "<a></b>"] {
        bad_login_answer(respond(200, body), UNREADABLE).await.with_context(|| format!("{body:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn r47_a_truncated_login_answer_has_an_unknown_outcome() -> Result<()> {
    bad_login_answer(Action::Truncate { bytes: 100 }, &[ErrorReason::LoginOutcomeUnknown]).await
}

#[tokio::test]
async fn r52_a_login_whose_answer_was_lost_is_not_sent_again_by_itself() -> Result<()> {
    let lost = Action::Cut { point: Point::After };
    bad_login_answer(lost, &[ErrorReason::LoginOutcomeUnknown]).await
}

#[tokio::test]
async fn r47_an_answer_without_end_is_given_up() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let action = Action::Trickle { chunk_bytes: 1, interval_millis: 500 };
    let fault = scene.salesforce().frame().faults.add(FaultPlan::on("POST", LOGIN, action).times(1));
    let asked = scene.ask(&portal, Some(password(ACME))).await?.attempt.context("an attempt")?;
    // The client's own limit is 30 s.
    let begun = tokio::time::Instant::now();
    let attempt = loop {
        match scene.ended(&portal, &asked.attempt_id).await {
            Ok(attempt) => break attempt,
            Err(_) => ensure!(begun.elapsed().as_secs() < 60, "the trickle was not given up"),
        }
    };
    ensure!(UNREADABLE.contains(&attempt.reason()) && attempt.logins == 1, "{attempt:#?}");
    ensure!(fault.hits() == 1 && scene.logins(ACME) == 1, "the login was sent again");
    Ok(())
}

#[tokio::test]
async fn r47_an_unreadable_answer_to_the_probe_fails_the_attempt_and_no_more() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let faults = &scene.salesforce().frame().faults;
    for (path, action) in [
        ("*/composite", respond(200, "<html>maintenance</html>")),
        ("*/composite", respond(200, "{\"compositeResponse\":[]}")),
        ("*/composite", respond(200, &"[".repeat(100_000))),
        ("*/composite", respond(503, "Service Unavailable")),
        ("*/composite", respond(500, "")),
        ("*/composite", Action::Cut { point: Point::After }),
        ("*/composite", Action::Truncate { bytes: 50 }),
    ] {
        let label = format!("{action:?}").chars().take(120).collect::<String>();
        let fault = faults.add(FaultPlan::on("POST", path, action));
        let reason = ErrorReason::SalesforceOrgUnavailable;
        scene.refused(&portal, Some(password(ACME)), reason).await.context(label)?;
        ensure!(fault.hits() > 0, "the probe does not go by {path}");
        fault.remove();
    }
    scene.connect(&portal, ACME).await?;
    Ok(())
}

#[tokio::test]
async fn r47_salesforce_that_can_not_be_reached_is_said_to_be_away() -> Result<()> {
    let scene = Scene::open_with(|config| {
        // A port of ours that nobody listens on.
        if let Ok(nobody) = "http://127.0.0.1:9".parse::<url::Url>() {
            config.salesforce.production_login_url = nobody.clone();
            config.salesforce.extra_allowed_hosts.push(nobody);
        }
    })
    .await?;
    let portal = scene.portal_a().await?;
    scene.refused(&portal, Some(password(ACME)), ErrorReason::SalesforceOrgUnavailable).await?;
    Ok(())
}
