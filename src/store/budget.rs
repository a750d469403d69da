//! The ledger of API calls: reserve before, settle with the real count after.
//!
//! A reservation that was never settled counts as used for a whole window: a crash never makes calls free.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::{
    OrgId, PortalId, Reason,
    budget::{self, Ledger, Observation},
};

/// Calls that were set aside.
#[derive(Clone, Debug)]
pub struct Reservation {
    id: Uuid,
    org_id: OrgId,
    portal_id: PortalId,
}

/// What a portal used and has set aside within the window.
#[derive(Clone, Copy, Debug)]
pub struct BudgetRow {
    /// The portal.
    pub portal_id: PortalId,
    /// Calls made.
    pub used: i64,
    /// Calls set aside.
    pub reserved: i64,
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
        let org = org_id.clone();
        // In a task of its own, as every transaction: a caller who goes away can't leave it open.
        let task = self.tasks.spawn(async move { store.reserve(org, portal_id, calls).await });
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn reserve(
        &self,
        org_id: OrgId,
        portal_id: PortalId,
        calls: i64,
    ) -> Result<Reservation, StoreError> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            r#"/* budget::reserve */
            select o.allocation, o.allocation_source, o.observed_used, o.observed_at, c.api_call_limit,
                clock_timestamp() as "now!"
            from orgs o
            join connections c on c.org_id = o.org_id and c.portal_id = $2 and c.state <> 'disconnected'
            where o.org_id = $1
            for update of o"#,
            org_id.as_str(),
            portal_id.get(),
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Reason::NotConnected)?;
        let used = usage(&mut tx, &org_id, row.now).await?;
        let of = |portal: &BudgetRow| portal.used + portal.reserved;
        Ledger {
            allocation: row.allocation,
            source: super::setups::source(&row.allocation_source),
            observed: row.observed_used.zip(row.observed_at).map(|(used, at)| Observation { used, at }),
            used_by_org: used.iter().map(of).sum(),
            used_by_portal: used.iter().filter(|portal| portal.portal_id == portal_id).map(of).sum(),
            portal_limit: row.api_call_limit,
        }
        .check(calls, row.now)?;
        let id = Uuid::now_v7();
        sqlx::query!(
            "/* budget::reserve */
            insert into api_reservations (reservation_id, org_id, portal_id, calls, reserved_at)
            values ($1, $2, $3, $4, $5)",
            id,
            org_id.as_str(),
            portal_id.get(),
            calls,
            row.now,
        )
        .execute(&mut *tx)
        .await?;
        crate::failpoint::hit("budget.before_reserve").await;
        tx.commit().await?;
        crate::failpoint::hit("budget.after_reserve").await;
        Ok(Reservation { id, org_id, portal_id })
    }

    /// Settles a reservation with the calls that were really made: five count as five (R12).
    ///
    /// # Errors
    /// When the database does not answer; the reservation then counts as used.
    pub async fn settle_api_calls(&self, reservation: &Reservation, calls: i64) -> Result<(), StoreError> {
        crate::failpoint::hit("budget.before_settle").await;
        sqlx::query!(
            "/* budget::settle_api_calls */
            with settled as (delete from api_reservations where reservation_id = $1)
            insert into api_calls (org_id, portal_id, bucket, calls)
            values ($2, $3, $4, $5)
            on conflict (org_id, portal_id, bucket) do update set calls = api_calls.calls + excluded.calls",
            reservation.id,
            reservation.org_id.as_str(),
            reservation.portal_id.get(),
            budget::bucket(OffsetDateTime::now_utc()),
            calls,
        )
        .execute(&self.pool)
        .await?;
        crate::failpoint::hit("budget.after_settle").await;
        Ok(())
    }

    /// Counts calls that were made without a reservation: a probe has no share to reserve from before it has judged.
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
        sqlx::query!(
            "/* budget::count_api_calls */
            insert into api_calls (org_id, portal_id, bucket, calls)
            select org_id, $2, $3, $4 from orgs where org_id = $1
            on conflict (org_id, portal_id, bucket) do update set calls = api_calls.calls + excluded.calls",
            org_id.as_str(),
            portal_id.get(),
            budget::bucket(OffsetDateTime::now_utc()),
            calls,
        )
        .execute(&self.pool)
        .await?;
        crate::failpoint::hit("budget.after_count").await;
        Ok(())
    }

    /// What the portals of an org used and have set aside within the last 24 hours.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn api_usage(&self, org_id: &OrgId) -> Result<Vec<BudgetRow>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        usage(&mut connection, org_id, OffsetDateTime::now_utc()).await
    }
}

async fn usage(
    connection: &mut sqlx::PgConnection,
    org_id: &OrgId,
    now: OffsetDateTime,
) -> Result<Vec<BudgetRow>, StoreError> {
    let rows = sqlx::query!(
        r#"/* budget::usage */
        select portal_id as "portal_id!", sum(used)::bigint as "used!", sum(reserved)::bigint as "reserved!"
        from (
            select portal_id, calls as used, 0 as reserved from api_calls where org_id = $1 and bucket > $2
            union all
            select portal_id, 0, calls from api_reservations where org_id = $1 and reserved_at > $2
        ) as entries
        group by portal_id
        order by portal_id"#,
        org_id.as_str(),
        now - budget::WINDOW,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            Some(BudgetRow {
                portal_id: PortalId::parse(row.portal_id)?,
                used: row.used,
                reserved: row.reserved,
            })
        })
        .collect())
}
