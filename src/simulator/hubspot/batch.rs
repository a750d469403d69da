//! `…/objects/{type}/batch/*`. All or nothing, unless every input of a write carries its own `objectWriteTraceId`.

use std::collections::{BTreeMap, HashSet};

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    dispatch::Context,
    error::{Failure, InvalidProperty, Outcome},
    object_type::ObjectType,
    objects::{View, object_type, rendered, written},
    portal::{Portal, Write, plain_text},
    record::Shown,
    stamp,
    wire::Reply,
    write::{IdInput, Input, Prepared, Refusal},
};

/// Inputs of one batch.
const MAX_INPUTS: usize = 100;

#[derive(Deserialize)]
struct Inputs<T> {
    inputs: Vec<T>,
}

impl<T> Inputs<T> {
    fn bounded(self, most: usize) -> Outcome<Vec<T>> {
        match self.inputs.len() {
            0 => Err(Failure::validation("inputs must not be empty")),
            count if count > most => Err(Failure::validation(format!(
                "The maximum number of inputs supported in a batch request is {most}. Got: {count}"
            ))),
            _ => Ok(self.inputs),
        }
    }
}

/// The inputs of a batch body, at most `most`.
pub(super) fn inputs<T: serde::de::DeserializeOwned>(context: &Context<'_>, most: usize) -> Outcome<Vec<T>> {
    context.request.json::<Inputs<T>>()?.bounded(most)
}

/// The envelope of every batch answer; errors make it a 207.
pub(super) fn envelope(
    now: OffsetDateTime,
    status: StatusCode,
    results: &[Value],
    errors: &[Value],
) -> Reply {
    let mut body = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": stamp::iso(now),
        "completedAt": stamp::iso(now),
    });
    if errors.is_empty() {
        return Reply::json(status, body);
    }
    if let Some(fields) = body.as_object_mut() {
        fields.insert("numErrors".to_owned(), json!(errors.len()));
        fields.insert("errors".to_owned(), json!(errors));
    }
    Reply::json(StatusCode::MULTI_STATUS, body)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Create,
    Update,
    Upsert,
}

/// `POST …/batch/create`
pub(super) fn create(context: &mut Context<'_>) -> Outcome<Reply> {
    write_batch(context, Operation::Create)
}

/// `POST …/batch/update`
pub(super) fn update(context: &mut Context<'_>) -> Outcome<Reply> {
    write_batch(context, Operation::Update)
}

/// `POST …/batch/upsert`
pub(super) fn upsert(context: &mut Context<'_>) -> Outcome<Reply> {
    write_batch(context, Operation::Upsert)
}

fn write_batch(context: &mut Context<'_>, operation: Operation) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let inputs: Vec<Input> = inputs(context, MAX_INPUTS)?;
    if operation != Operation::Create {
        refuse_duplicates(&inputs)?;
    }
    let write = Write { names_portal: false, ..context.single_write() };
    let (mut done, errors) = if has_unique_traces(&inputs) {
        write_each(context.portal, kind, operation, &inputs, write)
    } else {
        (write_all(context.portal, kind, operation, &inputs, write)?, Vec::new())
    };
    if operation != Operation::Create {
        // The order of results is not promised: it is not that of the inputs.
        done.sort_by_key(|done| done.id);
    }
    let results = done
        .iter()
        .map(|done| render_done(context.portal, kind, operation, done))
        .collect::<Outcome<Vec<Value>>>()?;
    let status = if operation == Operation::Create { StatusCode::CREATED } else { StatusCode::OK };
    Ok(envelope(context.now, status, &results, &errors))
}

struct Done {
    id: u64,
    is_new: bool,
    shown: Shown,
    trace: Option<String>,
}

fn render_done(portal: &Portal, kind: ObjectType, operation: Operation, done: &Done) -> Outcome<Value> {
    let mut body = rendered(portal, kind, done.id, &done.shown)?;
    if let Some(fields) = body.as_object_mut() {
        if operation == Operation::Upsert {
            fields.insert("new".to_owned(), json!(done.is_new));
        }
        if let Some(trace) = &done.trace {
            fields.insert("objectWriteTraceId".to_owned(), json!(trace));
        }
    }
    Ok(body)
}

fn prepare(
    portal: &Portal,
    kind: ObjectType,
    operation: Operation,
    input: &Input,
    write: Write,
) -> Result<Prepared, Refusal> {
    match operation {
        Operation::Create => portal.prepare_create(kind, input, write),
        Operation::Update => {
            let id = plain_text(&input.id);
            portal.prepare_update(kind, &id, input.id_property.as_deref(), &input.properties, write)
        }
        Operation::Upsert => portal.prepare_upsert(kind, input, write),
    }
}

fn commit(portal: &mut Portal, kind: ObjectType, prepared: Prepared, input: &Input, write: Write) -> Done {
    let (is_new, shown) = (matches!(prepared, Prepared::Create { .. }), written(&prepared));
    let id = portal.commit(kind, prepared, write);
    Done { id, is_new, shown, trace: input.object_write_trace_id.clone() }
}

/// Each input stands for itself.
fn write_each(
    portal: &mut Portal,
    kind: ObjectType,
    operation: Operation,
    inputs: &[Input],
    write: Write,
) -> (Vec<Done>, Vec<Value>) {
    let mut done = Vec::new();
    let mut errors = Vec::new();
    for input in inputs {
        match prepare(portal, kind, operation, input, write) {
            Ok(prepared) => done.push(commit(portal, kind, prepared, input, write)),
            Err(refusal) => {
                let failure = match refusal {
                    Refusal::Properties(invalid) => portal.refused(&invalid, write),
                    Refusal::Missing(id) => Failure::missing_objects(kind.singular(), vec![id]),
                    Refusal::Other(failure) => failure,
                };
                errors.push(failure.item(input.object_write_trace_id.as_deref()));
            }
        }
    }
    (done, errors)
}

/// One bad input refuses all.
fn write_all(
    portal: &mut Portal,
    kind: ObjectType,
    operation: Operation,
    inputs: &[Input],
    write: Write,
) -> Outcome<Vec<Done>> {
    let mut prepared = Vec::new();
    let mut invalid: Vec<InvalidProperty> = Vec::new();
    let mut missing = Vec::new();
    let mut other = None;
    for input in inputs {
        match prepare(portal, kind, operation, input, write) {
            Ok(ready) => prepared.push(ready),
            Err(Refusal::Properties(refused)) => invalid.extend(refused),
            Err(Refusal::Missing(id)) => missing.push(id),
            Err(Refusal::Other(failure)) => other = other.or(Some(failure)),
        }
    }
    if !invalid.is_empty() {
        return Err(portal.refused(&invalid, write));
    }
    if let Some(failure) = other {
        // Only a batch of one names the existing record.
        let is_conflict = failure.status == StatusCode::CONFLICT;
        return Err(if is_conflict && inputs.len() > 1 {
            Failure::conflict(kind.singular(), None)
        } else {
            failure
        });
    }
    if !missing.is_empty() {
        return Err(Failure::missing_objects(kind.singular(), missing));
    }
    let mut claimed = HashSet::new();
    let mut keys = prepared.iter().flat_map(|ready| ready.keys(portal, kind));
    if keys.any(|key| !claimed.insert(key)) {
        return Err(Failure::conflict(kind.singular(), None));
    }
    drop(keys);
    let ready = prepared.into_iter().zip(inputs);
    Ok(ready.map(|(prepared, input)| commit(portal, kind, prepared, input, write)).collect())
}

fn has_unique_traces(inputs: &[Input]) -> bool {
    let mut seen = HashSet::new();
    inputs.iter().all(|input| {
        let trace = input.object_write_trace_id.as_deref().filter(|trace| !trace.is_empty());
        trace.is_some_and(|trace| seen.insert(trace))
    })
}

fn refuse_duplicates(inputs: &[Input]) -> Outcome<()> {
    let mut counts: BTreeMap<(String, &str), usize> = BTreeMap::new();
    for input in inputs {
        let id_property = input.id_property.as_deref().unwrap_or_default();
        *counts.entry((plain_text(&input.id).to_lowercase(), id_property)).or_default() += 1;
    }
    let twice: Vec<String> =
        counts.into_iter().filter(|(_, count)| *count > 1).map(|((id, _), _)| id).collect();
    if twice.is_empty() {
        return Ok(());
    }
    let message = format!("Duplicate IDs found in batch input: [{}]. IDs must be unique", twice.join(", "));
    Err(Failure::validation(message).with_context("ids", twice))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadBody {
    #[serde(default)]
    properties: Vec<String>,
    #[serde(default)]
    properties_with_history: Vec<String>,
    id_property: Option<String>,
    inputs: Vec<IdInput>,
}

/// `POST …/batch/read`: ids that do not exist make it a 207.
pub(super) fn read(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let body: ReadBody = context.request.json()?;
    let inputs = Inputs { inputs: body.inputs }.bounded(MAX_INPUTS)?;
    let view = View {
        shown: Shown::named(body.properties),
        history: body.properties_with_history,
        associations: Vec::new(),
        archived: context.request.query.flag("archived"),
    };
    let portal = &*context.portal;
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for input in &inputs {
        let id = input.text();
        let record = if view.archived {
            let record = id.parse().ok().and_then(|id| portal.store(kind).get(id));
            record.filter(|record| record.archived_at.is_some())
        } else {
            let live = portal.find(kind, &id, body.id_property.as_deref())?;
            live.and_then(|id| portal.store(kind).live(id))
        };
        match record {
            Some(record) => {
                found.insert(record.id, view.render(portal, kind, record));
            }
            None => missing.push(id),
        }
    }
    let errors = if missing.is_empty() {
        Vec::new()
    } else {
        vec![Failure::missing_objects(kind.singular(), missing).item(None)]
    };
    let found: Vec<Value> = found.into_values().collect();
    Ok(envelope(context.now, StatusCode::OK, &found, &errors))
}

/// `POST …/batch/archive`
pub(super) fn archive(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let inputs: Vec<IdInput> = inputs(context, MAX_INPUTS)?;
    let write = context.single_write();
    for input in inputs {
        if let Some(id) = context.portal.find(kind, &input.text(), None)? {
            context.portal.archive(kind, id, write);
        }
    }
    Ok(Reply::no_content())
}
