//! A server that starts on a schema that is there, and does nothing.

use std::time::Duration;

use anyhow::Result;

use super::usual_database;
use crate::{
    bed::Bed,
    figure::{Draft, Figure, Goal},
};

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let (mut ready, mut memory) = (Vec::new(), Vec::new());
    for _ in 0..bed.settings.pairs.max(2) {
        let server = bed.server(&database).await?;
        ready.push(server.ready_after.as_secs_f64() * 1_000.0);
        // Idle means that its timers have come round as well.
        tokio::time::sleep(Duration::from_secs_f64(bed.settings.seconds)).await;
        memory.push(server.memory()? / 1_024.0 / 1_024.0);
        server.stop().await?;
    }
    Ok(vec![
        Draft::new("start/ready", "start to ready", "ms").goal(Goal::lower(300.0, 150.0, 80.0)).alone(&ready),
        Draft::new("start/memory", "memory of an idle server", "MiB")
            .goal(Goal::lower(40.0, 25.0, 15.0))
            .alone(&memory),
    ])
}
