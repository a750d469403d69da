//! The parts of `/_control/` that both simulators have; the vendors add their fixtures.
//!
//! | request | does |
//! |---|---|
//! | `POST /_control/faults` | arms a [`FaultPlan`], answers its id |
//! | `GET /_control/faults` | the plans and what they did |
//! | `DELETE /_control/faults[/{id}]` | removes them, lets go of held requests |
//! | `POST /_control/clock` | `{"advance_seconds":n}`, `{"set":"RFC 3339"}` or `{"offset_seconds":n}`; both simulators share the clock |
//! | `GET /_control/clock` | the simulated time |
//! | `GET /_control/calls?after=&kind=&limit=` | the journal, oldest first |
//! | `GET /_control/counters` | calls by kind and what the vendor counts |
//! | `POST /_control/reset` | fixtures as seeded, no faults, empty journal; the clock stays |
//! | `GET /_control/health` | 200 when the simulator answers |

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    fault::FaultPlan,
    frame::{Frame, Vendor},
};

#[derive(Clone)]
struct Control {
    frame: Frame,
    vendor: Arc<dyn Vendor>,
}

/// The routes above for one simulator.
pub fn router(frame: Frame, vendor: Arc<dyn Vendor>) -> Router {
    Router::new()
        .route("/_control/health", get(|| async { Json(json!({"status": "ok"})) }))
        .route("/_control/faults", post(add_fault).get(list_faults).delete(clear_faults))
        .route("/_control/faults/{id}", delete(remove_fault))
        .route("/_control/clock", get(read_clock).post(move_clock))
        .route("/_control/calls", get(calls))
        .route("/_control/counters", get(counters))
        .route("/_control/reset", post(reset))
        .with_state(Control { frame, vendor })
}

/// An answer of the control API that says what was wrong with the request.
pub fn refusal(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({"error": message.into()}))).into_response()
}

async fn add_fault(State(control): State<Control>, Json(plan): Json<FaultPlan>) -> Response {
    if plan.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
        return refusal(StatusCode::BAD_REQUEST, "probability must be between 0 and 1");
    }
    let handle = control.frame.faults.add(plan);
    (StatusCode::CREATED, Json(json!({"id": handle.id()}))).into_response()
}

async fn list_faults(State(control): State<Control>) -> Response {
    Json(json!({"faults": control.frame.faults.list()})).into_response()
}

async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.frame.faults.clear();
    StatusCode::NO_CONTENT
}

async fn remove_fault(State(control): State<Control>, Path(id): Path<u64>) -> Response {
    if control.frame.faults.remove(id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refusal(StatusCode::NOT_FOUND, format!("there is no fault {id}"))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockMove {
    advance_seconds: Option<f64>,
    offset_seconds: Option<f64>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    set: Option<OffsetDateTime>,
}

async fn move_clock(State(control): State<Control>, Json(change): Json<ClockMove>) -> Response {
    let clock = &control.frame.clock;
    // f64 seconds that no i64 of milliseconds holds would make `Duration` panic.
    let seconds = |seconds: f64| {
        Duration::checked_seconds_f64(seconds).filter(|span| span.abs() < Duration::days(36_500))
    };
    match (change.advance_seconds.map(seconds), change.offset_seconds.map(seconds), change.set) {
        (Some(Some(by)), None, None) => clock.advance(by),
        (None, Some(Some(offset)), None) => clock.set_offset(offset),
        (None, None, Some(now)) => clock.set(now),
        _ => {
            return refusal(
                StatusCode::BAD_REQUEST,
                "give one of advance_seconds, offset_seconds (within a century) and set (RFC 3339)",
            );
        }
    }
    clock_state(&control.frame)
}

async fn read_clock(State(control): State<Control>) -> Response {
    clock_state(&control.frame)
}

fn clock_state(frame: &Frame) -> Response {
    let now = frame.clock.now().format(&Rfc3339).unwrap_or_default();
    Json(json!({"now": now, "offset_seconds": frame.clock.offset().as_seconds_f64()})).into_response()
}

#[derive(Deserialize)]
struct CallsQuery {
    #[serde(default)]
    after: u64,
    kind: Option<String>,
    limit: Option<usize>,
}

async fn calls(State(control): State<Control>, Query(query): Query<CallsQuery>) -> Response {
    let mut entries = control.frame.journal.entries_after(query.after);
    if let Some(kind) = query.kind {
        entries.retain(|entry| entry.kind == kind);
    }
    entries.truncate(query.limit.unwrap_or(usize::MAX));
    Json(json!({"calls": entries})).into_response()
}

async fn counters(State(control): State<Control>) -> Response {
    let mut all = control.vendor.counters();
    for (group, counts) in control.frame.journal.counters() {
        all.insert(group, json!(counts));
    }
    Json(Value::Object(all)).into_response()
}

async fn reset(State(control): State<Control>) -> StatusCode {
    control.frame.faults.clear();
    control.vendor.reset();
    control.frame.journal.clear();
    StatusCode::NO_CONTENT
}
