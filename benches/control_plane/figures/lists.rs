//! A page of a hundred connections out of a million.

use anyhow::Result;

use super::load;
use crate::{
    bed::Bed,
    figure::{Draft, Figure, Goal},
    load::{Operation, page_tokens},
    pgbench::Script,
};

const PORTALS: usize = 1_000_000;
/// Callers: a page is work enough that few saturate the machine.
const CALLERS: usize = 16;

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = bed.database(bed.settings.size(PORTALS, 400)).await?;
    let server = bed.server(&database).await?;
    // Some two hundred places all over the list.
    let every = (database.connected / 500 / 200).max(1);
    let operation = Operation::ListConnections { page_tokens: page_tokens(&server.target, every).await? };
    let mut pairs = Vec::new();
    for _ in 0..bed.settings.pairs {
        let subject = load(bed, &server.target, &operation, CALLERS).await?.per_second;
        pairs.push((subject, Script::ListConnections.run(bed, &database, CALLERS).await?));
    }
    server.stop().await?;
    let figure = Draft::new("list/connections", format!("page of 100 among {}", database.connected), "/s")
        .against("pgbench, the same query")
        .goal(Goal::higher(0.5, 0.8, 1.0));
    Ok(vec![figure.paired(&pairs)])
}
