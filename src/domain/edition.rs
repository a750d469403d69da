//! Who may connect: HubSpot subscription, Salesforce edition, administrative access.

use serde::{Deserialize, Serialize};

use super::reason::{Reason, Refusal};

/// A HubSpot subscription, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscription {
    /// Free tools.
    Free,
    /// Starter.
    Starter,
    /// Professional.
    Professional,
    /// Enterprise.
    Enterprise,
}

impl Subscription {
    /// Professional and Enterprise may connect (R01).
    ///
    /// # Errors
    /// `HUBSPOT_SUBSCRIPTION_NOT_ELIGIBLE` for every other.
    pub fn check_eligible(self) -> Result<(), Refusal> {
        match self {
            Self::Professional | Self::Enterprise => Ok(()),
            Self::Free | Self::Starter => Err(Refusal::new(Reason::HubspotSubscriptionNotEligible)
                .with("subscription", format!("{self:?}"))),
        }
    }
}

/// A Salesforce edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// Group Edition.
    Group,
    /// Essentials or Starter.
    Essentials,
    /// Professional Edition.
    Professional,
    /// Enterprise Edition.
    Enterprise,
    /// Unlimited Edition; Performance counts as it.
    Unlimited,
    /// Developer Edition.
    Developer,
}

impl Edition {
    /// Professional, Enterprise and Unlimited may connect (R02).
    #[must_use]
    pub fn is_eligible(self) -> bool {
        matches!(self, Self::Professional | Self::Enterprise | Self::Unlimited)
    }

    /// Refuses an edition that may not connect.
    ///
    /// # Errors
    /// `SALESFORCE_EDITION_NOT_ELIGIBLE`.
    pub fn check_eligible(self) -> Result<(), Refusal> {
        if self.is_eligible() {
            Ok(())
        } else {
            Err(Refusal::new(Reason::SalesforceEditionNotEligible).with("edition", self.label()))
        }
    }

    /// What an org's `OrganizationType` means. `None` for a value that is no edition we know.
    #[must_use]
    pub fn from_organization_type(text: &str) -> Option<Self> {
        Some(match text {
            "Professional Edition" => Self::Professional,
            "Enterprise Edition" => Self::Enterprise,
            "Unlimited Edition" | "Performance Edition" => Self::Unlimited,
            "Developer Edition" => Self::Developer,
            "Team Edition" | "Group Edition" => Self::Group,
            "Base Edition"
            | "Essentials Edition"
            | "Starter Edition"
            | "Contact Manager Edition"
            | "Personal Edition" => Self::Essentials,
            _ => return None,
        })
    }

    /// Salesforce's name for it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Group => "Group",
            Self::Essentials => "Essentials",
            Self::Professional => "Professional",
            Self::Enterprise => "Enterprise",
            Self::Unlimited => "Unlimited",
            Self::Developer => "Developer",
        }
    }
}

/// The rights of the Salesforce user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminAccess {
    /// None: wait for the administrator.
    None,
    /// A top-level administrator.
    TopLevelAdministrator,
    /// Full object-level and full field-level security.
    FullObjectAndField,
    /// Full object-level security only.
    ObjectOnly,
}

impl AdminAccess {
    /// Whether it suffices for an edition (R04, R05). `None` never does, but is no error at its step.
    #[must_use]
    pub fn suffices(self, edition: Edition) -> bool {
        match self {
            Self::TopLevelAdministrator => true,
            Self::FullObjectAndField => matches!(edition, Edition::Enterprise | Edition::Unlimited),
            Self::None | Self::ObjectOnly => false,
        }
    }

    /// A stable name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::TopLevelAdministrator => "top-level administrator",
            Self::FullObjectAndField => "full object-level and field-level security",
            Self::ObjectOnly => "object-level security only",
        }
    }
}

/// Production or sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// A production org.
    Production,
    /// A sandbox.
    Sandbox,
}

impl Environment {
    /// What `IsSandbox` means.
    #[must_use]
    pub fn from_is_sandbox(is_sandbox: bool) -> Self {
        if is_sandbox { Self::Sandbox } else { Self::Production }
    }

    /// A stable name.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r04_r05_what_suffices_for_which_edition() {
        use AdminAccess::{FullObjectAndField, None, ObjectOnly, TopLevelAdministrator};
        for edition in [Edition::Professional, Edition::Enterprise, Edition::Unlimited] {
            assert!(TopLevelAdministrator.suffices(edition));
            assert!(!ObjectOnly.suffices(edition));
            assert!(!None.suffices(edition));
            assert_eq!(FullObjectAndField.suffices(edition), edition != Edition::Professional);
        }
    }

    #[test]
    fn r02_performance_counts_as_unlimited() {
        assert_eq!(Edition::from_organization_type("Performance Edition"), Some(Edition::Unlimited));
        assert_eq!(Edition::from_organization_type("Something Edition"), None);
    }
}
