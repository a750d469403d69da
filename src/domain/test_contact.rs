//! The test contact: starting, scheduling, processing, completed, each once and in order (R71–R74).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::{PortalId, Reason, Refusal, TestContactId, inclusion::Verdict};

/// The domain of test addresses; reserved by RFC 2606, so that no mail ever leaves.
const EMAIL_DOMAIN: &str = "example.com";

/// Where a test contact stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Written down.
    Starting,
    /// Waiting for its turn and for API calls.
    Scheduling,
    /// Created in HubSpot; being synced.
    Processing,
    /// In both CRMs.
    Completed,
    /// It did not get through.
    Failed,
    /// Cancelled.
    Cancelled,
}

impl Status {
    /// Whether nothing follows.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether `next` may follow.
    #[must_use]
    pub fn may_become(self, next: Self) -> bool {
        match next {
            Self::Starting => false,
            Self::Scheduling => self == Self::Starting,
            Self::Processing => self == Self::Scheduling,
            Self::Completed => self == Self::Processing,
            Self::Failed => !self.is_final(),
            Self::Cancelled => matches!(self, Self::Starting | Self::Scheduling),
        }
    }
}

/// Whether the records are to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "cleanup", rename_all = "snake_case")]
pub enum Cleanup {
    /// Nothing was asked.
    #[default]
    None,
    /// Being deleted.
    Deleting,
    /// Deleted in both CRMs.
    Deleted,
    /// Could not be deleted.
    Failed {
        /// Why.
        failure: Refusal,
    },
}

/// A record in Salesforce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesforceRecord {
    /// `Lead` or `Contact`.
    pub object: String,
    /// The 18-character id.
    pub id: String,
    /// Link to it.
    pub url: String,
}

/// A contact in HubSpot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubspotRecord {
    /// The contact id.
    pub id: String,
    /// Link to it.
    pub url: String,
}

/// A status and when it was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusTime {
    /// The status.
    pub status: Status,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// A test contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestContact {
    /// Its id.
    pub id: TestContactId,
    /// The portal.
    pub portal_id: PortalId,
    /// Where it stands.
    pub status: Status,
    /// Its address; unique, as it holds the id.
    pub email: String,
    /// The contact in HubSpot.
    pub hubspot: Option<HubspotRecord>,
    /// The record in Salesforce.
    pub salesforce: Option<SalesforceRecord>,
    /// What the inclusion rule says of it; the test does not depend on it.
    pub verdict: Option<Verdict>,
    /// Why it failed.
    pub failure: Option<Refusal>,
    /// Salesforce API calls used.
    pub api_calls: i64,
    /// Whether its records are to be deleted.
    #[serde(default)]
    pub cleanup: Cleanup,
    /// When each status was reached.
    pub history: Vec<StatusTime>,
    /// Who asked.
    pub requested_by: String,
    /// The portal's revision at its last change.
    pub version: i64,
}

impl TestContact {
    /// A new one.
    #[must_use]
    pub fn new(id: TestContactId, portal_id: PortalId, requested_by: String, at: OffsetDateTime) -> Self {
        Self {
            id,
            portal_id,
            status: Status::Starting,
            email: format!("connector-test+{}@{EMAIL_DOMAIN}", id.0.simple()),
            hubspot: None,
            salesforce: None,
            verdict: None,
            failure: None,
            api_calls: 0,
            cleanup: Cleanup::None,
            history: vec![StatusTime { status: Status::Starting, at }],
            requested_by,
            version: 0,
        }
    }

    /// The same one status further.
    ///
    /// # Errors
    /// `TEST_CONTACT_ENDED` when nothing may follow, `TEST_CONTACT_RUNNING` when it is too late to cancel.
    pub fn moved(mut self, next: Status, at: OffsetDateTime) -> Result<Self, Refusal> {
        if !self.status.may_become(next) {
            let reason =
                if self.status.is_final() { Reason::TestContactEnded } else { Reason::TestContactRunning };
            return Err(reason.into());
        }
        self.status = next;
        self.history.push(StatusTime { status: next, at });
        Ok(self)
    }

    /// The same, failed. What is final stays as it is.
    #[must_use]
    pub fn failed(self, failure: Refusal, at: OffsetDateTime) -> Self {
        let unchanged = self.clone();
        match self.moved(Status::Failed, at) {
            Ok(mut failed) => {
                failed.failure = Some(failure);
                failed
            }
            Err(_) => unchanged,
        }
    }

    /// The same with its records to be deleted.
    ///
    /// # Errors
    /// `TEST_CONTACT_RUNNING` while it is under way.
    pub fn deleting(mut self) -> Result<Self, Refusal> {
        if !self.status.is_final() {
            return Err(Reason::TestContactRunning.into());
        }
        if self.cleanup != Cleanup::Deleted {
            self.cleanup = Cleanup::Deleting;
        }
        Ok(self)
    }

    /// The external id under which Salesforce knows it: the HubSpot contact's id.
    #[must_use]
    pub fn external_id(&self) -> Option<&str> {
        self.hubspot.as_ref().map(|record| record.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r72_only_forward_and_each_once() {
        use Status::{Cancelled, Completed, Failed, Processing, Scheduling, Starting};
        let all = [Starting, Scheduling, Processing, Completed, Failed, Cancelled];
        for from in all {
            for to in all {
                let allowed = matches!(
                    (from, to),
                    (Starting, Scheduling)
                        | (Scheduling, Processing)
                        | (Processing, Completed)
                        | (Starting | Scheduling | Processing, Failed)
                        | (Starting | Scheduling, Cancelled)
                );
                assert_eq!(from.may_become(to), allowed, "{from:?} -> {to:?}");
            }
        }
    }
}
