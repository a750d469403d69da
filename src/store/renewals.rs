//! Which server renews a portal's access token.

use std::time::Duration;

use uuid::Uuid;

use super::{Store, StoreError};
use crate::domain::PortalId;

impl Store {
    /// Takes the lease on renewing a portal's access token; `None` while another server holds it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_renewal(
        &self,
        portal_id: PortalId,
        lease: Duration,
    ) -> Result<Option<Uuid>, StoreError> {
        let taken = sqlx::query_scalar!(
            r#"/* renewals::begin_renewal */
            insert into token_renewals as held (portal_id, holder, expires_at)
            values ($1, $2, clock_timestamp() + make_interval(secs => $3))
            on conflict (portal_id) do update
            set holder = excluded.holder, expires_at = excluded.expires_at
            where held.expires_at < clock_timestamp()
            returning holder"#,
            portal_id.get(),
            Uuid::now_v7(),
            lease.as_secs_f64(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(taken)
    }

    /// Gives the lease back. One that ran out and passed to another server stays theirs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_renewal(&self, portal_id: PortalId, holder: Uuid) -> Result<(), StoreError> {
        sqlx::query!(
            "/* renewals::end_renewal */ delete from token_renewals where portal_id = $1 and holder = $2",
            portal_id.get(),
            holder,
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(())
    }
}
