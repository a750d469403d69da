//! Work under a lease. A worker takes what is due, renews the lease while it works, and writes only under its fence:
//! one that slept through its lease can't overwrite what its successor did. The database's clock decides.

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{PortalTx, Store, StoreError};
use crate::domain::{PortalId, Reason};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Connect a portal; the subject is the setup.
    Connect,
    /// Send a test contact on its way.
    TestContact,
    /// Delete a test contact's records.
    TestContactCleanup,
}

impl JobKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::TestContact => "test_contact",
            Self::TestContactCleanup => "test_contact_cleanup",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Connect, Self::TestContact, Self::TestContactCleanup]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The right to work on a job until it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job_id: Uuid,
    /// Rises with every take.
    pub fence: i64,
}

/// A job that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The lease.
    pub lease: Lease,
    /// The portal.
    pub portal_id: PortalId,
    /// What is to be done.
    pub kind: JobKind,
    /// What it is about.
    pub subject_id: Uuid,
    /// It was taken before: somebody else may have begun.
    pub taken_before: bool,
}

impl PortalTx {
    /// Adds a job. One that exists already for the subject is replaced: who still holds it was working for what was
    /// asked before, and can neither write nor end the new one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_job(
        &mut self,
        kind: JobKind,
        subject_id: Uuid,
        run_at: OffsetDateTime,
    ) -> Result<(), StoreError> {
        if let Some(draft) = self.draft() {
            draft.add_job(kind, subject_id, run_at);
            return Ok(());
        }
        sqlx::query!(
            "/* jobs::add_job */
            insert into jobs (job_id, portal_id, kind, subject_id, run_at)
            values ($1, $2, $3, $4, $5)
            on conflict (kind, subject_id) do update
            set job_id = excluded.job_id, run_at = excluded.run_at, lease_owner = null, lease_until = null",
            Uuid::now_v7(),
            self.portal_id().get(),
            kind.name(),
            subject_id,
            run_at,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// Refuses to go on when the lease has passed to somebody else.
    ///
    /// # Errors
    /// `CONFLICTING_CHANGE`.
    pub async fn check_lease(&mut self, lease: Lease) -> Result<(), StoreError> {
        let held = sqlx::query_scalar!(
            r#"/* jobs::check_lease */
            select true as "held!" from jobs where job_id = $1 and fence = $2 for update"#,
            lease.job_id,
            lease.fence,
        )
        .fetch_optional(&mut **self.sql()?)
        .await?;
        if held.is_some() { Ok(()) } else { Err(Reason::ConflictingChange.into()) }
    }

    /// Ends a job under its lease.
    ///
    /// # Errors
    /// `CONFLICTING_CHANGE` when the lease has passed to somebody else.
    pub async fn end_job(&mut self, lease: Lease) -> Result<(), StoreError> {
        let ended = sqlx::query!(
            "/* jobs::end_job */ delete from jobs where job_id = $1 and fence = $2",
            lease.job_id,
            lease.fence,
        )
        .execute(&mut **self.sql()?)
        .await?;
        if ended.rows_affected() == 1 { Ok(()) } else { Err(Reason::ConflictingChange.into()) }
    }

    /// Gives a job back under its lease, to be taken again at the given time.
    ///
    /// # Errors
    /// `CONFLICTING_CHANGE` when the lease has passed to somebody else.
    pub async fn postpone_job(&mut self, lease: Lease, run_at: OffsetDateTime) -> Result<(), StoreError> {
        let postponed = sqlx::query!(
            "/* jobs::postpone_job */
            update jobs set run_at = $3, lease_owner = null, lease_until = null
            where job_id = $1 and fence = $2",
            lease.job_id,
            lease.fence,
            run_at,
        )
        .execute(&mut **self.sql()?)
        .await?;
        if postponed.rows_affected() == 1 { Ok(()) } else { Err(Reason::ConflictingChange.into()) }
    }
}

impl Store {
    /// Takes jobs that are due and that nobody holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_jobs(&self, owner: &str, lease: Duration, limit: i64) -> Result<Vec<Job>, StoreError> {
        let rows = sqlx::query!(
            "/* jobs::take_jobs */
            update jobs
            set lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2), fence = fence + 1
            where job_id in (
                select job_id from jobs
                where run_at <= clock_timestamp() and (lease_until is null or lease_until < clock_timestamp())
                order by run_at
                limit $3
                for update skip locked
            )
            returning job_id, portal_id, kind, subject_id, fence",
            owner,
            lease.as_seconds_f64(),
            limit,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        if !rows.is_empty() {
            crate::failpoint::hit("store.after_take").await;
        }
        Ok(rows
            .into_iter()
            .filter_map(|row| {
                Some(Job {
                    lease: Lease { job_id: row.job_id, fence: row.fence },
                    portal_id: PortalId::parse(row.portal_id)?,
                    kind: JobKind::from_name(&row.kind)?,
                    subject_id: row.subject_id,
                    taken_before: row.fence > 1,
                })
            })
            .collect())
    }

    /// Renews a lease. `false` means that it has passed to somebody else: stop.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew_lease(&self, lease: Lease, duration: Duration) -> Result<bool, StoreError> {
        let renewed = sqlx::query!(
            "/* jobs::renew_lease */
            update jobs set lease_until = clock_timestamp() + make_interval(secs => $3)
            where job_id = $1 and fence = $2",
            lease.job_id,
            lease.fence,
            duration.as_seconds_f64(),
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(renewed.rows_affected() == 1)
    }

    /// Gives a job back at once, for example when the server goes away.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_lease(&self, lease: Lease) -> Result<(), StoreError> {
        sqlx::query!(
            "/* jobs::release_lease */
            update jobs set lease_owner = null, lease_until = null where job_id = $1 and fence = $2",
            lease.job_id,
            lease.fence,
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(())
    }
}
