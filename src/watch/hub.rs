//! One hub per process: it knows the newest revision and the last events of every portal that is watched, and wakes
//! its streams.
//!
//! A commit of this process is handed to them at once, without a query; commits of other replicas are named by the
//! doorbell, and found by a poll that stands behind it. Per watched portal the hub keeps a handful of events, shared by
//! all its streams: a slow stream costs it nothing.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use secrecy::SecretString;
use tokio::{
    sync::{Notify, Semaphore, SemaphorePermit, watch},
    time::MissedTickBehavior,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    domain::{PortalId, change::Event},
    store::{CommitListener, Doorbell, Ring, Store, StoreError},
};

/// The doorbell rings at most this often: many commits ring once.
const RING_EVERY: Duration = Duration::from_millis(2);
/// How long to wait before the doorbell's connection is tried again.
const DOORBELL_RETRY: Duration = Duration::from_secs(2);
/// Streams over all portals that read at once. A change may wake many: the pool's connections are not for them alone,
/// and one that waits for its turn here does not give up as one that waits for a connection does.
const READERS: usize = 4;
/// Events that are kept for each watched portal.
const KEPT: usize = 8;

/// What is known of a watched portal. It begins at revision zero, which means "not known yet".
#[derive(Debug, Default)]
pub(super) struct Known {
    revision: i64,
    /// The last events up to the revision, without a gap.
    events: VecDeque<Arc<Event>>,
}

impl Known {
    /// The newest revision.
    pub(super) fn revision(&self) -> i64 {
        self.revision
    }

    /// All events after a revision; `None` if they are not all known here.
    pub(super) fn after(&self, seen: i64) -> Option<Vec<Arc<Event>>> {
        if self.revision == 0 {
            return None;
        }
        let reaches_back =
            seen >= self.revision || self.events.front().is_some_and(|oldest| oldest.revision <= seen + 1);
        reaches_back.then(|| self.events.iter().filter(|event| event.revision > seen).cloned().collect())
    }

    /// Whether it was news.
    fn committed(&mut self, event: &Arc<Event>) -> bool {
        if event.revision <= self.revision {
            return false;
        }
        if event.revision != self.revision + 1 {
            self.events.clear();
        }
        if self.events.len() == KEPT {
            self.events.pop_front();
        }
        self.events.push_back(Arc::clone(event));
        self.revision = event.revision;
        true
    }

    /// Whether it was news.
    fn raised(&mut self, to: i64) -> bool {
        let is_news = to > self.revision;
        if is_news {
            self.events.clear();
            self.revision = to;
        }
        is_news
    }
}

#[derive(Default)]
struct Watched {
    portals: Mutex<HashMap<i64, watch::Sender<Known>>>,
    /// The newest revisions that this process committed since it rang.
    unsaid: Mutex<BTreeMap<i64, i64>>,
    /// There are some.
    committed: Notify,
}

impl CommitListener for Watched {
    fn committed(&self, event: &Arc<Event>) {
        let portal_id = event.portal_id.get();
        self.with(portal_id, |known| known.committed(event));
        self.say(portal_id, event.revision);
        self.committed.notify_one();
    }
}

impl Watched {
    fn unsaid(&self) -> MutexGuard<'_, BTreeMap<i64, i64>> {
        self.unsaid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has it said with the next ring.
    fn say(&self, portal_id: i64, revision: i64) {
        let mut unsaid = self.unsaid();
        let newest = unsaid.entry(portal_id).or_default();
        *newest = revision.max(*newest);
    }

    /// What is known of a portal; `None` when nobody watches it.
    fn revision(&self, portal_id: i64) -> Option<i64> {
        let portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        Some(portals.get(&portal_id)?.borrow().revision())
    }

    fn with(&self, portal_id: i64, news: impl FnOnce(&mut Known) -> bool) {
        let portals = self.portals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(portal) = portals.get(&portal_id) {
            portal.send_if_modified(news);
        }
    }
}

/// That somebody rang, however often.
#[derive(Default)]
struct Rung {
    /// Streams over all portals may have something to read.
    any: Notify,
    /// Nobody said which portals changed.
    unnamed: Notify,
    /// Another replica said which.
    named: Notify,
    /// The watched ones among them, with the revisions that it told of.
    portals: Mutex<BTreeMap<i64, i64>>,
}

impl Rung {
    fn portals(&self) -> MutexGuard<'_, BTreeMap<i64, i64>> {
        self.portals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes streams.
#[derive(Clone)]
pub(super) struct Hub {
    store: Store,
    watched: Arc<Watched>,
    /// The newest transaction whose events streams over all portals can read.
    newest: watch::Sender<i64>,
    readers: Arc<Semaphore>,
}

impl Hub {
    pub(super) fn new(store: Store) -> Self {
        let watched = Arc::new(Watched::default());
        // Weak: the store must not keep alive what keeps it.
        let listener: Weak<Watched> = Arc::downgrade(&watched);
        store.listen(listener);
        let readers = Arc::new(Semaphore::new(READERS));
        Self { store, watched, newest: watch::Sender::new(0), readers }
    }

    /// A turn to read; given back when it is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.readers.acquire().await.ok()
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// What is known of a portal, as it comes.
    pub(super) fn portal(&self, portal_id: i64) -> watch::Receiver<Known> {
        let mut portals = self.watched.portals.lock().unwrap_or_else(PoisonError::into_inner);
        portals.entry(portal_id).or_insert_with(|| watch::Sender::new(Known::default())).subscribe()
    }

    /// The newest transaction that can be read, as it rises.
    pub(super) fn all(&self) -> watch::Receiver<i64> {
        self.newest.subscribe()
    }

    /// Runs until `stop`.
    pub(super) async fn run(self, poll_every: Duration, direct_url: SecretString, stop: CancellationToken) {
        let mut poll = tokio::time::interval(poll_every);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let own = Uuid::now_v7();
        let rung = Arc::new(Rung::default());
        let listening = tokio::spawn(self.clone().listen(direct_url, own, Arc::clone(&rung)));
        let ringing = tokio::spawn(self.clone().ring(own));
        let following = tokio::spawn(self.clone().follow(Arc::clone(&rung)));
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = rung.unnamed.notified() => self.look().await,
                () = rung.any.notified() => self.look_at_all().await,
                _ = poll.tick() => self.look().await,
            }
        }
        listening.abort();
        ringing.abort();
        following.abort();
    }

    /// Rings after commits, at once after the first one and then once for all that came meanwhile.
    async fn ring(self, own: Uuid) {
        let mut bell = self.store.bell();
        loop {
            self.watched.committed.notified().await;
            let unsaid = mem::take(&mut *self.watched.unsaid());
            let ring = Ring::of(own, &unsaid);
            let (rung, ()) = tokio::join!(bell.ring(&ring), self.look_at_all());
            if let Err(error) = rung {
                tracing::debug!(%error, "the doorbell was not rung");
                // Said with the next ones.
                for (portal_id, revision) in unsaid {
                    self.watched.say(portal_id, revision);
                }
            }
            tokio::time::sleep(RING_EVERY).await;
        }
    }

    /// Listens for rings until it is aborted. It asks the database for nothing: many rings are one reason to look.
    async fn listen(self, direct_url: SecretString, own: Uuid, rung: Arc<Rung>) {
        loop {
            match Doorbell::listen(&direct_url).await {
                Ok(mut doorbell) => {
                    // What rang before we listened is found by looking.
                    rung.unnamed.notify_one();
                    while let Ok(ring) = doorbell.rung().await {
                        self.heard(ring, own, &rung);
                    }
                }
                Err(error) => tracing::warn!(%error, "the doorbell can't be heard; the poll finds changes"),
            }
            tokio::time::sleep(DOORBELL_RETRY).await;
        }
    }

    fn heard(&self, ring: Option<Ring>, own: Uuid, rung: &Rung) {
        match ring {
            // What this process commits it hands on itself.
            Some(ring) if ring.from == own => {}
            Some(Ring { commits: Some(commits), .. }) => {
                let watched = |portal_id: &i64| self.watched.revision(*portal_id);
                let news =
                    commits.into_iter().filter(|(id, said)| watched(id).is_some_and(|known| known < *said));
                rung.portals().extend(news);
                rung.named.notify_one();
            }
            _ => rung.unnamed.notify_one(),
        }
        rung.any.notify_one();
    }

    /// Reads what other replicas told of, once for all streams. What was said is only a reason to read: nothing depends on
    /// its being true.
    async fn follow(self, rung: Arc<Rung>) {
        loop {
            rung.named.notified().await;
            let portals = mem::take(&mut *rung.portals());
            let reading = portals.into_iter().map(|(portal_id, said)| self.read_on(portal_id, said));
            for outcome in futures::future::join_all(reading).await {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "what another replica committed could not be read; the poll finds it");
                }
            }
        }
    }

    async fn read_on(&self, portal_id: i64, said: i64) -> Result<(), StoreError> {
        let Some(id) = PortalId::parse(portal_id) else { return Ok(()) };
        loop {
            let Some(known) = self.watched.revision(portal_id) else { return Ok(()) };
            // Of one that is not known yet the last change is enough: a stream that is further behind reads for itself.
            let after = if known == 0 { said.saturating_sub(1) } else { known };
            let events = self.store.portal_events(id, after).await?.events;
            for event in events.iter() {
                self.watched.with(portal_id, |known| known.committed(event));
            }
            if events.len() < Store::PORTAL_EVENTS {
                return Ok(());
            }
        }
    }

    /// One query for all watched portals, one for the streams over all.
    async fn look(&self) {
        self.look_at_all().await;
        let portals: Vec<i64> = {
            let mut portals = self.watched.portals.lock().unwrap_or_else(PoisonError::into_inner);
            portals.retain(|_, portal| portal.receiver_count() > 0);
            portals.keys().copied().collect()
        };
        if portals.is_empty() {
            return;
        }
        match self.store.revisions(&portals).await {
            Ok(revisions) => {
                for (portal_id, revision) in revisions {
                    self.watched.with(portal_id, |known| known.raised(revision));
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
            Ok(newest) => {
                self.newest.send_if_modified(|known| {
                    let rises = newest > *known;
                    *known = newest.max(*known);
                    rises
                });
            }
            Err(error) => tracing::warn!(%error, "the newest event could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "test")]

    use super::*;

    fn event(revision: i64) -> Arc<Event> {
        Arc::new(Event { portal_id: PortalId::parse(1).unwrap(), revision, changes: Vec::new() })
    }

    fn after(known: &Known, seen: i64) -> Option<Vec<i64>> {
        Some(known.after(seen)?.iter().map(|event| event.revision).collect())
    }

    #[test]
    fn only_events_without_a_gap_are_handed_out() {
        let mut known = Known::default();
        assert_eq!(after(&known, 7), None, "nothing is known yet");
        assert!(known.committed(&event(5)) && known.committed(&event(6)));
        assert_eq!(after(&known, 4), Some(vec![5, 6]));
        assert_eq!(after(&known, 5), Some(vec![6]));
        assert_eq!(after(&known, 6), Some(vec![]));
        assert_eq!(after(&known, 3), None, "4 may have been there");

        assert!(known.committed(&event(8)), "7 was another replica's");
        assert_eq!(after(&known, 6), None);
        assert_eq!(after(&known, 7), Some(vec![8]));
        assert!(!known.committed(&event(7)), "too late");
        assert_eq!(after(&known, 6), None);

        assert!(known.raised(9));
        assert_eq!(after(&known, 8), None);
        assert!(!known.raised(9) && !known.committed(&event(9)));
        assert!(known.committed(&event(10)));
        assert_eq!(after(&known, 9), Some(vec![10]));
    }

    #[test]
    fn few_events_are_kept() {
        let mut known = Known::default();
        for revision in 1..=100 {
            assert!(known.committed(&event(revision)));
        }
        assert_eq!(known.events.len(), KEPT);
        assert_eq!(after(&known, 100 - 8), Some((93..=100).collect()));
        assert_eq!(after(&known, 100 - 9), None);
    }
}
