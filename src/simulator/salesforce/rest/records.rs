//! One record: read, create, change, upsert, delete.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    access::View,
    answer::{Answer, ApiError},
    ids, moment,
    org::{Record, is_deleted},
    request::Incoming,
    schema::{Kind, Object, Storage},
    soql, write,
};

/// From this version on, an upsert that changed a record answers 200 with a body instead of 204.
const UPSERT_BODY_SINCE: u16 = 46;

impl Context<'_> {
    fn object(&self, name: &str) -> Result<Arc<Object>, ApiError> {
        let view = self.view(false)?;
        let object =
            view.object(name).filter(|object| object.name != "Name").ok_or_else(ApiError::not_found)?;
        view.org.schema.object(&object.name).cloned().ok_or_else(ApiError::not_found)
    }

    pub(super) fn create(&mut self, request: &Incoming, object: &str) -> Outcome {
        let object = self.object(object)?;
        let body = request.json_object()?;
        let id = self.writer(request).create(self.world, &object, &body)?;
        let location = self.link(&format!("sobjects/{}/{id}", object.name));
        let body = json!({"id": id, "success": true, "errors": []});
        Ok(Answer::json(201, body).header("location", location).kind("record_create"))
    }

    pub(super) fn update(&mut self, request: &Incoming, object: &str, id: &str) -> Outcome {
        let object = self.object(object)?;
        let id = record_id(&object, id)?;
        let body = request.json_object()?;
        self.check_unmodified(request, &object, &id)?;
        self.writer(request).update(self.world, &object, &id, &body)?;
        Ok(Answer::empty(204).kind("record_update"))
    }

    pub(super) fn delete(&mut self, request: &Incoming, object: &str, id: &str) -> Outcome {
        let object = self.object(object)?;
        let id = record_id(&object, id)?;
        self.check_unmodified(request, &object, &id)?;
        self.writer(request).delete(self.world, &object, &id)?;
        Ok(Answer::empty(204).kind("record_delete"))
    }

    pub(super) fn read(&self, request: &Incoming, object: &str, id: &str) -> Outcome {
        let object = self.object(object)?;
        let id = record_id(&object, id)?;
        let view = self.view(false)?;
        let rows = view.rows(&object);
        let record = rows.get(&id).ok_or_else(ApiError::not_found)?;
        if object.storage == Storage::Records && is_deleted(record) {
            write::existing(view.org, &object, &id)?;
        }
        let since = request.header("if-modified-since").and_then(moment::parse_http);
        let modified = record.get("LastModifiedDate").and_then(Value::as_str).and_then(moment::parse);
        if let (Some(since), Some(modified)) = (since, modified)
            && modified <= since
        {
            return Ok(Answer::empty(304).kind("record_get"));
        }
        let fields = request.param("fields").map(split_list);
        let body = shown(view, &object, record, fields.as_deref(), &self.version)?;
        let mut answer = Answer::ok(body).kind("record_get");
        if let Some(modified) = modified {
            answer = answer.header("last-modified", moment::http(modified));
        }
        Ok(answer)
    }

    pub(super) fn read_by_key(&self, request: &Incoming, object: &str, field: &str, value: &str) -> Outcome {
        let object = self.object(object)?;
        if let (Some(id), Some((way, _))) = (ids::canonical(field), object.parent(value)) {
            return self.read_parent(request, &object, &id, &way.name);
        }
        match self.matching(&object, field, value)?.as_slice() {
            [] => Err(ApiError::not_found()),
            [one] => self.read(request, &object.name, one),
            several => Ok(self.multiple(&object, several).kind("record_get")),
        }
    }

    fn read_parent(&self, request: &Incoming, object: &Object, id: &str, field: &str) -> Outcome {
        let view = self.view(false)?;
        let rows = view.rows(object);
        let parent = rows.get(id).and_then(|record| record.get(field)).and_then(Value::as_str);
        let parent = parent.ok_or_else(ApiError::not_found)?;
        let target = view.org.schema.by_prefix(ids::prefix(parent)).ok_or_else(ApiError::not_found)?;
        self.read(request, &target.name, parent)
    }

    pub(super) fn delete_by_key(
        &mut self,
        request: &Incoming,
        object: &str,
        field: &str,
        value: &str,
    ) -> Outcome {
        let object = self.object(object)?;
        match self.matching(&object, field, value)?.as_slice() {
            [] => Err(ApiError::not_found()),
            [one] => self.delete(request, &object.name, one),
            several => Ok(self.multiple(&object, several).kind("record_delete")),
        }
    }

    pub(super) fn upsert(&mut self, request: &Incoming, object: &str, field: &str, value: &str) -> Outcome {
        let object = self.object(object)?;
        let key = self.key_field(&object, field)?;
        let mut body = request.json_object()?;
        if body.keys().any(|name| name.eq_ignore_ascii_case(&key)) {
            let message = format!("The {key} field should not be specified in the sobject data.");
            return Err(ApiError::field("INVALID_FIELD", message, &[&key]));
        }
        let found = self.matching(&object, &key, value)?;
        let (id, created) = match found.as_slice() {
            [] => {
                if key == "Id" || request.param("updateOnly") == Some("true") {
                    return Err(ApiError::not_found());
                }
                body.insert(key, Value::String(value.to_owned()));
                (self.writer(request).create(self.world, &object, &body)?, true)
            }
            [id] => {
                self.writer(request).update(self.world, &object, id, &body)?;
                (id.clone(), false)
            }
            several => return Ok(self.multiple(&object, several).kind("upsert")),
        };
        let body = json!({"id": id, "success": true, "errors": [], "created": created});
        if created {
            let location = self.link(&format!("sobjects/{}/{id}", object.name));
            return Ok(Answer::json(201, body).header("location", location).kind("upsert"));
        }
        if self.version_number < UPSERT_BODY_SINCE {
            return Ok(Answer::empty(204).kind("upsert"));
        }
        Ok(Answer::ok(body).kind("upsert"))
    }

    fn multiple(&self, object: &Object, found: &[String]) -> Answer {
        let links: Vec<String> =
            found.iter().map(|id| self.link(&format!("sobjects/{}/{id}", object.name))).collect();
        Answer::json(300, json!(links))
    }

    /// The field of an upsert path, spelled as in the schema.
    pub(super) fn key_field(&self, object: &Object, name: &str) -> Result<String, ApiError> {
        let view = self.view(false)?;
        let field = view.field(object, name).filter(|field| field.external_id || field.id_lookup);
        field.map(|field| field.name.clone()).ok_or_else(|| {
            let message = format!("Provided external ID field does not exist or is not accessible: {name}");
            ApiError::new(404, "NOT_FOUND", message)
        })
    }

    /// Ids of the records whose key field has this value.
    pub(super) fn matching(
        &self,
        object: &Object,
        field: &str,
        value: &str,
    ) -> Result<Vec<String>, ApiError> {
        let key = self.key_field(object, field)?;
        let wanted =
            if key == "Id" { ids::canonical(value).unwrap_or_default() } else { value.trim().to_owned() };
        let view = self.view(false)?;
        let rows = view.rows(object);
        let fits = |record: &&Record| {
            let stored = record.get(&key).and_then(Value::as_str).unwrap_or_default();
            !is_deleted(record)
                && if key == "Id" { stored == wanted } else { stored.eq_ignore_ascii_case(&wanted) }
        };
        let ids = rows.iter().filter(fits).filter_map(|record| record.get("Id")?.as_str().map(str::to_owned));
        Ok(ids.collect())
    }

    fn check_unmodified(&self, request: &Incoming, object: &Object, id: &str) -> Result<(), ApiError> {
        let Some(since) = request.header("if-unmodified-since").and_then(moment::parse_http) else {
            return Ok(());
        };
        let view = self.view(false)?;
        let record = write::existing(view.org, object, id)?;
        let modified = record.get("LastModifiedDate").and_then(Value::as_str).and_then(moment::parse);
        if modified.is_some_and(|modified| modified > since) {
            let message = "The record has been modified since the date given";
            return Err(ApiError::new(412, "PRECONDITION_FAILED", message));
        }
        Ok(())
    }
}

/// `a,b , c` as a list.
pub(super) fn split_list(list: &str) -> Vec<String> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// An id of this object in its long form.
///
/// # Errors
/// 404 `NOT_FOUND`, or 400 `MALFORMED_ID` if it has the length of an id but is none.
pub(super) fn record_id(object: &Object, id: &str) -> Result<String, ApiError> {
    let canonical = ids::canonical(id).ok_or_else(|| {
        if matches!(id.len(), 15 | 18) {
            ApiError::new(400, "MALFORMED_ID", format!("malformed id {id}"))
        } else {
            ApiError::not_found()
        }
    })?;
    if canonical.starts_with(&object.key_prefix) { Ok(canonical) } else { Err(ApiError::not_found()) }
}

/// A record as REST shows it: all fields the user may see, or those he asked for.
pub(super) fn shown(
    view: View<'_>,
    object: &Object,
    record: &Record,
    fields: Option<&[String]>,
    version: &str,
) -> Result<Value, ApiError> {
    let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
    let mut body = Map::new();
    body.insert("attributes".to_owned(), soql::attributes(object, id, version, false));
    let mut put = |name: &str| {
        body.insert(name.to_owned(), record.get(name).cloned().unwrap_or(Value::Null));
    };
    match fields {
        None => {
            view.fields(object)
                .filter(|field| field.kind != Kind::Complex)
                .for_each(|field| put(&field.name));
        }
        Some(names) => {
            for name in names {
                let field = view.field(object, name).ok_or_else(|| {
                    let message = format!("No such column '{name}' on sobject of type {}", object.name);
                    ApiError::new(400, "INVALID_FIELD", message)
                })?;
                put(&field.name);
            }
        }
    }
    Ok(Value::Object(body))
}
