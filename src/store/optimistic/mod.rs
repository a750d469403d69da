//! Changes in two round trips: what a change may ask for is read, the change runs in memory, and all that comes of it is
//! written by one statement, many portals at once.
//!
//! The write is refused if anything happened to the portal since the read. Then, and for whatever this way does not know,
//! the change runs again under the portal's lock: what this way could not do, it left undone or finds recorded. Why this
//! is safe: `docs/adr/0017-batches.md`.

mod draft;
mod image;
mod remembered;
mod setups;
mod write;

pub(super) use draft::Draft;
pub(super) use image::{Image, Images};
pub(super) use remembered::Remembered;
pub(super) use write::Writer;

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::{Serialize, de::DeserializeOwned};

use self::{image::ImageKey, write::Sealed};
use super::{
    Call, PortalTx, SecretKind, Store, StoreError, Target,
    transaction::{Way, write_text},
};
use crate::domain::change::Change;

/// What is found before a change is made, for use cases that ask a vendor first.
pub enum Look<T> {
    /// The same call was made before: its answer.
    Answered(T),
    /// The portal as it is, to read of it and to change it by [`Store::change_seen`].
    Seen(Box<PortalTx>),
}

impl Store {
    /// Looks at a portal that is about to change, and whether this very call was made before. A call that is only tried
    /// has no answer.
    ///
    /// # Errors
    /// `REQUEST_ID_REUSED`; the target's "not found"; [`StoreError::Unavailable`].
    pub async fn look<T: DeserializeOwned>(
        &self,
        call: &Call,
        target: Target,
    ) -> Result<Look<T>, StoreError> {
        self.look_at(ImageKey::new(call, target, None), call, target).await
    }

    /// The same, and at a secret in force by which a vendor is to be asked: [`PortalTx::take_secret`].
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub async fn look_with<T: DeserializeOwned>(
        &self,
        call: &Call,
        target: Target,
        secret: SecretKind,
    ) -> Result<Look<T>, StoreError> {
        self.look_at(ImageKey::new(call, target, Some(secret)), call, target).await
    }

    async fn look_at<T: DeserializeOwned>(
        &self,
        key: ImageKey,
        call: &Call,
        target: Target,
    ) -> Result<Look<T>, StoreError> {
        let image = self.reader.row::<Images>(key).await?;
        let mut image = image.ok_or_else(|| target.not_found())?;
        if let Some(recorded) = image.recorded.take().filter(|_| !call.validate_only) {
            return recorded.read(call).map(Look::Answered);
        }
        self.draft(target, image).map(Look::Seen)
    }

    pub(super) fn draft(&self, target: Target, image: Image) -> Result<Box<PortalTx>, StoreError> {
        let standing = image.portal.read()?;
        let draft = Way::Draft(Box::new(Draft::new(target, image)));
        Ok(Box::new(PortalTx::new(draft, Arc::clone(&self.settings), standing)))
    }

    /// Runs a change of a portal that was looked at. What has changed since then is noticed.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub async fn change_seen<T, F>(
        &self,
        call: &Call,
        target: Target,
        mut seen: Box<PortalTx>,
        body: F,
    ) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Send + Sync + 'static,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>> + Send + Sync + 'static,
    {
        seen.catch_up();
        match self.try_on(call, target, seen, &body).await? {
            Some(answer) => Ok(answer),
            None => self.change_along(call, target, Vec::new(), body).await,
        }
    }

    /// Runs a change on a draft. `None` when this way is not open to it: nothing has been changed then, or what was is
    /// found by its request id.
    ///
    /// A caller that goes away has either changed nothing or everything: the write belongs to a task of the store.
    pub(super) async fn try_on<T, F>(
        &self,
        call: &Call,
        target: Target,
        mut tx: Box<PortalTx>,
        body: &F,
    ) -> Result<Option<T>, StoreError>
    where
        T: Serialize,
        F: for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<T, StoreError>>,
    {
        match body(&mut tx).await {
            Ok(answer) if call.validate_only => Ok(Some(answer)),
            Ok(answer) => {
                let Some(sealed) = tx.seal_draft(call, &answer)? else { return Ok(None) };
                let (revision, audit_head) = (sealed.next_revision, sealed.audit.head());
                let Some(now) = self.writer.write(sealed).await? else { return Ok(None) };
                self.remember(target, *tx, revision, audit_head, now);
                Ok(Some(answer))
            }
            Err(StoreError::NeedsLock) => Ok(None),
            Err(error) => Err(error.about(tx.portal_id)),
        }
    }
}

impl PortalTx {
    /// All that is written.
    fn seal_draft<T: Serialize>(&mut self, call: &Call, answer: &T) -> Result<Option<Sealed>, StoreError> {
        let revision = self.revision;
        let changed = self.take_changed(call).pop();
        let (Way::Draft(draft), Some(changed)) = (&self.way, changed) else { return Ok(None) };
        let mut kinds: Vec<&str> = changed.changes.iter().map(Change::kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let audit = changed.audit_row(call, self.now())?;
        let is_setup =
            changed.changes.len() == 1 && draft.beside().is_empty() && audit.draft.kinds == ["setup"];
        Ok(Some(Sealed {
            revision,
            next_revision: changed.revision,
            is_setup,
            kinds: kinds.join(","),
            changes: write_text("event", &changed.changes)?,
            beside: write_text("change", draft.beside())?,
            answer: write_text("answer", answer)?,
            payload_hash: call.payload_hash.to_vec(),
            audit,
            event: changed.into_event(),
        }))
    }
}
