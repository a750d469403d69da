//! What is refused: a key that is not everywhere, that is in use, that is not there; a server with another ring.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, KeyState},
    app,
    lifecycle::Lifecycle,
};
use tonic::Code;

use super::{
    RingFile, key_status, register_many, retire_key, rotate_keys, rotate_keys_as, rotated, with_ring,
};
use crate::{
    connect::scene::{detail, refusal},
    harness::{
        World,
        walk::{Clients, request_id},
    },
};

fn state(status: &v1::KeyStatus, id: &str) -> KeyState {
    status.keys.iter().find(|key| key.key_id == id).map(v1::Key::state).unwrap_or_default()
}

#[tokio::test]
async fn a_key_goes_from_sealing_to_opening_to_retired() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let line = world.line().await?;
    register_many(&world, &Clients::over(line.clone()), 3).await?;
    let status = key_status(&line).await?;
    ensure!(status.sealing_key_id == "1" && status.rotation.is_none(), "{status:?}");
    ensure!(status.keys.first().is_some_and(|key| key.secrets == 3 && key.servers == 1), "{status:?}");
    refusal(rotate_keys(&line).await, Code::FailedPrecondition, "NO_NEW_KEY")?;
    refusal(retire_key(&line, "1").await, Code::FailedPrecondition, "KEY_IN_USE")?;
    refusal(retire_key(&line, "9").await, Code::NotFound, "KEY_NOT_FOUND")?;
    refusal(retire_key(&line, "").await, Code::InvalidArgument, "INVALID_FIELD")?;

    ring.add_key()?;
    let id = request_id();
    rotate_keys_as(&line, &id).await?;
    let status = rotated(&line, "2").await?;
    let begun = status.rotation.clone().context("a rotation")?.start_time;
    ensure!((state(&status, "1"), state(&status, "2")) == (KeyState::Opening, KeyState::Sealing));
    let again = rotate_keys_as(&line, &id).await?;
    ensure!(again.rotation.and_then(|rotation| rotation.start_time) == begun, "it was made twice");
    refusal(rotate_keys(&line).await, Code::FailedPrecondition, "NO_NEW_KEY")?;
    refusal(retire_key(&line, "2").await, Code::FailedPrecondition, "KEY_IN_USE")?;
    let status = retire_key(&line, "1").await?;
    ensure!(state(&status, "1") == KeyState::Retired, "{status:?}");
    retire_key(&line, "1").await?;
    Ok(())
}

#[tokio::test]
async fn a_rotation_waits_until_every_server_holds_the_key() -> Result<()> {
    let ring = RingFile::new()?;
    let mut world = World::start_with(|config| with_ring(config, &ring)).await?;
    let elsewhere = ring.copy()?;
    with_ring(&mut world.config, &elsewhere);
    world.add_server().await?;
    let (first, second) = (world.line_to(0).await?, world.line_to(1).await?);
    ring.add_key()?;
    let status = refusal(rotate_keys(&first).await, Code::FailedPrecondition, "KEY_NOT_EVERYWHERE")?;
    ensure!(detail(&status, "servers") == "1" && detail(&status, "key_id") == "2", "{status:?}");
    ensure!(key_status(&first).await?.sealing_key_id == "1", "nothing is sealed with it yet");
    elsewhere.take_over(&ring)?;
    rotate_keys(&first).await?;
    rotated(&second, "2").await?;
    Ok(())
}

#[tokio::test]
async fn a_server_with_another_ring_does_not_start() -> Result<()> {
    let ring = RingFile::new()?;
    let mut world = World::start_with(|config| with_ring(config, &ring)).await?;
    let line = world.line().await?;
    let older = ring.copy()?;
    ring.add_key()?;
    rotate_keys(&line).await?;
    rotated(&line, "2").await?;
    let start = async |ring: &RingFile, world: &mut World| {
        with_ring(&mut world.config, ring);
        let started = app::start(&world.config, &Lifecycle::new()).await;
        started.err().map(|error| error.to_string()).unwrap_or_default()
    };
    let refused = start(&older, &mut world).await;
    ensure!(refused.contains("seals with key \"2\""), "{refused}");
    let strange = RingFile::new()?;
    strange.add_key()?;
    let refused = start(&strange, &mut world).await;
    ensure!(refused.contains("fingerprint_key"), "{refused}");
    ensure!(key_status(&line).await?.servers.len() == 1, "neither is on the list");
    Ok(())
}
