//! A setup outlasts the server, the client and an hour of coming and going (R09, R10).

use anyhow::{Context as _, Result};
use connector::{
    api::v1::{self, Step},
    simulator::hubspot::seed,
};
use time::Duration;

use crate::harness::{
    World,
    refusal::inner,
    walk::{Clients, STEPS, Walk, request_id},
};

#[tokio::test]
async fn r09_the_server_restarts_between_any_two_steps() -> Result<()> {
    let mut world = World::start().await?;
    let mut walk = Walk::start(&world).await?;
    for step in STEPS {
        let answered = walk.answer_and_wait(step).await.with_context(|| step.as_str_name())?;
        world.restart().await?;
        walk.reconnect(&world).await?;
        let mut after = walk.setup().await?;
        // A server that starts may find that a job has ended; nothing else moves.
        after.revision = answered.revision;
        assert_eq!(after, answered, "after {step:?}");
    }
    assert_eq!(walk.setup().await?.status(), v1::SetupStatus::Finished);
    Ok(())
}

#[tokio::test]
async fn r09_the_server_restarts_while_it_connects_and_tests() -> Result<()> {
    let mut world = World::start().await?;
    let mut walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let attempt = walk.start_to_connect().await?;
    world.restart().await?;
    walk.reconnect(&world).await?;
    let attempt = walk.attempt_ended(&attempt.attempt_id).await?;
    assert_eq!(attempt.state(), v1::ConnectState::Connected, "{}", attempt.message);
    for step in [Step::ObjectSync, Step::ActivitySync, Step::InclusionList, Step::Review] {
        walk.answer(step).await?;
    }
    let contact = walk.create_test_contact().await?;
    world.restart().await?;
    walk.reconnect(&world).await?;
    let contact = walk.test_ended(&contact.test_contact_id).await?;
    assert_eq!(contact.status(), v1::TestContactStatus::Completed, "{}", contact.message);
    Ok(())
}

#[tokio::test]
async fn r10_nothing_expires_within_a_setup_of_45_minutes() -> Result<()> {
    let world = World::start().await?;
    let clients = Clients::over(world.line().await?);
    // HubSpot's access tokens live for 30 minutes.
    let oauth = v1::HubSpotOAuth {
        client_id: seed::CLIENT_ID.to_owned(),
        client_secret: seed::CLIENT_SECRET.to_owned(),
        refresh_token: seed::REFRESH_TOKEN_A.to_owned(),
    };
    let register = v1::RegisterPortalRequest {
        request_id: request_id(),
        credential: Some(v1::HubSpotCredential {
            method: Some(v1::hub_spot_credential::Method::Oauth(oauth)),
        }),
        display_name: "Portal A".to_owned(),
    };
    inner(clients.portals.clone().register_portal(register).await)?;
    let start = v1::StartSetupRequest { request_id: request_id(), portal_id: i64::try_from(seed::PORTAL_A)? };
    let setup = inner(clients.setups.clone().start_setup(start).await)?.setup.unwrap_or_default();
    let walk = Walk {
        clients,
        portal_id: setup.portal_id,
        setup_id: setup.setup_id,
        username: crate::harness::walk::ACME_ADMIN.to_owned(),
        environment: v1::SalesforceEnvironment::Production,
    };
    for step in STEPS {
        world.simulators.clock.advance(Duration::minutes(3));
        if step == Step::InclusionList {
            world.simulators.clock.advance(Duration::minutes(10));
            walk.list("2").await?;
            continue;
        }
        walk.answer_and_wait(step).await.with_context(|| step.as_str_name())?;
    }
    assert!(world.simulators.clock.offset() >= Duration::minutes(45));
    assert_eq!(walk.setup().await?.status(), v1::SetupStatus::Finished);
    Ok(())
}
