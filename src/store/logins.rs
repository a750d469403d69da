//! Logins, written down before they are sent, so that nobody is locked out by a machine.

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
        .execute(&mut *self.sql)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Writes down how a login came out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_login(&self, login_id: Uuid, outcome: LoginOutcome) -> Result<(), StoreError> {
        sqlx::query!(
            "/* logins::end_login */
            update login_attempts set outcome = $2, ended_at = clock_timestamp() where login_id = $1",
            login_id,
            outcome.name(),
        )
        .execute(&self.pool)
        .await?;
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
        .fetch_one(&self.pool)
        .await?;
        Ok(LoginRecord {
            refused_or_lost: row.refused_or_lost,
            same_was_refused: row.same_was_refused,
            oldest: row.oldest,
        })
    }

    /// How many logins an attempt has sent, and whether the last one's answer is known.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn logins_of_attempt(
        &self,
        portal_id: PortalId,
        attempt: AttemptId,
    ) -> Result<(i64, bool), StoreError> {
        let row = sqlx::query!(
            r#"/* logins::logins_of_attempt */
            select count(*) as "sent!", count(*) filter (where outcome is null) as "unanswered!"
            from login_attempts where portal_id = $1 and attempt_id = $2"#,
            portal_id.get(),
            attempt.0,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.sent, row.unanswered > 0))
    }
}
