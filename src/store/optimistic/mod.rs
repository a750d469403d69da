//! Changes in two round trips: what a change may ask for is read, the change runs in memory, and all that comes of it is
//! written by one statement, many portals at once.
//!
//! The write is refused if anything happened to the portal since the read. Then, and for whatever this way does not know,
//! the change runs again under the portal's lock: what this way could not do, it left undone or finds recorded. Why this
//! is safe: `docs/adr/0017-batches.md`.

mod draft;
mod image;
mod write;

pub(super) use draft::Draft;
pub(super) use image::Images;
pub(super) use write::Writer;

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

use self::{image::ImageKey, write::Sealed};
use super::{
    Call, PortalTx, Store, StoreError, Target,
    transaction::{Way, write_text},
};
use crate::domain::change::Change;

impl Store {
    /// Runs a change without a lock. `None` when this way is not open to it: nothing has been changed then, or what was
    /// is found by its request id.
    ///
    /// A caller that goes away has either changed nothing or everything: the write belongs to a task of the store.
    pub(super) async fn try_change<T, F>(
        &self,
        call: &Call,
        target: Target,
        body: &F,
    ) -> Result<Option<T>, StoreError>
    where
        T: Serialize + DeserializeOwned,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>>,
    {
        let image = self.reader.row::<Images>(ImageKey::new(call, target)).await?;
        let mut image = image.ok_or_else(|| target.not_found())?;
        if let Some(recorded) = image.recorded.take().filter(|_| !call.validate_only) {
            return recorded.read(call).map(Some);
        }
        let portal = image.portal.clone();
        let draft = Way::Draft(Box::new(Draft::new(target, image)));
        let mut tx = PortalTx::new(draft, Arc::clone(&self.settings), portal)?;
        match body(&mut tx).await {
            Ok(answer) if call.validate_only => Ok(Some(answer)),
            Ok(answer) => match tx.seal_draft(call, &answer)? {
                Some(sealed) => Ok(self.writer.write(sealed).await?.then_some(answer)),
                None => Ok(None),
            },
            Err(StoreError::NeedsLock) => Ok(None),
            Err(error) => Err(error.about(tx.portal_id)),
        }
    }
}

impl PortalTx {
    /// All that is written.
    fn seal_draft<T: Serialize>(mut self, call: &Call, answer: &T) -> Result<Option<Sealed>, StoreError> {
        let revision = self.revision;
        let changed = self.take_changed(call).pop();
        let (Way::Draft(draft), Some(changed)) = (&self.way, changed) else { return Ok(None) };
        let mut kinds: Vec<&str> = changed.changes.iter().map(Change::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        Ok(Some(Sealed {
            revision,
            next_revision: changed.revision,
            kinds: kinds.join(","),
            changes: write_text("event", &changed.changes)?,
            beside: write_text("change", draft.beside())?,
            answer: write_text("answer", answer)?,
            payload_hash: call.payload_hash.to_vec(),
            audit: changed.audit_row(call, self.now())?,
            event: changed.into_event(),
        }))
    }
}
