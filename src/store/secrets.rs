//! Sealed secrets. This room never sees one open: it stores what the vault made of it.

use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    PortalTx, Store, StoreError,
    optimistic::Draft,
    transaction::{read_json, read_text, write_json},
};
use crate::domain::{PortalId, portal::CredentialInfo};

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// The HubSpot credential of a portal.
    HubspotCredential,
    /// HubSpot's access token, which all servers share.
    HubspotAccessToken,
    /// The Salesforce security token.
    SecurityToken,
    /// The Salesforce credential.
    SalesforceCredential,
    /// A Salesforce session, so that work goes on without another login.
    SalesforceSession,
}

impl SecretKind {
    /// Its stored name, which the seal is bound to as well.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HubspotCredential => "hubspot_credential",
            Self::HubspotAccessToken => "hubspot_access_token",
            Self::SecurityToken => "security_token",
            Self::SalesforceCredential => "salesforce_credential",
            Self::SalesforceSession => "salesforce_session",
        }
    }
}

/// Whether a secret is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretRole {
    /// In force.
    Current,
    /// It has yet to prove good.
    Candidate,
}

impl SecretRole {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Candidate => "candidate",
        }
    }
}

/// A sealed secret with what it is bound to.
#[derive(Clone, Debug)]
pub struct SecretRow {
    /// Its id; the seal is bound to it.
    pub secret_id: Uuid,
    /// Its version; the seal is bound to it.
    pub version: i32,
    /// The envelope.
    pub sealed: Vec<u8>,
    /// What may be shown of it.
    pub info: CredentialInfo,
}

/// A row as it is stored, its document as text.
#[derive(Clone, Debug)]
pub(super) struct StoredSecret {
    secret_id: Uuid,
    version: i32,
    sealed: Vec<u8>,
    info: String,
}

impl StoredSecret {
    /// From a row that has it or not.
    pub(super) fn of(
        secret_id: Option<Uuid>,
        version: Option<i32>,
        sealed: Option<Vec<u8>>,
        info: Option<String>,
    ) -> Option<Self> {
        Some(Self { secret_id: secret_id?, version: version?, sealed: sealed?, info: info? })
    }

    pub(super) fn read(self) -> Result<SecretRow, StoreError> {
        let Self { secret_id, version, sealed, info } = self;
        Ok(SecretRow { secret_id, version, sealed, info: read_text("credential", &info)? })
    }
}

impl PortalTx {
    /// The secret that was looked up along with the portal, by [`Store::look_with`].
    ///
    /// # Errors
    /// When it can't be read.
    pub fn take_secret(&mut self) -> Result<Option<SecretRow>, StoreError> {
        self.draft().and_then(Draft::take_secret).map(StoredSecret::read).transpose()
    }

    /// Stores a sealed secret in the place of one of the same kind and role.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_secret(
        &mut self,
        kind: SecretKind,
        role: SecretRole,
        secret: &SecretRow,
    ) -> Result<(), StoreError> {
        let is_replaced = match self.draft() {
            Some(draft) => draft.put_secret(kind, role, secret)?,
            None => self.replace_secret(kind, role, secret).await?,
        };
        self.note_secret(
            if is_replaced { "replaced" } else { "stored" },
            kind,
            role,
            &json!({ "method": secret.info.method.name(), "fingerprint": secret.info.fingerprint }),
        );
        Ok(())
    }

    /// Whether there was one before.
    async fn replace_secret(
        &mut self,
        kind: SecretKind,
        role: SecretRole,
        secret: &SecretRow,
    ) -> Result<bool, StoreError> {
        let is_replaced = self.remove_secret(kind, role).await?;
        sqlx::query!(
            "/* secrets::put_secret */
            insert into secrets (secret_id, portal_id, kind, role, version, sealed, info)
            values ($1, $2, $3, $4, $5, $6, $7)",
            secret.secret_id,
            self.portal_id().get(),
            kind.name(),
            role.name(),
            secret.version,
            secret.sealed,
            write_json("credential", &secret.info)?,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(is_replaced)
    }

    /// Makes the candidate current. Without a candidate the current one stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn promote_secret(&mut self, kind: SecretKind) -> Result<(), StoreError> {
        sqlx::query!(
            "/* secrets::promote_secret */
            delete from secrets
            where portal_id = $1 and kind = $2 and role = 'current'
              and exists (select from secrets c where c.portal_id = $1 and c.kind = $2 and c.role = 'candidate')",
            self.portal_id().get(),
            kind.name(),
        )
        .execute(&mut **self.sql()?)
        .await?;
        let promoted = sqlx::query_scalar!(
            "/* secrets::promote_secret */
            update secrets set role = 'current' where portal_id = $1 and kind = $2 and role = 'candidate'
            returning info ->> 'fingerprint'",
            self.portal_id().get(),
            kind.name(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?;
        if let Some(fingerprint) = promoted {
            let about = json!({ "fingerprint": fingerprint });
            self.note_secret("promoted", kind, SecretRole::Candidate, &about);
        }
        Ok(())
    }

    /// Deletes a secret, if there is one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_secret(&mut self, kind: SecretKind, role: SecretRole) -> Result<(), StoreError> {
        if self.remove_secret(kind, role).await? {
            self.note_secret("deleted", kind, role, &json!({}));
        }
        Ok(())
    }

    async fn remove_secret(&mut self, kind: SecretKind, role: SecretRole) -> Result<bool, StoreError> {
        if let Some(draft) = self.draft() {
            return draft.remove_secret(kind, role);
        }
        let removed = sqlx::query!(
            "/* secrets::remove_secret */ delete from secrets where portal_id = $1 and kind = $2 and role = $3",
            self.portal_id().get(),
            kind.name(),
            role.name(),
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(removed.rows_affected() > 0)
    }

    /// What the audit row says of it: never the secret, which this room does not know.
    fn note_secret(&mut self, act: &str, kind: SecretKind, role: SecretRole, about: &serde_json::Value) {
        self.details.note(
            "secret",
            json!({ "act": act, "secret": kind.name(), "role": role.name(), "about": about }),
        );
    }

    /// Whether there is such a secret.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_secret(&mut self, kind: SecretKind, role: SecretRole) -> Result<bool, StoreError> {
        let found = sqlx::query_scalar!(
            r#"/* secrets::has_secret */
            select exists(select from secrets where portal_id = $1 and kind = $2 and role = $3) as "found!""#,
            self.portal_id().get(),
            kind.name(),
            role.name(),
        )
        .fetch_one(&mut **self.sql()?)
        .await?;
        Ok(found)
    }
}

impl Store {
    /// A sealed secret.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret(
        &self,
        portal_id: PortalId,
        kind: SecretKind,
        role: SecretRole,
    ) -> Result<Option<SecretRow>, StoreError> {
        let row = sqlx::query!(
            "/* secrets::secret */
            select secret_id, version, sealed, info from secrets
            where portal_id = $1 and kind = $2 and role = $3",
            portal_id.get(),
            kind.name(),
            role.name(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?;
        row.map(|row| {
            Ok(SecretRow {
                secret_id: row.secret_id,
                version: row.version,
                sealed: row.sealed,
                info: read_json("credential", row.info)?,
            })
        })
        .transpose()
    }

    /// When the newest secret of a kind was stored.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn secret_stored_at(
        &self,
        portal_id: PortalId,
        kind: SecretKind,
    ) -> Result<Option<OffsetDateTime>, StoreError> {
        Ok(sqlx::query_scalar!(
            "/* secrets::secret_stored_at */
            select max(created_at) from secrets where portal_id = $1 and kind = $2",
            portal_id.get(),
            kind.name(),
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?)
    }
}
