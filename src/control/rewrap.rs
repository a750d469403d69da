//! Wrapping secrets anew after a rotation. Not a task that is begun once: as long as a row carries another key than the
//! one that seals, somebody works at it, whoever died before.

use std::time::Duration;

use futures::future::{FutureExt as _, join_all};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Control, ControlError, credential::seal_row};
use crate::{
    domain::PortalId,
    store::RowToRewrap,
    vault::{KeyId, OpenError, SealContext},
};

/// How long a server that died keeps others from going on.
const LEASE: time::Duration = time::Duration::seconds(10);
/// Data keys under way at once: with a key management service each is two calls.
const AT_ONCE: usize = 8;
/// When only rows that do not open are left, they are tried again after this.
const STUCK_PAUSE: Duration = Duration::from_secs(30);

/// What came of a pass over all rows.
enum Pass {
    /// All was tried; so many do not open.
    Done(i64),
    /// It was cut short: another server has the lease, or the server stops.
    Cut,
}

impl Control {
    pub(super) async fn rewrap_until(&self, stop: &CancellationToken) {
        let mut look = tokio::time::interval(self.inner.settings.keys.refresh_interval);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut not_before = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => {}
                () = self.inner.rewrap.notified() => not_before = Instant::now(),
            }
            if Instant::now() < not_before {
                continue;
            }
            match self.rewrap(stop).await {
                Ok(true) => not_before = Instant::now() + STUCK_PAUSE,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "secrets are not wrapped anew yet"),
            }
        }
    }

    /// One pass, if there is something to do and nobody else does it. Whether only rows that do not open are left.
    async fn rewrap(&self, stop: &CancellationToken) -> Result<bool, ControlError> {
        let (server, store) = (self.inner.server_id, &self.inner.store);
        let Some(key) = self.inner.vault.sealing_key() else { return Ok(false) };
        let Some(rotation) = store.take_rewrap(server, key.as_str(), LEASE).await? else { return Ok(false) };
        if rotation.to_key_id != key.as_str() {
            // This server has yet to hear of the key; the lease goes to one that has, or comes back.
            return Ok(false);
        }
        let unreadable = match self.rewrap_all(&key, stop).await? {
            Pass::Done(unreadable) => unreadable,
            Pass::Cut => return Ok(false),
        };
        crate::failpoint::hit("keys.before_end").await;
        let is_finished =
            store.end_rewrap(server, key.as_str(), unreadable, self.inner.settings.keys.live()).await?;
        crate::failpoint::hit("keys.after_end").await;
        if is_finished {
            tracing::info!(key_id = key.as_str(), "every secret is under the key that seals");
        }
        Ok(unreadable > 0)
    }

    async fn rewrap_all(&self, key: &KeyId, stop: &CancellationToken) -> Result<Pass, ControlError> {
        let store = &self.inner.store;
        let batch = i64::from(self.inner.settings.keys.rewrap_batch);
        let (mut after, mut unreadable) = (Uuid::nil(), 0);
        loop {
            if stop.is_cancelled() {
                return Ok(Pass::Cut);
            }
            let rows = store.rows_to_rewrap(key.as_str(), after, batch).await?;
            let Some(last) = rows.last() else { return Ok(Pass::Done(unreadable)) };
            after = last.secret_id;
            let mut wrapped = Vec::with_capacity(rows.len());
            for chunk in rows.chunks(AT_ONCE) {
                let wrapping: Vec<_> = chunk.iter().map(|row| self.rewrap_row(row).boxed()).collect();
                wrapped.extend(join_all(wrapping).await);
            }
            let mut done = Vec::new();
            for (row, wrapped) in rows.into_iter().zip(wrapped) {
                match wrapped {
                    Ok(Some(sealed)) => done.push((row.secret_id, row.sealed, sealed)),
                    Ok(None) => {}
                    Err(error @ OpenError::Unavailable(_)) => return Err(error.into()),
                    Err(error) => {
                        unreadable += 1;
                        tracing::error!(
                            secret_id = %row.secret_id, portal_id = row.portal_id, kind = row.kind, %error,
                            "a stored secret does not open and stays under its key"
                        );
                    }
                }
            }
            crate::failpoint::hit("keys.before_batch").await;
            if !store.rewrap_rows(self.inner.server_id, done, LEASE).await? {
                return Ok(Pass::Cut);
            }
            crate::failpoint::hit("keys.after_batch").await;
        }
    }

    async fn rewrap_row(&self, row: &RowToRewrap) -> Result<Option<Vec<u8>>, OpenError> {
        let portal_id = PortalId::parse(row.portal_id).ok_or(OpenError::Rejected)?;
        let place = seal_row(portal_id, row.secret_id);
        let version = u32::try_from(row.version).unwrap_or(0);
        let context = SealContext { table: "secrets", row: &place, field: &row.kind, version };
        self.inner.vault.rewrap(&context, &row.sealed).await
    }
}
