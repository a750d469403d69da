//! What the operator wants of a portal's sync, and what the system had to stop for.

use super::{PortalTx, Store, StoreError, transaction::write_json};
use crate::domain::{
    OrgId, PortalId,
    change::{Change, SyncView},
    settings::SyncSettings,
    sync_state::SyncState,
};

impl Store {
    /// Portals whose sync is suspended because no API calls were left.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn exhausted_portals(&self, limit: i64) -> Result<Vec<PortalId>, StoreError> {
        let portals = sqlx::query_scalar!(
            "/* sync::exhausted_portals */
            select portal_id from portals
            where sync #>> '{suspension,reason}' = 'api_calls_exhausted'
            order by portal_id
            limit $1",
            limit,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        Ok(portals.into_iter().filter_map(PortalId::parse).collect())
    }
}

impl PortalTx {
    /// The sync as it is.
    #[must_use]
    pub fn sync(&self) -> &SyncState {
        &self.sync
    }

    /// The portal's revision at which the sync last changed.
    #[must_use]
    pub fn sync_version(&self) -> i64 {
        self.sync_version
    }

    /// Saves the sync and leaves the change behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_sync(
        &mut self,
        state: SyncState,
        settings: SyncSettings,
        org_id: Option<OrgId>,
    ) -> Result<SyncView, StoreError> {
        let version = self.next_revision();
        if self.draft().is_none() {
            self.write_sync(&state, version).await?;
        }
        let before = std::mem::replace(&mut self.sync, state.clone());
        self.keep_before("sync", &self.portal_id(), &before)?;
        self.sync_version = version;
        let view =
            SyncView { portal_id: self.portal_id(), state, settings, org_id, version, revision: version };
        self.changes.retain(|change| !matches!(change, Change::Sync(_)));
        self.changes.push(Change::Sync(view.clone()));
        Ok(view)
    }

    async fn write_sync(&mut self, state: &SyncState, version: i64) -> Result<(), StoreError> {
        sqlx::query!(
            "/* sync::save_sync */ update portals set sync = $2, sync_version = $3 where portal_id = $1",
            self.portal_id().get(),
            write_json("sync state", state)?,
            version,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// The sync with its settings, unchanged.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn view_sync(&mut self) -> Result<SyncView, StoreError> {
        let settings = self.active_setup().await?.map(|setup| setup.settings()).unwrap_or_default();
        let org_id = self.active_connection().await?.map(|connection| connection.org_id);
        Ok(SyncView {
            portal_id: self.portal_id(),
            state: self.sync.clone(),
            settings,
            org_id,
            version: self.sync_version,
            revision: if self.changes.is_empty() { self.next_revision() - 1 } else { self.next_revision() },
        })
    }
}
