//! The safety net under connect, test contact and its deletion: servers in processes of their own are killed at every
//! fail point and at random, a survivor on the same database goes on, and the simulators say what really happened.
//!
//! After every kill: nothing is lost (what was asked for ends, as connected, completed or deleted, or with a failure
//! that a kill explains), nothing happens twice (one contact in each CRM, one connection, one login for each thing
//! that was asked for), no job is stuck, and a watch that was cut goes on without a gap or a repetition.

mod again;
mod lane;
mod oracle;
mod planted;
mod points;
pub mod process;
mod random;
mod story;
mod wizard;

use anyhow::{Result, ensure};

use lane::{Death, Lane, Operation};

/// Lanes at once; most of the time each waits for a lease to run out.
const LANES: usize = 4;

/// Runs the deaths on several lanes side by side; returns the number of kills.
async fn run(operation: Operation, deaths: Vec<Death>) -> Result<usize> {
    let planned = deaths.len();
    let mut shares: Vec<Vec<Death>> = vec![Vec::new(); LANES];
    for (death, lane) in deaths.into_iter().zip((0..LANES).cycle()) {
        if let Some(share) = shares.get_mut(lane) {
            share.push(death);
        }
    }
    let lanes = shares.into_iter().map(|share| async move {
        let mut lane = Lane::start(operation).await?;
        let mut kills = 0;
        for death in share {
            let context = format!("{operation:?}, killed at {death:?}");
            kills += lane.strike(death).await.map_err(|error| error.context(context))?;
        }
        Ok::<_, anyhow::Error>((kills, lane.missed))
    });
    let (kills, missed): (Vec<usize>, Vec<usize>) =
        futures::future::try_join_all(lanes).await?.into_iter().unzip();
    let (kills, missed) = (kills.into_iter().sum(), missed.into_iter().sum::<usize>());
    eprintln!("{operation:?}: {kills} kills, {missed} of {planned} points not reached");
    ensure!(missed * 10 <= planned, "{missed} of {planned} points were not reached");
    Ok(kills)
}
