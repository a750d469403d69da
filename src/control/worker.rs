//! The lease loop: takes jobs that are due, renews their leases while they run, and gives them back when the server
//! goes away. One that dies is taken up by another server once its lease has run out.

use std::time::Duration;

use tokio::{sync::Semaphore, time::MissedTickBehavior};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ANSWER_RETENTION, Control, ControlError};
use crate::{
    domain::{PortalId, Reason, sync_state::SuspensionReason},
    store::{Call, Job, JobKind, Target},
};

/// How long a job that failed for want of the database or the key ring waits for its next try.
const RETRY_AFTER: time::Duration = time::Duration::seconds(5);
/// How often it is looked whether API calls are left again, and for how many portals at once.
const BUDGETS_EVERY: Duration = Duration::from_secs(30);
const BUDGETS_AT_ONCE: i64 = 100;
/// How often old events and answers are deleted.
const PRUNE_EVERY: Duration = Duration::from_secs(600);

/// Works until `stop`; jobs under way are then given back, once a login that was sent is answered and written down.
pub async fn run_jobs(control: Control, owner: String, stop: CancellationToken) {
    let tasks = TaskTracker::new();
    let slots = std::sync::Arc::new(Semaphore::new(control.inner.settings.concurrency.max(1)));
    let mut poll = tokio::time::interval(control.inner.settings.poll_interval);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    prune.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut budgets = tokio::time::interval(BUDGETS_EVERY);
    budgets.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            _ = poll.tick() => {}
            () = control.inner.work.notified() => {}
            _ = prune.tick() => control.prune().await,
            _ = budgets.tick() => control.clear_exhausted().await,
        }
        control.take_all(&owner, &slots, &tasks, &stop).await;
    }
    tasks.close();
    tasks.wait().await;
}

impl Control {
    /// Takes as many jobs as there are slots.
    async fn take_all(
        &self,
        owner: &str,
        slots: &std::sync::Arc<Semaphore>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let free = i64::try_from(slots.available_permits()).unwrap_or(0);
        if free == 0 {
            return;
        }
        let jobs = match self.inner.store.take_jobs(owner, self.inner.settings.lease, free).await {
            Ok(jobs) => jobs,
            Err(error) => {
                tracing::warn!(%error, "no jobs could be taken");
                return;
            }
        };
        for job in jobs {
            let Ok(slot) = std::sync::Arc::clone(slots).try_acquire_owned() else { return };
            let (control, stop) = (self.clone(), stop.clone());
            tasks.spawn(async move {
                control.work(&job, &stop).await;
                crate::failpoint::hit("worker.done").await;
                drop(slot);
                // A slot is free, and more may be due.
                control.announce_work();
            });
        }
    }

    /// Works on one job under its lease.
    async fn work(&self, job: &Job, stop: &CancellationToken) {
        let outcome = tokio::select! {
            outcome = self.run_job(job) => outcome,
            () = self.lose_lease(job) => {
                tracing::warn!(job_id = %job.lease.job_id, "the lease passed to another server");
                return;
            }
            () = self.stopped_between_logins(stop) => {
                // Whatever was committed stands; another server goes on from there.
                if let Err(error) = self.inner.store.release_lease(job.lease).await {
                    tracing::info!(%error, "a lease was not given back and will run out");
                }
                return;
            }
        };
        match outcome {
            Ok(()) => {}
            Err(ControlError::Refused(refusal)) if refusal.reason == Reason::ConflictingChange => {
                tracing::info!(job_id = %job.lease.job_id, "another server goes on with the job");
            }
            Err(error) => {
                tracing::error!(job_id = %job.lease.job_id, kind = ?job.kind, %error, "job failed and will run again");
                self.postpone(job).await;
            }
        }
    }

    async fn run_job(&self, job: &Job) -> Result<(), ControlError> {
        tracing::debug!(portal_id = %job.portal_id, kind = ?job.kind, taken_before = job.taken_before, "job taken");
        match job.kind {
            JobKind::Connect => self.run_connect(job).await,
            JobKind::TestContact => self.run_test_contact(job).await,
            JobKind::TestContactCleanup => self.run_cleanup(job).await,
        }
    }

    /// Renews the lease; returns once it is lost.
    async fn lose_lease(&self, job: &Job) {
        let lease = self.inner.settings.lease;
        let third = Duration::try_from(lease / 3).unwrap_or(Duration::from_secs(1));
        loop {
            tokio::time::sleep(third).await;
            match self.inner.store.renew_lease(job.lease, lease).await {
                Ok(true) => {}
                Ok(false) => return,
                // The fence protects what is written; a later renewal may still come in time.
                Err(error) => tracing::warn!(%error, "a lease was not renewed"),
            }
        }
    }

    /// Ends a job that is done. One that somebody else holds is theirs.
    pub(super) async fn drop_job(&self, job: &Job) -> Result<(), ControlError> {
        let lease = job.lease;
        let ended = self
            .inner
            .store
            .change(&Call::internal("job.end"), Target::Portal(job.portal_id), move |tx| {
                Box::pin(async move { tx.end_job(lease).await })
            })
            .await;
        Ok(ended?)
    }

    async fn postpone(&self, job: &Job) {
        let lease = job.lease;
        let postponed = self
            .inner
            .store
            .change(&Call::internal("job.postpone"), Target::Portal(job.portal_id), move |tx| {
                Box::pin(async move {
                    let later = tx.now() + RETRY_AFTER;
                    tx.postpone_job(lease, later).await
                })
            })
            .await;
        if let Err(error) = postponed {
            tracing::info!(%error, "a job was not postponed; its lease will run out");
        }
    }

    /// A sync that was suspended for want of API calls goes on by itself once there are some.
    async fn clear_exhausted(&self) {
        let portals = match self.inner.store.exhausted_portals(BUDGETS_AT_ONCE).await {
            Ok(portals) => portals,
            Err(error) => {
                tracing::warn!(%error, "suspended portals could not be read");
                return;
            }
        };
        for portal_id in portals {
            if let Err(error) = self.clear_if_calls_are_left(portal_id).await {
                tracing::info!(%portal_id, %error, "still suspended");
            }
        }
    }

    async fn clear_if_calls_are_left(&self, portal_id: PortalId) -> Result<(), ControlError> {
        let org_id = self.inner.store.connection(portal_id).await?.org_id;
        let calls = self.inner.settings.calls_per_contact_sync;
        let reservation = self.inner.store.reserve_api_calls(&org_id, portal_id, calls).await?;
        self.inner.store.settle_api_calls(&reservation, 0).await?;
        self.inner
            .store
            .change(&Call::internal("sync.clear_exhausted"), Target::Portal(portal_id), |tx| {
                Box::pin(async move {
                    let view = tx.view_sync().await?;
                    let cleared = view.state.clone().cleared(&[SuspensionReason::ApiCallsExhausted]);
                    if cleared != view.state {
                        tx.save_sync(cleared, view.settings, view.org_id).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(())
    }

    async fn prune(&self) {
        match self.inner.store.prune(self.inner.settings.event_retention, ANSWER_RETENTION).await {
            Ok(rows) => tracing::debug!(rows, "old events and answers were deleted"),
            Err(error) => tracing::warn!(%error, "old events and answers were not deleted"),
        }
    }
}
