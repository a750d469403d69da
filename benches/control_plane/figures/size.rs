//! What a read and a write cost when there are a hundred and a thousand times as many portals.

use anyhow::Result;

use super::load;
use crate::{
    bed::{Bed, Database},
    figure::{Draft, Figure, Goal},
    load::Operation,
    server::Server,
};

const SMALL: usize = 1_000;
const LARGER: [(&str, usize, usize); 2] = [("1e5", 100_000, 200), ("1e6", 1_000_000, 400)];

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = bed.database(bed.settings.size(SMALL, 100)).await?;
    let small = (bed.server(&database).await?, database);
    let mut figures = Vec::new();
    for (name, full, tiny) in LARGER {
        let database = bed.database(bed.settings.size(full, tiny)).await?;
        let large = (bed.server(&database).await?, database);
        let read = |portals| Operation::GetSetup { portals };
        // So many in both, and random: no row is hotter in one than in the other.
        let write = |portals| Operation::SetSeatCount { portals };
        let reads = costs(bed, &small, &large, |database| read(database.connected)).await?;
        figures.push(figure(format!("size/read_{name}"), "read", &large.1).paired(&reads));
        let writes = costs(bed, &small, &large, |database| write(database.in_wizard)).await?;
        figures.push(figure(format!("size/write_{name}"), "write", &large.1).paired(&writes));
        large.0.stop().await?;
    }
    small.0.stop().await?;
    Ok(figures)
}

fn figure(name: String, what: &str, database: &Database) -> Draft {
    Draft::new(name, format!("{what} among {} portals, 64 callers", database.connected), "µs")
        .against("among 1000")
        .goal(Goal::lower(1.3, 1.15, 1.05))
}

type Measured = (Server, Database);

/// Microseconds for each call, at saturation.
async fn costs(
    bed: &Bed,
    small: &Measured,
    large: &Measured,
    operation: impl Fn(&Database) -> Operation,
) -> Result<Vec<(f64, f64)>> {
    let mut pairs = Vec::new();
    for _ in 0..bed.settings.pairs {
        let of_large = load(bed, &large.0.target, &operation(&large.1), 64).await?.per_second;
        bed.checkpoint().await?;
        let of_small = load(bed, &small.0.target, &operation(&small.1), 64).await?.per_second;
        bed.checkpoint().await?;
        pairs.push((1e6 / of_large, 1e6 / of_small));
    }
    Ok(pairs)
}
