//! What an open watch costs a server in memory. Each round has fresh servers: a heap that was used hides streams.

use anyhow::Result;

use super::{reads::bare_server, usual_database};
use crate::{
    bed::{Bed, Database},
    etcd::Etcd,
    figure::{Draft, Figure, Goal},
    load::Target,
    watchers::{Subject, Watchers, Watching},
};

const WATCHERS: usize = 10_000;
/// A thousand streams each.
const CONNECTIONS: usize = 10;

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let watchers = bed.settings.size(WATCHERS, 50);
    let (mut against_etcd, mut against_bare) = (Vec::new(), Vec::new());
    for _ in 0..bed.settings.pairs.min(4) {
        let ours = ours(bed, &database, watchers).await?;
        if let Some(etcd) = Etcd::start().await? {
            let subject = Subject::Keys { keys: watchers };
            let before = etcd.memory()?;
            let held = hold(&etcd.target, subject, watchers).await?;
            against_etcd.push((ours, (etcd.memory()? - before) / 1_024.0 / as_float(watchers)?));
            drop(held);
            etcd.stop().await?;
        }
        against_bare.push((ours, bare(bed, &database, watchers).await?));
    }
    let figure = |name| Draft::new(name, format!("memory per watch, {watchers} watches"), "KiB");
    let mut figures =
        vec![figure("watch_memory/framework").against("bare tonic server stream").paired(&against_bare)];
    if !against_etcd.is_empty() {
        let figure = figure("watch_memory/etcd").against("etcd").goal(Goal::lower(0.35, 0.15, 0.08));
        figures.push(figure.paired(&against_etcd));
    }
    Ok(figures)
}

async fn ours(bed: &Bed, database: &Database, watchers: usize) -> Result<f64> {
    let server = bed.server(database).await?;
    let before = server.memory()?;
    let subject = Subject::Setups { portals: watchers.min(database.in_wizard) };
    let held = hold(&server.target, subject, watchers).await?;
    let each = (server.memory()? - before) / 1_024.0 / as_float(watchers)?;
    drop(held);
    server.stop().await?;
    Ok(each)
}

async fn bare(bed: &Bed, database: &Database, watchers: usize) -> Result<f64> {
    let server = bed.server(database).await?;
    let bare = bare_server(&server.target).await?;
    server.stop().await?;
    let before = bare.memory()?;
    let held = hold(&bare.target, Subject::Bare, watchers).await?;
    let each = (bare.memory()? - before) / 1_024.0 / as_float(watchers)?;
    drop(held);
    bare.stop().await?;
    Ok(each)
}

async fn hold(target: &Target, subject: Subject, watchers: usize) -> Result<Watchers> {
    let connections = CONNECTIONS.min(watchers);
    Watchers::open(&Watching { target: target.clone(), subject, watchers, connections }).await
}

fn as_float(count: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(count)?))
}
