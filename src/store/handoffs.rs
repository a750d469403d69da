//! Hand-offs. Of a token only its hash is known here.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Page, PortalTx, Store, StoreError};
use crate::domain::{HandoffId, PortalId, Reason, SetupId, change::Change, handoff::Handoff};

/// SHA-256 of a token.
pub type TokenHash = [u8; 32];

/// A row as it is stored, without the hash.
struct HandoffRow {
    handoff_id: Uuid,
    setup_id: Uuid,
    portal_id: i64,
    created_by: String,
    created_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    revoked_at: Option<OffsetDateTime>,
}

impl HandoffRow {
    fn read(self) -> Result<Handoff, StoreError> {
        Ok(Handoff {
            id: HandoffId(self.handoff_id),
            setup_id: SetupId(self.setup_id),
            portal_id: PortalId::parse(self.portal_id).ok_or(Reason::PortalNotFound)?,
            created_by: self.created_by,
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
        })
    }
}

impl PortalTx {
    /// A hand-off of a setup of this portal.
    ///
    /// # Errors
    /// `HANDOFF_NOT_FOUND`.
    pub async fn handoff(&mut self, setup_id: SetupId, id: HandoffId) -> Result<Handoff, StoreError> {
        let handoff = match self.draft() {
            Some(draft) => draft.handoff(setup_id, id)?,
            None => self.read_handoff(setup_id, id).await?,
        };
        self.keep_before("handoff", &handoff.id, &handoff)?;
        Ok(handoff)
    }

    async fn read_handoff(&mut self, setup_id: SetupId, id: HandoffId) -> Result<Handoff, StoreError> {
        sqlx::query_as!(
            HandoffRow,
            "/* handoffs::handoff */
            select handoff_id, setup_id, portal_id, created_by, created_at, expires_at, revoked_at
            from handoffs where handoff_id = $1 and setup_id = $2 and portal_id = $3",
            id.0,
            setup_id.0,
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?
        .ok_or(Reason::HandoffNotFound)?
        .read()
    }

    /// Writes a new hand-off down, with what its token hashes to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_handoff(&mut self, handoff: Handoff, hash: &TokenHash) -> Result<Handoff, StoreError> {
        match self.draft() {
            Some(draft) => draft.add_handoff(hash),
            None => self.write_handoff(&handoff, hash).await?,
        }
        self.changes.push(Change::Handoff(handoff.clone()));
        Ok(handoff)
    }

    async fn write_handoff(&mut self, handoff: &Handoff, hash: &TokenHash) -> Result<(), StoreError> {
        sqlx::query!(
            "/* handoffs::add_handoff */
            insert into handoffs (handoff_id, setup_id, portal_id, token_hash, created_by, created_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)",
            handoff.id.0,
            handoff.setup_id.0,
            handoff.portal_id.get(),
            hash.as_slice(),
            handoff.created_by,
            handoff.created_at,
            handoff.expires_at,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// Writes down that a hand-off was taken back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_revoked(&mut self, handoff: Handoff) -> Result<Handoff, StoreError> {
        if self.draft().is_none() {
            self.write_revoked(&handoff).await?;
        }
        self.changes.push(Change::Handoff(handoff.clone()));
        Ok(handoff)
    }

    async fn write_revoked(&mut self, handoff: &Handoff) -> Result<(), StoreError> {
        sqlx::query!(
            "/* handoffs::save_revoked */ update handoffs set revoked_at = $2 where handoff_id = $1",
            handoff.id.0,
            handoff.revoked_at,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Hand-offs of a setup, newest first, before one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn handoffs(
        &self,
        setup_id: SetupId,
        before: Option<Uuid>,
        size: i64,
    ) -> Result<Page<Handoff>, StoreError> {
        let rows = sqlx::query_as!(
            HandoffRow,
            "/* handoffs::handoffs */
            select handoff_id, setup_id, portal_id, created_by, created_at, expires_at, revoked_at
            from handoffs
            where setup_id = $1 and ($2::uuid is null or handoff_id < $2)
            order by handoff_id desc
            limit $3",
            setup_id.0,
            before,
            size + 1,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let handoffs = rows.into_iter().map(HandoffRow::read).collect::<Result<_, _>>()?;
        Ok(Page::cut(handoffs, size))
    }

    /// The hand-off that a token opens: it was not taken back, its time is not over, its setup was not abandoned.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_handoff(&self, hash: &TokenHash) -> Result<Option<Handoff>, StoreError> {
        sqlx::query_as!(
            HandoffRow,
            "/* handoffs::open_handoff */
            select h.handoff_id, h.setup_id, h.portal_id, h.created_by, h.created_at, h.expires_at, h.revoked_at
            from handoffs h join setups s using (setup_id)
            where h.token_hash = $1 and h.revoked_at is null and h.expires_at > now() and s.active",
            hash.as_slice(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?
        .map(HandoffRow::read)
        .transpose()
    }
}
