//! The probe: what an org really is and what its user may do there, as raw facts. Three API calls as a rule, four
//! where record types hide the layouts. It judges nothing: claims against facts are the domain's business.

mod read;

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{
    api::{Api, SubAnswer, Subrequest},
    error::{SalesforceError, SalesforceErrorKind},
    records::CrmObject,
};

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
    pub org_id: super::id::SalesforceId,
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

const LAYOUT_OBJECTS: [CrmObject; 2] = [CrmObject::Contact, CrmObject::Lead];

const ORGANIZATION: &str = "SELECT Id, Name, OrganizationType, IsSandbox, TrialExpirationDate, InstanceName \
    FROM Organization LIMIT 1";
const SEATS: &str = "SELECT Name, LicenseDefinitionKey, TotalLicenses, UsedLicenses FROM UserLicense \
    WHERE Status = 'Active'";
const PERMISSIONS: &str = "SELECT PermissionsModifyAllData, PermissionsViewAllData, PermissionsApiEnabled, \
    PermissionsViewSetup, PermissionsCustomizeApplication FROM UserPermissionAccess LIMIT 1";
const PACKAGES: &str = "SELECT SubscriberPackage.NamespacePrefix, SubscriberPackage.Name, \
    SubscriberPackageVersion.MajorVersion, SubscriberPackageVersion.MinorVersion, \
    SubscriberPackageVersion.PatchVersion, SubscriberPackageVersion.BuildNumber \
    FROM InstalledSubscriberPackage ORDER BY SubscriberPackageId";

/// Finds out what the org is. Never fails as a whole: a fact that cannot be had says why.
pub async fn probe(api: &Api, scope: &ProbeScope) -> ProbeReport {
    let calls_before = api.calls();
    let mut parts = vec![
        Subrequest::query(ORGANIZATION),
        Subrequest::query(SEATS),
        Subrequest::query(PERMISSIONS),
        Subrequest::get("/limits"),
    ];
    parts.extend(LAYOUT_OBJECTS.map(|object| layouts_of(object, "")));
    let mut answers = match api.composite(&parts).await {
        Ok(answers) => answers.into_iter(),
        Err(error) => return stopped(api, *scope, error, api.calls() - calls_before),
    };
    let mut next = || answers.next().unwrap_or_else(|| Err(missing_part()));
    let organization = read::organization(next()).into();
    let seats = read::seats(next()).into();
    let permissions = read::permissions(next()).into();
    let limits = read::daily_limit(next());
    let layout_answers: Vec<SubAnswer> = LAYOUT_OBJECTS.iter().map(|_| next()).collect();

    let (objects, package) = tokio::join!(object_access(api, *scope), package(api));
    let layouts = layout_modules(api, layout_answers).await;
    ProbeReport {
        stopped: None,
        organization,
        seats,
        permissions,
        package,
        objects,
        layouts,
        daily_limit: limits.or_else(|why| read::limit_from_header(api).ok_or(why)).into(),
        calls: api.calls() - calls_before,
    }
}

/// A describe is large (hundreds of fields with their picklists), so these share a call of their own.
async fn object_access(api: &Api, scope: ProbeScope) -> BTreeMap<CrmObject, Fact<ObjectAccess>> {
    let objects = scope.objects();
    let parts: Vec<Subrequest> = objects
        .iter()
        .map(|object| Subrequest::get(format!("/sobjects/{}/describe", object.api_name())))
        .collect();
    match api.composite(&parts).await {
        Ok(answers) => objects
            .into_iter()
            .zip(answers)
            .map(|(object, answer)| (object, read::object_access(api, object, answer).into()))
            .collect(),
        Err(error) => objects.into_iter().map(|object| (object, Fact::Unknown(error.clone()))).collect(),
    }
}

async fn package(api: &Api) -> Fact<Package> {
    api.tooling_query(PACKAGES).await.map(|packages| read::package(api, packages)).into()
}

/// With several record types the layouts come only one record type at a time: one more call for all of them.
async fn layout_modules(api: &Api, answers: Vec<SubAnswer>) -> BTreeMap<CrmObject, Fact<LayoutModule>> {
    let mut found = BTreeMap::new();
    let mut parts = Vec::new();
    let mut asked = Vec::new();
    for (object, answer) in LAYOUT_OBJECTS.into_iter().zip(answers) {
        match read::layouts(api, answer) {
            Ok(read::Layouts::Complete(module)) => {
                found.insert(object, Fact::Known(module));
            }
            Ok(read::Layouts::ByRecordType(record_types)) => {
                asked.extend(record_types.iter().map(|_| object));
                parts.extend(record_types.iter().map(|id| layouts_of(object, id)));
            }
            Err(error) => {
                found.insert(object, Fact::Unknown(error));
            }
        }
    }
    if parts.is_empty() {
        return found;
    }
    let answers = match api.composite(&parts).await {
        Ok(answers) => answers,
        Err(error) => parts.iter().map(|_| Err(error.clone())).collect(),
    };
    for (object, answer) in asked.into_iter().zip(answers) {
        let entry = found.entry(object).or_insert(Fact::Known(LayoutModule { layouts: 0, with_module: 0 }));
        match (read::record_type_layout(api, answer), &mut *entry) {
            (Ok(has_module), Fact::Known(module)) => {
                module.layouts += 1;
                module.with_module += u32::from(has_module);
            }
            (Err(error), _) => *entry = Fact::Unknown(error),
            (Ok(_), Fact::Unknown(_)) => {}
        }
    }
    found
}

fn layouts_of(object: CrmObject, record_type: &str) -> Subrequest {
    let below = if record_type.is_empty() { String::new() } else { format!("/{record_type}") };
    Subrequest::get(format!("/sobjects/{}/describe/layouts{below}", object.api_name()))
}

fn stopped(api: &Api, scope: ProbeScope, error: SalesforceError, calls: u32) -> ProbeReport {
    // With the day's calls spent the header still tells how many there are.
    let daily_limit = match (read::limit_from_header(api), error.kind()) {
        (Some(limit), SalesforceErrorKind::DailyLimitExceeded) => {
            Fact::Known(DailyLimit { remaining: 0, ..limit })
        }
        (Some(limit), _) => Fact::Known(limit),
        (None, _) => Fact::Unknown(error.clone()),
    };
    ProbeReport {
        organization: Fact::Unknown(error.clone()),
        seats: Fact::Unknown(error.clone()),
        permissions: Fact::Unknown(error.clone()),
        package: Fact::Unknown(error.clone()),
        objects: scope.objects().into_iter().map(|object| (object, Fact::Unknown(error.clone()))).collect(),
        layouts: LAYOUT_OBJECTS.into_iter().map(|object| (object, Fact::Unknown(error.clone()))).collect(),
        daily_limit,
        stopped: Some(error),
        calls,
    }
}

fn missing_part() -> SalesforceError {
    SalesforceError::malformed("a part of the composite answer is missing", 200)
}

#[cfg(test)]
mod tests;
