//! The answers that requests got before: a request that is made again is answered by them.

use serde::de::DeserializeOwned;

use super::{Call, PortalTx, Store, StoreError, transaction::read_text};
use crate::domain::Reason;

/// The answer that a request got before.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    payload_hash: Vec<u8>,
    answer: String,
}

impl Recorded {
    /// From a row that has it or not.
    pub(super) fn of(payload_hash: Option<Vec<u8>>, answer: Option<String>) -> Option<Self> {
        payload_hash.zip(answer).map(|(payload_hash, answer)| Self { payload_hash, answer })
    }

    /// The answer, if it was to this very request.
    pub(super) fn read<T: DeserializeOwned>(self, call: &Call) -> Result<T, StoreError> {
        if self.payload_hash == call.payload_hash {
            read_text("answer", &self.answer)
        } else {
            Err(Reason::RequestIdReused.into())
        }
    }
}

impl Store {
    /// What a change answers that is refused: the same request may have been answered while the lock was waited for, and
    /// what it did is why it is refused now.
    pub(super) async fn recorded_meanwhile<T: DeserializeOwned>(
        &self,
        call: &Call,
        tx: PortalTx,
        error: StoreError,
    ) -> Result<T, StoreError> {
        let error = error.about(tx.portal_id);
        if call.is_internal || !matches!(error, StoreError::Refused(_)) {
            return Err(error);
        }
        tx.into_sql()?.rollback().await?;
        self.recorded(call).await?.ok_or(error)
    }

    /// The first answer to this very request, if it was made before: for use cases that call a vendor first. A call
    /// that is only tried has none.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED`.
    pub async fn recorded<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, StoreError> {
        if call.validate_only {
            return Ok(None);
        }
        let mut connection = self.pool.acquire().await?;
        recorded_answer(&mut connection, call).await
    }
}

pub(super) async fn recorded_answer<T: DeserializeOwned>(
    connection: &mut sqlx::PgConnection,
    call: &Call,
) -> Result<Option<T>, StoreError> {
    let record = sqlx::query!(
        r#"/* transaction::recorded_answer */
        select payload_hash, answer::text as "answer!" from request_records
        where principal = $1 and method = $2 and request_id = $3"#,
        call.principal,
        call.method,
        call.request_id,
    )
    .fetch_optional(connection)
    .await?;
    let recorded = record.map(|record| Recorded { payload_hash: record.payload_hash, answer: record.answer });
    recorded.map(|recorded| recorded.read(call)).transpose()
}
