//! HubSpot's access token is shared by all servers: one refresh for each expiry, whoever needs it, and none is lost.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1,
    simulator::{
        fault::{Action, FaultPlan, Point},
        hubspot::fixture::{OAuthAppFixture, PortalFixture},
    },
};
use futures::future::try_join_all;

use crate::harness::{
    World,
    walk::{Clients, request_id},
};

const PORTAL: u64 = 10_000_555;
/// Calls at once, half of them over each server.
const CALLS: usize = 16;

/// A portal whose app replaces its refresh token with every use, registered over OAuth.
async fn portal(world: &World) -> Result<i64> {
    let app = OAuthAppFixture::new("app", "app-secret").installed("refresh-1").rotating();
    world.simulators.hubspot.create_portal(PortalFixture::new(PORTAL).oauth_app(app))?;
    let oauth = v1::HubSpotOAuth {
        client_id: "app".to_owned(),
        client_secret: "app-secret".to_owned(),
        refresh_token: "refresh-1".to_owned(),
    };
    let method = Some(v1::hub_spot_credential::Method::Oauth(oauth));
    let request = v1::RegisterPortalRequest {
        request_id: request_id(),
        credential: Some(v1::HubSpotCredential { method }),
        ..Default::default()
    };
    let mut portals = Clients::over(world.line().await?).portals;
    let answer = portals.register_portal(request.clone()).await?.into_inner();
    // Asked again, HubSpot would be shown a refresh token that has ended.
    let again = portals.register_portal(request).await?.into_inner();
    ensure!(again == answer, "the first answer again");
    Ok(answer.portal.context("a portal")?.portal_id)
}

fn refreshes(world: &World) -> u64 {
    world.simulators.hubspot.calls(PORTAL, "oauth.token")
}

async fn lists(clients: &Clients, portal_id: i64) -> Result<()> {
    let request = v1::ListSmartListsRequest { portal_id, ..Default::default() };
    clients.lists.clone().list_smart_lists(request).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_refresh_for_each_expiry_over_two_servers() -> Result<()> {
    let mut world = World::start().await?;
    world.add_server().await?;
    let portal_id = portal(&world).await?;
    let servers = [Clients::over(world.line_to(0).await?), Clients::over(world.line_to(1).await?)];
    for expiry in 1..=4 {
        let before = refreshes(&world);
        world.simulators.clock.advance(time::Duration::hours(2));
        let calls = servers.iter().cycle().take(CALLS).map(|clients| lists(clients, portal_id));
        try_join_all(calls).await.with_context(|| format!("expiry {expiry}"))?;
        ensure!(refreshes(&world) - before == 1, "expiry {expiry}: {} refreshes", refreshes(&world) - before);
    }
    // A server that has just started takes the token that the others have.
    let before = refreshes(&world);
    world.add_server().await?;
    lists(&Clients::over(world.line_to(2).await?), portal_id).await?;
    ensure!(refreshes(&world) == before, "the stored token was not taken");
    Ok(())
}

#[tokio::test]
async fn a_rotated_refresh_token_is_kept_when_the_client_hangs_up() -> Result<()> {
    let world = World::start().await?;
    let portal_id = portal(&world).await?;
    let clients = Clients::over(world.line().await?);
    let faults = &world.simulators.hubspot.frame().faults;
    let held = faults.add(FaultPlan::on("POST", "*/token", Action::Hold { point: Point::After }));
    let hanging = tokio::spawn({
        let clients = clients.clone();
        async move { lists(&clients, portal_id).await }
    });
    held.wait_for_hits(1).await;
    hanging.abort();
    ensure!(hanging.await.is_err_and(|error| error.is_cancelled()));
    held.remove();
    world.simulators.clock.advance(time::Duration::hours(2));
    lists(&clients, portal_id).await
}

#[tokio::test]
async fn another_credential_ends_the_shared_token() -> Result<()> {
    let world = World::start().await?;
    let portal_id = portal(&world).await?;
    let clients = Clients::over(world.line().await?);
    lists(&clients, portal_id).await?;
    let other = OAuthAppFixture::new("other", "other-secret").installed("refresh-2");
    let patch = serde_json::json!({"oauth_apps": [serde_json::to_value(other)?]});
    world.simulators.hubspot.change_portal(PORTAL, &patch)?;
    let oauth = v1::HubSpotOAuth {
        client_id: "other".to_owned(),
        client_secret: "other-secret".to_owned(),
        refresh_token: "refresh-2".to_owned(),
    };
    let request = v1::UpdatePortalCredentialRequest {
        portal_id,
        credential: Some(v1::HubSpotCredential {
            method: Some(v1::hub_spot_credential::Method::Oauth(oauth)),
        }),
        ..Default::default()
    };
    clients.portals.clone().update_portal_credential(request).await?;
    let before = refreshes(&world);
    lists(&clients, portal_id).await?;
    ensure!(refreshes(&world) - before == 1, "the token of the old credential was used");
    Ok(())
}
