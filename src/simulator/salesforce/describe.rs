//! describe and describeGlobal, as the calling user sees the objects.

use serde_json::{Value, json};

use super::{
    access::{View, field_rights, object_rights},
    schema::{Field, Kind, Object, Storage},
};

/// The name of a kind in describe's `type`.
pub fn type_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Id => "id",
        Kind::Text => "string",
        Kind::TextArea => "textarea",
        Kind::Email => "email",
        Kind::Phone => "phone",
        Kind::Url => "url",
        Kind::Boolean => "boolean",
        Kind::Int => "int",
        Kind::Double => "double",
        Kind::Currency => "currency",
        Kind::Percent => "percent",
        Kind::Date => "date",
        Kind::DateTime => "datetime",
        Kind::Picklist { .. } => "picklist",
        Kind::Reference { .. } => "reference",
        Kind::Address => "address",
        Kind::Complex => "complexvalue",
    }
}

fn soap_type(kind: &Kind) -> &'static str {
    match kind {
        Kind::Id | Kind::Reference { .. } => "tns:ID",
        Kind::Boolean => "xsd:boolean",
        Kind::Int => "xsd:int",
        Kind::Double | Kind::Currency | Kind::Percent => "xsd:double",
        Kind::Date => "xsd:date",
        Kind::DateTime => "xsd:dateTime",
        Kind::Address => "urn:address",
        Kind::Complex => "mns:Layout",
        _ => "xsd:string",
    }
}

/// The entry of an object in describeGlobal, and the head of its describe.
pub fn summary(view: View<'_>, object: &Object, version: &str) -> Value {
    let rights = object_rights(view.user, object);
    let stored = object.storage == Storage::Records;
    let base = format!("/services/data/v{version}/sobjects/{}", object.name);
    let plural = match object.label.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{}s", object.label),
    };
    json!({
        "activateable": false,
        "associateEntityType": null,
        "associateParentEntity": null,
        "createable": rights.create,
        "custom": object.name.ends_with("__c"),
        "customSetting": false,
        "deepCloneable": false,
        "deletable": rights.delete,
        "deprecatedAndHidden": false,
        "feedEnabled": stored,
        "hasSubtypes": false,
        "isInterface": false,
        "isSubtype": false,
        "keyPrefix": (!object.key_prefix.is_empty()).then_some(&object.key_prefix),
        "label": object.label,
        "labelPlural": plural,
        "layoutable": object.layoutable,
        "mergeable": matches!(object.name.as_str(), "Account" | "Contact" | "Lead"),
        "mruEnabled": stored,
        "name": object.name,
        "queryable": true,
        "replicateable": stored,
        "retrieveable": true,
        "searchable": stored,
        "triggerable": stored,
        "undeletable": rights.delete,
        "updateable": rights.edit,
        "urls": {
            "compactLayouts": format!("{base}/describe/compactLayouts"),
            "rowTemplate": format!("{base}/{{ID}}"),
            "approvalLayouts": format!("{base}/describe/approvalLayouts"),
            "describe": format!("{base}/describe"),
            "quickActions": format!("{base}/quickActions"),
            "layouts": format!("{base}/describe/layouts"),
            "sobject": base,
        },
    })
}

/// The whole describe of an object.
pub fn object(view: View<'_>, object: &Object, version: &str) -> Value {
    let mut described = summary(view, object, version);
    let fields: Vec<Value> = view.fields(object).map(|field| self::field(view, object, field)).collect();
    let children: Vec<Value> = view
        .org
        .schema
        .child_relationships(object)
        .filter(|(_, child, _)| object_rights(view.user, child).read)
        .map(|(name, child, field)| {
            json!({
                "cascadeDelete": false, "childSObject": child.name, "deprecatedAndHidden": false,
                "field": field.name, "junctionIdListNames": [], "junctionReferenceTo": [],
                "relationshipName": name, "restrictedDelete": false,
            })
        })
        .collect();
    if let Some(described) = described.as_object_mut() {
        described.insert("fields".to_owned(), fields.into());
        described.insert("childRelationships".to_owned(), children.into());
        described.insert("actionOverrides".to_owned(), json!([]));
        described.insert("namedLayoutInfos".to_owned(), json!([]));
        described.insert("networkScopeFieldName".to_owned(), Value::Null);
        described.insert("compactLayoutable".to_owned(), object.layoutable.into());
        described.insert("searchLayoutable".to_owned(), object.layoutable.into());
        described.insert("listviewable".to_owned(), Value::Null);
        described.insert("lookupLayoutable".to_owned(), Value::Null);
        described.insert("supportedScopes".to_owned(), json!([{"label": "All", "name": "everything"}]));
        described.insert(
            "recordTypeInfos".to_owned(),
            json!([{
                "active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
                "master": true, "name": "Master", "recordTypeId": "012000000000000AAA",
                "urls": {"layout": format!(
                    "/services/data/v{version}/sobjects/{}/describe/layouts/012000000000000AAA", object.name)},
            }]),
        );
    }
    described
}

fn field(view: View<'_>, object: &Object, field: &Field) -> Value {
    let editable = field_rights(view.user, object, field).edit;
    let parts = [never(), traits(field, editable), kind(object, field)];
    let entries = parts.into_iter().filter_map(|part| match part {
        Value::Object(part) => Some(part),
        _ => None,
    });
    Value::Object(entries.flatten().collect())
}

/// What no field of the simulator is or has.
fn never() -> Value {
    json!({
        "aiPredictionField": false,
        "calculated": false,
        "calculatedFormula": null,
        "cascadeDelete": false,
        "caseSensitive": false,
        "controllerName": null,
        "defaultValueFormula": null,
        "dependentPicklist": false,
        "deprecatedAndHidden": false,
        "displayLocationInDecimal": false,
        "encrypted": false,
        "extraTypeInfo": null,
        "filteredLookupInfo": null,
        "formulaTreatNullNumberAsZero": false,
        "highScaleNumber": false,
        "htmlFormatted": false,
        "inlineHelpText": null,
        "mask": null,
        "maskType": null,
        "queryByDistance": false,
        "referenceTargetField": null,
        "relationshipOrder": null,
        "restrictedDelete": false,
        "searchPrefilterable": false,
        "writeRequiresMasterRead": false,
    })
}

fn traits(field: &Field, editable: bool) -> Value {
    json!({
        "compoundFieldName": field.compound,
        "createable": field.createable && editable,
        "custom": field.custom,
        "defaultedOnCreate": field.defaulted_on_create,
        "externalId": field.external_id,
        "idLookup": field.id_lookup,
        "label": field.label,
        "name": field.name,
        "nillable": field.nillable,
        "permissionable": field.nillable && field.createable,
        "unique": field.unique,
        "updateable": field.updateable && editable,
    })
}

fn kind(object: &Object, field: &Field) -> Value {
    let (values, restricted) = match &field.kind {
        Kind::Picklist { values, restricted } => (values.as_slice(), *restricted),
        _ => (&[][..], false),
    };
    let picklist = values.iter().map(|value| {
        let default = field.default.as_ref().and_then(Value::as_str) == Some(value.as_str());
        json!({"active": true, "defaultValue": default, "label": value, "validFor": null, "value": value})
    });
    let (refers_to, relationship) = match &field.kind {
        Kind::Reference { to, relationship, .. } => (to.as_slice(), relationship.as_deref()),
        _ => (&[][..], None),
    };
    let number = matches!(field.kind, Kind::Double | Kind::Currency | Kind::Percent);
    let filterable = !matches!(field.kind, Kind::TextArea | Kind::Address | Kind::Complex);
    let is_case_number = object.name == "Case" && field.name == "CaseNumber";
    json!({
        "aggregatable": filterable && field.kind != Kind::Boolean,
        "autoNumber": is_case_number,
        "byteLength": field.length * 3,
        "defaultValue": if field.kind == Kind::Boolean { Value::Bool(false) } else { Value::Null },
        "digits": if field.kind == Kind::Int { 8 } else { 0 },
        "filterable": filterable,
        "groupable": filterable && field.kind != Kind::DateTime && !number,
        "length": field.length,
        "nameField": field.name == "Name" || is_case_number,
        "namePointing": refers_to.len() > 1,
        "picklistValues": picklist.collect::<Vec<_>>(),
        "polymorphicForeignKey": refers_to.len() > 1,
        "precision": if number { 18 } else { 0 },
        "referenceTo": refers_to,
        "relationshipName": relationship,
        "restrictedPicklist": restricted,
        "scale": if number { 2 } else { 0 },
        "soapType": soap_type(&field.kind),
        "sortable": filterable,
        "type": type_name(&field.kind),
    })
}
