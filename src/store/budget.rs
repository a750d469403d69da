//! The ledger of API calls: reserve before, settle with the real count after. The database's clock decides.
//!
//! A reservation that was never settled counts as used for a whole window: a crash never makes calls free.

use serde::Deserialize;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{PortalTx, Store, StoreError, transaction::until_through};
use crate::domain::{
    OrgId, PortalId, Reason, Refusal,
    budget::{self, Ledger, Observation, OrgLedger},
};

/// Calls that were set aside.
#[derive(Clone, Debug)]
pub struct Reservation {
    id: Uuid,
    org_id: OrgId,
    portal_id: PortalId,
}

/// What a portal used and has set aside within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BudgetRow {
    /// The portal.
    pub portal_id: PortalId,
    /// Calls made.
    pub used: i64,
    /// Calls set aside.
    pub reserved: i64,
}

impl BudgetRow {
    fn counted(&self) -> i64 {
        self.used + self.reserved
    }
}

/// What is known of an org's calls at a moment.
#[derive(Clone, Debug)]
pub struct CallsLeft {
    /// The org.
    pub org_id: OrgId,
    pub(super) ledger: OrgLedger,
    pub(super) now: OffsetDateTime,
}

impl CallsLeft {
    /// Whether so many are left, as far as that is known.
    ///
    /// # Errors
    /// `SALESFORCE_API_CALLS_EXHAUSTED` with the numbers.
    pub fn check(&self, calls: i64) -> Result<(), Refusal> {
        // An estimate of what is granted stops nobody: Salesforce itself is asked.
        if self.ledger.observed.is_some() { self.ledger.check(calls, self.now) } else { Ok(()) }
    }
}

impl Store {
    /// Sets calls aside for a portal, if its share and the org's allocation allow it.
    ///
    /// # Errors
    /// `SALESFORCE_API_CALLS_EXHAUSTED` with the numbers, `NOT_CONNECTED`.
    pub async fn reserve_api_calls(
        &self,
        org_id: &OrgId,
        portal_id: PortalId,
        calls: i64,
    ) -> Result<Reservation, StoreError> {
        let store = self.clone();
        let reservation = Reservation { id: Uuid::now_v7(), org_id: org_id.clone(), portal_id };
        // In a task of its own, as every transaction: a caller who goes away can't leave it open.
        let task = self.tasks.spawn(async move {
            until_through(|| store.reserve(&reservation, calls)).await?;
            Ok(reservation)
        });
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    /// One run; it may be a later one of several, after the answer to a COMMIT was lost.
    async fn reserve(&self, reservation: &Reservation, calls: i64) -> Result<(), StoreError> {
        let Reservation { id, org_id, portal_id } = reservation;
        let mut tx = self.pool.begin().await?;
        // Whoever waits here reads the ledger, below, as the one before left it.
        sqlx::query!(
            "/* budget::reserve */ select org_id from orgs where org_id = $1 for update",
            org_id.as_str(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        let done = sqlx::query_scalar!(
            r#"/* budget::reserve */
            select exists(select from api_reservations where reservation_id = $1) as "done!""#,
            id,
        )
        .fetch_one(&mut *tx)
        .await?;
        if done {
            return Ok(tx.rollback().await?);
        }
        let (org, usage, now) = org_ledger(&mut tx, org_id).await?.ok_or(Reason::NotConnected)?;
        let portal_limit = sqlx::query_scalar!(
            "/* budget::reserve */
            select api_call_limit from connections where org_id = $1 and portal_id = $2 and state <> 'disconnected'",
            org_id.as_str(),
            portal_id.get(),
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Reason::NotConnected)?;
        let own = usage.iter().filter(|row| row.portal_id == *portal_id);
        Ledger { org, used_by_portal: own.map(BudgetRow::counted).sum(), portal_limit }.check(calls, now)?;
        sqlx::query!(
            "/* budget::reserve */
            insert into api_reservations (reservation_id, org_id, portal_id, calls, reserved_at)
            values ($1, $2, $3, $4, clock_timestamp())",
            id,
            org_id.as_str(),
            portal_id.get(),
            calls,
        )
        .execute(&mut *tx)
        .await?;
        crate::failpoint::hit("budget.before_reserve").await;
        tx.commit().await?;
        crate::failpoint::hit("budget.after_reserve").await;
        Ok(())
    }

    /// Settles a reservation with the calls that were really made: five count as five (R12). Settling it again
    /// changes nothing, and one that has left the window is settled as any other.
    ///
    /// # Errors
    /// When the database does not answer; the reservation then counts as used.
    pub async fn settle_api_calls(&self, reservation: &Reservation, calls: i64) -> Result<(), StoreError> {
        crate::failpoint::hit("budget.before_settle").await;
        sqlx::query!(
            "/* budget::settle_api_calls */
            with settled as (
                delete from api_reservations where reservation_id = $1 returning org_id, portal_id
            )
            insert into api_calls (org_id, portal_id, bucket, calls)
            select org_id, portal_id,
                date_bin(make_interval(secs => $3), clock_timestamp(), timestamptz 'epoch'), $2::bigint
            from settled where $2::bigint > 0
            on conflict (org_id, portal_id, bucket) do update set calls = api_calls.calls + excluded.calls",
            reservation.id,
            calls,
            budget::BUCKET.as_seconds_f64(),
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        crate::failpoint::hit("budget.after_settle").await;
        Ok(())
    }

    /// Counts calls that were made without a reservation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_api_calls(
        &self,
        org_id: &OrgId,
        portal_id: PortalId,
        calls: i64,
    ) -> Result<(), StoreError> {
        crate::failpoint::hit("budget.before_count").await;
        count(&mut *self.pool.acquire().await?, org_id, portal_id, calls).await?;
        crate::failpoint::hit("budget.after_count").await;
        Ok(())
    }

    /// Whether an org has so many calls left, as far as that is known.
    ///
    /// # Errors
    /// `SALESFORCE_API_CALLS_EXHAUSTED` with the numbers.
    pub async fn check_api_calls_left(&self, org_id: &OrgId, calls: i64) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let Some((ledger, _, now)) = org_ledger(&mut connection, org_id).await? else { return Ok(()) };
        Ok(CallsLeft { org_id: org_id.clone(), ledger, now }.check(calls)?)
    }
}

impl PortalTx {
    /// Counts calls of the locked portal that were made without a reservation, in the commit that keeps what they
    /// were made for. A probe has no share to reserve from before it has judged. An org that is not known is not
    /// counted for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_api_calls(&mut self, org_id: &OrgId, calls: i64) -> Result<(), StoreError> {
        let portal_id = self.portal_id();
        count(self.sql()?, org_id, portal_id, calls).await
    }
}

async fn count(
    connection: &mut PgConnection,
    org_id: &OrgId,
    portal_id: PortalId,
    calls: i64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "/* budget::count */
        insert into api_calls (org_id, portal_id, bucket, calls)
        select org_id, $2, date_bin(make_interval(secs => $4), clock_timestamp(), timestamptz 'epoch'), $3::bigint
        from orgs where org_id = $1 and $3::bigint > 0
        on conflict (org_id, portal_id, bucket) do update set calls = api_calls.calls + excluded.calls",
        org_id.as_str(),
        portal_id.get(),
        calls,
        budget::BUCKET.as_seconds_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The org's calls, those of its portals, and the time, in one snapshot; `None` when the org is not known.
async fn org_ledger(
    connection: &mut PgConnection,
    org_id: &OrgId,
) -> Result<Option<(OrgLedger, Vec<BudgetRow>, OffsetDateTime)>, StoreError> {
    let rows = sqlx::query!(
        r#"/* budget::org_ledger */
        select o.allocation, o.observed_used, o.observed_at, statement_timestamp() as "now!",
            entries.portal_id as "portal_id?", sum(entries.used)::bigint as used,
            sum(entries.reserved)::bigint as reserved, sum(entries.since)::bigint as since
        from orgs o
        left join lateral (
            select portal_id, calls as used, 0 as reserved,
                case when bucket + make_interval(secs => $3) > o.observed_at then calls else 0 end as since
            from api_calls
            where org_id = o.org_id and bucket > statement_timestamp() - make_interval(secs => $2)
            union all
            select portal_id, 0, calls, calls
            from api_reservations
            where org_id = o.org_id and reserved_at > statement_timestamp() - make_interval(secs => $2)
        ) as entries on true
        where o.org_id = $1
        group by o.org_id, entries.portal_id
        order by entries.portal_id"#,
        org_id.as_str(),
        budget::COUNTED.as_seconds_f64(),
        budget::BUCKET.as_seconds_f64(),
    )
    .fetch_all(connection)
    .await?;
    let Some(org) = rows.first() else { return Ok(None) };
    let (now, allocation, observed) = (org.now, org.allocation, org.observed_used.zip(org.observed_at));
    let ours_since = rows.iter().filter_map(|row| row.since).sum();
    let usage: Vec<BudgetRow> = rows
        .into_iter()
        .filter_map(|row| {
            let portal_id = row.portal_id.and_then(PortalId::parse)?;
            Some(BudgetRow { portal_id, used: row.used?, reserved: row.reserved? })
        })
        .collect();
    let ledger = OrgLedger {
        allocation,
        observed: observed.map(|(used, at)| Observation { used, at, ours_since }),
        used: usage.iter().map(BudgetRow::counted).sum(),
    };
    Ok(Some((ledger, usage, now)))
}
