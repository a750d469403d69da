//! The end of connecting: the place is claimed, what was tried is in force, in one commit.

use super::{
    Control, ControlError,
    check::org_of,
    connect_run::Probed,
    shared::{Sharing, share},
    vendor::org_seen,
};
use crate::{
    domain::{
        Reason, SetupId,
        api_limit::MAX_LIMIT,
        connection::{ConnectAttempt, ConnectState, Connection, ConnectionState, Org, Purpose},
        portal::CredentialInfo,
        probe::Finding,
        setup::{Actor, SecurityToken, Setup, Step},
        sync_state::SuspensionReason,
    },
    salesforce::Session,
    store::{Job, NewConnection, PortalTx, SecretKind, SecretRole, SecretRow, StoreError},
};

/// How often it is found out anew who shares a credential, when another connection of the user comes in between.
const TRIES: u32 = 3;

/// What is connected: the org, the credential, the findings, and the token if one came with the credential.
type New = (Org, CredentialInfo, Vec<Finding>, Option<CredentialInfo>);

impl Control {
    /// Claims the place and makes everything that was tried the one in force, in one commit.
    pub(super) async fn start(
        &self,
        job: &Job,
        setup_id: SetupId,
        attempt: &ConnectAttempt,
        session: &Session,
        probed: Probed,
    ) -> Result<(), ControlError> {
        let org_id = &org_of(session)?;
        let login = self
            .stored_login(job.portal_id, &[SecretRole::Candidate, SecretRole::Current])
            .await?
            .ok_or(Reason::CredentialMissing)?;
        let credential = self.credential_info(job).await?.ok_or(Reason::CredentialMissing)?;
        let portal_cap = self.inner.store.settings().portals_per_org;
        let org = org_seen(org_id, session, &probed.facts, portal_cap);
        let findings = probed.findings.clone();
        let token = self.candidate_token_info(job).await?;
        let replaces = attempt.purpose == Purpose::Rotate;
        let mut outcome = Err(Reason::ConflictingChange.into());
        for _ in 0..TRIES {
            let sharing = self.sharing(job.portal_id, &login, replaces).await?;
            let new = (org.clone(), credential.clone(), findings.clone(), token.clone());
            outcome = self.connect(job, setup_id, sharing, new).await;
            if !matches!(&outcome, Err(ControlError::Refused(refusal)) if refusal.reason == Reason::ConflictingChange)
            {
                break;
            }
        }
        match outcome {
            Ok(()) => {
                if let Ok(calls) = &probed.facts.api_calls {
                    self.inner
                        .store
                        .observe_api_calls(org_id, calls.max - calls.remaining, calls.max)
                        .await?;
                }
                self.drop_job(job).await
            }
            Err(ControlError::Refused(refusal)) if refusal.reason != Reason::ConflictingChange => {
                self.fail(job, setup_id, refusal, probed.findings, 0).await
            }
            Err(error) => Err(error),
        }
    }

    /// A security token that came with the credential of a connected portal, and takes over with it.
    async fn candidate_token_info(&self, job: &Job) -> Result<Option<CredentialInfo>, ControlError> {
        let (kind, role) = (SecretKind::SecurityToken, SecretRole::Candidate);
        Ok(self.inner.store.secret(job.portal_id, kind, role).await?.map(|row| row.info))
    }

    async fn credential_info(&self, job: &Job) -> Result<Option<CredentialInfo>, ControlError> {
        for role in [SecretRole::Candidate, SecretRole::Current] {
            let row: Option<SecretRow> =
                self.inner.store.secret(job.portal_id, SecretKind::SalesforceCredential, role).await?;
            if let Some(row) = row {
                return Ok(Some(row.info));
            }
        }
        Ok(None)
    }

    async fn connect(
        &self,
        job: &Job,
        setup_id: SetupId,
        sharing: Sharing,
        new: New,
    ) -> Result<(), ControlError> {
        let along = sharing.portals();
        self.advance_along(job, setup_id, along, "connect.start", move |tx, setup, attempt| {
            let (mut org, credential, findings, token) = new.clone();
            let sharing = sharing.clone();
            Box::pin(async move {
                if org.allocation == 0 {
                    org.allocation =
                        tx.view_setup(setup.clone()).await?.limit.map_or(0, |limit| limit.allocation);
                }
                let limit = setup.answers.api_call_limit.map_or(MAX_LIMIT, |limit| limit.limit);
                let login = sharing.login.clone();
                let new = NewConnection {
                    org,
                    credential,
                    login,
                    api_call_limit: limit,
                    findings,
                    // Of every server that probed for this attempt: they count in the commit that ends it.
                    api_calls: attempt.api_calls,
                };
                let connection = tx.connect(&new).await?;
                share(tx, &sharing).await?;
                finish(tx, setup, attempt, &connection, token).await
            })
        })
        .await
    }
}

/// The setup after its accounts were connected; the secrets that were tried are in force, a suspension is cleared.
async fn finish(
    tx: &mut PortalTx,
    mut setup: Setup,
    attempt: ConnectAttempt,
    connection: &Connection,
    token: Option<CredentialInfo>,
) -> Result<Setup, StoreError> {
    let mut claims = attempt.claims.clone();
    if let Some(CredentialInfo { fingerprint, set_at, .. }) = token {
        tx.promote_secret(SecretKind::SecurityToken).await?;
        claims.token_fingerprint = Some(fingerprint.clone());
        setup.answers.security_token = Some(SecurityToken::Stored { fingerprint, set_at });
    }
    tx.promote_secret(SecretKind::SalesforceCredential).await?;
    tx.promote_secret(SecretKind::SalesforceSession).await?;
    let mut sync = tx.sync().clone().cleared(&[
        SuspensionReason::NotConnected,
        SuspensionReason::ConnectionStale,
        SuspensionReason::SalesforceCredentialRefused,
    ]);
    let actor = Actor { by: attempt.requested_by.clone(), at: tx.now() };
    let connected = attempt.moved(ConnectState::Connected { connection_id: connection.id }, tx.now());
    let setup = setup.connected(&actor, &claims).with_attempt(connected);
    if !setup.holds(Step::ConnectAccounts) {
        // What was probed has been edited meanwhile.
        tx.save_connection(Connection { state: ConnectionState::Stale, ..connection.clone() }).await?;
        sync = sync.suspended(SuspensionReason::ConnectionStale, actor.at);
    }
    tx.save_sync(sync, setup.settings(), Some(connection.org_id.clone())).await?;
    Ok(setup)
}
