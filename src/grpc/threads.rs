//! Threads that serve connections: each is a runtime of its own, and a connection stays on the one that it came to.
//!
//! tokio's work-stealing runtime polls an HTTP/2 connection after each single answer, which sends each with a system
//! call of its own; on a runtime of one thread, answers that are ready together leave together. Connections are
//! handed out by one listener, always to the thread with the fewest: see `docs/adr/0022-a-runtime-per-core.md`.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// Threads for connections. They end when this is dropped, and with them whatever still runs there.
#[derive(Debug)]
pub struct Threads {
    threads: Vec<Thread>,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
}

impl Threads {
    /// Starts so many threads. None is fine: connections are then served by the runtime that accepts them.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(count: usize) -> io::Result<Self> {
        let stop = CancellationToken::new();
        let threads = (0..count).map(|number| start(number, stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { threads, _stop: stop.drop_guard() })
    }

    /// Whether connections have threads of their own.
    pub(super) fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// Serves a connection on the thread that has the fewest.
    pub(super) fn spawn<F>(
        &self,
        tasks: &TaskTracker,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let fewest = self.threads.iter().min_by_key(|thread| thread.connections.load(Ordering::Relaxed));
        let Some(thread) = fewest else {
            tasks.spawn(serve(stream));
            return;
        };
        let place = Place::new(&thread.connections);
        let serving = async move {
            let _place = place;
            // The stream belongs to the runtime that accepted it until it is registered with this one.
            match stream.into_std().and_then(TcpStream::from_std) {
                Ok(stream) => serve(stream).await,
                Err(error) => tracing::debug!(%error, "connection was gone before it was served"),
            }
        };
        tasks.spawn_on(serving, &thread.runtime);
    }
}

/// Counts a connection for as long as it is served.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn new(connections: &Arc<AtomicUsize>) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(connections))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn start(number: usize, stop: CancellationToken) -> io::Result<Thread> {
    let (started, runtime) = mpsc::sync_channel(1);
    thread::Builder::new().name(format!("grpc-{number}")).spawn(
        move || match Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let _ = started.send(Ok(runtime.handle().clone()));
                runtime.block_on(stop.cancelled());
                runtime.shutdown_background();
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        },
    )?;
    let runtime = runtime.recv().map_err(io::Error::other)??;
    Ok(Thread { runtime, connections: Arc::default() })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn connections_are_spread_and_stay_where_they_are() -> io::Result<()> {
        let threads = Threads::start(2)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (tasks, (seen, mut names)) = (TaskTracker::new(), tokio::sync::mpsc::unbounded_channel());
        let end = CancellationToken::new();
        let mut clients = Vec::new();
        for _ in 0..6 {
            clients.push(TcpStream::connect(listener.local_addr()?).await?);
            let (stream, _) = listener.accept().await?;
            let (seen, end) = (seen.clone(), end.clone());
            threads.spawn(&tasks, stream, move |stream| async move {
                let _ = stream.set_nodelay(true);
                let _ = seen.send(thread::current().name().map(str::to_owned));
                end.cancelled().await;
            });
        }
        let mut served = BTreeMap::<_, usize>::new();
        for _ in 0..6 {
            *served.entry(names.recv().await).or_default() += 1;
        }
        assert_eq!(served.len(), 2, "{served:?}");
        assert!(served.values().all(|connections| *connections == 3), "{served:?}");

        end.cancel();
        tasks.close();
        tasks.wait().await;
        let left: usize =
            threads.threads.iter().map(|thread| thread.connections.load(Ordering::Relaxed)).sum();
        assert_eq!(left, 0);
        Ok(())
    }
}
