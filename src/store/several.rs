//! Changes of several portals in one transaction: a credential that connections share is swapped, or refused, for all
//! of them at once.

use futures::future::BoxFuture;
use sqlx::PgConnection;

use super::{
    PortalTx, Store, StoreError, Target,
    audit::{Changed, head},
    transaction::read_json,
};
use crate::{
    audit::{Details, Head},
    domain::{
        PortalId, Reason, change::Change, portal::CredentialMethod, portal::Portal, sync_state::SyncState,
    },
};

/// Locks portals in ascending order, the target's among them.
pub(super) async fn lock(
    connection: &mut PgConnection,
    target: Target,
    along: &[PortalId],
) -> Result<(), StoreError> {
    let ids = target.ids();
    let portals: Vec<i64> = along.iter().map(|portal| portal.get()).chain(ids.portal).collect();
    sqlx::query!(
        "/* several::lock */
        select portal_id from portals
        where portal_id = any($1)
            or portal_id = (select s.portal_id from setups s where s.setup_id = $2)
            or portal_id = (select t.portal_id from test_contacts t where t.test_contact_id = $3)
        order by portal_id
        for update",
        &portals,
        ids.setup,
        ids.test_contact,
    )
    .fetch_all(connection)
    .await?;
    Ok(())
}

/// What of a transaction belongs to the portal that it works on.
struct Subject {
    portal_id: PortalId,
    revision: i64,
    portal: Portal,
    sync: SyncState,
    sync_version: i64,
    changes: Vec<Change>,
    audit_head: Head,
    details: Details,
}

impl PortalTx {
    /// Runs a part of the change in another portal: within it, everything that this transaction does is done to that
    /// one, and leaves an event of its own behind. Lock all portals beforehand, by [`Store::change_along`].
    ///
    /// # Errors
    /// What `body` refuses, or `PORTAL_NOT_FOUND`.
    pub async fn in_portal<T, F>(&mut self, portal_id: PortalId, body: F) -> Result<T, StoreError>
    where
        F: for<'tx> FnOnce(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send,
    {
        if portal_id == self.portal_id {
            return body(self).await;
        }
        let row = sqlx::query!(
            "/* several::in_portal */
            select revision, portal, sync, sync_version, audit_sequence, audit_head
            from portals where portal_id = $1 for update",
            portal_id.get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?
        .ok_or(Reason::PortalNotFound)?;
        let mut subject = Subject {
            portal_id,
            revision: row.revision,
            portal: read_json("portal", row.portal)?,
            sync: read_json("sync state", row.sync)?,
            sync_version: row.sync_version,
            changes: Vec::new(),
            audit_head: head(row.audit_sequence, &row.audit_head)?,
            details: Details::default(),
        };
        self.swap(&mut subject);
        let outcome = body(self).await;
        self.swap(&mut subject);
        if !subject.changes.is_empty() {
            self.others.push(Changed {
                portal_id,
                revision: subject.revision + 1,
                changes: subject.changes,
                audit_head: subject.audit_head,
                details: subject.details,
            });
        }
        outcome
    }

    fn swap(&mut self, subject: &mut Subject) {
        std::mem::swap(&mut self.portal_id, &mut subject.portal_id);
        std::mem::swap(&mut self.revision, &mut subject.revision);
        std::mem::swap(&mut self.portal, &mut subject.portal);
        std::mem::swap(&mut self.sync, &mut subject.sync);
        std::mem::swap(&mut self.sync_version, &mut subject.sync_version);
        std::mem::swap(&mut self.changes, &mut subject.changes);
        std::mem::swap(&mut self.audit_head, &mut subject.audit_head);
        std::mem::swap(&mut self.details, &mut subject.details);
    }

    /// Portals connected by this Salesforce user and this method.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals_of_user(
        &mut self,
        user_key: &str,
        method: CredentialMethod,
    ) -> Result<Vec<PortalId>, StoreError> {
        portals_of_user(self.sql()?, user_key, method).await
    }

    /// Portals connected by the very login with this fingerprint.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals_of_login(&mut self, fingerprint: &str) -> Result<Vec<PortalId>, StoreError> {
        portals_of_login(self.sql()?, fingerprint).await
    }
}

impl Store {
    /// Portals connected by this Salesforce user and this method.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals_of_user(
        &self,
        user_key: &str,
        method: CredentialMethod,
    ) -> Result<Vec<PortalId>, StoreError> {
        portals_of_user(&mut *self.pool.acquire().await?, user_key, method).await
    }

    /// Portals connected by the very login with this fingerprint.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals_of_login(&self, fingerprint: &str) -> Result<Vec<PortalId>, StoreError> {
        portals_of_login(&mut *self.pool.acquire().await?, fingerprint).await
    }

    /// The user of a portal's connection in force, and the method by which it logs in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn user_of(
        &self,
        portal_id: PortalId,
    ) -> Result<Option<(String, CredentialMethod)>, StoreError> {
        let row = sqlx::query!(
            r#"/* several::user_of */
            select user_key as "user_key!", credential -> 'method' as "method!"
            from connections
            where portal_id = $1 and state <> 'disconnected' and user_key is not null and credential is not null"#,
            portal_id.get(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        row.map(|row| Ok((row.user_key, read_json("credential", row.method)?))).transpose()
    }
}

async fn portals_of_user(
    connection: &mut PgConnection,
    user_key: &str,
    method: CredentialMethod,
) -> Result<Vec<PortalId>, StoreError> {
    let portals = sqlx::query_scalar!(
        "/* several::portals_of_user */
        select portal_id from connections
        where user_key = $1 and state <> 'disconnected' and credential -> 'method' = $2
        order by portal_id",
        user_key,
        super::transaction::write_json("credential", &method)?,
    )
    .fetch_all(connection)
    .await?;
    Ok(portals.into_iter().filter_map(PortalId::parse).collect())
}

async fn portals_of_login(
    connection: &mut PgConnection,
    fingerprint: &str,
) -> Result<Vec<PortalId>, StoreError> {
    let portals = sqlx::query_scalar!(
        "/* several::portals_of_login */
        select portal_id from connections
        where login_fingerprint = $1 and state <> 'disconnected'
        order by portal_id",
        fingerprint,
    )
    .fetch_all(connection)
    .await?;
    Ok(portals.into_iter().filter_map(PortalId::parse).collect())
}
