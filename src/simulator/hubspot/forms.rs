//! Forms, their submissions, and the events of marketing e-mails: the legacy endpoints that have no successor.

use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    activity::{EmailEvent, Submission},
    auth,
    dispatch::Context,
    error::{Failure, Outcome},
    fixture::FormFixture,
    object_type::ObjectType,
    portal::{Portal, Write},
    record::Values,
    stamp,
    wire::{Reply, Request},
    world::World,
};

const DEFAULT_SUBMISSIONS: usize = 20;
const MAX_SUBMISSIONS: usize = 50;
const DEFAULT_PAGE: usize = 100;
const MAX_PAGE: usize = 1000;

fn render(form: &FormFixture) -> Value {
    json!({
        "id": form.id,
        "name": form.name,
        "formType": "hubspot",
        "createdAt": "2024-01-08T09:00:00.000Z",
        "updatedAt": "2024-01-08T09:00:00.000Z",
        "archived": false,
        "fieldGroups": [],
        "configuration": {"language": "en", "cloneable": true, "editable": true, "archivable": true},
        "displayOptions": {},
        "legalConsentOptions": {"type": "none"},
    })
}

/// `GET /marketing/v3/forms`
pub(super) fn list(context: &mut Context<'_>) -> Outcome<Reply> {
    let archived = context.request.query.flag("archived");
    let forms = context.portal.settings.forms.iter().filter(|_| !archived);
    Ok(Reply::ok(json!({"results": forms.map(render).collect::<Vec<_>>()})))
}

/// `GET /form-integrations/v1/submissions/forms/{guid}`: newest first.
pub(super) fn submissions(context: &mut Context<'_>) -> Outcome<Reply> {
    let form = context.request.segment(1);
    if !context.portal.settings.forms.iter().any(|known| known.id == form) {
        return Err(Failure::not_found());
    }
    let limit = context.request.query.limit(DEFAULT_SUBMISSIONS, MAX_SUBMISSIONS)?;
    let skip: usize = context.request.query.first("after").and_then(|after| after.parse().ok()).unwrap_or(0);
    let all = context.portal.activity.submissions.iter().rev().filter(|one| one.form_id == form);
    let found: Vec<&Submission> = all.collect();
    let page: Vec<Value> = found.iter().skip(skip).take(limit).map(|one| one.render()).collect();
    let next = skip + page.len();
    let mut body = json!({"results": page});
    if let (true, Some(fields)) = (next < found.len(), body.as_object_mut()) {
        let after = next.to_string();
        let link = context.request.next_link(&after);
        fields.insert("paging".to_owned(), json!({"next": {"after": after, "link": link}}));
    }
    Ok(Reply::ok(body))
}

/// `GET /email/public/v1/events`
pub(super) fn email_events(context: &mut Context<'_>) -> Outcome<Reply> {
    let query = &context.request.query;
    let moment = |name: &str| query.first(name).and_then(stamp::parse);
    let (from, to) = (moment("startTimestamp"), moment("endTimestamp"));
    let campaign = query.first("campaignId");
    let fits = |event: &&EmailEvent| {
        query.first("eventType").is_none_or(|kind| kind == event.kind)
            && query.first("recipient").is_none_or(|who| event.recipient.eq_ignore_ascii_case(who))
            && campaign.is_none_or(|campaign| campaign == event.campaign_id.to_string())
            && from.is_none_or(|from| event.at >= from)
            && to.is_none_or(|to| event.at < to)
    };
    let found: Vec<&EmailEvent> = context.portal.activity.email_events.iter().rev().filter(fits).collect();
    let limit = query.limit(DEFAULT_PAGE, MAX_PAGE)?;
    let skip: usize = query.first("offset").and_then(|offset| offset.parse().ok()).unwrap_or(0);
    let portal = context.portal.id();
    let page: Vec<Value> = found.iter().skip(skip).take(limit).map(|event| event.render(portal)).collect();
    let next = skip + page.len();
    Ok(Reply::ok(json!({"hasMore": next < found.len(), "offset": next.to_string(), "events": page})))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubmitBody {
    fields: Vec<FieldInput>,
    #[serde(default)]
    context: Value,
}

#[derive(Deserialize)]
struct FieldInput {
    name: String,
    value: String,
}

/// `POST /submissions/v3/integration/[secure/]submit/{portal}/{form}`: only the secure one wants a token.
pub(super) fn submit(
    world: &mut World,
    request: &Request,
    now: OffsetDateTime,
    correlation_id: &str,
) -> (Option<(&'static str, Option<u64>)>, Reply) {
    let segments: Vec<&str> = request.segments.iter().skip(1).map(String::as_str).collect();
    let (secure, portal, form) = match segments.as_slice() {
        ["secure", "submit", portal, form] => (true, portal, form),
        ["submit", portal, form] => (false, portal, form),
        _ => return (None, Reply::unknown_route()),
    };
    let Some(portal_id) = portal.parse::<u64>().ok().filter(|_| request.method == Method::POST) else {
        return (None, Reply::unknown_route());
    };
    let call = Some(("forms.submit", Some(portal_id)));
    let submitted = (|| {
        if secure {
            auth::authenticate(world, &request.headers, now)?;
        }
        let body: SubmitBody = request.json()?;
        let portal = world.portals.get_mut(&portal_id).ok_or_else(Failure::not_found)?;
        let page_url = body.context.get("pageUri").and_then(Value::as_str).unwrap_or_default().to_owned();
        let fields = body.fields.into_iter().map(|field| (field.name, field.value)).collect();
        portal.submit_form(form, fields, page_url, now)
    })();
    let reply = match submitted {
        Ok(()) => Reply::ok(json!({"inlineMessage": "Thanks for submitting the form."})),
        Err(failure) => Reply::failure(&failure, correlation_id),
    };
    (call, reply)
}

impl Portal {
    /// Stores a submission and creates or changes its contact, as HubSpot does.
    pub(super) fn submit_form(
        &mut self,
        form_id: &str,
        fields: Vec<(String, String)>,
        page_url: String,
        now: OffsetDateTime,
    ) -> Outcome<()> {
        let form = self.settings.forms.iter().find(|form| form.id == form_id).cloned();
        let form = form
            .ok_or_else(|| Failure::new(StatusCode::NOT_FOUND, Some("OBJECT_NOT_FOUND"), "form not found"))?;
        let write = Write { now, strict: false, immediate: false, names_portal: false };
        let known: Map<String, Value> = fields
            .iter()
            .filter(|(name, _)| self.catalog(ObjectType::Contact).live(name).is_some())
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let values = self.accept(ObjectType::Contact, &known);
        let values = values.map_err(|invalid| self.refused(&invalid, write))?;
        let submission = Submission {
            form_id: form_id.to_owned(),
            conversion_id: Uuid::new_v4().to_string(),
            at: now,
            fields,
            page_url,
        };
        if let Some(email) = submission.email() {
            let contact = self.store(ObjectType::Contact).holder("email", &email);
            let contact = match contact {
                Some(contact) => {
                    self.apply(ObjectType::Contact, contact, values, write);
                    contact
                }
                None => self.insert(ObjectType::Contact, values, None, write),
            };
            self.count_conversion(contact, &form.name, write);
        }
        self.activity.submissions.push(submission);
        Ok(())
    }

    fn count_conversion(&mut self, contact: u64, form: &str, write: Write) {
        let count = self.count_up(contact, "num_conversion_events");
        let changes = [
            ("num_conversion_events", count),
            ("recent_conversion_date", stamp::iso(write.now)),
            ("recent_conversion_event_name", format!("Simulated page: {form}")),
        ];
        let changes = changes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        self.apply(ObjectType::Contact, contact, changes, write);
    }

    fn count_up(&self, contact: u64, name: &str) -> String {
        let record = self.store(ObjectType::Contact).get(contact);
        let count: u64 = record.and_then(|record| record.value(name)?.parse().ok()).unwrap_or(0);
        (count + 1).to_string()
    }

    /// Stores an event of a marketing e-mail; an opening by a person shows on the contact.
    pub(super) fn record_email_event(&mut self, event: EmailEvent) {
        let contact = self.store(ObjectType::Contact).holder("email", &event.recipient);
        if let (Some(contact), "OPEN", false) = (contact, event.kind.as_str(), event.is_filtered) {
            let write = Write { now: event.at, strict: false, immediate: false, names_portal: false };
            let opened = Values::from([
                ("hs_email_open".to_owned(), self.count_up(contact, "hs_email_open")),
                ("hs_email_last_open_date".to_owned(), stamp::iso(event.at)),
                ("hs_email_last_email_name".to_owned(), format!("Campaign {}", event.campaign_id)),
            ]);
            self.apply(ObjectType::Contact, contact, opened, write);
        }
        self.activity.email_events.push(event);
    }
}
