//! A stream that is a future: it runs only when its consumer asks for more, and in its consumer's task.
//!
//! A task of its own and a queue between the two would cost each stream memory, and each message a wake-up.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use futures::{Stream, future::BoxFuture};

/// Where the future puts what it yields: there is room for one.
pub(super) struct Out<T>(Arc<Mutex<Option<T>>>);

impl<T: Send> Out<T> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }

    /// Comes back when the consumer has taken it. Of two that are sent at once the first would be lost.
    pub(super) fn send(&self, item: T) -> impl Future<Output = ()> + Send + use<T> {
        *locked(&self.0) = Some(item);
        let slot = Arc::clone(&self.0);
        // Nobody need be woken: it is the consumer that asks, after it has taken the item.
        poll_fn(move |_| if locked(&slot).is_some() { Poll::Pending } else { Poll::Ready(()) })
    }

    /// What `run` sends here, until it ends.
    pub(super) fn of(self, run: impl Future<Output = ()> + Send + 'static) -> Yields<T> {
        Yields { run: Some(Box::pin(run)), out: self.0 }
    }

    /// Another door to the same place.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// What a future yields, until it ends.
pub struct Yields<T> {
    /// `None` once it has ended.
    run: Option<BoxFuture<'static, ()>>,
    out: Arc<Mutex<Option<T>>>,
}

impl<T> Stream for Yields<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let this = self.get_mut();
        let Some(run) = &mut this.run else { return Poll::Ready(None) };
        let ended = run.as_mut().poll(context).is_ready();
        if ended {
            this.run = None;
        }
        match locked(&this.out).take() {
            Some(item) => Poll::Ready(Some(item)),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

fn locked<T>(slot: &Mutex<Option<T>>) -> MutexGuard<'_, Option<T>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_sent_is_yielded_in_order_until_the_end() {
        let out = Out::new();
        let sent = out.share();
        let yields = out.of(async move {
            for number in 0..3 {
                sent.send(number).await;
                tokio::task::yield_now().await;
            }
            sent.send(3).await;
        });
        assert_eq!(yields.collect::<Vec<_>>().await, [0, 1, 2, 3]);
    }

    #[tokio::test]
    async fn it_runs_no_further_than_it_is_asked_for() {
        let reached = Arc::new(Mutex::new(0));
        let noted = Arc::clone(&reached);
        let note = move |number| *noted.lock().unwrap_or_else(PoisonError::into_inner) = number;
        let out = Out::new();
        let sent = out.share();
        let mut yields = out.of(async move {
            for number in 1..100 {
                note(number);
                sent.send(number).await;
            }
        });
        assert_eq!((yields.next().await, yields.next().await), (Some(1), Some(2)));
        assert_eq!(reached.lock().ok().as_deref(), Some(&2));
    }
}
