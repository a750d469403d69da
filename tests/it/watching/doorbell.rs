//! What other servers say of their commits, heard by one that never looks by itself.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
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

/// A server that writes for a portal, and one whose way to the database is counted; neither polls.
struct Scene {
    world: World,
    proxy: Proxy,
    walk: Walk,
    /// Of the second server.
    elsewhere: Clients,
}

async fn scene() -> Result<Scene> {
    let mut world =
        World::without_server(|config| config.watch.poll_interval = Duration::from_secs(3_600)).await?;
    world.add_server().await?;
    let address = world.config.database.url.clone().context("no database")?;
    let proxy = Proxy::start(address.expose_secret()).await?;
    world.config.database.url = Some(SecretString::from(proxy.url.clone()));
    world.add_server().await?;
    let walk = Walk::enabled(&world).await?;
    let elsewhere = Clients::over(world.line_to(1).await?);
    Ok(Scene { world, proxy, walk, elsewhere })
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
    let Scene { world: _world, proxy, walk, elsewhere } = scene().await?;
    let mut streams = Vec::new();
    for _ in 0..WATCHERS {
        streams.push(opened(&Watch::SyncStatus(walk.portal_id), &elsewhere).await?);
    }
    let mut last = None;
    for round in 0..5 {
        eventually("nothing is under way", async || Ok(proxy.is_quiet().then_some(()))).await?;
        proxy.take();
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        let seen = try_join_all(streams.iter_mut().map(change)).await?;
        let (reads, revision) = (read(&proxy, "reader::events"), *seen.first().context("a watcher")?);
        // Something else may have happened to the portal meanwhile.
        let changes = usize::try_from(revision - last.unwrap_or(revision - 1))?;
        ensure!(
            (1..=changes).contains(&reads),
            "{WATCHERS} watchers of {changes} changes took {reads} reads"
        );
        last = Some(revision);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rings_need_not_be_believed() -> Result<()> {
    let Scene { world, proxy, walk, elsewhere } = scene().await?;
    let mut stream = opened(&Watch::SyncStatus(walk.portal_id), &elsewhere).await?;
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
