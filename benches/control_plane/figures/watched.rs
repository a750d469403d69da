//! What watchers cost those who write: every write is watched by somebody, or by nobody.

use anyhow::Result;

use super::{load, usual_database};
use crate::{
    bed::Bed,
    figure::{Draft, Figure, Goal},
    load::Operation,
    watchers::{Subject, Watchers, Watching},
};

const WATCHERS: usize = 1_000;

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let server = bed.server(&database).await?;
    let watchers = bed.settings.size(WATCHERS, 64);
    let operation = Operation::SetSeatCount { portals: watchers };
    let watching = Watching {
        target: server.target.clone(),
        subject: Subject::Setups { portals: watchers },
        watchers,
        connections: 10,
    };
    let mut pairs = Vec::new();
    for _ in 0..bed.settings.pairs {
        let held = Watchers::open(&watching).await?;
        let with = load(bed, &server.target, &operation, 64).await?.per_second;
        drop(held);
        bed.checkpoint().await?;
        let without = load(bed, &server.target, &operation, 64).await?.per_second;
        bed.checkpoint().await?;
        pairs.push((with, without));
    }
    server.stop().await?;
    let figure =
        Draft::new("watched_writes/step_64", format!("step, each watched by one of {watchers}"), "/s")
            .against("without watchers")
            .goal(Goal::higher(0.8, 0.95, 1.0));
    Ok(vec![figure.paired(&pairs)])
}
