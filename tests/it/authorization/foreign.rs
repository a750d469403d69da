//! Ten thousand ids and tokens that are not the caller's: each is answered as if it did not exist.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{
    api::{Caller, Ids, Rpc},
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

/// A request with one field more.
fn with(rpc: &Rpc, request: &[u8], field: &str, value: Value) -> Result<Vec<u8>> {
    let mut message = DynamicMessage::decode(rpc.method.input(), request)?;
    message.set_field_by_name(field, value);
    Ok(message.encode_to_vec())
}

/// The token in an answer.
fn token_of(rpc: &Rpc, answer: &[u8], field: &str) -> Result<String> {
    let message = DynamicMessage::decode(rpc.method.output(), answer)?;
    let value = message.get_field_by_name(field).context("no token")?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

/// The same token, turned a little: its bytes are no secret, and anybody can make one.
fn turned(random: &mut StdRng, token: &str) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    for _ in 0..random.random_range(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.random_range(0..bytes.len());
        if let Some(byte) = bytes.get_mut(at) {
            *byte = random.random();
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn tokens(all: &Caller, rpc: &Rpc, own: &Ids, field: &str) -> Result<Vec<String>> {
    let mut request = rpc.request(own)?;
    if field == "next_page_token" {
        request = with(rpc, &request, "page_size", Value::I32(1))?;
    } else if rpc.field() == Some("portal_id") {
        // The stream over all of them.
        request = with(rpc, &request, "portal_id", Value::I64(0))?;
    }
    let mut tokens = Vec::new();
    if let Ok(answer) = all.call(rpc, &request).await {
        tokens.push(token_of(rpc, &answer, field)?);
    }
    Ok(tokens)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_token_and_no_resume_token_leads_to_what_is_foreign() -> Result<()> {
    let scene = Scene::start().await?;
    let own = scene.ids(&scene.a).await?;
    let (b, c) = (scene.ids(&scene.b).await?, scene.ids(&scene.c).await?);
    // B's org is the caller's as well.
    let hidden: Vec<String> =
        b.traces().into_iter().take(3).chain(c.traces()).filter(|trace| !trace.is_empty()).collect();
    let limited = scene.caller(&Who::of(&[own.portal_id])).await?;
    let all = scene.caller(&Who::anybody()).await?;
    let mut random = StdRng::seed_from_u64(SEED);
    let mut calls = 0;
    for rpc in Rpc::all()? {
        let has = |field: &str| rpc.method.input().get_field_by_name(field).is_some();
        let (field, given_by) = match (has("page_token"), has("resume_token")) {
            (true, _) => ("page_token", "next_page_token"),
            (_, true) => ("resume_token", "resume_token"),
            _ => continue,
        };
        let mut request = rpc.request(&own)?;
        if rpc.portal == connector::api::v1::PortalRule::PortalIdOrFiltered {
            request = with(&rpc, &request, "portal_id", Value::I64(0))?;
        }
        let real = tokens(&all, &rpc, &own, given_by).await?;
        for round in 0..80 {
            let token = match (real.first(), round) {
                (Some(token), 0) => token.clone(),
                (Some(token), 1..60) => turned(&mut random, token),
                _ => {
                    let bytes: Vec<u8> = (0..random.random_range(0..120)).map(|_| random.random()).collect();
                    URL_SAFE_NO_PAD.encode(bytes)
                }
            };
            let request = with(&rpc, &request, field, Value::String(token.clone()))?;
            // A stream that goes on after a token says something when something happens.
            let waiting = limited.call(&rpc, &request);
            let Ok(outcome) = tokio::time::timeout(WAIT, waiting).await else { continue };
            calls += 1;
            match outcome {
                Ok(answer) => {
                    let json = rpc.json(&answer)?;
                    for trace in &hidden {
                        ensure!(!json.contains(trace), "{} with {token}: {trace} in {json}", rpc.name());
                    }
                }
                Err(status) => ensure!(
                    matches!(status.code(), Code::InvalidArgument | Code::FailedPrecondition),
                    "{} {status:?}",
                    rpc.name()
                ),
            }
        }
    }
    ensure!(calls > 500, "{calls} calls were answered");
    Ok(())
}

/// A stream that was resumed is silent; what it says of foreign portals it would say at once.
const WAIT: std::time::Duration = std::time::Duration::from_millis(100);
