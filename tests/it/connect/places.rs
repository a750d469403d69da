//! One portal has one org, one org a bounded number of portals (R14–R16).

use std::num::NonZeroU32;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{ErrorReason, ListOrgPortalsRequest},
    simulator::{
        hubspot::seed::TOKEN_C,
        salesforce::fixture::{OrgFixture, UserFixture},
    },
};

use super::scene::{ACME, ACME_ORG, Claimed, PASSWORD, Scene, TOKEN, password, password_of};

/// A second org in which everything is in place.
pub const GLOBEX: &str = "admin@globex.example";

pub fn globex() -> OrgFixture {
    OrgFixture::new("Globex").user(UserFixture::admin(GLOBEX))
}

#[tokio::test]
async fn r14_the_same_org_again_renews_the_connection() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let first = scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let second = scene.connect(&portal, ACME).await?;
    ensure!(second.attempt_id != first.attempt_id && second.connection_id == first.connection_id);
    let after = scene.connection(&portal).await?;
    ensure!(after.place == before.place && after.connect_time == before.connect_time, "{after:?}");
    ensure!(after.etag != before.etag && after.probe_time != before.probe_time, "it was probed again");
    ensure!(scene.connected_portals().await? == [portal.id]);
    Ok(())
}

#[tokio::test]
async fn r14_another_org_is_refused_while_the_portal_is_connected() -> Result<()> {
    let scene = Scene::open().await?;
    scene.add_org(globex())?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = scene.connection(&portal).await?;
    let reason = ErrorReason::PortalAlreadyConnected;
    let attempt = scene.refused(&portal, Some(password(GLOBEX)), reason).await?;
    ensure!(attempt.message.contains(&before.org_id), "{}", attempt.message);
    let after = scene.connection(&portal).await?;
    ensure!(after.org_id == before.org_id && after.state() == before.state(), "{after:?}");
    ensure!(after.credential == before.credential, "the other org's credential took over");
    // The other org's login is not kept for the next time: the connection's own is.
    let again = scene.try_connect(&portal, None).await?;
    ensure!(again.org_id == before.org_id && again.connection_id == before.connection_id, "{again:#?}");
    Ok(())
}

#[tokio::test]
async fn r14_a_refused_second_org_leaves_the_token_of_the_connection() -> Result<()> {
    let scene = Scene::open().await?;
    scene.add_org(globex())?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    scene.edit_org("globex", |org| {
        for user in &mut org.users {
            "globex-token".clone_into(&mut user.security_token);
        }
    })?;
    let credential = Some(password_of(GLOBEX, PASSWORD, "globex-token"));
    scene.refused(&portal, credential, ErrorReason::PortalAlreadyConnected).await?;
    scene.salesforce().end_sessions(ACME, false).map_err(anyhow::Error::msg)?;
    let again = scene.try_connect(&portal, None).await?;
    ensure!(again.state() == connector::api::v1::ConnectState::Connected, "{again:#?}");
    let credential = Some(password_of(ACME, PASSWORD, TOKEN));
    scene.try_connect(&portal, credential).await?;
    Ok(())
}

#[tokio::test]
async fn r15_a_third_portal_is_refused_until_a_place_is_free() -> Result<()> {
    let scene = Scene::open().await?;
    let (a, b) = (scene.portal_a().await?, scene.portal_b().await?);
    let c = scene.portal(TOKEN_C, &Claimed { limit: Some(1_000), ..Claimed::default() }).await?;
    scene.connect(&a, ACME).await?;
    scene.connect(&b, ACME).await?;
    let refused = scene.refused(&c, Some(password(ACME)), ErrorReason::OrgPortalLimitReached).await?;
    ensure!(refused.message.contains('2') && refused.org_id.starts_with(ACME_ORG), "{}", refused.message);
    ensure!(refused.message.contains(&a.id.to_string()), "who holds the places: {}", refused.message);
    ensure!(scene.connection(&c).await.is_err(), "a mapping remained");
    let gone = scene.disconnect(&a).await?;
    ensure!(gone.disconnect_time.is_some());
    let attempt = scene.try_connect(&c, None).await?;
    ensure!(attempt.org_id == refused.org_id, "{attempt:#?}");
    ensure!(scene.connection(&c).await?.place == 1, "the place that became free");
    ensure!(scene.connected_portals().await? == [b.id, c.id]);
    Ok(())
}

#[tokio::test]
async fn r15_the_number_of_portals_is_configurable() -> Result<()> {
    let scene = Scene::open_with(|config| {
        config.limits.portals_per_org = NonZeroU32::MIN.saturating_add(2);
    })
    .await?;
    let claimed = Claimed { limit: Some(30_000), ..Claimed::default() };
    let mut org_id = String::new();
    for (number, hub_id) in [(1, 41), (2, 42), (3, 43)] {
        let portal = scene.another_portal(hub_id, &claimed).await?;
        org_id = scene.connect(&portal, ACME).await?.org_id;
        ensure!(scene.connection(&portal).await?.place == number);
    }
    let fourth = scene.another_portal(44, &claimed).await?;
    let refused = scene.refused(&fourth, Some(password(ACME)), ErrorReason::OrgPortalLimitReached).await?;
    ensure!(refused.message.contains('3'), "{}", refused.message);
    let places = scene.orgs().list_org_portals(ListOrgPortalsRequest { org_id }).await?.into_inner();
    let taken: Vec<(i64, i32)> = places.portals.iter().map(|one| (one.portal_id, one.place)).collect();
    ensure!(places.portal_limit == 3 && taken == [(41, 1), (42, 2), (43, 3)], "{places:?}");
    Ok(())
}

#[tokio::test]
async fn r16_an_org_is_known_by_its_id_whoever_logs_in_and_wherever() -> Result<()> {
    let scene = Scene::open().await?;
    scene.edit_org(ACME, |org| org.users.push(UserFixture::admin("second@acme.example")))?;
    let (a, b, c) = (scene.portal_a().await?, scene.portal_b().await?, scene.portal_c().await?);
    let first = scene.connect(&a, ACME).await?;
    let second = scene.connect(&b, "second@acme.example").await?;
    ensure!(first.org_id == second.org_id && first.org_id.len() == 18, "{} {}", first.org_id, second.org_id);
    scene.refused(&c, Some(password("second@acme.example")), ErrorReason::OrgPortalLimitReached).await?;
    Ok(())
}

#[tokio::test]
async fn r16_an_expected_org_may_be_named_by_15_or_18_characters() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    let ask = |org_id: &str| {
        let org_id = org_id.to_owned();
        let (scene, portal) = (&scene, &portal);
        async move {
            let asked = scene.ask_for(portal, Some(password(ACME)), &org_id).await?;
            scene.ended(portal, &asked.attempt.context("an attempt")?.attempt_id).await
        }
    };
    let other = ask("00D5g000007UAT1").await?;
    ensure!(other.reason() == ErrorReason::OrgChanged, "{other:#?}");
    ensure!(scene.connection(&portal).await.is_err());
    let short = ask(ACME_ORG).await?;
    ensure!(short.org_id.starts_with(ACME_ORG) && short.reason() == ErrorReason::Unspecified, "{short:#?}");
    let long = ask(&short.org_id).await?;
    ensure!(long.connection_id == short.connection_id, "{long:#?}");
    let answer = scene.ask_for(&portal, Some(password(ACME)), "00D-no-org").await;
    super::scene::wrong_fields(answer, &["expected_org_id"])
}
