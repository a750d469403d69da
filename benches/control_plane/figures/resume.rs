//! Ten thousand watchers come back at once, as after the restart of a load balancer, and each has missed one change.

use std::time::Duration;

use anyhow::Result;

use super::usual_database;
use crate::{
    bed::Bed,
    figure::{Draft, Figure, Goal},
    load::touch,
    proxy::Proxy,
    watchers::{Subject, Watchers, Watching},
};

const WATCHERS: usize = 10_000;
/// Setups that they watch, ten watchers each.
const SETUPS: usize = 1_000;
const CONNECTIONS: usize = 10;

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let (watchers, setups) = (bed.settings.size(WATCHERS, 50), bed.settings.size(SETUPS, 5));
    // The proxy counts what the server asks of the database.
    let proxy = Proxy::start(&database.server_url).await?;
    let server = bed.server_by(&proxy.url).await?;
    let watching = Watching {
        target: server.target.clone(),
        subject: Subject::Setups { portals: setups },
        watchers,
        connections: CONNECTIONS,
    };
    let mut held = Watchers::open(&watching).await?;
    let (mut seconds, mut queries) = (Vec::new(), Vec::new());
    for _ in 0..bed.settings.pairs {
        held.close().await?;
        touch(&server.target, setups).await?;
        while !proxy.is_quiet() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        proxy.take();
        let took = held.resume().await?;
        seconds.push(took);
        queries.push(f64::from(u32::try_from(proxy.take().len())?) / took);
    }
    drop(held);
    server.stop().await?;
    let subject = format!("{watchers} watchers resume, each has missed a change");
    Ok(vec![
        Draft::new("resume/seconds", &subject, "s").goal(Goal::lower(5.0, 2.0, 1.0)).alone(&seconds),
        Draft::new("resume/queries", subject + ": round trips to the database", "/s")
            .goal(Goal::lower(50.0, 50.0, 50.0))
            .alone(&queries),
    ])
}
