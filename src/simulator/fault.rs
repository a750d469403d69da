//! Fault plans: which requests go wrong, how, and how often.
//!
//! The first plan that matches a request and is due is applied; the others don't see the request. Applying is done by
//! [`serve`](super::serve), around the vendor's handler, so both simulators break in the same ways.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[cfg(test)]
mod tests;

/// Which requests a plan is for; an empty matcher is for all (but never for `/_control/`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestMatch {
    /// HTTP method, any case.
    pub method: Option<String>,
    /// With `*` (any characters): the whole path must fit. Without: the path must contain it.
    pub path: Option<String>,
    /// The query, percent-decoded, must contain it.
    pub query: Option<String>,
    /// The request body, as UTF-8, must contain it.
    pub body: Option<String>,
}

impl RequestMatch {
    fn fits(&self, request: &RequestFacts<'_>) -> bool {
        self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method))
            && self.path.as_ref().is_none_or(|pattern| path_fits(pattern, request.path))
            && self.query.as_ref().is_none_or(|part| decode_query(request.query).contains(part.as_str()))
            && self
                .body
                .as_ref()
                .is_none_or(|part| String::from_utf8_lossy(request.body).contains(part.as_str()))
    }
}

/// Where in a request's life a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// Before the handler runs: nothing has happened.
    #[default]
    Before,
    /// After the handler ran: it happened, only the answer is touched.
    After,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Another answer than the real one; with [`Point::After`] the effect happens all the same.
    Respond {
        /// HTTP status.
        status: u16,
        /// Headers of the answer; without a `content-type`, JSON or XML or HTML is guessed from the body.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// Body of the answer.
        #[serde(default)]
        body: String,
        /// Whether the handler runs first.
        #[serde(default)]
        point: Point,
    },
    /// Waits, then goes on as usual. The effect happens even when the client has gone meanwhile.
    Delay {
        /// Real milliseconds.
        millis: u64,
        /// Wait before or after the handler.
        #[serde(default)]
        point: Point,
    },
    /// Waits until the plan is removed or released, then goes on as usual.
    Hold {
        /// Wait before or after the handler.
        #[serde(default)]
        point: Point,
    },
    /// Closes the TCP connection without an answer. `before`: nothing has happened; `after`: it has.
    Cut {
        /// Before or after the effect.
        #[serde(default)]
        point: Point,
    },
    /// The real answer's headers and the first bytes of its body, then the connection closes.
    Truncate {
        /// Bytes of the body that are sent.
        bytes: usize,
    },
    /// The real answer, its body in small pieces with pauses.
    Trickle {
        /// Bytes per piece, at least 1.
        chunk_bytes: usize,
        /// Real milliseconds between two pieces.
        interval_millis: u64,
    },
}

/// Which requests go wrong, how, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultPlan {
    /// Which requests.
    #[serde(default, rename = "match")]
    pub matches: RequestMatch,
    /// What goes wrong.
    pub action: Action,
    /// So many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u64,
    /// So many requests are hit, then the plan is spent; absent: every one.
    #[serde(default)]
    pub times: Option<u64>,
    /// Chance from 0 to 1 that a matching request is hit; absent: always.
    #[serde(default)]
    pub probability: Option<f64>,
    /// Start of the random sequence; the same seed gives the same hits for the same requests.
    #[serde(default)]
    pub seed: u64,
}

impl FaultPlan {
    /// A plan that hits every matching request.
    pub fn new(matches: RequestMatch, action: Action) -> Self {
        Self { matches, action, skip: 0, times: None, probability: None, seed: 0 }
    }

    /// A plan for a method and a path pattern (see [`RequestMatch::path`]).
    pub fn on(method: &str, path: &str, action: Action) -> Self {
        let matches = RequestMatch {
            method: Some(method.to_owned()),
            path: Some(path.to_owned()),
            ..RequestMatch::default()
        };
        Self::new(matches, action)
    }

    /// Hits only the next `times` matching requests.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets `skip` matching requests pass first.
    #[must_use]
    pub fn skip(mut self, skip: u64) -> Self {
        self.skip = skip;
        self
    }

    /// Hits by chance, the same way for the same seed.
    #[must_use]
    pub fn probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = Some(probability);
        self.seed = seed;
        self
    }
}

/// What a plan has done so far.
#[derive(Clone, Debug, Serialize)]
pub struct FaultStatus {
    /// Given by the simulator.
    pub id: u64,
    /// The plan.
    pub plan: FaultPlan,
    /// Requests that fitted the matcher.
    pub seen: u64,
    /// Requests that were hit.
    pub hits: u64,
}

#[derive(Debug)]
struct Armed {
    plan: FaultPlan,
    seen: u64,
    random: u64,
    hits: watch::Sender<u64>,
    release: CancellationToken,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    plans: BTreeMap<u64, Armed>,
}

/// The plans of one simulator; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
}

/// What is done to one request.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The plan's id.
    pub id: u64,
    /// What goes wrong.
    pub action: Action,
    /// Cancelled when a held request may go on.
    pub release: CancellationToken,
}

/// What a plan is matched against.
#[derive(Clone, Copy, Debug)]
pub struct RequestFacts<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path without the query.
    pub path: &'a str,
    /// Query as sent.
    pub query: &'a str,
    /// Request body, decompressed.
    pub body: &'a [u8],
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Arms a plan; it stays listed, also when it is spent, until it is removed.
    pub fn add(&self, plan: FaultPlan) -> FaultHandle {
        let (hits, hit_count) = watch::channel(0);
        let mut inner = self.lock();
        inner.next_id += 1;
        let id = inner.next_id;
        let armed = Armed { seen: 0, random: plan.seed, plan, hits, release: CancellationToken::new() };
        inner.plans.insert(id, armed);
        FaultHandle { id, hit_count, faults: self.clone() }
    }

    /// Every plan and what it did.
    pub fn list(&self) -> Vec<FaultStatus> {
        let status = |(id, armed): (&u64, &Armed)| FaultStatus {
            id: *id,
            plan: armed.plan.clone(),
            seen: armed.seen,
            hits: *armed.hits.borrow(),
        };
        self.lock().plans.iter().map(status).collect()
    }

    /// Removes a plan and lets go of the requests that it holds. False if there is none with this id.
    pub fn remove(&self, id: u64) -> bool {
        match self.lock().plans.remove(&id) {
            Some(armed) => {
                armed.release.cancel();
                true
            }
            None => false,
        }
    }

    /// Removes all plans and lets go of the requests that they hold.
    pub fn clear(&self) {
        for (_, armed) in std::mem::take(&mut self.lock().plans) {
            armed.release.cancel();
        }
    }

    /// The fault for this request, if one is due; counts it.
    pub fn strike(&self, request: &RequestFacts<'_>) -> Option<Hit> {
        let mut inner = self.lock();
        for (id, armed) in &mut inner.plans {
            if armed.is_spent() || !armed.plan.matches.fits(request) {
                continue;
            }
            armed.seen += 1;
            if armed.seen > armed.plan.skip && armed.wins_draw() {
                armed.hits.send_modify(|hits| *hits += 1);
                return Some(Hit {
                    id: *id,
                    action: armed.plan.action.clone(),
                    release: armed.release.clone(),
                });
            }
        }
        None
    }
}

impl Armed {
    fn is_spent(&self) -> bool {
        self.plan.times.is_some_and(|times| *self.hits.borrow() >= times)
    }

    fn wins_draw(&mut self) -> bool {
        let Some(probability) = self.plan.probability else { return true };
        // SplitMix64: written out so that a seed means the same on every version of every crate.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        #[expect(clippy::cast_precision_loss, reason = "a draw needs 53 bits, no more")]
        let draw = (mixed >> 11) as f64 / (1u64 << 53) as f64;
        draw < probability
    }
}

/// A plan that was armed in this process.
#[derive(Clone, Debug)]
pub struct FaultHandle {
    id: u64,
    hit_count: watch::Receiver<u64>,
    faults: Faults,
}

impl FaultHandle {
    /// The plan's id, as the control API shows it.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many requests were hit.
    pub fn hits(&self) -> u64 {
        *self.hit_count.borrow()
    }

    /// Returns when `hits` requests were hit, or the plan is gone.
    pub async fn wait_for_hits(&self, hits: u64) {
        // An error means that the plan was removed: nothing more will come.
        let _ = self.hit_count.clone().wait_for(|count| *count >= hits).await;
    }

    /// Removes the plan and lets go of the requests that it holds.
    pub fn remove(&self) {
        self.faults.remove(self.id);
    }
}

impl Action {
    /// The real time that a delay takes.
    pub(super) fn delay(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
}

fn path_fits(pattern: &str, path: &str) -> bool {
    if !pattern.contains('*') {
        return path.contains(pattern);
    }
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut pieces = pieces.peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.is_empty()
}

fn decode_query(query: &str) -> String {
    url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}
