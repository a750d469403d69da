//! Connecting: the part that the worker does. Each stage ends in a commit, and a successor goes on from there:
//!
//! queued → (login written down) logging in → probing → starting → connected. A login whose answer nobody wrote down
//! is never sent again: the attempt fails with `LOGIN_OUTCOME_UNKNOWN`, and the user decides.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Control, ControlError, SalesforceLogin,
    check::{org_of, scope},
    session::LoggedIn,
    vendor::{facts, facts_without_calls, salesforce_refusal},
};
use crate::{
    domain::{
        OrgId, PortalId, Reason, Refusal, SetupId,
        connection::{ConnectAttempt, ConnectState, Connection, Purpose, next_token_try},
        portal::CredentialMethod,
        probe::{self, Facts, Finding},
        setup::Setup,
    },
    salesforce::{self, SalesforceErrorKind, Session},
    store::{Call, Job, LoginOutcome, PortalTx, SecretKind, SecretRole, StoreError, Target},
};

/// What the probe saw, and what was made of it.
pub(super) struct Probed {
    pub(super) facts: Facts,
    pub(super) findings: Vec<Finding>,
    pub(super) calls: i64,
    /// The session turned out to have ended.
    session_ended: Option<Refusal>,
}

impl Control {
    /// Goes on with an attempt from where it stands.
    ///
    /// # Errors
    /// Only what a successor may fare better with: the database, the key ring. What a vendor or a rule refuses ends
    /// the attempt.
    pub(super) async fn run_connect(&self, job: &Job) -> Result<(), ControlError> {
        let setup_id = SetupId(job.subject_id);
        match self.go_on(job, setup_id).await {
            // No successor can open it either.
            Err(ControlError::Refused(refusal)) if refusal.reason == Reason::StoredSecretUnreadable => {
                self.fail(job, setup_id, refusal, Vec::new(), 0).await
            }
            outcome => outcome,
        }
    }

    async fn go_on(&self, job: &Job, setup_id: SetupId) -> Result<(), ControlError> {
        let setup = self.inner.store.setup(setup_id).await?.setup;
        let Some(attempt) = setup.running_attempt().cloned() else { return self.drop_job(job).await };
        match attempt.state {
            ConnectState::Queued | ConnectState::WaitingForToken { .. } => {
                if let Some(session) = self.log_in(job, &setup, &attempt).await? {
                    self.probe_and_start(job, setup_id, &attempt, &session).await?;
                }
                Ok(())
            }
            ConnectState::LoggingIn => {
                let findings = probe::judge_failed_login(&attempt.claims, Reason::LoginOutcomeUnknown);
                self.fail(job, setup_id, Reason::LoginOutcomeUnknown.into(), findings, 0).await
            }
            ConnectState::Probing | ConnectState::Starting => {
                let opened = self
                    .open_secret(job.portal_id, SecretKind::SalesforceSession, SecretRole::Candidate)
                    .await?;
                match opened.and_then(|(bytes, _)| Session::from_bytes(bytes.expose()).ok()) {
                    Some(session) => self.probe_and_start(job, setup_id, &attempt, &session).await,
                    None => {
                        self.fail(job, setup_id, Reason::SalesforceSessionRefused.into(), Vec::new(), 0).await
                    }
                }
            }
            ConnectState::Connected { .. } | ConnectState::Failed { .. } => self.drop_job(job).await,
        }
    }

    /// Logs in once. `None` when the attempt ended or waits.
    async fn log_in(
        &self,
        job: &Job,
        setup: &Setup,
        attempt: &ConnectAttempt,
    ) -> Result<Option<Session>, ControlError> {
        let roles = [SecretRole::Candidate, SecretRole::Current];
        let Some(login) = self.stored_login(job.portal_id, &roles).await? else {
            self.fail(job, setup.id, Reason::CredentialMissing.into(), Vec::new(), 0).await?;
            return Ok(None);
        };
        let (control, job, setup, attempt) = (self.clone(), *job, setup.clone(), attempt.clone());
        self.to_its_end(async move {
            let login_id = Uuid::now_v7();
            control.note_login(&job, setup.id, login_id, &login).await?;
            match control.send_login(login_id, &login, attempt.claims.environment).await? {
                LoggedIn::Session(session) => {
                    control.note_session(&job, setup.id, login_id, &session, &login).await?;
                    Ok(Some(*session))
                }
                LoggedIn::Refused { refusal, credential } => {
                    control.note_refusal(&job, &setup, &attempt, (&login, refusal, credential)).await?;
                    Ok(None)
                }
            }
        })
        .await
    }

    /// Commits that a login is about to be sent. Whoever finds this and no answer knows that it may have been sent.
    async fn note_login(
        &self,
        job: &Job,
        setup_id: SetupId,
        login_id: Uuid,
        login: &SalesforceLogin,
    ) -> Result<(), ControlError> {
        let identity = self.login_identity(login);
        self.advance(job, setup_id, "connect.log_in", move |tx, setup, mut attempt| {
            let identity = identity.clone();
            Box::pin(async move {
                tx.record_login(login_id, Some(attempt.id), &identity).await?;
                attempt.logins += 1;
                let now = tx.now();
                Ok(setup.with_attempt(attempt.moved(ConnectState::LoggingIn, now)))
            })
        })
        .await
    }

    async fn note_session(
        &self,
        job: &Job,
        setup_id: SetupId,
        login_id: Uuid,
        session: &Session,
        login: &SalesforceLogin,
    ) -> Result<(), ControlError> {
        let org_id = org_of(session)?;
        let sealed = self.seal_session(job.portal_id, session).await?;
        let rotated = match &session.rotated_refresh_token {
            Some(token) => {
                let rotated = login.clone().rotated(token);
                Some(self.seal_salesforce_login(job.portal_id, &rotated).await?)
            }
            None => None,
        };
        self.advance(job, setup_id, "connect.logged_in", move |tx, setup, mut attempt| {
            let (sealed, rotated, org_id) = (sealed.clone(), rotated.clone(), org_id.clone());
            Box::pin(async move {
                tx.end_login(login_id, LoginOutcome::Accepted).await?;
                tx.put_secret(SecretKind::SalesforceSession, SecretRole::Candidate, &sealed).await?;
                if let Some(rotated) = &rotated {
                    tx.put_secret(SecretKind::SalesforceCredential, SecretRole::Candidate, rotated).await?;
                }
                attempt.org_id = Some(org_id);
                let now = tx.now();
                Ok(setup.with_attempt(attempt.moved(ConnectState::Probing, now)))
            })
        })
        .await
    }

    /// A refused login ends the attempt, unless its token was entered so recently that it may not be active (R52).
    async fn note_refusal(
        &self,
        job: &Job,
        setup: &Setup,
        attempt: &ConnectAttempt,
        (login, refusal, credential): (&SalesforceLogin, Refusal, bool),
    ) -> Result<(), ControlError> {
        let window = self.inner.settings.token_activation_window;
        // The token of the attempt, or one that was entered while it waited.
        let entered = setup.claims().and_then(|claims| claims.token_set_at).max(attempt.claims.token_set_at);
        let mut next = entered
            .filter(|_| credential && login.method() == CredentialMethod::Password)
            .and_then(|set_at| next_token_try(set_at, attempt.logins + 1, OffsetDateTime::now_utc(), window));
        if next.is_some() && !self.may_try_token_again(login).await? {
            next = None;
        }
        let Some(until) = next else {
            let findings = probe::judge_failed_login(&attempt.claims, refusal.reason);
            return self.fail(job, setup.id, refusal, findings, 0).await;
        };
        let lease = job.lease;
        self.advance(job, setup.id, "connect.wait_for_token", move |tx, setup, attempt| {
            Box::pin(async move {
                tx.postpone_job(lease, until).await?;
                let now = tx.now();
                Ok(setup.with_attempt(attempt.moved(ConnectState::WaitingForToken { until }, now)))
            })
        })
        .await
    }

    async fn probe_and_start(
        &self,
        job: &Job,
        setup_id: SetupId,
        attempt: &ConnectAttempt,
        session: &Session,
    ) -> Result<(), ControlError> {
        let org_id = org_of(session)?;
        if let Err(error) = self.inner.store.check_api_calls_left(&org_id, salesforce::PROBE_CALLS).await {
            let StoreError::Refused(refusal) = error else { return Err(error.into()) };
            let facts = facts_without_calls(scope(&attempt.claims), &self.inner.external_id_field);
            let findings = probe::judge(&attempt.claims, &facts);
            return self.fail(job, setup_id, refusal, findings, 0).await;
        }
        crate::failpoint::hit("connect.before_probe").await;
        let probed = match self.probe(attempt, session).await {
            Ok(probed) => probed,
            Err(refusal) => return self.fail(job, setup_id, refusal, Vec::new(), 0).await,
        };
        crate::failpoint::hit("connect.after_probe").await;
        let refusal = match (&probed.session_ended, probe::refusal(&probed.findings)) {
            (Some(ended), _) => Some(ended.clone()),
            (None, Some(finding)) => Some(finding_refusal(finding)),
            (None, None) => self.check_org_is_meant(job, attempt, &org_id).await?,
        };
        if let Some(refusal) = refusal {
            return self.fail(job, setup_id, refusal, probed.findings, probed.calls).await;
        }
        let findings = probed.findings.clone();
        let calls = probed.calls;
        self.advance(job, setup_id, "connect.starting", move |tx, setup, mut attempt| {
            attempt.findings.clone_from(&findings);
            attempt.api_calls += calls;
            let now = tx.now();
            Box::pin(async move { Ok(setup.with_attempt(attempt.moved(ConnectState::Starting, now))) })
        })
        .await?;
        crate::failpoint::hit("connect.before_start").await;
        self.start(job, setup_id, attempt, session, probed).await
    }

    async fn probe(&self, attempt: &ConnectAttempt, session: &Session) -> Result<Probed, Refusal> {
        let api = self.inner.salesforce.api(session).map_err(|error| salesforce_refusal(&error))?;
        let report = salesforce::probe(&api, &scope(&attempt.claims)).await;
        let ended =
            |error: &&salesforce::SalesforceError| *error.kind() == SalesforceErrorKind::SessionInvalid;
        let facts = facts(&report, &self.inner.external_id_field);
        Ok(Probed {
            findings: probe::judge(&attempt.claims, &facts),
            facts,
            calls: i64::from(report.calls),
            session_ended: report.stopped.as_ref().filter(ended).map(salesforce_refusal),
        })
    }

    /// A portal that was connected to another org goes to this one only when that was said (R14).
    async fn check_org_is_meant(
        &self,
        job: &Job,
        attempt: &ConnectAttempt,
        org_id: &OrgId,
    ) -> Result<Option<Refusal>, ControlError> {
        let changed = |expected: &OrgId| {
            Refusal::new(Reason::OrgChanged).with("expected", expected).with("org_id", org_id)
        };
        if let Some(expected) = &attempt.expected_org_id {
            return Ok((expected != org_id).then(|| changed(expected)));
        }
        let last: Option<Connection> = match self.inner.store.connection(job.portal_id).await {
            Ok(connection) => Some(connection),
            Err(StoreError::Refused(_)) => None,
            Err(error) => return Err(error.into()),
        };
        // While the connection is in force, the database says PORTAL_ALREADY_CONNECTED.
        Ok(last
            .filter(|connection| !connection.is_active() && connection.org_id != *org_id)
            .map(|connection| changed(&connection.org_id)))
    }

    /// Ends the attempt: nothing is connected by it, the answers stay (R50).
    pub(super) async fn fail(
        &self,
        job: &Job,
        setup_id: SetupId,
        failure: Refusal,
        findings: Vec<Finding>,
        calls: i64,
    ) -> Result<(), ControlError> {
        tracing::info!(portal_id = %job.portal_id, reason = %failure.reason, "connect failed");
        // What Salesforce refused, or what leads to another org than that of the connection, is not tried again.
        let refused_credential =
            matches!(failure.reason, Reason::SalesforceLoginRefused | Reason::PortalAlreadyConnected);
        self.advance(job, setup_id, "connect.fail", move |tx, setup, mut attempt| {
            let (failure, findings) = (failure.clone(), findings.clone());
            Box::pin(async move {
                tx.delete_secret(SecretKind::SalesforceSession, SecretRole::Candidate).await?;
                if refused_credential || attempt.purpose == Purpose::Rotate {
                    tx.delete_secret(SecretKind::SalesforceCredential, SecretRole::Candidate).await?;
                    tx.delete_secret(SecretKind::SecurityToken, SecretRole::Candidate).await?;
                }
                if !findings.is_empty() {
                    attempt.findings = findings;
                }
                attempt.api_calls += calls;
                if let Some(org_id) = &attempt.org_id {
                    tx.count_api_calls(org_id, attempt.api_calls).await?;
                }
                let now = tx.now();
                Ok(setup.with_attempt(attempt.moved(ConnectState::Failed { failure }, now)))
            })
        })
        .await?;
        self.drop_job(job).await
    }

    /// One stage: under the lease, and only while the attempt runs.
    async fn advance<F>(
        &self,
        job: &Job,
        setup_id: SetupId,
        method: &'static str,
        stage: F,
    ) -> Result<(), ControlError>
    where
        F: for<'tx> Fn(
                &'tx mut PortalTx,
                Setup,
                ConnectAttempt,
            ) -> futures::future::BoxFuture<'tx, Result<Setup, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        self.advance_along(job, setup_id, Vec::new(), method, stage).await
    }

    /// The same, with other portals that change along.
    pub(super) async fn advance_along<F>(
        &self,
        job: &Job,
        setup_id: SetupId,
        along: Vec<PortalId>,
        method: &'static str,
        stage: F,
    ) -> Result<(), ControlError>
    where
        F: for<'tx> Fn(
                &'tx mut PortalTx,
                Setup,
                ConnectAttempt,
            ) -> futures::future::BoxFuture<'tx, Result<Setup, StoreError>>
            + Send
            + Sync
            + 'static,
    {
        let lease = job.lease;
        let stage = std::sync::Arc::new(stage);
        self.inner
            .store
            .change_along(&Call::internal(method), Target::Setup(setup_id), along, move |tx| {
                let stage = std::sync::Arc::clone(&stage);
                Box::pin(async move {
                    tx.check_lease(lease).await?;
                    let setup = tx.setup(setup_id).await?;
                    let attempt = setup.running_attempt().cloned().ok_or(Reason::ConflictingChange)?;
                    let next = stage(tx, setup, attempt).await?;
                    tx.save_attempt(next).await?;
                    Ok(())
                })
            })
            .await?;
        crate::failpoint::hit(method).await;
        Ok(())
    }
}

fn finding_refusal(finding: &Finding) -> Refusal {
    Refusal::new(finding.reason.unwrap_or(Reason::SalesforceRejected))
        .with("claimed", &finding.claimed)
        .with("found", &finding.found)
        .with("subject", &finding.subject)
}
