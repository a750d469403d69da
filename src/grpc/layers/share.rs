//! No caller takes what all others need: each has so many calls and so many streams at once.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{body::Body, extract::Request, response::Response};
use prost_reflect::DescriptorPool;

use super::{Inner, call_of, refuse_unread};
use crate::{
    api,
    domain::{Reason, Refusal},
    grpc::held_body::HeldBody,
};

/// What one caller may have under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerLimits {
    /// Calls, until they are answered.
    pub calls: usize,
    /// Streams, until they end.
    pub streams: usize,
}

/// Keeps the books of what each caller has under way.
#[derive(Clone)]
pub(in crate::grpc) struct Shares(Arc<Books>);

struct Books {
    limits: CallerLimits,
    streaming: HashSet<String>,
    /// Calls and streams of each caller that has some.
    under_way: Mutex<HashMap<String, [usize; 2]>>,
}

/// The two kinds, as places in the books.
const CALLS: usize = 0;
const STREAMS: usize = 1;

impl Shares {
    pub(in crate::grpc) fn new(limits: CallerLimits) -> Self {
        let pool = DescriptorPool::decode(api::DESCRIPTOR).unwrap_or_default();
        let mut streaming = HashSet::new();
        for service in pool.services() {
            let streams = service.methods().filter(prost_reflect::MethodDescriptor::is_server_streaming);
            streaming.extend(streams.map(|method| format!("/{}/{}", service.full_name(), method.name())));
        }
        Self(Arc::new(Books { limits, streaming, under_way: Mutex::default() }))
    }

    /// A place among the caller's calls or streams, or how many it may have.
    fn take(&self, caller: &str, kind: usize) -> Result<Share, usize> {
        let limit = [self.0.limits.calls, self.0.limits.streams].get(kind).copied().unwrap_or(0);
        let mut books = self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = books.entry(caller.to_owned()).or_default();
        let Some(count) = counts.get_mut(kind).filter(|count| **count < limit) else { return Err(limit) };
        *count += 1;
        Ok(Share { shares: self.clone(), caller: caller.to_owned(), kind })
    }
}

/// A place; dropping it gives it back.
struct Share {
    shares: Shares,
    caller: String,
    kind: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut books = self.shares.0.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(counts) = books.get_mut(&self.caller) else { return };
        if let Some(count) = counts.get_mut(self.kind) {
            *count = count.saturating_sub(1);
        }
        if counts.iter().all(|count| *count == 0) {
            books.remove(&self.caller);
        }
    }
}

/// Refuses with `CALLER_LIMIT_REACHED` what is more than the caller's share. Health belongs to nobody.
pub(super) async fn share_out(shares: &Shares, request: Request, next: impl Inner) -> Response {
    let path = request.uri().path();
    let is_health = path.starts_with("/grpc.health.v1.Health/");
    let Some(call) = call_of(&request).filter(|_| !is_health) else { return next.run(request).await };
    let kind = if shares.0.streaming.contains(path) { STREAMS } else { CALLS };
    match shares.take(call.caller.name(), kind) {
        Ok(share) if kind == STREAMS => {
            let (parts, body) = next.run(request).await.into_parts();
            Response::from_parts(parts, Body::new(HeldBody::new(body, share)))
        }
        Ok(_share) => next.run(request).await,
        Err(limit) => {
            let refusal = Refusal::new(Reason::CallerLimitReached).with("limit", limit);
            refuse_unread(request, &call, &refusal.into())
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    #[test]
    fn each_caller_has_its_own_share_and_gets_it_back() {
        let shares = Shares::new(CallerLimits { calls: 2, streams: 1 });
        let first = shares.take("one", CALLS).unwrap();
        let _second = shares.take("one", CALLS).unwrap();
        assert_eq!(shares.take("one", CALLS).err(), Some(2));
        let stream = shares.take("one", STREAMS).unwrap();
        assert_eq!(shares.take("one", STREAMS).err(), Some(1));
        let _other = shares.take("two", CALLS).unwrap();
        drop(first);
        let _third = shares.take("one", CALLS).unwrap();
        drop(stream);
        drop(shares.take("three", STREAMS).unwrap());
        let books = shares.0.under_way.lock().unwrap();
        assert_eq!(books.get("one"), Some(&[2, 0]));
        assert!(!books.contains_key("three"), "the books forget callers that have nothing under way");
    }

    #[test]
    fn watches_count_as_streams() {
        let shares = Shares::new(CallerLimits { calls: 1, streams: 1 });
        assert!(shares.0.streaming.contains("/connector.v1.SyncService/WatchSyncStatus"));
        assert!(!shares.0.streaming.contains("/connector.v1.SyncService/GetSyncStatus"));
    }
}
