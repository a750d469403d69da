//! describeGlobal, describe, layouts and an object's basic information.

use serde_json::{Value, json};

use super::{Context, Outcome};
use crate::simulator::salesforce::{
    access::View,
    answer::{Answer, ApiError},
    describe, layouts, moment,
    request::Incoming,
    schema::{Object, Storage},
};

fn visible<'a>(view: View<'a>, name: &str) -> Result<&'a Object, ApiError> {
    view.object(name).filter(|object| object.name != "Name").ok_or_else(ApiError::not_found)
}

impl Context<'_> {
    pub(super) fn describe_global(&self, tooling: bool) -> Outcome {
        let view = self.view(tooling)?;
        let objects = view.org.schema.objects().filter(|object| {
            let here = if tooling { object.storage == Storage::Tooling } else { true };
            here && object.name != "Name" && view.object(&object.name).is_some()
        });
        let objects: Vec<Value> =
            objects.map(|object| describe::summary(view, object, &self.version)).collect();
        let body = json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects});
        Ok(Answer::ok(body).kind("describe_global"))
    }

    pub(super) fn basic_information(&self, object: &str) -> Outcome {
        let view = self.view(false)?;
        let summary = describe::summary(view, visible(view, object)?, &self.version);
        Ok(Answer::ok(json!({"objectDescribe": summary, "recentItems": []})).kind("describe"))
    }

    pub(super) fn describe(&self, request: &Incoming, object: &str, tooling: bool) -> Outcome {
        let view = self.view(tooling)?;
        let object = visible(view, object)?;
        let changed = view.org.schema_changed;
        let since = request.header("if-modified-since").and_then(moment::parse_http);
        // HTTP dates have whole seconds: a change within the same second counts as known.
        if since.is_some_and(|since| changed.unix_timestamp() <= since.unix_timestamp()) {
            return Ok(Answer::empty(304).kind("describe"));
        }
        let body = describe::object(view, object, &self.version);
        Ok(Answer::ok(body).header("last-modified", moment::http(changed)).kind("describe"))
    }

    pub(super) fn layouts(&self, object: &str, record_type: Option<&str>) -> Outcome {
        let view = self.view(false)?;
        let object = visible(view, object)?;
        if !object.layoutable {
            return Err(ApiError::not_found());
        }
        Ok(Answer::ok(layouts::describe(view, object, &self.version, record_type)).kind("layouts"))
    }
}
