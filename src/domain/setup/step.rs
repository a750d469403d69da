//! The steps, their order, and what depends on what: the one table.

use serde::{Deserialize, Serialize};

/// A step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// "Get started".
    Prerequisites,
    /// Which edition.
    Edition,
    /// Which administrative access.
    AdminAccess,
    /// Production or sandbox.
    Environment,
    /// How many seats.
    SeatCount,
    /// How many API calls.
    ApiCallLimit,
    /// The package.
    Package,
    /// The security token.
    SecurityToken,
    /// Lead intelligence on the layouts.
    VisualforceModule,
    /// Connect.
    ConnectAccounts,
    /// Accounts and opportunities.
    ObjectSync,
    /// Activities and tasks.
    ActivitySync,
    /// The inclusion list.
    InclusionList,
    /// Review and switch on.
    Review,
    /// The test contact.
    Test,
    /// Finished.
    Done,
}

impl Step {
    /// All steps in their order (R20).
    pub const ORDER: [Self; 16] = [
        Self::Prerequisites,
        Self::Edition,
        Self::AdminAccess,
        Self::Environment,
        Self::SeatCount,
        Self::ApiCallLimit,
        Self::Package,
        Self::SecurityToken,
        Self::VisualforceModule,
        Self::ConnectAccounts,
        Self::ObjectSync,
        Self::ActivitySync,
        Self::InclusionList,
        Self::Review,
        Self::Test,
        Self::Done,
    ];

    /// The steps whose answers become stale when this step's answer changes (R24, R33, R51).
    ///
    /// - An edition decides which administrative access suffices (only then is that step stale, R06), how many calls
    ///   the org is granted, and what the probe must find.
    /// - Another environment is another org: the package, the layouts and the token there are other ones.
    /// - Seats decide the suggested limit and nothing else.
    /// - A token is part of the credential that was probed.
    #[must_use]
    pub fn dependants(self) -> &'static [Self] {
        match self {
            Self::Edition => &[Self::AdminAccess, Self::ApiCallLimit, Self::ConnectAccounts],
            Self::Environment => &[
                Self::ApiCallLimit,
                Self::Package,
                Self::SecurityToken,
                Self::VisualforceModule,
                Self::ConnectAccounts,
            ],
            Self::SeatCount => &[Self::ApiCallLimit],
            Self::SecurityToken => &[Self::ConnectAccounts],
            Self::Prerequisites
            | Self::AdminAccess
            | Self::ApiCallLimit
            | Self::Package
            | Self::VisualforceModule
            | Self::ConnectAccounts
            | Self::ObjectSync
            | Self::ActivitySync
            | Self::InclusionList
            | Self::Review
            | Self::Test
            | Self::Done => &[],
        }
    }

    /// Its name in the API, without the `STEP_` prefix.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Prerequisites => "PREREQUISITES",
            Self::Edition => "EDITION",
            Self::AdminAccess => "ADMIN_ACCESS",
            Self::Environment => "ENVIRONMENT",
            Self::SeatCount => "SEAT_COUNT",
            Self::ApiCallLimit => "API_CALL_LIMIT",
            Self::Package => "PACKAGE",
            Self::SecurityToken => "SECURITY_TOKEN",
            Self::VisualforceModule => "VISUALFORCE_MODULE",
            Self::ConnectAccounts => "CONNECT_ACCOUNTS",
            Self::ObjectSync => "OBJECT_SYNC",
            Self::ActivitySync => "ACTIVITY_SYNC",
            Self::InclusionList => "INCLUSION_LIST",
            Self::Review => "REVIEW",
            Self::Test => "TEST",
            Self::Done => "DONE",
        }
    }

    /// Whether the wizard may go on without it: only the test may be left out (R75).
    #[must_use]
    pub fn is_optional(self) -> bool {
        self == Self::Test
    }

    /// The steps before this one, in order.
    pub fn predecessors(self) -> impl Iterator<Item = Self> {
        Self::ORDER.into_iter().take_while(move |step| *step != self)
    }
}
