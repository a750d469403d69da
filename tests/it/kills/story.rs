//! A watch that is cut by a kill and goes on at the survivor: what it told in all.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{
    self, ConnectState, TestContactStatus, WatchSetupRequest, WatchTestContactRequest, watch_end,
    watch_setup_response, watch_test_contact_response,
};
use tonic::Streaming;

use super::lane::Operation;
use crate::harness::{PATIENCE, walk::Walk};

/// One message about the subject.
#[derive(Clone, Debug)]
pub struct Kept {
    pub revision: i64,
    pub is_snapshot: bool,
    pub connect: ConnectState,
    pub attempt_id: String,
    pub test: TestContactStatus,
}

enum Source {
    None,
    Setup(Box<Streaming<v1::WatchSetupResponse>>),
    TestContact(Box<Streaming<v1::WatchTestContactResponse>>),
}

/// A watch over several servers.
pub struct Story {
    operation: Operation,
    source: Source,
    token: String,
    told: Vec<Kept>,
    finished: bool,
}

impl Story {
    /// A setup is there to be watched before anything is asked for.
    pub async fn begin(operation: Operation, walk: &Walk) -> Result<Self> {
        let mut story =
            Self { operation, source: Source::None, token: String::new(), told: Vec::new(), finished: false };
        if operation == Operation::Connect {
            story.open(walk, "").await?;
            // The snapshot from before is what all that follows is compared with.
            story.read_one().await?;
        }
        Ok(story)
    }

    /// A test contact is there once it was asked for. One that dies meanwhile can't be watched.
    pub async fn asked(&mut self, walk: &Walk, asked: &str) -> Result<()> {
        if matches!(self.operation, Operation::Test | Operation::TestWithLogin) {
            // A server that is dead already tells nothing.
            let _ = self.open(walk, asked).await;
        }
        Ok(())
    }

    async fn open(&mut self, walk: &Walk, id: &str) -> Result<()> {
        let resume_token = self.token.clone();
        self.source = match self.operation {
            Operation::Connect => {
                let request = WatchSetupRequest { setup_id: walk.setup_id.clone(), resume_token };
                let stream = walk.clients.setups.clone().watch_setup(request).await?.into_inner();
                Source::Setup(Box::new(stream))
            }
            _ => {
                let request = WatchTestContactRequest { test_contact_id: id.to_owned(), resume_token };
                let stream = walk.clients.test_contacts.clone().watch_test_contact(request).await?;
                Source::TestContact(Box::new(stream.into_inner()))
            }
        };
        Ok(())
    }

    /// Reads until the server is dead, or has said the last word.
    pub async fn read_until_cut(&mut self) -> Result<()> {
        while let Ok(true) = self.read_one().await {}
        self.source = Source::None;
        Ok(())
    }

    /// Goes on at another server until the story is at its end.
    pub async fn resume(mut self, walk: &Walk, asked: &str) -> Result<Vec<Kept>> {
        if !matches!(self.operation, Operation::Connect | Operation::Test | Operation::TestWithLogin) {
            return Ok(self.told);
        }
        if !self.finished {
            self.open(walk, asked).await?;
        }
        tokio::time::timeout(PATIENCE, async {
            while !self.is_at_end(asked) && self.read_one().await? {}
            anyhow::Ok(())
        })
        .await
        .context("the watch did not come to its end")??;
        Ok(self.told)
    }

    fn is_at_end(&self, asked: &str) -> bool {
        match self.operation {
            Operation::Connect => self.told.last().is_some_and(|last| {
                last.attempt_id == asked
                    && matches!(last.connect, ConnectState::Connected | ConnectState::Failed)
            }),
            _ => self.finished,
        }
    }

    /// One message; false when the stream is over.
    async fn read_one(&mut self) -> Result<bool> {
        match &mut self.source {
            Source::None => Ok(false),
            Source::Setup(stream) => {
                let Some(message) = stream.message().await? else { return Ok(false) };
                self.token = message.resume_token;
                let (setup, is_snapshot) = match message.event {
                    Some(watch_setup_response::Event::Snapshot(setup)) => (setup, true),
                    Some(watch_setup_response::Event::Transition(setup)) => (setup, false),
                    Some(watch_setup_response::Event::Reset(reset)) => anyhow::bail!("reset: {reset:?}"),
                    _ => return Ok(true),
                };
                let attempt = setup.answers.and_then(|answers| answers.connect_attempt).unwrap_or_default();
                self.told.push(Kept {
                    revision: setup.revision,
                    is_snapshot,
                    connect: attempt.state(),
                    attempt_id: attempt.attempt_id,
                    test: TestContactStatus::Unspecified,
                });
                Ok(true)
            }
            Source::TestContact(stream) => {
                let Some(message) = stream.message().await? else { return Ok(false) };
                self.token = message.resume_token;
                let (contact, is_snapshot) = match message.event {
                    Some(watch_test_contact_response::Event::Snapshot(contact)) => (contact, true),
                    Some(watch_test_contact_response::Event::Transition(contact)) => (contact, false),
                    Some(watch_test_contact_response::Event::Reset(reset)) => {
                        anyhow::bail!("reset: {reset:?}")
                    }
                    Some(watch_test_contact_response::Event::End(end)) => {
                        self.finished = end.cause() == watch_end::Cause::Finished;
                        return Ok(true);
                    }
                    _ => return Ok(true),
                };
                self.told.push(Kept {
                    revision: contact.revision,
                    is_snapshot,
                    connect: ConnectState::Unspecified,
                    attempt_id: String::new(),
                    test: contact.status(),
                });
                Ok(true)
            }
        }
    }
}

/// One snapshot, then every state of the attempt in order. A successor may come by the state in which it took over.
pub fn connect_is_whole(told: &[Kept]) -> Result<()> {
    in_order(told)?;
    let last = told.last().context("nothing was told")?;
    let mut states: Vec<ConnectState> =
        told.iter().filter(|kept| kept.attempt_id == last.attempt_id).map(|kept| kept.connect).collect();
    states.dedup();
    let ordered = states.windows(2).all(|pair| pair.first() < pair.last());
    ensure!(ordered, "states out of order: {states:?}");
    ensure!(states.first() == Some(&ConnectState::Queued), "the begin was lost: {states:?}");
    if last.connect == ConnectState::Connected {
        let all = [
            ConnectState::Queued,
            ConnectState::LoggingIn,
            ConnectState::Probing,
            ConnectState::Starting,
            ConnectState::Connected,
        ];
        ensure!(states == all, "a state was lost: {states:?}");
    }
    Ok(())
}

/// A snapshot, then every status after it once and in order, up to how it ended.
pub fn test_is_whole(told: &[Kept], contact: &v1::TestContact) -> Result<()> {
    let reached: Vec<TestContactStatus> = contact.history.iter().map(v1::StatusTime::status).collect();
    ensure!(reached.windows(2).all(|pair| pair.first() < pair.last()), "history: {reached:?}");
    if contact.status() == TestContactStatus::Completed {
        ensure!(reached.len() == 4, "history: {reached:?}");
    }
    in_order(told)?;
    let statuses: Vec<TestContactStatus> = told.iter().map(|kept| kept.test).collect();
    ensure!(reached.ends_with(&statuses) && !statuses.is_empty(), "told {statuses:?} of {reached:?}");
    Ok(())
}

fn in_order(told: &[Kept]) -> Result<()> {
    let revisions: Vec<i64> = told.iter().map(|kept| kept.revision).collect();
    ensure!(revisions.windows(2).all(|pair| pair.first() < pair.last()), "revisions: {revisions:?}");
    let snapshots = told.iter().filter(|kept| kept.is_snapshot).count();
    ensure!(snapshots == 1 && told.first().is_some_and(|kept| kept.is_snapshot), "{snapshots} snapshots");
    Ok(())
}
