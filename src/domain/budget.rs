//! The ledger of an org's API calls over a rolling 24 hours, shared by its portals (R11, R12, R34).

use time::{Duration, OffsetDateTime};

use super::{Reason, Refusal};

/// The window of Salesforce's limit.
pub const WINDOW: Duration = Duration::hours(24);
/// Ledger entries are added up in buckets of this length, on a grid that begins with the epoch.
pub const BUCKET: Duration = Duration::minutes(10);
/// An entry counts for this long after the time that it is stored with. A bucket is stored with its begin and leaves
/// as a whole, when the last call that it may hold has left the window: calls are never free too early.
pub const COUNTED: Duration = Duration::minutes(24 * 60 + 10);
/// An observation of Salesforce's own counter is believed for this long.
const OBSERVATION_AGE: Duration = Duration::hours(1);

/// What Salesforce last said of its own counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Calls used by everything in the org.
    pub used: i64,
    /// When it was said.
    pub at: OffsetDateTime,
    /// Calls of this service that it may not hold yet: set aside now, or made since, by whole buckets.
    pub ours_since: i64,
}

/// What is known of an org's calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrgLedger {
    /// Calls granted to the org.
    pub allocation: i64,
    /// What Salesforce last said.
    pub observed: Option<Observation>,
    /// Calls made by this service for the org, with those reserved.
    pub used: i64,
}

impl OrgLedger {
    /// Calls used in the org: as many as this service knows of, or as Salesforce has seen and this service has made
    /// since. Where both may have counted the same call it counts twice, for an hour at most.
    fn used_in_org(&self, now: OffsetDateTime) -> i64 {
        self.observed
            .filter(|observation| now - observation.at < OBSERVATION_AGE)
            .map_or(self.used, |observation| self.used.max(observation.used + observation.ours_since))
    }

    /// Whether `calls` more may be made in the org.
    ///
    /// # Errors
    /// `SALESFORCE_API_CALLS_EXHAUSTED` with the numbers.
    pub fn check(&self, calls: i64, now: OffsetDateTime) -> Result<(), Refusal> {
        let used = self.used_in_org(now);
        if used + calls > self.allocation { Err(exhausted(used, self.allocation)) } else { Ok(()) }
    }
}

/// What is known when calls are to be reserved for a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The org's calls.
    pub org: OrgLedger,
    /// Calls made for the portal, with those reserved.
    pub used_by_portal: i64,
    /// Calls that the portal holds.
    pub portal_limit: i64,
}

impl Ledger {
    /// Whether `calls` more may be made for the portal.
    ///
    /// # Errors
    /// `SALESFORCE_API_CALLS_EXHAUSTED` with the numbers: the portal's share or the org's allocation is spent.
    pub fn check(&self, calls: i64, now: OffsetDateTime) -> Result<(), Refusal> {
        if self.used_by_portal + calls > self.portal_limit {
            return Err(exhausted(self.used_by_portal, self.portal_limit));
        }
        self.org.check(calls, now)
    }
}

fn exhausted(used: i64, limit: i64) -> Refusal {
    Refusal::new(Reason::SalesforceApiCallsExhausted).with("used", used).with("limit", limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::days(1)
    }

    fn ledger(observed: Observation) -> Ledger {
        let org = OrgLedger { allocation: 100, observed: Some(observed), used: 10 };
        Ledger { org, used_by_portal: 10, portal_limit: 50 }
    }

    #[test]
    fn r34_share_and_allocation_both_bound() {
        let now = at();
        let fresh = ledger(Observation { used: 95, at: now, ours_since: 0 });
        assert!(fresh.check(5, now).is_ok());
        assert!(fresh.check(6, now).is_err(), "the org's own counter says 95");
        let stale = ledger(Observation { used: 95, at: now - Duration::hours(2), ours_since: 0 });
        assert!(stale.check(40, now).is_ok());
        assert!(stale.check(41, now).is_err(), "the portal holds 50");
    }

    #[test]
    fn r34_what_was_made_since_an_observation_comes_on_top() {
        let now = at();
        let spent = ledger(Observation { used: 95, at: now, ours_since: 4 });
        assert!(spent.check(1, now).is_ok());
        assert!(spent.check(2, now).is_err(), "95 were seen, and 4 have been made since");
    }

    #[test]
    fn a_bucket_counts_until_its_last_call_has_left_the_window() {
        assert_eq!(COUNTED, WINDOW + BUCKET);
    }
}
