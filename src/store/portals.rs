//! Portals: registration and what HubSpot says of them.

use std::sync::Arc;

use super::{
    Call, PortalTx, Store, StoreError, Target, optimistic::Image, standing::PortalState,
    transaction::write_json,
};
use crate::domain::{PortalId, change::Change, portal::Portal, sync_state::SyncState};

impl Store {
    /// Makes sure that the portal has a row. Returns one that is new, to change it by
    /// [`change_seen`](Self::change_seen).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ensure_portal(&self, portal: &Portal) -> Result<Option<Box<PortalTx>>, StoreError> {
        let row = sqlx::query_as!(
            PortalState,
            r#"/* portals::ensure_portal */
            insert into portals (portal_id, revision, portal, sync, sync_version)
            values ($1, 0, $2, $3, 0)
            on conflict (portal_id) do nothing
            returning portal_id, revision, portal::text as "portal!", sync::text as "sync!", sync_version,
                audit_sequence, audit_head, clock_timestamp() as "now!""#,
            portal.portal_id.get(),
            write_json("portal", portal)?,
            write_json("sync state", &SyncState::default())?,
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        row.map(|row| self.draft(Target::Portal(portal.portal_id), Image::of_new(row))).transpose()
    }

    /// Changes what is known of a portal.
    ///
    /// # Errors
    /// What `edit` refuses, and what [`Store::change`] can.
    pub async fn edit_portal<F>(
        &self,
        call: &Call,
        portal_id: PortalId,
        edit: F,
    ) -> Result<Portal, StoreError>
    where
        F: Fn(&mut PortalTx) -> Result<Portal, StoreError> + Send + Sync + 'static,
    {
        let edit = Arc::new(edit);
        self.change(call, Target::Portal(portal_id), move |tx| {
            let edit = Arc::clone(&edit);
            Box::pin(async move {
                let portal = edit(tx)?;
                tx.save_portal(portal).await
            })
        })
        .await
    }
}

impl PortalTx {
    /// Saves the portal.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_portal(&mut self, mut portal: Portal) -> Result<Portal, StoreError> {
        portal.version = self.next_revision();
        portal.updated_at = self.now();
        if self.draft().is_none() {
            self.write_portal(&portal).await?;
        }
        self.set_portal(portal.clone())?;
        self.changes.retain(|change| !matches!(change, Change::Portal(_)));
        self.changes.push(Change::Portal(portal.clone()));
        Ok(portal)
    }

    async fn write_portal(&mut self, portal: &Portal) -> Result<(), StoreError> {
        sqlx::query!(
            "/* portals::save_portal */ update portals set portal = $2 where portal_id = $1",
            self.portal_id().get(),
            write_json("portal", portal)?,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }
}
