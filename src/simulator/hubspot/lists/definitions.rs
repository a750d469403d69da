//! `…/lists`: making, finding, changing and deleting lists.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    List,
    filter::{self, Branch},
};
use crate::simulator::hubspot::{
    dispatch::Context,
    error::{Failure, Outcome},
    fixture::ProcessingType,
    object_type::ObjectType,
    portal::Portal,
    wire::{Reply, Version},
};
use time::Duration;

const MAX_PAGE: usize = 500;
const DEFAULT_PAGE: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateBody {
    name: String,
    object_type_id: String,
    processing_type: String,
    filter_branch: Option<Value>,
}

pub(super) fn parse_processing(text: &str) -> Outcome<ProcessingType> {
    serde_json::from_value(json!(text)).map_err(|_| {
        Failure::validation(format!("{text} is not a valid processing type"))
            .with_sub_category("INVALID_PROCESSING_TYPE")
    })
}

/// The live list that the path names.
pub(super) fn live_list<'a>(context: &'a Context<'_>) -> Outcome<&'a List> {
    let id = list_id(context)?;
    let list = context.portal.lists.get(id).filter(|list| list.deleted_at.is_none());
    list.ok_or_else(|| missing(context.request.segment(1)))
}

pub(super) fn list_id(context: &Context<'_>) -> Outcome<u32> {
    let text = context.request.segment(1);
    text.parse().map_err(|_| missing(text))
}

pub(super) fn missing(id: &str) -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        Some("OBJECT_NOT_FOUND"),
        format!("List does not exist with ID {id}."),
    )
    .with_sub_category("ILS.LIST_NOT_FOUND")
}

fn duplicate(name: &str) -> Failure {
    Failure::validation(format!("The list name \"{name}\" is already used by another list."))
        .with_sub_category("ILS.DUPLICATE_LIST_NAMES")
}

/// Parses filters and checks that the portal has the properties they read.
fn checked_filter(portal: &Portal, kind: ObjectType, json: &Value) -> Outcome<Branch> {
    let branch = Branch::parse_root(json)?;
    for name in branch.property_names() {
        if portal.catalog(kind).live(name).is_none() {
            return Err(filter::invalid(&format!("Property \"{name}\" does not exist")));
        }
    }
    Ok(branch)
}

/// `POST …/lists`
pub(in crate::simulator::hubspot) fn create(context: &mut Context<'_>) -> Outcome<Reply> {
    let body: CreateBody = context.request.json()?;
    let kind = ObjectType::parse(&body.object_type_id)?;
    let processing = parse_processing(&body.processing_type)?;
    let name = body.name.trim();
    if name.is_empty() {
        return Err(Failure::validation("Some required fields were not set: [name]"));
    }
    if context.portal.lists.named(kind, name).is_some() {
        return Err(duplicate(name));
    }
    let now = context.now;
    let id = context.portal.lists.free_id();
    let mut list = List::new(id, name, kind, processing, now);
    match (processing, &body.filter_branch) {
        (ProcessingType::Manual, Some(branch)) if !branch.is_null() => {
            return Err(filter::invalid("A MANUAL list must not have a filter branch."));
        }
        (ProcessingType::Manual, _) => {}
        (_, Some(branch)) if !branch.is_null() => {
            list.filter = Some(checked_filter(context.portal, kind, branch)?);
            list.filter_json = Some(filter::complete(branch));
            list.processing_until = Some(now.saturating_add(lag(context)));
        }
        (_, _) => return Err(filter::invalid("A DYNAMIC or SNAPSHOT list must have a filter branch.")),
    }
    let answer = json!({"list": list.render(true)});
    context.portal.lists.insert(list);
    Ok(Reply::ok(answer))
}

fn lag(context: &Context<'_>) -> Duration {
    Duration::saturating_seconds_f64(context.portal.settings.list_lag_seconds)
}

/// `GET …/lists/{id}`
pub(in crate::simulator::hubspot) fn read(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let with_filters = context.request.query.flag("includeFilters");
    Ok(Reply::ok(json!({"list": live_list(context)?.render(with_filters)})))
}

/// `GET …/lists?listIds=…`: unknown ids are left out.
pub(in crate::simulator::hubspot) fn read_many(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let with_filters = context.request.query.flag("includeFilters");
    let ids = context.request.query.every("listIds");
    let found = ids.iter().filter_map(|id| context.portal.lists.get(id.parse().ok()?));
    let lists: Vec<Value> =
        found.filter(|list| list.deleted_at.is_none()).map(|list| list.render(with_filters)).collect();
    Ok(Reply::ok(json!({"lists": lists})))
}

/// `GET …/lists/object-type-id/{type}/name/{name}`
pub(in crate::simulator::hubspot) fn read_by_name(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let kind = ObjectType::parse(context.request.segment(2))?;
    let name = context.request.segment(4);
    let with_filters = context.request.query.flag("includeFilters");
    let list = context.portal.lists.named(kind, name).ok_or_else(|| missing(name))?;
    Ok(Reply::ok(json!({"list": list.render(with_filters)})))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SearchBody {
    query: Option<String>,
    count: Option<usize>,
    offset: Option<usize>,
    list_ids: Option<Vec<String>>,
    processing_types: Option<Vec<String>>,
    object_type_id: Option<String>,
    additional_properties: Option<Vec<String>>,
    sort: Option<String>,
    after: Option<String>,
}

impl SearchBody {
    /// The lists that fit, by id unless another order is asked for.
    fn find<'a>(&self, portal: &'a Portal) -> Outcome<Vec<&'a List>> {
        let types = self.processing_types.iter().flatten().map(|text| parse_processing(text));
        let types = types.collect::<Outcome<Vec<ProcessingType>>>()?;
        let kind = self.object_type_id.as_deref().map(ObjectType::parse).transpose()?;
        let query = self.query.as_deref().unwrap_or_default().trim().to_lowercase();
        let ids: Vec<&String> = self.list_ids.iter().flatten().collect();
        let mut lists: Vec<&List> = portal
            .lists
            .live()
            .filter(|list| types.is_empty() || types.contains(&list.processing))
            .filter(|list| kind.is_none_or(|kind| list.kind == kind))
            .filter(|list| list.name.to_lowercase().contains(&query))
            .filter(|list| ids.is_empty() || ids.iter().any(|id| **id == list.id.to_string()))
            .collect();
        match self.sort.as_deref() {
            Some("NAME") => lists.sort_by_key(|list| list.name.to_lowercase()),
            Some("-NAME") => lists.sort_by_key(|list| std::cmp::Reverse(list.name.to_lowercase())),
            _ => {}
        }
        Ok(lists)
    }

    fn count(&self) -> Outcome<usize> {
        let count = self.count.unwrap_or(DEFAULT_PAGE);
        if count > MAX_PAGE {
            return Err(Failure::validation(format!("count must be at most {MAX_PAGE}. Got: {count}")));
        }
        Ok(count)
    }

    fn render(&self, list: &List) -> Value {
        let mut additional = serde_json::Map::new();
        for name in self.additional_properties.iter().flatten() {
            let last_added = list.members.values().max();
            let value = match name.as_str() {
                "hs_list_size" => Some(list.members.len().to_string()),
                "hs_list_reference_count" => Some("0".to_owned()),
                "hs_last_record_added_at" => {
                    last_added.map(|at| crate::simulator::hubspot::stamp::epoch_ms(*at).to_string())
                }
                _ => None,
            };
            if let Some(value) = value {
                additional.insert(name.clone(), json!(value));
            }
        }
        let mut body = list.render_core();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("additionalProperties".to_owned(), Value::Object(additional));
        }
        body
    }
}

/// `POST …/lists/search`
pub(in crate::simulator::hubspot) fn search(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let body: SearchBody = context.request.json()?;
    let found = body.find(context.portal)?;
    let offset = body.offset.unwrap_or(0);
    let page: Vec<Value> =
        found.iter().skip(offset).take(body.count()?).map(|list| body.render(list)).collect();
    let next = offset.min(found.len()) + page.len();
    Ok(Reply::ok(json!({
        "offset": next,
        "hasMore": next < found.len(),
        "lists": page,
        "total": found.len(),
    })))
}

/// `POST …/lists/all`: as search, with an opaque cursor.
pub(in crate::simulator::hubspot) fn all(context: &mut Context<'_>) -> Outcome<Reply> {
    if context.request.version != Version::September2026 {
        return Ok(Reply::unknown_route());
    }
    context.portal.settle_lists(context.now);
    let body: SearchBody = context.request.json()?;
    let found = body.find(context.portal)?;
    let after = body.after.as_deref().filter(|after| !after.is_empty()).map(decode_cursor).transpose()?;
    let rest: Vec<&&List> = found.iter().filter(|list| after.is_none_or(|after| list.id > after)).collect();
    let page: Vec<&&List> = rest.iter().take(body.count()?).copied().collect();
    let results: Vec<Value> = page.iter().map(|list| body.render(list)).collect();
    let mut answer = json!({"results": results});
    if let (true, Some(last), Some(fields)) = (rest.len() > page.len(), page.last(), answer.as_object_mut()) {
        let cursor = URL_SAFE_NO_PAD.encode(json!({"after": last.id}).to_string());
        fields.insert("paging".to_owned(), json!({"next": {"after": cursor}}));
    }
    Ok(Reply::ok(answer))
}

fn decode_cursor(cursor: &str) -> Outcome<u32> {
    let decoded = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    decoded
        .as_ref()
        .and_then(|json: &Value| json.get("after"))
        .and_then(Value::as_u64)
        .and_then(|after| u32::try_from(after).ok())
        .ok_or_else(|| Failure::validation("The cursor is not valid.").with_sub_category("INVALID_CURSOR"))
}

/// `GET …/lists/idmapping?legacyListId=`: old and new ids are the same here.
pub(in crate::simulator::hubspot) fn legacy_id(context: &mut Context<'_>) -> Outcome<Reply> {
    let legacy = context.request.query.first("legacyListId").unwrap_or_default();
    let list = legacy.parse().ok().and_then(|id| context.portal.lists.get(id));
    let list = list.ok_or_else(|| missing(legacy))?;
    Ok(Reply::ok(json!({"listId": list.id.to_string(), "legacyListId": legacy})))
}

/// `PUT …/lists/{id}/update-list-name?listName=`
pub(in crate::simulator::hubspot) fn rename(context: &mut Context<'_>) -> Outcome<Reply> {
    let name = context.request.query.first("listName").unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        return Err(Failure::validation("Some required fields were not set: [listName]"));
    }
    let (id, kind) = live_list(context).map(|list| (list.id, list.kind))?;
    if context.portal.lists.named(kind, &name).is_some_and(|other| other.id != id) {
        return Err(duplicate(&name));
    }
    let now = context.now;
    let with_filters = context.request.query.flag("includeFilters");
    let list = context.portal.lists.get_mut(id).ok_or_else(Failure::not_found)?;
    list.name = name;
    list.version += 1;
    list.updated_at = now;
    Ok(Reply::ok(json!({"updatedList": list.render(with_filters)})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FiltersBody {
    filter_branch: Value,
}

/// `PUT …/lists/{id}/update-list-filters`: only active lists; members follow after the lag.
pub(in crate::simulator::hubspot) fn update_filters(context: &mut Context<'_>) -> Outcome<Reply> {
    let body: FiltersBody = context.request.json()?;
    let list = live_list(context)?;
    if list.processing != ProcessingType::Dynamic {
        return Err(Failure::validation("Only the filters of a DYNAMIC list can be updated.")
            .with_sub_category("ILS.INVALID_LIST_PROCESSING_TYPE"));
    }
    let (id, kind) = (list.id, list.kind);
    let branch = checked_filter(context.portal, kind, &body.filter_branch)?;
    let (now, lag) = (context.now, lag(context));
    let list = context.portal.lists.get_mut(id).ok_or_else(Failure::not_found)?;
    list.filter = Some(branch);
    list.filter_json = Some(filter::complete(&body.filter_branch));
    list.processing_until = Some(now.saturating_add(lag));
    list.version += 1;
    list.updated_at = now;
    list.filters_updated_at = now;
    Ok(Reply::ok(json!({"updatedList": list.render(true)})))
}

/// `DELETE …/lists/{id}`
pub(in crate::simulator::hubspot) fn delete(context: &mut Context<'_>) -> Outcome<Reply> {
    let (id, now) = (live_list(context)?.id, context.now);
    if let Some(list) = context.portal.lists.get_mut(id) {
        list.deleted_at = Some(now);
    }
    Ok(Reply::no_content())
}

/// A deleted list can be brought back for this long.
const RESTORABLE: Duration = Duration::days(90);

/// `PUT …/lists/{id}/restore`
pub(in crate::simulator::hubspot) fn restore(context: &mut Context<'_>) -> Outcome<Reply> {
    let (id, now) = (list_id(context)?, context.now);
    let list = context.portal.lists.get(id).ok_or_else(|| missing(context.request.segment(1)))?;
    if list.deleted_at.is_some_and(|deleted_at| now - deleted_at > RESTORABLE) {
        return Err(missing(context.request.segment(1)));
    }
    let name = list.name.clone();
    if list.deleted_at.is_some() && context.portal.lists.named(list.kind, &name).is_some() {
        return Err(duplicate(&name));
    }
    if let Some(list) = context.portal.lists.get_mut(id) {
        list.deleted_at = None;
        if list.processing == ProcessingType::Dynamic {
            list.processing_until = Some(now);
        }
    }
    Ok(Reply::no_content())
}
