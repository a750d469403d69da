//! Keys in HashiCorp Vault: moving there from a file, rotating there, and Vault going away.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use connector::{api::v1, app, lifecycle::Lifecycle};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{
    RingFile, fake_vault::FakeVault, fingerprints, key_status, meddle, register_many, retire_key,
    rotate_keys, rotated, rows_by_key, with_ring,
};
use crate::{
    auth::authority::{Authority, EXPIRED, FINE, Folder},
    connect::scene::{detail, refusal},
    harness::{World, walk::Clients},
};

async fn lists(clients: &Clients, portal_id: i64) -> Result<v1::ListSmartListsResponse, Status> {
    let request = v1::ListSmartListsRequest { portal_id, ..Default::default() };
    Ok(clients.lists.clone().list_smart_lists(request).await?.into_inner())
}

#[tokio::test]
async fn keys_move_from_a_file_to_vault_and_rotate_there() -> Result<()> {
    let ring = RingFile::new()?;
    let vault = FakeVault::start().await?;
    let mut world = World::start_with(|config| with_ring(config, &ring)).await?;
    let portals = register_many(&world, &Clients::over(world.line().await?), 6).await?;
    let before = fingerprints(&world).await?;
    vault.configure(&mut world.config)?;
    world.restart().await?;
    let line = world.line().await?;
    let clients = Clients::over(line.clone());
    ensure!(key_status(&line).await?.sealing_key_id == "1", "nothing moves by itself");
    ensure!(vault.decrypts() == 0);

    rotate_keys(&line).await?;
    let status = rotated(&line, "transit.connector.1").await?;
    ensure!(rows_by_key(&world).await?.keys().eq(["transit.connector.1"]), "{status:?}");
    let (portal, _) = portals.first().context("a portal")?;
    lists(&clients, *portal).await?;
    // A version that Vault makes.
    rotate_keys(&line).await?;
    rotated(&line, "transit.connector.2").await?;
    ensure!(rows_by_key(&world).await?.keys().eq(["transit.connector.2"]));
    ensure!(fingerprints(&world).await? == before, "the fingerprints changed");
    for (portal, _) in &portals {
        lists(&clients, *portal).await?;
    }
    refusal(retire_key(&line, "transit.connector.2").await, Code::FailedPrecondition, "KEY_IN_USE")?;
    retire_key(&line, "transit.connector.1").await?;
    ensure!(vault.min_decryption_version() == 2);
    retire_key(&line, "1").await?;
    Ok(())
}

#[tokio::test]
async fn vault_away_is_unavailable_and_comes_back() -> Result<()> {
    let ring = RingFile::new()?;
    let vault = FakeVault::start().await?;
    let mut world = World::without_server(|config| {
        with_ring(config, &ring);
        config.vault.transit_cache = Duration::from_secs(3_600);
    })
    .await?;
    vault.configure(&mut world.config)?;
    world.add_server().await?;
    let clients = Clients::over(world.line().await?);
    let portals = register_many(&world, &clients, 2).await?;
    let (portal, token) = portals.first().cloned().context("a portal")?;
    // What is remembered needs no Vault.
    vault.seal(true);
    lists(&clients, portal).await?;
    ensure!(vault.decrypts() == 0, "a data key is remembered from when it was made");
    let status =
        refusal(clients_register(&clients, &token).await, Code::Unavailable, "KEY_SERVICE_UNAVAILABLE")?;
    ensure!(detail(&status, "message").contains("unseal"), "{status:?}");
    ensure!(status.get_error_details().retry_info().is_some());
    // A server that remembers nothing.
    vault.seal(false);
    world.config.vault.transit_cache = Duration::ZERO;
    world.restart().await?;
    let clients = Clients::over(world.line().await?);
    lists(&clients, portal).await?;
    lists(&clients, portal).await?;
    ensure!(vault.decrypts() == 2, "{}", vault.decrypts());
    vault.seal(true);
    refusal(lists(&clients, portal).await, Code::Unavailable, "KEY_SERVICE_UNAVAILABLE")?;
    let started = app::start(&world.config, &Lifecycle::new()).await;
    let refused = started.err().map(|error| error.to_string()).unwrap_or_default();
    ensure!(refused.contains("HashiCorp Vault") && refused.contains("unseal"), "{refused}");
    vault.seal(false);
    lists(&clients, portal).await?;
    // Swapped between portals: Vault refuses, since the place is authenticated there as well.
    meddle(&world, "update secrets s set sealed = o.sealed from secrets o where o.portal_id <> s.portal_id")
        .await?;
    refusal(lists(&clients, portal).await, Code::FailedPrecondition, "STORED_SECRET_UNREADABLE")?;
    Ok(())
}

async fn clients_register(clients: &Clients, token: &str) -> Result<v1::RegisterPortalResponse, Status> {
    let method =
        v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken { token: token.to_owned() });
    let request = v1::RegisterPortalRequest {
        request_id: crate::harness::walk::request_id(),
        credential: Some(v1::HubSpotCredential { method: Some(method) }),
        display_name: String::new(),
    };
    Ok(clients.portals.clone().register_portal(request).await?.into_inner())
}

#[tokio::test]
async fn vault_is_trusted_by_the_authority_that_is_configured_and_by_no_other() -> Result<()> {
    let ring = RingFile::new()?;
    let (authority, other, folder) = (Authority::new()?, Authority::new()?, Folder::new()?);
    folder.write("vault.pem", &authority.pem())?;
    folder.write("other.pem", &other.pem())?;
    let trusted = || Some(folder.path("vault.pem"));
    let vault = FakeVault::start_tls(&authority.server()?).await?;
    let mut world = World::without_server(|config| with_ring(config, &ring)).await?;
    vault.configure_tls(&mut world.config, trusted())?;
    world.add_server().await?;
    let clients = Clients::over(world.line().await?);
    let portals = register_many(&world, &clients, 1).await?;
    let (portal, _) = portals.first().context("a portal")?;
    lists(&clients, *portal).await?;
    ensure!(rows_by_key(&world).await?.keys().eq(["transit.connector.1"]), "Vault sealed it");

    let of = async |issued| anyhow::Ok(FakeVault::start_tls(&issued).await?);
    for (what, vault, authority) in [
        ("another authority", vault.clone(), Some(folder.path("other.pem"))),
        ("the system's authorities", vault.clone(), None),
        ("another host's certificate", of(authority.server_for("vault.example", FINE)?).await?, trusted()),
        ("an expired certificate", of(authority.server_for("localhost", EXPIRED)?).await?, trusted()),
        ("a certificate for clients", of(authority.client("localhost", FINE)?).await?, trusted()),
    ] {
        let mut config = world.config.clone();
        vault.configure_tls(&mut config, authority)?;
        let refused =
            app::start(&config, &Lifecycle::new()).await.err().with_context(|| format!("{what}: started"))?;
        ensure!(refused.to_string().contains("HashiCorp Vault"), "{what}: {refused}");
        ensure!(vault.decrypts() == 0, "{what}: it was asked");
    }
    Ok(())
}
