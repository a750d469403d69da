//! Named points in the code at which a test can kill the process or hold a task for ever.
//!
//! `failpoint::hit("connect.after_login").await` marks a point. Without the feature `simulator` it is nothing at
//! all. With it, two ways lead to a crash there:
//!
//! - `CONNECTOR_FAILPOINTS="connect.after_login=exit@3;other=exit"` aborts the process at the third hit of the one
//!   and the first of the other, without destructors or goodbyes, as SIGKILL would. `other=panic` panics there.
//! - [`hold_at`] holds the task that comes by, for ever or until the hold is released, so that a test in the same
//!   process can drop it there or let it oversleep.
//!   Tests run side by side, so holds and counts belong to the runtime of the test that asks.

#[cfg(not(feature = "simulator"))]
/// A named point; nothing in this build.
pub fn hit(_name: &'static str) -> std::future::Ready<()> {
    std::future::ready(())
}

#[cfg(feature = "simulator")]
pub use active::{Hold, hit, hits, hold_at};

#[cfg(feature = "simulator")]
mod active {
    use std::{
        collections::{BTreeMap, HashMap},
        env,
        future::pending,
        process,
        sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError},
    };

    use tokio::{runtime, sync::watch};

    const VARIABLE: &str = "CONNECTOR_FAILPOINTS";

    #[derive(Default)]
    struct Points {
        /// Of the whole process.
        hits: BTreeMap<&'static str, u64>,
        runtimes: HashMap<runtime::Id, RuntimePoints>,
    }

    #[derive(Default)]
    struct RuntimePoints {
        hits: BTreeMap<&'static str, u64>,
        holds: Vec<Armed>,
    }

    struct Armed {
        name: String,
        nth: u64,
        reached: watch::Sender<bool>,
        released: watch::Receiver<bool>,
    }

    fn points() -> MutexGuard<'static, Points> {
        static POINTS: LazyLock<Mutex<Points>> = LazyLock::new(Mutex::default);
        POINTS.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A named point. Comes back at once unless somebody asked for a crash here.
    pub async fn hit(name: &'static str) {
        if let Some(mut released) = count(name)
            && released.wait_for(|released| *released).await.is_err()
        {
            pending::<()>().await;
        }
    }

    /// Counts the hit; what the task is to wait for, if it is to stay.
    fn count(name: &'static str) -> Option<watch::Receiver<bool>> {
        let mut points = points();
        let hits = points.hits.entry(name).or_default();
        *hits += 1;
        let hits = *hits;
        match deeds().get(name) {
            Some((Deed::Exit, nth)) if *nth == hits => process::abort(),
            Some((Deed::Panic, nth)) if *nth == hits => {
                drop(points);
                panic_at(name)
            }
            _ => {}
        }
        let Ok(runtime) = runtime::Handle::try_current() else { return None };
        let points = points.runtimes.entry(runtime.id()).or_default();
        let hits = points.hits.entry(name).or_default();
        *hits += 1;
        let mut holds = points.holds.iter().filter(|armed| armed.name == name && armed.nth == *hits);
        holds.next().map(|armed| {
            armed.reached.send_replace(true);
            armed.released.clone()
        })
    }

    /// What is to happen at a point.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Deed {
        Exit,
        Panic,
    }

    #[expect(clippy::panic, reason = "a test asked for it")]
    fn panic_at(name: &str) -> ! {
        panic!("fail point {name}");
    }

    type Deeds = BTreeMap<String, (Deed, u64)>;

    /// The points that the environment wants crashed, with the number of the hit.
    fn deeds() -> &'static Deeds {
        static DEEDS: OnceLock<Deeds> = OnceLock::new();
        DEEDS.get_or_init(|| match parse(&env::var(VARIABLE).unwrap_or_default()) {
            Ok(deeds) => deeds,
            Err(part) => {
                eprintln!("{VARIABLE}: {part:?} is not of the form name=exit, name=exit@3 or name=panic");
                process::exit(2);
            }
        })
    }

    fn parse(text: &str) -> Result<Deeds, String> {
        let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| {
                let (name, action) = part.split_once('=').ok_or(part)?;
                let (deed, nth) = match (action.strip_prefix("exit"), action.strip_prefix("panic")) {
                    (Some(nth), _) => (Deed::Exit, nth),
                    (_, Some(nth)) => (Deed::Panic, nth),
                    (None, None) => return Err(part),
                };
                let nth = match nth {
                    "" => 1,
                    nth => nth
                        .strip_prefix('@')
                        .and_then(|nth| nth.parse().ok())
                        .filter(|nth| *nth > 0)
                        .ok_or(part)?,
                };
                Ok((name.to_owned(), (deed, nth)))
            })
            .collect::<Result<_, &str>>()
            .map_err(str::to_owned)
    }

    /// Hits so far, by name, of tasks of the current runtime: a first run tells a test which points there are.
    #[must_use]
    pub fn hits() -> BTreeMap<&'static str, u64> {
        let runtime = runtime::Handle::current().id();
        points().runtimes.get(&runtime).map(|points| points.hits.clone()).unwrap_or_default()
    }

    /// Holds the task of the current runtime that makes the `nth` hit from now on, counted from 1. What is held
    /// stays held until [`Hold::release`]; dropping the [`Hold`] only disarms it.
    #[must_use = "dropping it disarms it"]
    pub fn hold_at(name: &str, nth: u64) -> Hold {
        let runtime = runtime::Handle::current().id();
        let (sender, reached) = watch::channel(false);
        let (release, released) = watch::channel(false);
        let mut points = points();
        let points = points.runtimes.entry(runtime).or_default();
        let nth = points.hits.get(name).copied().unwrap_or_default() + nth;
        points.holds.push(Armed { name: name.to_owned(), nth, reached: sender, released });
        Hold { runtime, name: name.to_owned(), nth, reached, release }
    }

    /// An armed point.
    #[derive(Debug)]
    pub struct Hold {
        runtime: runtime::Id,
        name: String,
        nth: u64,
        reached: watch::Receiver<bool>,
        release: watch::Sender<bool>,
    }

    impl Hold {
        /// Comes back when a task is held here.
        pub async fn reached(&mut self) {
            // The sender lives until this hold is dropped.
            let _ = self.reached.wait_for(|reached| *reached).await;
        }

        /// Lets the task that is held here go on.
        pub fn release(self) {
            self.release.send_replace(true);
        }
    }

    impl Drop for Hold {
        fn drop(&mut self) {
            if let Some(points) = points().runtimes.get_mut(&self.runtime) {
                points.holds.retain(|armed| armed.name != self.name || armed.nth != self.nth);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use std::{process::Command, sync::Arc, sync::atomic::AtomicU32, sync::atomic::Ordering};

        use super::*;

        #[test]
        fn the_variable_names_points_and_hits() {
            let parsed = parse("a.b=exit@3; c=exit ;d=panic@2").map(Vec::from_iter);
            let expected = [("a.b", Deed::Exit, 3), ("c", Deed::Exit, 1), ("d", Deed::Panic, 2)];
            assert_eq!(parsed, Ok(expected.map(|(name, deed, nth)| (name.to_owned(), (deed, nth))).to_vec()));
            for wrong in ["a", "a=hold", "a=exit@", "a=exit@0", "a=exit3", "a=panics"] {
                assert_eq!(parse(wrong), Err(wrong.to_owned()));
            }
        }

        #[tokio::test]
        async fn a_held_task_gets_no_further_and_others_pass() {
            hit("held").await;
            let passed = Arc::new(AtomicU32::new(0));
            let mut hold = hold_at("held", 2);
            let task = tokio::spawn({
                let passed = Arc::clone(&passed);
                async move {
                    for _ in 0..3 {
                        hit("held").await;
                        hit("other").await;
                        passed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
            hold.reached().await;
            assert_eq!(passed.load(Ordering::Relaxed), 1);
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()));

            drop(hold);
            hit("held").await;
            assert_eq!(Vec::from_iter(hits()), [("held", 4), ("other", 1)]);
        }

        #[tokio::test]
        async fn a_released_task_goes_on() {
            let mut hold = hold_at("slept", 1);
            let task = tokio::spawn(hit("slept"));
            hold.reached().await;
            assert!(!task.is_finished());
            hold.release();
            assert!(task.await.is_ok());
        }

        #[test]
        fn another_runtime_is_another_test() -> std::io::Result<()> {
            let here = runtime::Builder::new_current_thread().build()?;
            let there = runtime::Builder::new_current_thread().build()?;
            let _hold = here.block_on(async { hold_at("shared", 1) });
            there.block_on(hit("shared"));
            assert!(here.block_on(async { hits() }).is_empty());
            Ok(())
        }

        #[tokio::test]
        #[ignore = "the process that the next test kills"]
        async fn process_to_be_killed() {
            for number in 1..=3 {
                hit("killed").await;
                println!("\nsurvived {number}");
            }
        }

        #[cfg(unix)]
        #[test]
        fn the_process_ends_at_the_named_hit() -> std::io::Result<()> {
            use std::os::unix::process::ExitStatusExt as _;

            let name = "failpoint::active::tests::process_to_be_killed";
            let output = Command::new(env::current_exe()?)
                .args(["--exact", name, "--ignored", "--nocapture"])
                .env(VARIABLE, "killed=exit@3")
                .output()?;
            assert!(output.status.signal().is_some(), "{output:?}");
            let printed = String::from_utf8_lossy(&output.stdout);
            assert!(printed.contains("survived 2") && !printed.contains("survived 3"), "{printed}");
            Ok(())
        }
    }
}
