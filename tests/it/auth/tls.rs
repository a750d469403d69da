//! The server's side of TLS: certificates that change, and handshakes that don't come.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, sync_service_client::SyncServiceClient},
    dev::{self, Bearer},
};
use secrecy::ExposeSecret as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    authority::{Authority, Folder, connect},
    call,
};
use crate::harness::{PATIENCE, World, eventually};

async fn world(folder: &Folder) -> Result<World> {
    World::start_with(|config| folder.configure(config)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_is_served_and_no_stream_ends() -> Result<()> {
    let (old, new, newest) = (Authority::new()?, Authority::new()?, Authority::new()?);
    let folder = Folder::new()?;
    folder.serve(&old.server()?)?;
    let world = World::start_with(|config| {
        folder.configure(config);
        config.grpc.heartbeat = Duration::from_millis(50);
    })
    .await?;
    let (url, token) = (world.url(0), world.token.expose_secret());
    let line = Bearer::new(&world.token)?.over(connect(url, &old.pem(), None).await?);
    let mut stream = SyncServiceClient::new(line)
        .watch_sync_status(v1::WatchSyncStatusRequest::default())
        .await?
        .into_inner();
    stream.message().await?.context("a snapshot")?;

    folder.serve(&new.server()?)?;
    eventually("the new certificate is served", async || Ok(connect(url, &new.pem(), None).await.ok()))
        .await?;
    ensure!(connect(url, &old.pem(), None).await.is_err(), "the old one is served no longer");

    // Half a deployment, and files that are none: the last good ones stay.
    let next = newest.server()?;
    for (name, text) in [
        ("server.pem", next.chain.as_str()),
        ("server.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ("server.key", ""),
        ("server.key", "no key"),
    ] {
        folder.write(name, text)?;
        for _ in 0..10 {
            let channel = connect(url, &new.pem(), None).await.with_context(|| format!("after {text:?}"))?;
            call(&channel, token).await?;
        }
    }
    folder.serve(&next)?;
    eventually("the newest is served", async || Ok(connect(url, &newest.pem(), None).await.ok())).await?;

    // The stream from before lives: it says so more than once.
    for _ in 0..3 {
        let message = tokio::time::timeout(PATIENCE, stream.message()).await??;
        message.context("the stream ended")?;
    }
    Ok(())
}

/// Waits until the other side closes, whatever it says before.
async fn closed(connection: &mut TcpStream) -> Result<()> {
    let mut said = [0; 256];
    let end = async { while connection.read(&mut said).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::time::timeout(PATIENCE, end).await.context("it stays open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handshakes_that_do_not_come_end_and_plain_text_is_not_spoken() -> Result<()> {
    let (authority, folder) = (Authority::new()?, Folder::new()?);
    folder.serve(&authority.server()?)?;
    let world = world(&folder).await?;
    let url = world.url(0);
    ensure!(url.starts_with("https://"), "{url}");
    let address = url.trim_start_matches("https://");
    let mut silent = TcpStream::connect(address).await?;
    let mut halting = TcpStream::connect(address).await?;
    // The beginning of a ClientHello, and then nothing.
    halting.write_all(&[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]).await?;
    let mut plain = TcpStream::connect(address).await?;
    plain.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
    closed(&mut plain).await?;
    if let Ok(line) = dev::connect(&url.replace("https", "http"), &world.token).await {
        let asked = SyncServiceClient::new(line).get_sync_status(v1::GetSyncStatusRequest::default()).await;
        ensure!(asked.is_err(), "plain text was spoken: {asked:?}");
    }
    let channel = connect(url, &authority.pem(), None).await?;
    call(&channel, world.token.expose_secret()).await?;
    closed(&mut silent).await?;
    closed(&mut halting).await?;
    call(&channel, world.token.expose_secret()).await?;
    Ok(())
}

#[tokio::test]
async fn a_full_house_of_silent_handshakes_makes_room() -> Result<()> {
    let (authority, folder) = (Authority::new()?, Folder::new()?);
    folder.serve(&authority.server()?)?;
    let world = World::start_with(|config| {
        folder.configure(config);
        config.grpc.max_connections = std::num::NonZeroU32::MIN.saturating_add(3);
    })
    .await?;
    let address = world.url(0).trim_start_matches("https://").to_owned();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(&address).await?);
    }
    let channel = connect(world.url(0), &authority.pem(), None).await?;
    call(&channel, world.token.expose_secret()).await?;
    Ok(())
}
