//! How many Salesforce API calls an org is granted and a portal may use, per rolling 24 hours (R32–R35).
//!
//! The policies are estimates from Salesforce's published tables; what Salesforce itself reports always replaces them.

use serde::{Deserialize, Serialize};

use super::{
    edition::{Edition, Environment},
    reason::{Reason, Refusal},
};

/// The largest limit that can be asked for.
pub const MAX_LIMIT: i64 = 10_000_000;
/// The largest number of seats that is believed.
pub const MAX_SEATS: i32 = 1_000_000;
/// What a Full sandbox is granted, whatever its seats.
const SANDBOX_ALLOCATION: i64 = 5_000_000;

/// A dated table of allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    /// Salesforce's table of Summer '26: 100,000 and so many per licence.
    #[serde(rename = "2026")]
    Of2026,
    /// The table of mid-2016: so many per licence with a floor of 15,000 and, but for Unlimited, a cap of 1,000,000.
    #[serde(rename = "2016")]
    Of2016,
}

impl Policy {
    /// Its name in configuration and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Of2026 => "2026",
            Self::Of2016 => "2016",
        }
    }

    /// The policy of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Of2026, Self::Of2016].into_iter().find(|policy| policy.name() == name)
    }

    /// The estimated allocation of an org.
    #[must_use]
    pub fn allocation(self, edition: Edition, environment: Environment, seats: i32) -> i64 {
        let per_seat = match edition {
            Edition::Unlimited => 5_000,
            Edition::Developer => return 15_000,
            Edition::Group | Edition::Essentials | Edition::Professional | Edition::Enterprise => 1_000,
        };
        if environment == Environment::Sandbox {
            return SANDBOX_ALLOCATION;
        }
        let for_seats = i64::from(seats) * per_seat;
        match self {
            Self::Of2026 => 100_000 + for_seats,
            Self::Of2016 if edition == Edition::Unlimited => for_seats.max(15_000),
            Self::Of2016 => for_seats.clamp(15_000, 1_000_000),
        }
    }
}

/// Where an allocation is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllocationSource {
    /// A policy.
    Policy,
    /// Salesforce.
    Salesforce,
}

/// What is known of an org's API calls when a portal's limit is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitContext {
    /// Calls granted per rolling 24 hours.
    pub allocation: i64,
    /// Where that is known from.
    pub source: AllocationSource,
    /// Calls that the org's other portals hold.
    pub held_by_others: i64,
    /// The policy in force.
    pub policy: Policy,
    /// Calls that one contact sync is reckoned with.
    pub calls_per_contact_sync: i32,
}

impl LimitContext {
    /// Half of the allocation less what other portals hold, never less than one.
    #[must_use]
    pub fn suggestion(&self) -> i64 {
        ((self.allocation - self.held_by_others) / 2).max(1)
    }

    /// Refuses a limit that the org is not granted, alone or with what its other portals hold.
    ///
    /// # Errors
    /// `API_CALL_LIMIT_OVER_ALLOCATION` with the numbers.
    pub fn check(&self, limit: i64) -> Result<(), Refusal> {
        if limit.saturating_add(self.held_by_others) <= self.allocation {
            return Ok(());
        }
        Err(Refusal::new(Reason::ApiCallLimitOverAllocation)
            .with("limit", limit)
            .with("allocation", self.allocation)
            .with("held_by_others", self.held_by_others)
            .with("available", (self.allocation - self.held_by_others).max(0)))
    }

    /// Roughly how many contact syncs a day a limit allows.
    #[must_use]
    pub fn contact_syncs(&self, limit: i64) -> i64 {
        limit / i64::from(self.calls_per_contact_sync.max(1))
    }
}

/// A portal's limit as it was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiCallLimit {
    /// Calls per rolling 24 hours.
    pub limit: i64,
    /// Set by hand, not the suggestion: never replaced silently.
    pub by_hand: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r32_the_policies_are_salesforces_tables() {
        use Edition::{Enterprise, Professional, Unlimited};
        use Environment::{Production, Sandbox};
        for (policy, edition, environment, seats, allocation) in [
            (Policy::Of2026, Enterprise, Production, 15, 115_000),
            (Policy::Of2026, Professional, Production, 1, 101_000),
            (Policy::Of2026, Unlimited, Production, 10, 150_000),
            (Policy::Of2026, Enterprise, Sandbox, 15, 5_000_000),
            (Policy::Of2016, Enterprise, Production, 3, 15_000),
            (Policy::Of2016, Enterprise, Production, 40, 40_000),
            (Policy::Of2016, Enterprise, Production, 5_000, 1_000_000),
            (Policy::Of2016, Unlimited, Production, 5_000, 25_000_000),
        ] {
            assert_eq!(
                policy.allocation(edition, environment, seats),
                allocation,
                "{policy:?} {edition:?} {seats}"
            );
        }
    }

    #[test]
    fn r32_r35_suggestion_check_and_meaning() {
        let context = LimitContext {
            allocation: 115_000,
            source: AllocationSource::Policy,
            held_by_others: 15_000,
            policy: Policy::Of2026,
            calls_per_contact_sync: 4,
        };
        assert_eq!(context.suggestion(), 50_000);
        assert_eq!(context.contact_syncs(50_000), 12_500);
        assert!(context.check(100_000).is_ok());
        let refusal = context.check(100_001).err();
        assert_eq!(refusal.as_ref().and_then(|refusal| refusal.arg("available")), Some("100000"));
    }
}
