//! What was asked of a simulator: a bounded list of requests, and counters that are never cut.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use time::OffsetDateTime;

/// How many requests the journal keeps; older ones fall out, the counters stay.
pub const JOURNAL_CAPACITY: usize = 10_000;

/// What a handler says about the request it answered: put it into the response's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Kind of call in the vendor's terms, such as `query` or `contacts.create`; the key of the counters.
    pub kind: &'static str,
    /// Who called, if known: a user name, a portal; never a secret.
    pub principal: Option<String>,
}

/// One request that arrived.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Counts up from 1 and never restarts, also not when old entries fall out.
    pub seq: u64,
    /// Simulated time of the arrival.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query as sent, empty if there was none.
    pub query: String,
    /// See [`Call::kind`]; `other` where no handler said.
    pub kind: &'static str,
    /// See [`Call::principal`].
    pub principal: Option<String>,
    /// Status that the handler chose; absent when no handler ran.
    pub status: Option<u16>,
    /// Id of the fault that was applied.
    pub fault: Option<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    next_seq: u64,
    entries: VecDeque<Entry>,
    counters: BTreeMap<String, BTreeMap<String, u64>>,
}

/// The journal and the counters of one simulator; clones share them.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    inner: Arc<Mutex<Inner>>,
}

impl Journal {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a request (its `seq` is given here) and counts it under `calls`.
    pub fn record(&self, mut entry: Entry) {
        let mut inner = self.lock();
        inner.next_seq += 1;
        entry.seq = inner.next_seq;
        *inner.counters.entry("calls".to_owned()).or_default().entry(entry.kind.to_owned()).or_default() += 1;
        if inner.entries.len() >= JOURNAL_CAPACITY {
            inner.entries.pop_front();
        }
        inner.entries.push_back(entry);
    }

    /// Adds one to the counter `name` of `group` (such as `login_attempts`, per user).
    pub fn count(&self, group: &str, name: &str) {
        let mut inner = self.lock();
        *inner.counters.entry(group.to_owned()).or_default().entry(name.to_owned()).or_default() += 1;
    }

    /// All counters by group and name.
    pub fn counters(&self) -> BTreeMap<String, BTreeMap<String, u64>> {
        self.lock().counters.clone()
    }

    /// One counter, 0 if nothing was counted.
    pub fn counter(&self, group: &str, name: &str) -> u64 {
        self.lock().counters.get(group).and_then(|group| group.get(name)).copied().unwrap_or(0)
    }

    /// The requests with a `seq` above `after`, oldest first.
    pub fn entries_after(&self, after: u64) -> Vec<Entry> {
        self.lock().entries.iter().filter(|entry| entry.seq > after).cloned().collect()
    }

    /// Forgets requests and counters; `seq` goes on.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.entries.clear();
        inner.counters.clear();
    }
}
