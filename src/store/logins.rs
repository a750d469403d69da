//! Logins, written down before they are sent, so that nobody is locked out by a machine.

use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{PortalTx, Store, StoreError};
use crate::domain::{AttemptId, PortalId, connection::LoginIdentity};

/// How a login came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// Accepted.
    Accepted,
    /// Refused for the credential.
    Refused,
    /// It failed for another reason.
    Failed,
}

impl LoginOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What is known of earlier logins of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginRecord {
    /// Logins within the window that were refused or whose answer is not known, of whatever credential: those that
    /// Salesforce may count towards a lockout. An outage is none.
    pub refused_or_lost: i64,
    /// The same credential was refused when it was last sent.
    pub same_was_refused: bool,
    /// When the oldest of those counted was sent.
    pub oldest: Option<OffsetDateTime>,
}

/// The logins of one action by how they came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ActionLogins {
    /// Sent perhaps; nobody wrote down the answer.
    pub unanswered: i64,
    /// Accepted, and the session is kept.
    pub accepted: i64,
    /// Refused for the credential.
    pub refused: i64,
    /// Failed for another reason.
    pub failed: i64,
}

impl PortalTx {
    /// Writes down that a login is about to be sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record_login(
        &mut self,
        login_id: Uuid,
        attempt: Option<AttemptId>,
        identity: &LoginIdentity,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "/* logins::record_login */
            insert into login_attempts (login_id, portal_id, attempt_id, user_key, fingerprint, started_at)
            values ($1, $2, $3, $4, $5, clock_timestamp())",
            login_id,
            self.portal_id().get(),
            attempt.map(|attempt| attempt.0),
            identity.user_key,
            identity.fingerprint,
        )
        .execute(&mut **self.sql()?)
        .await?;
        self.details.note(
            "login",
            serde_json::json!({
                "act": "sent",
                "login_id": login_id,
                "method": identity.method.name(),
                "user_key": identity.user_key,
                "fingerprint": identity.fingerprint,
            }),
        );
        Ok(())
    }

    /// Writes down how a login came out, together with what it gave.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_login(&mut self, login_id: Uuid, outcome: LoginOutcome) -> Result<(), StoreError> {
        end_login(self.sql()?, login_id, outcome).await
    }
}

impl Store {
    /// Writes down how a login came out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_login(&self, login_id: Uuid, outcome: LoginOutcome) -> Result<(), StoreError> {
        crate::failpoint::hit("store.before_end_login").await;
        end_login(&mut *self.pool.acquire().await?, login_id, outcome).await?;
        crate::failpoint::hit("store.after_end_login").await;
        Ok(())
    }

    /// What is known of the logins of a user within the last `window`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn login_record(
        &self,
        identity: &LoginIdentity,
        window: Duration,
    ) -> Result<LoginRecord, StoreError> {
        let row = sqlx::query!(
            r#"/* logins::login_record */
            select
                count(*) filter (where outcome is null or outcome = 'refused') as "refused_or_lost!",
                min(started_at) filter (where outcome is null or outcome = 'refused') as oldest,
                coalesce((
                    select last.outcome = 'refused' from login_attempts last
                    where last.user_key = $1 and last.fingerprint = $2
                    order by last.started_at desc limit 1
                ), false) as "same_was_refused!"
            from login_attempts
            where user_key = $1 and started_at > clock_timestamp() - make_interval(secs => $3)"#,
            identity.user_key,
            identity.fingerprint,
            window.as_seconds_f64(),
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        Ok(LoginRecord {
            refused_or_lost: row.refused_or_lost,
            same_was_refused: row.same_was_refused,
            oldest: row.oldest,
        })
    }

    /// What is known of the logins that an action has sent.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn logins_of_action(
        &self,
        portal_id: PortalId,
        action: AttemptId,
    ) -> Result<ActionLogins, StoreError> {
        let row = sqlx::query!(
            r#"/* logins::logins_of_action */
            select
                count(*) filter (where outcome is null) as "unanswered!",
                count(*) filter (where outcome = 'accepted') as "accepted!",
                count(*) filter (where outcome = 'refused') as "refused!",
                count(*) filter (where outcome = 'failed') as "failed!"
            from login_attempts where portal_id = $1 and attempt_id = $2"#,
            portal_id.get(),
            action.0,
        )
        .fetch_one(&mut *self.pool.acquire().await?)
        .await?;
        Ok(ActionLogins {
            unanswered: row.unanswered,
            accepted: row.accepted,
            refused: row.refused,
            failed: row.failed,
        })
    }
}

async fn end_login(
    connection: &mut PgConnection,
    login_id: Uuid,
    outcome: LoginOutcome,
) -> Result<(), StoreError> {
    sqlx::query!(
        "/* logins::end_login */
        update login_attempts set outcome = $2, ended_at = clock_timestamp() where login_id = $1",
        login_id,
        outcome.name(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
