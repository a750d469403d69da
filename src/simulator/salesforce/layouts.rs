//! Page layouts: one per object, with the package's Visualforce page on it or not.

use serde_json::{Value, json};

use super::{
    access::View,
    org::Org,
    rows::fixed_id,
    schema::{Kind, Object},
};

/// Name of the package's page for an object, if the package has one.
fn page_name(object: &str) -> Option<&'static str> {
    match object {
        "Lead" => Some("HubSpot_Intelligence_Lead"),
        "Contact" => Some("HubSpot_Intelligence_Contact"),
        _ => None,
    }
}

fn is_on_layout(org: &Org, object: &str) -> bool {
    org.fixture.package.is_some()
        && match object {
            "Lead" => org.fixture.visualforce_on_lead_layout,
            "Contact" => org.fixture.visualforce_on_contact_layout,
            _ => false,
        }
}

fn layout_id(org: &Org, object: &Object) -> String {
    let position = org.schema.objects().position(|other| other.name == object.name).unwrap_or_default();
    fixed_id(org, "00h", u64::try_from(position).unwrap_or_default())
}

/// `ApexPage` rows: the package's pages.
pub(super) fn pages(org: &Org) -> Vec<Value> {
    let Some(package) = &org.fixture.package else { return Vec::new() };
    let page = |(number, object): (u64, &str)| {
        page_name(object).map(|name| {
            json!({
                "Id": fixed_id(org, "066", number), "Name": name, "MasterLabel": name.replace('_', " "),
                "NamespacePrefix": package.namespace, "ApiVersion": 58.0,
            })
        })
    };
    [(1, "Lead"), (2, "Contact")].into_iter().filter_map(page).collect()
}

/// `Layout` rows of the tooling API.
pub(super) fn rows(org: &Org) -> Vec<Value> {
    let layoutable = org.schema.objects().filter(|object| object.layoutable);
    let row = |object: &std::sync::Arc<Object>| {
        let name = format!("{} Layout", object.label);
        json!({
            "Id": layout_id(org, object),
            "Name": name,
            "FullName": format!("{}-{name}", object.name),
            "TableEnumOrId": object.name,
            "EntityDefinitionId": object.name,
            "NamespacePrefix": null,
            "LayoutType": "Standard",
            "Metadata": metadata(org, object),
        })
    };
    layoutable.map(row).collect()
}

fn metadata(org: &Org, object: &Object) -> Value {
    let items: Vec<Value> =
        shown_fields(object).map(|name| json!({"field": name, "behavior": "Edit", "page": null})).collect();
    let mut sections = vec![json!({
        "label": "Information", "style": "TwoColumnsTopToBottom", "detailHeading": true, "editHeading": true,
        "layoutColumns": [{"layoutItems": items}, {"layoutItems": []}],
    })];
    if let Some(page) = full_page_name(org, object) {
        sections.push(json!({
            "label": "HubSpot", "style": "OneColumn", "detailHeading": true, "editHeading": false,
            "layoutColumns": [{"layoutItems": [{
                "field": null, "page": page, "height": 200, "width": "100%", "showLabel": false,
                "showScrollbars": false,
            }]}],
        }));
    }
    json!({"layoutSections": sections, "relatedLists": []})
}

fn full_page_name(org: &Org, object: &Object) -> Option<String> {
    let package = org.fixture.package.as_ref()?;
    let page = page_name(&object.name).filter(|_| is_on_layout(org, &object.name))?;
    Some(format!("{}__{page}", package.namespace))
}

fn shown_fields(object: &Object) -> impl Iterator<Item = &str> {
    let hidden = |field: &&super::schema::Field| {
        field.createable && field.compound.is_none() && !matches!(field.kind, Kind::Address | Kind::Complex)
    };
    object.fields.iter().filter(hidden).map(|field| field.name.as_str())
}

/// The answer of `describe/layouts`, as the user sees it; `record_type` narrows it to one layout without the frame.
pub fn describe(view: View<'_>, object: &Object, version: &str, record_type: Option<&str>) -> Value {
    let id = layout_id(view.org, object);
    let layout = layout(view, object, &id);
    if record_type.is_some() {
        return layout;
    }
    let base = format!("/services/data/v{version}/sobjects/{}/describe/layouts", object.name);
    json!({
        "layouts": [layout],
        "recordTypeMappings": [{
            "active": true,
            "available": true,
            "defaultRecordTypeMapping": true,
            "developerName": "Master",
            "layoutId": id,
            "master": true,
            "name": "Master",
            "picklistsForRecordType": null,
            "recordTypeId": "012000000000000AAA",
            "urls": {"layout": format!("{base}/012000000000000AAA")},
        }],
        "recordTypeSelectorRequired": [false],
    })
}

fn layout(view: View<'_>, object: &Object, id: &str) -> Value {
    let detail = sections(view, object, id, true);
    let edit = sections(view, object, id, false);
    json!({
        "id": id,
        "buttonLayoutSection": {"detailButtons": [
            {"behavior": null, "colors": null, "content": null, "custom": false, "label": "Edit", "name": "Edit"},
            {"behavior": null, "colors": null, "content": null, "custom": false, "label": "Delete", "name": "Delete"},
        ]},
        "detailLayoutSections": detail,
        "editLayoutSections": edit,
        "feedView": null,
        "highlightsPanelLayoutSection": null,
        "multirowEditLayoutSections": [],
        "offlineLinks": [],
        "quickActionList": {"quickActionListItems": []},
        "relatedContent": null,
        "relatedLists": [],
        "saveOptions": [],
    })
}

fn sections(view: View<'_>, object: &Object, id: &str, detail: bool) -> Vec<Value> {
    let fields = view.fields(object).filter(|field| field.createable && field.compound.is_none());
    let rows: Vec<Value> = fields
        .map(|field| {
            json!({"numItems": 1, "layoutItems": [{
                "editableForNew": field.createable,
                "editableForUpdate": field.updateable,
                "label": field.label,
                "placeholder": false,
                "required": field.required_on_create(),
                "layoutComponents": [{
                    "type": "Field", "value": field.name, "apiName": field.name, "displayLines": 1, "tabOrder": 1,
                    "components": [], "fieldType": super::describe::type_name(&field.kind),
                }],
            }]})
        })
        .collect();
    let mut sections = vec![section(view.org, id, 1, &format!("{} Information", object.label), &rows)];
    if let Some(page) = full_page_name(view.org, object).filter(|_| detail) {
        let item = json!({"numItems": 1, "layoutItems": [{
            "editableForNew": false,
            "editableForUpdate": false,
            "label": "",
            "placeholder": false,
            "required": false,
            "layoutComponents": [{
                "type": "VisualforcePage",
                "value": page_name(&object.name),
                "displayLines": 1,
                "tabOrder": 1,
                "showLabel": false,
                "showScrollbars": false,
                "suggestedHeight": "200px",
                "suggestedWidth": "100%",
                "url": format!("/apex/{page}"),
            }],
        }]});
        sections.push(section(view.org, id, 2, "HubSpot", &[item]));
    }
    sections
}

fn section(org: &Org, layout_id: &str, number: u64, heading: &str, rows: &[Value]) -> Value {
    json!({
        "collapsed": false,
        "columns": 1,
        "heading": heading,
        "layoutRows": rows,
        "layoutSectionId": fixed_id(org, "01B", number),
        "parentLayoutId": layout_id,
        "rows": rows.len(),
        "tabOrder": "LeftToRight",
        "useCollapsibleSection": true,
        "useHeading": true,
    })
}
