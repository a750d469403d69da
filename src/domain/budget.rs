//! The ledger of an org's API calls over a rolling 24 hours, shared by its portals (R11, R12, R34).

use time::{Duration, OffsetDateTime};

use super::{Reason, Refusal, api_limit::AllocationSource};

/// The window of Salesforce's limit.
pub const WINDOW: Duration = Duration::hours(24);
/// Ledger entries are added up in buckets of this length; a bucket leaves the window as a whole.
pub const BUCKET: Duration = Duration::minutes(10);
/// An observation of Salesforce's own counter is believed for this long.
const OBSERVATION_AGE: Duration = Duration::hours(1);

/// The bucket that a moment falls into.
#[must_use]
pub fn bucket(at: OffsetDateTime) -> OffsetDateTime {
    let seconds = at.unix_timestamp();
    let start = seconds - seconds.rem_euclid(BUCKET.whole_seconds());
    OffsetDateTime::from_unix_timestamp(start).unwrap_or(at)
}

/// What Salesforce last said of its own counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Calls used by everything in the org.
    pub used: i64,
    /// When it was said.
    pub at: OffsetDateTime,
}

/// What is known when calls are to be reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// Calls granted to the org.
    pub allocation: i64,
    /// Where that is known from.
    pub source: AllocationSource,
    /// What Salesforce last said.
    pub observed: Option<Observation>,
    /// Calls made by this service for the org, with those reserved.
    pub used_by_org: i64,
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
        let used_in_org = self
            .observed
            .filter(|observation| now - observation.at < OBSERVATION_AGE)
            .map_or(self.used_by_org, |observation| observation.used.max(self.used_by_org));
        let exhausted = |used: i64, limit: i64| {
            Refusal::new(Reason::SalesforceApiCallsExhausted).with("used", used).with("limit", limit)
        };
        if self.used_by_portal + calls > self.portal_limit {
            return Err(exhausted(self.used_by_portal, self.portal_limit));
        }
        if used_in_org + calls > self.allocation {
            return Err(exhausted(used_in_org, self.allocation));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r34_share_and_allocation_both_bound() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(1);
        let ledger = Ledger {
            allocation: 100,
            source: AllocationSource::Salesforce,
            observed: Some(Observation { used: 95, at: now }),
            used_by_org: 10,
            used_by_portal: 10,
            portal_limit: 50,
        };
        assert!(ledger.check(5, now).is_ok());
        assert!(ledger.check(6, now).is_err(), "the org's own counter says 95");
        let stale =
            Ledger { observed: Some(Observation { used: 95, at: now - Duration::hours(2) }), ..ledger };
        assert!(stale.check(40, now).is_ok());
        assert!(stale.check(41, now).is_err(), "the portal holds 50");
    }

    #[test]
    fn buckets_start_on_the_grid() {
        let at = OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_234);
        assert_eq!(bucket(at), OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_200));
    }
}
