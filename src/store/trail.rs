//! The audit trail, read: page by page for people, chain by chain for whoever verifies it.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Page, Store, StoreError, audit::head};
use crate::{
    audit::{ChainHead, Draft, Head, Row},
    domain::PortalId,
};

/// Which rows to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only this portal's.
    pub portal_id: Option<PortalId>,
    /// Only those of these hub ids: what a caller is granted.
    pub granted: Option<Vec<i64>>,
    /// Not before.
    pub from: Option<OffsetDateTime>,
    /// Before.
    pub until: Option<OffsetDateTime>,
    /// Only of this method.
    pub method: Option<String>,
    /// Only by this principal.
    pub principal: Option<String>,
}

/// A row's place among all, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditKey {
    /// When.
    pub occurred_at: OffsetDateTime,
    /// The portal's hub id.
    pub portal_id: i64,
    /// Its place in the chain.
    pub sequence: i64,
}

/// A part of the trail, read in one snapshot, by portal id and sequence.
#[derive(Clone, Debug)]
pub struct TrailPart {
    /// The rows.
    pub rows: Vec<Row>,
    /// More rows follow after the last one.
    pub more: bool,
    /// The head that each portal's own row names, by hub id: of all portals whose rows end in this part, and of those
    /// that should have rows and have none.
    pub heads: Vec<ChainHead>,
}

/// Where a part begins: behind this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrailPlace {
    /// The portal's hub id, or 0: the chain of what belongs to no portal comes first.
    pub portal_id: i64,
    /// Its last row that was read.
    pub sequence: i64,
}

/// A row as it is stored.
struct Stored {
    portal_id: i64,
    sequence: i64,
    revision: i64,
    occurred_at: OffsetDateTime,
    principal: String,
    method: String,
    request_id: Uuid,
    call_id: Option<String>,
    reason: Option<String>,
    kinds: Vec<String>,
    details: String,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    fn read(self) -> Result<Row, StoreError> {
        Ok(Row {
            sequence: self.sequence,
            prev_hash: head(self.sequence, &self.prev_hash)?.hash,
            hash: head(self.sequence, &self.hash)?.hash,
            draft: Draft {
                portal_id: self.portal_id,
                revision: self.revision,
                occurred_at: self.occurred_at,
                principal: self.principal,
                method: self.method,
                request_id: self.request_id,
                call_id: self.call_id,
                reason: self.reason,
                kinds: self.kinds,
                details: self.details,
            },
        })
    }
}

fn read_all(rows: Vec<Stored>) -> Result<Vec<Row>, StoreError> {
    rows.into_iter().map(Stored::read).collect()
}

impl Store {
    /// Audit rows, newest first, after one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_rows(
        &self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: i64,
    ) -> Result<Page<Row>, StoreError> {
        let rows = match filter.portal_id {
            Some(portal_id) => self.audit_rows_of(portal_id, filter, after, size).await?,
            None => self.audit_rows_of_all(filter, after, size).await?,
        };
        Ok(Page::cut(read_all(rows)?, size))
    }

    async fn audit_rows_of(
        &self,
        portal_id: PortalId,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: i64,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(sqlx::query_as!(
            Stored,
            r#"/* trail::audit_rows_of */
            select portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id, reason, kinds,
                details::text as "details!", prev_hash, hash
            from audit_rows
            where portal_id = $1 and sequence < $2
              and ($3::bigint[] is null or portal_id = any($3))
              and ($4::timestamptz is null or occurred_at >= $4)
              and ($5::timestamptz is null or occurred_at < $5)
              and ($6::text is null or method = $6)
              and ($7::text is null or principal = $7)
            order by sequence desc
            limit $8"#,
            portal_id.get(),
            after.map_or(i64::MAX, |key| key.sequence),
            filter.granted.as_deref(),
            filter.from,
            filter.until,
            filter.method,
            filter.principal,
            size + 1,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?)
    }

    async fn audit_rows_of_all(
        &self,
        filter: &AuditFilter,
        after: Option<AuditKey>,
        size: i64,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(sqlx::query_as!(
            Stored,
            r#"/* trail::audit_rows_of_all */
            select portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id, reason, kinds,
                details::text as "details!", prev_hash, hash
            from audit_rows
            where ($1::timestamptz is null or (occurred_at, portal_id, sequence) < ($1, $2, $3))
              and ($4::bigint[] is null or portal_id = any($4))
              and ($5::timestamptz is null or occurred_at >= $5)
              and ($6::timestamptz is null or occurred_at < $6)
              and ($7::text is null or method = $7)
              and ($8::text is null or principal = $8)
            order by occurred_at desc, portal_id desc, sequence desc
            limit $9"#,
            after.map(|key| key.occurred_at),
            after.map(|key| key.portal_id),
            after.map(|key| key.sequence),
            filter.granted.as_deref(),
            filter.from,
            filter.until,
            filter.method,
            filter.principal,
            size + 1,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?)
    }

    /// A part of the trail behind a place: of one portal, or of all or those granted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn trail_part(
        &self,
        only: Option<Vec<i64>>,
        after: TrailPlace,
        size: i64,
    ) -> Result<TrailPart, StoreError> {
        let store = self.clone();
        // In a task of its own, as every transaction: a caller who goes away can't leave it open.
        let task = self.tasks.spawn(async move { store.read_part(only.as_deref(), after, size).await });
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn read_part(
        &self,
        only: Option<&[i64]>,
        after: TrailPlace,
        size: i64,
    ) -> Result<TrailPart, StoreError> {
        let mut tx = self.pool.begin_with("begin isolation level repeatable read, read only").await?;
        let rows = sqlx::query_as!(
            Stored,
            r#"/* trail::read_part */
            select portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id, reason, kinds,
                details::text as "details!", prev_hash, hash
            from audit_rows
            where (portal_id, sequence) > ($1, $2) and ($3::bigint[] is null or portal_id = any($3))
            order by portal_id, sequence
            limit $4"#,
            after.portal_id,
            after.sequence,
            only,
            size + 1,
        )
        .fetch_all(&mut *tx)
        .await?;
        let page = Page::cut(read_all(rows)?, size);
        // The last portal's rows go on when there is more.
        let last = page.items.last().map(|row| row.draft.portal_id);
        let below = last.filter(|_| page.more).unwrap_or(i64::MAX);
        let heads = sqlx::query!(
            r#"/* trail::read_part */
            select portal_id as "portal_id!", audit_sequence as "audit_sequence!", audit_head as "audit_head!"
            from (
                select portal_id, audit_sequence, audit_head from portals
                union all
                select 0, audit_sequence, audit_head from installation
            ) as chains
            where portal_id >= $1 and portal_id < $2 and audit_sequence > 0
              and ($3::bigint[] is null or portal_id = any($3))
            order by portal_id"#,
            after.portal_id,
            below,
            only,
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.rollback().await?;
        let heads = heads
            .into_iter()
            .map(|row| chain_head(row.portal_id, row.audit_sequence, &row.audit_head))
            .collect::<Result<_, _>>()?;
        Ok(TrailPart { rows: page.items, more: page.more, heads })
    }

    /// Which of these heads are not rows of the trail.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn heads_not_found(&self, heads: &[ChainHead]) -> Result<Vec<ChainHead>, StoreError> {
        let portals: Vec<i64> = heads.iter().map(|head| head.portal_id).collect();
        let sequences: Vec<i64> = heads.iter().map(|head| head.sequence).collect();
        let hashes: Vec<Vec<u8>> = heads.iter().map(|head| head.hash.to_vec()).collect();
        let rows = sqlx::query!(
            r#"/* trail::heads_not_found */
            select signed.portal_id as "portal_id!", signed.sequence as "sequence!", signed.hash as "hash!"
            from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as signed (portal_id, sequence, hash)
            left join audit_rows found
                on found.portal_id = signed.portal_id and found.sequence = signed.sequence
            where found.hash is distinct from signed.hash"#,
            &portals,
            &sequences,
            &hashes,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        rows.into_iter().map(|row| chain_head(row.portal_id, row.sequence, &row.hash)).collect()
    }
}

pub(super) fn chain_head(portal_id: i64, sequence: i64, hash: &[u8]) -> Result<ChainHead, StoreError> {
    let Head { sequence, hash } = head(sequence, hash)?;
    Ok(ChainHead { portal_id, sequence, hash })
}
