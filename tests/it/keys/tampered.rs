//! Rows of the table of secrets, swapped by somebody who can write to the database: none of them opens, and whoever
//! uses one is told so.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    self, CheckConnectionRequest, ConnectState, ErrorReason, KeyRotationState, ListSmartListsRequest,
    TestContactStatus, inclusion_list_service_client::InclusionListServiceClient,
};
use tonic::{Code, Status};

use super::{RingFile, key_status, meddle, rotate_keys, with_ring};
use crate::{
    connect::scene::{ACME, Portal, Scene, detail, refusal},
    harness::{World, eventually, walk::Walk},
};

const UNREADABLE: &str = "STORED_SECRET_UNREADABLE";

async fn two_connected() -> Result<(Scene, Portal, Portal)> {
    let scene = Scene::open().await?;
    let (first, second) = (scene.portal_a().await?, scene.portal_b().await?);
    scene.connect(&first, ACME).await?;
    scene.connect(&second, ACME).await?;
    Ok((scene, first, second))
}

async fn check(scene: &Scene, portal: &Portal) -> Result<v1::CheckConnectionResponse, Status> {
    let request = CheckConnectionRequest { setup_id: portal.setup_id.clone() };
    Ok(scene.connections().check_connection(request).await?.into_inner())
}

async fn lists(scene: &Scene, portal: &Portal) -> Result<v1::ListSmartListsResponse, Status> {
    let line = scene.world.line().await.map_err(|error| Status::internal(error.to_string()))?;
    let request = ListSmartListsRequest { portal_id: portal.id, ..Default::default() };
    Ok(InclusionListServiceClient::new(line).list_smart_lists(request).await?.into_inner())
}

/// Gives each portal's secrets of a kind the ciphertext of the other's.
const SWAP: &str = "update secrets s set sealed = o.sealed from secrets o \
                    where o.kind = s.kind and o.role = s.role and o.portal_id <> s.portal_id";

#[tokio::test]
async fn swapped_ciphertexts_fail_with_their_reason() -> Result<()> {
    let (scene, first, second) = two_connected().await?;
    ensure!(meddle(&scene.world, SWAP).await? == 8, "four secrets of each portal");
    for portal in [&first, &second] {
        let status = refusal(check(&scene, portal).await, Code::FailedPrecondition, UNREADABLE)?;
        ensure!(detail(&status, "secret") == "salesforce_session", "{status:?}");
        refusal(lists(&scene, portal).await, Code::FailedPrecondition, UNREADABLE)?;
        // Without a session it is the credential that is needed.
        let attempt = scene.try_connect(portal, None).await;
        ensure!(attempt.is_err(), "a credential that does not open was used: {attempt:?}");
    }
    ensure!(scene.logins(ACME) == 2, "a login was sent with a swapped credential");
    // Swapped back, everything is as it was.
    meddle(&scene.world, SWAP).await?;
    check(&scene, &first).await?;
    lists(&scene, &second).await?;
    Ok(())
}

#[tokio::test]
async fn a_row_given_to_another_portal_or_another_kind_does_not_open() -> Result<()> {
    let (scene, first, second) = two_connected().await?;
    // The whole row, with its id and fingerprint: only the portal is another one.
    meddle(
        &scene.world,
        "delete from secrets where kind = 'salesforce_session' and portal_id = (select min(portal_id) from portals)",
    )
    .await?;
    let moved = meddle(
        &scene.world,
        "update secrets set portal_id = (select min(portal_id) from portals) where kind = 'salesforce_session'",
    )
    .await?;
    ensure!(moved == 1);
    let owner = if first.id < second.id { &first } else { &second };
    refusal(check(&scene, owner).await, Code::FailedPrecondition, UNREADABLE)?;
    // Another kind of the same portal, in the place of its HubSpot credential.
    let changed = meddle(
        &scene.world,
        "update secrets s set sealed = o.sealed from secrets o \
         where s.kind = 'hubspot_credential' and o.kind = 'security_token' and o.portal_id = s.portal_id",
    )
    .await?;
    ensure!(changed == 2);
    refusal(lists(&scene, owner).await, Code::FailedPrecondition, UNREADABLE)?;
    Ok(())
}

#[tokio::test]
async fn a_flipped_bit_ends_attempts_and_test_contacts_with_the_reason() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let flip = "update secrets set sealed = set_byte(sealed, octet_length(sealed) - 1, \
                get_byte(sealed, octet_length(sealed) - 1) # 1)";
    meddle(&world, flip).await?;
    let contact = walk.test().await?;
    ensure!(contact.status() == TestContactStatus::Failed, "{contact:?}");
    ensure!(contact.reason() == ErrorReason::StoredSecretUnreadable, "{contact:?}");
    ensure!(!contact.fix.is_empty() && !contact.message.contains("{ $"), "{contact:?}");
    // The attempt brings a credential along that opens; the token of its step does not.
    let status = walk.connect().await;
    ensure!(status.is_err() || status.is_ok_and(|attempt| attempt.state() == ConnectState::Failed));
    meddle(&world, flip).await?;
    let contact = walk.test().await?;
    ensure!(contact.status() == TestContactStatus::Completed, "{contact:?}");
    Ok(())
}

#[tokio::test]
async fn a_rotation_does_not_make_a_moved_secret_look_as_good_as_new() -> Result<()> {
    let ring = RingFile::new()?;
    let scene = Scene::open_with(|config| with_ring(config, &ring)).await?;
    scene.portal_a().await?;
    scene.portal_b().await?;
    // Two of the four: the security tokens.
    meddle(
        &scene.world,
        "update secrets s set sealed = o.sealed from secrets o \
         where s.kind = 'security_token' and o.kind = s.kind and o.portal_id <> s.portal_id",
    )
    .await?;
    ring.add_key()?;
    let line = scene.world.line().await?;
    rotate_keys(&line).await?;
    let status = eventually("only what does not open is left", async || {
        let status = key_status(&line).await?;
        let is_stuck =
            status.rotation.as_ref().is_some_and(|rotation| rotation.state() == KeyRotationState::Stuck);
        Ok(is_stuck.then_some(status))
    })
    .await?;
    let rotation = status.rotation.context("a rotation")?;
    ensure!((rotation.secrets_done, rotation.secrets_left, rotation.secrets_unreadable) == (2, 2, 2));
    Ok(())
}
