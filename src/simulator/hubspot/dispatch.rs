//! From a request to an answer: who calls, may they, how often, and which handler.

use http::{HeaderMap, Method};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use axum::body::Bytes;
use axum::response::Response;

use super::{
    auth,
    error::Outcome,
    limits::App,
    oauth_http,
    portal::{Portal, Write},
    routes, stamp,
    wire::{Reply, Request, Version},
    world::World,
};
use crate::simulator::journal::Call;

/// What a handler works with.
pub(super) struct Context<'a> {
    pub portal: &'a mut Portal,
    pub request: &'a Request,
    pub now: OffsetDateTime,
}

impl Context<'_> {
    /// The rules for a single write of this request.
    pub(super) fn single_write(&self) -> Write {
        Write {
            now: self.now,
            strict: self.request.version == Version::September2026,
            immediate: false,
            names_portal: true,
        }
    }
}

/// What answers one route.
pub(super) type Handler = fn(&mut Context<'_>) -> Outcome<Reply>;

/// Answers one request of the vendor's API.
pub(super) fn answer(
    world: &mut World,
    method: Method,
    path: &str,
    query: Option<&str>,
    headers: HeaderMap,
    body: Bytes,
    now: OffsetDateTime,
) -> Response {
    let now = stamp::whole_ms(now);
    let correlation_id = Uuid::new_v4().to_string();
    let Some(request) = Request::parse(method, path, query, headers, body) else {
        return Reply::unknown_route().into_response(&correlation_id);
    };
    let (call, reply) = if request.segment(0) == "oauth" {
        match oauth_http::answer(world, &request, now, &correlation_id) {
            Some((kind, portal, reply)) => (Some((kind, portal)), reply),
            None => (None, Reply::unknown_route()),
        }
    } else {
        answer_portal(world, &request, now, &correlation_id)
    };
    if let Some((kind, Some(portal))) = call
        && let Some(portal) = world.portals.get_mut(&portal)
    {
        *portal.calls.entry(kind).or_default() += 1;
    }
    let mut response = reply.into_response(&correlation_id);
    if let Some((kind, portal)) = call {
        let principal = portal.map(|portal| portal.to_string());
        response.extensions_mut().insert(Call { kind, principal });
    }
    response
}

type Answered = (Option<(&'static str, Option<u64>)>, Reply);

fn answer_portal(
    world: &mut World,
    request: &Request,
    now: OffsetDateTime,
    correlation_id: &str,
) -> Answered {
    let failed = |failure| Reply::failure(&failure, correlation_id);
    if request.segments.first().is_some_and(|area| area == "form-submit") {
        return super::forms::submit(world, request, now, correlation_id);
    }
    let caller = match auth::authenticate(world, &request.headers, now) {
        Ok(caller) => caller,
        Err(failure) => return (Some(("unauthenticated", None)), failed(failure)),
    };
    if request.method == Method::DELETE && request.segments == ["appinstalls", "external-install"] {
        if let App::OAuth(client_id) = &caller.app {
            world.tokens.uninstall(caller.portal, client_id);
        }
        return (Some(("appinstalls.delete", Some(caller.portal))), Reply::no_content());
    }
    let route = match routes::find(request) {
        Ok(Some(route)) => route,
        Ok(None) => return (None, Reply::unknown_route()),
        Err(failure) => return (None, failed(failure)),
    };
    let call = Some((route.kind, Some(caller.portal)));
    let Some(portal) = world.portals.get_mut(&caller.portal) else {
        return (None, Reply::unknown_route());
    };
    let headers = match portal.limits.charge(&caller.app, route.is_search, &portal.settings, now) {
        Ok(headers) => headers,
        Err(failure) => return (call, failed(failure)),
    };
    let mut reply = match route.scopes.check(&caller) {
        Err(failure) => failed(failure),
        Ok(()) => {
            let mut context = Context { portal, request, now };
            (route.handler)(&mut context).unwrap_or_else(failed)
        }
    };
    reply.headers.extend(headers);
    (call, reply)
}

/// `GET /account-info/…/details`
pub(super) fn account_details(context: &mut Context<'_>) -> Outcome<Reply> {
    let settings = &context.portal.settings;
    let minutes = settings.utc_offset_minutes;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
    Ok(Reply::ok(json!({
        "portalId": settings.portal_id,
        "accountType": settings.account_type,
        "timeZone": settings.time_zone,
        "companyCurrency": settings.company_currency,
        "additionalCurrencies": [],
        "utcOffset": offset,
        "utcOffsetMilliseconds": i64::from(minutes) * 60_000,
        "uiDomain": settings.ui_domain,
        "dataHostingLocation": settings.data_hosting_location,
    })))
}

/// `GET /account-info/…/api-usage/daily/private-apps`
pub(super) fn api_usage(context: &mut Context<'_>) -> Outcome<Reply> {
    let settings = &context.portal.settings;
    Ok(Reply::ok(json!({"results": [{
        "name": "private-apps-api-calls-daily",
        "usageLimit": settings.limit_per_day(),
        "currentUsage": context.portal.limits.used_today(settings, context.now),
        "collectedAt": stamp::iso(context.now),
        "fetchStatus": "SUCCESS",
        "resetsAt": stamp::iso(super::limits::resets_at(settings, context.now)),
    }]})))
}
