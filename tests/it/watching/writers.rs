//! Portals with everything switched on, and writers that keep changing them.

use std::time::Duration;

use anyhow::Result;
use connector::{api::v1, simulator::hubspot::seed};
use rand::RngExt as _;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::record::Servers;
use crate::harness::{
    World,
    walk::{Clients, STEPS, Walk, request_id},
};

/// What each portal of a fleet begins with, of the org's API calls a day.
const SHARE: i64 = 10_000;

/// A world in which three portals may share the org.
pub async fn world(servers: usize) -> Result<World> {
    world_with(servers, |_| ()).await
}

/// The same with another configuration.
pub async fn world_with(
    servers: usize,
    adjust: impl FnOnce(&mut connector::config::Config),
) -> Result<World> {
    let mut world = World::start_with(|config| {
        config.limits.portals_per_org = std::num::NonZeroU32::MIN.saturating_add(2);
        config.worker.logins_per_hour = std::num::NonZeroU32::MIN.saturating_add(99);
        adjust(config);
    })
    .await?;
    for _ in 1..servers {
        world.add_server().await?;
    }
    Ok(world)
}

/// Three portals at one org, sync on.
pub async fn fleet(world: &World) -> Result<Vec<Walk>> {
    let mut fleet = Vec::new();
    for token in [seed::TOKEN_A, seed::TOKEN_B, seed::TOKEN_C] {
        let walk = Walk::start_with(world, token).await?;
        for step in STEPS.into_iter().take_while(|step| *step != v1::Step::Test) {
            if step == v1::Step::ApiCallLimit {
                walk.limit(Some(SHARE)).await?;
            } else {
                walk.answer_and_wait(step).await?;
            }
        }
        fleet.push(walk);
    }
    Ok(fleet)
}

/// Copies of the one portal of this world, beside it.
pub async fn copies(world: &World, count: i64) -> Result<()> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    sqlx::query(
        "insert into portals (portal_id, revision, portal, sync, sync_version)
        select portal_id + n, 1, portal, sync, 1 from portals, generate_series(1, $1) as n",
    )
    .bind(count)
    .execute(&mut database)
    .await?;
    Ok(())
}

/// Gives each portal another share of the org's calls, all in one transaction.
pub async fn allocate(clients: &Clients, org_id: &str, shares: &[(i64, i64)]) -> Result<(), Status> {
    let shares = shares
        .iter()
        .map(|(portal_id, limit)| v1::ApiCallShare { portal_id: *portal_id, api_call_limit: *limit })
        .collect();
    let request = v1::AllocateApiCallsRequest {
        request_id: request_id(),
        org_id: org_id.to_owned(),
        shares,
        ..Default::default()
    };
    clients.orgs.clone().allocate_api_calls(request).await.map(|_| ())
}

/// Switches a portal's sync to paused or back.
pub async fn pause(clients: &Clients, portal_id: i64, paused: bool) -> Result<(), Status> {
    if paused {
        let request = v1::PauseSyncRequest { request_id: request_id(), portal_id, ..Default::default() };
        clients.sync.clone().pause_sync(request).await.map(|_| ())
    } else {
        let request = v1::ResumeSyncRequest { request_id: request_id(), portal_id, ..Default::default() };
        clients.sync.clone().resume_sync(request).await.map(|_| ())
    }
}

/// Changes what a portal syncs: a change of the setup and of the sync at once.
pub async fn settings(clients: &Clients, portal_id: i64, on_email_open: bool) -> Result<(), Status> {
    let activity_sync =
        v1::ActivitySync { on_form_submission: true, on_email_open, tasks: v1::Choice::Yes.into() };
    let request = v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id,
        activity_sync: Some(activity_sync),
        ..Default::default()
    };
    clients.sync.clone().update_sync_settings(request).await.map(|_| ())
}

/// The org that a portal is connected to.
pub async fn org_of(walk: &Walk) -> Result<String> {
    let request = v1::GetConnectionRequest { portal_id: walk.portal_id };
    let answer = walk.clients.connections.clone().get_connection(request).await?.into_inner();
    Ok(answer.connection.unwrap_or_default().org_id)
}

/// Writers at work; each change is made through any one of the servers.
pub struct Writers {
    stop: CancellationToken,
    tasks: JoinSet<usize>,
}

impl Writers {
    pub fn begin(count: usize, servers: &Servers, portals: &[i64], org_id: &str) -> Self {
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for _ in 0..count {
            let (servers, portals, org_id) = (servers.clone(), portals.to_vec(), org_id.to_owned());
            tasks.spawn(write(servers, portals, org_id, stop.clone()));
        }
        Self { stop, tasks }
    }

    /// Stops them. Returns how many changes were answered with success.
    pub async fn stop(self) -> usize {
        self.stop.cancel();
        self.tasks.join_all().await.into_iter().sum()
    }
}

async fn write(servers: Servers, portals: Vec<i64>, org_id: String, stop: CancellationToken) -> usize {
    let mut done = 0;
    let mut clients = servers.any().await;
    while !stop.is_cancelled() {
        let [which, flag, what]: [usize; 3] = std::array::from_fn(|_| rand::rng().random_range(0..1_000));
        let Some(portal_id) = portals.get(which % portals.len().max(1)).copied() else { break };
        let outcome = match what % 8 {
            0 | 1 => pause(&clients, portal_id, flag % 2 == 0).await,
            2 | 3 => settings(&clients, portal_id, flag % 2 == 0).await,
            4..=6 => {
                let limit = |portal_id| (portal_id, 5_000 + rand::rng().random_range(0..5_000));
                let shares: Vec<_> = portals.iter().copied().map(limit).collect();
                allocate(&clients, &org_id, &shares).await
            }
            _ => {
                let request = v1::CreateTestContactRequest { request_id: request_id(), portal_id };
                clients.test_contacts.clone().create_test_contact(request).await.map(|_| ())
            }
        };
        match outcome {
            Ok(()) => done += 1,
            Err(status) if status.code() == tonic::Code::Unavailable => clients = servers.any().await,
            Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
        }
    }
    done
}
