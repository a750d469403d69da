//! Killed by SIGKILL at any time: uniform over the time that an operation takes, and the server that takes over is
//! killed as well.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{
    lane::{Death, Lane, Operation},
    run,
};

/// Strikes of each operation; two kills each.
const STRIKES: u32 = 24;
/// The second server has to find the job first.
const TAKE_OVER: Duration = Duration::from_millis(30);

async fn at_random(operation: Operation) -> Result<()> {
    let taken = Lane::duration(operation).await?;
    let spread = |whole: Duration, number: u32| whole * (2 * number + 1) / (2 * STRIKES);
    let deaths = (0..STRIKES).map(|number| {
        // Another order for the second kill, so that every part of the one meets every part of the other.
        let second = spread(TAKE_OVER + taken, number * 7 % STRIKES);
        Death::Random(spread(taken, number), Some(second))
    });
    let kills = run(operation, deaths.collect()).await?;
    ensure!(kills == 2 * usize::try_from(STRIKES)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_is_killed_at_random() -> Result<()> {
    at_random(Operation::Connect).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_contact_is_killed_at_random() -> Result<()> {
    at_random(Operation::TestWithLogin).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_is_killed_at_random() -> Result<()> {
    at_random(Operation::DeleteWithLogin).await
}
