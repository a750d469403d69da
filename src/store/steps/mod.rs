//! Steps of the wizard in two round trips: what is needed is read, the rule is applied in memory, and all that follows
//! is written by one statement, many portals at once.
//!
//! This way is open to a portal that is not connected, and only while nobody else changes it: the write is refused by
//! the portal's revision if anything happened since the read. Everything else goes the usual way,
//! [`Store::change`](super::Store::change), which locks: what this way could not do, it left undone or finds recorded.
//! Why this is safe: `docs/adr/0017-batches.md`.

mod draft;
mod read;
mod write;

pub use draft::Draft;
pub(super) use read::Steps;
pub(super) use write::Writer;

use read::StepKey;

use super::{Call, Store, StoreError};
use crate::domain::{Reason, SetupId, change::SetupView};

impl Store {
    /// Answers a step of a setup: `body` makes of the portal as it is what it becomes. `None` when this way is not
    /// open; nothing has been changed then, or what was is found by its request id.
    ///
    /// A caller that goes away has either changed nothing or everything: the write belongs to a task of the store.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`, `REQUEST_ID_REUSED`, what `body` refuses; [`StoreError::Unavailable`].
    pub async fn try_step(
        &self,
        call: &Call,
        id: SetupId,
        body: impl FnOnce(&mut Draft<'_>) -> Result<SetupView, StoreError> + Send,
    ) -> Result<Option<SetupView>, StoreError> {
        let row = self.reader.row::<Steps>(StepKey::new(call, id)).await?.ok_or(Reason::SetupNotFound)?;
        if !call.validate_only
            && let Some(answer) = row.recorded_answer(call)?
        {
            return Ok(Some(answer));
        }
        if row.is_connected {
            return Ok(None);
        }
        let mut draft = Draft::new(&row, self.settings())?;
        let portal_id = draft.portal_id();
        let answer = body(&mut draft).map_err(|error| error.about(portal_id))?;
        if call.validate_only {
            return Ok(Some(answer));
        }
        let written = self.writer.write(draft.seal(call, &answer)?).await?;
        Ok(written.then_some(answer))
    }
}
