//! Whether the time of an answer tells what is foreign from what does not exist. Measured by hand: a figure that
//! depends on the machine is no test.
//!
//! `cargo test --test it authorization::timing -- --ignored --nocapture`

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{
    api::{Ids, Rpc},
    foreign::nobodys,
    scene::{Scene, Who},
};

/// Calls of each kind.
const SAMPLES: usize = 10_000;

/// Mean and variance of the samples below the highest 5 %, in microseconds: what is above is the machine's.
fn figures(mut samples: Vec<f64>) -> (f64, f64, f64) {
    samples.sort_by(f64::total_cmp);
    samples.truncate(samples.len() * 95 / 100);
    let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX));
    let mean = samples.iter().sum::<f64>() / count;
    let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance, count)
}

/// Welch's t of two sets of samples, and their means.
fn welch(left: Vec<f64>, right: Vec<f64>) -> (f64, f64, f64) {
    let ((left, left_variance, left_count), (right, right_variance, right_count)) =
        (figures(left), figures(right));
    ((left - right) / (left_variance / left_count + right_variance / right_count).sqrt(), left, right)
}

#[ignore = "measures"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_an_answer() -> Result<()> {
    let scene = Scene::start().await?;
    let foreign = scene.ids(&scene.b).await?;
    let far = scene.ids(&scene.c).await?;
    // Somebody else uses what is foreign: caches know it.
    let caller = scene.caller(&Who::of(&[scene.a.portal_id])).await?;
    let owner = scene.caller(&Who::of(&[scene.b.portal_id, scene.c.portal_id])).await?;
    let mut random = StdRng::seed_from_u64(1);
    for name in ["GetPortal", "GetSetup", "GetTestContact", "GetOrg"] {
        let rpcs = Rpc::all()?;
        let rpc = rpcs.iter().find(|rpc| rpc.name() == name).context("no such RPC")?;
        let theirs = if name == "GetOrg" { &far } else { &foreign };
        let mut samples: [Vec<f64>; 2] = Default::default();
        for call in 0..SAMPLES * 2 {
            // Alternating, so that whatever else the machine does falls on both alike.
            let kind = call % 2;
            let ids: Ids = if kind == 0 { nobodys(&mut random) } else { theirs.clone() };
            let request = rpc.request(&ids)?;
            if call % 100 == 0 {
                owner.call(rpc, &rpc.request(theirs)?).await?;
            }
            let began = Instant::now();
            let answer = caller.call(rpc, &request).await;
            let took = began.elapsed().as_secs_f64() * 1e6;
            ensure!(answer.is_err());
            if let Some(samples) = samples.get_mut(kind) {
                samples.push(took);
            }
        }
        let [nobodys, foreign] = samples;
        let (t, nobodys, foreign) = welch(nobodys, foreign);
        println!("{name}: t = {t:.2}; does not exist {nobodys:.1} µs, foreign {foreign:.1} µs");
    }
    Ok(())
}
