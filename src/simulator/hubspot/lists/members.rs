//! `…/lists/{id}/memberships` and the lists of a record.

use std::collections::BTreeSet;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::definitions::{list_id, live_list, missing};
use crate::simulator::hubspot::{
    dispatch::Context,
    error::{Failure, Outcome},
    fixture::ProcessingType,
    object_type::ObjectType,
    portal::{Portal, plain_text},
    stamp,
    wire::Reply,
};

const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 250;
/// Records that one change may name.
const MAX_CHANGES: usize = 100_000;

fn render(record: u64, at: OffsetDateTime) -> Value {
    json!({"recordId": record.to_string(), "membershipTimestamp": stamp::iso(at)})
}

fn cursor(context: &Context<'_>, name: &str) -> Outcome<Option<u64>> {
    let text = context.request.query.first(name).filter(|text| !text.is_empty());
    text.map(|text| {
        text.parse().map_err(|_| {
            Failure::validation(format!("Cannot deserialize value of type long: {text}"))
                .with_sub_category("INVALID_CURSOR")
        })
    })
    .transpose()
}

fn page(context: &Context<'_>, members: &[(u64, OffsetDateTime)], total: usize, limit: usize) -> Reply {
    let shown = members.iter().take(limit);
    let mut body = json!({
        "results": shown.map(|(record, at)| render(*record, *at)).collect::<Vec<_>>(),
        "total": total,
    });
    let last = members.get(limit.saturating_sub(1)).filter(|_| members.len() > limit);
    if let (Some((last, _)), Some(fields)) = (last, body.as_object_mut()) {
        let after = last.to_string();
        let link = context.request.next_link(&after);
        fields.insert("paging".to_owned(), json!({"next": {"after": after, "link": link}}));
    }
    Reply::ok(body)
}

/// `GET …/memberships`: ascending by record; `before` goes down from a record.
pub(in crate::simulator::hubspot) fn by_id(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let limit = context.request.query.limit(DEFAULT_PAGE, MAX_PAGE)?;
    let (after, before) = (cursor(context, "after")?, cursor(context, "before")?);
    let list = live_list(context)?;
    let mut members: Vec<(u64, OffsetDateTime)> = list
        .members
        .iter()
        .filter(|(record, _)| after.is_none_or(|after| **record > after))
        .filter(|(record, _)| before.is_none_or(|before| **record < before))
        .map(|(record, at)| (*record, *at))
        .collect();
    if before.is_some() {
        members.reverse();
        members.truncate(limit);
    }
    Ok(page(context, &members, list.members.len(), limit))
}

/// `GET …/memberships/join-order`: those who joined first come first.
pub(in crate::simulator::hubspot) fn by_join_order(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let limit = context.request.query.limit(DEFAULT_PAGE, MAX_PAGE)?;
    let after = cursor(context, "after")?;
    let list = live_list(context)?;
    let mut members: Vec<(u64, OffsetDateTime)> =
        list.members.iter().map(|(record, at)| (*record, *at)).collect();
    members.sort_by_key(|(record, at)| (*at, *record));
    if let Some(after) = after {
        let start = members.iter().position(|(record, _)| *record == after).map_or(0, |at| at + 1);
        members.drain(..start);
    }
    Ok(page(context, &members, list.members.len(), limit))
}

fn render_lists(portal: &Portal, kind: ObjectType, record: u64) -> Vec<Value> {
    portal
        .lists
        .live()
        .filter(|list| list.kind == kind)
        .filter_map(|list| {
            let last = list.members.get(&record)?;
            let first = list.first_joined.get(&record).unwrap_or(last);
            Some(json!({
                "listId": list.id.to_string(),
                "listVersion": list.version,
                "isPublicList": true,
                "firstAddedTimestamp": stamp::iso(*first),
                "lastAddedTimestamp": stamp::iso(*last),
            }))
        })
        .collect()
}

fn record_id(portal: &Portal, kind: ObjectType, id: &str) -> Outcome<u64> {
    let record = id.parse().ok().and_then(|id| portal.store(kind).live(id));
    record.map(|record| record.id).ok_or_else(|| {
        let message = format!("{} with id {id} does not exist", kind.singular());
        Failure::new(StatusCode::NOT_FOUND, Some("OBJECT_NOT_FOUND"), message)
    })
}

/// `GET …/lists/records/{type}/{id}/memberships`
pub(in crate::simulator::hubspot) fn of_record(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let kind = ObjectType::parse(context.request.segment(2))?;
    let record = record_id(context.portal, kind, context.request.segment(3))?;
    let results = render_lists(context.portal, kind, record);
    Ok(Reply::ok(json!({"total": results.len(), "results": results})))
}

#[derive(Deserialize)]
struct RecordsBody {
    inputs: Vec<RecordInput>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordInput {
    object_type_id: String,
    record_id: Value,
}

/// `POST …/lists/records/memberships/batch/read`
pub(in crate::simulator::hubspot) fn of_records(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let body: RecordsBody = context.request.json()?;
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &body.inputs {
        let kind = ObjectType::parse(&input.object_type_id)?;
        let id = plain_text(&input.record_id);
        match record_id(context.portal, kind, &id) {
            Ok(record) => results.push(json!({
                "objectTypeId": kind.type_id(),
                "recordId": id,
                "recordListMemberships": render_lists(context.portal, kind, record),
            })),
            Err(failure) => errors.push(failure.item(None)),
        }
    }
    Ok(super::super::batch::envelope(context.now, StatusCode::OK, &results, &errors))
}

/// What a change did, in HubSpot's spelling.
#[derive(Default)]
struct Changed {
    added: Vec<String>,
    removed: Vec<String>,
    missing: Vec<String>,
}

impl Changed {
    fn reply(self) -> Reply {
        Reply::ok(json!({
            "recordsIdsAdded": self.added,
            "recordIdsRemoved": self.removed,
            "recordIdsMissing": self.missing,
        }))
    }
}

/// The list, if its members may be changed by hand.
fn changeable(context: &Context<'_>) -> Outcome<(u32, ObjectType)> {
    let list = live_list(context)?;
    if list.processing == ProcessingType::Dynamic {
        return Err(Failure::validation(format!(
            "List with ID {} has a processing type of DYNAMIC: its memberships can't be changed by hand.",
            list.id
        ))
        .with_sub_category("ILS.INVALID_LIST_PROCESSING_TYPE"));
    }
    Ok((list.id, list.kind))
}

fn change(context: &mut Context<'_>, add: &[Value], remove: &[Value]) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let (list, kind) = changeable(context)?;
    if add.len() + remove.len() > MAX_CHANGES {
        return Err(Failure::validation(format!("At most {MAX_CHANGES} records can be changed at once.")));
    }
    let now = context.now;
    let mut changed = Changed::default();
    for id in add.iter().map(plain_text).collect::<BTreeSet<String>>() {
        match record_id(context.portal, kind, &id) {
            Ok(record) => {
                if context.portal.lists.get_mut(list).is_some_and(|list| list.join(record, now)) {
                    changed.added.push(id);
                }
            }
            Err(_) => changed.missing.push(id),
        }
    }
    for id in remove.iter().map(plain_text).collect::<BTreeSet<String>>() {
        let list = context.portal.lists.get_mut(list);
        let removed =
            id.parse::<u64>().ok().zip(list).and_then(|(record, list)| list.members.remove(&record));
        if removed.is_some() {
            changed.removed.push(id);
        }
    }
    Ok(changed.reply())
}

/// `PUT …/memberships/add`
pub(in crate::simulator::hubspot) fn add(context: &mut Context<'_>) -> Outcome<Reply> {
    let ids: Vec<Value> = context.request.json()?;
    change(context, &ids, &[])
}

/// `PUT …/memberships/remove`
pub(in crate::simulator::hubspot) fn remove(context: &mut Context<'_>) -> Outcome<Reply> {
    let ids: Vec<Value> = context.request.json()?;
    change(context, &[], &ids)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChangeBody {
    #[serde(default)]
    record_ids_to_add: Vec<Value>,
    #[serde(default)]
    record_ids_to_remove: Vec<Value>,
}

/// `PUT …/memberships/add-and-remove`
pub(in crate::simulator::hubspot) fn add_and_remove(context: &mut Context<'_>) -> Outcome<Reply> {
    let body: ChangeBody = context.request.json()?;
    change(context, &body.record_ids_to_add, &body.record_ids_to_remove)
}

/// `PUT …/memberships/add-from/{source}`
pub(in crate::simulator::hubspot) fn add_from(context: &mut Context<'_>) -> Outcome<Reply> {
    context.portal.settle_lists(context.now);
    let (list, kind) = changeable(context)?;
    let source = context.request.segment(4);
    let found = source.parse().ok().and_then(|id| context.portal.lists.get(id));
    let found = found.filter(|list| list.deleted_at.is_none() && list.kind == kind);
    let members: Vec<u64> = found.ok_or_else(|| missing(source))?.members.keys().copied().collect();
    let now = context.now;
    if let Some(list) = context.portal.lists.get_mut(list) {
        for record in members {
            list.join(record, now);
        }
    }
    Ok(Reply::no_content())
}

/// `DELETE …/memberships`
pub(in crate::simulator::hubspot) fn clear(context: &mut Context<'_>) -> Outcome<Reply> {
    changeable(context)?;
    let id = list_id(context)?;
    if let Some(list) = context.portal.lists.get_mut(id) {
        list.members.clear();
    }
    Ok(Reply::no_content())
}
