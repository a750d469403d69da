//! The end of the wizard: a last look at all decisions, switching on, finishing.

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use super::{Control, ControlError, check_etag};
use crate::{
    domain::{
        Reason, SetupId,
        change::SetupView,
        setup::{Actor, Answers, ImportDecision, Setup, Step},
        sync_state::Deed,
        test_contact::TestContact,
    },
    store::{Call, Target},
};

/// A setup as it is to be reviewed, with the etag that switching on asks for.
#[derive(Clone, Debug)]
pub struct Review {
    /// The setup.
    pub view: SetupView,
    /// Changes with every decision.
    pub etag: String,
}

/// How the wizard was finished.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finished {
    /// The setup.
    pub view: SetupView,
    /// Whether a test contact got through.
    pub tested: bool,
}

impl Control {
    /// Reads all decisions for a last look.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED` while a decision is missing.
    pub async fn review_setup(&self, id: SetupId) -> Result<Review, ControlError> {
        let view = self.inner.store.setup(id).await?;
        view.setup.check_reached(Step::Review)?;
        let etag = review_etag(&view.setup);
        Ok(Review { view, etag })
    }

    /// Switches sync on. It carries nothing over.
    ///
    /// # Errors
    /// `CONNECTION_STALE`, `SETUP_STEP_NOT_REACHED`, `REVIEW_CHANGED`.
    pub async fn enable_sync(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        reviewed: String,
    ) -> Result<SetupView, ControlError> {
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change(call, Target::Setup(id), move |tx| {
                let (principal, reviewed) = (principal.clone(), reviewed.clone());
                Box::pin(async move {
                    let setup = tx.setup(id).await?;
                    check_etag(etag, setup.version)?;
                    let actor = Actor { by: principal, at: tx.now() };
                    let enabled = setup.clone().enable(&actor)?;
                    if review_etag(&setup) != reviewed {
                        return Err(Reason::ReviewChanged.into());
                    }
                    if enabled == setup {
                        return tx.view_setup(setup).await;
                    }
                    let view = tx.save_setup(enabled).await?;
                    let on = tx.sync().clone().enabled(Deed { by: actor.by, at: actor.at });
                    let org_id = tx.active_connection().await?.map(|connection| connection.org_id);
                    tx.save_sync(on, view.setup.settings(), org_id).await?;
                    Ok(view)
                })
            })
            .await?;
        Ok(view)
    }

    /// Finishes the wizard, with or without a test.
    ///
    /// # Errors
    /// `TEST_CONTACT_RUNNING`, `SETUP_STEP_NOT_REACHED`.
    pub async fn finish_setup(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        decision: Option<ImportDecision>,
    ) -> Result<Finished, ControlError> {
        let principal = call.principal.clone();
        let finished = self
            .inner
            .store
            .change(call, Target::Setup(id), move |tx| {
                let principal = principal.clone();
                Box::pin(async move {
                    let setup = tx.setup(id).await?;
                    check_etag(etag, setup.version)?;
                    let running = |contact: &TestContact| !contact.status.is_final();
                    if tx.newest_test_contact().await?.as_ref().is_some_and(running) {
                        return Err(Reason::TestContactRunning.into());
                    }
                    let actor = Actor { by: principal, at: tx.now() };
                    let view = tx.save_setup(setup.finish(&actor, decision)?).await?;
                    let tested = view.setup.answers.tested;
                    Ok(Finished { view, tested })
                })
            })
            .await?;
        Ok(finished)
    }
}

/// A digest of every decision. What is no decision (attempts, tests, marks) does not change it.
fn review_etag(setup: &Setup) -> String {
    let decisions =
        Answers { test_contact: None, tested: false, import_decision: None, ..setup.answers.clone() };
    // By name, without what is not decided: it does not depend on how answers are stored. They always serialize.
    let mut decided = serde_json::to_value(&decisions).unwrap_or_default();
    if let Some(fields) = decided.as_object_mut() {
        fields.retain(|_, answer| !answer.is_null());
    }
    let digest = digest::digest(&digest::SHA256, decided.to_string().as_bytes());
    hex::encode(digest.as_ref().get(..16).unwrap_or_default())
}
