//! Keys: rotation under load and under kills, holders of keys, and what happens to a secret that was moved.

mod fake_vault;
mod kills;
mod refusals;
mod rotate;
mod tampered;
mod transit;

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result};
use connector::{
    api::v1::{self, KeyRotationState, key_service_client::KeyServiceClient},
    config::Config,
    dev::Line,
    simulator::hubspot::fixture::PortalFixture,
    vault::KeyRing,
};
use sqlx::{Connection as _, PgConnection};
use tonic::Status;

use crate::harness::{
    World, eventually,
    walk::{Clients, request_id},
};

/// The first portal of those that a test registers by the dozen.
const FIRST_PORTAL: u64 = 20_000_001;

/// Why keys are retired here.
pub const RETIRED_FOR: &str = "its copy was lost, ticket 42";

/// A key ring's file that is removed with this value.
pub struct RingFile(pub PathBuf);

impl RingFile {
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("connector-keys-{}-{number}.json", std::process::id()));
        let _ = fs::remove_file(&path);
        KeyRing::create(&path)?;
        Ok(Self(path))
    }

    /// A file with the same ring, as on another machine.
    pub fn copy(&self) -> Result<Self> {
        let copy = Self::new()?;
        copy.take_over(self)?;
        Ok(copy)
    }

    /// The other ring, in one step.
    pub fn take_over(&self, other: &Self) -> Result<()> {
        let beside = self.0.with_extension("new");
        fs::copy(&other.0, &beside)?;
        fs::rename(&beside, &self.0)?;
        Ok(())
    }

    /// As an operator does it.
    pub fn add_key(&self) -> Result<String> {
        Ok(KeyRing::add_key(&self.0)?.as_str().to_owned())
    }
}

impl Drop for RingFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Keys from this file, looked at often, wrapped anew in small batches.
pub fn with_ring(config: &mut Config, ring: &RingFile) {
    config.vault.keyring = None;
    config.vault.key_file = Some(ring.0.clone());
    config.vault.refresh_interval = Duration::from_millis(50);
    config.vault.rewrap_batch = std::num::NonZeroU32::MIN.saturating_add(1);
}

pub async fn key_status(line: &Line) -> Result<v1::KeyStatus> {
    let answer = KeyServiceClient::new(line.clone()).get_key_status(v1::GetKeyStatusRequest {}).await?;
    answer.into_inner().status.context("no status")
}

pub async fn rotate_keys(line: &Line) -> Result<v1::KeyStatus, Status> {
    rotate_keys_as(line, &request_id()).await
}

pub async fn rotate_keys_as(line: &Line, request_id: &str) -> Result<v1::KeyStatus, Status> {
    let request = v1::RotateKeysRequest { request_id: request_id.to_owned(), ..Default::default() };
    let answer = KeyServiceClient::new(line.clone()).rotate_keys(request).await?.into_inner();
    Ok(answer.status.unwrap_or_default())
}

pub async fn retire_key(line: &Line, key_id: &str) -> Result<v1::KeyStatus, Status> {
    let request = v1::RetireKeyRequest {
        request_id: request_id(),
        key_id: key_id.to_owned(),
        reason: RETIRED_FOR.to_owned(),
    };
    let answer = KeyServiceClient::new(line.clone()).retire_key(request).await?.into_inner();
    Ok(answer.status.unwrap_or_default())
}

/// Waits until the rotation to this key has ended.
pub async fn rotated(line: &Line, to: &str) -> Result<v1::KeyStatus> {
    eventually("the rotation has ended", async || {
        let status = key_status(line).await?;
        let is_over = status.rotation.as_ref().is_some_and(|rotation| {
            rotation.to_key_id == to && rotation.state() == KeyRotationState::Finished
        });
        Ok(is_over.then_some(status))
    })
    .await
}

/// Portals with nothing but a HubSpot credential.
pub async fn register_many(world: &World, clients: &Clients, count: u64) -> Result<Vec<(i64, String)>> {
    let mut portals = Vec::new();
    for hub_id in FIRST_PORTAL..FIRST_PORTAL + count {
        let token = format!("token-of-{hub_id}");
        world.simulators.hubspot.create_portal(PortalFixture::new(hub_id).token(token.clone()))?;
        portals.push((clients.register(&token).await?, token));
    }
    Ok(portals)
}

/// Stored secrets by the key that they are under.
pub async fn rows_by_key(world: &World) -> Result<BTreeMap<String, i64>> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let rows: Vec<(Option<String>, i64)> =
        sqlx::query_as("select key_id, count(*) from secrets group by 1").fetch_all(&mut connection).await?;
    connection.close().await?;
    Ok(rows.into_iter().map(|(key, rows)| (key.unwrap_or_default(), rows)).collect())
}

/// The fingerprint of each stored secret, by portal and kind.
pub async fn fingerprints(world: &World) -> Result<BTreeMap<(i64, String), String>> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as("select portal_id, kind, info ->> 'fingerprint' from secrets where role = 'current'")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    Ok(rows.into_iter().map(|(portal, kind, fingerprint)| ((portal, kind), fingerprint)).collect())
}

/// Runs a statement past all rules of the service.
pub async fn meddle(world: &World, sql: &'static str) -> Result<u64> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let done = sqlx::query(sql).execute(&mut connection).await?;
    connection.close().await?;
    Ok(done.rows_affected())
}
