//! Connecting: the part that answers the caller. It writes the intent down; [`connect_run`](super) does the rest.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Control, ControlError, SalesforceLogin, check_etag, step::save_answer};
use crate::{
    domain::{
        AttemptId, OrgId, PortalId, Reason, Refusal, SetupId,
        access::PortalGrant,
        change::{AttemptView, SetupView},
        connection::{Claims, ConnectAttempt, ConnectState, Connection, ConnectionState, Purpose},
        portal::CredentialMethod,
        setup::{Actor, SecurityToken, Setup, Step},
        sync_state::SuspensionReason,
    },
    store::{
        Call, ConnectionFilter, JobKind, Look, Page, PortalTx, SecretKind, SecretRole, SecretRow, StoreError,
        Target,
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

/// What an attempt is asked to do.
#[derive(Clone)]
struct Asked {
    purpose: Purpose,
    etag: Option<i64>,
    sealed: Sealed,
    expected_org_id: Option<OrgId>,
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
        let target = Target::Setup(id);
        let mut seen = match self.inner.store.look_with(call, target, SecretKind::SecurityToken).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        let setup = seen.setup(id).await?;
        setup.check_reached(Step::ConnectAccounts)?;
        if let Some(login) = &request.login {
            self.check_my_domain(login)?;
        }
        if setup.running_attempt().is_none() {
            self.check_ready(&setup, &request, seen.take_secret()?).await?;
        }
        let sealed = self.seal_request(setup.portal_id, request.login.as_ref()).await?;
        let asked =
            Asked { purpose: Purpose::Connect, etag, sealed, expected_org_id: request.expected_org_id };
        self.start_attempt(call, target, seen, asked).await
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
        let target = Target::Portal(portal_id);
        let mut seen = match self.inner.store.look_with(call, target, SecretKind::SecurityToken).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        let connection = seen.active_connection().await?.ok_or(Reason::NotConnected)?;
        let setup = seen.active_setup().await?.ok_or(Reason::NotConnected)?;
        if setup.running_attempt().is_some() {
            return Err(Reason::ConnectRunning.into());
        }
        self.check_my_domain(&login)?;
        let sealed = self.seal_request(portal_id, Some(&login)).await?;
        let request = ConnectRequest { login: Some(login), expected_org_id: None };
        self.check_ready(&setup, &request, seen.take_secret()?).await?;
        let expected_org_id = Some(connection.org_id);
        let asked = Asked { purpose: Purpose::Rotate, etag: None, sealed, expected_org_id };
        self.start_attempt(call, target, seen, asked).await
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
    async fn check_ready(
        &self,
        setup: &Setup,
        request: &ConnectRequest,
        token: Option<SecretRow>,
    ) -> Result<(), ControlError> {
        let roles = [SecretRole::Candidate, SecretRole::Current];
        let login = match request.login.clone() {
            Some(login) if !login.lacks_token() => login,
            Some(login) => {
                let Some(token) = token else { return Err(Reason::SecurityTokenMissing.into()) };
                let (bytes, _) = self.open_row(setup.portal_id, SecretKind::SecurityToken, token).await?;
                login.with_token(bytes.into_text())
            }
            None => self.stored_login(setup.portal_id, &roles).await?.ok_or(Reason::CredentialMissing)?,
        };
        if login.lacks_token() {
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
        seen: Box<PortalTx>,
        asked: Asked,
    ) -> Result<Started, ControlError> {
        let attempt_id = AttemptId(Uuid::now_v7());
        let principal = call.principal.clone();
        let started = self
            .inner
            .store
            .change_seen(call, target, seen, move |tx| {
                let Asked { purpose, etag, sealed, expected_org_id } = asked.clone();
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
