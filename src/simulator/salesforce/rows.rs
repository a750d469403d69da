//! The records of objects that are no tables but views of the fixture: the org, its users, licences and packages.

use serde_json::{Map, Value, json};

use super::{
    access::{View, object_rights},
    fixture::{PackageFixture, UserFixture, UserPermissions},
    ids, layouts, moment,
    org::{Org, Record, Table},
    schema::{Object, Storage},
};

/// The records of an object with [`Storage::Setup`] or [`Storage::Tooling`], as `view.user` sees them.
pub fn made(view: View<'_>, object: &Object) -> Table {
    let org = view.org;
    let rows = match object.name.as_str() {
        "Organization" => vec![organization(org)],
        "User" => org.fixture.users.iter().map(|user| user_row(org, user)).collect(),
        "Profile" => {
            profiles(org).iter().map(|(name, permissions)| profile_row(org, name, *permissions)).collect()
        }
        "UserLicense" => user_licenses(org),
        "PermissionSet" => permission_sets(org),
        "PermissionSetAssignment" => org.fixture.users.iter().map(|user| assignment(org, user)).collect(),
        "UserPermissionAccess" => vec![permission_access(org, view.user)],
        "PackageLicense" => org.fixture.package.iter().map(|package| package_license(org, package)).collect(),
        "ObjectPermissions" => object_permissions(org),
        "InstalledSubscriberPackage" => {
            org.fixture.package.iter().map(|package| installed_package(org, package)).collect()
        }
        "SubscriberPackage" => org.fixture.package.iter().map(package_row).collect(),
        "SubscriberPackageVersion" => org.fixture.package.iter().map(package_version).collect(),
        "ApexPage" => layouts::pages(org),
        "Layout" => layouts::rows(org),
        "UserEntityAccess" => entity_access(view),
        _ => Vec::new(),
    };
    rows.into_iter().filter_map(record).collect()
}

fn record(row: Value) -> Option<(String, Record)> {
    let Value::Object(row) = row else { return None };
    let id = row.get("Id")?.as_str()?.to_owned();
    Some((id, row.into_iter().collect()))
}

/// A stable id for the `number`-th thing of a kind in an org.
pub fn fixed_id(org: &Org, prefix: &str, number: u64) -> String {
    // FNV-1a over the org's id keeps the ids of two orgs apart.
    let hash = org.id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    ids::make(prefix, (hash % 1_000_000_000) * 1_000 + number)
}

fn organization(org: &Org) -> Value {
    let fixture = &org.fixture;
    json!({
        "Id": org.id,
        "Name": fixture.name,
        "OrganizationType": fixture.edition,
        "IsSandbox": fixture.is_sandbox,
        "IsReadOnly": false,
        "TrialExpirationDate": fixture.trial_expiration.map(moment::rest),
        "InstanceName": fixture.instance_name,
        "NamespacePrefix": null,
        "DefaultLocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "TimeZoneSidKey": "America/Los_Angeles",
        "PrimaryContact": fixture.users.first().map(UserFixture::full_name),
        "CreatedDate": moment::rest(org.created),
        "SystemModstamp": moment::rest(org.created),
    })
}

fn user_row(org: &Org, user: &UserFixture) -> Value {
    let last_login =
        user.id.as_ref().and_then(|id| org.logins.get(id)).and_then(|history| history.last_success);
    let alias: String = user.username.chars().take_while(|letter| *letter != '@').take(8).collect();
    json!({
        "Id": user.id,
        "Username": user.username,
        "LastName": user.last_name,
        "FirstName": user.first_name,
        "Name": user.full_name(),
        "Email": user.email,
        "Alias": alias,
        "CompanyName": org.fixture.name,
        "IsActive": user.is_active,
        "UserType": "Standard",
        "TimeZoneSidKey": "America/Los_Angeles",
        "LocaleSidKey": "en_US",
        "LanguageLocaleKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "ProfileId": profile_id(org, &user.profile),
        "LastLoginDate": last_login.map(moment::rest),
        "CreatedDate": moment::rest(org.created),
        "LastModifiedDate": moment::rest(org.created),
        "SystemModstamp": moment::rest(org.created),
    })
}

/// Profile names of the org and the permissions of the first user who has each.
fn profiles(org: &Org) -> Vec<(String, UserPermissions)> {
    let mut profiles: Vec<(String, UserPermissions)> = Vec::new();
    for user in &org.fixture.users {
        if !profiles.iter().any(|(name, _)| *name == user.profile) {
            profiles.push((user.profile.clone(), user.permissions));
        }
    }
    profiles
}

/// The id of the profile with this name.
pub fn profile_id(org: &Org, name: &str) -> String {
    let position = profiles(org).iter().position(|(profile, _)| profile == name).unwrap_or(999);
    fixed_id(org, "00e", u64::try_from(position).unwrap_or(999))
}

fn sfdc_license(org: &Org) -> String {
    fixed_id(org, "100", 1)
}

fn permission_fields(permissions: UserPermissions) -> Map<String, Value> {
    let fields = [
        ("PermissionsApiEnabled", permissions.api_enabled),
        ("PermissionsModifyAllData", permissions.modify_all_data),
        ("PermissionsViewAllData", permissions.view_all_data),
        ("PermissionsViewSetup", permissions.view_setup),
        ("PermissionsCustomizeApplication", permissions.customize_application),
        ("PermissionsInstallPackaging", permissions.install_packaging),
        ("PermissionsAuthorApex", permissions.author_apex),
    ];
    fields.into_iter().map(|(name, granted)| (name.to_owned(), Value::Bool(granted))).collect()
}

fn with_permissions(base: Value, permissions: UserPermissions) -> Value {
    match base {
        Value::Object(mut row) => {
            row.extend(permission_fields(permissions));
            Value::Object(row)
        }
        other => other,
    }
}

fn profile_row(org: &Org, name: &str, permissions: UserPermissions) -> Value {
    let base = json!({
        "Id": profile_id(org, name),
        "Name": name,
        "UserType": "Standard",
        "UserLicenseId": sfdc_license(org),
        "Description": null,
    });
    with_permissions(base, permissions)
}

fn user_licenses(org: &Org) -> Vec<Value> {
    let active = org.fixture.users.iter().filter(|user| user.is_active).count();
    let license = |id: String, key: &str, name: &str, total: u32, used: usize| {
        json!({
            "Id": id, "LicenseDefinitionKey": key, "Name": name, "MasterLabel": name, "TotalLicenses": total,
            "UsedLicenses": used, "Status": "Active", "CreatedDate": moment::rest(org.created),
            "SystemModstamp": moment::rest(org.created),
        })
    };
    vec![
        license(sfdc_license(org), "SFDC", "Salesforce", org.fixture.seats, active),
        license(fixed_id(org, "100", 2), "AUL", "Salesforce Platform", 3, 0),
        license(fixed_id(org, "100", 3), "PID_CHATTER", "Chatter Free", 5_000, 0),
        license(fixed_id(org, "100", 4), "PID_INTEGRATION_USER", "Salesforce Integration", 5, 0),
    ]
}

fn permission_set_id(org: &Org, profile: &str) -> String {
    let position = profiles(org).iter().position(|(name, _)| name == profile).unwrap_or(999);
    fixed_id(org, "0PS", u64::try_from(position).unwrap_or(999))
}

fn permission_sets(org: &Org) -> Vec<Value> {
    let row = |(name, permissions): &(String, UserPermissions)| {
        let base = json!({
            "Id": permission_set_id(org, name),
            "Name": format!("X{}", profile_id(org, name)),
            "Label": profile_id(org, name),
            "IsOwnedByProfile": true,
            "IsCustom": false,
            "ProfileId": profile_id(org, name),
            "NamespacePrefix": null,
        });
        with_permissions(base, *permissions)
    };
    profiles(org).iter().map(row).collect()
}

fn assignment(org: &Org, user: &UserFixture) -> Value {
    let position = org.fixture.users.iter().position(|other| other.id == user.id).unwrap_or_default();
    json!({
        "Id": fixed_id(org, "0Pa", u64::try_from(position).unwrap_or_default()),
        "PermissionSetId": permission_set_id(org, &user.profile),
        "AssigneeId": user.id,
    })
}

fn permission_access(org: &Org, user: &UserFixture) -> Value {
    with_permissions(json!({"Id": fixed_id(org, "0Ua", 0)}), user.permissions)
}

fn package_license(org: &Org, package: &PackageFixture) -> Value {
    json!({
        "Id": fixed_id(org, "050", 1),
        "NamespacePrefix": package.namespace,
        "Status": package.status,
        "IsProvisioned": true,
        "AllowedLicenses": -1,
        "UsedLicenses": 0,
        "ExpirationDate": null,
        "CreatedDate": moment::rest(org.created),
        "SystemModstamp": moment::rest(org.created),
    })
}

fn object_permissions(org: &Org) -> Vec<Value> {
    let mut rows = Vec::new();
    for (profile, _) in profiles(org) {
        let user = org.fixture.users.iter().find(|user| user.profile == profile);
        for (user, object) in
            user.into_iter().flat_map(|user| org.schema.objects().map(move |object| (user, object)))
        {
            if object.storage != Storage::Records {
                continue;
            }
            let rights = object_rights(user, object);
            let number = u64::try_from(rows.len()).unwrap_or_default();
            rows.push(json!({
                "Id": fixed_id(org, "110", number),
                "ParentId": permission_set_id(org, &profile),
                "SobjectType": object.name,
                "PermissionsRead": rights.read,
                "PermissionsCreate": rights.create,
                "PermissionsEdit": rights.edit,
                "PermissionsDelete": rights.delete,
            }));
        }
    }
    rows
}

fn installed_package(org: &Org, package: &PackageFixture) -> Value {
    json!({
        "Id": fixed_id(org, "0A3", 1),
        "SubscriberPackageId": full_id(&package.package_id),
        "SubscriberPackageVersionId": full_id(&package.version_id),
        "MinPackageVersionId": full_id(&package.version_id),
    })
}

fn full_id(id: &str) -> String {
    ids::canonical(id).unwrap_or_else(|| id.to_owned())
}

fn package_row(package: &PackageFixture) -> Value {
    json!({
        "Id": full_id(&package.package_id),
        "Name": package.name,
        "NamespacePrefix": package.namespace,
        "Description": null,
        "IsPackageValid": true,
    })
}

fn package_version(package: &PackageFixture) -> Value {
    let mut numbers = package.version.split('.').map(|number| number.parse::<i64>().unwrap_or_default());
    json!({
        "Id": full_id(&package.version_id),
        "Name": package.name,
        "SubscriberPackageId": full_id(&package.package_id),
        "MajorVersion": numbers.next().unwrap_or_default(),
        "MinorVersion": numbers.next().unwrap_or_default(),
        "PatchVersion": numbers.next().unwrap_or_default(),
        "BuildNumber": numbers.next().unwrap_or_default(),
        "ReleaseState": "Released",
        "IsBeta": false,
        "IsManaged": true,
    })
}

fn entity_access(view: View<'_>) -> Vec<Value> {
    let objects = view.org.schema.objects().filter(|object| object.storage == Storage::Records);
    let row = |(number, object): (usize, &std::sync::Arc<Object>)| {
        let rights = object_rights(view.user, object);
        json!({
            "Id": fixed_id(view.org, "0Ue", u64::try_from(number).unwrap_or_default()),
            "DurableId": format!("{}.{}", object.name, view.user.id.as_deref().unwrap_or_default()),
            "EntityDefinitionId": object.name,
            "UserId": view.user.id,
            "IsReadable": rights.read,
            "IsCreatable": rights.create,
            "IsEditable": rights.edit,
            "IsUpdatable": rights.edit,
            "IsDeletable": rights.delete,
            "IsUndeletable": rights.delete,
        })
    };
    objects.enumerate().map(row).collect()
}
