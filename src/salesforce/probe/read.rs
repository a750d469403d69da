//! From the wire to the probe's facts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    DailyLimit, Edition, ExternalIdField, FieldAccess, LimitSource, ObjectAccess, Organization, Package,
    Seats, UserPermissions,
};
use crate::outbound::{DidItHappen, text::bounded};
use crate::salesforce::{
    api::{Api, SubAnswer, read_part, rows},
    error::{SalesforceError, SalesforceErrorKind},
    id::SalesforceId,
    records::CrmObject,
};

/// `LicenseDefinitionKey` of full Salesforce CRM licences.
const CRM_LICENCE: &str = "SFDC";
/// Its name, should the key be another one.
const CRM_LICENCE_NAME: &str = "Salesforce";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OrganizationRow {
    id: String,
    name: String,
    organization_type: Option<String>,
    is_sandbox: bool,
    trial_expiration_date: Option<String>,
    instance_name: Option<String>,
}

pub(super) fn organization(answer: SubAnswer) -> Result<Organization, SalesforceError> {
    let row: OrganizationRow = first(rows(answer)?)?;
    let edition_text = row.organization_type.unwrap_or_default();
    let trial_expiration = match row.trial_expiration_date.as_deref() {
        None | Some("") => None,
        Some(text) => Some(datetime(text).ok_or_else(|| unreadable("TrialExpirationDate"))?),
    };
    Ok(Organization {
        org_id: SalesforceId::parse(&row.id).map_err(|_| unreadable("the organization id"))?,
        name: bounded(&row.name),
        edition: edition(&edition_text),
        edition_text: bounded(&edition_text),
        is_sandbox: row.is_sandbox,
        trial_expiration,
        instance_name: row.instance_name.as_deref().map(bounded),
    })
}

fn edition(text: &str) -> Edition {
    match text {
        "Team Edition" | "Group Edition" => Edition::Group,
        "Base Edition" | "Essentials Edition" => Edition::Essentials,
        "Contact Manager Edition" => Edition::ContactManager,
        "Personal Edition" => Edition::Personal,
        "Professional Edition" => Edition::Professional,
        "Enterprise Edition" => Edition::Enterprise,
        "Unlimited Edition" => Edition::Unlimited,
        "Performance Edition" => Edition::Performance,
        "Developer Edition" => Edition::Developer,
        other => Edition::Other(bounded(other)),
    }
}

/// `2011-07-07T00:37:00.000+0000` (no colon), `…Z` or `…+00:00`.
pub(super) fn datetime(text: &str) -> Option<OffsetDateTime> {
    let with_colon = match text.split_at_checked(text.len().checked_sub(5)?) {
        Some((date_time, offset)) if offset.starts_with(['+', '-']) => {
            let (hours, minutes) = offset.split_at_checked(3)?;
            format!("{date_time}{hours}:{minutes}")
        }
        _ => text.to_owned(),
    };
    OffsetDateTime::parse(&with_colon, &Rfc3339).ok()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LicenceRow {
    name: Option<String>,
    license_definition_key: Option<String>,
    total_licenses: u32,
    used_licenses: u32,
}

pub(super) fn seats(answer: SubAnswer) -> Result<Seats, SalesforceError> {
    let licences: Vec<LicenceRow> = rows(answer)?;
    let is_crm = |licence: &&LicenceRow| {
        licence.license_definition_key.as_deref() == Some(CRM_LICENCE)
            || licence.name.as_deref() == Some(CRM_LICENCE_NAME)
    };
    let crm: Vec<&LicenceRow> = licences.iter().filter(is_crm).collect();
    if crm.is_empty() {
        // Without "View Setup" the rows are hidden rather than refused.
        return Err(SalesforceError::new(SalesforceErrorKind::Permission, DidItHappen::No));
    }
    // "Unlimited" comes as a very large number, and more than once.
    let sum = |count: fn(&LicenceRow) -> u32| crm.iter().map(|row| count(row)).fold(0, u32::saturating_add);
    Ok(Seats { total: sum(|row| row.total_licenses), used: sum(|row| row.used_licenses) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionsRow {
    permissions_modify_all_data: bool,
    #[serde(default)]
    permissions_view_all_data: bool,
    permissions_api_enabled: bool,
    permissions_view_setup: bool,
    #[serde(default)]
    permissions_customize_application: bool,
}

pub(super) fn permissions(answer: SubAnswer) -> Result<UserPermissions, SalesforceError> {
    let row: PermissionsRow = first(rows(answer)?)?;
    Ok(UserPermissions {
        modify_all_data: row.permissions_modify_all_data,
        view_all_data: row.permissions_view_all_data,
        api_enabled: row.permissions_api_enabled,
        view_setup: row.permissions_view_setup,
        customize_application: row.permissions_customize_application,
    })
}

pub(super) fn daily_limit(answer: SubAnswer) -> Result<DailyLimit, SalesforceError> {
    let limits: Value = answer?;
    // Numbers today, strings in old versions; further keys per connected app.
    let number = |name: &str| {
        let value = limits.get("DailyApiRequests")?.get(name)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok()).or_else(|| value.as_i64().map(|_| 0))
    };
    match (number("Max"), number("Remaining")) {
        (Some(max), Some(remaining)) => Ok(DailyLimit { max, remaining, source: LimitSource::Limits }),
        _ => Err(unreadable("DailyApiRequests")),
    }
}

pub(super) fn limit_from_header(api: &Api) -> Option<DailyLimit> {
    api.limit_info().map(|info| DailyLimit {
        max: info.max,
        remaining: info.max.saturating_sub(info.used),
        source: LimitSource::Header,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PackageRow {
    subscriber_package: Option<PackageName>,
    subscriber_package_version: Option<PackageVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PackageName {
    namespace_prefix: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PackageVersion {
    #[serde(default)]
    major_version: u32,
    #[serde(default)]
    minor_version: u32,
    #[serde(default)]
    patch_version: u32,
    #[serde(default)]
    build_number: u32,
}

pub(super) fn package(api: &Api, packages: Vec<PackageRow>) -> Package {
    let namespace = &api.config().package_namespace;
    let ours = packages.into_iter().find_map(|row| {
        let name = row.subscriber_package?;
        let is_ours =
            name.namespace_prefix.as_deref().is_some_and(|prefix| prefix.eq_ignore_ascii_case(namespace));
        is_ours.then_some((name.name, row.subscriber_package_version))
    });
    match ours {
        None => Package::NotInstalled,
        Some((name, version)) => Package::Installed {
            name: bounded(name.as_deref().unwrap_or(namespace)),
            version: version.map_or_else(String::new, |v| {
                format!("{}.{}.{}.{}", v.major_version, v.minor_version, v.patch_version, v.build_number)
            }),
        },
    }
}

#[derive(Deserialize)]
struct Describe {
    #[serde(default)]
    createable: bool,
    #[serde(default)]
    updateable: bool,
    #[serde(default)]
    queryable: bool,
    #[serde(default)]
    deletable: bool,
    #[serde(default)]
    fields: Vec<DescribedField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedField {
    name: String,
    #[serde(default)]
    createable: bool,
    #[serde(default)]
    updateable: bool,
    #[serde(default)]
    external_id: bool,
    #[serde(default)]
    unique: bool,
}

impl DescribedField {
    fn access(&self) -> FieldAccess {
        FieldAccess { createable: self.createable, updateable: self.updateable }
    }
}

pub(super) fn object_access(
    api: &Api,
    object: CrmObject,
    answer: SubAnswer,
) -> Result<ObjectAccess, SalesforceError> {
    let describe: Describe = match read_part(answer) {
        Ok(describe) => describe,
        // An object without any right is not there at all for this user.
        Err(error)
            if matches!(error.kind(), SalesforceErrorKind::NotFound | SalesforceErrorKind::Permission) =>
        {
            return Ok(ObjectAccess {
                fields: synced_fields(object).iter().map(|name| (*name, None)).collect(),
                ..ObjectAccess::default()
            });
        }
        Err(error) => return Err(error),
    };
    let by_name: BTreeMap<&str, &DescribedField> =
        describe.fields.iter().map(|field| (field.name.as_str(), field)).collect();
    let carries_external_id = matches!(object, CrmObject::Lead | CrmObject::Contact);
    let external_id = by_name
        .get(api.config().external_id_field.as_str())
        .filter(|_| carries_external_id)
        .map(|field| ExternalIdField {
            is_external_id: field.external_id,
            is_unique: field.unique,
            access: field.access(),
        });
    Ok(ObjectAccess {
        createable: describe.createable,
        updateable: describe.updateable,
        queryable: describe.queryable,
        deletable: describe.deletable,
        fields: synced_fields(object)
            .iter()
            .map(|name| (*name, by_name.get(name).map(|field| field.access())))
            .collect(),
        external_id,
    })
}

/// The standard fields that the connector writes.
const fn synced_fields(object: CrmObject) -> &'static [&'static str] {
    match object {
        CrmObject::Lead => &["Company", "Email", "FirstName", "LastName", "LeadSource", "Phone", "Status"],
        CrmObject::Contact => &["Email", "FirstName", "LastName", "LeadSource", "Phone"],
        CrmObject::Task => &["ActivityDate", "Description", "Status", "Subject", "WhoId"],
        CrmObject::Account => &["Name", "Phone", "Website"],
        CrmObject::Opportunity => &["AccountId", "Amount", "CloseDate", "Name", "StageName"],
    }
}

fn first<T>(records: Vec<T>) -> Result<T, SalesforceError> {
    records.into_iter().next().ok_or_else(|| unreadable("no row"))
}

pub(super) fn unreadable(what: &str) -> SalesforceError {
    SalesforceError::malformed(what, 200).of_a_read()
}
