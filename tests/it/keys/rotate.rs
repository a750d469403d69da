//! Rotation while everything goes on: two servers, secrets used and stored all the time, and not one failure.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use anyhow::{Context as _, Result, ensure};
use connector::api::v1;
use tokio::task::JoinSet;

use super::{
    RingFile, fingerprints, key_status, register_many, rotate_keys, rotated, rows_by_key, with_ring,
};
use crate::harness::{
    World, eventually,
    walk::{Clients, request_id},
};

/// Portals whose secrets the load stores anew; those of the others it only uses, so that there is something to wrap.
const STORED: usize = 8;

/// Uses and stores secrets over servers until it is told to stop; any failure is kept.
pub struct Load {
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
    tasks: JoinSet<Result<()>>,
}

impl Load {
    pub fn start(clients: &[Clients], portals: &[(i64, String)]) -> Self {
        let mut load = Self { stop: Arc::default(), calls: Arc::default(), tasks: JoinSet::new() };
        for (number, clients) in clients.iter().cycle().take(4).enumerate() {
            let mut portals: Vec<(i64, Option<String>)> = portals
                .iter()
                .enumerate()
                .map(|(position, (portal, token))| (*portal, (position < STORED).then(|| token.clone())))
                .collect();
            let quarter = portals.len() / 4;
            portals.rotate_left(number * quarter);
            load.tasks.spawn(work(clients.clone(), portals, Arc::clone(&load.stop), Arc::clone(&load.calls)));
        }
        load
    }

    /// Waits for so many calls from now on, all of which succeed.
    pub async fn more(&self, calls: u64) -> Result<()> {
        let goal = self.calls.load(Ordering::Relaxed) + calls;
        eventually(
            "the load goes on",
            async || Ok((self.calls.load(Ordering::Relaxed) >= goal).then_some(())),
        )
        .await
    }

    /// The number of calls, none of which failed.
    pub async fn end(mut self) -> Result<u64> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.calls.load(Ordering::Relaxed))
    }
}

async fn work(
    clients: Clients,
    portals: Vec<(i64, Option<String>)>,
    stop: Arc<AtomicBool>,
    calls: Arc<AtomicU64>,
) -> Result<()> {
    for (portal_id, stored) in portals.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let portal_id = *portal_id;
        if let Some(token) = stored.clone() {
            let method = v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken { token });
            let request = v1::UpdatePortalCredentialRequest {
                request_id: request_id(),
                portal_id,
                credential: Some(v1::HubSpotCredential { method: Some(method) }),
                etag: String::new(),
                ..Default::default()
            };
            let stored = clients.portals.clone().update_portal_credential(request).await;
            stored.with_context(|| format!("storing a secret of portal {portal_id}"))?;
        } else {
            let request = v1::ListSmartListsRequest { portal_id, ..Default::default() };
            let used = clients.lists.clone().list_smart_lists(request).await;
            used.with_context(|| format!("using a secret of portal {portal_id}"))?;
        }
        calls.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_under_load_fails_no_call_and_leaves_no_row_behind() -> Result<()> {
    let ring = RingFile::new()?;
    let mut world = World::start_with(|config| with_ring(config, &ring)).await?;
    world.add_server().await?;
    let (first, second) = (world.line_to(0).await?, world.line_to(1).await?);
    let clients = [Clients::over(first.clone()), Clients::over(second.clone())];
    let portals = register_many(&world, &clients[0], 40).await?;
    let before = fingerprints(&world).await?;

    let load = Load::start(&clients, &portals);
    load.more(50).await?;
    for to in ["2", "3"] {
        ensure!(ring.add_key()? == to);
        let begun = rotate_keys(&first).await?;
        ensure!(begun.sealing_key_id == to, "the new key is in use at once: {begun:?}");
        let ended = rotated(&second, to).await?;
        load.more(50).await?;
        let rotation = ended.rotation.context("a rotation")?;
        ensure!(rotation.secrets_left == 0 && rotation.secrets_unreadable == 0, "{rotation:?}");
        ensure!(rotation.secrets_done > 0 && rotation.end_time.is_some(), "{rotation:?}");
        ensure!(ended.servers.iter().all(|server| server.sealing_key_id == to), "{:?}", ended.servers);
    }
    let calls = load.end().await?;
    ensure!(calls > 200, "{calls} calls are no load");

    let rows = rows_by_key(&world).await?;
    ensure!(rows.keys().eq(["3"]), "rows are left under another key: {rows:?}");
    ensure!(fingerprints(&world).await? == before, "the fingerprints changed");
    Ok(())
}

/// What a server seals in the moment of the rotation, with the key before.
#[tokio::test]
async fn a_row_that_comes_late_under_the_older_key_is_wrapped_anew_as_well() -> Result<()> {
    let ring = RingFile::new()?;
    let world = World::start_with(|config| with_ring(config, &ring)).await?;
    let line = world.line().await?;
    let clients = Clients::over(line.clone());
    register_many(&world, &clients, 2).await?;
    super::meddle(&world, "create table older as select secret_id, sealed from secrets").await?;
    ring.add_key()?;
    rotate_keys(&line).await?;
    rotated(&line, "2").await?;
    // Looking for them under the older key would be a race: it is noticed within 50 ms.
    let put_back = "update secrets s set sealed = o.sealed from older o where o.secret_id = s.secret_id";
    ensure!(super::meddle(&world, put_back).await? >= 2);
    eventually("they are wrapped anew", async || {
        Ok(rows_by_key(&world).await?.keys().eq(["2"]).then_some(()))
    })
    .await?;
    rotated(&line, "2").await?;
    let status = key_status(&line).await?;
    ensure!(status.rotation.is_some_and(|rotation| rotation.requested_by == "connector"));
    Ok(())
}
