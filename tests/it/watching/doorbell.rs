//! What other servers say of their commits, heard by one that never looks by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, PgConnection};

use super::{
    load::{change, opened},
    record::Watch,
    writers::settings,
};
use crate::harness::{
    World, eventually,
    proxy::Proxy,
    walk::{Clients, Walk},
};

const WATCHERS: usize = 50;

/// A server that writes, and one whose way to the database is counted; neither polls.
async fn two_servers() -> Result<(World, Proxy)> {
    let mut world =
        World::without_server(|config| config.watch.poll_interval = Duration::from_secs(3_600)).await?;
    world.add_server().await?;
    let address = world.config.database.url.clone().context("no database")?;
    let proxy = Proxy::start(address.expose_secret()).await?;
    world.config.database.url = Some(SecretString::from(proxy.url.clone()));
    world.add_server().await?;
    Ok((world, proxy))
}

/// How many of the statements since it was last asked read this.
fn read(proxy: &Proxy, name: &str) -> usize {
    let statements = proxy.take().into_iter().flat_map(|made| made.statements);
    statements.filter(|statement| statement.contains(name)).count()
}

async fn ring(world: &World, said: &str) -> Result<()> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    sqlx::query("select pg_notify('connector_commits', $1)").bind(said).execute(&mut connection).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_server_committed_is_read_once_for_all_who_watch() -> Result<()> {
    let (world, proxy) = two_servers().await?;
    let walk = Walk::enabled(&world).await?;
    let clients = Clients::over(world.line_to(1).await?);
    let mut streams = Vec::new();
    for _ in 0..WATCHERS {
        streams.push(opened(&Watch::SyncStatus(walk.portal_id), &clients).await?);
    }
    let mut reads = Vec::new();
    for round in 0..5 {
        eventually("nothing is under way", async || Ok(proxy.is_quiet().then_some(()))).await?;
        proxy.take();
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        for stream in &mut streams {
            change(stream).await?;
        }
        reads.push(read(&proxy, "reader::events"));
    }
    // Something else may have happened to the portal meanwhile.
    let once = reads.iter().filter(|reads| **reads == 1).count();
    ensure!(once >= 3, "{WATCHERS} watchers took {reads:?} reads");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rings_need_not_be_believed() -> Result<()> {
    let (world, proxy) = two_servers().await?;
    let walk = Walk::enabled(&world).await?;
    let clients = Clients::over(world.line_to(1).await?);
    let mut stream = opened(&Watch::SyncStatus(walk.portal_id), &clients).await?;
    let lies = [
        String::new(),
        "not a ring".to_owned(),
        format!(r#"{{"from":"{}","commits":[[{},9000000000000000000]]}}"#, uuid::Uuid::nil(), walk.portal_id),
        format!(r#"{{"from":"{}","commits":[[-1,1],[0,-5]]}}"#, uuid::Uuid::nil()),
        format!(r#"{{"from":"{}","commits":null}}"#, uuid::Uuid::nil()),
    ];
    let mut last = None;
    for (round, lie) in lies.iter().enumerate() {
        ring(&world, lie).await?;
        eventually("nothing is under way", async || Ok(proxy.is_quiet().then_some(()))).await?;
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        let revision = change(&mut stream).await?;
        ensure!(last.is_none_or(|last| revision == last + 1), "{revision} after {last:?} and {lie:?}");
        last = Some(revision);
    }
    Ok(())
}
