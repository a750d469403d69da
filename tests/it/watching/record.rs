//! What a consumer sees, written down: any stream, over any number of calls and servers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use connector::{api::v1, dev};
use futures::{StreamExt as _, TryStreamExt as _, stream::BoxStream};
use rand::RngExt as _;
use secrecy::SecretString;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, types::Json};
use tonic::Status;

use crate::harness::{World, walk::Clients};

/// Which stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    Setup {
        setup_id: String,
        portal_id: i64,
    },
    TestContact {
        id: String,
        portal_id: i64,
    },
    /// Of one portal, or of all when it is 0.
    Connections(i64),
    /// Of one portal, or of all when it is 0.
    SyncStatus(i64),
}

/// What one message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Portals with the revision that their resource is shown at.
    Snapshot {
        shown: Vec<(i64, i64)>,
        more: bool,
    },
    Change {
        portal_id: i64,
        revision: i64,
        kinds: Vec<&'static str>,
    },
    Heartbeat,
    Reset(v1::watch_reset::Cause),
    End(v1::watch_end::Cause),
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub said: Said,
    pub token: String,
    /// The number of the call that it came from.
    pub call: usize,
}

/// One event as it was committed.
#[derive(Clone, Debug)]
pub struct Committed {
    pub portal_id: i64,
    pub revision: i64,
    pub changes: Value,
}

pub type Messages = BoxStream<'static, Result<Message, Status>>;

macro_rules! said {
    ($message:expr, $event:path, $snapshot:expr, $change:expr) => {{
        use $event as Event;
        let message = $message;
        let said = match message.event {
            Some(Event::Snapshot(snapshot)) => $snapshot(snapshot),
            Some(Event::Transition(change)) => $change(change, &message.resume_token),
            Some(Event::Heartbeat(_)) => Said::Heartbeat,
            Some(Event::Reset(reset)) => Said::Reset(reset.cause()),
            Some(Event::End(end)) => Said::End(end.cause()),
            None => return Err(Status::data_loss("a message without an event")),
        };
        Ok(Message { said, token: message.resume_token, call: 0 })
    }};
}

fn one(portal_id: i64, revision: i64) -> Said {
    Said::Snapshot { shown: vec![(portal_id, revision)], more: false }
}

/// A change of an attempt alone carries no revision; the token after it ends with one.
pub fn revision_of(token: &str) -> i64 {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap_or_default();
    let at = bytes.get(50..58).and_then(|bytes| bytes.try_into().ok());
    at.map_or(-1, i64::from_be_bytes)
}

fn connections(message: v1::WatchConnectionsResponse) -> Result<Message, Status> {
    said!(
        message,
        v1::watch_connections_response::Event,
        |snapshot: v1::ConnectionSnapshot| Said::Snapshot {
            shown: snapshot.connections.iter().map(|shown| (shown.portal_id, shown.revision)).collect(),
            more: snapshot.more,
        },
        |change: v1::ConnectionTransition, token: &str| {
            let mut kinds = Vec::new();
            kinds.extend(change.attempt.is_some().then_some("attempt"));
            kinds.extend(change.connection.is_some().then_some("connection"));
            let revision = change.connection.map_or_else(|| revision_of(token), |after| after.revision);
            Said::Change { portal_id: change.portal_id, revision, kinds }
        }
    )
}

fn sync(message: v1::WatchSyncStatusResponse) -> Result<Message, Status> {
    said!(
        message,
        v1::watch_sync_status_response::Event,
        |snapshot: v1::SyncStatusSnapshot| Said::Snapshot {
            shown: snapshot.statuses.iter().map(|shown| (shown.portal_id, shown.revision)).collect(),
            more: snapshot.more,
        },
        |change: v1::SyncStatus, _: &str| Said::Change {
            portal_id: change.portal_id,
            revision: change.revision,
            kinds: vec!["sync"],
        }
    )
}

fn setup(message: v1::WatchSetupResponse) -> Result<Message, Status> {
    said!(
        message,
        v1::watch_setup_response::Event,
        |setup: v1::Setup| one(setup.portal_id, setup.revision),
        |setup: v1::Setup, _: &str| Said::Change {
            portal_id: setup.portal_id,
            revision: setup.revision,
            kinds: vec!["setup"],
        }
    )
}

fn test_contact(message: v1::WatchTestContactResponse) -> Result<Message, Status> {
    said!(
        message,
        v1::watch_test_contact_response::Event,
        |contact: v1::TestContact| one(contact.portal_id, contact.revision),
        |contact: v1::TestContact, _: &str| Said::Change {
            portal_id: contact.portal_id,
            revision: contact.revision,
            kinds: vec!["test_contact"],
        }
    )
}

impl Watch {
    /// Opens the stream; an empty token asks for a snapshot.
    pub async fn open(&self, clients: &Clients, token: &str) -> Result<Messages, Status> {
        let resume_token = token.to_owned();
        Ok(match self.clone() {
            Self::Setup { setup_id, .. } => {
                let request = v1::WatchSetupRequest { setup_id, resume_token };
                let stream = clients.setups.clone().watch_setup(request).await?.into_inner();
                stream.and_then(async |message| setup(message)).boxed()
            }
            Self::TestContact { id, .. } => {
                let request = v1::WatchTestContactRequest { test_contact_id: id, resume_token };
                let stream = clients.test_contacts.clone().watch_test_contact(request).await?.into_inner();
                stream.and_then(async |message| test_contact(message)).boxed()
            }
            Self::Connections(portal_id) => {
                let request = v1::WatchConnectionsRequest { portal_id, resume_token };
                let stream = clients.connections.clone().watch_connections(request).await?.into_inner();
                stream.and_then(async |message| connections(message)).boxed()
            }
            Self::SyncStatus(portal_id) => {
                let request = v1::WatchSyncStatusRequest { portal_id, resume_token };
                let stream = clients.sync.clone().watch_sync_status(request).await?.into_inner();
                stream.and_then(async |message| sync(message)).boxed()
            }
        })
    }

    /// What the stream has to show of an event; nothing if it is not its business.
    pub fn kinds_of(&self, event: &Committed) -> Vec<&'static str> {
        let (portal_id, wanted): (i64, &[&'static str]) = match self {
            Self::Setup { portal_id, .. } => (*portal_id, &["setup"]),
            Self::TestContact { portal_id, .. } => (*portal_id, &["test_contact"]),
            Self::Connections(portal_id) => (*portal_id, &["attempt", "connection"]),
            Self::SyncStatus(portal_id) => (*portal_id, &["sync"]),
        };
        if portal_id != 0 && portal_id != event.portal_id {
            return Vec::new();
        }
        let changes = event.changes.as_array().map(Vec::as_slice).unwrap_or_default();
        let is_ours = |change: &Value| {
            let after = change.get("after");
            match self {
                Self::Setup { setup_id, .. } => {
                    let id = after.and_then(|after| after.pointer("/setup/id"));
                    id.and_then(Value::as_str) == Some(setup_id)
                }
                Self::TestContact { id, .. } => {
                    let found = after.and_then(|after| after.get("id"));
                    found.and_then(Value::as_str) == Some(id)
                }
                Self::Connections(_) | Self::SyncStatus(_) => true,
            }
        };
        wanted
            .iter()
            .copied()
            .filter(|kind| {
                changes.iter().any(|change| {
                    change.get("kind").and_then(Value::as_str) == Some(*kind) && is_ours(change)
                })
            })
            .collect()
    }
}

/// All events, in the order of portals and revisions.
pub async fn committed(world: &World) -> Result<Vec<Committed>> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let rows: Vec<(i64, i64, Json<Value>)> =
        sqlx::query_as("select portal_id, revision, changes from portal_events order by portal_id, revision")
            .fetch_all(&mut database)
            .await?;
    Ok(rows
        .into_iter()
        .map(|(portal_id, revision, changes)| Committed { portal_id, revision, changes: changes.0 })
        .collect())
}

/// The revision of every portal.
pub async fn revisions(world: &World) -> Result<BTreeMap<i64, i64>> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("select portal_id, revision from portals").fetch_all(&mut database).await?;
    Ok(rows.into_iter().collect())
}

/// The addresses of a world's servers, as they come and go.
#[derive(Clone)]
pub struct Servers {
    urls: Arc<Mutex<Vec<String>>>,
    token: SecretString,
}

impl Servers {
    pub fn of(world: &World) -> Self {
        Self { urls: Arc::new(Mutex::new(world.urls())), token: world.token.clone() }
    }

    pub fn are(&self, urls: Vec<String>) {
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) = urls;
    }

    /// A connection to any one that answers.
    pub async fn any(&self) -> Clients {
        loop {
            let urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let picked = rand::rng().random_range(0..urls.len().max(1));
            if let Some(url) = urls.get(picked)
                && let Ok(line) = dev::connect(url, &self.token).await
            {
                return Clients::over(line);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A consumer that writes down what it sees, and resumes whenever a call ends.
#[derive(Clone)]
pub struct Recorder {
    pub watch: Watch,
    seen: Arc<Mutex<Vec<Message>>>,
    task: Arc<tokio::task::JoinHandle<()>>,
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if Arc::strong_count(&self.task) == 1 {
            self.task.abort();
        }
    }
}

impl Recorder {
    /// Begins. With `cuts`, it hangs up after a few messages, at random, and resumes on any server.
    pub fn begin(servers: &Servers, watch: Watch, cuts: bool) -> Self {
        let seen: Arc<Mutex<Vec<Message>>> = Arc::default();
        let task = tokio::spawn(follow(servers.clone(), watch.clone(), cuts, Arc::clone(&seen)));
        Self { watch, seen, task: Arc::new(task) }
    }

    pub fn seen(&self) -> Vec<Message> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until something was seen.
    pub async fn until(&self, what: &str, is_so: impl Fn(&[Message]) -> bool) -> Result<Vec<Message>> {
        let seen = crate::harness::eventually(what, async || {
            let seen = self.seen();
            Ok(is_so(&seen).then_some(seen))
        });
        seen.await.with_context(|| format!("{:?} saw {} messages", self.watch, self.seen().len()))
    }

    /// Waits until its first snapshot is there.
    pub async fn begun(&self) -> Result<()> {
        let whole = |message: &Message| matches!(message.said, Said::Snapshot { more: false, .. });
        self.until("a snapshot came", |seen| seen.iter().any(whole)).await.map(|_| ())
    }
}

async fn follow(servers: Servers, watch: Watch, cuts: bool, seen: Arc<Mutex<Vec<Message>>>) {
    for call in 0.. {
        let token = {
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            let last = seen.last();
            if last.is_some_and(|last| last.said == Said::End(v1::watch_end::Cause::Finished)) {
                return;
            }
            last.map(|message| message.token.clone()).unwrap_or_default()
        };
        let clients = servers.any().await;
        let Ok(mut stream) = watch.open(&clients, &token).await else { continue };
        let until = if cuts { rand::rng().random_range(1..12) } else { usize::MAX };
        for _ in 0..until {
            let Some(Ok(message)) = stream.next().await else { break };
            seen.lock().unwrap_or_else(PoisonError::into_inner).push(Message { call, ..message });
        }
    }
}
