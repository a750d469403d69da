//! The benchmarks. Each returns figures; each pair is subject and yardstick, one after the other.

mod changes;
mod lists;
mod memory;
mod reads;
mod resume;
mod size;
mod start;
mod watched;
mod writes;

use anyhow::Result;
use futures::future::LocalBoxFuture;

use crate::{
    bed::{Bed, Database},
    figure::Figure,
    load::{Load, Operation, Outcome, Target},
};

/// Portals where a figure says nothing else: enough that no row is hot.
const PORTALS: usize = 100_000;
const PORTALS_QUICK: usize = 200;
/// Connections of the load generator: what clients should open, too.
const CONNECTIONS: usize = 4;

/// One benchmark.
#[derive(Clone, Copy)]
pub struct Benchmark {
    pub name: &'static str,
    run: for<'b> fn(&'b mut Bed) -> LocalBoxFuture<'b, Result<Vec<Figure>>>,
}

macro_rules! benchmarks {
    ($($name:literal => $run:path),* $(,)?) => {
        /// All, in the order in which they run: those that need much data last.
        const BENCHMARKS: &[Benchmark] = &[$(Benchmark { name: $name, run: |bed| Box::pin($run(bed)) }),*];
    };
}

benchmarks! {
    "start" => start::run,
    "reads" => reads::run,
    "writes" => writes::run,
    "watched_writes" => watched::run,
    "changes" => changes::run,
    "watch_memory" => memory::run,
    "resume" => resume::run,
    "list" => lists::run,
    "size" => size::run,
}

/// Those whose names contain one of these; all without any.
pub fn chosen(names: &[String]) -> Vec<Benchmark> {
    let is_chosen = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(part.as_str()));
    BENCHMARKS.iter().copied().filter(|benchmark| is_chosen(benchmark.name)).collect()
}

/// Runs them one after the other.
pub async fn run(bed: &mut Bed, benchmarks: &[Benchmark]) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for benchmark in benchmarks {
        eprintln!("{} …", benchmark.name);
        let run = benchmark.run;
        figures.extend(run(bed).await.map_err(|error| error.context(benchmark.name))?);
    }
    Ok(figures)
}

/// The database of most figures.
async fn usual_database(bed: &mut Bed) -> Result<Database> {
    bed.database(bed.settings.size(PORTALS, PORTALS_QUICK)).await
}

/// Lets so many callers do this.
async fn load(bed: &Bed, target: &Target, operation: &Operation, callers: usize) -> Result<Outcome> {
    let load = Load {
        target: target.clone(),
        operation: operation.clone(),
        callers,
        connections: CONNECTIONS.min(callers),
        warm_up: bed.settings.warm_up(),
        seconds: bed.settings.seconds,
    };
    load.run().await
}
