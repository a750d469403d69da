//! The wizard: one function for each step. The rules are the domain's; here is what an answer entails elsewhere.

use secrecy::SecretString;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Control, ControlError, check_etag,
    lists::inclusion_rule,
    step::{save_answer, step},
};
use crate::{
    domain::{
        PortalId, Reason, Refusal, SetupId,
        access::PortalGrant,
        api_limit::LimitContext,
        change::SetupView,
        edition::{AdminAccess, Edition, Environment, Subscription},
        settings::{ActivitySync, ObjectSync},
        setup::{Actor, SecurityToken, Setup, Step, VisualforceMethod},
    },
    store::{Call, Look, Page, SecretKind, SecretRole, Target},
};

/// Which contacts go to Salesforce, as the caller chose.
#[derive(Clone, Debug)]
pub enum InclusionChoice {
    /// A list of HubSpot, by its id.
    List(String),
    /// No list, and the lowest stage that syncs.
    NoList(String),
}

impl Control {
    /// Starts the setup of a portal, or returns the one that is under way.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn start_setup(&self, call: &Call, portal_id: PortalId) -> Result<SetupView, ControlError> {
        let id = SetupId(Uuid::now_v7());
        let view = self
            .inner
            .store
            .change(call, Target::Portal(portal_id), move |tx| {
                Box::pin(async move {
                    match tx.active_setup().await? {
                        Some(setup) => tx.view_setup(setup).await,
                        None => tx.save_setup(Setup::start(id, tx.portal_id(), tx.now())).await,
                    }
                })
            })
            .await?;
        Ok(view)
    }

    /// Reads a setup.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn setup(&self, id: SetupId) -> Result<SetupView, ControlError> {
        Ok(self.inner.store.setup(id).await?)
    }

    /// Setups of granted portals, newest first, before one.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn setups(
        &self,
        grant: &PortalGrant,
        portal_id: Option<PortalId>,
        before: Option<(OffsetDateTime, Uuid)>,
        size: i64,
    ) -> Result<Page<SetupView>, ControlError> {
        if let Some(portal_id) = portal_id {
            self.inner.store.portal(portal_id).await?;
        }
        Ok(self.inner.store.setups(grant, portal_id, before, size).await?)
    }

    /// Gives a setup up, and deletes its secrets.
    ///
    /// # Errors
    /// `SETUP_HAS_CONNECTION`, `CONNECT_RUNNING`, `ETAG_MISMATCH`.
    pub async fn abandon_setup(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
    ) -> Result<SetupView, ControlError> {
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change(call, Target::Setup(id), move |tx| {
                let principal = principal.clone();
                Box::pin(async move {
                    let setup = tx.setup(id).await?;
                    if setup.status == crate::domain::setup::Status::Abandoned {
                        return tx.view_setup(setup).await;
                    }
                    check_etag(etag, setup.version)?;
                    let actor = Actor { by: principal, at: tx.now() };
                    let abandoned = setup.abandon(&actor)?;
                    for kind in [
                        SecretKind::SecurityToken,
                        SecretKind::SalesforceCredential,
                        SecretKind::SalesforceSession,
                    ] {
                        tx.delete_secret(kind, SecretRole::Candidate).await?;
                        tx.delete_secret(kind, SecretRole::Current).await?;
                    }
                    tx.save_setup(abandoned).await
                })
            })
            .await?;
        // Its hand-offs end with it.
        self.inner.opened.forget().await;
        Ok(view)
    }

    /// Step "get started".
    ///
    /// # Errors
    /// See [`Setup::acknowledge`]; every step has `SETUP_NOT_FOUND`, `SETUP_STEP_NOT_REACHED` and `ETAG_MISMATCH`.
    pub async fn acknowledge_prerequisites(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        acknowledged: bool,
        subscription: Subscription,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.acknowledge(actor, acknowledged, subscription))
            .await
    }

    /// Step "edition".
    ///
    /// # Errors
    /// See [`Setup::select_edition`].
    pub async fn select_edition(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        edition: Edition,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.select_edition(actor, edition)).await
    }

    /// Step "administrative access".
    ///
    /// # Errors
    /// See [`Setup::confirm_admin_access`].
    pub async fn confirm_admin_access(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        access: AdminAccess,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.confirm_admin_access(actor, access)).await
    }

    /// Step "sandbox".
    ///
    /// # Errors
    /// See [`Setup::select_environment`].
    pub async fn select_environment(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        environment: Environment,
        notes_acknowledged: bool,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| {
            setup.select_environment(actor, environment, notes_acknowledged)
        })
        .await
    }

    /// Step "seats".
    ///
    /// # Errors
    /// See [`Setup::set_seats`].
    pub async fn set_seats(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        seats: i32,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.set_seats(actor, seats)).await
    }

    /// Step "API call limit". `None` accepts the suggestion.
    ///
    /// # Errors
    /// See [`Setup::set_api_call_limit`].
    pub async fn set_api_call_limit(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        limit: Option<i64>,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, context| {
            setup.check_reached(Step::ApiCallLimit)?;
            let context = context.ok_or(Reason::SetupStepNotReached)?;
            setup.set_api_call_limit(actor, limit, context)
        })
        .await
    }

    /// Step "package".
    ///
    /// # Errors
    /// See [`Setup::confirm_package`].
    pub async fn confirm_package(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        installed: bool,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.confirm_package(actor, installed)).await
    }

    /// Step "security token". `None` says that the org connects by OAuth. The token is sealed before it is stored.
    ///
    /// # Errors
    /// See [`Setup::submit_token`].
    pub async fn submit_security_token(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        token: Option<SecretString>,
    ) -> Result<SetupView, ControlError> {
        let seen = match self.inner.store.look(call, Target::Setup(id)).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        let portal_id = seen.portal_id();
        let sealed = match &token {
            Some(token) => Some(self.seal_token(portal_id, token).await?),
            None => None,
        };
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change_seen(call, Target::Setup(id), seen, move |tx| {
                let sealed = sealed.clone();
                let principal = principal.clone();
                Box::pin(async move {
                    let setup = tx.setup(id).await?;
                    check_etag(etag, setup.version)?;
                    let actor = Actor { by: principal, at: tx.now() };
                    let answer = match &sealed {
                        Some(row) => SecurityToken::Stored {
                            fingerprint: row.info.fingerprint.clone(),
                            set_at: actor.at,
                        },
                        None => SecurityToken::NotUsed,
                    };
                    let answered = setup.clone().submit_token(&actor, answer)?;
                    tx.delete_secret(SecretKind::SecurityToken, SecretRole::Candidate).await?;
                    match &sealed {
                        Some(row) => {
                            tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, row).await?;
                        }
                        None => tx.delete_secret(SecretKind::SecurityToken, SecretRole::Current).await?,
                    }
                    save_answer(tx, &setup, answered).await
                })
            })
            .await?;
        Ok(view)
    }

    /// Step "Visualforce module".
    ///
    /// # Errors
    /// See [`Setup::confirm_visualforce`].
    pub async fn confirm_visualforce(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        added: bool,
        method: VisualforceMethod,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.confirm_visualforce(actor, added, method))
            .await
    }

    /// Step "accounts and opportunities".
    ///
    /// # Errors
    /// See [`Setup::choose_objects`].
    pub async fn choose_objects(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        objects: ObjectSync,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.choose_objects(actor, objects)).await
    }

    /// Step "activities".
    ///
    /// # Errors
    /// See [`Setup::choose_activities`].
    pub async fn choose_activities(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        activities: ActivitySync,
    ) -> Result<SetupView, ControlError> {
        self.step(call, id, etag, move |setup, actor, _| setup.choose_activities(actor, activities)).await
    }

    /// Step "inclusion list". A list is read from HubSpot before it is chosen.
    ///
    /// # Errors
    /// See [`Setup::choose_inclusion`]; `SMART_LIST_NOT_FOUND`, `LIFECYCLE_STAGE_UNKNOWN` and what else HubSpot answers.
    pub async fn choose_inclusion(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        choice: InclusionChoice,
    ) -> Result<SetupView, ControlError> {
        let secret = SecretKind::HubspotCredential;
        let mut seen = match self.inner.store.look_with(call, Target::Setup(id), secret).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        let setup = seen.setup(id).await?;
        check_etag(etag, setup.version)?;
        setup.check_reached(Step::InclusionList)?;
        let api = self.portal_api_by(setup.portal_id, seen.take_secret()?).await?;
        let rule = inclusion_rule(&api, choice).await?;
        let step = step(call, id, etag, move |setup, actor, _| setup.choose_inclusion(actor, rule.clone()));
        Ok(self.inner.store.change_seen(call, Target::Setup(id), seen, step).await?)
    }

    /// Answers a step, and does what the answer entails.
    async fn step<F>(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        answer: F,
    ) -> Result<SetupView, ControlError>
    where
        F: Fn(Setup, &Actor, Option<&LimitContext>) -> Result<Setup, Refusal> + Send + Sync + 'static,
    {
        let step = step(call, id, etag, answer);
        Ok(self.inner.store.change(call, Target::Setup(id), step).await?)
    }
}
