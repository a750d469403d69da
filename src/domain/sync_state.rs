//! Three states, not one: what the operator wants, what the system had to stop for, and the health that follows.
//!
//! Pausing and resuming never touch a suspension, and a suspension clears by itself when its cause is gone.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::reason::{Reason, Refusal};

/// What the operator wants.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Operator {
    /// Never switched on.
    #[default]
    Off,
    /// On.
    On(Deed),
    /// Paused.
    Paused {
        /// Who and when.
        deed: Deed,
        /// Why, in the operator's words.
        reason: String,
        /// Who had switched it on, and when: what resuming returns to.
        on: Deed,
    },
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// The principal.
    pub by: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// What the system had to stop for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspensionReason {
    /// Not connected.
    NotConnected,
    /// The connection must be probed again.
    ConnectionStale,
    /// Salesforce refuses the credential.
    SalesforceCredentialRefused,
    /// HubSpot refuses the credential.
    HubspotCredentialRefused,
    /// No API calls are left.
    ApiCallsExhausted,
}

/// A suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// What for.
    pub reason: SuspensionReason,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// What follows; the first match wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Never switched on.
    Off,
    /// Paused by a person.
    Paused,
    /// Stopped by the system.
    Suspended,
    /// On and able to work.
    Healthy,
}

/// The sync of one portal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// What the operator wants.
    #[serde(default)]
    pub operator: Operator,
    /// What the system had to stop for.
    #[serde(default)]
    pub suspension: Option<Suspension>,
}

impl SyncState {
    /// What follows from both.
    #[must_use]
    pub fn health(&self) -> Health {
        match (&self.operator, self.suspension) {
            (Operator::Off, _) => Health::Off,
            (Operator::Paused { .. }, _) => Health::Paused,
            (Operator::On(_), Some(_)) => Health::Suspended,
            (Operator::On(_), None) => Health::Healthy,
        }
    }

    /// Whether sync was ever switched on and not taken back.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        !matches!(self.operator, Operator::Off)
    }

    /// Switches on. A paused sync stays paused: switching on is not resuming.
    #[must_use]
    pub fn enabled(mut self, deed: Deed) -> Self {
        if self.operator == Operator::Off {
            self.operator = Operator::On(deed);
        }
        self
    }

    /// Pauses. Pausing again keeps the first pause.
    ///
    /// # Errors
    /// `SYNC_NOT_ON` when it was never switched on.
    pub fn paused(mut self, deed: Deed, reason: String) -> Result<Self, Refusal> {
        self.operator = match self.operator {
            Operator::Off => return Err(Reason::SyncNotOn.into()),
            Operator::On(on) => Operator::Paused { deed, reason, on },
            already @ Operator::Paused { .. } => already,
        };
        Ok(self)
    }

    /// Resumes where it was. Resuming what is on changes nothing.
    ///
    /// # Errors
    /// `SYNC_NOT_ON` when it was never switched on.
    pub fn resumed(mut self, deed: Deed) -> Result<Self, Refusal> {
        self.operator = match self.operator {
            Operator::Off => return Err(Reason::SyncNotOn.into()),
            Operator::Paused { .. } => Operator::On(deed),
            already @ Operator::On(_) => already,
        };
        Ok(self)
    }

    /// Suspends for a reason; the first moment of the same reason is kept.
    #[must_use]
    pub fn suspended(mut self, reason: SuspensionReason, at: OffsetDateTime) -> Self {
        if self.suspension.is_none_or(|suspension| suspension.reason != reason) {
            self.suspension = Some(Suspension { reason, since: at });
        }
        self
    }

    /// Clears a suspension whose cause is gone; another one stays.
    #[must_use]
    pub fn cleared(mut self, reasons: &[SuspensionReason]) -> Self {
        if self.suspension.is_some_and(|suspension| reasons.contains(&suspension.reason)) {
            self.suspension = None;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(by: &str) -> Deed {
        Deed { by: by.to_owned(), at: OffsetDateTime::UNIX_EPOCH }
    }

    #[test]
    fn pausing_and_resuming_leave_a_suspension_alone() -> Result<(), Refusal> {
        let suspended = SyncState::default()
            .enabled(deed("a"))
            .suspended(SuspensionReason::ApiCallsExhausted, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(suspended.health(), Health::Suspended);
        let paused = suspended.paused(deed("b"), "lunch".to_owned())?;
        assert_eq!(paused.health(), Health::Paused);
        let resumed = paused.resumed(deed("c"))?;
        assert_eq!(resumed.health(), Health::Suspended);
        let cleared = resumed.cleared(&[SuspensionReason::ApiCallsExhausted]);
        assert_eq!(cleared.health(), Health::Healthy);
        Ok(())
    }

    #[test]
    fn only_what_is_on_can_be_paused() {
        let refusal = SyncState::default().paused(deed("a"), String::new()).err();
        assert_eq!(refusal.map(|refusal| refusal.reason), Some(Reason::SyncNotOn));
    }
}
