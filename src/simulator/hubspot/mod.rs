//! The HubSpot simulator: the public CRM, list, property, association, account and OAuth APIs over state in memory.
//!
//! Several portals live in one simulator; the bearer token decides which one is asked. Each route answers under its
//! legacy path (`/crm/v3/…`, `/crm/v4/…`) and its dated ones (`/crm/…/2026-03/…`, `/crm/…/2026-09/…`).
//!
//! # The standard seed
//!
//! | portal | hub id | static token | OAuth refresh token | tier | time zone |
//! |---|---|---|---|---|---|
//! | A | 10000001 | `sim-hubspot-token-a` | `na1-sim-refresh-a` | Enterprise | US/Eastern |
//! | B | 10000002 | `sim-hubspot-token-b` | `na1-sim-refresh-b` | Professional | Asia/Tokyo |
//! | C | 10000003 | `sim-hubspot-token-c` | – | Professional | US/Eastern |
//!
//! `sim-hubspot-token-a-read-only` opens portal A with the scopes `oauth` and `crm.objects.contacts.read` only. The
//! OAuth app has the client id `51b5a9e0-0000-4000-8000-000000000001` and the secret
//! `51b5a9e0-0000-4000-8000-0000000000ff`; `GET /oauth/authorize` consents at once. Each portal holds twelve contacts
//! (`ada.lovelace@alpha.example`, … in every lifecycle stage, two without one; `beta.example` and `gamma.example` in
//! B and C) and three lists: 1 "Hand-picked contacts" (static), 2 "Sales ready" and 3 "Customers" (active). The same
//! values are constants in [`seed`].
//!
//! # The control API
//!
//! Beside the shared routes of [`control`](super::control); bodies are the types of [`fixture`] in snake case.
//!
//! | request | does |
//! |---|---|
//! | `POST /_control/portals` | creates a [`PortalFixture`] |
//! | `GET /_control/portals`, `GET /_control/portals/{id}` | settings, counters and number of records |
//! | `PATCH /_control/portals/{id}` | merges a part of a fixture in; its contacts, companies, deals and lists are added |
//! | `DELETE /_control/portals/{id}` | forgets the portal |
//! | `GET`, `POST /_control/portals/{id}/objects/{type}` | all records, archived too; a new one, visible at once |
//! | `PATCH`, `DELETE /_control/portals/{id}/objects/{type}/{record}` | changes or archives one without the API's rules |
//! | `GET`, `POST /_control/portals/{id}/lists` | all lists with their members; a new one, complete at once |
//! | `POST /_control/portals/{id}/submissions` | `{"form_id","fields":{},"page_url"}` |
//! | `POST /_control/portals/{id}/email-events` | `{"recipient","kind":"OPEN","campaign_id","filtered","at"}` |
//!
//! Time comes from the shared clock; nothing runs in the background. What may not enter: other rooms of the product.

mod activity;
mod association;
mod association_http;
mod association_types;
mod auth;
mod batch;
mod control;
mod dispatch;
mod error;
pub mod fixture;
mod forms;
mod limits;
mod lists;
mod oauth;
mod oauth_http;
mod object_type;
mod objects;
mod people;
mod portal;
mod property;
mod property_catalog;
mod property_defaults;
mod property_http;
mod property_table;
mod record;
mod routes;
mod search;
pub mod seed;
mod stamp;
mod wire;
mod world;
mod write;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::fixture::PortalFixture;
pub use self::world::FixtureError;
use self::{
    activity::EmailEvent,
    fixture::{ListFixture, RecordFixture},
    object_type::ObjectType,
    portal::Portal,
    record::{Shown, Values},
    world::World,
};
use super::{
    Seed,
    frame::{Frame, Vendor},
};

/// The largest request body that is read.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// The portals of the HubSpot simulator.
#[derive(Debug)]
pub struct HubSpot {
    frame: Frame,
    base_url: String,
    seed: Seed,
    world: Mutex<World>,
}

/// An event of a marketing e-mail.
#[derive(Clone, Debug)]
pub struct EmailEventFixture {
    /// Address that the e-mail went to.
    pub recipient: String,
    /// `OPEN`, `CLICK`, `DELIVERED`, `SENT` or `BOUNCE`.
    pub kind: String,
    /// The campaign it belongs to.
    pub campaign_id: u64,
    /// Done by a machine.
    pub filtered: bool,
    /// When; now if absent.
    pub at: Option<OffsetDateTime>,
}

impl HubSpot {
    /// The portals of `seed`; `base_url` is without a slash at the end.
    pub fn new(frame: Frame, base_url: String, seed: Seed) -> Self {
        let simulator = Self { frame, base_url, seed, world: Mutex::default() };
        simulator.reset();
        simulator
    }

    /// Clock, faults and journal.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Base URL under which clients reach this simulator, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> OffsetDateTime {
        stamp::whole_ms(self.frame.clock.now())
    }

    /// Adds a portal.
    ///
    /// # Errors
    /// [`FixtureError`] if the hub id or a token is taken, or a record or list does not fit; then nothing is added.
    pub fn create_portal(&self, fixture: PortalFixture) -> Result<(), FixtureError> {
        self.world().create(fixture, self.now())
    }

    /// Merges a part of a [`PortalFixture`], as JSON, into a portal; its records and lists are added to those present.
    ///
    /// # Errors
    /// [`FixtureError`] if there is no such portal or the result is not a portal: nothing is changed. A record or list
    /// that does not fit leaves the settings and the records before it in place.
    pub fn change_portal(&self, portal: u64, patch: &Value) -> Result<(), FixtureError> {
        self.world().change(portal, patch, self.now())
    }

    /// Forgets a portal with all that is in it; its tokens answer 401.
    ///
    /// # Errors
    /// [`FixtureError::NoSuchPortal`].
    pub fn delete_portal(&self, portal: u64) -> Result<(), FixtureError> {
        self.world().delete(portal)
    }

    /// Settings, counters and numbers of records of a portal.
    ///
    /// # Errors
    /// [`FixtureError::NoSuchPortal`].
    pub fn portal(&self, portal: u64) -> Result<Value, FixtureError> {
        self.world().portal(portal).map(describe)
    }

    /// As [`Self::portal`], for all of them by hub id.
    pub fn portals(&self) -> Vec<Value> {
        self.world().portals.values().map(describe).collect()
    }

    /// Every record of a type (`contacts`, …) with all its values, archived ones too.
    ///
    /// # Errors
    /// [`FixtureError`] if there is no such portal or type.
    pub fn records(&self, portal: u64, kind: &str) -> Result<Vec<Value>, FixtureError> {
        let world = self.world();
        let portal = world.portal(portal)?;
        let kind = parse_kind(kind)?;
        Ok(portal.store(kind).iter().map(|record| portal.render(kind, record, &Shown::All)).collect())
    }

    /// Puts a record in place without the API's rules, visible to search and lists at once; answers its id.
    ///
    /// # Errors
    /// [`FixtureError`] for an unknown portal, type or property, or a taken id or e-mail address.
    pub fn add_record(&self, portal: u64, kind: &str, record: &RecordFixture) -> Result<u64, FixtureError> {
        let kind = parse_kind(kind)?;
        let now = self.now();
        self.world().portal_mut(portal)?.put_record(kind, record, now)
    }

    /// Changes a record without the API's rules, visible at once; empty values clear.
    ///
    /// # Errors
    /// [`FixtureError`] for an unknown portal, type, record or property.
    pub fn change_record(
        &self,
        portal: u64,
        kind: &str,
        id: u64,
        changes: &Values,
    ) -> Result<(), FixtureError> {
        let kind = parse_kind(kind)?;
        let now = self.now();
        self.world().portal_mut(portal)?.change_record(kind, id, changes, now)
    }

    /// Archives a record.
    ///
    /// # Errors
    /// [`FixtureError`] for an unknown portal, type or record.
    pub fn archive_record(&self, portal: u64, kind: &str, id: u64) -> Result<(), FixtureError> {
        let kind = parse_kind(kind)?;
        let now = self.now();
        self.world().portal_mut(portal)?.archive_fixture(kind, id, now)
    }

    /// Puts a list in place, complete at once; answers its id.
    ///
    /// # Errors
    /// [`FixtureError`] for an unknown portal, a taken name or filters that are not understood.
    pub fn add_list(&self, portal: u64, list: &ListFixture) -> Result<u32, FixtureError> {
        let now = self.now();
        self.world().portal_mut(portal)?.put_list(list, now)
    }

    /// The live lists of a portal with filters and `memberIds`.
    ///
    /// # Errors
    /// [`FixtureError::NoSuchPortal`].
    pub fn lists(&self, portal: u64) -> Result<Vec<Value>, FixtureError> {
        let now = self.now();
        let mut world = self.world();
        let portal = world.portal_mut(portal)?;
        portal.settle_lists(now);
        let render = |list: &lists::List| {
            let mut body = list.render(true);
            let members: Vec<String> = list.members.keys().map(u64::to_string).collect();
            if let Some(fields) = body.as_object_mut() {
                fields.insert("memberIds".to_owned(), json!(members));
            }
            body
        };
        Ok(portal.lists.live().map(render).collect())
    }

    /// Submits a form; creates or changes the contact whose address is among the fields.
    ///
    /// # Errors
    /// [`FixtureError`] for an unknown portal, an unknown form or values that a property refuses.
    pub fn submit_form(
        &self,
        portal: u64,
        form_id: &str,
        fields: Vec<(String, String)>,
        page_url: String,
    ) -> Result<(), FixtureError> {
        let now = self.now();
        let submitted = self.world().portal_mut(portal)?.submit_form(form_id, fields, page_url, now);
        submitted.map_err(|failure| FixtureError::Shape(failure.message))
    }

    /// Adds an event of a marketing e-mail.
    ///
    /// # Errors
    /// [`FixtureError::NoSuchPortal`].
    pub fn add_email_event(&self, portal: u64, event: EmailEventFixture) -> Result<(), FixtureError> {
        let at = event.at.unwrap_or_else(|| self.now());
        self.world().portal_mut(portal)?.record_email_event(EmailEvent {
            id: Uuid::new_v4().to_string(),
            at,
            kind: event.kind,
            recipient: event.recipient,
            campaign_id: event.campaign_id,
            is_filtered: event.filtered,
        });
        Ok(())
    }

    /// Access and refresh tokens of OAuth that are in force: for tests that look whether one is somewhere.
    #[must_use]
    pub fn issued_tokens(&self) -> Vec<String> {
        self.world().tokens.issued()
    }

    /// How many calls of a kind (`contacts.create`, `lists.search`, `oauth.token`, …) reached a portal.
    pub fn calls(&self, portal: u64, kind: &str) -> u64 {
        self.world().portals.get(&portal).and_then(|portal| portal.calls.get(kind)).copied().unwrap_or(0)
    }

    /// How many contacts the API ever created with an address: more than one means that a duplicate was made.
    pub fn created_with_email(&self, portal: u64, email: &str) -> u64 {
        let world = self.world();
        let portal = world.portals.get(&portal);
        portal.and_then(|portal| portal.created_emails.get(&email.to_lowercase())).copied().unwrap_or(0)
    }
}

fn parse_kind(kind: &str) -> Result<ObjectType, FixtureError> {
    ObjectType::parse(kind).map_err(|_| FixtureError::NoSuchObjectType(kind.to_owned()))
}

fn live_records(portal: &Portal) -> Map<String, Value> {
    portal
        .stores
        .iter()
        .map(|(kind, store)| (*kind, store.iter().filter(|record| record.archived_at.is_none()).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| (kind.plural().to_owned(), json!(count)))
        .collect()
}

fn describe(portal: &Portal) -> Value {
    let mut body = serde_json::to_value(&portal.settings).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        for name in ["contacts", "companies", "deals", "lists"] {
            fields.remove(name);
        }
        fields.insert("calls".to_owned(), json!(portal.calls));
        fields.insert("created_emails".to_owned(), json!(portal.created_emails));
        fields.insert("records".to_owned(), Value::Object(live_records(portal)));
    }
    body
}

impl Vendor for HubSpot {
    fn counters(&self) -> Map<String, Value> {
        let world = self.world();
        let (mut records, mut created, mut calls) = (Map::new(), Map::new(), Map::new());
        for (id, portal) in &world.portals {
            records.insert(id.to_string(), Value::Object(live_records(portal)));
            created.insert(id.to_string(), json!(portal.created_emails));
            calls.insert(id.to_string(), json!(portal.calls));
        }
        [
            ("records".to_owned(), Value::Object(records)),
            ("contacts_created_by_email".to_owned(), Value::Object(created)),
            ("calls_by_portal".to_owned(), Value::Object(calls)),
        ]
        .into_iter()
        .collect()
    }

    fn reset(&self) {
        let now = self.now();
        let mut world = World::default();
        if self.seed == Seed::Standard {
            for fixture in seed::standard() {
                if let Err(error) = world.create(fixture, now) {
                    tracing::error!(%error, "a portal of the seed does not fit");
                }
            }
        }
        *self.world() = world;
    }
}

/// HubSpot's routes and the fixtures under `/_control/`.
pub fn router(state: Arc<HubSpot>) -> Router {
    control::router().fallback(serve).with_state(state)
}

async fn serve(State(simulator): State<Arc<HubSpot>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "request body too large or cut off").into_response();
    };
    let now = simulator.now();
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().map(str::to_owned));
    let mut world = simulator.world();
    dispatch::answer(&mut world, parts.method, &path, query.as_deref(), parts.headers, body, now)
}
