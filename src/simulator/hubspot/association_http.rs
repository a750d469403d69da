//! Links between records: single, in batches, and their labels. v4 and the dated paths share a form; v3 has its own.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    association::{Spec, TypeInfo},
    batch::{envelope, inputs},
    dispatch::Context,
    error::{Failure, Outcome},
    object_type::ObjectType,
    wire::{Reply, Version},
    write::{IdInput, SpecInput},
};

/// Inputs of a batch that writes, and of one that reads.
const MAX_WRITES: usize = 2000;
const MAX_READS: usize = 1000;
const MAX_PAGE: usize = 500;

/// Both ends of a batch path, `…/associations/{from}/{to}`.
pub(super) fn ends(context: &Context<'_>) -> Outcome<(ObjectType, ObjectType)> {
    let name = |position| ObjectType::parse(context.request.segment(position));
    Ok((name(1)?, name(2)?))
}

type Node = (ObjectType, u64);

/// A record that exists, or HubSpot's refusal of the id.
fn live(context: &Context<'_>, kind: ObjectType, id: &str) -> Outcome<Node> {
    let number = id.parse::<u64>().map_err(|_| invalid_id(id))?;
    let record = context.portal.store(kind).live(number);
    record.map(|record| (kind, record.id)).ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            Some("OBJECT_NOT_FOUND"),
            format!("{} with id {id} does not exist", kind.singular()),
        )
    })
}

fn invalid_id(id: &str) -> Failure {
    Failure::validation(format!("{id} is not a valid ID"))
        .with_sub_category("crm.associations.INVALID_IDENTIFIER")
        .with_context("id", vec![id.to_owned()])
}

fn distinct(from: Node, to: Node) -> Outcome<()> {
    if from == to {
        let id = from.1;
        return Err(Failure::validation(format!("Object {id} cannot be associated to itself ({id})")));
    }
    Ok(())
}

fn default_types(context: &Context<'_>, from: ObjectType, to: ObjectType) -> Outcome<Vec<TypeInfo>> {
    let found = context.portal.associations.default_type(from, to);
    found.map(|info| vec![info]).ok_or_else(|| {
        let (from, to) = (from.singular(), to.singular());
        Failure::validation(format!("There is no default association type from {from} to {to}"))
    })
}

/// Numbers, as production sends them, although the specification says strings.
fn labels_between(from: Node, to: Node, labels: &[String]) -> Value {
    json!({
        "fromObjectTypeId": from.0.type_id(),
        "fromObjectId": from.1,
        "toObjectTypeId": to.0.type_id(),
        "toObjectId": to.1,
        "labels": labels,
    })
}

fn default_result(from: Node, to: Node, spec: Spec) -> Value {
    json!({
        "from": {"id": from.1.to_string()},
        "to": {"id": to.1.to_string()},
        "associationSpec": {"associationCategory": spec.0.as_str(), "associationTypeId": spec.1},
    })
}

/// Position of the other type in `…/objects/{a}/{id}/associations[/default]/{b}/{id2}`.
fn record_ends(context: &Context<'_>, other_at: usize) -> Outcome<(Node, Node)> {
    let request = context.request;
    let from = live(context, ObjectType::parse(request.segment(1))?, request.segment(2))?;
    let to_kind = ObjectType::parse(request.segment(other_at))?;
    let to = live(context, to_kind, request.segment(other_at + 1))?;
    distinct(from, to)?;
    Ok((from, to))
}

/// `PUT …/associations/default/{b}/{id2}`
pub(super) fn put_default(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = record_ends(context, 5)?;
    let types = default_types(context, from.0, to.0)?;
    let write = context.single_write();
    context.portal.associate(from, to, &types, write);
    let results: Vec<Value> = types
        .iter()
        .flat_map(|info| [default_result(from, to, info.spec), default_result(to, from, info.inverse)])
        .collect();
    Ok(envelope(context.now, StatusCode::OK, &results, &[]))
}

fn named_types(
    context: &Context<'_>,
    from: ObjectType,
    to: ObjectType,
    specs: &[SpecInput],
) -> Outcome<Vec<TypeInfo>> {
    let known = context.portal.associations.types(from, to);
    specs
        .iter()
        .map(|spec| {
            let info = context.portal.find_type(from, spec)?;
            known.iter().find(|known| known.spec == info.spec).cloned().ok_or_else(|| {
                Failure::validation(format!(
                    "Association type {} is not valid from {} to {}",
                    spec.association_type_id,
                    from.singular(),
                    to.singular()
                ))
            })
        })
        .collect()
}

fn label_names(types: &[TypeInfo]) -> Vec<String> {
    types.iter().filter_map(|info| info.label.clone()).collect()
}

/// `PUT …/associations/{b}/{id2}`
pub(super) fn put_labelled(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = record_ends(context, 4)?;
    let specs: Vec<SpecInput> = context.request.json()?;
    let types = named_types(context, from.0, to.0, &specs)?;
    let write = context.single_write();
    context.portal.associate(from, to, &types, write);
    Ok(Reply::created(labels_between(from, to, &label_names(&types))))
}

/// `PUT /crm/v3/objects/{a}/{id}/associations/{b}/{id2}/{type}`: answers the first record.
pub(super) fn put_v3(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = record_ends(context, 4)?;
    let wanted = context.request.segment(6);
    let known = context.portal.associations.types(from.0, to.0);
    let types = match known.iter().find(|info| info.spec.1.to_string() == wanted) {
        Some(info) => vec![info.clone()],
        None => default_types(context, from.0, to.0)?,
    };
    let write = context.single_write();
    context.portal.associate(from, to, &types, write);
    let shown = super::record::Shown::Defaults;
    Ok(Reply::ok(super::objects::rendered(context.portal, from.0, from.1, &shown)?))
}

/// `DELETE …/associations/{b}/{id2}`: no link is fine too.
pub(super) fn delete(context: &mut Context<'_>) -> Outcome<Reply> {
    if let Ok((from, to)) = record_ends(context, 4) {
        context.portal.associations.unlink(from, to);
        let write = context.single_write();
        context.portal.sync_primary_company(from, to, write);
    }
    Ok(Reply::no_content())
}

/// `GET …/associations/{b}`
pub(super) fn list(context: &mut Context<'_>) -> Outcome<Reply> {
    let request = context.request;
    let kind = ObjectType::parse(request.segment(1))?;
    let from = live(context, kind, request.segment(2)).map_err(|_| Failure::not_found())?;
    let to = ObjectType::parse(request.segment(4))?;
    let limit = request.query.limit(MAX_PAGE, MAX_PAGE)?;
    let after: u64 = request.query.first("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let associations = &context.portal.associations;
    let partners: Vec<_> = associations
        .linked(from.0, from.1, to)
        .into_iter()
        .flatten()
        .filter(|(partner, _)| **partner >= after)
        .collect();
    let is_v3 = request.version == Version::V3;
    let name = format!("{}_to_{}", kind.singular(), to.singular());
    let render = |(partner, specs): &(&u64, &std::collections::BTreeSet<Spec>)| {
        if is_v3 {
            json!({"id": partner.to_string(), "type": name})
        } else {
            json!({"toObjectId": partner, "associationTypes": associations.render_types(kind, to, specs)})
        }
    };
    let results: Vec<Value> = partners.iter().take(limit).map(render).collect();
    let mut body = json!({"results": results});
    if let (Some((next, _)), Some(fields)) = (partners.get(limit), body.as_object_mut()) {
        let after = next.to_string();
        let link = request.next_link(&after);
        fields.insert("paging".to_owned(), json!({"next": {"after": after, "link": link}}));
    }
    Ok(Reply::ok(body))
}

/// `POST …/batch/read`: a record without links is an error item.
pub(super) fn batch_read(context: &mut Context<'_>) -> Outcome<Reply> {
    let (from, to) = ends(context)?;
    let inputs: Vec<IdInput> = inputs(context, MAX_READS)?;
    let is_v3 = context.request.version == Version::V3;
    let associations = &context.portal.associations;
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in inputs {
        let id = input.text();
        let Ok(number) = id.parse() else {
            errors.push(invalid_id(&id).item(None));
            continue;
        };
        let partners = associations.linked(from, number, to);
        let Some(partners) = partners.filter(|partners| !partners.is_empty()) else {
            errors.push(no_associations(from, to, &id).item(None));
            continue;
        };
        let render = |(partner, specs): (&u64, &std::collections::BTreeSet<Spec>)| {
            if is_v3 {
                json!({"id": partner.to_string(), "type": format!("{}_to_{}", from.singular(), to.singular())})
            } else {
                json!({"toObjectId": partner, "associationTypes": associations.render_types(from, to, specs)})
            }
        };
        let to: Vec<Value> = partners.iter().map(render).collect();
        results.push(json!({"from": {"id": id}, "to": to}));
    }
    Ok(envelope(context.now, StatusCode::OK, &results, &errors))
}

fn no_associations(from: ObjectType, to: ObjectType, id: &str) -> Failure {
    let (from, to) = (from.singular(), to.singular());
    Failure::new(
        StatusCode::NOT_FOUND,
        Some("OBJECT_NOT_FOUND"),
        format!("No {to} is associated with {from} {id}."),
    )
    .with_sub_category("crm.associations.NO_ASSOCIATIONS_FOUND")
    .with_context("fromObjectId", vec![id.to_owned()])
    .with_context("fromObjectType", vec![from.to_owned()])
    .with_context("toObjectType", vec![to.to_owned()])
}

/// One pair of a batch; v3 says `type`, v4 says `types`, the default batch neither.
#[derive(Deserialize)]
struct PairInput {
    from: IdInput,
    to: IdInput,
    #[serde(default)]
    types: Vec<SpecInput>,
    #[serde(default, rename = "type")]
    name: Option<String>,
}

fn pair(context: &Context<'_>, input: &PairInput) -> Outcome<(Node, Node)> {
    let (from, to) = ends(context)?;
    let from = live(context, from, &input.from.text())?;
    let to = live(context, to, &input.to.text())?;
    distinct(from, to)?;
    Ok((from, to))
}

/// `POST …/batch/create`
pub(super) fn batch_create(context: &mut Context<'_>) -> Outcome<Reply> {
    let inputs: Vec<PairInput> = inputs(context, MAX_WRITES)?;
    let is_v3 = context.request.version == Version::V3;
    let write = context.single_write();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let checked = pair(context, input).and_then(|(from, to)| {
            let types = if is_v3 {
                default_types(context, from.0, to.0)?
            } else {
                named_types(context, from.0, to.0, &input.types)?
            };
            Ok((from, to, types))
        });
        match checked {
            Ok((from, to, types)) => {
                context.portal.associate(from, to, &types, write);
                results.push(if is_v3 {
                    json!({
                        "from": {"id": from.1.to_string()},
                        "to": {"id": to.1.to_string()},
                        "type": input.name,
                    })
                } else {
                    labels_between(from, to, &label_names(&types))
                });
            }
            Err(failure) => errors.push(failure.item(None)),
        }
    }
    Ok(envelope(context.now, StatusCode::CREATED, &results, &errors))
}

/// `POST …/batch/associate/default`
pub(super) fn batch_default(context: &mut Context<'_>) -> Outcome<Reply> {
    let inputs: Vec<PairInput> = inputs(context, MAX_WRITES)?;
    let (from, to) = ends(context)?;
    let types = default_types(context, from, to)?;
    let write = context.single_write();
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        match pair(context, input) {
            Ok((from, to)) => {
                context.portal.associate(from, to, &types, write);
                for info in &types {
                    results.push(default_result(from, to, info.spec));
                    results.push(default_result(to, from, info.inverse));
                }
            }
            Err(failure) => errors.push(failure.item(None)),
        }
    }
    Ok(envelope(context.now, StatusCode::OK, &results, &errors))
}

/// `to` is one id or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<IdInput>),
    One(IdInput),
}

#[derive(Deserialize)]
struct ArchiveInput {
    from: IdInput,
    to: OneOrMany,
    #[serde(default)]
    types: Vec<SpecInput>,
}

impl ArchiveInput {
    fn pairs(&self, ends: (ObjectType, ObjectType)) -> Vec<(Node, Node)> {
        let partners = match &self.to {
            OneOrMany::Many(all) => all.as_slice(),
            OneOrMany::One(one) => std::slice::from_ref(one),
        };
        let Ok(from) = self.from.text().parse() else { return Vec::new() };
        let numbers = partners.iter().filter_map(|partner| partner.text().parse().ok());
        numbers.map(|to| ((ends.0, from), (ends.1, to))).collect()
    }
}

/// `POST …/batch/archive`
pub(super) fn batch_archive(context: &mut Context<'_>) -> Outcome<Reply> {
    let ends = ends(context)?;
    let inputs: Vec<ArchiveInput> = inputs(context, MAX_WRITES)?;
    let write = context.single_write();
    for (from, to) in inputs.iter().flat_map(|input| input.pairs(ends)) {
        context.portal.associations.unlink(from, to);
        context.portal.sync_primary_company(from, to, write);
    }
    Ok(Reply::no_content())
}

/// `POST …/batch/labels/archive`
pub(super) fn batch_unlabel(context: &mut Context<'_>) -> Outcome<Reply> {
    let ends = ends(context)?;
    let inputs: Vec<ArchiveInput> = inputs(context, MAX_WRITES)?;
    let write = context.single_write();
    for input in &inputs {
        let types = named_types(context, ends.0, ends.1, &input.types)?;
        for (from, to) in input.pairs(ends) {
            context.portal.associations.unlabel(from, to, &types);
            context.portal.sync_primary_company(from, to, write);
        }
    }
    Ok(Reply::no_content())
}
