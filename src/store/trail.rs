//! The audit trail, read: page by page for people, chain by chain for whoever verifies it.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Page, Store, StoreError, audit::head};
use crate::{
    audit::{ChainHead, Draft, Head, Row},
    domain::{PortalId, Reason},
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
    /// Which of the signed heads that were given are not rows of the trail.
    pub not_found: Vec<ChainHead>,
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

/// A line of the statement that reads a part: a row, or a head, which has no more than its place and its hash.
struct Line {
    what: String,
    portal_id: i64,
    sequence: i64,
    revision: Option<i64>,
    occurred_at: Option<OffsetDateTime>,
    principal: Option<String>,
    method: Option<String>,
    request_id: Option<Uuid>,
    call_id: Option<String>,
    reason: Option<String>,
    kinds: Option<Vec<String>>,
    details: Option<String>,
    prev_hash: Option<Vec<u8>>,
    hash: Vec<u8>,
}

impl Line {
    fn read(self) -> Result<Row, StoreError> {
        let stored = || {
            Some(Stored {
                portal_id: self.portal_id,
                sequence: self.sequence,
                revision: self.revision?,
                occurred_at: self.occurred_at?,
                principal: self.principal?,
                method: self.method?,
                request_id: self.request_id?,
                call_id: self.call_id,
                reason: self.reason,
                kinds: self.kinds?,
                details: self.details?,
                prev_hash: self.prev_hash?,
                hash: self.hash,
            })
        };
        stored().ok_or_else(|| StoreError::unreadable("audit row", &"a column is empty"))?.read()
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

    /// A part of the trail behind a place, of one portal, of those granted or of all, and which of `signed` are not
    /// rows of the trail. It is one statement, so that rows and heads are of one snapshot.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND` for the one portal.
    pub async fn trail_part(
        &self,
        portal_id: Option<PortalId>,
        granted: Option<Vec<i64>>,
        signed: &[ChainHead],
        after: TrailPlace,
        size: i64,
    ) -> Result<TrailPart, StoreError> {
        let only = portal_id.map(|portal_id| vec![portal_id.get()]).or(granted);
        let lines = self.trail_lines(only.as_deref(), signed, after, size).await?;
        let (mut rows, mut heads, mut not_found, mut is_known) = (Vec::new(), Vec::new(), Vec::new(), false);
        for line in lines {
            match line.what.as_str() {
                "row" => rows.push(line.read()?),
                "head" => heads.push(chain_head(line.portal_id, line.sequence, &line.hash)?),
                "not_found" => not_found.push(chain_head(line.portal_id, line.sequence, &line.hash)?),
                _ => is_known = true,
            }
        }
        if portal_id.is_some() && !is_known {
            return Err(Reason::PortalNotFound.into());
        }
        // They come so, but nothing promises it; to sort them here is cheaper than in the database.
        rows.sort_by_key(|row| (row.draft.portal_id, row.sequence));
        heads.sort_by_key(|head| head.portal_id);
        let Page { items: rows, more } = Page::cut(rows, size);
        Ok(TrailPart { rows, more, heads, not_found })
    }

    /// Everything that a part is made of, each line saying what it is: a statement has one shape.
    async fn trail_lines(
        &self,
        only: Option<&[i64]>,
        signed: &[ChainHead],
        after: TrailPlace,
        size: i64,
    ) -> Result<Vec<Line>, StoreError> {
        let portals: Vec<i64> = signed.iter().map(|head| head.portal_id).collect();
        let sequences: Vec<i64> = signed.iter().map(|head| head.sequence).collect();
        let hashes: Vec<Vec<u8>> = signed.iter().map(|head| head.hash.to_vec()).collect();
        Ok(sqlx::query_as!(
            Line,
            r#"/* trail::trail_lines */
            with page as materialized (
                select portal_id, sequence, revision, occurred_at, principal, method, request_id, call_id, reason,
                    kinds, details::text as details, prev_hash, hash
                from audit_rows
                where (portal_id, sequence) > ($1, $2) and ($3::bigint[] is null or portal_id = any($3))
                order by portal_id, sequence
                limit $4::bigint + 1
            ), edge as (
                -- The portal whose rows go on behind this part.
                select portal_id from page order by portal_id, sequence offset $4::bigint - 1 limit 1
            ), chains as (
                select portal_id, audit_sequence, audit_head from portals
                union all
                select 0, audit_sequence, audit_head from installation
            ), others as (
                select 'head' as what, portal_id, audit_sequence as sequence, audit_head as hash from chains
                where portal_id >= $1 and audit_sequence > 0 and ($3::bigint[] is null or portal_id = any($3))
                  and ((select count(*) from page) <= $4::bigint or portal_id < (select portal_id from edge))
                union all
                select 'not_found', signed.portal_id, signed.sequence, signed.hash
                from unnest($5::bigint[], $6::bigint[], $7::bytea[]) as signed (portal_id, sequence, hash)
                left join audit_rows found
                    on found.portal_id = signed.portal_id and found.sequence = signed.sequence
                where found.hash is distinct from signed.hash
                union all
                select 'portal', portal_id, 0, '' from portals where cardinality($3) = 1 and portal_id = any($3)
            )
            select 'row' as "what!", portal_id as "portal_id!", sequence as "sequence!", revision, occurred_at,
                principal, method, request_id, call_id, reason, kinds, details, prev_hash, hash as "hash!"
            from page
            union all
            select what, portal_id, sequence, null, null, null, null, null, null, null, null, null, null, hash
            from others"#,
            after.portal_id,
            after.sequence,
            only,
            size,
            &portals,
            &sequences,
            &hashes,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?)
    }
}

pub(super) fn chain_head(portal_id: i64, sequence: i64, hash: &[u8]) -> Result<ChainHead, StoreError> {
    let Head { sequence, hash } = head(sequence, hash)?;
    Ok(ChainHead { portal_id, sequence, hash })
}
