//! The loop of a stream: snapshot, then whatever comes after the cursor, in batches, at the consumer's own pace.

use std::{collections::BTreeMap, pin::pin, sync::Arc, time::Duration};

use time::OffsetDateTime;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    hub::{Hub, Known},
    message::{EndCause, Item, Message, ResetCause, Yielded},
    source::{Scope, SnapshotPage, Source},
    token::{Identity, MAX_INCLUDED, Place},
    yields::Out,
};
use crate::{
    domain::{Reason, change::Event},
    store::{PortalEvents, Position, Store, StoreError},
};

/// Events of all portals that are read at once.
const BATCH: i64 = 100;
/// After a silence this long, or a consumer this slow, a stream over all portals checks that the next events are still
/// kept. One over a single portal is told with the events.
const CHECK_RETENTION_AFTER: Duration = Duration::from_secs(60);

/// How streams live.
#[derive(Clone, Copy, Debug)]
pub struct StreamSettings {
    /// The longest silence.
    pub heartbeat: Duration,
    /// The longest life; each stream's own lies within a fifth around it, so that they don't all end at once.
    pub max_age: Duration,
}

/// What stopped the loop.
enum Stop {
    /// The last message is to be sent.
    End(EndCause),
    /// The database failed; the consumer resumes.
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

pub(super) type Sent<R> = Yielded<<R as Source>::Snapshot>;

pub(super) struct Stream<R: Source> {
    pub(super) hub: Hub,
    pub(super) source: Arc<R>,
    pub(super) identity: Identity,
    pub(super) settings: StreamSettings,
    pub(super) stop: CancellationToken,
    pub(super) out: Out<Sent<R>>,
    /// When it last said something.
    sent_at: Instant,
    /// When it last read events of all portals.
    read_at: Instant,
    cursor: Position,
    /// Portals that the snapshot shows as they are after the cursor, until their events have been passed.
    included: BTreeMap<i64, i64>,
}

impl<R: Source> Stream<R> {
    pub(super) fn new(
        hub: Hub,
        source: R,
        settings: StreamSettings,
        stop: CancellationToken,
        out: Out<Sent<R>>,
    ) -> Self {
        let identity = Identity {
            kind: source.kind(),
            subject: source.subject(),
            incarnation: hub.store().incarnation(),
        };
        let (cursor, included) = (Position::default(), BTreeMap::new());
        let source = Arc::new(source);
        let now = Instant::now();
        Self { hub, source, identity, settings, stop, out, sent_at: now, read_at: now, cursor, included }
    }

    /// Checks a resume token before the stream begins, so that a bad one is the call's own error. `found` is what the stream
    /// is about, as it was when the call came.
    ///
    /// # Errors
    /// `RESUME_TOKEN_INVALID`.
    pub(super) async fn resume(&mut self, token: &str, found: Found) -> Result<Begin, StoreError> {
        let Place { position, included } = self.identity.decode(token)?;
        let (newest, at) = match self.source.scope() {
            Scope::Portal(_) => (found.revision, position.revision),
            Scope::All if position == Position::default() => return Ok(Begin::Snapshot),
            // The call itself waits for it, and not a consumer.
            Scope::All => (self.hub.store().position_bounds().await?.1, position.xid),
        };
        if at > newest {
            return Err(Reason::ResumeTokenInvalid.into());
        }
        (self.cursor, self.included) = (position, included);
        Ok(Begin::Resume { is_over: found.is_over })
    }

    /// Runs until a final state, the stream's age or the server's end, for as long as the consumer asks for more.
    ///
    /// In a box: as a value it would be there twice, before and after the first poll.
    pub(super) async fn run(mut self: Box<Self>, begin: Begin) {
        let jitter = 0.8 + 0.4 * rand::random::<f64>();
        let deadline = Instant::now() + self.settings.max_age.mul_f64(jitter);
        // Before anything is read: whatever is committed after what is read wakes the stream.
        let wakes = match self.source.scope() {
            Scope::Portal(portal_id) => Wakes::Portal(self.hub.portal(portal_id.get())),
            Scope::All => Wakes::All(self.hub.all()),
        };
        // In boxes that are there only while something is done: most of its life a stream waits.
        let stopped = match Box::pin(self.begin(begin)).await {
            Ok(()) => self.follow(wakes, deadline).await,
            Err(stopped) => stopped,
        };
        match stopped {
            Stop::End(cause) => self.send(Item::End(cause)).await,
            Stop::Failed(error) => self.out.send(Box::new(Err(error))).await,
        }
    }

    async fn begin(&mut self, begin: Begin) -> Result<(), Stop> {
        match begin {
            Begin::Snapshot => self.send_snapshot().await,
            Begin::Resume { is_over } => self.catch_up(is_over).await,
        }
    }

    /// Sends what came after the token. Nothing will follow a final state, also when the token lies behind it.
    async fn catch_up(&mut self, is_over: bool) -> Result<(), Stop> {
        self.read_all(ResetCause::TokenTooOld).await?;
        if is_over { Err(Stop::End(EndCause::Finished)) } else { Ok(()) }
    }

    async fn reset(&mut self, cause: ResetCause) -> Result<(), Stop> {
        self.send(Item::Reset(cause)).await;
        self.send_snapshot().await
    }

    async fn send_snapshot(&mut self) -> Result<(), Stop> {
        self.included.clear();
        let begin = match self.source.scope() {
            Scope::Portal(_) => Position::default(),
            // Read before the snapshot: what commits in between comes again as an event, unless it is included.
            Scope::All => self.apart(|hub, _| async move { hub.store().current_position().await }).await?,
        };
        let mut shown = BTreeMap::new();
        let mut after = (0, Uuid::nil());
        loop {
            let page = self.snapshot(after).await?;
            shown.extend(page.included);
            // Whoever resumes within a snapshot needs a whole one.
            self.cursor = Position::default();
            match self.source.scope() {
                Scope::Portal(_) => self.cursor.revision = page.revision,
                Scope::All if page.next.is_none() => {
                    self.cursor = begin;
                    self.include(std::mem::take(&mut shown)).await?;
                }
                Scope::All => {}
            }
            self.send(Item::Snapshot(page.snapshot)).await;
            if page.finished {
                return Err(Stop::End(EndCause::Finished));
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(()),
            }
            self.go_on()?;
        }
    }

    async fn snapshot(&self, after: (i64, Uuid)) -> Result<SnapshotPage<R::Snapshot>, StoreError> {
        match self.source.scope() {
            Scope::Portal(_) => self.source.snapshot(self.hub.store(), after).await,
            Scope::All => {
                self.apart(move |hub, source| async move {
                    let _turn = hub.turn().await;
                    source.snapshot(hub.store(), after).await
                })
                .await
            }
        }
    }

    /// Reads in a task of the store. What takes a turn or a connection must come to its end also when the consumer does not
    /// read: nobody asks this stream for more then, and it would keep what others wait for.
    async fn apart<T, F>(&self, read: impl FnOnce(Hub, Arc<R>) -> F + Send) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let read = read(self.hub.clone(), Arc::clone(&self.source));
        self.hub.store().in_a_task(read).await
    }

    /// Whether there is time for more: a server that goes away does not wait for who is far behind.
    fn go_on(&self) -> Result<(), Stop> {
        if self.stop.is_cancelled() { Err(Stop::End(EndCause::ServerShutdown)) } else { Ok(()) }
    }

    /// Keeps in mind what the snapshot shows that comes after the cursor.
    async fn include(&mut self, shown: BTreeMap<i64, i64>) -> Result<(), Stop> {
        let cursor = self.cursor;
        let moved = self
            .apart(
                move |hub, source| async move { hub.store().moved_since(cursor, source.event_kinds()).await },
            )
            .await?;
        self.included = shown.into_iter().filter(|(portal_id, _)| moved.contains(portal_id)).collect();
        Ok(())
    }

    async fn follow(&mut self, mut wakes: Wakes, deadline: Instant) -> Stop {
        let stop = self.stop.clone();
        let mut stopped = pin!(stop.cancelled());
        // One timer for both, which goes on while messages come: there may be very many streams.
        let mut silence = pin!(sleep_until(deadline.min(self.sent_at + self.settings.heartbeat)));
        loop {
            tokio::select! {
                is_open = wakes.changed() => if !is_open { return Stop::End(EndCause::ServerShutdown) },
                () = &mut stopped => return Stop::End(EndCause::ServerShutdown),
                () = &mut silence => {
                    let now = Instant::now();
                    if now >= deadline {
                        return Stop::End(EndCause::MaxAge);
                    }
                    let is_silent = now >= self.sent_at + self.settings.heartbeat;
                    if is_silent {
                        self.send(Item::Heartbeat(OffsetDateTime::now_utc())).await;
                    }
                    silence.as_mut().reset(deadline.min(self.sent_at + self.settings.heartbeat));
                    if !is_silent {
                        continue;
                    }
                }
            }
            if let Err(stopped) = self.read_on(&mut wakes).await {
                return stopped;
            }
        }
    }

    /// Sends everything after the cursor.
    async fn read_on(&mut self, wakes: &mut Wakes) -> Result<(), Stop> {
        let (known, events) = wakes.known(self.cursor.revision);
        match events {
            Some(events) => {
                for event in events {
                    self.send_event(Position::default(), &event).await?;
                }
            }
            // In a box: most of the time nothing is asked of the database.
            None => Box::pin(self.read_all(ResetCause::ConsumerTooSlow)).await?,
        }
        // Events of other kinds up to what was known before reading are behind us as well.
        match self.source.scope() {
            Scope::Portal(_) => self.cursor.revision = self.cursor.revision.max(known),
            Scope::All => self.cursor = self.cursor.max(Position::after_all_of(known)),
        }
        Ok(())
    }

    /// Sends everything after the cursor, read from the database; begins anew if some of it is no longer kept.
    async fn read_all(&mut self, if_gone: ResetCause) -> Result<(), Stop> {
        loop {
            let read = self.next_events().await?;
            let gone = match &read {
                Read::Portal(read) => read.pruned_to > self.cursor.revision,
                Read::All(_) => {
                    let is_due =
                        if_gone == ResetCause::TokenTooOld || self.read_at.elapsed() > CHECK_RETENTION_AFTER;
                    is_due && self.events_are_gone().await?
                }
            };
            if gone {
                return self.reset(if_gone).await;
            }
            self.read_at = Instant::now();
            if !self.send_all(read).await? {
                return Ok(());
            }
            self.go_on()?;
        }
    }

    async fn next_events(&self) -> Result<Read, StoreError> {
        match self.source.scope() {
            Scope::Portal(portal_id) => {
                self.hub.store().portal_events(portal_id, self.cursor.revision).await.map(Read::Portal)
            }
            Scope::All => {
                let cursor = self.cursor;
                self.apart(move |hub, source| async move {
                    let _turn = hub.turn().await;
                    let (grant, kinds) = (source.grant(), source.event_kinds());
                    hub.store().all_events(grant, cursor, kinds, BATCH).await.map(Read::All)
                })
                .await
            }
        }
    }

    /// Whether there may be more.
    async fn send_all(&mut self, read: Read) -> Result<bool, Stop> {
        match read {
            Read::Portal(PortalEvents { events, .. }) => {
                for event in events.iter() {
                    self.send_event(Position::default(), event).await?;
                }
                Ok(events.len() >= Store::PORTAL_EVENTS)
            }
            Read::All(events) => {
                for (position, event) in &events {
                    self.send_event(*position, event).await?;
                }
                Ok(events.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX))
            }
        }
    }

    /// `position` is where the event is among those of all portals, for a stream over all.
    async fn send_event(&mut self, position: Position, event: &Arc<Event>) -> Result<(), Stop> {
        self.cursor = match self.source.scope() {
            Scope::Portal(_) => Position { revision: event.revision, ..Position::default() },
            Scope::All => position,
        };
        if let Some(shown) = self.included.get(&event.portal_id.get()).copied() {
            if event.revision >= shown {
                self.included.remove(&event.portal_id.get());
            }
            if event.revision <= shown {
                return Ok(());
            }
        }
        if self.source.shows(event) {
            self.send(Item::Transition(Arc::clone(event))).await;
            if self.source.ends_with(event) {
                return Err(Stop::End(EndCause::Finished));
            }
        }
        Ok(())
    }

    /// Whether events of all portals after the cursor are gone. Asked after reading: what was there then has been read.
    async fn events_are_gone(&self) -> Result<bool, StoreError> {
        let bounds = self.apart(|hub, _| async move { hub.store().position_bounds().await }).await?;
        Ok(Position::after_all_of(bounds.0) > self.cursor)
    }

    fn token(&self) -> String {
        // More than a token can name: the few that need it begin anew.
        let place = if self.included.len() > MAX_INCLUDED {
            Place::default()
        } else {
            Place { position: self.cursor, included: self.included.clone() }
        };
        self.identity.encode(&place)
    }

    /// Sends at the consumer's pace.
    fn send(&mut self, item: Item<R::Snapshot>) -> impl Future<Output = ()> + Send + use<R> {
        self.sent_at = Instant::now();
        self.out.send(Box::new(Ok(Message { item, resume_token: self.token() })))
    }
}

/// Events as they were read.
enum Read {
    Portal(PortalEvents),
    All(Vec<(Position, Arc<Event>)>),
}

/// What wakes a stream.
enum Wakes {
    Portal(watch::Receiver<Known>),
    All(watch::Receiver<i64>),
}

impl Wakes {
    /// Whether there will be more.
    async fn changed(&mut self) -> bool {
        match self {
            Self::Portal(portal) => portal.changed().await.is_ok(),
            Self::All(newest) => newest.changed().await.is_ok(),
        }
    }

    /// The newest revision or transaction that is known, and of one portal all events after a revision if the hub has
    /// them.
    fn known(&mut self, seen: i64) -> (i64, Option<Vec<Arc<Event>>>) {
        match self {
            Self::Portal(portal) => {
                let known = portal.borrow_and_update();
                (known.revision(), known.after(seen))
            }
            Self::All(newest) => (*newest.borrow_and_update(), None),
        }
    }
}

/// How a stream begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// With a snapshot.
    Snapshot,
    /// After the token.
    Resume {
        /// Nothing happens after what there is.
        is_over: bool,
    },
}

/// What a stream is about, before it begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// The portal's newest revision, for a stream over one portal.
    pub(super) revision: i64,
    /// It has reached a final state.
    pub(super) is_over: bool,
}
