//! Watchers, a process of their own that holds thousands of streams open.

use std::{
    process::Stdio,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use connector::api::v1::{self, setup_service_client::SetupServiceClient, watch_setup_response::Event};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::mpsc,
    task::JoinSet,
};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Streaming, transport::Channel};

use crate::{bare, etcd, fill, load::Target};

/// The first argument of this process.
pub const COMMAND: &str = "hold-watches";
/// Streams that are opened at once in the beginning.
const OPENED_AT_ONCE: usize = 64;
/// How long one that was refused waits before it tries again, at most; at least half as long.
const PAUSE: Duration = Duration::from_millis(200);

/// What is watched.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Subject {
    /// The setups of the first so many portals amid the wizard.
    Setups { portals: usize },
    /// So many keys of etcd.
    Keys { keys: usize },
    /// The stream of the bare service.
    Bare,
}

/// What the process is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watching {
    pub target: Target,
    pub subject: Subject,
    pub watchers: usize,
    pub connections: usize,
}

/// The process, seen from the benchmark. It ends with this value.
pub struct Watchers {
    _child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Watchers {
    /// Opens all watches, and returns once each has shown where things stand.
    pub async fn open(watching: &Watching) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let commands = child.stdin.take().context("no input")?;
        let answers = BufReader::new(child.stdout.take().context("no output")?).lines();
        let mut watchers = Self { _child: child, commands, answers };
        watchers.say(&serde_json::to_string(watching)?).await?;
        watchers.hear("open").await?;
        Ok(watchers)
    }

    /// Closes all streams; the connections stay.
    pub async fn close(&mut self) -> Result<()> {
        self.say("close").await?;
        self.hear("closed").await?;
        Ok(())
    }

    /// Resumes all streams at once. Returns the seconds until each has been sent what it had missed.
    pub async fn resume(&mut self) -> Result<f64> {
        self.say("resume").await?;
        let answer = self.hear("resumed ").await?;
        Ok(answer.parse()?)
    }

    async fn say(&mut self, line: &str) -> Result<()> {
        self.commands.write_all(format!("{line}\n").as_bytes()).await?;
        Ok(())
    }

    async fn hear(&mut self, beginning: &str) -> Result<String> {
        let line = self.answers.next_line().await?.context("the watchers ended")?;
        Ok(line.strip_prefix(beginning).with_context(|| format!("the watchers say {line:?}"))?.to_owned())
    }
}

/// The process.
pub fn main() -> Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let mut commands = commands();
        let description = commands.recv().await.context("no description")?;
        let watching: Watching = serde_json::from_str(&description)?;
        let mut watches = open_all(&watching).await?;
        println!("open");
        let mut tokens = Vec::new();
        while let Some(command) = commands.recv().await {
            match command.as_str() {
                "close" => {
                    // A stream that is dropped tells the server by itself.
                    tokens = watches.drain(..).map(|watch| (watch.setup_id, watch.token)).collect();
                    println!("closed");
                }
                "resume" => {
                    let begin = Instant::now();
                    watches = resume_all(&watching, std::mem::take(&mut tokens)).await?;
                    println!("resumed {}", begin.elapsed().as_secs_f64());
                }
                _ => bail!("no such command: {command}"),
            }
        }
        Ok(())
    })
}

/// The lines of this process's input, read on a thread of their own: streams go on meanwhile.
fn commands() -> mpsc::UnboundedReceiver<String> {
    let (lines, commands) = mpsc::unbounded_channel();
    thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    commands
}

/// A stream that is open, and the token to resume it with.
struct Watch {
    setup_id: String,
    token: String,
    _stream: AbortOnDropHandle<()>,
}

async fn open_all(watching: &Watching) -> Result<Vec<Watch>> {
    let channels = Arc::new(watching.target.connect_often(watching.connections).await?);
    stream::iter(0..watching.watchers)
        .map(|number| {
            let channels = Arc::clone(&channels);
            async move {
                let channel = channels.get(number % channels.len()).context("no connection")?.clone();
                open(watching, channel, number).await
            }
        })
        .buffered(OPENED_AT_ONCE)
        .try_collect()
        .await
}

async fn open(watching: &Watching, channel: Channel, number: usize) -> Result<Watch> {
    match watching.subject {
        Subject::Setups { portals } => {
            let setup_id = fill::setup_id(fill::IN_WIZARD + number % portals);
            let mut setups = SetupServiceClient::new(channel);
            let request = v1::WatchSetupRequest { setup_id: setup_id.clone(), ..Default::default() };
            let mut stream = setups.watch_setup(watching.target.request(request)?).await?.into_inner();
            let first = stream.message().await?.context("the stream ended")?;
            ensure!(matches!(first.event, Some(Event::Snapshot(_))), "no snapshot came first");
            Ok(Watch { setup_id, token: first.resume_token, _stream: keep(stream) })
        }
        Subject::Keys { keys } => {
            let key = format!("portal/{:012}", number % keys);
            let stream = etcd::Client::new(channel).watch(key.as_bytes()).await?;
            Ok(Watch { setup_id: key, token: String::new(), _stream: keep(stream) })
        }
        Subject::Bare => {
            let mut stream = bare::Client::new(channel).stream().await?;
            stream.message().await?;
            Ok(Watch { setup_id: String::new(), token: String::new(), _stream: keep(stream) })
        }
    }
}

fn keep<T: Send + 'static>(stream: Streaming<T>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(drain(stream)))
}

async fn drain<T>(mut stream: Streaming<T>) {
    while let Ok(Some(_)) = stream.message().await {}
}

async fn pause() {
    tokio::time::sleep(PAUSE.mul_f64(0.5 + 0.5 * rand::random::<f64>())).await;
}

async fn resume_all(watching: &Watching, tokens: Vec<(String, String)>) -> Result<Vec<Watch>> {
    let channels = watching.target.connect_often(watching.connections).await?;
    let mut resuming = JoinSet::new();
    for ((setup_id, token), channel) in tokens.into_iter().zip(channels.into_iter().cycle()) {
        let target = watching.target.clone();
        resuming.spawn(async move {
            let mut setups = SetupServiceClient::new(channel);
            let mut stream = loop {
                let request =
                    v1::WatchSetupRequest { setup_id: setup_id.clone(), resume_token: token.clone() };
                match setups.watch_setup(target.request(request)?).await {
                    Ok(stream) => break stream.into_inner(),
                    // The server takes so many calls at a time; a client comes again.
                    Err(status) if status.code() == Code::ResourceExhausted => pause().await,
                    Err(status) => return Err(status.into()),
                }
            };
            loop {
                let message = stream.message().await?.context("the stream ended")?;
                if let Some(Event::Transition(_) | Event::Snapshot(_)) = message.event {
                    let token = message.resume_token;
                    return Ok(Watch { setup_id, token, _stream: keep(stream) });
                }
            }
        });
    }
    let mut watches = Vec::new();
    while let Some(watch) = resuming.join_next().await {
        watches.push(watch?.map_err(|error: anyhow::Error| error.context("resume"))?);
    }
    Ok(watches)
}
