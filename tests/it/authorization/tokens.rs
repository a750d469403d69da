//! Ten thousand page tokens and resume tokens that were never given to the caller: random ones, and real ones of
//! somebody who may see more, turned a little. Each is refused, or leads to the caller's own portals and nothing else.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use connector::api::v1::PortalRule;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tonic::Code;

use super::{
    api::{Caller, Ids, Rpc},
    scene::{Scene, Who},
};
use crate::harness::{PATIENCE, refusal::Refused};

/// How many tokens there are in all.
const TOKENS: usize = 10_000;
/// Chosen once; another one finds the same.
const SEED: u64 = 20_261_127;
const CALLS_AT_ONCE: usize = 32;
const CONNECTIONS: usize = 4;
/// A stream that was resumed is silent; what it says of foreign portals it would say at once.
const WAIT: Duration = Duration::from_millis(100);

/// An RPC that takes a token, and real tokens to begin with.
struct Taker {
    rpc: Rpc,
    field: &'static str,
    reason: &'static str,
    /// The caller's own request, without a token.
    request: Vec<u8>,
    /// Of this very list or stream, given to somebody who may see everything.
    of_all: Vec<String>,
    /// Of other portals' lists and streams, and of other RPCs.
    of_others: Vec<String>,
}

/// How a token came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Random,
    NoBase64,
    OfOthers,
    OfOthersTurned,
    OfAll,
    Truncated,
    BitFlipped,
    Turned,
}

const KINDS: [Kind; 8] = [
    Kind::Random,
    Kind::NoBase64,
    Kind::OfOthers,
    Kind::OfOthersTurned,
    Kind::OfAll,
    Kind::Truncated,
    Kind::BitFlipped,
    Kind::Turned,
];

impl Kind {
    /// Nothing of it can be a place in the caller's own list or stream. What can is a place that the caller could have
    /// been given as well: tokens hold places and no rights.
    fn is_always_refused(self) -> bool {
        matches!(self, Self::Random | Self::NoBase64 | Self::OfOthers)
    }
}

/// A request with one field more.
fn with(rpc: &Rpc, request: &[u8], field: &str, value: Value) -> Result<Vec<u8>> {
    let mut message = DynamicMessage::decode(rpc.method.input(), request)?;
    message.set_field_by_name(field, value);
    Ok(message.encode_to_vec())
}

/// The token in an answer; none when there is no further page.
fn token_in(rpc: &Rpc, answer: &[u8]) -> Result<Option<String>> {
    let message = DynamicMessage::decode(rpc.method.output(), answer)?;
    let name = if rpc.method.is_server_streaming() { "resume_token" } else { "next_page_token" };
    let value = message.get_field_by_name(name).with_context(|| format!("no {name} in {}", rpc.name()))?;
    Ok(value.as_str().filter(|token| !token.is_empty()).map(str::to_owned))
}

/// A request about these, for as little as a page can hold.
fn request(rpc: &Rpc, ids: &Ids, of_all_portals: bool) -> Result<Vec<u8>> {
    let mut request = rpc.request(ids)?;
    if rpc.method.input().get_field_by_name("page_size").is_some() {
        request = with(rpc, &request, "page_size", Value::I32(1))?;
    }
    if of_all_portals && rpc.portal == PortalRule::PortalIdOrFiltered {
        request = with(rpc, &request, "portal_id", Value::I64(0))?;
    }
    Ok(request)
}

async fn real_token(caller: &Caller, rpc: &Rpc, request: &[u8]) -> Result<Option<String>> {
    match caller.call(rpc, request).await {
        Ok(answer) => token_in(rpc, &answer),
        // Not everything that can be named is there, such as a test contact of a portal that has none.
        Err(_) => Ok(None),
    }
}

async fn takers(all: &Caller, own: &Ids, others: &[Ids]) -> Result<Vec<Taker>> {
    let mut takers = Vec::new();
    for rpc in Rpc::all()? {
        let has = |field: &str| rpc.method.input().get_field_by_name(field).is_some();
        let (field, reason) = match (has("page_token"), has("resume_token")) {
            (true, _) => ("page_token", "PAGE_TOKEN_INVALID"),
            (_, true) => ("resume_token", "RESUME_TOKEN_INVALID"),
            _ => continue,
        };
        let of_all = real_token(all, &rpc, &request(&rpc, own, true)?).await?.into_iter().collect();
        let mut of_others = Vec::new();
        // B is at the caller's own org.
        let is_foreign = |ids: &&Ids| rpc.field().is_some_and(|field| ids.text(field) != own.text(field));
        for ids in others.iter().filter(is_foreign) {
            of_others.extend(real_token(all, &rpc, &request(&rpc, ids, false)?).await?);
        }
        let request = request(&rpc, own, true)?;
        takers.push(Taker { rpc, field, reason, request, of_all, of_others });
    }
    // A token of one RPC is none of another.
    let strangers: Vec<(String, Vec<String>)> =
        takers.iter().map(|taker| (taker.rpc.path(), taker.of_all.clone())).collect();
    for taker in &mut takers {
        let path = taker.rpc.path();
        let of_other_rpcs =
            strangers.iter().filter(|(of, _)| *of != path).flat_map(|(_, tokens)| tokens.clone());
        taker.of_others.extend(of_other_rpcs);
    }
    Ok(takers)
}

fn random_bytes(random: &mut StdRng, most: usize) -> Vec<u8> {
    (0..random.random_range(1..most)).map(|_| random.random()).collect()
}

fn any<'a>(random: &mut StdRng, tokens: &'a [String]) -> Option<&'a String> {
    (!tokens.is_empty()).then(|| random.random_range(0..tokens.len())).and_then(|at| tokens.get(at))
}

/// Some bytes are others, or one bit is.
fn turned(random: &mut StdRng, token: &str, is_one_bit: bool) -> String {
    let mut bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let times = if is_one_bit { 1 } else { random.random_range(1..4) };
    for _ in 0..times {
        let at = random.random_range(0..bytes.len().max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = if is_one_bit { *byte ^ (1 << random.random_range(0..8)) } else { random.random() };
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn truncated(random: &mut StdRng, token: &str) -> String {
    let length = random.random_range(1..token.len().max(2));
    token.get(..length).unwrap_or(token).to_owned()
}

/// The next token of a kind; a random one where no real one was given.
fn token(random: &mut StdRng, taker: &Taker, kind: Kind) -> (Kind, String) {
    let real = match kind {
        Kind::OfOthers | Kind::OfOthersTurned => any(random, &taker.of_others),
        Kind::Random | Kind::NoBase64 => None,
        _ => any(random, &taker.of_all),
    };
    match (kind, real) {
        (Kind::NoBase64, _) => {
            let text: String =
                random_bytes(random, 60).into_iter().map(|byte| char::from(byte % 95 + 32)).collect();
            (kind, format!("!{text}"))
        }
        (Kind::OfOthers | Kind::OfAll, Some(real)) => (kind, real.clone()),
        (Kind::Truncated, Some(real)) => (kind, truncated(random, real)),
        (Kind::BitFlipped, Some(real)) => (kind, turned(random, real, true)),
        (Kind::Turned | Kind::OfOthersTurned, Some(real)) => (kind, turned(random, real, false)),
        _ => (Kind::Random, URL_SAFE_NO_PAD.encode(random_bytes(random, 120))),
    }
}

/// What became of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Refused,
    Own,
    /// A stream goes on after it, and has nothing to say.
    Silent,
}

async fn try_token(caller: &Caller, taker: &Taker, token: &str, hidden: &[String]) -> Result<Outcome> {
    let rpc = &taker.rpc;
    let request = with(rpc, &taker.request, taker.field, Value::String(token.to_owned()))?;
    let answer = match caller.open(rpc, &request).await {
        Ok(mut messages) => {
            let wait = if rpc.method.is_server_streaming() { WAIT } else { PATIENCE };
            match tokio::time::timeout(wait, messages.next()).await {
                Ok(message) => message.context("no message")?,
                Err(_) => return Ok(Outcome::Silent),
            }
        }
        Err(status) => Err(status),
    };
    match answer {
        Ok(answer) => {
            let json = rpc.json(&answer)?;
            for trace in hidden {
                ensure!(!json.contains(trace), "{} with {token}: {trace} in {json}", rpc.name());
            }
            Ok(Outcome::Own)
        }
        Err(status) => {
            let refused = Refused::read(&status);
            let is_bad_text = refused.reason == "INVALID_FIELD" && refused.fields == [taker.field];
            ensure!(
                refused.code == Code::InvalidArgument && (refused.reason == taker.reason || is_bad_text),
                "{} with {token}: {refused:?}",
                rpc.name()
            );
            Ok(Outcome::Refused)
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_token_and_no_resume_token_leads_to_what_is_foreign() -> Result<()> {
    let scene = Scene::start().await?;
    let own = scene.ids(&scene.a).await?;
    let (b, c) = (scene.ids(&scene.b).await?, scene.ids(&scene.c).await?);
    // B's org is the caller's as well.
    let hidden: Vec<String> =
        b.traces().into_iter().take(3).chain(c.traces()).filter(|trace| !trace.is_empty()).collect();
    let all = scene.caller(&Who::anybody()).await?;
    let takers = takers(&all, &own, &[b, c]).await?;
    let real = takers.iter().filter(|taker| !taker.of_all.is_empty()).count();
    ensure!(takers.len() > 8 && real > 6, "{real} of {} gave a real token", takers.len());
    let mut limited = Vec::new();
    for _ in 0..CONNECTIONS {
        limited.push(scene.caller(&Who::of(&[own.portal_id])).await?);
    }

    let mut random = StdRng::seed_from_u64(SEED);
    let mut tokens = Vec::with_capacity(TOKENS);
    for number in 0..TOKENS {
        let taker = takers.get(number % takers.len()).context("no RPC")?;
        let kind = KINDS.get(number / takers.len() % KINDS.len()).copied().context("no kind")?;
        let (kind, token) = token(&mut random, taker, kind);
        tokens.push((limited.get(number % CONNECTIONS).context("no caller")?, taker, kind, token));
    }
    let hidden = hidden.as_slice();
    let outcomes: Vec<(Kind, Outcome)> = stream::iter(tokens)
        .map(|(caller, taker, kind, token)| async move {
            let outcome = try_token(caller, taker, &token, hidden).await?;
            ensure!(
                outcome == Outcome::Refused || !kind.is_always_refused(),
                "{} took {token}, which is {kind:?}: {outcome:?}",
                taker.rpc.name()
            );
            Ok((kind, outcome))
        })
        .buffer_unordered(CALLS_AT_ONCE)
        .try_collect()
        .await?;
    let mut counts = BTreeMap::<(Kind, Outcome), usize>::new();
    for outcome in outcomes {
        *counts.entry(outcome).or_default() += 1;
    }
    eprintln!("{counts:?}");
    let refused: usize =
        counts.iter().filter(|((_, outcome), _)| *outcome == Outcome::Refused).map(|(_, n)| n).sum();
    ensure!(refused > TOKENS * 6 / 10, "only {refused} were refused: {counts:?}");
    ensure!(refused < TOKENS, "no real token was among them");
    Ok(())
}
