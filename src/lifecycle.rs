//! The life of the process: who is running, and how it ends.
//!
//! Two tokens end it. The *soft* one asks: streams say goodbye, workers finish what they hold, nothing new is begun.
//! The *hard* one, a time-out later, cuts what is left. Every task is tracked here, so the end waits for all of them.

use std::{
    future::Future,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::timeout};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

/// What a task gets after the hard token to notice it.
const CUT_LIMIT: Duration = Duration::from_secs(2);

/// The tokens and the tasks of this process. Clones are the same life.
#[derive(Clone, Debug, Default)]
pub struct Lifecycle {
    soft: CancellationToken,
    hard: CancellationToken,
    tasks: TaskTracker,
    has_failed: Arc<AtomicBool>,
}

/// How the process came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All tasks ended when asked.
    Drained,
    /// Some had to be cut, and ended then.
    Cut,
    /// This many did not even end when cut; they end with the process.
    Abandoned(usize),
}

impl Lifecycle {
    /// A new life.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when no new work is to be begun.
    #[must_use]
    pub fn soft(&self) -> &CancellationToken {
        &self.soft
    }

    /// Cancelled when the time for work in hand is over.
    #[must_use]
    pub fn hard(&self) -> &CancellationToken {
        &self.hard
    }

    /// Whether an essential task ended on its own: the process then exits with an error.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Runs a task that the end waits for. Its outcome is the caller's to look at.
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        self.tasks.spawn(task)
    }

    /// Runs a task that the process is nothing without, such as the listener. If it ends before it was asked to,
    /// also by a panic, the process ends.
    pub fn spawn_essential<F>(&self, name: &'static str, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let watch = EssentialTask { name, life: self.clone(), _stop: self.soft.clone().drop_guard() };
        self.tasks.spawn(async move {
            // Dropped at the end of the task, when it panics, and when it is aborted.
            let _watch = watch;
            task.await;
        });
    }

    /// Waits for SIGTERM, SIGINT or the soft token, then ends all tasks: those that are not done after `drain_limit`
    /// are cut. A second signal cuts at once.
    ///
    /// # Errors
    /// If the system does not let signals be handled.
    pub async fn run_to_end(&self, drain_limit: Duration) -> io::Result<Ending> {
        let mut signals = Signals::listen()?;
        tokio::select! {
            signal = signals.next() => tracing::info!(signal, "stopping"),
            () = self.soft.cancelled() => tracing::info!("stopping"),
        }
        let cut_by_signal = async {
            let signal = signals.next().await;
            tracing::warn!(signal, "stopping at once");
            self.hard.cancel();
            std::future::pending().await
        };
        tokio::select! {
            ending = self.drain(drain_limit) => Ok(ending),
            never = cut_by_signal => never,
        }
    }

    /// Ends all tasks now, as [`run_to_end`](Self::run_to_end) does after a signal.
    pub async fn drain(&self, limit: Duration) -> Ending {
        self.drain_within(limit, CUT_LIMIT).await
    }

    async fn drain_within(&self, limit: Duration, cut_limit: Duration) -> Ending {
        self.soft.cancel();
        self.tasks.close();
        tokio::select! {
            () = self.tasks.wait() => {
                // A second signal may have cut them in the same instant.
                return if self.hard.is_cancelled() { Ending::Cut } else { Ending::Drained };
            }
            () = self.hard.cancelled() => {}
            () = tokio::time::sleep(limit) => {}
        }
        tracing::warn!(tasks = self.tasks.len(), "cutting what is still running");
        self.hard.cancel();
        match timeout(cut_limit, self.tasks.wait()).await {
            Ok(()) => Ending::Cut,
            Err(_) => Ending::Abandoned(self.tasks.len()),
        }
    }
}

/// Ends the process with the task that holds it.
struct EssentialTask {
    name: &'static str,
    life: Lifecycle,
    _stop: DropGuard,
}

impl Drop for EssentialTask {
    fn drop(&mut self) {
        if !self.life.soft.is_cancelled() {
            tracing::error!(task = self.name, "an essential task ended by itself");
            self.life.has_failed.store(true, Ordering::Release);
        }
    }
}

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "this platform registers with the first wait")]
    fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        match tokio::signal::ctrl_c().await {
            Ok(()) => "Ctrl-C",
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test]
    async fn tasks_that_listen_are_drained() {
        let life = Lifecycle::new();
        let soft = life.soft().clone();
        life.spawn_essential("polite", async move { soft.cancelled().await });
        assert_eq!(life.drain(Duration::from_secs(60)).await, Ending::Drained);
        assert!(!life.has_failed());
        assert!(!life.hard().is_cancelled());
    }

    #[tokio::test]
    async fn tasks_that_do_not_are_cut_and_then_abandoned() {
        let life = Lifecycle::new();
        let hard = life.hard().clone();
        life.spawn(async move { hard.cancelled().await });
        assert_eq!(life.drain(Duration::ZERO).await, Ending::Cut);

        let life = Lifecycle::new();
        life.spawn(pending::<()>());
        assert_eq!(life.drain_within(Duration::ZERO, Duration::ZERO).await, Ending::Abandoned(1));
    }

    #[tokio::test]
    async fn an_essential_task_takes_the_process_along() -> io::Result<()> {
        for panics in [false, true] {
            let life = Lifecycle::new();
            life.spawn_essential("listener", async move { assert!(!panics, "a bug") });
            assert_eq!(life.run_to_end(Duration::from_secs(60)).await?, Ending::Drained);
            assert!(life.has_failed());
        }
        Ok(())
    }

    /// In a process of its own: a signal is for all tests of a program.
    #[cfg(unix)]
    #[tokio::test]
    #[ignore = "the process that the next test runs"]
    async fn process_that_gets_signals() -> io::Result<()> {
        let life = Lifecycle::new();
        let (soft, hard) = (life.soft().clone(), life.hard().clone());
        life.spawn(async move {
            soft.cancelled().await;
            raise("INT").await;
            hard.cancelled().await;
        });
        life.spawn(raise("TERM"));
        assert_eq!(life.run_to_end(Duration::from_secs(600)).await?, Ending::Cut);
        assert!(!life.has_failed());
        Ok(())
    }

    #[cfg(unix)]
    #[test]
    fn a_signal_asks_and_a_second_one_cuts() -> io::Result<()> {
        let output = std::process::Command::new(std::env::current_exe()?)
            .args(["--exact", "lifecycle::tests::process_that_gets_signals", "--ignored"])
            .output()?;
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        Ok(())
    }

    #[cfg(unix)]
    async fn raise(signal: &str) {
        let pid = std::process::id().to_string();
        let sent = tokio::process::Command::new("kill").args(["-s", signal, &pid]).status().await;
        assert!(sent.is_ok_and(|status| status.success()));
    }
}
