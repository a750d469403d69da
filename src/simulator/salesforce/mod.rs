//! The Salesforce simulator: several orgs behind one address, each a fixture.
//!
//! SOAP `login()` by version, OAuth, REST (versions 31.0 to 68.0) with SOQL, describe, layouts, records, upsert,
//! collections, composite, getUpdated and getDeleted, the tooling query, and the daily allocation of calls. Not here:
//! Bulk, Metadata, streaming, Apex, sharing (every user sees every record of an object that he may read).
//!
//! The session token says which org a call is for. Which host a login was meant for (production, sandbox, My Domain)
//! is said by a path prefix (`/login`, `/test`, `/my/<my domain>`) or the `Host` header; the plain base URL stands for
//! all of them. Logins answer the simulator's own base URL unless the org's fixture says otherwise.
//!
//! The standard seed. Every user has the password `password` and the security token `token`. Every org knows the app
//! `connector-client-id`, and an own one (named below) for client credentials, which runs as its admin; their secret is
//! `connector-client-secret`.
//!
//! | org | users | own app | |
//! |---|---|---|---|
//! | Acme | `admin@acme.example`, `sales@acme.example` (no administrator) | `acme-client-id` | production, Enterprise, 50 seats |
//! | Acme (sandbox) | `admin@acme.example.uat` | `acme--uat-client-id` | sandbox of an Enterprise org |
//! | Trial | `admin@trial.example` | `trial-client-id` | Enterprise, trial for 30 days more |
//! | Pro Edition | `admin@pro.example` | `pro-client-id` | production, Professional, 8 seats |

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    response::Response,
};
use serde_json::{Map, Value};

use super::{
    Seed,
    frame::{Frame, Vendor},
};

mod access;
mod answer;
mod auth;
mod control;
mod describe;
pub mod fixture;
mod handle;
mod ids;
mod layouts;
mod moment;
mod oauth;
mod org;
mod request;
mod rest;
mod rows;
mod rules;
mod schema;
mod seed;
mod soap;
mod soql;
#[cfg(test)]
mod tests;
mod values;
mod world;
mod write;
mod xml;

use self::{
    answer::Answer,
    fixture::AnsweredHost,
    org::Org,
    request::{HostKind, Incoming},
    world::World,
};

pub use self::org::{EXTERNAL_ID_FIELD, Record};

/// The orgs of the Salesforce simulator.
#[derive(Debug)]
pub struct Salesforce {
    frame: Frame,
    base_url: String,
    seed: Seed,
    world: Mutex<World>,
}

impl Salesforce {
    /// The orgs of `seed`; `base_url` is without a slash at the end.
    pub fn new(frame: Frame, base_url: String, seed: Seed) -> Self {
        let simulator = Self { frame, base_url, seed, world: Mutex::default() };
        simulator.plant();
        simulator
    }

    /// Clock, faults and journal.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Base URL, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn plant(&self) {
        if self.seed == Seed::Empty {
            return;
        }
        let now = self.frame.clock.now();
        let mut world = self.lock();
        for fixture in seed::orgs(now) {
            if let Err(error) = world.add_org(fixture, now) {
                tracing::error!(%error, "an org of the seed could not be made");
            }
        }
    }

    /// The URL that a login answers as the one to go on with.
    fn answered_url(&self, org: &Org, request: &Incoming) -> String {
        match &org.fixture.answered_host {
            AnsweredHost::Simulator => self.request_base(request),
            AnsweredHost::MyDomain => format!("https://{}", org.fixture.my_domain_host()),
            AnsweredHost::Url(url) => url.trim_end_matches('/').to_owned(),
        }
    }

    /// The simulator's URL as the client knows it. A real Salesforce host name in `Host` is answered with itself: the
    /// client has its own way of getting from there to here.
    fn request_base(&self, request: &Incoming) -> String {
        let host = request.header("host").unwrap_or_default();
        if request.host != HostKind::Any && host.ends_with(".salesforce.com") {
            return format!("https://{host}");
        }
        self.base_url.clone()
    }

    fn answer(&self, request: &Incoming) -> (Answer, Option<String>) {
        let now = self.frame.clock.now();
        let mut world = self.lock();
        let path = request.path.as_str();
        if path.starts_with("/services/Soap/") {
            soap::handle(self, &mut world, request, now)
        } else if path.starts_with("/services/oauth2/") {
            oauth::handle(self, &mut world, request, now)
        } else if path == "/services/data" || path.starts_with("/services/data/") {
            rest::handle(&mut world, request, now)
        } else if path.starts_with("/id/") {
            oauth::handle_identity(self, &mut world, request, now)
        } else if path == "/.well-known/openid-configuration" {
            (oauth::discovery(self, request), None)
        } else {
            (
                Answer::text(
                    404,
                    "text/html;charset=UTF-8",
                    "<html><body>URL No Longer Exists</body></html>",
                ),
                None,
            )
        }
    }
}

impl Vendor for Salesforce {
    fn counters(&self) -> Map<String, Value> {
        let now = self.frame.clock.now();
        let world = self.lock();
        let mut records = Map::new();
        let mut used = Map::new();
        for org in world.orgs.values() {
            records.insert(org.id.clone(), Value::Object(org.record_counts()));
            used.insert(org.id.clone(), org.used_calls(now).into());
        }
        let mut counters = Map::new();
        counters.insert("records".to_owned(), Value::Object(records));
        counters.insert("api_calls_in_window".to_owned(), Value::Object(used));
        counters
    }

    fn reset(&self) {
        *self.lock() = World::default();
        self.plant();
    }
}

/// Salesforce's routes and the fixtures under `/_control/`.
pub fn router(state: Arc<Salesforce>) -> Router {
    control::router().fallback(serve).with_state(state)
}

async fn serve(State(simulator): State<Arc<Salesforce>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let peer = parts.extensions.get::<SocketAddr>().map(SocketAddr::ip);
    // The server around has read the body already.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_else(|_| Bytes::new());
    let request = Incoming::new(parts, body, peer);
    let (answer, principal) = simulator.answer(&request);
    answer.into_response(principal)
}
