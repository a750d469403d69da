//! The REST API: who may call, what it costs, and where a path leads.

use axum::http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    access::View,
    answer::{Answer, ApiError},
    request::{Incoming, decode_segment},
    world::World,
    write::Writer,
};

mod batch;
mod changes;
mod collections;
mod composite;
mod graph;
mod query;
mod records;
mod schema;

/// Newest and oldest version that answers; below, versions are retired, above, unknown.
pub const VERSIONS: std::ops::RangeInclusive<u16> = 31..=68;

/// Request line and headers together may not be longer.
const MAX_HEAD_BYTES: usize = 16_384;

/// An authenticated REST call, or a part of one.
#[derive(Debug)]
pub struct Context<'w> {
    /// Everything the simulator knows.
    pub world: &'w mut World,
    /// The caller's org.
    pub org_id: String,
    /// The caller.
    pub user_id: String,
    /// `64.0`.
    pub version: String,
    /// 64.
    pub version_number: u16,
    /// Simulated time.
    pub now: OffsetDateTime,
}

/// What a REST path is answered with.
pub type Outcome = Result<Answer, ApiError>;

/// Answers a request below `/services/data`, and says who called.
pub fn handle(world: &mut World, request: &Incoming, now: OffsetDateTime) -> (Answer, Option<String>) {
    if request.head_bytes > MAX_HEAD_BYTES {
        return (Answer::text(431, "text/html;charset=utf-8", "<h1>Bad Message 431</h1>"), None);
    }
    let segments: Vec<String> = request.path.split('/').skip(3).map(decode_segment).collect();
    let Some((version, rest)) = segments.split_first() else {
        return (versions().kind("versions"), None);
    };
    let (version, number) = match parse_version(version) {
        Ok(version) => version,
        Err(error) => return (error.into(), None),
    };
    let (org_id, user_id) = match authenticate(world, request, now) {
        Ok(caller) => caller,
        Err(refused) => return (refused, None),
    };
    let principal =
        world.orgs.get(&org_id).and_then(|org| org.user(&user_id)).map(|user| user.username.clone());
    let mut context = Context { world, org_id, user_id, version, version_number: number, now };
    let answer = context.admit(request).and_then(|()| {
        let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
        context.spend(if rest == ["composite", "batch"] { 0 } else { 1 })?;
        context.route(request, &rest)
    });
    let mut answer = answer.unwrap_or_else(Answer::from);
    if let Some(org) = context.world.orgs.get(&context.org_id) {
        let usage = format!("api-usage={}/{}", org.used_calls(now), org.fixture.daily_api_limit);
        answer = answer.header("sforce-limit-info", usage);
    }
    (answer, principal)
}

fn versions() -> Answer {
    let entry = |number: u16| {
        let season =
            ["Summer", "Winter", "Spring"].get(usize::from((number + 2) % 3)).copied().unwrap_or_default();
        // v31 is Summer '14; the year moves on with every Winter release.
        let year = (number + 13) / 3;
        let label = format!("{season} '{year}");
        json!({"label": label, "url": format!("/services/data/v{number}.0"), "version": format!("{number}.0")})
    };
    Answer::ok(VERSIONS.map(entry).collect())
}

fn parse_version(segment: &str) -> Result<(String, u16), ApiError> {
    let text = segment.strip_prefix('v').ok_or_else(ApiError::not_found)?;
    let number =
        text.strip_suffix(".0").and_then(|number| number.parse().ok()).ok_or_else(ApiError::not_found)?;
    if number < *VERSIONS.start() {
        let message = "The requested API version is no longer available";
        return Err(ApiError::new(410, "UNSUPPORTED_API_VERSION", message));
    }
    if number > *VERSIONS.end() {
        return Err(ApiError::not_found());
    }
    Ok((text.to_owned(), number))
}

fn authenticate(
    world: &mut World,
    request: &Incoming,
    now: OffsetDateTime,
) -> Result<(String, String), Answer> {
    let invalid = || {
        let error = ApiError::new(401, "INVALID_SESSION_ID", "Session expired or invalid");
        Answer::from(error).header("www-authenticate", "Token")
    };
    let session = request.token().and_then(|token| world.session(token, now)).ok_or_else(invalid)?;
    let org = world.orgs.get(&session.org_id).ok_or_else(invalid)?;
    let user = org.user(&session.user_id).filter(|user| user.is_active).ok_or_else(invalid)?;
    if session.password_expired {
        let message = "The users password has expired, you must call SetPassword before attempting any other API \
                       operations";
        return Err(ApiError::new(403, "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", message).into());
    }
    if !org.fixture.api_enabled {
        let message = "The REST API is not enabled for this Organization.";
        return Err(ApiError::new(403, "API_DISABLED_FOR_ORG", message).into());
    }
    if !user.permissions.api_enabled {
        return Err(ApiError::new(403, "API_CURRENTLY_DISABLED", "API is disabled for this User").into());
    }
    let is_write = matches!(request.method, Method::POST | Method::PATCH | Method::PUT);
    if is_write && !request.body.is_empty() {
        let content_type = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if content_type.contains("xml") {
            let message = format!("Content-Type not supported : {content_type}");
            return Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", message).into());
        }
        if !content_type.contains("json") {
            let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><response>\
                       <faultcode>LOGIN_OAUTH_INVALID_TOKEN(db=1703,api=7)</faultcode>\
                       <error>Failed: Invalid Token</error></response>";
            return Err(Answer::text(401, "application/xml;charset=UTF-8", xml));
        }
    }
    Ok((session.org_id, session.user_id))
}

impl Context<'_> {
    /// Refuses when the daily allocation is used up.
    fn admit(&self, _request: &Incoming) -> Result<(), ApiError> {
        let org = self.world.orgs.get(&self.org_id).ok_or_else(ApiError::not_found)?;
        if org.used_calls(self.now) >= org.fixture.daily_api_limit {
            return Err(ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
        }
        Ok(())
    }

    /// Counts calls against the daily allocation.
    fn spend(&mut self, calls: u64) -> Result<(), ApiError> {
        let org = self.world.orgs.get_mut(&self.org_id).ok_or_else(ApiError::not_found)?;
        if org.used_calls(self.now) + calls > org.fixture.daily_api_limit {
            return Err(ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."));
        }
        org.use_calls(calls, self.now);
        Ok(())
    }

    /// The org through the caller's eyes.
    fn view(&self, tooling: bool) -> Result<View<'_>, ApiError> {
        let org = self.world.orgs.get(&self.org_id).ok_or_else(ApiError::not_found)?;
        let user = org.user(&self.user_id).ok_or_else(ApiError::not_found)?;
        Ok(View { org, user, tooling })
    }

    fn writer(&self, request: &Incoming) -> Writer {
        let allow = request.header_option("sforce-duplicate-rule-header", "allowSave");
        let assign = request.header("sforce-auto-assign").unwrap_or("TRUE");
        Writer {
            org_id: self.org_id.clone(),
            user_id: self.user_id.clone(),
            version: self.version.clone(),
            allow_duplicates: allow.is_some_and(|value| value.eq_ignore_ascii_case("true")),
            auto_assign: !assign.eq_ignore_ascii_case("false"),
            now: self.now,
        }
    }

    /// Path of a resource of this version.
    fn link(&self, rest: &str) -> String {
        format!("/services/data/v{}/{rest}", self.version)
    }

    /// Answers a resource of this version; also for the parts of composite requests.
    fn route(&mut self, request: &Incoming, path: &[&str]) -> Outcome {
        let method = match request.param("_HttpMethod") {
            Some(other) if request.method == Method::POST => {
                Method::from_bytes(other.to_ascii_uppercase().as_bytes()).unwrap_or(Method::POST)
            }
            _ => request.method.clone(),
        };
        match (&method, path) {
            (&Method::GET, []) => Ok(self.resources().kind("resources")),
            (&Method::GET, ["limits"]) => self.limits(),
            (&Method::GET, ["query"]) => self.query(request, false, false),
            (&Method::GET, ["queryAll"]) => self.query(request, false, true),
            (&Method::GET, ["tooling", "query"]) => self.query(request, true, false),
            (&Method::GET, ["query" | "queryAll", locator] | ["tooling", "query", locator]) => {
                self.query_more(locator, path.first() == Some(&"tooling"))
            }
            (&Method::GET, ["recent"]) => Ok(Answer::ok(json!([])).kind("recent")),
            (_, ["sobjects", rest @ ..]) => self.sobjects(&method, request, rest),
            (&Method::GET, ["tooling", "sobjects", rest @ ..]) => self.tooling_sobjects(request, rest),
            (&Method::POST, ["composite"]) => self.composite(request),
            (&Method::POST, ["composite", "batch"]) => self.batch(request),
            (&Method::POST, ["composite", "graph"]) => self.graph(request),
            (&Method::POST, ["composite", "tree", object]) => self.tree(request, object),
            (_, ["composite", "sobjects", rest @ ..]) => self.collections(&method, request, rest),
            (_, ["limits" | "query" | "queryAll" | "composite"]) => {
                Err(ApiError::method_not_allowed(method.as_str()))
            }
            _ => Err(ApiError::not_found()),
        }
    }

    fn sobjects(&mut self, method: &Method, request: &Incoming, path: &[&str]) -> Outcome {
        match (method, path) {
            (&Method::GET, []) => self.describe_global(false),
            (&Method::GET, [object]) => self.basic_information(object),
            (&Method::POST, [object]) => self.create(request, object),
            (&Method::GET, [object, "describe"]) => self.describe(request, object, false),
            (&Method::GET, [object, "describe", "layouts"]) => self.layouts(object, None),
            (&Method::GET, [object, "describe", "layouts", record_type]) => {
                self.layouts(object, Some(record_type))
            }
            (&Method::GET, [object, "updated"]) => self.updated(request, object),
            (&Method::GET, [object, "deleted"]) => self.deleted(request, object),
            (&Method::GET, [object, id]) => self.read(request, object, id),
            (&Method::PATCH, [object, id]) => self.update(request, object, id),
            (&Method::DELETE, [object, id]) => self.delete(request, object, id),
            (&Method::GET, [object, field, value]) => self.read_by_key(request, object, field, value),
            (&Method::PATCH, [object, field, value]) => self.upsert(request, object, field, value),
            (&Method::DELETE, [object, field, value]) => self.delete_by_key(request, object, field, value),
            _ => Err(ApiError::method_not_allowed(method.as_str())),
        }
    }

    fn tooling_sobjects(&mut self, request: &Incoming, path: &[&str]) -> Outcome {
        match path {
            [] => self.describe_global(true),
            [object, "describe"] => self.describe(request, object, true),
            _ => Err(ApiError::not_found()),
        }
    }

    fn resources(&self) -> Answer {
        let names =
            ["sobjects", "query", "queryAll", "limits", "tooling", "composite", "recent", "search", "jobs"];
        let mut map: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), self.link(name).into())).collect();
        map.insert("identity".to_owned(), format!("/id/{}/{}", self.org_id, self.user_id).into());
        Answer::ok(Value::Object(map))
    }

    fn limits(&mut self) -> Outcome {
        let view = self.view(false)?;
        if !view.user.permissions.view_setup {
            return Err(ApiError::new(403, "API_DISABLED_FOR_ORG", "limits resource is not enabled"));
        }
        let max = view.org.fixture.daily_api_limit;
        let remaining = max.saturating_sub(view.org.used_calls(self.now));
        let entry = |max: u64, remaining: u64| json!({"Max": max, "Remaining": remaining});
        Ok(Answer::ok(json!({
            "ActiveScratchOrgs": entry(3, 3),
            "ConcurrentAsyncGetReportInstances": entry(200, 200),
            "ConcurrentSyncReportRuns": entry(20, 20),
            "DailyApiRequests": entry(max, remaining),
            "DailyAsyncApexExecutions": entry(250_000, 250_000),
            "DailyBulkApiBatches": entry(15_000, 15_000),
            "DailyBulkV2QueryFileStorageMB": entry(976_562, 976_562),
            "DailyBulkV2QueryJobs": entry(10_000, 10_000),
            "DailyGenericStreamingApiEvents": entry(10_000, 10_000),
            "DailyStreamingApiEvents": entry(10_000, 10_000),
            "DailyWorkflowEmails": entry(390, 390),
            "DataStorageMB": entry(1_073, 1_073),
            "FileStorageMB": entry(1_073, 1_073),
            "HourlyAsyncReportRuns": entry(1_200, 1_200),
            "HourlySyncReportRuns": entry(500, 500),
            "MassEmail": entry(10, 10),
            "SingleEmail": entry(15, 15),
        }))
        .kind("limits"))
    }
}
