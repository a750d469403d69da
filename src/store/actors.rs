//! Tasks that own a connection each, and take from one queue whatever waits there.
//!
//! No timer holds anyone back: while a statement runs, the next batch gathers by itself. Why it is so, and what it
//! yields: `docs/adr/0017-batches.md`.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tokio_util::task::TaskTracker;

use super::{
    StoreError,
    session::{Link, Session},
};

/// Items that may wait; who comes then waits for room.
const WAITING: usize = 4_096;

/// What the tasks do.
pub(super) trait Work: Send + Sync + 'static {
    type Item: Send + 'static;
    /// Tasks, each with a connection.
    const TASKS: usize;
    /// Items that one batch takes at most.
    const BATCH: usize;

    /// Does what is asked for, and answers.
    fn work(&self, session: &mut Session, batch: Vec<Self::Item>) -> impl Future<Output = ()> + Send;
}

/// Gives work to the tasks, which it starts when there are none.
pub(super) struct Actors<W: Work> {
    work: Arc<W>,
    link: Link,
    tasks: TaskTracker,
    /// `None` once the store is closed.
    queue: Mutex<Option<mpsc::Sender<W::Item>>>,
}

impl<W: Work> Actors<W> {
    pub(super) fn new(work: W, link: Link, tasks: TaskTracker) -> Self {
        // Without a receiver it counts as ended: the first item starts the tasks.
        let queue = Mutex::new(Some(mpsc::channel(1).0));
        Self { work: Arc::new(work), link, tasks, queue }
    }

    pub(super) async fn give(&self, item: W::Item) -> Result<(), StoreError> {
        let queue = self.queue().ok_or(StoreError::Unavailable(sqlx::Error::PoolClosed))?;
        queue.send(item).await.map_err(|_| ended())
    }

    /// The queue. The tasks live on the runtime of who asks first, next to where most items come from; when they ended
    /// with that runtime, or by a defect, others take their place.
    fn queue(&self) -> Option<mpsc::Sender<W::Item>> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = queue.as_mut()?;
        if sender.is_closed() {
            let (fresh, items) = mpsc::channel(WAITING);
            let items = Arc::new(AsyncMutex::new(items));
            for _ in 0..W::TASKS {
                let session = Session::new(self.link.clone());
                self.tasks.spawn(run(Arc::clone(&self.work), session, Arc::clone(&items)));
            }
            *sender = fresh;
        }
        Some(sender.clone())
    }

    /// Nothing is taken from now on; what waits is still done.
    pub(super) fn close(&self) {
        *self.queue.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The task that had the item is gone.
pub(super) fn ended() -> StoreError {
    StoreError::Unavailable(sqlx::Error::WorkerCrashed)
}

async fn run<W: Work>(work: Arc<W>, mut session: Session, items: Arc<AsyncMutex<mpsc::Receiver<W::Item>>>) {
    loop {
        let mut batch = Vec::new();
        if items.lock().await.recv_many(&mut batch, W::BATCH).await == 0 {
            break;
        }
        work.work(&mut session, batch).await;
    }
    session.close().await;
}
