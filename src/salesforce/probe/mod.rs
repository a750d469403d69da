//! The probe: what an org really is and what its user may do there, as raw facts. Three API calls as a rule, four
//! where record types hide the layouts. It judges nothing: claims against facts are the domain's business.

mod layouts;
mod read;
mod report;

use std::collections::BTreeMap;

pub use report::{
    DailyLimit, Edition, ExternalIdField, Fact, FieldAccess, LayoutModule, LimitSource, ObjectAccess,
    Organization, Package, ProbeReport, ProbeScope, Seats, UserPermissions,
};

use super::{
    api::{Api, SubAnswer, Subrequest},
    error::{SalesforceError, SalesforceErrorKind},
    records::CrmObject,
};

/// API calls that a probe may take.
pub const PROBE_CALLS: i64 = 4;

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

impl Api {
    /// The org's API calls in the rolling 24 hours, by one call; where the user may not read the limits, what the
    /// answer's header tells.
    ///
    /// # Errors
    /// [`SalesforceError`] when neither tells.
    pub async fn daily_limit(&self) -> Result<DailyLimit, SalesforceError> {
        let limits = self.get("/limits").await.and_then(|limits| read::daily_limit(Ok(limits)));
        match limits {
            Err(why) if *why.kind() == SalesforceErrorKind::Permission => {
                read::limit_from_header(self).ok_or(why)
            }
            other => other,
        }
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
        match layouts::read(api, answer) {
            Ok(layouts::Layouts::Complete(module)) => {
                found.insert(object, Fact::Known(module));
            }
            Ok(layouts::Layouts::ByRecordType(record_types)) => {
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
        match (layouts::has_module(api, answer), &mut *entry) {
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
    SalesforceError::malformed("a part of the composite answer is missing", 200).of_a_read()
}

#[cfg(test)]
mod tests;
