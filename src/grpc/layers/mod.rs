//! What every RPC passes, from the outside in: request id and log, panics, the rest of what is refused, capacity,
//! authentication, authorization, the caller's share, deadline, and the statuses that tonic itself makes.
//!
//! Each layer is one function over the request and the rest of the way; [`Layers::pass`] puts them around each other. To
//! the router they are one: as a middleware of its own each would cost a clone of the router and four allocations. A
//! layer that refuses answers with a status that [`status`](super::status) built, so that a client sees no difference.

mod authenticate;
mod authorize;
mod capacity;
pub(super) mod deadline;
mod elsewhere;
mod guarded_body;
mod observe;
mod observed_body;
pub(super) mod own_status;
mod panics;
pub(super) mod share;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http_body_util::BodyExt as _;
use tokio::runtime::Handle;

use super::{
    access::Rules,
    call::Call,
    status::{self, Failure},
};
use authenticate::authenticate;
use authorize::authorize;
use capacity::shed_load;
use deadline::bound_time;
use elsewhere::run_elsewhere;
use guarded_body::guard_reflection;
use observe::observe;
use own_status::translate_statuses;
use panics::catch_panics;
use share::share_out;

pub(super) use authenticate::Ways;
pub(super) use capacity::Capacity;
pub(super) use observe::Observation;
pub(super) use share::Shares;

/// What is read of a request that is refused before its message is, in bytes.
const DRAINED_BYTES: usize = 64 * 1024;
/// How long is waited for it: it follows the headers at once, unless somebody plays for time.
const DRAIN_TIME: Duration = Duration::from_millis(250);

/// The rest of the way of a request.
trait Inner: Send {
    fn run(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<N, R> Inner for N
where
    N: FnOnce(Request) -> R + Send,
    R: Future<Output = Response> + Send,
{
    fn run(self, request: Request) -> impl Future<Output = Response> + Send {
        self(request)
    }
}

/// What the layers know.
pub(super) struct Layers {
    pub(super) observation: Observation,
    pub(super) capacity: Capacity,
    pub(super) ways: Ways,
    pub(super) rules: Arc<Rules>,
    pub(super) shares: Shares,
    /// How often the caller of a reflection stream is looked at again.
    pub(super) stream_recheck: Duration,
    pub(super) default_deadline: Duration,
    pub(super) max_request_bytes: usize,
    /// Where calls run that wait for a vendor; `None`: where they came in.
    pub(super) common: Option<Handle>,
}

impl Layers {
    /// Leads a request through all layers, the outermost first.
    pub(super) async fn pass(State(layers): State<Arc<Self>>, request: Request, next: Next) -> Response {
        let all = &*layers;
        let run = |request| run_elsewhere(all.common.as_ref(), request, |request| next.run(request));
        let run = |request| translate_statuses(all.max_request_bytes, request, run);
        let run = |request| bound_time(all.default_deadline, request, run);
        let run = |request| guard_reflection(all.stream_recheck, request, run);
        let run = |request| share_out(&all.shares, request, run);
        let run = |request| authorize(&all.rules, request, run);
        let run = |request| authenticate(&all.ways, request, run);
        let run = |request| shed_load(&all.capacity, request, run);
        let run = |request| read_on(request, run);
        let run = |request| catch_panics(request, run);
        observe(&all.observation, request, run).await
    }
}

/// The call that the outermost layer has put into the request.
fn call_of(request: &Request) -> Option<Call> {
    request.extensions().get::<Call>().cloned()
}

/// An answer without a message: a status in the headers ("trailers only").
fn refuse(call: &Call, failure: &Failure) -> Response {
    status::of(call, failure).into_http::<Body>()
}

/// What was not read of a request.
#[derive(Clone)]
struct Unread(Arc<Mutex<Option<Body>>>);

/// Refuses a call whose message was not read; [`read_on`] reads it.
fn refuse_unread(request: Request, call: &Call, failure: &Failure) -> Response {
    let mut response = refuse(call, failure);
    response.extensions_mut().insert(Unread(Arc::new(Mutex::new(Some(request.into_body())))));
    response
}

/// Reads what is left of a small request that was refused, before the answer goes: a client that is still sending
/// when its stream is reset takes that for a broken connection, and never sees the status. It waits outside of every
/// bound, so that who sends slowly and is refused takes no place from anybody.
async fn read_on(request: Request, next: impl Inner) -> Response {
    let mut response = next.run(request).await;
    let unread = response.extensions_mut().remove::<Unread>();
    let body = unread.and_then(|unread| unread.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    let Some(mut body) = body else { return response };
    let drain = async {
        let mut left = DRAINED_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, |data| data.len());
            let Some(rest) = left.checked_sub(length) else { break };
            left = rest;
        }
    };
    // Whatever it came to, the call is refused.
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    response
}
