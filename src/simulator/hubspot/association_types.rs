//! Which association types there are between two object types, and labels that users add.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{association::TypeInfo, association_http::ends, dispatch::Context, error::Outcome, wire::Reply};

fn render_type(info: &TypeInfo) -> Value {
    json!({"category": info.spec.0.as_str(), "typeId": info.spec.1, "label": info.label})
}

/// `GET …/labels`
pub(super) fn labels(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = ends(context)?;
    let types = context.portal.associations.types(from, to);
    Ok(Reply::ok(json!({"results": types.iter().map(render_type).collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
struct LabelInput {
    label: String,
}

/// `POST …/labels`: answers both directions.
pub(super) fn create_label(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = ends(context)?;
    let input: LabelInput = context.request.json()?;
    let added = context.portal.associations.define(from, to, &input.label);
    Ok(Reply::ok(json!({"results": added.iter().map(render_type).collect::<Vec<_>>()})))
}

/// `GET /crm/v3/associations/{a}/{b}/types`
pub(super) fn types_v3(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = ends(context)?;
    let types = context.portal.associations.types(from, to);
    let named: BTreeMap<u32, String> = types
        .iter()
        .map(|info| {
            let suffix = if info.label.is_none() { "_unlabeled" } else { "" };
            (info.spec.1, format!("{}_to_{}{suffix}", from.singular(), to.singular()))
        })
        .collect();
    let results: Vec<Value> =
        named.into_iter().map(|(id, name)| json!({"id": id.to_string(), "name": name})).collect();
    Ok(Reply::ok(json!({"results": results})))
}
