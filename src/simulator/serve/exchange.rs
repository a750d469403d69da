//! One request and its answer, with the fault that is due.

use std::{convert::Infallible, io::Read as _, io::Write as _};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use futures::{StreamExt as _, stream};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::simulator::{
    fault::{Action, Hit, Point, RequestFacts},
    frame::Frame,
    journal::{Call, Entry},
};

/// The largest request body, compressed or not: a batch of 200 records with long texts fits many times.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Answers smaller than this are not worth compressing.
const MIN_GZIP_BYTES: usize = 200;

/// Runs the handler of `routes` with the fault that is due; `cut` ends the connection.
pub(super) async fn run(
    frame: Frame,
    routes: Router,
    cut: CancellationToken,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    if parts.uri.path().starts_with("/_control/") {
        return call(&routes, Request::from_parts(parts, body)).await;
    }
    let at = frame.clock.now();
    let (parts, body) = match receive(parts, body).await {
        Ok(received) => received,
        Err(refused) => return refused,
    };
    let accepts_gzip = accepts_gzip(&parts.headers);
    let mut entry = Entry {
        seq: 0,
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        kind: "other",
        principal: None,
        status: None,
        fault: None,
    };
    let facts = RequestFacts { method: &entry.method, path: &entry.path, query: &entry.query, body: &body };
    let hit = frame.faults.strike(&facts);
    entry.fault = hit.as_ref().map(|hit| hit.id);

    if let Some(answer) = before_effect(hit.as_ref(), &cut).await {
        frame.journal.record(entry);
        return answer;
    }
    let response = call(&routes, Request::from_parts(parts, Body::from(body))).await;
    if let Some(said) = response.extensions().get::<Call>() {
        entry.kind = said.kind;
        entry.principal.clone_from(&said.principal);
    }
    entry.status = Some(response.status().as_u16());
    frame.journal.record(entry);
    let response = if accepts_gzip { compress(response).await } else { response };
    after_effect(hit, &cut, response).await
}

/// The answer when a handler panicked: a defect of the simulator, made visible.
pub(super) fn crashed(error: &JoinError) -> Response {
    tracing::error!(%error, "simulator handler crashed");
    (StatusCode::INTERNAL_SERVER_ERROR, "simulator crashed").into_response()
}

async fn call(routes: &Router, request: Request<Body>) -> Response {
    match routes.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn receive(mut parts: Parts, body: Body) -> Result<(Parts, Bytes), Response> {
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_BYTES).await else {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "request body too large or cut off").into_response());
    };
    let is_gzip = parts.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding == "gzip");
    if !is_gzip {
        return Ok((parts, body));
    }
    let mut plain = Vec::new();
    let limit = u64::try_from(MAX_BODY_BYTES).unwrap_or(u64::MAX);
    if GzDecoder::new(body.as_ref()).take(limit).read_to_end(&mut plain).is_err() {
        return Err((StatusCode::BAD_REQUEST, "request body is not gzip").into_response());
    }
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    Ok((parts, plain.into()))
}

async fn before_effect(hit: Option<&Hit>, cut: &CancellationToken) -> Option<Response> {
    let hit = hit?;
    match &hit.action {
        Action::Respond { status, headers, body, point: Point::Before } => {
            Some(substitute(*status, headers, body))
        }
        Action::Delay { millis, point: Point::Before } => {
            tokio::time::sleep(Action::delay(*millis)).await;
            None
        }
        Action::Hold { point: Point::Before } => {
            hit.release.cancelled().await;
            None
        }
        Action::Cut { point: Point::Before } => Some(hang_up(cut)),
        _ => None,
    }
}

async fn after_effect(hit: Option<Hit>, cut: &CancellationToken, response: Response) -> Response {
    let Some(hit) = hit else { return response };
    match hit.action {
        Action::Respond { status, headers, body, point: Point::After } => substitute(status, &headers, &body),
        Action::Delay { millis, point: Point::After } => {
            tokio::time::sleep(Action::delay(millis)).await;
            response
        }
        Action::Hold { point: Point::After } => {
            hit.release.cancelled().await;
            response
        }
        Action::Cut { point: Point::After } => hang_up(cut),
        Action::Truncate { bytes } => truncate(response, bytes).await,
        Action::Trickle { chunk_bytes, interval_millis } => {
            trickle(response, chunk_bytes, interval_millis).await
        }
        _ => response,
    }
}

/// Ends the connection; the answer returned is never sent.
fn hang_up(cut: &CancellationToken) -> Response {
    cut.cancel();
    Response::default()
}

fn substitute(status: u16, headers: &std::collections::BTreeMap<String, String>, body: &str) -> Response {
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let guessed = match body.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => "application/json;charset=UTF-8",
        Some(b'<') if body.trim_start().starts_with("<?xml") => "text/xml;charset=utf-8",
        Some(b'<') => "text/html;charset=UTF-8",
        _ => "text/plain;charset=UTF-8",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(guessed));
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn collect(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    // Bodies of the simulators are whole in memory: collecting one can't fail.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    (parts, body)
}

async fn truncate(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = collect(response).await;
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let start = body.slice(..bytes.min(body.len()));
    let broken = stream::once(async {
        // One turn without data makes hyper flush what it has; an error right away would discard it.
        tokio::task::yield_now().await;
        Err(std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "cut by a fault plan"))
    });
    Response::from_parts(parts, Body::from_stream(stream::iter([Ok(start)]).chain(broken)))
}

async fn trickle(response: Response, chunk_bytes: usize, interval_millis: u64) -> Response {
    let (parts, body) = collect(response).await;
    let pieces: Vec<Bytes> = body.chunks(chunk_bytes.max(1)).map(Bytes::copy_from_slice).collect();
    let slowly = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(Action::delay(interval_millis)).await;
        Ok::<Bytes, Infallible>(piece)
    });
    Response::from_parts(parts, Body::from_stream(slowly))
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip")) && parts.next() != Some("q=0")
    })
}

async fn compress(response: Response) -> Response {
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = collect(response).await;
    if body.len() < MIN_GZIP_BYTES {
        return Response::from_parts(parts, Body::from(body));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let packed = encoder.write_all(&body).and_then(|()| encoder.finish());
    let Ok(packed) = packed else { return Response::from_parts(parts, Body::from(body)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    Response::from_parts(parts, Body::from(packed))
}
