//! A panic ends the call that it happens in, and nothing else.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ErrorReason, watch_setup_response::Event},
    simulator::hubspot::seed,
};
use tonic::{Code, Streaming};

use crate::{
    harness::{
        PATIENCE, World,
        refusal::refused_for,
        walk::{Clients, request_id},
    },
    kills::process::Process,
};

/// Waits for the change that a stream tells next.
async fn transition(stream: &mut Streaming<v1::WatchSetupResponse>) -> Result<v1::Setup> {
    loop {
        let message =
            tokio::time::timeout(PATIENCE, stream.message()).await.context("the stream is silent")?;
        match message?.context("the stream ended")?.event {
            Some(Event::Transition(setup)) => return Ok(setup),
            Some(Event::Snapshot(_) | Event::Heartbeat(_)) => {}
            other => anyhow::bail!("{other:?}"),
        }
    }
}

async fn watch(clients: &Clients, setup_id: &str) -> Result<Streaming<v1::WatchSetupResponse>> {
    let request = v1::WatchSetupRequest { setup_id: setup_id.to_owned(), ..Default::default() };
    let mut stream = clients.setups.clone().watch_setup(request).await?.into_inner();
    stream.message().await?.context("no snapshot")?;
    Ok(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_handler_ends_no_other_stream() -> Result<()> {
    let world = World::without_server(|_| ()).await?;
    let heartbeat = [("CONNECTOR_GRPC__HEARTBEAT", "200ms")];
    // The second portal that is registered; the handler is in the middle of its work then.
    let planted = "portal.tried=panic@2";
    let process = Process::start_with(&world, planted, &heartbeat, Stdio::null(), Stdio::null()).await?;
    let (same_line, other_line) = (process.clients().await?, process.clients().await?);
    let portal_id = same_line.register(seed::TOKEN_A).await?;
    let request = v1::StartSetupRequest { request_id: request_id(), portal_id };
    let started = same_line.setups.clone().start_setup(request).await?.into_inner();
    let setup_id = started.setup.context("a setup")?.setup_id;
    let mut streams = Vec::new();
    for _ in 0..10 {
        for clients in [&same_line, &other_line] {
            streams.push(watch(clients, &setup_id).await?);
        }
    }
    let calm = process_peak(&process)?;

    let asked = register(request_id());
    let panicked = same_line.portals.clone().register_portal(asked.clone()).await;
    refused_for(panicked, Code::Internal, ErrorReason::InternalError)?;

    // Every stream hears of what happens afterwards, over both connections.
    let request = v1::AcknowledgePrerequisitesRequest {
        request_id: request_id(),
        setup_id: setup_id.clone(),
        acknowledged: true,
        subscription: v1::HubSpotSubscription::Professional.into(),
        ..Default::default()
    };
    same_line.setups.clone().acknowledge_prerequisites(request).await?;
    for stream in &mut streams {
        ensure!(transition(stream).await?.setup_id == setup_id);
    }
    // The same call under the same id is made as if it had never been asked for.
    let again = same_line.portals.clone().register_portal(asked).await;
    ensure!(again.is_ok(), "{again:?}");
    ensure!(process_peak(&process)?.saturating_sub(calm) < 16 * 1_024, "the panic cost memory");
    Ok(())
}

fn register(request_id: String) -> v1::RegisterPortalRequest {
    let token = v1::HubSpotStaticToken { token: seed::TOKEN_B.to_owned() };
    let method = v1::hub_spot_credential::Method::StaticToken(token);
    let credential = Some(v1::HubSpotCredential { method: Some(method) });
    v1::RegisterPortalRequest { request_id, credential, ..Default::default() }
}

fn process_peak(process: &Process) -> Result<u64> {
    super::victim::peak_kib(process.id()?)
}
