//! The sync of a portal: status, pause and resume, settings.

use super::{
    Control, ControlError, InclusionChoice, check_etag,
    lists::{inclusion_rule, no_setup},
    step::save_answer,
};
use crate::{
    domain::{
        PortalId, Refusal,
        change::SyncView,
        settings::{ActivitySync, ObjectSync},
        setup::{Actor, Step},
        sync_state::{Deed, SyncState},
    },
    store::{Call, Look, SecretKind, Target},
};

impl Control {
    /// Reads the status of a portal's sync.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn sync_status(&self, portal_id: PortalId) -> Result<SyncView, ControlError> {
        Ok(self.inner.store.sync_of_portal(portal_id).await?)
    }

    /// Pauses.
    ///
    /// # Errors
    /// `SYNC_NOT_ON`, `ETAG_MISMATCH`.
    pub async fn pause_sync(
        &self,
        call: &Call,
        portal_id: PortalId,
        reason: String,
        etag: Option<i64>,
    ) -> Result<SyncView, ControlError> {
        self.operate(call, portal_id, etag, move |state, deed| state.paused(deed, reason.clone())).await
    }

    /// Resumes where it was.
    ///
    /// # Errors
    /// `SYNC_NOT_ON`, `ETAG_MISMATCH`.
    pub async fn resume_sync(
        &self,
        call: &Call,
        portal_id: PortalId,
        etag: Option<i64>,
    ) -> Result<SyncView, ControlError> {
        self.operate(call, portal_id, etag, SyncState::resumed).await
    }

    async fn operate<F>(
        &self,
        call: &Call,
        portal_id: PortalId,
        etag: Option<i64>,
        operate: F,
    ) -> Result<SyncView, ControlError>
    where
        F: Fn(SyncState, Deed) -> Result<SyncState, Refusal> + Clone + Send + Sync + 'static,
    {
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change(call, Target::Portal(portal_id), move |tx| {
                let (operate, principal) = (operate.clone(), principal.clone());
                Box::pin(async move {
                    check_etag(etag, tx.sync_version())?;
                    let deed = Deed { by: principal, at: tx.now() };
                    let state = operate(tx.sync().clone(), deed)?;
                    let view = tx.view_sync().await?;
                    if state == view.state {
                        return Ok(view);
                    }
                    tx.save_sync(state, view.settings, view.org_id).await
                })
            })
            .await?;
        Ok(view)
    }

    /// Changes what syncs, without going through the wizard again (R79). Parts that are `None` stay.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED` for what the wizard has not come to; `LIST_NOT_SMART`, `SMART_LIST_NOT_FOUND`.
    pub async fn update_sync_settings(
        &self,
        call: &Call,
        portal_id: PortalId,
        objects: Option<ObjectSync>,
        activities: Option<ActivitySync>,
        inclusion: Option<InclusionChoice>,
        etag: Option<i64>,
    ) -> Result<SyncView, ControlError> {
        let secret = SecretKind::HubspotCredential;
        let mut seen = match self.inner.store.look_with(call, Target::Portal(portal_id), secret).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        check_etag(etag, seen.sync_version())?;
        let rule = match inclusion {
            Some(choice) => {
                let setup = seen.active_setup().await?.ok_or_else(no_setup)?;
                setup.check_reached_once(Step::InclusionList)?;
                let api = self.portal_api_by(portal_id, seen.take_secret()?).await?;
                Some(inclusion_rule(&api, choice).await?)
            }
            None => None,
        };
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change_seen(call, Target::Portal(portal_id), seen, move |tx| {
                let (rule, principal) = (rule.clone(), principal.clone());
                Box::pin(async move {
                    check_etag(etag, tx.sync_version())?;
                    let setup = tx.active_setup().await?.ok_or_else(no_setup)?;
                    let actor = Actor { by: principal, at: tx.now() };
                    let updated = setup.clone().update_settings(&actor, objects, activities, rule)?;
                    save_answer(tx, &setup, updated).await?;
                    tx.view_sync().await
                })
            })
            .await?;
        Ok(view)
    }
}
