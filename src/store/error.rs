//! What can go wrong with the database, and what that means to a caller.

use thiserror::Error;

use super::constraint;
use crate::domain::{PortalId, Reason, Refusal};

/// A failure of the store.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A rule said no; nothing was changed.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// The database does not answer, or not in time. Nothing was changed that asking again would not show.
    #[error("the database does not answer")]
    Unavailable(#[source] sqlx::Error),
    /// A row could not be read as what it should be.
    #[error("a stored {what} cannot be read")]
    Unreadable {
        /// What it should be.
        what: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// Nothing was changed: the change has to run under the portal's lock. No caller of [`Store::change`] sees it.
    ///
    /// [`Store::change`]: super::Store::change
    #[error("the change needs the portal's lock")]
    NeedsLock,
    /// Anything else: a defect.
    #[error("the database refused a statement")]
    Statement(#[source] sqlx::Error),
}

impl From<Reason> for StoreError {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason.into())
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if let Some(reason) = constraint::violated(&error) {
            return Self::Refused(reason.into());
        }
        if is_unavailable(&error) { Self::Unavailable(error) } else { Self::Statement(error) }
    }
}

impl StoreError {
    /// A row that can't be read, for a reason that no parser gave.
    pub(super) fn unreadable(what: &'static str, why: &dyn std::fmt::Display) -> Self {
        Self::Unreadable { what, source: serde::de::Error::custom(why) }
    }

    /// The same, naming the portal that was locked: a refusal says whom it concerns.
    pub(super) fn about(self, portal_id: PortalId) -> Self {
        match self {
            Self::Refused(refusal) if refusal.arg("portal_id").is_none() => {
                Self::Refused(refusal.with("portal_id", portal_id))
            }
            other => other,
        }
    }

    /// Whether the transaction can be run again as a whole: it lost a race that the database broke.
    pub(super) fn is_serialisation_failure(&self) -> bool {
        matches!(self, Self::Statement(error) if is_tie(error))
    }

    /// The same, for a caller who can only try again later: a tie that was not broken in all the runs is no defect.
    pub(super) fn after_all_runs(self) -> Self {
        match self {
            Self::Statement(error) if is_tie(&error) => Self::Unavailable(error),
            other => other,
        }
    }

    /// Whether another connection may fare better.
    pub(super) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Unavailable(sqlx::Error::PoolTimedOut) => false,
            Self::Unavailable(error) => {
                sqlstate(error).is_none_or(|state| state != "57014" && state != "55P03")
            }
            _ => false,
        }
    }
}

fn is_tie(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some("40001" | "40P01"))
}

fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|database| database.code()).map(|code| code.into_owned())
}

/// Connection lost, shutting down, standby, out of resources, ended while it slept in a transaction, or a time-out: not
/// a defect of the statement.
pub(super) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(_) => sqlstate(error).is_some_and(|state| {
            ["08", "53", "57"].iter().any(|class| state.starts_with(class))
                || ["25006", "25P03"].contains(&state.as_str())
                || state == "55P03"
        }),
        _ => false,
    }
}
