//! The objects about the org itself, its users and licences: read from the fixture, never written.

use super::{Field, Kind, Object, Storage};

/// System permissions that profiles, permission sets and `UserPermissionAccess` show.
pub(super) const PERMISSIONS: &[&str] = &[
    "PermissionsApiEnabled",
    "PermissionsModifyAllData",
    "PermissionsViewAllData",
    "PermissionsViewSetup",
    "PermissionsCustomizeApplication",
    "PermissionsInstallPackaging",
    "PermissionsAuthorApex",
];

pub(super) fn objects() -> Vec<Object> {
    vec![
        organization(),
        user(),
        profile(),
        user_license(),
        permission_set(),
        permission_set_assignment(),
        user_permission_access(),
        package_license(),
        record_type(),
        object_permissions(),
        group(),
        name(),
    ]
}

fn object(name: &str, key_prefix: &str, fields: Vec<Field>) -> Object {
    Object::setup(name, key_prefix, Storage::Setup, fields)
}

fn permissions() -> impl Iterator<Item = Field> {
    PERMISSIONS.iter().map(|name| Field::flag(name))
}

fn organization() -> Object {
    let fields = vec![
        Field::text("Name", 80).required(),
        Field::text("Division", 80),
        Field::text("Country", 80),
        Field::of("Phone", Kind::Phone),
        Field::text("PrimaryContact", 80),
        Field::picklist("DefaultLocaleSidKey", &["en_US", "ja_JP"]),
        Field::picklist("TimeZoneSidKey", &["America/Los_Angeles", "Asia/Tokyo", "GMT"]),
        Field::picklist("LanguageLocaleKey", &["en_US", "ja"]),
        Field::picklist(
            "OrganizationType",
            &[
                "Team Edition",
                "Professional Edition",
                "Enterprise Edition",
                "Developer Edition",
                "Personal Edition",
                "Unlimited Edition",
                "Contact Manager Edition",
                "Base Edition",
            ],
        )
        .label("Edition"),
        Field::text("NamespacePrefix", 15),
        Field::text("InstanceName", 5),
        Field::flag("IsSandbox"),
        Field::flag("IsReadOnly"),
        Field::of("TrialExpirationDate", Kind::DateTime),
        Field::of("CreatedDate", Kind::DateTime).required(),
        Field::of("SystemModstamp", Kind::DateTime).required(),
    ];
    object("Organization", "00D", fields)
}

fn user() -> Object {
    let fields = vec![
        Field::text("Username", 80).required().lookup(),
        Field::text("LastName", 80).required(),
        Field::text("FirstName", 40),
        Field::text("Name", 121).required().label("Full Name"),
        Field::of("Email", Kind::Email).required(),
        Field::text("Alias", 8).required(),
        Field::text("CompanyName", 80),
        Field::text("Title", 80),
        Field::flag("IsActive").label("Active"),
        Field::picklist("UserType", &["Standard", "PowerPartner", "CspLitePortal", "Guest"]),
        Field::picklist("TimeZoneSidKey", &["America/Los_Angeles", "Asia/Tokyo", "GMT"]).required(),
        Field::picklist("LocaleSidKey", &["en_US", "ja_JP"]).required(),
        Field::picklist("LanguageLocaleKey", &["en_US", "ja"]).required(),
        Field::picklist("EmailEncodingKey", &["UTF-8"]).required(),
        Field::reference("ProfileId", &["Profile"], "Profile", Some("Users")).required(),
        Field::text("UserRoleId", 18),
        Field::of("LastLoginDate", Kind::DateTime),
        Field::of("CreatedDate", Kind::DateTime).required(),
        Field::of("LastModifiedDate", Kind::DateTime).required(),
        Field::of("SystemModstamp", Kind::DateTime).required(),
    ];
    object("User", "005", fields)
}

fn profile() -> Object {
    let mut fields = vec![
        Field::text("Name", 255).required(),
        Field::picklist("UserType", &["Standard", "Guest"]),
        Field::reference("UserLicenseId", &["UserLicense"], "UserLicense", None).required(),
        Field::of("Description", Kind::TextArea),
    ];
    fields.extend(permissions());
    object("Profile", "00e", fields)
}

fn user_license() -> Object {
    let fields = vec![
        Field::text("LicenseDefinitionKey", 40).required(),
        Field::text("Name", 40).required(),
        Field::text("MasterLabel", 40).required(),
        Field::of("TotalLicenses", Kind::Int).required(),
        Field::of("UsedLicenses", Kind::Int),
        Field::picklist("Status", &["Active", "Disabled"]).required(),
        Field::of("CreatedDate", Kind::DateTime),
        Field::of("SystemModstamp", Kind::DateTime),
    ];
    let mut object = object("UserLicense", "100", fields);
    object.needs_view_setup = true;
    object
}

fn permission_set() -> Object {
    let mut fields = vec![
        Field::text("Name", 80).required(),
        Field::text("Label", 80).required(),
        Field::flag("IsOwnedByProfile"),
        Field::flag("IsCustom"),
        Field::reference("ProfileId", &["Profile"], "Profile", None),
        Field::text("NamespacePrefix", 15),
    ];
    fields.extend(permissions());
    let mut object = object("PermissionSet", "0PS", fields);
    object.needs_view_setup = true;
    object
}

fn permission_set_assignment() -> Object {
    let fields = vec![
        Field::reference("PermissionSetId", &["PermissionSet"], "PermissionSet", Some("Assignments")),
        Field::reference("AssigneeId", &["User"], "Assignee", Some("PermissionSetAssignments")).required(),
    ];
    object("PermissionSetAssignment", "0Pa", fields)
}

fn user_permission_access() -> Object {
    object("UserPermissionAccess", "0Ua", permissions().collect())
}

fn package_license() -> Object {
    let fields = vec![
        Field::text("NamespacePrefix", 15),
        Field::picklist("Status", &["Active", "Expired", "Free", "Trial"]).required(),
        Field::flag("IsProvisioned"),
        Field::of("AllowedLicenses", Kind::Int).required(),
        Field::of("UsedLicenses", Kind::Int).required(),
        Field::of("ExpirationDate", Kind::DateTime),
        Field::of("CreatedDate", Kind::DateTime),
        Field::of("SystemModstamp", Kind::DateTime),
    ];
    let mut object = object("PackageLicense", "050", fields);
    object.needs_view_setup = true;
    object
}

fn record_type() -> Object {
    let fields = vec![
        Field::text("Name", 80).required(),
        Field::text("DeveloperName", 80).required(),
        Field::text("SobjectType", 40).required(),
        Field::text("Description", 255),
        Field::flag("IsActive"),
    ];
    object("RecordType", "012", fields)
}

fn object_permissions() -> Object {
    let flags = ["PermissionsRead", "PermissionsCreate", "PermissionsEdit", "PermissionsDelete"];
    let mut fields = vec![
        Field::reference("ParentId", &["PermissionSet"], "Parent", Some("ObjectPerms")).required(),
        Field::text("SobjectType", 40).required(),
    ];
    fields.extend(flags.iter().map(|name| Field::flag(name)));
    let mut object = object("ObjectPermissions", "110", fields);
    object.needs_view_setup = true;
    object
}

fn group() -> Object {
    let fields =
        vec![Field::text("Name", 40).required(), Field::text("DeveloperName", 80), Field::text("Type", 40)];
    object("Group", "00G", fields)
}

/// The object behind relationships with several targets (`Owner`, `Who`, `What`): nothing can be selected from it.
fn name() -> Object {
    let fields = vec![
        Field::text("Name", 255),
        Field::text("FirstName", 40),
        Field::text("LastName", 80),
        Field::text("Type", 40),
        Field::text("Username", 80),
        Field::text("Alias", 8),
        Field::of("Email", Kind::Email),
        Field::of("Phone", Kind::Phone),
        Field::text("Title", 128),
        Field::flag("IsActive"),
    ];
    object("Name", "", fields)
}
