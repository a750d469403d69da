//! `…/properties/{type}`: definitions and groups.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    batch::{envelope, inputs},
    dispatch::Context,
    error::{Failure, Outcome},
    object_type::ObjectType,
    objects::object_type,
    portal::Portal,
    property::{Choice, Property, is_valid_pair},
    property_catalog::{Catalog, Group},
    wire::Reply,
};

/// Properties with unique values of one object type.
const MAX_UNIQUE: usize = 10;
const MAX_INPUTS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PropertyInput {
    name: Option<String>,
    label: Option<String>,
    #[serde(rename = "type")]
    data_type: Option<String>,
    field_type: Option<String>,
    group_name: Option<String>,
    description: Option<String>,
    options: Option<Vec<Choice>>,
    display_order: Option<i64>,
    has_unique_value: Option<bool>,
    hidden: Option<bool>,
    form_field: Option<bool>,
    external_options: Option<bool>,
}

fn catalog_mut(portal: &mut Portal, kind: ObjectType) -> &mut Catalog {
    portal.catalogs.entry(kind).or_default()
}

fn required(value: Option<String>, name: &str) -> Outcome<String> {
    let message = || Failure::validation(format!("Some required fields were not set: [{name}]"));
    value.filter(|value| !value.is_empty()).ok_or_else(message)
}

/// Lower-case letters, digits and underscores, starting with a letter.
fn check_name(name: &str) -> Outcome<()> {
    let starts_well = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if starts_well && name.chars().all(fits) && name.len() <= 100 {
        return Ok(());
    }
    Err(Failure::validation(format!(
        "Property name '{name}' is invalid: only lower-case letters, digits and underscores, starting with a letter"
    )))
}

fn define(catalog: &Catalog, input: PropertyInput, now: OffsetDateTime) -> Outcome<Property> {
    let name = required(input.name, "name")?.to_lowercase();
    check_name(&name)?;
    if catalog.live(&name).is_some() {
        let mut failure = Failure::new(
            StatusCode::CONFLICT,
            Some("OBJECT_ALREADY_EXISTS"),
            format!("A property named '{name}' already exists."),
        );
        failure.sub_category = Some("Properties.PROPERTY_EXISTS");
        return Err(failure);
    }
    let group_name = required(input.group_name, "groupName")?;
    if catalog.groups.get(&group_name).is_none_or(|group| group.archived) {
        return Err(Failure::validation(format!("Property group {group_name} does not exist.")));
    }
    let data_type = required(input.data_type, "type")?;
    let field_type = required(input.field_type, "fieldType")?;
    if !is_valid_pair(&data_type, &field_type) {
        return Err(Failure::validation(format!(
            "The field type {field_type} is not valid for the type {data_type}."
        )));
    }
    let has_unique_value = input.has_unique_value.unwrap_or(false);
    if has_unique_value {
        let present = catalog.all().values().filter(|property| property.has_unique_value).count();
        if present >= MAX_UNIQUE {
            return Err(Failure::validation(format!("At most {MAX_UNIQUE} properties may be unique.")));
        }
    }
    let mut options = input.options.unwrap_or_default();
    if data_type == "bool" && options.is_empty() {
        options = ["true", "false"].into_iter().zip(0..).map(|(value, order)| choice(value, order)).collect();
    }
    Ok(Property {
        name,
        label: required(input.label, "label")?,
        data_type,
        field_type,
        description: input.description.unwrap_or_default(),
        group_name,
        options,
        display_order: input.display_order.unwrap_or(-1),
        calculated: false,
        external_options: input.external_options.unwrap_or(false),
        has_unique_value,
        hidden: input.hidden.unwrap_or(false),
        hubspot_defined: false,
        read_only_value: false,
        form_field: input.form_field.unwrap_or(false),
        created_at: now,
        updated_at: now,
        archived_at: None,
    })
}

fn choice(value: &str, display_order: i64) -> Choice {
    Choice {
        label: value.to_owned(),
        value: value.to_owned(),
        display_order,
        hidden: false,
        description: None,
    }
}

/// `GET …/{type}`
pub(super) fn list(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let archived = context.request.query.flag("archived");
    let all = context.portal.catalog(kind).all().values();
    let shown = all.filter(|property| property.archived_at.is_some() == archived).map(Property::render);
    Ok(Reply::ok(json!({"results": shown.collect::<Vec<Value>>()})))
}

/// `GET …/{type}/{name}`
pub(super) fn read(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let name = context.request.segment(2).to_lowercase();
    let archived = context.request.query.flag("archived");
    let found = context.portal.catalog(kind).all().get(&name);
    let found = found.filter(|property| property.archived_at.is_some() == archived);
    found.map(|property| Reply::ok(property.render())).ok_or_else(|| missing(&name))
}

fn missing(name: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        Some("OBJECT_NOT_FOUND"),
        format!("No property exists with name '{name}'."),
    )
}

/// `POST …/{type}`
pub(super) fn create(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let property = define(context.portal.catalog(kind), context.request.json()?, context.now)?;
    let body = property.render();
    catalog_mut(context.portal, kind).put(property);
    Ok(Reply::created(body))
}

/// `PATCH …/{type}/{name}`; uniqueness can't be changed.
pub(super) fn update(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let name = context.request.segment(2).to_lowercase();
    let input: PropertyInput = context.request.json()?;
    let now = context.now;
    let catalog = catalog_mut(context.portal, kind);
    if let Some(group) = &input.group_name
        && !catalog.groups.contains_key(group)
    {
        return Err(Failure::validation(format!("Property group {group} does not exist.")));
    }
    let property = catalog.get_mut(&name).filter(|property| property.archived_at.is_none());
    let property = property.ok_or_else(|| missing(&name))?;
    let data_type = input.data_type.unwrap_or_else(|| property.data_type.clone());
    let field_type = input.field_type.unwrap_or_else(|| property.field_type.clone());
    let is_changed = (&data_type, &field_type) != (&property.data_type, &property.field_type);
    if is_changed && !is_valid_pair(&data_type, &field_type) {
        return Err(Failure::validation(format!(
            "The field type {field_type} is not valid for the type {data_type}."
        )));
    }
    property.data_type = data_type;
    property.field_type = field_type;
    property.label = input.label.unwrap_or_else(|| property.label.clone());
    property.description = input.description.unwrap_or_else(|| property.description.clone());
    property.group_name = input.group_name.unwrap_or_else(|| property.group_name.clone());
    property.options = input.options.unwrap_or_else(|| property.options.clone());
    property.display_order = input.display_order.unwrap_or(property.display_order);
    property.hidden = input.hidden.unwrap_or(property.hidden);
    property.form_field = input.form_field.unwrap_or(property.form_field);
    property.updated_at = now;
    Ok(Reply::ok(property.render()))
}

fn archive_one(catalog: &mut Catalog, name: &str, now: OffsetDateTime) -> Outcome<()> {
    if let Some(property) = catalog.get_mut(name) {
        if property.hubspot_defined {
            return Err(Failure::validation(format!("Property {name} is defined by HubSpot.")));
        }
        property.archived_at = Some(now);
    }
    Ok(())
}

/// `DELETE …/{type}/{name}`
pub(super) fn archive(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let name = context.request.segment(2).to_lowercase();
    let now = context.now;
    archive_one(catalog_mut(context.portal, kind), &name, now)?;
    Ok(Reply::no_content())
}

/// `POST …/{type}/batch/create`: those that cannot be made are reported beside those that were.
pub(super) fn batch_create(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let inputs: Vec<PropertyInput> = inputs(context, MAX_INPUTS)?;
    let now = context.now;
    let catalog = catalog_mut(context.portal, kind);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in inputs {
        let name = input.name.clone().unwrap_or_default();
        match define(catalog, input, now) {
            Ok(property) => {
                results.push(property.render());
                catalog.put(property);
            }
            Err(failure) => errors.push(failure.with_context("name", vec![name]).item(None)),
        }
    }
    Ok(envelope(now, StatusCode::CREATED, &results, &errors))
}

#[derive(Deserialize)]
struct NameInput {
    name: String,
}

/// `POST …/{type}/batch/read`
pub(super) fn batch_read(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let inputs: Vec<NameInput> = inputs(context, MAX_INPUTS)?;
    let catalog = context.portal.catalog(kind);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in inputs {
        match catalog.live(&input.name.to_lowercase()) {
            Some(property) => results.push(property.render()),
            None => {
                errors.push(missing(&input.name).with_context("name", vec![input.name.clone()]).item(None));
            }
        }
    }
    Ok(envelope(context.now, StatusCode::OK, &results, &errors))
}

/// `POST …/{type}/batch/archive`
pub(super) fn batch_archive(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let inputs: Vec<NameInput> = inputs(context, MAX_INPUTS)?;
    let now = context.now;
    let catalog = catalog_mut(context.portal, kind);
    for input in inputs {
        archive_one(catalog, &input.name.to_lowercase(), now)?;
    }
    Ok(Reply::no_content())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GroupInput {
    name: Option<String>,
    label: Option<String>,
    display_order: Option<i64>,
}

fn render_group(group: &Group) -> Value {
    json!({
        "name": group.name,
        "label": group.label,
        "displayOrder": group.display_order,
        "archived": group.archived,
    })
}

/// `GET …/{type}/groups`
pub(super) fn list_groups(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let groups = context.portal.catalog(kind).groups.values().filter(|group| !group.archived);
    Ok(Reply::ok(json!({"results": groups.map(render_group).collect::<Vec<_>>()})))
}

fn live_group<'a>(context: &'a mut Context<'_>) -> Outcome<&'a mut Group> {
    let kind = object_type(context)?;
    let name = context.request.segment(3).to_lowercase();
    let group = catalog_mut(context.portal, kind).groups.get_mut(&name).filter(|group| !group.archived);
    group.ok_or_else(|| {
        let message = format!("No property group exists with name '{name}'.");
        Failure::new(StatusCode::NOT_FOUND, Some("OBJECT_NOT_FOUND"), message)
    })
}

/// `GET …/{type}/groups/{name}`
pub(super) fn read_group(context: &mut Context<'_>) -> Outcome<Reply> {
    Ok(Reply::ok(render_group(live_group(context)?)))
}

/// `POST …/{type}/groups`
pub(super) fn create_group(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let input: GroupInput = context.request.json()?;
    let name = required(input.name, "name")?.to_lowercase();
    let label = required(input.label, "label")?;
    let groups = &mut catalog_mut(context.portal, kind).groups;
    if groups.get(&name).is_some_and(|group| !group.archived) {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            Some("OBJECT_ALREADY_EXISTS"),
            format!("A property group named '{name}' already exists."),
        ));
    }
    let count = i64::try_from(groups.len()).unwrap_or(i64::MAX);
    let display_order = input.display_order.unwrap_or(count);
    let group = Group { name: name.clone(), label, display_order, archived: false };
    let body = render_group(&group);
    groups.insert(name, group);
    Ok(Reply::created(body))
}

/// `PATCH …/{type}/groups/{name}`
pub(super) fn update_group(context: &mut Context<'_>) -> Outcome<Reply> {
    let input: GroupInput = context.request.json()?;
    let group = live_group(context)?;
    group.label = input.label.unwrap_or_else(|| group.label.clone());
    group.display_order = input.display_order.unwrap_or(group.display_order);
    Ok(Reply::ok(render_group(group)))
}

/// `DELETE …/{type}/groups/{name}`
pub(super) fn archive_group(context: &mut Context<'_>) -> Outcome<Reply> {
    live_group(context)?.archived = true;
    Ok(Reply::no_content())
}
