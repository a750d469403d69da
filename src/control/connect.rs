//! Connecting: the part that answers the caller. It writes the intent down; [`connect_run`](super) does the rest.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Control, ControlError, SalesforceLogin, check_etag,
    session::LoggedIn,
    setup::save_answer,
    vendor::{facts, facts_without_calls, salesforce_refusal},
};
use crate::{
    domain::{
        AttemptId, OrgId, PortalId, Reason, Refusal, SetupId,
        access::PortalGrant,
        change::{AttemptView, SetupView},
        connection::{Claims, ConnectAttempt, ConnectState, Connection, ConnectionState, Purpose},
        edition::Environment,
        portal::CredentialMethod,
        probe::{self, Finding},
        setup::{Actor, SecurityToken, Setup, Step},
        sync_state::SuspensionReason,
    },
    salesforce::{self, ProbeScope, SalesforceErrorKind, Session},
    store::{
        Call, ConnectionFilter, JobKind, LoginOutcome, Page, PortalTx, SecretKind, SecretRole, SecretRow,
        StoreError, Target,
    },
};

/// What a caller asks to connect with.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    /// The credential; `None` uses the stored one again.
    pub login: Option<SalesforceLogin>,
    /// The org that is meant.
    pub expected_org_id: Option<OrgId>,
}

/// An attempt that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Started {
    /// The attempt.
    pub attempt: AttemptView,
    /// It ran already.
    pub joined: bool,
    /// The setup.
    pub view: SetupView,
}

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

/// What a connect writes down beside the attempt.
#[derive(Clone)]
struct Sealed {
    credential: Option<SecretRow>,
    token: Option<SecretRow>,
}

impl Control {
    /// Connects the portal of a setup. Returns at once; a running attempt is joined.
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`, `SECURITY_TOKEN_MISSING`, `CREDENTIAL_MISSING`, `SALESFORCE_HOST_NOT_ALLOWED`,
    /// `SALESFORCE_LOGIN_LIMIT`, `ETAG_MISMATCH`.
    pub async fn connect_accounts(
        &self,
        call: &Call,
        id: SetupId,
        etag: Option<i64>,
        request: ConnectRequest,
    ) -> Result<Started, ControlError> {
        if let Some(answer) = self.inner.store.recorded(call).await? {
            return Ok(answer);
        }
        let view = self.inner.store.setup(id).await?;
        view.setup.check_reached(Step::ConnectAccounts)?;
        if let Some(login) = &request.login {
            self.check_my_domain(login)?;
        }
        if view.setup.running_attempt().is_none() {
            self.check_ready(&view.setup, &request).await?;
        }
        let sealed = self.seal_request(view.setup.portal_id, request.login.as_ref()).await?;
        let expected = request.expected_org_id;
        self.start_attempt(call, Target::Setup(id), Purpose::Connect, etag, sealed, expected).await
    }

    /// Replaces the credential of a connected portal, once the new one has proved good.
    ///
    /// # Errors
    /// `NOT_CONNECTED`, `CONNECT_RUNNING`, `SALESFORCE_LOGIN_LIMIT`.
    pub async fn rotate_credential(
        &self,
        call: &Call,
        portal_id: PortalId,
        login: SalesforceLogin,
    ) -> Result<Started, ControlError> {
        if let Some(answer) = self.inner.store.recorded(call).await? {
            return Ok(answer);
        }
        self.inner.store.portal(portal_id).await?;
        let connection = self.inner.store.connection(portal_id).await.ok().filter(Connection::is_active);
        let connection = connection.ok_or(Reason::NotConnected)?;
        let view = self.inner.store.setup_of_portal(portal_id).await?.ok_or(Reason::NotConnected)?;
        if view.setup.running_attempt().is_some() {
            return Err(Reason::ConnectRunning.into());
        }
        self.check_my_domain(&login)?;
        let sealed = self.seal_request(portal_id, Some(&login)).await?;
        let request = ConnectRequest { login: Some(login), expected_org_id: None };
        self.check_ready(&view.setup, &request).await?;
        let expected = Some(connection.org_id);
        self.start_attempt(call, Target::Portal(portal_id), Purpose::Rotate, None, sealed, expected).await
    }

    fn check_my_domain(&self, login: &SalesforceLogin) -> Result<(), ControlError> {
        let Some(address) = &login.my_domain else { return Ok(()) };
        match self.inner.login_hosts.check(address) {
            Ok(_) => Ok(()),
            Err(refused) => {
                Err(Refusal::new(Reason::SalesforceHostNotAllowed).with("message", refused).into())
            }
        }
    }

    /// Everything that a login needs is there, and it could not lock the user out.
    async fn check_ready(&self, setup: &Setup, request: &ConnectRequest) -> Result<(), ControlError> {
        let roles = [SecretRole::Candidate, SecretRole::Current];
        let login = match request.login.clone() {
            Some(login) => {
                let token = self.stored_token(setup.portal_id, SecretRole::Current).await?;
                login.with_token(token)
            }
            None => self.stored_login(setup.portal_id, &roles).await?.ok_or(Reason::CredentialMissing)?,
        };
        if login.method() == CredentialMethod::Password && login.own_token().is_none() {
            return Err(Reason::SecurityTokenMissing.into());
        }
        let brings_token = request.login.as_ref().is_some_and(|login| login.own_token().is_some());
        let fresh =
            brings_token || self.is_fresh(setup.answers.security_token.as_ref(), OffsetDateTime::now_utc());
        self.check_login_allowed(&login, fresh && login.method() == CredentialMethod::Password).await
    }

    async fn seal_request(
        &self,
        portal_id: PortalId,
        login: Option<&SalesforceLogin>,
    ) -> Result<Sealed, ControlError> {
        let mut sealed = Sealed { credential: None, token: None };
        let Some(login) = login else { return Ok(sealed) };
        sealed.credential = Some(self.seal_salesforce_login(portal_id, login).await?);
        if let Some(token) = login.own_token() {
            sealed.token = Some(self.seal_token(portal_id, token).await?);
        }
        Ok(sealed)
    }

    async fn start_attempt(
        &self,
        call: &Call,
        target: Target,
        purpose: Purpose,
        etag: Option<i64>,
        sealed: Sealed,
        expected_org_id: Option<OrgId>,
    ) -> Result<Started, ControlError> {
        let attempt_id = AttemptId(Uuid::now_v7());
        let principal = call.principal.clone();
        let started = self
            .inner
            .store
            .change(call, target, move |tx| {
                let (sealed, expected_org_id) = (sealed.clone(), expected_org_id.clone());
                let actor = Actor { by: principal.clone(), at: tx.now() };
                Box::pin(async move {
                    let setup = match target {
                        Target::Setup(id) => tx.setup(id).await?,
                        _ => tx.active_setup().await?.ok_or(Reason::NotConnected)?,
                    };
                    setup.check_reached(Step::ConnectAccounts)?;
                    if let Some(running) = setup.running_attempt().cloned() {
                        return join(tx, setup, running).await;
                    }
                    check_etag(etag, setup.version)?;
                    let setup = store_sealed(tx, setup, &actor, &sealed).await?;
                    let mut claims = setup.claims().ok_or(Reason::SetupStepNotReached)?;
                    if let Some(token) = &sealed.token
                        && claims.token_fingerprint.as_ref() != Some(&token.info.fingerprint)
                    {
                        claims.token_fingerprint = Some(token.info.fingerprint.clone());
                        claims.token_set_at = Some(actor.at);
                    }
                    let attempt = new_attempt(attempt_id, purpose, claims, expected_org_id, &actor);
                    tx.add_job(JobKind::Connect, setup.id.0, actor.at).await?;
                    begin(tx, setup, attempt).await
                })
            })
            .await?;
        self.announce_work();
        Ok(started)
    }

    /// Logs in if it must, probes, and changes nothing.
    ///
    /// # Errors
    /// `CREDENTIAL_MISSING`, `SALESFORCE_LOGIN_LIMIT`, and what Salesforce answers.
    pub async fn check_connection(&self, id: SetupId) -> Result<Checked, ControlError> {
        let view = self.inner.store.setup(id).await?;
        let setup = view.setup;
        let claims = setup.claims().ok_or_else(|| {
            let steps: Vec<&str> =
                setup.missing_before(Step::ConnectAccounts).iter().map(|step| step.name()).collect();
            Refusal::new(Reason::SetupStepNotReached).with("steps", steps.join(", "))
        })?;
        if let Some(session) = self.current_session(setup.portal_id).await? {
            match self.check_session(&claims, setup.portal_id, &session).await {
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
        self.check_session(&claims, setup.portal_id, &session).await
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
    ) -> Result<Checked, ControlError> {
        let org_id = org_of(session)?;
        match self.inner.store.check_api_calls_left(&org_id, salesforce::PROBE_CALLS).await {
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

    /// The connection of a portal with the newest attempt.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`, `CONNECTION_NOT_FOUND`.
    pub async fn connection(
        &self,
        portal_id: PortalId,
    ) -> Result<(Connection, Option<AttemptView>), ControlError> {
        match self.inner.store.connection_and_attempt(portal_id).await {
            Err(StoreError::Refused(refusal)) if refusal.reason == Reason::ConnectionNotFound => {
                // A portal that does not exist is not found under its own name.
                self.inner.store.portal(portal_id).await?;
                Err(refusal.into())
            }
            found => Ok(found?),
        }
    }

    /// Connections of granted portals by ascending portal, after one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connections(
        &self,
        grant: &PortalGrant,
        filter: &ConnectionFilter,
        after: (i64, Uuid),
        size: i64,
    ) -> Result<Page<Connection>, ControlError> {
        Ok(self.inner.store.connections(grant, filter, after, size).await?)
    }

    /// Disconnects a portal. Settings and answers stay, the place becomes free, the Salesforce secrets are deleted.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`, `CONNECTION_NOT_FOUND`, `CONNECT_RUNNING`, `ETAG_MISMATCH`.
    pub async fn disconnect(
        &self,
        call: &Call,
        portal_id: PortalId,
        etag: Option<i64>,
    ) -> Result<Connection, ControlError> {
        let principal = call.principal.clone();
        let connection = self
            .inner
            .store
            .change(call, Target::Portal(portal_id), move |tx| {
                let actor = Actor { by: principal.clone(), at: tx.now() };
                Box::pin(async move { disconnect(tx, &actor, etag).await })
            })
            .await?;
        Ok(connection)
    }
}

async fn join(tx: &mut PortalTx, setup: Setup, running: ConnectAttempt) -> Result<Started, StoreError> {
    let attempt = AttemptView { portal_id: setup.portal_id, setup_id: setup.id, attempt: running };
    Ok(Started { attempt, joined: true, view: tx.view_setup(setup).await? })
}

async fn begin(tx: &mut PortalTx, setup: Setup, attempt: ConnectAttempt) -> Result<Started, StoreError> {
    let (portal_id, setup_id) = (setup.portal_id, setup.id);
    let view = tx.save_attempt(setup.with_attempt(attempt.clone())).await?;
    Ok(Started { attempt: AttemptView { portal_id, setup_id, attempt }, joined: false, view })
}

fn new_attempt(
    id: AttemptId,
    purpose: Purpose,
    claims: Claims,
    expected_org_id: Option<OrgId>,
    actor: &Actor,
) -> ConnectAttempt {
    ConnectAttempt {
        id,
        purpose,
        state: ConnectState::Queued,
        claims,
        expected_org_id,
        org_id: None,
        findings: Vec::new(),
        logins: 0,
        api_calls: 0,
        requested_by: actor.by.clone(),
        created_at: actor.at,
        updated_at: actor.at,
    }
}

/// Stores what the request brought along: the credential as a candidate, its token in the place of the stored one. A
/// connection that is in force keeps its token until the new one has proved good.
async fn store_sealed(
    tx: &mut PortalTx,
    setup: Setup,
    actor: &Actor,
    sealed: &Sealed,
) -> Result<Setup, StoreError> {
    if let Some(credential) = &sealed.credential {
        tx.put_secret(SecretKind::SalesforceCredential, SecretRole::Candidate, credential).await?;
        tx.delete_secret(SecretKind::SecurityToken, SecretRole::Candidate).await?;
    }
    let Some(token) = &sealed.token else { return Ok(setup) };
    if tx.active_connection().await?.is_some() {
        tx.put_secret(SecretKind::SecurityToken, SecretRole::Candidate, token).await?;
        return Ok(setup);
    }
    tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, token).await?;
    let answer = SecurityToken::Stored { fingerprint: token.info.fingerprint.clone(), set_at: actor.at };
    let answered = setup.clone().submit_token(actor, answer)?;
    save_answer(tx, &setup, answered).await.map(|view| view.setup)
}

async fn disconnect(tx: &mut PortalTx, actor: &Actor, etag: Option<i64>) -> Result<Connection, StoreError> {
    let mut connection = tx.last_connection().await?.ok_or(Reason::ConnectionNotFound)?;
    if !connection.is_active() {
        return Ok(connection);
    }
    check_etag(etag, connection.version)?;
    let setup = tx.active_setup().await?;
    if setup.as_ref().is_some_and(|setup| setup.running_attempt().is_some()) {
        return Err(Reason::ConnectRunning.into());
    }
    for kind in [SecretKind::SalesforceCredential, SecretKind::SalesforceSession] {
        tx.delete_secret(kind, SecretRole::Current).await?;
        tx.delete_secret(kind, SecretRole::Candidate).await?;
    }
    tx.delete_secret(SecretKind::SecurityToken, SecretRole::Candidate).await?;
    connection.state = ConnectionState::Disconnected;
    connection.disconnected_at = Some(actor.at);
    connection.credential = None;
    let connection = tx.save_connection(connection).await?;
    let suspended = tx.sync().clone().suspended(SuspensionReason::NotConnected, actor.at);
    let settings = setup.as_ref().map(Setup::settings).unwrap_or_default();
    tx.save_sync(suspended, settings, None).await?;
    if let Some(setup) = setup {
        tx.save_setup(setup.disconnected(actor)).await?;
    }
    Ok(connection)
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
