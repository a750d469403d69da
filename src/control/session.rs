//! Sessions with Salesforce. A login is written down before it is sent and is sent at most once for what a user asked.

use std::future::Future;

use secrecy::SecretString;
use time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Control, ControlError, SalesforceLogin,
    vendor::{is_login_lost, login_refusal},
};
use crate::{
    domain::{
        AttemptId, PortalId, Reason, Refusal, edition::Environment, portal::CredentialMethod,
        setup::SecurityToken,
    },
    salesforce::{self, LoginTarget, SalesforceErrorKind, Session},
    store::{ActionLogins, Call, LoginOutcome, SecretKind, SecretRole, SecretRow, Target},
};

/// The window in which logins are counted.
const LOGIN_WINDOW: Duration = Duration::hours(1);

/// While a token may not be active yet, this many times the usual number of logins: 9 by default, and Salesforce locks
/// a user out after 10.
const FRESH_TOKEN_FACTOR: i64 = 3;

/// A login that was sent.
pub(super) enum LoggedIn {
    /// Accepted.
    Session(Box<Session>),
    /// Refused, or failed.
    Refused {
        /// Why.
        refusal: Refusal,
        /// Salesforce refused user name, password or token: a new token may not be active yet.
        credential: bool,
    },
}

impl Control {
    /// The stored credential, with the security token carried over from its step.
    pub(super) async fn stored_login(
        &self,
        portal_id: PortalId,
        roles: &[SecretRole],
    ) -> Result<Option<SalesforceLogin>, ControlError> {
        for role in roles {
            let opened = self.open_secret(portal_id, SecretKind::SalesforceCredential, *role).await?;
            if let Some((bytes, _)) = opened {
                let login = SalesforceLogin::from_bytes(&bytes)?;
                let token: Option<SecretString> = match login.method() {
                    CredentialMethod::Password => self.stored_token(portal_id, *role).await?,
                    _ => None,
                };
                return Ok(Some(login.with_token(token)));
            }
        }
        Ok(None)
    }

    /// Refuses a login that could lock the user out: too many were refused within the hour, or this very credential
    /// was. A token that may not be active yet is not held against the credential, and stretches the limit.
    pub(super) async fn check_login_allowed(
        &self,
        login: &SalesforceLogin,
        token_is_fresh: bool,
    ) -> Result<(), ControlError> {
        let identity = self.login_identity(login);
        let record = self.inner.store.login_record(&identity, LOGIN_WINDOW).await?;
        if record.same_was_refused && !token_is_fresh {
            return Err(Refusal::new(Reason::SalesforceLoginRefused).with("repeated", "yes").into());
        }
        let limit = self.login_limit(token_is_fresh);
        if record.refused_or_lost >= limit {
            let frees = record.oldest.map(|oldest| oldest + LOGIN_WINDOW - time::OffsetDateTime::now_utc());
            let seconds = frees.map_or(LOGIN_WINDOW.whole_seconds(), |wait| wait.whole_seconds().max(1));
            return Err(Refusal::new(Reason::SalesforceLoginLimit)
                .with("limit", limit)
                .with("retry_seconds", seconds)
                .into());
        }
        Ok(())
    }

    fn login_limit(&self, token_is_fresh: bool) -> i64 {
        let factor = if token_is_fresh { FRESH_TOKEN_FACTOR } else { 1 };
        self.inner.settings.logins_per_hour.saturating_mul(factor)
    }

    /// Whether a refused login may be sent once more when its token may have become active.
    pub(super) async fn may_try_token_again(&self, login: &SalesforceLogin) -> Result<bool, ControlError> {
        let record = self.inner.store.login_record(&self.login_identity(login), LOGIN_WINDOW).await?;
        Ok(record.refused_or_lost < self.login_limit(true))
    }

    /// Runs a login from the intent to the outcome, both written down, also when the caller hangs up or the server
    /// drains meanwhile: a login that was sent and whose answer nobody writes down could not be repeated.
    pub(super) async fn to_its_end<T: Send + 'static>(
        &self,
        login: impl Future<Output = Result<T, ControlError>> + Send + 'static,
    ) -> Result<T, ControlError> {
        let task = self.inner.logins.spawn(login.in_current_span());
        task.await.unwrap_or_else(|_| Err(Reason::LoginOutcomeUnknown.into()))
    }

    /// Comes back when `stop` was cancelled and no login is under way any more.
    pub(super) async fn stopped_between_logins(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        self.inner.logins.close();
        self.inner.logins.wait().await;
    }

    /// Sends a login that was written down under `login_id`. A refusal is written down here; that it was accepted is
    /// for the caller to write down, in the commit that keeps the session: without it, the answer counts as lost.
    pub(super) async fn send_login(
        &self,
        login_id: Uuid,
        login: &SalesforceLogin,
        environment: Environment,
    ) -> Result<LoggedIn, ControlError> {
        let target = LoginTarget {
            environment: match environment {
                Environment::Production => salesforce::Environment::Production,
                Environment::Sandbox => salesforce::Environment::Sandbox,
            },
            my_domain: login.my_domain.clone(),
        };
        crate::failpoint::hit("login.before_call").await;
        let answer = self.inner.salesforce.login(&target, &login.credential).await;
        crate::failpoint::hit("login.after_call").await;
        match answer {
            Ok(session) => Ok(LoggedIn::Session(Box::new(session))),
            Err(error) => {
                let credential = *error.kind() == SalesforceErrorKind::LoginRefused;
                // A login whose answer was lost stays without an outcome, as one that a crash cut short.
                if credential {
                    self.refuse_login(login_id, login).await?;
                } else if !is_login_lost(&error) {
                    self.inner.store.end_login(login_id, LoginOutcome::Failed).await?;
                }
                tracing::info!(error = %error, "salesforce login was not accepted");
                let refusal = login_refusal(&error);
                // Salesforce refuses a sandbox's user at the production host, and the reverse, in the same words (R30).
                let refusal = if credential { refusal.with("claimed", environment.label()) } else { refusal };
                Ok(LoggedIn::Refused { refusal, credential })
            }
        }
    }

    /// The session in force, without a login.
    pub(super) async fn current_session(&self, portal_id: PortalId) -> Result<Option<Session>, ControlError> {
        let row =
            self.inner.store.secret(portal_id, SecretKind::SalesforceSession, SecretRole::Current).await?;
        self.open_session(portal_id, row).await
    }

    /// The same of a row that was read.
    pub(super) async fn open_session(
        &self,
        portal_id: PortalId,
        row: Option<SecretRow>,
    ) -> Result<Option<Session>, ControlError> {
        let Some(row) = row else { return Ok(None) };
        let (bytes, _) = self.open_row(portal_id, SecretKind::SalesforceSession, row).await?;
        Ok(Session::from_bytes(bytes.expose()).ok())
    }

    /// Logs in anew for an action that found its session ended; once for each action.
    ///
    /// # Errors
    /// `LOGIN_OUTCOME_UNKNOWN` when the action has sent a login whose answer was lost, `SALESFORCE_SESSION_REFUSED`
    /// when the session it got has ended as well, and what the login itself is or was refused with.
    pub(super) async fn renew_session(
        &self,
        portal_id: PortalId,
        action: Uuid,
    ) -> Result<Session, ControlError> {
        let action = AttemptId(action);
        if let Some(reason) = spent(&self.inner.store.logins_of_action(portal_id, action).await?) {
            return Err(reason.into());
        }
        let login =
            self.stored_login(portal_id, &[SecretRole::Current]).await?.ok_or(Reason::CredentialMissing)?;
        self.check_login_allowed(&login, false).await?;
        let environment = self.environment_of(portal_id).await?;
        let control = self.clone();
        self.to_its_end(async move {
            let login_id = control.record_login(portal_id, action, &login).await?;
            let session = match control.send_login(login_id, &login, environment).await? {
                LoggedIn::Session(session) => *session,
                LoggedIn::Refused { refusal, .. } => return Err(refusal.into()),
            };
            control.keep_session(portal_id, login_id, &session, &login).await?;
            Ok(session)
        })
        .await
    }

    /// Writes down that a login is about to be sent.
    pub(super) async fn record_login(
        &self,
        portal_id: PortalId,
        action: AttemptId,
        login: &SalesforceLogin,
    ) -> Result<Uuid, ControlError> {
        let login_id = Uuid::now_v7();
        let identity = self.login_identity(login);
        self.inner
            .store
            .change(&Call::internal("login.record"), Target::Portal(portal_id), move |tx| {
                let identity = identity.clone();
                Box::pin(async move { tx.record_login(login_id, Some(action), &identity).await })
            })
            .await?;
        Ok(login_id)
    }

    async fn keep_session(
        &self,
        portal_id: PortalId,
        login_id: Uuid,
        session: &Session,
        login: &SalesforceLogin,
    ) -> Result<(), ControlError> {
        let sealed = self.seal_session(portal_id, session).await?;
        let rotated = match &session.rotated_refresh_token {
            Some(token) => Some(self.seal_salesforce_login(portal_id, &login.clone().rotated(token)).await?),
            None => None,
        };
        self.inner
            .store
            .change(&Call::internal("session.keep"), Target::Portal(portal_id), move |tx| {
                let (sealed, rotated) = (sealed.clone(), rotated.clone());
                Box::pin(async move {
                    tx.end_login(login_id, LoginOutcome::Accepted).await?;
                    tx.put_secret(SecretKind::SalesforceSession, SecretRole::Current, &sealed).await?;
                    if let Some(rotated) = &rotated {
                        tx.put_secret(SecretKind::SalesforceCredential, SecretRole::Current, rotated).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        Ok(())
    }

    /// Keeps a refresh token that a login gave in the place of the one it used, which has ended with it.
    pub(super) async fn keep_rotated(
        &self,
        portal_id: PortalId,
        session: &Session,
        login: &SalesforceLogin,
    ) -> Result<(), ControlError> {
        let Some(token) = &session.rotated_refresh_token else { return Ok(()) };
        let rotated = self.seal_salesforce_login(portal_id, &login.clone().rotated(token)).await?;
        let kind = SecretKind::SalesforceCredential;
        self.inner
            .store
            .change(&Call::internal("login.rotated"), Target::Portal(portal_id), move |tx| {
                let rotated = rotated.clone();
                Box::pin(async move {
                    let candidate = tx.has_secret(kind, SecretRole::Candidate).await?;
                    let role = if candidate { SecretRole::Candidate } else { SecretRole::Current };
                    tx.put_secret(kind, role, &rotated).await
                })
            })
            .await?;
        Ok(())
    }

    pub(super) async fn environment_of(&self, portal_id: PortalId) -> Result<Environment, ControlError> {
        let view = self.inner.store.setup_of_portal(portal_id).await?.ok_or(Reason::SetupNotFound)?;
        Ok(view.setup.answers.environment.ok_or(Reason::SetupStepNotReached)?)
    }

    /// Whether a token was entered so recently that it may not be active yet (R52).
    pub(super) fn is_fresh(&self, token: Option<&SecurityToken>, now: time::OffsetDateTime) -> bool {
        match token {
            Some(SecurityToken::Stored { set_at, .. }) => {
                now - *set_at < self.inner.settings.token_activation_window
            }
            Some(SecurityToken::NotUsed) | None => false,
        }
    }
}

/// Why an action that has sent a login may send no other; `None` if it has sent none.
fn spent(logins: &ActionLogins) -> Option<Reason> {
    [
        (logins.unanswered, Reason::LoginOutcomeUnknown),
        (logins.refused, Reason::SalesforceLoginRefused),
        (logins.failed, Reason::SalesforceOrgUnavailable),
        (logins.accepted, Reason::SalesforceSessionRefused),
    ]
    .into_iter()
    .find(|(sent, _)| *sent > 0)
    .map(|(_, reason)| reason)
}
