//! `/_control/portals`: makes, changes and shows portals. What it does is also methods of [`HubSpot`](super::HubSpot).

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{get, patch, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    FixtureError, HubSpot,
    fixture::{ListFixture, PortalFixture, RecordFixture},
    record::Values,
};
use crate::simulator::control::refusal;

/// The fixture routes of the HubSpot simulator.
pub(super) fn router() -> Router<Arc<HubSpot>> {
    Router::new()
        .route("/_control/portals", post(create).get(list))
        .route("/_control/portals/{portal}", get(read).patch(change).delete(delete))
        .route("/_control/portals/{portal}/objects/{kind}", get(records).post(add_record))
        .route("/_control/portals/{portal}/objects/{kind}/{id}", patch(change_record).delete(delete_record))
        .route("/_control/portals/{portal}/lists", get(lists).post(add_list))
        .route("/_control/portals/{portal}/submissions", post(submit))
        .route("/_control/portals/{portal}/email-events", post(email_event))
}

type Simulator = State<Arc<HubSpot>>;
type Body<T> = Result<Json<T>, JsonRejection>;

fn refused(error: &FixtureError) -> Response {
    let status = match error {
        FixtureError::NoSuchPortal(_) | FixtureError::NoSuchRecord(_) => StatusCode::NOT_FOUND,
        FixtureError::PortalExists(_) | FixtureError::TokenTaken(_) | FixtureError::RecordExists(_) => {
            StatusCode::CONFLICT
        }
        _ => StatusCode::BAD_REQUEST,
    };
    refusal(status, error.to_string())
}

fn answer(status: StatusCode, result: Result<Value, FixtureError>) -> Response {
    match result {
        Ok(body) => (status, Json(body)).into_response(),
        Err(error) => refused(&error),
    }
}

fn emptied(result: Result<(), FixtureError>) -> Response {
    match result {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(&error),
    }
}

fn unreadable(rejection: &JsonRejection) -> Response {
    refusal(StatusCode::BAD_REQUEST, rejection.body_text())
}

async fn create(State(simulator): Simulator, body: Body<PortalFixture>) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(fixture)) => {
            let id = fixture.portal_id;
            let created = simulator.create_portal(fixture).and_then(|()| simulator.portal(id));
            answer(StatusCode::CREATED, created)
        }
    }
}

async fn list(State(simulator): Simulator) -> Response {
    Json(json!({"portals": simulator.portals()})).into_response()
}

async fn read(State(simulator): Simulator, Path(portal): Path<u64>) -> Response {
    answer(StatusCode::OK, simulator.portal(portal))
}

async fn change(State(simulator): Simulator, Path(portal): Path<u64>, body: Body<Value>) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(patch)) => {
            let changed = simulator.change_portal(portal, &patch).and_then(|()| simulator.portal(portal));
            answer(StatusCode::OK, changed)
        }
    }
}

async fn delete(State(simulator): Simulator, Path(portal): Path<u64>) -> Response {
    emptied(simulator.delete_portal(portal))
}

async fn records(State(simulator): Simulator, Path((portal, kind)): Path<(u64, String)>) -> Response {
    let records = simulator.records(portal, &kind);
    answer(StatusCode::OK, records.map(|records| json!({"total": records.len(), "results": records})))
}

async fn add_record(
    State(simulator): Simulator,
    Path((portal, kind)): Path<(u64, String)>,
    body: Body<RecordFixture>,
) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(record)) => {
            let added = simulator.add_record(portal, &kind, &record);
            answer(StatusCode::CREATED, added.map(|id| json!({"id": id.to_string()})))
        }
    }
}

async fn change_record(
    State(simulator): Simulator,
    Path((portal, kind, id)): Path<(u64, String, u64)>,
    body: Body<RecordChange>,
) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(change)) => emptied(simulator.change_record(portal, &kind, id, &change.properties)),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordChange {
    properties: Values,
}

async fn delete_record(
    State(simulator): Simulator,
    Path((portal, kind, id)): Path<(u64, String, u64)>,
) -> Response {
    emptied(simulator.archive_record(portal, &kind, id))
}

async fn lists(State(simulator): Simulator, Path(portal): Path<u64>) -> Response {
    answer(StatusCode::OK, simulator.lists(portal).map(|lists| json!({"lists": lists})))
}

async fn add_list(State(simulator): Simulator, Path(portal): Path<u64>, body: Body<ListFixture>) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(list)) => {
            let added = simulator.add_list(portal, &list);
            answer(StatusCode::CREATED, added.map(|id| json!({"listId": id.to_string()})))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubmissionBody {
    form_id: String,
    fields: Values,
    #[serde(default)]
    page_url: String,
}

async fn submit(
    State(simulator): Simulator,
    Path(portal): Path<u64>,
    body: Body<SubmissionBody>,
) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(body)) => {
            let fields = body.fields.into_iter().collect();
            emptied(simulator.submit_form(portal, &body.form_id, fields, body.page_url))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmailEventBody {
    recipient: String,
    #[serde(default = "opened")]
    kind: String,
    #[serde(default)]
    campaign_id: u64,
    #[serde(default)]
    filtered: bool,
    #[serde(default, with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
}

fn opened() -> String {
    "OPEN".to_owned()
}

async fn email_event(
    State(simulator): Simulator,
    Path(portal): Path<u64>,
    body: Body<EmailEventBody>,
) -> Response {
    match body {
        Err(rejection) => unreadable(&rejection),
        Ok(Json(body)) => {
            let event = super::EmailEventFixture {
                recipient: body.recipient,
                kind: body.kind,
                campaign_id: body.campaign_id,
                filtered: body.filtered,
                at: body.at,
            };
            emptied(simulator.add_email_event(portal, event))
        }
    }
}
