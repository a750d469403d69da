//! `/_control/` of the Salesforce simulator: orgs and what is in them.
//!
//! | request | does |
//! |---|---|
//! | `GET /_control/orgs` | ids, names and user names of all orgs |
//! | `POST /_control/orgs` | makes an org from an [`OrgFixture`]; every key is optional |
//! | `GET /_control/orgs/{id}` | the fixture, calls used, record counts, open sessions |
//! | `PATCH /_control/orgs/{id}` | changes the keys given, merging objects key by key (lists are replaced) |
//! | `DELETE /_control/orgs/{id}` | removes the org |
//! | `POST /_control/orgs/{id}/users` | adds a [`UserFixture`] |
//! | `PATCH /_control/orgs/{id}/users/{username}` | changes the keys given |
//! | `POST /_control/orgs/{id}/apps` | adds an [`OAuthApp`], or replaces the one with this `client_id` |
//! | `POST /_control/orgs/{id}/apps/{client_id}/key` | makes a key pair for JWT bearer, answers `private_key_pem` |
//! | `POST /_control/orgs/{id}/refresh-tokens` | `{"client_id","username"}`: answers `refresh_token` |
//! | `DELETE /_control/orgs/{id}/sessions` | ends all sessions; with `?grants=true` the refresh tokens too |
//! | `GET /_control/orgs/{id}/records/{object}` | live records; `?deleted=true`: those in the recycle bin |
//! | `POST /_control/orgs/{id}/records/{object}` | stores a record without any rule |
//! | `PATCH`, `DELETE /_control/orgs/{id}/records/{object}/{record}` | changes or purges it without any rule |
//!
//! `{id}` is an org's id with 15 or 18 characters, its My Domain, or a user name of it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{delete, get, patch, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Salesforce,
    fixture::{OAuthApp, OrgFixture, UserFixture},
};
use crate::simulator::control::refusal;

type Shared = State<Arc<Salesforce>>;

pub(super) fn router() -> Router<Arc<Salesforce>> {
    Router::new()
        .route("/_control/orgs", get(list).post(create))
        .route("/_control/orgs/{org}", get(show).patch(change).delete(remove))
        .route("/_control/orgs/{org}/users", post(add_user))
        .route("/_control/orgs/{org}/users/{username}", patch(change_user))
        .route("/_control/orgs/{org}/apps", post(add_app))
        .route("/_control/orgs/{org}/apps/{client_id}/key", post(make_key))
        .route("/_control/orgs/{org}/refresh-tokens", post(make_refresh_token))
        .route("/_control/orgs/{org}/sessions", delete(end_sessions))
        .route("/_control/orgs/{org}/records/{object}", get(records).post(add_record))
        .route("/_control/orgs/{org}/records/{object}/{record}", patch(change_record).delete(purge_record))
}

fn answer<T: serde::Serialize>(status: StatusCode, outcome: Result<T, String>) -> Response {
    match outcome {
        Ok(body) => (status, Json(body)).into_response(),
        Err(message) if message.starts_with("there is no") => refusal(StatusCode::NOT_FOUND, message),
        Err(message) => refusal(StatusCode::UNPROCESSABLE_ENTITY, message),
    }
}

async fn list(State(simulator): Shared) -> Response {
    Json(json!({"orgs": simulator.org_list()})).into_response()
}

async fn create(State(simulator): Shared, Json(fixture): Json<OrgFixture>) -> Response {
    let made = simulator.add_org(fixture).and_then(|id| simulator.org_state(&id));
    answer(StatusCode::CREATED, made)
}

async fn show(State(simulator): Shared, Path(org): Path<String>) -> Response {
    answer(StatusCode::OK, simulator.org_state(&org))
}

async fn change(
    State(simulator): Shared,
    Path(org): Path<String>,
    Json(changes): Json<Map<String, Value>>,
) -> Response {
    let changed = simulator.edit_org_json(&org, changes).and_then(|()| simulator.org_state(&org));
    answer(StatusCode::OK, changed)
}

async fn remove(State(simulator): Shared, Path(org): Path<String>) -> Response {
    answer(StatusCode::OK, simulator.remove_org(&org).map(|()| json!({})))
}

async fn add_user(
    State(simulator): Shared,
    Path(org): Path<String>,
    Json(user): Json<UserFixture>,
) -> Response {
    let username = user.username.clone();
    let added = simulator.edit_org(&org, |fixture| fixture.users.push(user));
    answer(StatusCode::CREATED, added.and_then(|()| simulator.user_state(&org, &username)))
}

async fn change_user(
    State(simulator): Shared,
    Path((org, username)): Path<(String, String)>,
    Json(changes): Json<Map<String, Value>>,
) -> Response {
    let changed = simulator.edit_user_json(&org, &username, changes);
    answer(StatusCode::OK, changed.and_then(|()| simulator.user_state(&org, &username)))
}

async fn add_app(State(simulator): Shared, Path(org): Path<String>, Json(app): Json<OAuthApp>) -> Response {
    let added = simulator.edit_org(&org, |fixture| {
        fixture.oauth_apps.retain(|other| other.client_id != app.client_id);
        fixture.oauth_apps.push(app.clone());
    });
    answer(StatusCode::CREATED, added.map(|()| app))
}

async fn make_key(State(simulator): Shared, Path((org, client_id)): Path<(String, String)>) -> Response {
    let made = simulator.make_app_key(&org, &client_id);
    answer(StatusCode::CREATED, made.map(|pem| json!({"private_key_pem": pem})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshTokenRequest {
    client_id: String,
    username: String,
}

async fn make_refresh_token(
    State(simulator): Shared,
    Path(org): Path<String>,
    Json(wanted): Json<RefreshTokenRequest>,
) -> Response {
    let made = simulator.make_refresh_token(&org, &wanted.client_id, &wanted.username);
    answer(StatusCode::CREATED, made.map(|token| json!({"refresh_token": token})))
}

#[derive(Deserialize)]
struct EndSessions {
    #[serde(default)]
    grants: bool,
}

async fn end_sessions(
    State(simulator): Shared,
    Path(org): Path<String>,
    Query(query): Query<EndSessions>,
) -> Response {
    answer(StatusCode::OK, simulator.end_sessions(&org, query.grants).map(|()| json!({})))
}

#[derive(Deserialize)]
struct RecordsQuery {
    #[serde(default)]
    deleted: bool,
}

async fn records(
    State(simulator): Shared,
    Path((org, object)): Path<(String, String)>,
    Query(query): Query<RecordsQuery>,
) -> Response {
    let found = simulator.records(&org, &object, query.deleted);
    answer(StatusCode::OK, found.map(|records| json!({"totalSize": records.len(), "records": records})))
}

async fn add_record(
    State(simulator): Shared,
    Path((org, object)): Path<(String, String)>,
    Json(fields): Json<Map<String, Value>>,
) -> Response {
    answer(StatusCode::CREATED, simulator.add_record(&org, &object, fields).map(|id| json!({"id": id})))
}

async fn change_record(
    State(simulator): Shared,
    Path((org, object, record)): Path<(String, String, String)>,
    Json(fields): Json<Map<String, Value>>,
) -> Response {
    answer(StatusCode::OK, simulator.change_record(&org, &object, &record, fields).map(|()| json!({})))
}

async fn purge_record(
    State(simulator): Shared,
    Path((org, object, record)): Path<(String, String, String)>,
) -> Response {
    answer(StatusCode::OK, simulator.purge_record(&org, &object, &record).map(|()| json!({})))
}
