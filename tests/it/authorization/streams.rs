//! Streams over all portals show those that are granted, and end with the credential that opened them.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    self, ErrorReason, watch_connections_response::Event as ConnectionEvent,
    watch_sync_status_response::Event as SyncEvent,
};
use tonic::{Code, Streaming};

use super::scene::{Scene, Who};
use crate::harness::{
    PATIENCE,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

async fn pause(walk: &Walk) -> Result<()> {
    let request =
        v1::PauseSyncRequest { request_id: request_id(), portal_id: walk.portal_id, ..Default::default() };
    inner(walk.clients.sync.clone().pause_sync(request).await)?;
    Ok(())
}

/// The next portals that a stream speaks of, and the token after them.
async fn next(stream: &mut Streaming<v1::WatchSyncStatusResponse>) -> Result<(Vec<i64>, String)> {
    loop {
        let message = stream.message().await?.context("the stream ended")?;
        let portals = match message.event {
            Some(SyncEvent::Snapshot(snapshot)) => {
                snapshot.statuses.iter().map(|status| status.portal_id).collect()
            }
            Some(SyncEvent::Transition(status)) => vec![status.portal_id],
            Some(SyncEvent::Heartbeat(_)) => continue,
            other => anyhow::bail!("{other:?}"),
        };
        return Ok((portals, message.resume_token));
    }
}

fn from(token: &str) -> v1::WatchSyncStatusRequest {
    v1::WatchSyncStatusRequest { portal_id: 0, resume_token: token.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_over_all_portals_shows_those_that_are_granted() -> Result<()> {
    let scene = Scene::start().await?;
    let (a, b) = (scene.a.portal_id, scene.b.portal_id);
    let client = async |who: Who| -> Result<_> {
        let line = scene.line(&who).await?;
        Ok(v1::sync_service_client::SyncServiceClient::new(line))
    };
    let mut only_a = client(Who::of(&[a])).await?;
    let mut both = client(Who::of(&[a, b])).await?;
    let mut of_a = inner(only_a.watch_sync_status(from("")).await)?;
    let mut of_both = inner(both.watch_sync_status(from("")).await)?;
    let (shown, first_of_a) = next(&mut of_a).await?;
    ensure!(shown == [a]);
    let (shown, first_of_both) = next(&mut of_both).await?;
    ensure!(shown == [a, b]);
    // B's change comes first, and would be seen first.
    pause(&scene.b).await?;
    pause(&scene.a).await?;
    ensure!(next(&mut of_a).await?.0 == [a], "B was shown");
    ensure!(next(&mut of_both).await?.0 == [b]);
    // The same after a resume.
    let mut of_a = inner(only_a.watch_sync_status(from(&first_of_a)).await)?;
    ensure!(next(&mut of_a).await?.0 == [a], "B was shown");
    // A token of a wider grant is one of another stream.
    let resumed = only_a.watch_sync_status(from(&first_of_both)).await;
    refused_for(resumed.map(|_| "a stream"), Code::InvalidArgument, ErrorReason::ResumeTokenInvalid)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_of_other_portals_are_not_shown() -> Result<()> {
    let scene = Scene::start().await?;
    let line = scene.line(&Who::of(&[scene.c.portal_id])).await?;
    let mut client = v1::connection_service_client::ConnectionServiceClient::new(line);
    let mut stream = inner(client.watch_connections(v1::WatchConnectionsRequest::default()).await)?;
    let first = stream.message().await?.context("no message")?;
    let Some(ConnectionEvent::Snapshot(snapshot)) = first.event else { anyhow::bail!("no snapshot") };
    let shown: Vec<i64> = snapshot.connections.iter().map(|one| one.portal_id).collect();
    ensure!(shown == [scene.c.portal_id], "{shown:?}");
    for walk in [&scene.a, &scene.c] {
        let request = v1::DisconnectRequest {
            request_id: request_id(),
            portal_id: walk.portal_id,
            ..Default::default()
        };
        inner(walk.clients.connections.clone().disconnect(request).await)?;
    }
    let next = stream.message().await?.context("no message")?;
    let Some(ConnectionEvent::Transition(change)) = next.event else { anyhow::bail!("{next:?}") };
    ensure!(change.portal_id == scene.c.portal_id, "{change:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_when_its_token_does() -> Result<()> {
    let scene = Scene::start().await?;
    let who = Who::of(&[scene.a.portal_id]).lasting(3);
    let line = scene.line(&who).await?;
    let mut client = v1::sync_service_client::SyncServiceClient::new(line);
    let mut stream = inner(client.watch_sync_status(from("")).await)?;
    ensure!(next(&mut stream).await?.0 == [scene.a.portal_id]);
    // Heartbeats alone would keep it waiting for ever.
    let ended = tokio::time::timeout(PATIENCE, next(&mut stream)).await.context("it went on")?;
    let ended = ended.err().context("it went on")?;
    let status = ended.downcast::<tonic::Status>()?;
    refused_for(Err::<(), _>(status), Code::Unauthenticated, ErrorReason::Unauthenticated)?;
    let again = client.watch_sync_status(from("")).await.map(|_| "a stream");
    refused_for(again, Code::Unauthenticated, ErrorReason::Unauthenticated)?;
    Ok(())
}
