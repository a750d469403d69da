//! A check of what an org has of what connecting needs: it logs in if it must, and changes nothing.

use uuid::Uuid;

use super::{
    Control, ControlError, SalesforceLogin,
    session::LoggedIn,
    vendor::{facts, facts_without_calls, salesforce_refusal},
};
use crate::{
    domain::{
        AttemptId, OrgId, PortalId, Reason, Refusal, SetupId,
        connection::Claims,
        edition::Environment,
        probe::{self, Finding},
        setup::Step,
    },
    salesforce::{self, ProbeScope, SalesforceErrorKind, Session},
    store::{CallsLeft, CheckLook, LoginOutcome, SecretRole, StoreError},
};

/// What a check found, without changing anything.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The findings.
    pub findings: Vec<Finding>,
    /// The org that the login led to.
    pub org_id: OrgId,
    /// API calls used.
    pub api_calls: i64,
}

impl Control {
    /// Logs in if it must, probes, and changes nothing.
    ///
    /// # Errors
    /// `CREDENTIAL_MISSING`, `SALESFORCE_LOGIN_LIMIT`, and what Salesforce answers.
    pub async fn check_connection(&self, id: SetupId) -> Result<Checked, ControlError> {
        let CheckLook { setup, session, calls } = self.inner.store.look_to_check(id).await?;
        let claims = setup.claims().ok_or_else(|| {
            let steps: Vec<&str> =
                setup.missing_before(Step::ConnectAccounts).iter().map(|step| step.name()).collect();
            Refusal::new(Reason::SetupStepNotReached).with("steps", steps.join(", "))
        })?;
        if let Some(session) = self.open_session(setup.portal_id, session).await? {
            match self.check_session(&claims, setup.portal_id, &session, calls).await {
                Err(ControlError::Refused(refusal)) if refusal.reason == Reason::SalesforceSessionRefused => {
                }
                outcome => return outcome,
            }
        }
        let roles = [SecretRole::Candidate, SecretRole::Current];
        let login = self.stored_login(setup.portal_id, &roles).await?.ok_or(Reason::CredentialMissing)?;
        // A check can wait for a token to become active; only an attempt to connect tries again for it.
        self.check_login_allowed(&login, false).await?;
        let session = self.log_in_to_check(setup.portal_id, login, claims.environment).await?;
        self.check_session(&claims, setup.portal_id, &session, None).await
    }

    async fn log_in_to_check(
        &self,
        portal_id: PortalId,
        login: SalesforceLogin,
        environment: Environment,
    ) -> Result<Session, ControlError> {
        let control = self.clone();
        self.to_its_end(async move {
            let login_id = control.record_login(portal_id, AttemptId(Uuid::now_v7()), &login).await?;
            match control.send_login(login_id, &login, environment).await? {
                LoggedIn::Session(session) => {
                    control.inner.store.end_login(login_id, LoginOutcome::Accepted).await?;
                    control.keep_rotated(portal_id, &session, &login).await?;
                    Ok(*session)
                }
                LoggedIn::Refused { refusal, .. } => Err(refusal.into()),
            }
        })
        .await
    }

    async fn check_session(
        &self,
        claims: &Claims,
        portal_id: PortalId,
        session: &Session,
        calls: Option<CallsLeft>,
    ) -> Result<Checked, ControlError> {
        let org_id = org_of(session)?;
        let left = match calls.filter(|calls| calls.org_id == org_id) {
            Some(calls) => calls.check(salesforce::PROBE_CALLS).map_err(StoreError::from),
            None => self.inner.store.check_api_calls_left(&org_id, salesforce::PROBE_CALLS).await,
        };
        match left {
            Ok(()) => {}
            Err(StoreError::Refused(_)) => {
                let facts = facts_without_calls(scope(claims), &self.inner.external_id_field);
                return Ok(Checked { findings: probe::judge(claims, &facts), org_id, api_calls: 0 });
            }
            Err(error) => return Err(error.into()),
        }
        let api = self.inner.salesforce.api(session).map_err(|error| salesforce_refusal(&error))?;
        let report = salesforce::probe(&api, &scope(claims)).await;
        if let Some(error) = &report.stopped
            && *error.kind() == SalesforceErrorKind::SessionInvalid
        {
            return Err(salesforce_refusal(error).into());
        }
        let api_calls = i64::from(report.calls);
        self.inner.store.count_api_calls(&org_id, portal_id, api_calls).await?;
        let findings = probe::judge(claims, &facts(&report, &self.inner.external_id_field));
        Ok(Checked { findings, org_id, api_calls })
    }
}

/// Which objects the probe looks at.
pub(super) fn scope(claims: &Claims) -> ProbeScope {
    ProbeScope { accounts: claims.accounts, opportunities: claims.opportunities }
}

/// The org that a session belongs to.
pub(super) fn org_of(session: &Session) -> Result<OrgId, ControlError> {
    OrgId::parse(session.org_id.as_str()).ok_or_else(|| {
        Refusal::new(Reason::SalesforceOrgUnavailable)
            .with("message", "the organization id cannot be read")
            .into()
    })
}
