//! One hub per process: it knows the newest revision of every portal that is watched, and wakes its streams.
//!
//! A commit of this process wakes them directly; commits of other replicas by the doorbell, and by a poll that stands
//! behind it. The hub keeps revisions and no payloads: a slow stream costs it nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use tokio::{
    sync::{Semaphore, SemaphorePermit, broadcast::error::RecvError, watch},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;

use crate::store::{Committed, Doorbell, Store};

/// Many commits ring once.
const RING_AFTER: Duration = Duration::from_millis(10);
/// How long to wait before the doorbell's connection is tried again.
const DOORBELL_RETRY: Duration = Duration::from_secs(2);
/// Streams that read at once. A change may wake thousands: the pool's connections are not for them alone, and one
/// that waits for its turn here does not give up as one that waits for a connection does.
const READERS: usize = 4;

#[derive(Default)]
struct Watched {
    portals: HashMap<i64, watch::Sender<i64>>,
}

/// Wakes streams.
#[derive(Clone)]
pub(super) struct Hub {
    store: Store,
    watched: Arc<Mutex<Watched>>,
    /// The newest transaction whose events streams over all portals can read.
    newest: watch::Sender<i64>,
    readers: Arc<Semaphore>,
}

impl Hub {
    pub(super) fn new(store: Store) -> Self {
        let readers = Arc::new(Semaphore::new(READERS));
        Self { store, watched: Arc::default(), newest: watch::Sender::new(0), readers }
    }

    /// A turn to read; given back when it is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.readers.acquire().await.ok()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// The newest revision of a portal, as it rises. It begins at zero, which means "not known yet".
    pub(super) fn portal(&self, portal_id: i64) -> watch::Receiver<i64> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.portals.entry(portal_id).or_insert_with(|| watch::Sender::new(0)).subscribe()
    }

    /// The newest transaction that can be read, as it rises.
    pub(super) fn all(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// Runs until `stop`.
    pub(super) async fn run(self, poll_every: Duration, direct_url: SecretString, stop: CancellationToken) {
        let mut commits = self.store.commits();
        let mut poll = tokio::time::interval(poll_every);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rung = Arc::new(tokio::sync::Notify::new());
        let listening = tokio::spawn(listen(direct_url, Arc::clone(&rung)));
        let mut ring_at: Option<tokio::time::Instant> = None;
        loop {
            let ring = async {
                match ring_at {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                committed = commits.recv() => {
                    match committed {
                        Ok(committed) => self.committed(committed),
                        // Too many at once: look at everything.
                        Err(RecvError::Lagged(_)) => self.look().await,
                        Err(RecvError::Closed) => break,
                    }
                    ring_at.get_or_insert_with(|| tokio::time::Instant::now() + RING_AFTER);
                }
                () = ring => {
                    ring_at = None;
                    self.look_at_all().await;
                    if let Err(error) = self.store.ring().await {
                        tracing::debug!(%error, "the doorbell was not rung");
                    }
                }
                () = rung.notified() => self.look().await,
                _ = poll.tick() => self.look().await,
            }
        }
        listening.abort();
    }

    fn committed(&self, committed: Committed) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(portal) = watched.portals.get(&committed.portal_id) {
            raise(portal, committed.revision);
        }
    }

    /// One query for all watched portals, one for the streams over all.
    async fn look(&self) {
        self.look_at_all().await;
        let portals: Vec<i64> = {
            let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.portals.retain(|_, portal| portal.receiver_count() > 0);
            watched.portals.keys().copied().collect()
        };
        if portals.is_empty() {
            return;
        }
        match self.store.revisions(&portals).await {
            Ok(revisions) => {
                for (portal_id, revision) in revisions {
                    self.committed(Committed { portal_id, revision });
                }
            }
            Err(error) => tracing::warn!(%error, "revisions could not be read"),
        }
    }

    async fn look_at_all(&self) {
        if self.newest.receiver_count() == 0 {
            return;
        }
        match self.store.newest_event().await {
            Ok(newest) => raise(&self.newest, newest),
            Err(error) => tracing::warn!(%error, "the newest event could not be read"),
        }
    }
}

fn raise(sender: &watch::Sender<i64>, to: i64) {
    sender.send_if_modified(|known| {
        let rises = to > *known;
        if rises {
            *known = to;
        }
        rises
    });
}

async fn listen(direct_url: SecretString, rung: Arc<tokio::sync::Notify>) {
    loop {
        match Doorbell::listen(&direct_url).await {
            Ok(mut doorbell) => {
                // What rang before we listened is found by looking.
                rung.notify_one();
                while doorbell.rung().await.is_ok() {
                    rung.notify_one();
                }
            }
            Err(error) => tracing::warn!(%error, "the doorbell can't be heard; the poll finds changes"),
        }
        tokio::time::sleep(DOORBELL_RETRY).await;
    }
}
