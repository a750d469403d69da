//! What the probe tells: facts, each known or with the reason why not.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::salesforce::{error::SalesforceError, id::SalesforceId, records::CrmObject};

/// Something the probe found out, or why it could not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact<T> {
    /// Found out.
    Known(T),
    /// Could not be checked, because of this. `DailyLimitExceeded` means: no API calls left.
    Unknown(SalesforceError),
}

impl<T> Fact<T> {
    /// The value, if known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why it is not known.
    #[must_use]
    pub fn why_unknown(&self) -> Option<&SalesforceError> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }
}

impl<T> From<Result<T, SalesforceError>> for Fact<T> {
    fn from(result: Result<T, SalesforceError>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(why) => Self::Unknown(why),
        }
    }
}

/// Which objects sync beside Contact, Lead and Task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProbeScope {
    /// Accounts sync.
    pub accounts: bool,
    /// Opportunities sync.
    pub opportunities: bool,
}

impl ProbeScope {
    /// The objects of this scope.
    #[must_use]
    pub fn objects(self) -> Vec<CrmObject> {
        let mut objects = vec![CrmObject::Contact, CrmObject::Lead, CrmObject::Task];
        if self.accounts {
            objects.push(CrmObject::Account);
        }
        if self.opportunities {
            objects.push(CrmObject::Opportunity);
        }
        objects
    }
}

/// `Organization.OrganizationType`, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edition {
    /// "Team Edition": sold as Group.
    Group,
    /// "Base Edition": sold as Essentials or Starter.
    Essentials,
    /// "Contact Manager Edition".
    ContactManager,
    /// "Personal Edition".
    Personal,
    /// "Professional Edition".
    Professional,
    /// "Enterprise Edition".
    Enterprise,
    /// "Unlimited Edition"; Performance orgs report it too.
    Unlimited,
    /// "Performance Edition", should an org ever report it.
    Performance,
    /// "Developer Edition".
    Developer,
    /// Anything else, as reported.
    Other(String),
}

/// The org itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// The organization id.
    pub org_id: SalesforceId,
    /// Its name.
    pub name: String,
    /// Its edition.
    pub edition: Edition,
    /// The edition as reported.
    pub edition_text: String,
    /// Whether it is a sandbox.
    pub is_sandbox: bool,
    /// When the trial ends, for trial orgs.
    pub trial_expiration: Option<OffsetDateTime>,
    /// For example `NA139`.
    pub instance_name: Option<String>,
}

/// Salesforce CRM licences (`LicenseDefinitionKey` `SFDC`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// Licences bought.
    pub total: u32,
    /// Licences assigned.
    pub used: u32,
}

/// What the logged-in user may do, over all profiles and permission sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserPermissions {
    /// "Modify All Data": stands for full object access.
    pub modify_all_data: bool,
    /// "View All Data".
    pub view_all_data: bool,
    /// "API Enabled".
    pub api_enabled: bool,
    /// "View Setup and Configuration".
    pub view_setup: bool,
    /// "Customize Application".
    pub customize_application: bool,
}

/// HubSpot's managed package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Package {
    /// Not there.
    NotInstalled,
    /// There, in this version.
    Installed {
        /// The package's name.
        name: String,
        /// `major.minor.patch.build`.
        version: String,
    },
}

/// What the user may do with one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldAccess {
    /// May set it on new records.
    pub createable: bool,
    /// May change it.
    pub updateable: bool,
}

/// The external-id field as the user sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalIdField {
    /// Marked as an external id: upserts work.
    pub is_external_id: bool,
    /// Unique in the org: an upsert can meet one record only.
    pub is_unique: bool,
    /// May be written by the user.
    pub access: FieldAccess,
}

/// What the user may do with one object. An object that the user cannot see has every right `false`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ObjectAccess {
    /// May create records.
    pub createable: bool,
    /// May change records.
    pub updateable: bool,
    /// May query records.
    pub queryable: bool,
    /// May delete records: cleaning up needs it.
    pub deletable: bool,
    /// The fields that sync, by API name; `None` for a field that the user cannot see.
    pub fields: BTreeMap<&'static str, Option<FieldAccess>>,
    /// The external-id field (Lead and Contact only); `None` where it is missing or cannot be seen.
    pub external_id: Option<ExternalIdField>,
}

/// HubSpot's Visualforce component on the layouts that the user is given. Lightning record pages are another
/// mechanism and do not show here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutModule {
    /// Layouts looked at.
    pub layouts: u32,
    /// Layouts that have the component.
    pub with_module: u32,
}

/// Where a limit was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitSource {
    /// The limits resource.
    Limits,
    /// The header that every answer carries.
    Header,
}

/// API calls of the org in the rolling 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyLimit {
    /// Allowed.
    pub max: u64,
    /// Left, for all integrations together.
    pub remaining: u64,
    /// Where that was read.
    pub source: LimitSource,
}

/// Everything that the probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeReport {
    /// What stopped the probe as a whole: session refused, API disabled, no calls left, no answer. Every fact that
    /// is unknown because of it carries the same error.
    pub stopped: Option<SalesforceError>,
    /// The org.
    pub organization: Fact<Organization>,
    /// Its seats.
    pub seats: Fact<Seats>,
    /// The user's rights.
    pub permissions: Fact<UserPermissions>,
    /// The package.
    pub package: Fact<Package>,
    /// Rights to each object of the scope.
    pub objects: BTreeMap<CrmObject, Fact<ObjectAccess>>,
    /// The layouts of Lead and Contact.
    pub layouts: BTreeMap<CrmObject, Fact<LayoutModule>>,
    /// The org's API calls.
    pub daily_limit: Fact<DailyLimit>,
    /// API calls that the probe used.
    pub calls: u32,
}
