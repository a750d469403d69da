//! Whose something is: one look each, the same for what is there and what is not.

use super::{Store, StoreError};
use crate::domain::{OrgId, PortalId, SetupId, TestContactId};

impl Store {
    /// The portal of a setup.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portal_of_setup(&self, id: SetupId) -> Result<Option<PortalId>, StoreError> {
        let hub_id = sqlx::query_scalar!(
            "/* access::portal_of_setup */ select portal_id from setups where setup_id = $1",
            id.0,
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(hub_id.and_then(PortalId::parse))
    }

    /// The portal of a test contact.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portal_of_test_contact(&self, id: TestContactId) -> Result<Option<PortalId>, StoreError> {
        let hub_id = sqlx::query_scalar!(
            "/* access::portal_of_test_contact */
            select portal_id from test_contacts where test_contact_id = $1",
            id.0,
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        Ok(hub_id.and_then(PortalId::parse))
    }

    /// Whether one of these portals is connected to an org.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_org_of(&self, org_id: &OrgId, portals: &[i64]) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar!(
            r#"/* access::is_org_of */
            select exists (
                select from connections where org_id = $1 and state <> 'disconnected' and portal_id = any($2)
            ) as "is!""#,
            org_id.as_str(),
            portals,
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?)
    }
}
