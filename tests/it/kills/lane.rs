//! One installation on which servers die one after the other.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ConnectState, Step, TestContactStatus},
    failpoint,
};
use sqlx::{Connection as _, PgConnection};
use tonic::Status;

use super::{
    oracle::{self, Before},
    process::Process,
    story::{Kept, Story},
};
use crate::harness::{
    World,
    walk::{ACME_ADMIN, Walk, password, request_id},
};

/// What is asked for when the server dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `ConnectAccounts`.
    Connect,
    /// `CreateTestContact`.
    Test,
    /// `CreateTestContact` when the session with Salesforce has ended.
    TestWithLogin,
    /// `DeleteTestContact`.
    Delete,
    /// `DeleteTestContact` when the session with Salesforce has ended.
    DeleteWithLogin,
}

impl Operation {
    /// It has to log in.
    pub fn logs_in(self) -> bool {
        matches!(self, Self::Connect | Self::TestWithLogin | Self::DeleteWithLogin)
    }
}

/// When a server dies.
#[derive(Clone, Copy, Debug)]
pub enum Death {
    /// At the nth hit of a fail point.
    At(&'static str, u64),
    /// By SIGKILL so long after the request was sent; a second server, started then, so long after its start.
    Random(Duration, Option<Duration>),
}

/// An installation.
pub struct Lane {
    pub world: World,
    pub walk: Walk,
    pub operation: Operation,
    /// The test contact to be deleted.
    contact: String,
    /// Fail points that a server did not come by as often as the count said: how often a lease is renewed, say,
    /// depends on how busy the machine is. It was killed after the end instead.
    pub missed: usize,
}

/// What the operation came to.
pub enum Ended {
    Connect(Box<v1::ConnectAttempt>),
    Contact(Box<v1::TestContact>),
}

impl Lane {
    /// Portal A, as far as the operation needs it, and no server.
    pub async fn start(operation: Operation) -> Result<Self> {
        let mut lane = Self::with_server(operation).await?;
        lane.rest().await?;
        Ok(lane)
    }

    async fn with_server(operation: Operation) -> Result<Self> {
        let world = World::start_with(|config| {
            // Longer than any stall of a busy machine: a lease that is lost without a kill proves nothing here.
            config.worker.lease_duration = Duration::from_secs(30);
            config.worker.poll_interval = Duration::from_millis(25);
            config.worker.logins_per_hour = std::num::NonZeroU32::MAX;
        })
        .await?;
        let step = if operation == Operation::Connect { Step::ConnectAccounts } else { Step::Test };
        let walk = Walk::before(&world, step).await?;
        Ok(Self { world, walk, operation, contact: String::new(), missed: 0 })
    }

    /// Prepares the next operation on the server that runs, and stops it.
    async fn rest(&mut self) -> Result<()> {
        self.prepare().await?;
        self.world.stop_servers().await;
        Ok(())
    }

    async fn prepare(&mut self) -> Result<()> {
        match self.operation {
            Operation::Connect => self.disconnect().await?,
            Operation::Test => {}
            Operation::TestWithLogin => self.end_sessions()?,
            Operation::Delete | Operation::DeleteWithLogin => {
                let contact = self.walk.test().await?;
                ensure!(contact.status() == TestContactStatus::Completed, "{contact:?}");
                self.contact = contact.test_contact_id;
                if self.operation == Operation::DeleteWithLogin {
                    self.end_sessions()?;
                }
            }
        }
        Ok(())
    }

    async fn disconnect(&self) -> Result<()> {
        let connected = self.walk.setup().await?.answers.and_then(|answers| answers.connect_attempt);
        if connected.is_some_and(|attempt| attempt.state() == ConnectState::Connected) {
            let request = v1::DisconnectRequest {
                request_id: request_id(),
                portal_id: self.walk.portal_id,
                etag: String::new(),
                ..Default::default()
            };
            self.walk.clients.connections.clone().disconnect(request).await?;
        }
        Ok(())
    }

    fn end_sessions(&self) -> Result<()> {
        self.world.simulators.salesforce.end_sessions(ACME_ADMIN, false).map_err(anyhow::Error::msg)
    }

    /// The fail points that the operation passes when nobody dies, with the number of hits.
    pub async fn points(operation: Operation) -> Result<BTreeMap<&'static str, u64>> {
        let mut lane = Self::with_server(operation).await?;
        lane.prepare().await?;
        // What it took to get here has ended too, and is not counted.
        oracle::no_job_is_left(&lane).await?;
        let before = failpoint::hits();
        let asked = lane.ask(&lane.walk, &request_id()).await?;
        lane.ended(&asked).await?;
        oracle::no_job_is_left(&lane).await?;
        let mut hits = failpoint::hits();
        for (name, hits) in &mut hits {
            *hits -= before.get(name).copied().unwrap_or_default();
        }
        hits.retain(|_, hits| *hits > 0);
        Ok(hits)
    }

    /// How long the operation takes in a process of its own.
    pub async fn duration(operation: Operation) -> Result<Duration> {
        let mut lane = Self::start(operation).await?;
        let process = Process::start(&lane.world, "").await?;
        lane.walk.clients = process.clients().await?;
        let begun = tokio::time::Instant::now();
        let asked = lane.ask(&lane.walk, &request_id()).await?;
        lane.ended(&asked).await?;
        let taken = begun.elapsed();
        process.kill().await?;
        Ok(taken)
    }

    /// Asks for the operation; what comes back names it.
    async fn ask(&self, walk: &Walk, request_id: &str) -> Result<String, Status> {
        let request_id = request_id.to_owned();
        match self.operation {
            Operation::Connect => {
                let request = v1::ConnectAccountsRequest {
                    request_id,
                    setup_id: walk.setup_id.clone(),
                    credential: Some(password(&walk.username)),
                    ..Default::default()
                };
                let answer = walk.clients.connections.clone().connect_accounts(request).await?.into_inner();
                Ok(answer.attempt.unwrap_or_default().attempt_id)
            }
            Operation::Test | Operation::TestWithLogin => {
                let request = v1::CreateTestContactRequest { request_id, portal_id: walk.portal_id };
                let answer = walk.clients.test_contacts.clone().create_test_contact(request).await?;
                Ok(answer.into_inner().test_contact.unwrap_or_default().test_contact_id)
            }
            Operation::Delete | Operation::DeleteWithLogin => {
                let request =
                    v1::DeleteTestContactRequest { request_id, test_contact_id: self.contact.clone() };
                let answer = walk.clients.test_contacts.clone().delete_test_contact(request).await?;
                Ok(answer.into_inner().test_contact.unwrap_or_default().test_contact_id)
            }
        }
    }

    /// Waits for the end of what was asked for.
    async fn ended(&self, asked: &str) -> Result<Ended> {
        match self.operation {
            Operation::Connect => Ok(Ended::Connect(Box::new(self.walk.attempt_ended(asked).await?))),
            Operation::Test | Operation::TestWithLogin => {
                Ok(Ended::Contact(Box::new(self.walk.test_ended(asked).await?)))
            }
            Operation::Delete | Operation::DeleteWithLogin => {
                Ok(Ended::Contact(Box::new(self.cleaned(asked).await?)))
            }
        }
    }

    /// Waits until a test contact's deletion has come to an end.
    async fn cleaned(&self, id: &str) -> Result<v1::TestContact> {
        crate::harness::eventually("the deletion came to an end", async || {
            let request = v1::GetTestContactRequest { test_contact_id: id.to_owned() };
            let answer = self.walk.clients.test_contacts.clone().get_test_contact(request).await?;
            let contact = answer.into_inner().test_contact.unwrap_or_default();
            let has_ended = matches!(contact.cleanup(), v1::CleanupState::Deleted | v1::CleanupState::Failed);
            Ok(has_ended.then_some(contact))
        })
        .await
    }

    /// Lets a server die in the middle of the operation and checks what came of it. Returns the number of kills.
    pub async fn strike(&mut self, death: Death) -> Result<usize> {
        let before = Before::read(self).await?;
        let request_id = request_id();
        let failpoints = match death {
            Death::At(name, nth) => format!("{name}=exit@{nth}"),
            Death::Random(..) => String::new(),
        };
        let victim = Process::start(&self.world, &failpoints).await?;
        let mut doomed = self.walk.clone();
        doomed.clients = victim.clients().await?;
        // On a connection of its own: it lives and dies with the victim.
        let mut story = Story::begin(self.operation, &doomed).await?;
        let (answered, answer) = tokio::sync::oneshot::channel();
        let url = self.world.database.url();
        let killed = tokio::spawn(async move {
            match death {
                Death::At(..) => {
                    victim.died_unless(async { answer.await.is_ok() && idle(&url).await.is_ok() }).await
                }
                Death::Random(after, _) => victim.kill_after(after).await.map(|_| true),
            }
        });
        let asked = self.ask(&doomed, &request_id).await;
        if asked.is_ok() {
            // Nobody waits any more when it has died since.
            let _ = answered.send(());
        }
        if let Ok(asked) = &asked {
            story.asked(&doomed, asked).await?;
        }
        story.read_until_cut().await?;
        if !killed.await?? {
            self.missed += 1;
        }
        self.run_leases_out().await?;
        let mut kills = 1;
        if let Death::Random(_, Some(after)) = death {
            Process::start(&self.world, "").await?.kill_after(after).await?;
            self.run_leases_out().await?;
            kills += 1;
        }

        self.world.add_server().await?;
        self.walk.reconnect(&self.world).await?;
        // The client whose answer was lost asks again by the same request id.
        let again = self.ask(&self.walk, &request_id).await?;
        if let Ok(asked) = asked {
            ensure!(asked == again, "the same request id got {again}, not {asked}");
        }
        let ended = self.ended(&again).await?;
        let told = story.resume(&self.walk, &again).await?;
        self.judge(&before, death, &ended, &told).await?;
        self.rest().await?;
        Ok(kills)
    }

    /// Makes the time pass that a dead server's leases still have. The successor comes sooner after the death than it
    /// ever would, which is the harder case.
    async fn run_leases_out(&self) -> Result<()> {
        let mut connection = PgConnection::connect(&self.world.database.url()).await?;
        let sql = "update jobs set lease_until = clock_timestamp() where lease_until is not null";
        sqlx::query(sql).execute(&mut connection).await?;
        connection.close().await?;
        Ok(())
    }

    async fn judge(&self, before: &Before, death: Death, ended: &Ended, told: &[Kept]) -> Result<()> {
        oracle::no_job_is_left(self).await?;
        oracle::logins(self, before, if self.operation.logs_in() { 1 } else { 0 })?;
        match (self.operation, ended) {
            (Operation::Connect, Ended::Connect(attempt)) => {
                super::story::connect_is_whole(told)?;
                oracle::connect(self, before, death, attempt).await
            }
            (Operation::Test | Operation::TestWithLogin, Ended::Contact(contact)) => {
                super::story::test_is_whole(told, contact)?;
                oracle::test(self, Some(death), contact)
            }
            (_, Ended::Contact(contact)) => self.deleted(death, contact).await,
            (_, Ended::Connect(_)) => anyhow::bail!("not what was asked for"),
        }
    }

    /// Deleted, or failed since the answer to a login was lost: then asking again deletes.
    async fn deleted(&self, death: Death, contact: &v1::TestContact) -> Result<()> {
        let mut contact = contact.clone();
        if contact.cleanup() == v1::CleanupState::Failed {
            ensure!(
                self.operation.logs_in() && oracle::login_in_flight(death),
                "the deletion failed: {contact:?}"
            );
            let walk = &self.walk;
            let again = self.ask(walk, &request_id()).await.context("asking again")?;
            contact = self.cleaned(&again).await?;
        }
        oracle::deleted(self, &contact)
    }
}

/// Comes back when no job has been there for a while: what was asked for has ended, and nobody works on it.
async fn idle(url: &str) -> Result<()> {
    const LOOKS: u32 = 20;
    let mut connection = PgConnection::connect(url).await?;
    let mut empty = 0;
    while empty < LOOKS {
        let jobs: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(&mut connection).await?;
        empty = if jobs == 0 { empty + 1 } else { 0 };
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    connection.close().await?;
    Ok(())
}
