//! The objects of the tooling API that installation checks read.

use super::{Field, Kind, Object, Storage};

pub(super) fn objects() -> Vec<Object> {
    vec![installed_package(), package(), package_version(), apex_page(), layout(), user_entity_access()]
}

fn object(name: &str, key_prefix: &str, fields: Vec<Field>) -> Object {
    let mut object = Object::setup(name, key_prefix, Storage::Tooling, fields);
    object.needs_view_setup = true;
    object
}

fn installed_package() -> Object {
    let fields = vec![
        Field::reference("SubscriberPackageId", &["SubscriberPackage"], "SubscriberPackage", None),
        Field::reference(
            "SubscriberPackageVersionId",
            &["SubscriberPackageVersion"],
            "SubscriberPackageVersion",
            None,
        ),
        Field::text("MinPackageVersionId", 18),
    ];
    object("InstalledSubscriberPackage", "0A3", fields)
}

fn package() -> Object {
    let fields = vec![
        Field::text("Name", 80),
        Field::text("NamespacePrefix", 15),
        Field::of("Description", Kind::TextArea),
        Field::flag("IsPackageValid"),
    ];
    object("SubscriberPackage", "033", fields)
}

fn package_version() -> Object {
    let number = |name| Field::of(name, Kind::Int);
    let fields = vec![
        Field::text("Name", 80),
        Field::reference("SubscriberPackageId", &["SubscriberPackage"], "SubscriberPackage", None),
        number("MajorVersion"),
        number("MinorVersion"),
        number("PatchVersion"),
        number("BuildNumber"),
        Field::text("ReleaseState", 20),
        Field::flag("IsBeta"),
        Field::flag("IsManaged"),
    ];
    object("SubscriberPackageVersion", "04t", fields)
}

fn apex_page() -> Object {
    let fields = vec![
        Field::text("Name", 80),
        Field::text("MasterLabel", 80),
        Field::text("NamespacePrefix", 15),
        Field::of("ApiVersion", Kind::Double),
    ];
    object("ApexPage", "066", fields)
}

fn layout() -> Object {
    let fields = vec![
        Field::text("Name", 80),
        Field::text("FullName", 255),
        Field::text("TableEnumOrId", 40),
        Field::text("EntityDefinitionId", 40),
        Field::text("NamespacePrefix", 15),
        Field::text("LayoutType", 40),
        Field::of("Metadata", Kind::Complex),
    ];
    object("Layout", "00h", fields)
}

fn user_entity_access() -> Object {
    let mut fields = vec![
        Field::text("DurableId", 60),
        Field::text("EntityDefinitionId", 60),
        Field::reference("UserId", &["User"], "User", None),
    ];
    let flags = ["IsReadable", "IsCreatable", "IsEditable", "IsDeletable", "IsUpdatable", "IsUndeletable"];
    fields.extend(flags.iter().map(|name| Field::flag(name)));
    let mut object = object("UserEntityAccess", "0Ue", fields);
    object.needs_view_setup = false;
    object
}
