//! `composite/graph` and `composite/tree`.

use serde_json::{Map, Value, json};

use super::{Context, Outcome, composite};
use crate::simulator::salesforce::{
    answer::{Answer, ApiError},
    request::Incoming,
    schema::Object,
    write::Writer,
};

/// Parts of all graphs of one request.
const MAX_NODES: usize = 500;

/// Records of one tree request, and how deep they nest.
const MAX_TREE_RECORDS: usize = 200;
const MAX_TREE_DEPTH: usize = 5;

impl Context<'_> {
    pub(super) fn graph(&mut self, request: &Incoming) -> Outcome {
        if self.version_number < 50 {
            return Err(ApiError::not_found());
        }
        let body = request.json_object()?;
        let graphs = body.get("graphs").and_then(Value::as_array);
        let graphs = graphs.ok_or_else(|| ApiError::bad_json("The request needs a list \"graphs\"."))?;
        let mut shown = Vec::new();
        for graph in graphs {
            let graph = graph
                .as_object()
                .ok_or_else(|| ApiError::bad_json("Every graph has to be a JSON object."))?;
            let parts = composite::parts(graph, request, MAX_NODES)?;
            let answers = self.run_parts(&parts, true);
            let ok = answers.iter().all(|answer| answer.ok);
            let responses: Vec<Value> = answers.into_iter().map(|answer| answer.shown).collect();
            shown.push(json!({
                "graphId": graph.get("graphId"),
                "graphResponse": {"compositeResponse": responses},
                "isSuccessful": ok,
            }));
        }
        Ok(Answer::ok(json!({"graphs": shown})).kind("graph"))
    }

    pub(super) fn tree(&mut self, request: &Incoming, object: &str) -> Outcome {
        let body = request.json_object()?;
        let records = body.get("records").and_then(Value::as_array);
        let records = records.ok_or_else(|| ApiError::bad_json("The request needs a list \"records\"."))?;
        let writer = self.writer(request);
        let object = writer.object(self.world, object)?;
        let before = self.snapshot(true);
        let mut created = Vec::new();
        for record in records {
            if let Err((reference, error)) = self.plant(&writer, &object, record, None, 1, &mut created) {
                self.restore(before);
                let results = json!([{"referenceId": reference, "errors": [error.to_collection()]}]);
                return Ok(Answer::json(400, json!({"hasErrors": true, "results": results})).kind("tree"));
            }
        }
        Ok(Answer::json(201, json!({"hasErrors": false, "results": created})).kind("tree"))
    }

    fn plant(
        &mut self,
        writer: &Writer,
        object: &Object,
        record: &Value,
        parent: Option<(&str, &str)>,
        depth: usize,
        created: &mut Vec<Value>,
    ) -> Result<(), (String, ApiError)> {
        let reference = record.pointer("/attributes/referenceId").and_then(Value::as_str).unwrap_or_default();
        let fail = |error: ApiError| (reference.to_owned(), error);
        if created.len() >= MAX_TREE_RECORDS || depth > MAX_TREE_DEPTH {
            return Err(fail(ApiError::new(400, "LIMIT_EXCEEDED", "at most 200 records, 5 levels deep")));
        }
        let record = record
            .as_object()
            .ok_or_else(|| fail(ApiError::bad_json("Every record has to be an object.")))?;
        let mut fields = Map::new();
        let mut branches = Vec::new();
        for (name, value) in record {
            match value.get("records").and_then(Value::as_array) {
                Some(children) => branches.push((name, children)),
                None => {
                    fields.insert(name.clone(), value.clone());
                }
            }
        }
        if let Some((field, id)) = parent {
            fields.insert(field.to_owned(), id.into());
        }
        let id = writer.create(self.world, object, &fields).map_err(fail)?;
        created.push(json!({"referenceId": reference, "id": id}));
        for (name, children) in branches {
            let schema = &self.view(false).map_err(fail)?.org.schema;
            let way = schema.children(object, name).map(|(child, field)| (child.clone(), field.name.clone()));
            let (child, field) = way.ok_or_else(|| {
                fail(ApiError::new(
                    400,
                    "INVALID_FIELD",
                    format!("no child relationship {name} on {}", object.name),
                ))
            })?;
            for record in children {
                self.plant(writer, &child, record, Some((&field, &id)), depth + 1, created)?;
            }
        }
        Ok(())
    }
}
