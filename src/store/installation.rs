//! Changes of what belongs to no portal: one after the other under the lock of the installation's row, each with its
//! row in the audit chain of portal id 0.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};
use time::OffsetDateTime;

use super::{
    Call, Store, StoreError,
    audit::{draft, head},
    pool::Transaction,
    recorded::recorded_answer,
    transaction::{until_through, write_json},
};
use crate::audit::{Details, Head, Row};

/// The id of the chain that belongs to no portal. No portal has it: hub ids are positive.
const NO_PORTAL: i64 = 0;

/// A transaction that holds the installation's lock.
pub(super) struct InstallationTx {
    pub(super) sql: Transaction,
    /// What the audit row will tell.
    pub(super) details: Details,
    audit_head: Head,
    now: OffsetDateTime,
}

impl Store {
    /// Runs a change of the installation. The same call made again gets the first answer again.
    ///
    /// `body` may run several times; it does nothing but read and write through the transaction.
    ///
    /// # Errors
    /// What `body` refuses; `REQUEST_ID_REUSED`; [`StoreError::Unavailable`].
    pub(super) async fn change_installation<T, F>(&self, call: &Call, body: F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut InstallationTx) -> BoxFuture<'tx, Result<T, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let (store, call, body) = (self.clone(), call.clone(), Arc::new(body));
        let task = self.tasks.spawn(async move {
            until_through(|| store.change_installation_once(&call, body.as_ref())).await
        });
        task.await.unwrap_or(Err(StoreError::Unavailable(sqlx::Error::WorkerCrashed)))
    }

    async fn change_installation_once<T, F>(&self, call: &Call, body: &F) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned,
        F: for<'tx> Fn(&'tx mut InstallationTx) -> BoxFuture<'tx, Result<T, StoreError>>,
    {
        let mut tx = self.lock_installation().await?;
        if let Some(answer) = recorded_answer(&mut tx.sql, call).await? {
            return Ok(answer);
        }
        let answer = body(&mut tx).await?;
        tx.seal(call, &answer).await?;
        crate::failpoint::hit("store.before_commit").await;
        tx.sql.commit().await?;
        crate::failpoint::hit("store.after_commit").await;
        Ok(answer)
    }

    async fn lock_installation(&self) -> Result<InstallationTx, StoreError> {
        let mut sql = self.pool.begin().await?;
        let row = sqlx::query!(
            r#"/* installation::lock_installation */
            select audit_sequence, audit_head, clock_timestamp() as "now!" from installation for update"#
        )
        .fetch_one(&mut *sql)
        .await?;
        Ok(InstallationTx {
            sql,
            details: Details::default(),
            audit_head: head(row.audit_sequence, &row.audit_head)?,
            now: row.now,
        })
    }
}

impl InstallationTx {
    /// Writes the audit row, the chain's new head and the answer in one statement.
    async fn seal<T: Serialize>(&mut self, call: &Call, answer: &T) -> Result<(), StoreError> {
        let row = audit_row(call, self.audit_head, self.now, &self.details);
        sqlx::query!(
            r#"/* installation::seal */
            with moved as (
                update installation set audit_sequence = $6, audit_head = $7
            ), audited as (
                insert into audit_rows (portal_id, sequence, revision, occurred_at, principal, method, request_id,
                    call_id, reason, kinds, details, prev_hash, hash)
                values ($8, $6, $9, $10, $1, $2, $3, $11, $12, $13, $14::text::json, $15, $7)
            )
            insert into request_records (principal, method, request_id, payload_hash, answer)
            values ($1, $2, $3, $4, $5)"#,
            call.principal,
            call.method,
            call.request_id,
            call.payload_hash.as_slice(),
            write_json("answer", answer)?,
            row.sequence,
            row.hash.as_slice(),
            row.draft.portal_id,
            row.draft.revision,
            row.draft.occurred_at,
            row.draft.call_id,
            row.draft.reason,
            &row.draft.kinds,
            row.draft.details,
            row.prev_hash.as_slice(),
        )
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }
}

/// The row of a change in the chain that ends here.
pub(super) fn audit_row(call: &Call, end: Head, now: OffsetDateTime, details: &Details) -> Row {
    // Nothing counts the changes of an installation but the chain itself.
    let place = (NO_PORTAL, 0);
    end.append(draft(call, place, now, details.write(&[], &[])))
}
