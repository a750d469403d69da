//! From a change to those who watch it, in a process of its own: one thread makes changes, one watches, and one
//! listens to the database itself.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{self, setup_service_client::SetupServiceClient, watch_setup_response::Event};
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgListener};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::{
    etcd, fill,
    load::{self, Target, percentile},
};

/// The first argument of this process.
pub const COMMAND: &str = "measure-latency";
/// How long the last deliveries may take.
const PATIENCE: Duration = Duration::from_secs(60);
const CHANNEL: &str = "bench";
const KEY: &[u8] = b"portal/watched";

/// Whose changes are watched.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// A setup. At the same moment a row of the same kind is changed by SQL with NOTIFY in its transaction, and heard
    /// by a raw LISTEN.
    Setup { database_url: String, step: String },
    /// A key of etcd.
    Etcd,
}

/// What the process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Latency {
    pub subject: Subject,
    /// Where changes are made.
    pub writer: Target,
    /// Where they are watched.
    pub watched: Target,
    pub watchers: usize,
    pub connections: usize,
    pub changes: usize,
    pub per_second: f64,
}

/// Milliseconds from sending a change to its delivery, over all deliveries; and to the raw listener's notification.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Delay {
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub listen_p50_ms: f64,
    pub listen_p99_ms: f64,
}

impl Latency {
    /// Measures in a process of its own.
    pub async fn run(&self) -> Result<Delay> {
        load::child(COMMAND, self).await
    }
}

/// Which change arrived when.
#[derive(Default)]
struct Arrivals {
    seen: Mutex<Vec<(usize, Instant)>>,
    count: AtomicUsize,
}

impl Arrivals {
    fn note(&self, change: usize) {
        let now = Instant::now();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push((change, now));
        self.count.fetch_add(1, Ordering::SeqCst);
    }

    async fn wait_for(&self, count: usize) -> Result<()> {
        let begin = Instant::now();
        while self.count.load(Ordering::SeqCst) < count {
            let seen = self.count.load(Ordering::SeqCst);
            ensure!(begin.elapsed() < PATIENCE, "only {seen} of {count} deliveries came");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Delays of all changes but those that warmed up.
    fn delays(&self, sent: &[Instant], warm_up: usize) -> Vec<u32> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut micros: Vec<u32> = seen
            .iter()
            .filter(|(change, _)| *change >= warm_up)
            .filter_map(|(change, at)| {
                let delay = at.saturating_duration_since(*sent.get(*change)?);
                Some(u32::try_from(delay.as_micros()).unwrap_or(u32::MAX))
            })
            .collect();
        micros.sort_unstable();
        micros
    }
}

/// The process.
pub fn main() -> Result<()> {
    let latency: Latency = load::description()?;
    let (watched, heard) = (Arc::<Arrivals>::default(), Arc::<Arrivals>::default());
    let (ready, is_ready) = mpsc::channel();
    let watchers = (latency.clone(), Arc::clone(&watched), ready.clone());
    on_a_thread(move || watch(watchers.0, watchers.1, watchers.2));
    is_ready.recv().context("the watchers ended")?;
    if let Subject::Setup { database_url, .. } = &latency.subject {
        let (url, heard) = (database_url.clone(), Arc::clone(&heard));
        on_a_thread(move || listen(url, heard, ready));
        is_ready.recv().context("the listener ended")?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let delay = runtime.block_on(change(&latency, &watched, &heard))?;
    println!("{}", serde_json::to_string(&delay)?);
    // The other threads end with the process.
    Ok(())
}

fn on_a_thread<F>(work: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output = Result<()>>,
{
    thread::spawn(move || {
        let done = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(anyhow::Error::from)
            .and_then(|runtime| runtime.block_on(work()));
        if let Err(error) = done {
            eprintln!("a thread of the benchmark failed: {error:#}");
        }
    });
}

async fn watch(latency: Latency, arrivals: Arc<Arrivals>, ready: mpsc::Sender<()>) -> Result<()> {
    let channels = latency.watched.connect_often(latency.connections).await?;
    let mut watches = tokio::task::JoinSet::new();
    for channel in channels.iter().cycle().take(latency.watchers) {
        match latency.subject {
            Subject::Setup { .. } => {
                let request =
                    v1::WatchSetupRequest { setup_id: fill::setup_id(fill::IN_WIZARD), ..Default::default() };
                let mut setups = SetupServiceClient::new(channel.clone());
                let mut stream = setups.watch_setup(latency.watched.request(request)?).await?.into_inner();
                stream.message().await?.context("no snapshot")?;
                let arrivals = Arc::clone(&arrivals);
                watches.spawn(async move {
                    while let Some(message) = stream.message().await? {
                        let Some(Event::Transition(setup)) = message.event else { continue };
                        let seats = setup.answers.map_or(0, |answers| answers.seat_count);
                        arrivals.note(usize::try_from(seats)?.saturating_sub(1));
                    }
                    Ok::<_, anyhow::Error>(())
                });
            }
            Subject::Etcd => {
                let mut stream = etcd::Client::new(channel.clone()).watch(KEY).await?;
                let arrivals = Arc::clone(&arrivals);
                watches.spawn(async move {
                    while let Some(message) = stream.message().await? {
                        for kv in message.events.into_iter().filter_map(|event| event.kv) {
                            let number = kv.value.get(..8).context("a short value")?;
                            arrivals.note(usize::from_be_bytes(number.try_into()?));
                        }
                    }
                    Ok::<_, anyhow::Error>(())
                });
            }
        }
    }
    ready.send(())?;
    while let Some(ended) = watches.join_next().await {
        ended??;
    }
    Ok(())
}

async fn listen(url: String, arrivals: Arc<Arrivals>, ready: mpsc::Sender<()>) -> Result<()> {
    let mut listener = PgListener::connect(&url).await?;
    listener.listen(CHANNEL).await?;
    ready.send(())?;
    loop {
        arrivals.note(listener.recv().await?.payload().parse()?);
    }
}

async fn change(latency: &Latency, watched: &Arrivals, heard: &Arrivals) -> Result<Delay> {
    let mut writer = Writer::new(latency).await?;
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / latency.per_second));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sent = Vec::with_capacity(latency.changes);
    for number in 0..latency.changes {
        ticks.tick().await;
        sent.push(Instant::now());
        writer.write(number).await?;
    }
    watched.wait_for(latency.changes * latency.watchers).await?;
    if writer.sql.is_some() {
        heard.wait_for(latency.changes).await?;
    }
    let warm_up = latency.changes / 10;
    let (delays, listened) = (watched.delays(&sent, warm_up), heard.delays(&sent, warm_up));
    Ok(Delay {
        p50_ms: percentile(&delays, 0.50),
        p99_ms: percentile(&delays, 0.99),
        // No number in JSON is "not measured".
        listen_p50_ms: if listened.is_empty() { 0.0 } else { percentile(&listened, 0.50) },
        listen_p99_ms: if listened.is_empty() { 0.0 } else { percentile(&listened, 0.99) },
    })
}

/// Makes changes.
struct Writer {
    target: Target,
    setups: SetupServiceClient<Channel>,
    etcd: etcd::Client,
    sql: Option<(PgConnection, String)>,
}

impl Writer {
    async fn new(latency: &Latency) -> Result<Self> {
        let channel = latency.writer.connect().await?;
        let sql = match &latency.subject {
            Subject::Setup { database_url, step } => {
                Some((PgConnection::connect(database_url).await?, with_notify(step)))
            }
            Subject::Etcd => None,
        };
        Ok(Self {
            target: latency.writer.clone(),
            setups: SetupServiceClient::new(channel.clone()),
            etcd: etcd::Client::new(channel),
            sql,
        })
    }

    async fn write(&mut self, number: usize) -> Result<()> {
        let Some((connection, sql)) = &mut self.sql else {
            let mut value = [0; 256];
            for (byte, digit) in value.iter_mut().zip(number.to_be_bytes()) {
                *byte = digit;
            }
            return self.etcd.put(KEY, &value).await;
        };
        let request = self.target.request(v1::SetSeatCountRequest {
            request_id: Uuid::new_v4().to_string(),
            setup_id: fill::setup_id(fill::IN_WIZARD),
            seat_count: i32::try_from(number + 1)?,
            ..Default::default()
        })?;
        let statement = sqlx::query(AssertSqlSafe(sql.clone()))
            .bind(fill::portal_id(fill::IN_WIZARD + 1)?)
            .bind(number.to_string());
        let (answered, executed) =
            tokio::join!(self.setups.set_seat_count(request), statement.execute(connection));
        answered?;
        executed?;
        Ok(())
    }
}

/// The yardstick's step, and a notification in its transaction.
fn with_notify(step: &str) -> String {
    let step = step.trim_end_matches(';').replace(":id", "$1");
    let (rows, last) = step.rsplit_once("insert into request_records").unwrap_or((&step, ""));
    format!(
        "{}, recorded as (insert into request_records{last} returning 1) select pg_notify('{CHANNEL}', $2) from recorded",
        rows.trim_end()
    )
}
