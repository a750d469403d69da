//! sObject Collections: up to 200 records in one call, each with its own result.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Map, Value, json};

use super::{
    Context, Outcome,
    records::{record_id, shown, split_list},
};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    org::is_deleted,
    request::Incoming,
    schema::Object,
    write::Writer,
};

/// Records in one call.
const MAX_RECORDS: usize = 200;

/// Records in one call that reads.
const MAX_READ: usize = 2_000;

/// Id of the record and, for an upsert, whether it was created.
type Written = Result<(String, Option<bool>), ApiError>;

impl Context<'_> {
    pub(super) fn collections(&mut self, method: &Method, request: &Incoming, path: &[&str]) -> Outcome {
        match (method, path) {
            (&Method::POST, []) => {
                self.write_collection(request, "collections_create", |this, writer, record| {
                    this.create_one(writer, &record)
                })
            }
            (&Method::PATCH, []) => self.write_collection(request, "collections_update", Self::update_one),
            (&Method::PATCH, [object, field]) => self.upsert_collection(request, object, field),
            (&Method::DELETE, []) => self.delete_collection(request),
            (&Method::GET, [object]) => {
                let ids = split_list(request.param("ids").unwrap_or_default());
                let fields = split_list(request.param("fields").unwrap_or_default());
                self.read_collection(object, &ids, &fields)
            }
            (&Method::POST, [object]) => {
                let body = request.json_object()?;
                let list = |name: &str| -> Vec<String> {
                    let values = body.get(name).and_then(Value::as_array);
                    values
                        .into_iter()
                        .flatten()
                        .filter_map(|value| value.as_str().map(str::to_owned))
                        .collect()
                };
                self.read_collection(object, &list("ids"), &list("fields"))
            }
            _ => Err(ApiError::method_not_allowed(method.as_str())),
        }
    }

    fn write_collection(
        &mut self,
        request: &Incoming,
        kind: &'static str,
        one: impl Fn(&mut Self, &Writer, Map<String, Value>) -> Written,
    ) -> Outcome {
        let (records, all_or_none) = records_of(request)?;
        let writer = self.writer(request);
        let results = self.all(records, all_or_none, |context, record| one(context, &writer, record))?;
        Ok(Answer::ok(results).kind(kind))
    }

    fn upsert_collection(&mut self, request: &Incoming, object: &str, field: &str) -> Outcome {
        let (records, all_or_none) = records_of(request)?;
        let writer = self.writer(request);
        let object = writer.object(self.world, object)?;
        let key = self.key_field(&object, field)?;
        let mut seen: Vec<String> = Vec::new();
        let results = self.all(records, all_or_none, |context, mut record| {
            check_type(&record, &object)?;
            let value = take_key(&mut record, &key)?;
            if seen.contains(&value.to_lowercase()) {
                let message = format!("Duplicate external id specified: {value}");
                return Err(ApiError::field("DUPLICATE_VALUE", message, &[&key]));
            }
            seen.push(value.to_lowercase());
            match context.matching(&object, &key, &value)?.as_slice() {
                [] => {
                    record.insert(key.clone(), Value::String(value));
                    writer.create(context.world, &object, &record).map(|id| (id, Some(true)))
                }
                [id] => {
                    writer.update(context.world, &object, id, &record).map(|()| (id.clone(), Some(false)))
                }
                several => {
                    let message =
                        format!("{key}: more than one record found for external id field: {several:?}");
                    Err(ApiError::field("DUPLICATE_EXTERNAL_ID", message, &[&key]))
                }
            }
        })?;
        Ok(Answer::ok(results).kind("collections_upsert"))
    }

    fn create_one(&mut self, writer: &Writer, record: &Map<String, Value>) -> Written {
        let object = self.typed(writer, record)?;
        writer.create(self.world, &object, record).map(|id| (id, None))
    }

    fn update_one(&mut self, writer: &Writer, mut record: Map<String, Value>) -> Written {
        let object = self.typed(writer, &record)?;
        let id = ["id", "Id"].iter().find_map(|name| record.remove(*name));
        let id = id
            .as_ref()
            .and_then(Value::as_str)
            .ok_or_else(|| ApiError::field("MISSING_ARGUMENT", "Id not specified in an update call", &[]))?;
        let id = record_id(&object, id).map_err(per_record)?;
        writer.update(self.world, &object, &id, &record).map_err(per_record)?;
        Ok((id, None))
    }

    fn typed(&self, writer: &Writer, record: &Map<String, Value>) -> Result<Arc<Object>, ApiError> {
        let name = type_of(record).ok_or_else(|| {
            ApiError::field("INVALID_INPUT", "attributes.type is missing in the record", &[])
        })?;
        writer.object(self.world, name).map_err(|_| {
            let message = format!("sObject type '{name}' is not supported.");
            ApiError::field("INVALID_TYPE", message, &[])
        })
    }

    fn delete_collection(&mut self, request: &Incoming) -> Outcome {
        let ids = split_list(request.param("ids").unwrap_or_default());
        check_count(ids.len(), MAX_RECORDS)?;
        let all_or_none = request.param("allOrNone").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let writer = self.writer(request);
        let results = self.all(ids, all_or_none, |context, id| {
            let canonical = crate::simulator::salesforce::ids::canonical(&id);
            let canonical = canonical
                .ok_or_else(|| ApiError::field("MALFORMED_ID", format!("malformed id {id}"), &[]))?;
            let object =
                context.view(false)?.org.schema.by_prefix(canonical.get(..3).unwrap_or_default()).cloned();
            let object = object.ok_or_else(|| per_record(ApiError::not_found()))?;
            writer.delete(context.world, &object, &canonical).map_err(per_record)?;
            Ok((canonical, None))
        })?;
        Ok(Answer::ok(results).kind("collections_delete"))
    }

    fn read_collection(&self, object: &str, ids: &[String], fields: &[String]) -> Outcome {
        check_count(ids.len(), MAX_READ)?;
        let view = self.view(false)?;
        let object = view.object(object).ok_or_else(ApiError::not_found)?;
        let rows = view.rows(object);
        let mut results = Vec::new();
        for id in ids {
            let record =
                record_id(object, id).ok().and_then(|id| rows.get(&id).filter(|record| !is_deleted(record)));
            results.push(match record {
                Some(record) => shown(view, object, record, Some(fields), &self.version)?,
                None => Value::Null,
            });
        }
        Ok(Answer::ok(Value::Array(results)).kind("collections_get"))
    }

    /// Does `one` for each item; if told so, takes everything back when one failed.
    fn all<T>(
        &mut self,
        items: Vec<T>,
        all_or_none: bool,
        mut one: impl FnMut(&mut Self, T) -> Written,
    ) -> Result<Value, ApiError> {
        let before = self.snapshot(all_or_none);
        let mut outcomes = Vec::new();
        for item in items {
            outcomes.push(one(self, item));
        }
        let failed = outcomes.iter().any(Result::is_err);
        if failed && all_or_none {
            self.restore(before);
        }
        let rolled_back = || {
            let message = "Record rolled back because not all records were valid and the request was using AllOrNone \
                           header";
            Err(ApiError::field("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, &[]))
        };
        let shown = outcomes.into_iter().map(|outcome| match outcome {
            Ok(_) if failed && all_or_none => result(rolled_back()),
            other => result(other),
        });
        Ok(shown.collect())
    }

    /// The org's records, to take back to; nothing if that can't be needed.
    pub(super) fn snapshot(
        &self,
        needed: bool,
    ) -> Option<std::collections::BTreeMap<String, super::super::org::Table>> {
        self.world.orgs.get(&self.org_id).filter(|_| needed).map(|org| org.tables.clone())
    }

    /// Takes back.
    pub(super) fn restore(
        &mut self,
        tables: Option<std::collections::BTreeMap<String, super::super::org::Table>>,
    ) {
        if let (Some(org), Some(tables)) = (self.world.orgs.get_mut(&self.org_id), tables) {
            org.tables = tables;
        }
    }
}

fn result(outcome: Written) -> Value {
    match outcome {
        Ok((id, None)) => json!({"id": id, "success": true, "errors": []}),
        Ok((id, Some(created))) => json!({"id": id, "success": true, "errors": [], "created": created}),
        Err(error) => json!({"success": false, "errors": [error.to_collection()]}),
    }
}

/// What is 404 for a record of its own has another code within a collection.
fn per_record(error: ApiError) -> ApiError {
    match error.code {
        "NOT_FOUND" => ApiError::field("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", &[]),
        _ => error,
    }
}

fn type_of(record: &Map<String, Value>) -> Option<&str> {
    record.get("attributes")?.get("type")?.as_str()
}

fn check_type(record: &Map<String, Value>, object: &Object) -> Result<(), ApiError> {
    match type_of(record) {
        Some(name) if !name.eq_ignore_ascii_case(&object.name) => {
            let message = format!("the record is of type {name}, the request is for {}", object.name);
            Err(ApiError::field("INVALID_TYPE", message, &[]))
        }
        _ => Ok(()),
    }
}

fn take_key(record: &mut Map<String, Value>, key: &str) -> Result<String, ApiError> {
    let name = record.keys().find(|name| name.eq_ignore_ascii_case(key)).cloned();
    let value = name.and_then(|name| record.remove(&name));
    match value {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(ApiError::field("MISSING_ARGUMENT", format!("{key} not specified"), &[key])),
    }
}

fn check_count(count: usize, max: usize) -> Result<(), ApiError> {
    if count > max {
        let message = format!("record limit reached. cannot submit more than {max} records into this call");
        return Err(ApiError::new(400, "EXCEEDED_ID_LIMIT", message));
    }
    Ok(())
}

fn records_of(request: &Incoming) -> Result<(Vec<Map<String, Value>>, bool), ApiError> {
    let mut body = request.json_object()?;
    let Some(Value::Array(records)) = body.remove("records") else {
        return Err(ApiError::bad_json("The request needs a list \"records\"."));
    };
    check_count(records.len(), MAX_RECORDS)?;
    let records = records.into_iter().map(|record| match record {
        Value::Object(record) => Ok(record),
        _ => Err(ApiError::bad_json("Every record has to be a JSON object.")),
    });
    let records = records.collect::<Result<_, _>>()?;
    let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
    Ok((records, all_or_none))
}
