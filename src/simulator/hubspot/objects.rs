//! `…/objects/{type}`: single records, pages of records, merge and privacy deletion.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    dispatch::Context,
    error::{Failure, Outcome},
    object_type::ObjectType,
    portal::{Portal, plain_text},
    record::{Record, Shown},
    wire::Reply,
    write::{Input, Prepared, Refusal},
};

const DEFAULT_PAGE: usize = 10;
const MAX_PAGE: usize = 100;

/// The object type that the path names.
pub(super) fn object_type(context: &Context<'_>) -> Outcome<ObjectType> {
    ObjectType::parse(context.request.segment(1))
}

/// What a reader wants to see.
pub(super) struct View {
    pub shown: Shown,
    pub history: Vec<String>,
    pub associations: Vec<ObjectType>,
    pub archived: bool,
}

impl View {
    fn of_query(context: &Context<'_>) -> Outcome<Self> {
        let query = &context.request.query;
        let associations = query.every("associations");
        Ok(Self {
            shown: Shown::named(query.every("properties")),
            history: query.every("propertiesWithHistory"),
            associations: associations.iter().map(|name| ObjectType::parse(name)).collect::<Outcome<_>>()?,
            archived: query.flag("archived"),
        })
    }

    pub(super) fn render(&self, portal: &Portal, kind: ObjectType, record: &Record) -> Value {
        let mut body = portal.render(kind, record, &self.shown);
        let Some(fields) = body.as_object_mut() else { return body };
        if !self.history.is_empty() {
            let history: BTreeMap<&str, Value> =
                self.history.iter().map(|name| (name.as_str(), record.history(name))).collect();
            fields.insert("propertiesWithHistory".to_owned(), json!(history));
        }
        if let Some(associations) = render_associations(portal, kind, record.id, &self.associations) {
            fields.insert("associations".to_owned(), associations);
        }
        body
    }
}

/// `{"companies": {"results": [{"id", "type"}]}}`; absent when there is none.
fn render_associations(portal: &Portal, kind: ObjectType, id: u64, wanted: &[ObjectType]) -> Option<Value> {
    let mut associations = BTreeMap::new();
    for to in wanted {
        let Some(partners) = portal.associations.linked(kind, id, *to).filter(|all| !all.is_empty()) else {
            continue;
        };
        let name = format!("{}_to_{}", kind.singular(), to.singular());
        let mut results = Vec::new();
        for (partner, specs) in partners {
            results.push(json!({"id": partner.to_string(), "type": name}));
            if specs.len() > 1 {
                results.push(json!({"id": partner.to_string(), "type": format!("{name}_unlabeled")}));
            }
        }
        associations.insert(to.plural(), json!({"results": results}));
    }
    (!associations.is_empty()).then(|| json!(associations))
}

/// `POST …/{type}`
pub(super) fn create(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let input: Input = context.request.json()?;
    let write = context.single_write();
    let prepared = context.portal.prepare_create(kind, &input, write);
    let prepared = prepared.map_err(|refusal| single_failure(context, refusal))?;
    let id = context.portal.commit(kind, prepared, write);
    Ok(Reply::created(rendered(context.portal, kind, id, &Shown::All)?))
}

/// `GET …/{type}/{id}`
pub(super) fn read(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let view = View::of_query(context)?;
    let (id, id_property) = (context.request.segment(2), context.request.query.first("idProperty"));
    let portal = &*context.portal;
    let store = portal.store(kind);
    let record = if view.archived {
        id.parse().ok().and_then(|id| store.get(id)).filter(|record| record.archived_at.is_some())
    } else {
        portal.find(kind, id, id_property)?.and_then(|id| store.live(id))
    };
    let record = record.ok_or_else(Failure::not_found)?;
    Ok(Reply::ok(view.render(portal, kind, record)))
}

/// `PATCH …/{type}/{id}`
pub(super) fn update(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let input: Input = context.request.json()?;
    let write = context.single_write();
    let id_property = context.request.query.first("idProperty");
    let prepared = context.portal.prepare_update(
        kind,
        context.request.segment(2),
        id_property,
        &input.properties,
        write,
    );
    let prepared = prepared.map_err(|refusal| single_failure(context, refusal))?;
    let shown = written(&prepared);
    let id = context.portal.commit(kind, prepared, write);
    Ok(Reply::ok(rendered(context.portal, kind, id, &shown)?))
}

/// `DELETE …/{type}/{id}`: an unknown id is fine.
pub(super) fn archive(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let write = context.single_write();
    if let Some(id) = context.portal.find(kind, context.request.segment(2), None)? {
        context.portal.archive(kind, id, write);
    }
    Ok(Reply::no_content())
}

/// `GET …/{type}`
pub(super) fn list(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let view = View::of_query(context)?;
    let limit = context.request.query.limit(DEFAULT_PAGE, MAX_PAGE)?;
    let after = match context.request.query.first("after").filter(|after| !after.is_empty()) {
        None => 0,
        Some(text) => text
            .parse::<u64>()
            .map_err(|_| Failure::validation(format!("Cannot deserialize value of type long: {text}")))?,
    };
    let portal = &*context.portal;
    // `after` is the first id of the page, as in HubSpot's own cursors.
    let mut found = portal
        .store(kind)
        .after(after.saturating_sub(1))
        .filter(|record| record.archived_at.is_some() == view.archived);
    let page: Vec<&Record> = found.by_ref().take(limit).collect();
    let results: Vec<Value> = page.iter().map(|record| view.render(portal, kind, record)).collect();
    let mut body = json!({"results": results});
    if let (Some(next), Some(fields)) = (found.next(), body.as_object_mut()) {
        let after = next.id.to_string();
        let link = context.request.next_link(&after);
        fields.insert("paging".to_owned(), json!({"next": {"after": after, "link": link}}));
    }
    Ok(Reply::ok(body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MergeBody {
    primary_object_id: Value,
    object_id_to_merge: Value,
}

/// `POST …/{type}/merge`
pub(super) fn merge(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let body: MergeBody = context.request.json()?;
    let find = |id: &Value| {
        let id = plain_text(id);
        let found = context.portal.find(kind, &id, None)?;
        found.ok_or_else(|| Failure::validation(format!("{} {id} does not exist", kind.singular())))
    };
    let (primary, loser) = (find(&body.primary_object_id)?, find(&body.object_id_to_merge)?);
    if primary == loser {
        return Err(Failure::validation("A record cannot be merged with itself"));
    }
    let write = context.single_write();
    context.portal.merge(kind, primary, loser, write);
    Ok(Reply::ok(rendered(context.portal, kind, primary, &Shown::All)?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrivacyBody {
    object_id: Value,
    id_property: Option<String>,
}

/// `POST …/{type}/gdpr-delete`: nothing is left, not even archived.
pub(super) fn privacy_delete(context: &mut Context<'_>) -> Outcome<Reply> {
    let kind = object_type(context)?;
    let body: PrivacyBody = context.request.json()?;
    let found = context.portal.find(kind, &plain_text(&body.object_id), body.id_property.as_deref())?;
    if let Some(id) = found {
        let write = context.single_write();
        context.portal.archive(kind, id, write);
        context.portal.store_mut(kind).remove(id);
    }
    Ok(Reply::no_content())
}

pub(super) fn written(prepared: &Prepared) -> Shown {
    match prepared {
        Prepared::Create { .. } => Shown::All,
        Prepared::Update { written, .. } => Shown::Written(written.clone()),
    }
}

pub(super) fn rendered(portal: &Portal, kind: ObjectType, id: u64, shown: &Shown) -> Outcome<Value> {
    let record = portal.store(kind).get(id).ok_or_else(Failure::not_found)?;
    Ok(portal.render(kind, record, shown))
}

fn single_failure(context: &Context<'_>, refusal: Refusal) -> Failure {
    match refusal {
        Refusal::Properties(invalid) => context.portal.refused(&invalid, context.single_write()),
        Refusal::Missing(_) => Failure::not_found(),
        Refusal::Other(failure) => failure,
    }
}
