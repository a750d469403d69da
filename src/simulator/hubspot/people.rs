//! Owners, and the pipelines that deals and tickets move through.

use serde_json::{Value, json};
use time::macros::datetime;

use super::{
    dispatch::Context,
    error::{Failure, Outcome},
    fixture::OwnerFixture,
    object_type::ObjectType,
    stamp,
    wire::Reply,
};

fn render(owner: &OwnerFixture) -> Value {
    let made = stamp::iso(datetime!(2024-01-08 09:00 UTC));
    json!({
        "id": owner.id.to_string(),
        "email": owner.email,
        "type": "PERSON",
        "firstName": owner.first_name,
        "lastName": owner.last_name,
        "userId": owner.id + 1_000,
        "userIdIncludingInactive": owner.id + 1_000,
        "createdAt": made,
        "updatedAt": made,
        "archived": false,
        "teams": [],
    })
}

/// `GET …/owners`
pub(super) fn owners(context: &mut Context<'_>) -> Outcome<Reply> {
    let query = &context.request.query;
    let limit = query.limit(100, 500)?;
    let after: u64 = query.first("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let email = query.first("email").map(str::to_lowercase);
    let archived = query.flag("archived");
    let mut owners: Vec<&OwnerFixture> = context
        .portal
        .settings
        .owners
        .iter()
        .filter(|owner| !archived && owner.id > after)
        .filter(|owner| email.as_ref().is_none_or(|email| owner.email.to_lowercase() == *email))
        .collect();
    owners.sort_by_key(|owner| owner.id);
    let page: Vec<&OwnerFixture> = owners.iter().take(limit).copied().collect();
    let mut body = json!({"results": page.iter().map(|owner| render(owner)).collect::<Vec<_>>()});
    if let (true, Some(last), Some(fields)) = (owners.len() > limit, page.last(), body.as_object_mut()) {
        let after = last.id.to_string();
        let link = context.request.next_link(&after);
        fields.insert("paging".to_owned(), json!({"next": {"after": after, "link": link}}));
    }
    Ok(Reply::ok(body))
}

/// `GET …/owners/{id}`
pub(super) fn owner(context: &mut Context<'_>) -> Outcome<Reply> {
    let wanted = context.request.segment(1);
    let is_user_id = context.request.query.first("idProperty") == Some("userId");
    let mut owners = context.portal.settings.owners.iter();
    let found = owners.find(|owner| {
        let id = if is_user_id { owner.id + 1_000 } else { owner.id };
        id.to_string() == wanted
    });
    found.map(|owner| Reply::ok(render(owner))).ok_or_else(Failure::not_found)
}

/// Id, label, probability or ticket state.
type Stage = (&'static str, &'static str, &'static str);

const DEAL_STAGES: [Stage; 7] = [
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
];

const TICKET_STAGES: [Stage; 4] = [
    ("1", "New", "OPEN"),
    ("2", "Waiting on contact", "OPEN"),
    ("3", "Waiting on us", "OPEN"),
    ("4", "Closed", "CLOSED"),
];

fn render_stages(kind: ObjectType) -> Vec<Value> {
    let made = stamp::iso(datetime!(2024-01-08 09:00 UTC));
    let stages: &[Stage] = match kind {
        ObjectType::Deal => &DEAL_STAGES,
        ObjectType::Ticket => &TICKET_STAGES,
        _ => &[],
    };
    let render = |(order, (id, label, state)): (usize, &Stage)| {
        let metadata = if kind == ObjectType::Deal {
            let is_closed = id.starts_with("closed");
            json!({"isClosed": is_closed.to_string(), "probability": state})
        } else {
            json!({"ticketState": state, "isClosed": (*state == "CLOSED").to_string()})
        };
        json!({
            "id": id,
            "label": label,
            "displayOrder": order,
            "metadata": metadata,
            "createdAt": made,
            "updatedAt": made,
            "archived": false,
            "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        })
    };
    stages.iter().enumerate().map(render).collect()
}

fn render_pipelines(kind: ObjectType) -> Vec<Value> {
    let (id, label) = match kind {
        ObjectType::Deal => ("default", "Sales Pipeline"),
        ObjectType::Ticket => ("0", "Support Pipeline"),
        _ => return Vec::new(),
    };
    let made = stamp::iso(datetime!(2024-01-08 09:00 UTC));
    vec![json!({
        "id": id,
        "label": label,
        "displayOrder": 0,
        "stages": render_stages(kind),
        "createdAt": made,
        "updatedAt": made,
        "archived": false,
    })]
}

fn kind(context: &Context<'_>) -> Outcome<ObjectType> {
    ObjectType::parse(context.request.segment(1))
}

/// `GET …/pipelines/{type}`
pub(super) fn pipelines(context: &mut Context<'_>) -> Outcome<Reply> {
    Ok(Reply::ok(json!({"results": render_pipelines(kind(context)?)})))
}

/// `GET …/pipelines/{type}/{id}`
pub(super) fn pipeline(context: &mut Context<'_>) -> Outcome<Reply> {
    let wanted = context.request.segment(2);
    let mut pipelines = render_pipelines(kind(context)?).into_iter();
    let found = pipelines.find(|pipeline| pipeline.get("id").is_some_and(|id| id == wanted));
    found.map(Reply::ok).ok_or_else(Failure::not_found)
}

/// `GET …/pipelines/{type}/{id}/stages`
pub(super) fn stages(context: &mut Context<'_>) -> Outcome<Reply> {
    pipeline(context)?;
    Ok(Reply::ok(json!({"results": render_stages(kind(context)?)})))
}
