//! Reads of single rows, many at once: what waits is read by one statement for each kind of row.
//!
//! A caller that went away before a batch is cut is left out of it.

mod events;
mod histories;
mod lookups;

use std::{collections::HashMap, hash::Hash, time::Duration};

use sqlx::PgConnection;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use events::PortalEvents;
pub(super) use events::{EVENTS, Events};
pub(super) use histories::Histories;
pub use histories::History;
pub(super) use lookups::{Connections, Portals, Setups, Syncs, TestContacts};

use super::{
    StoreError,
    actors::{Actors, Work, ended},
    optimistic::Images,
    session::{Link, Session, Shared, is_lost},
};

/// A kind of row, looked up by its key.
pub(super) trait Lookup: Sized + 'static {
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    type Row: Clone + Send + 'static;
    /// Keys of one statement at most.
    const KEYS: usize = 512;
    /// Streams ask, and not callers that wait for an answer.
    const FOLLOWS: bool = false;

    /// Reads the rows of all keys with one statement. Keys are unique; those without a row are left out.
    fn read(
        connection: &mut PgConnection,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Row>, sqlx::Error>> + Send;

    fn ask(asked: Asked<Self>) -> Question;
}

/// Names what belongs to a setup or to a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OwnerKey {
    /// By the setup's id.
    Setup(Uuid),
    /// By the portal's hub id.
    Portal(i64),
}

impl OwnerKey {
    /// The setups, and the portals.
    fn split(keys: &[Self]) -> (Vec<Uuid>, Vec<i64>) {
        let (mut setups, mut portals) = (Vec::new(), Vec::new());
        for key in keys {
            match key {
                Self::Setup(setup_id) => setups.push(*setup_id),
                Self::Portal(portal_id) => portals.push(*portal_id),
            }
        }
        (setups, portals)
    }
}

/// A key, and who waits for its row.
pub(super) struct Asked<L: Lookup> {
    key: L::Key,
    reply: Reply<L>,
}

type Reply<L> = oneshot::Sender<Result<Option<<L as Lookup>::Row>, StoreError>>;

/// What can be asked.
pub(super) enum Question {
    Setup(Asked<Setups>),
    Connection(Asked<Connections>),
    Portal(Asked<Portals>),
    Sync(Asked<Syncs>),
    TestContact(Asked<TestContacts>),
    Events(Asked<Events>),
    History(Asked<Histories>),
    Image(Asked<Images>),
}

/// Reads rows.
pub(super) struct Reader {
    answering: Actors<Answering>,
    following: Actors<Following>,
}

impl Reader {
    pub(super) fn new(link: Link, tasks: TaskTracker) -> Self {
        Self {
            answering: Actors::new(Answering, link.clone(), tasks.clone()),
            following: Actors::new(Following, link, tasks),
        }
    }

    /// The row of a key, as it is after everything that was committed before the question.
    pub(super) async fn row<L: Lookup>(&self, key: L::Key) -> Result<Option<L::Row>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let question = L::ask(Asked { key, reply });
        if L::FOLLOWS {
            self.following.give(question).await?;
        } else {
            self.answering.give(question).await?;
        }
        answer.await.map_err(|_| ended())?
    }

    /// Nothing is asked from now on; what waits is still answered.
    pub(super) fn close(&self) {
        self.answering.close();
        self.following.close();
    }
}

/// For callers.
struct Answering;

impl Work for Answering {
    type Item = Question;
    /// While one waits for the database, what came of the last batch is answered and the next one gathers.
    const TASKS: usize = 2;
    const BATCH: usize = 2_048;

    async fn work(&self, session: &mut Session, questions: Vec<Question>) {
        Batch::of(questions).answer(session).await;
    }
}

/// For streams. However many come back at once, callers do not wait behind them.
struct Following;

/// So many streams that ask at once are a crowd: all that come back after a network was cut, for instance.
const CROWD: usize = 32;
/// From the beginning of one batch of a crowd's to the next, which gathers meanwhile.
const GATHERING: Duration = Duration::from_millis(75);

impl Work for Following {
    type Item = Question;
    const TASKS: usize = 1;
    const BATCH: usize = 2_048;

    async fn work(&self, session: &mut Session, questions: Vec<Question>) {
        let (began, is_crowd) = (Instant::now(), questions.len() >= CROWD);
        Batch::of(questions).answer(session).await;
        if is_crowd {
            sleep_until(began + GATHERING).await;
        }
    }
}

/// Who waits for which key.
struct Waiting<L: Lookup>(HashMap<L::Key, Vec<Reply<L>>>);

impl<L: Lookup> Default for Waiting<L> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<L: Lookup> Waiting<L> {
    fn add(&mut self, asked: Asked<L>) {
        if !asked.reply.is_closed() {
            self.0.entry(asked.key).or_default().push(asked.reply);
        }
    }

    async fn answer(self, session: &mut Session) {
        let mut waiting = self.0.into_iter().peekable();
        while waiting.peek().is_some() {
            Self::answer_some(waiting.by_ref().take(L::KEYS).collect(), session).await;
        }
    }

    async fn answer_some(waiting: Vec<(L::Key, Vec<Reply<L>>)>, session: &mut Session) {
        let keys: Vec<L::Key> = waiting.iter().map(|(key, _)| key.clone()).collect();
        let rows = match Self::read(session, &keys).await {
            Err(error) if is_lost(&error) => {
                tracing::debug!(%error, "the reader's connection is lost, trying another one");
                Self::read(session, &keys).await
            }
            outcome => outcome,
        };
        let mut rows = rows.map_err(Shared::new);
        for (key, replies) in waiting {
            let mut row = rows.as_mut().map(|rows| rows.remove(&key)).map_err(|error| error.clone());
            let last = replies.len().saturating_sub(1);
            for (place, reply) in replies.into_iter().enumerate() {
                let answer = match &mut row {
                    Ok(row) if place == last => Ok(row.take()),
                    Ok(row) => Ok(row.clone()),
                    Err(error) => Err(error.to_store_error()),
                };
                // Whoever has gone meanwhile needs no answer.
                let _ = reply.send(answer);
            }
        }
    }

    async fn read(session: &mut Session, keys: &[L::Key]) -> Result<HashMap<L::Key, L::Row>, sqlx::Error> {
        session.run(|connection| L::read(connection, keys)).await
    }
}

#[derive(Default)]
struct Batch {
    setups: Waiting<Setups>,
    connections: Waiting<Connections>,
    portals: Waiting<Portals>,
    syncs: Waiting<Syncs>,
    test_contacts: Waiting<TestContacts>,
    events: Waiting<Events>,
    histories: Waiting<Histories>,
    images: Waiting<Images>,
}

impl Batch {
    fn of(questions: Vec<Question>) -> Self {
        let mut batch = Self::default();
        for question in questions {
            batch.add(question);
        }
        batch
    }

    fn add(&mut self, question: Question) {
        match question {
            Question::Setup(asked) => self.setups.add(asked),
            Question::Connection(asked) => self.connections.add(asked),
            Question::Portal(asked) => self.portals.add(asked),
            Question::Sync(asked) => self.syncs.add(asked),
            Question::TestContact(asked) => self.test_contacts.add(asked),
            Question::Events(asked) => self.events.add(asked),
            Question::History(asked) => self.histories.add(asked),
            Question::Image(asked) => self.images.add(asked),
        }
    }

    async fn answer(self, session: &mut Session) {
        self.setups.answer(session).await;
        self.connections.answer(session).await;
        self.portals.answer(session).await;
        self.syncs.answer(session).await;
        self.test_contacts.answer(session).await;
        self.histories.answer(session).await;
        self.events.answer(session).await;
        self.images.answer(session).await;
    }
}
