//! Ten thousand ids that are not the caller's: each is answered as if it did not exist.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{
    api::{Ids, Rpc},
    scene::{Scene, Who},
};

/// How many calls there are in all.
const CALLS: usize = 10_000;
/// Chosen once; another one finds the same.
const SEED: u64 = 20_261_127;

/// Ids that nobody has.
pub fn nobodys(random: &mut StdRng) -> Ids {
    let uuid = |random: &mut StdRng| Uuid::from_u128(random.random::<u128>()).to_string();
    let org: String = (0..12).map(|_| char::from(b'A' + random.random_range(0..26_u8))).collect();
    Ids {
        portal_id: random.random_range(20_000_000..100_000_000),
        setup_id: uuid(random),
        test_contact_id: uuid(random),
        org_id: format!("00D{org}"),
    }
}

/// Everything of a status that a client sees, but for what it sent itself and for the id of the call.
fn seen(status: &Status, rpc: &Rpc, ids: &Ids) -> String {
    let mut details = status.get_error_details();
    details.set_request_info("", "");
    let text = format!("{:?} {:?} {details:?}", status.code(), status.message());
    let Some(field) = rpc.field() else { return text };
    text.replace(&ids.text(field), "ID")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_foreign_is_as_if_it_did_not_exist() -> Result<()> {
    let scene = Scene::start().await?;
    let foreign = [scene.ids(&scene.b).await?, scene.ids(&scene.c).await?];
    let caller = scene.caller(&Who::of(&[scene.a.portal_id])).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let rpcs: Vec<Rpc> = Rpc::all()?.into_iter().filter(|rpc| rpc.field().is_some()).collect();
    let mut answers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for call in 0..CALLS {
        let rpc = rpcs.get(call % rpcs.len()).context("no RPC")?;
        let ids = match (call / rpcs.len()) % 3 {
            0 => nobodys(&mut random),
            // B is at the caller's own org, which it may see.
            1 if rpc.field() != Some("org_id") => foreign[0].clone(),
            _ => foreign[1].clone(),
        };
        let outcome = caller.call(rpc, &rpc.request(&ids)?).await;
        let Err(status) = outcome else { anyhow::bail!("{} answered about {ids:?}", rpc.name()) };
        ensure!(status.code() == Code::NotFound, "{} {status:?}", rpc.name());
        answers.entry(rpc.path()).or_default().insert(seen(&status, rpc, &ids));
    }
    ensure!(answers.len() == rpcs.len());
    for (path, seen) in answers {
        ensure!(seen.len() == 1, "{path} tells them apart: {seen:#?}");
    }
    Ok(())
}

/// The same as whoever may see everything gets for what does not exist. Requests that change nothing are compared:
/// those of the others are refused for their request id where nothing is hidden.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_exist_is_answered_alike_to_everybody() -> Result<()> {
    let scene = Scene::start().await?;
    let limited = scene.caller(&Who::of(&[scene.a.portal_id])).await?;
    let all = scene.caller(&Who::anybody()).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let reads = Rpc::all()?.into_iter().filter(|rpc| rpc.field().is_some() && !rpc.is_change());
    for rpc in reads {
        let ids = nobodys(&mut random);
        let request = rpc.request(&ids)?;
        let refused = [limited.call(&rpc, &request).await.err(), all.call(&rpc, &request).await.err()];
        let seen = refused.map(|status| status.map(|status| seen(&status, &rpc, &ids)));
        let [to_limited, to_all] = seen;
        ensure!(to_limited.is_some() && to_limited == to_all, "{}: {to_limited:#?} {to_all:#?}", rpc.name());
    }
    Ok(())
}
