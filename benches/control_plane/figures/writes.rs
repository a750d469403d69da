//! A step of the wizard with all its rows against the same rows by pgbench, and against etcd's put.

use anyhow::Result;

use super::{load, usual_database};
use crate::{
    bed::{Bed, Database},
    figure::{Draft, Figure, Goal},
    load::{Operation, Outcome},
    pgbench::Script,
    server::Server,
};

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let server = bed.server(&database).await?;
    let mut figures = Vec::new();
    for callers in [64, 8, 1] {
        let mut pairs = Vec::new();
        for _ in 0..bed.settings.pairs {
            let subject = step(bed, &server, &database, callers).await?.per_second;
            bed.checkpoint().await?;
            pairs.push((subject, Script::Step.run(bed, &database, callers).await?));
            bed.checkpoint().await?;
        }
        let mut figure =
            Draft::new(format!("writes/step_{callers}"), format!("step, {callers} callers"), "/s")
                .against(format!("pgbench, the same rows in one statement, {callers} clients"));
        if callers == 64 {
            figure = figure.goal(Goal::higher(0.8, 1.5, 2.5));
        }
        figures.push(figure.paired(&pairs));
    }
    figures.extend(against_etcd(bed, &server, &database).await?);
    server.stop().await?;
    Ok(figures)
}

async fn step(bed: &Bed, server: &Server, database: &Database, callers: usize) -> Result<Outcome> {
    load(bed, &server.target, &Operation::SetSeatCount { portals: database.in_wizard }, callers).await
}

async fn against_etcd(bed: &Bed, server: &Server, database: &Database) -> Result<Vec<Figure>> {
    let Some(etcd) = &bed.etcd else { return Ok(Vec::new()) };
    let keys = database.connected;
    let (mut throughput, mut slowest) = (Vec::new(), Vec::new());
    for _ in 0..bed.settings.pairs {
        let ours = step(bed, server, database, 64).await?;
        bed.checkpoint().await?;
        let theirs = load(bed, &etcd.target, &Operation::EtcdPut { keys }, 64).await?;
        throughput.push((ours.per_second, theirs.per_second));
        slowest.push((ours.p99_ms, theirs.p99_ms));
    }
    let per_second = Draft::new("writes/etcd", "step, 64 callers", "/s")
        .against("etcd put, 64 callers")
        .goal(Goal::higher(0.8, 1.2, 2.0));
    let p99 = Draft::new("writes/etcd_p99", "step, 64 callers, p99", "ms")
        .against("etcd put, p99")
        .goal(Goal::lower(1.0, 0.5, 0.3));
    Ok(vec![per_second.paired(&throughput), p99.paired(&slowest)])
}
