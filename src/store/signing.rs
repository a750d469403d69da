//! Signed statements over the heads of all chains: one server at a time makes the next one.

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Store, StoreError, trail::chain_head};
use crate::audit::{ChainHead, Statement};

/// Reading all heads of a large installation takes longer than any other statement.
const TIMEOUT: &str = "60s";

/// What is to be signed.
#[derive(Clone, Debug)]
pub struct HeadsToSign {
    /// The last statement.
    pub last: Option<Statement>,
    /// All heads, by hub id.
    pub all: Vec<ChainHead>,
    /// Those that are not as the last statement left them.
    pub moved: Vec<ChainHead>,
    /// Of those, the ones that went back: what was signed is no longer there.
    pub went_back: Vec<i64>,
    /// The database's time.
    pub now: OffsetDateTime,
}

impl Store {
    /// Lets `sign` make a statement over the heads of all chains, unless another server does so right now or did so
    /// within `not_within`, or no chain moved. Returns the number of the statement that was made.
    ///
    /// # Errors
    /// When the database does not answer, or the last statement can't be read.
    pub async fn sign_heads<F>(&self, not_within: time::Duration, sign: F) -> Result<Option<i64>, StoreError>
    where
        F: FnOnce(HeadsToSign) -> Result<Statement, StoreError> + Send + 'static,
    {
        let store = self.clone();
        let task = self.tasks.spawn(async move { store.sign_in_turn(not_within, sign).await });
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn sign_in_turn<F>(&self, not_within: time::Duration, sign: F) -> Result<Option<i64>, StoreError>
    where
        F: FnOnce(HeadsToSign) -> Result<Statement, StoreError> + Send + 'static,
    {
        let mut tx = self.pool.begin().await?;
        let turn = sqlx::query!(
            r#"/* trail::sign_in_turn */
            select pg_try_advisory_xact_lock(hashtext('connector_audit_signing')) as "is_ours!",
                set_config('statement_timeout', $1, true) as "timeout", clock_timestamp() as "now!""#,
            TIMEOUT,
        )
        .fetch_one(&mut *tx)
        .await?;
        if !turn.is_ours {
            return Ok(None);
        }
        let last = last_statement(&mut tx).await?;
        if last.as_ref().is_some_and(|last| last.signed_at > turn.now - not_within) {
            return Ok(None);
        }
        let (all, moved, went_back) = heads_since(&mut tx).await?;
        if moved.is_empty() {
            return Ok(None);
        }
        let kept = moved.clone();
        let statement = sign(HeadsToSign { last, all, moved, went_back, now: turn.now })?;
        keep_statement(&mut tx, &statement, &kept).await?;
        tx.commit().await?;
        Ok(Some(statement.number))
    }

    /// The texts of statements after one, in the order of their numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn statements_after(&self, number: i64, size: i64) -> Result<Vec<(i64, String)>, StoreError> {
        let rows = sqlx::query!(
            "/* trail::statements_after */
            select number, document from audit_exports where number > $1 order by number limit $2",
            number,
            size,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        Ok(rows.into_iter().map(|row| (row.number, row.document)).collect())
    }
}

async fn last_statement(connection: &mut PgConnection) -> Result<Option<Statement>, StoreError> {
    let text = sqlx::query_scalar!(
        "/* trail::last_statement */ select document from audit_exports order by number desc limit 1"
    )
    .fetch_optional(connection)
    .await?;
    text.map(|text| Statement::parse(&text))
        .transpose()
        .map_err(|error| StoreError::unreadable("audit statement", &error))
}

/// All heads, those that moved since they were last signed, and the portals among them that went back.
async fn heads_since(
    connection: &mut PgConnection,
) -> Result<(Vec<ChainHead>, Vec<ChainHead>, Vec<i64>), StoreError> {
    let rows = sqlx::query!(
        r#"/* trail::heads_since */
        select p.portal_id as "portal_id!", p.audit_sequence as "audit_sequence!", p.audit_head as "audit_head!",
            s.sequence as "signed_sequence?", s.hash as "signed_hash?"
        from (
            select portal_id, audit_sequence, audit_head from portals
            union all
            select 0, audit_sequence, audit_head from installation
        ) as p
        left join audit_signed_heads s on s.portal_id = p.portal_id
        where p.audit_sequence > 0 or s.portal_id is not null
        order by p.portal_id"#
    )
    .fetch_all(connection)
    .await?;
    let (mut all, mut moved, mut went_back) = (Vec::with_capacity(rows.len()), Vec::new(), Vec::new());
    for row in rows {
        let head = chain_head(row.portal_id, row.audit_sequence, &row.audit_head)?;
        all.push(head);
        let is_same = row.signed_sequence == Some(head.sequence)
            && row.signed_hash.as_deref() == Some(head.hash.as_slice());
        if is_same {
            continue;
        }
        moved.push(head);
        if row.signed_sequence.is_some_and(|signed| head.sequence <= signed) {
            went_back.push(head.portal_id);
        }
    }
    Ok((all, moved, went_back))
}

async fn keep_statement(
    connection: &mut PgConnection,
    statement: &Statement,
    moved: &[ChainHead],
) -> Result<(), StoreError> {
    let text =
        statement.to_text().map_err(|source| StoreError::Unreadable { what: "audit statement", source })?;
    let portals: Vec<i64> = moved.iter().map(|head| head.portal_id).collect();
    let sequences: Vec<i64> = moved.iter().map(|head| head.sequence).collect();
    let hashes: Vec<Vec<u8>> = moved.iter().map(|head| head.hash.to_vec()).collect();
    sqlx::query!(
        "/* trail::keep_statement */
        with kept as (
            insert into audit_exports (number, signed_at, document) values ($1, $2, $3)
        )
        insert into audit_signed_heads (portal_id, sequence, hash)
        select * from unnest($4::bigint[], $5::bigint[], $6::bytea[])
        on conflict (portal_id) do update set sequence = excluded.sequence, hash = excluded.hash",
        statement.number,
        statement.signed_at,
        text,
        &portals,
        &sequences,
        &hashes,
    )
    .execute(connection)
    .await?;
    Ok(())
}
