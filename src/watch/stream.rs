//! The loop of a stream: snapshot, then whatever comes after the cursor, in batches, at the consumer's own pace.

use std::{collections::BTreeMap, time::Duration};

use time::OffsetDateTime;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    hub::Hub,
    source::{Scope, Source},
    token::{Identity, MAX_INCLUDED, Place},
};
use crate::{
    domain::{Reason, change::Event},
    store::{Position, StoreError},
};

/// Events read at once.
const BATCH: i64 = 100;
/// After a silence this long, or a consumer this slow, it is checked that the next events are still kept.
const CHECK_RETENTION_AFTER: Duration = Duration::from_secs(60);

/// Why a stream starts anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// The events after the token are no longer kept.
    TokenTooOld,
    /// The consumer was too slow.
    ConsumerTooSlow,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// A final state was reached.
    Finished,
    /// The server is going away.
    ServerShutdown,
    /// The stream is old enough.
    MaxAge,
}

/// What a stream says.
#[derive(Clone, Debug)]
pub enum Item<S, T> {
    /// How things stand.
    Snapshot(S),
    /// One change.
    Transition(T),
    /// Nothing happened.
    Heartbeat(OffsetDateTime),
    /// A snapshot follows.
    Reset(ResetCause),
    /// The last message.
    End(EndCause),
}

/// One message of a stream.
#[derive(Clone, Debug)]
pub struct Message<S, T> {
    /// What it says.
    pub item: Item<S, T>,
    /// Resume after it with this.
    pub resume_token: String,
}

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
    /// The consumer is gone.
    Gone,
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

pub(super) type Sent<R> = Result<Message<<R as Source>::Snapshot, <R as Source>::Transition>, StoreError>;

pub(super) struct Stream<R: Source> {
    pub(super) hub: Hub,
    pub(super) source: R,
    pub(super) identity: Identity,
    pub(super) settings: StreamSettings,
    pub(super) stop: CancellationToken,
    pub(super) out: mpsc::Sender<Sent<R>>,
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
        out: mpsc::Sender<Sent<R>>,
    ) -> Self {
        let identity = Identity {
            kind: source.kind(),
            subject: source.subject(),
            incarnation: hub.store().incarnation(),
        };
        let (cursor, included) = (Position::default(), BTreeMap::new());
        Self { hub, source, identity, settings, stop, out, cursor, included }
    }

    /// Checks a resume token before the stream begins, so that a bad one is the call's own error.
    ///
    /// # Errors
    /// `RESUME_TOKEN_INVALID`.
    pub(super) async fn resume(&mut self, token: &str) -> Result<Begin, StoreError> {
        let Place { position, included } = self.identity.decode(token)?;
        let (newest, at) = match self.source.scope() {
            Scope::Portal(portal_id) => {
                (self.hub.store().retained(portal_id).await?.revision, position.revision)
            }
            Scope::All if position == Position::default() => return Ok(Begin::Snapshot),
            Scope::All => (self.hub.store().position_bounds().await?.1, position.xid),
        };
        if at > newest {
            return Err(Reason::ResumeTokenInvalid.into());
        }
        (self.cursor, self.included) = (position, included);
        Ok(Begin::Resume)
    }

    /// Runs until a final state, the consumer's leaving, the stream's age or the server's end.
    pub(super) async fn run(mut self, begin: Begin) {
        let jitter = 0.8 + 0.4 * rand::random::<f64>();
        let deadline = tokio::time::Instant::now() + self.settings.max_age.mul_f64(jitter);
        let stopped = match self.begin(begin).await {
            Ok(()) => self.follow(deadline).await,
            Err(stopped) => stopped,
        };
        match stopped {
            Stop::Gone => {}
            Stop::End(cause) => {
                let _ = self.send(Item::End(cause)).await;
            }
            Stop::Failed(error) => {
                let _ = self.out.send(Err(error)).await;
            }
        }
    }

    async fn begin(&mut self, begin: Begin) -> Result<(), Stop> {
        match begin {
            Begin::Snapshot => self.send_snapshot().await,
            Begin::Resume => self.catch_up().await,
        }
    }

    /// Sends what came after the token. Nothing will follow a final state, also when the token lies behind it.
    async fn catch_up(&mut self) -> Result<(), Stop> {
        let finished = self.source.can_finish()
            && self.source.snapshot(self.hub.store(), (0, Uuid::nil())).await?.finished;
        loop {
            let events = self.next_events().await?;
            // Asked after reading: what was there then has been read.
            if self.events_are_gone().await? {
                return self.reset(ResetCause::TokenTooOld).await;
            }
            let full = is_full(&events);
            for event in events {
                self.send_event(event).await?;
            }
            if !full {
                break;
            }
        }
        if finished { Err(Stop::End(EndCause::Finished)) } else { Ok(()) }
    }

    async fn reset(&mut self, cause: ResetCause) -> Result<(), Stop> {
        self.send(Item::Reset(cause)).await?;
        self.send_snapshot().await
    }

    async fn send_snapshot(&mut self) -> Result<(), Stop> {
        self.included.clear();
        let begin = match self.source.scope() {
            Scope::Portal(_) => Position::default(),
            // Read before the snapshot: what commits in between comes again as an event, unless it is included.
            Scope::All => self.hub.store().current_position().await?,
        };
        let mut shown = BTreeMap::new();
        let mut after = (0, Uuid::nil());
        loop {
            let page = {
                let _turn = self.hub.turn().await;
                self.source.snapshot(self.hub.store(), after).await?
            };
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
            self.send(Item::Snapshot(page.snapshot)).await?;
            if page.finished {
                return Err(Stop::End(EndCause::Finished));
            }
            match page.next {
                Some(next) => after = next,
                None => return Ok(()),
            }
        }
    }

    /// Keeps in mind what the snapshot shows that comes after the cursor.
    async fn include(&mut self, shown: BTreeMap<i64, i64>) -> Result<(), Stop> {
        let kinds = self.source.event_kinds();
        let moved = self.hub.store().moved_since(self.cursor, kinds).await?;
        self.included = shown.into_iter().filter(|(portal_id, _)| moved.contains(portal_id)).collect();
        Ok(())
    }

    async fn follow(&mut self, deadline: tokio::time::Instant) -> Stop {
        let mut wakes = match self.source.scope() {
            Scope::Portal(portal_id) => self.hub.portal(portal_id.get()),
            Scope::All => self.hub.all(),
        };
        let mut last_read = tokio::time::Instant::now();
        loop {
            if let Err(stopped) = self.read_on(&mut wakes, last_read.elapsed()).await {
                return stopped;
            }
            last_read = tokio::time::Instant::now();
            tokio::select! {
                woken = wakes.changed() => if woken.is_err() { return Stop::End(EndCause::ServerShutdown) },
                () = self.out.closed() => return Stop::Gone,
                () = self.stop.cancelled() => return Stop::End(EndCause::ServerShutdown),
                () = tokio::time::sleep_until(deadline) => return Stop::End(EndCause::MaxAge),
                () = tokio::time::sleep(self.settings.heartbeat) => {
                    if let Err(stopped) = self.send(Item::Heartbeat(OffsetDateTime::now_utc())).await {
                        return stopped;
                    }
                }
            }
        }
    }

    /// Sends everything after the cursor.
    async fn read_on(&mut self, wakes: &mut watch::Receiver<i64>, silence: Duration) -> Result<(), Stop> {
        if silence > CHECK_RETENTION_AFTER && self.events_are_gone().await? {
            self.reset(ResetCause::ConsumerTooSlow).await?;
        }
        let known = *wakes.borrow_and_update();
        loop {
            let events = self.next_events().await?;
            let full = is_full(&events);
            for event in events {
                self.send_event(event).await?;
            }
            if !full {
                break;
            }
        }
        // Events of other kinds up to what was known before reading are behind us as well.
        match self.source.scope() {
            Scope::Portal(_) => self.cursor.revision = self.cursor.revision.max(known),
            Scope::All => self.cursor = self.cursor.max(Position::after_all_of(known)),
        }
        Ok(())
    }

    async fn next_events(&self) -> Result<Vec<Event>, StoreError> {
        let _turn = self.hub.turn().await;
        let kinds = self.source.event_kinds();
        match self.source.scope() {
            Scope::Portal(portal_id) => {
                self.hub.store().portal_events(portal_id, self.cursor.revision, kinds, BATCH).await
            }
            Scope::All => self.hub.store().all_events(self.source.grant(), self.cursor, kinds, BATCH).await,
        }
    }

    async fn send_event(&mut self, event: Event) -> Result<(), Stop> {
        self.cursor = match self.source.scope() {
            Scope::Portal(_) => Position { revision: event.revision, ..Position::default() },
            Scope::All => {
                Position { xid: event.xid, portal_id: event.portal_id.get(), revision: event.revision }
            }
        };
        if let Some(shown) = self.included.get(&event.portal_id.get()).copied() {
            if event.revision >= shown {
                self.included.remove(&event.portal_id.get());
            }
            if event.revision <= shown {
                return Ok(());
            }
        }
        if let Some((transition, finished)) = self.source.pick(event) {
            self.send(Item::Transition(transition)).await?;
            if finished {
                return Err(Stop::End(EndCause::Finished));
            }
        }
        Ok(())
    }

    async fn events_are_gone(&self) -> Result<bool, StoreError> {
        Ok(match self.source.scope() {
            Scope::Portal(portal_id) => {
                self.hub.store().retained(portal_id).await?.pruned_to > self.cursor.revision
            }
            Scope::All => Position::after_all_of(self.hub.store().position_bounds().await?.0) > self.cursor,
        })
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

    /// Sends at the consumer's pace: there is room for a few messages and no more.
    async fn send(&self, item: Item<R::Snapshot, R::Transition>) -> Result<(), Stop> {
        let message = Message { item, resume_token: self.token() };
        tokio::select! {
            sent = self.out.send(Ok(message)) => sent.map_err(|_| Stop::Gone),
            () = self.stop.cancelled(), if self.out.capacity() == 0 => Err(Stop::Gone),
        }
    }
}

fn is_full(events: &[Event]) -> bool {
    events.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX)
}

/// How a stream begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin {
    /// With a snapshot.
    Snapshot,
    /// After the token.
    Resume,
}
