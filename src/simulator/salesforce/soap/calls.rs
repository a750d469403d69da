//! The SOAP calls after the login: getUserInfo, getServerTimestamp, query, logout.

use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::{Dialect, Fault, login::user_info, success};
use crate::simulator::salesforce::{
    Salesforce,
    access::View,
    answer::Answer,
    moment,
    org::Org,
    soql,
    world::World,
    xml::{Element, escaped},
};

pub(super) fn handle(
    simulator: &Salesforce,
    world: &mut World,
    dialect: Dialect,
    (token, call): (&str, &Element),
    now: OffsetDateTime,
) -> (Answer, Option<String>) {
    let kind = match call.name.as_str() {
        "getUserInfo" => "soap_get_user_info",
        "getServerTimestamp" => "soap_get_server_timestamp",
        "query" | "queryAll" => "soap_query",
        "logout" => "soap_logout",
        _ => "soap_other",
    };
    let mut principal = None;
    let answer = answer(simulator, world, dialect, (token, call), now, &mut principal);
    (answer.unwrap_or_else(|fault| fault.answer(dialect)).kind(kind), principal)
}

fn answer(
    simulator: &Salesforce,
    world: &mut World,
    dialect: Dialect,
    (token, call): (&str, &Element),
    now: OffsetDateTime,
    principal: &mut Option<String>,
) -> Result<Answer, Fault> {
    let invalid = || {
        let message = "Invalid Session ID found in SessionHeader: Illegal Session";
        Fault::new("UnexpectedErrorFault", "INVALID_SESSION_ID", message)
    };
    let session = world.session(token, now).ok_or_else(invalid)?;
    if session.password_expired && call.name != "logout" {
        let message = "The users password has expired, you must call SetPassword before attempting any other API \
                       operations";
        return Err(Fault::new("UnexpectedErrorFault", "INVALID_OPERATION_WITH_EXPIRED_PASSWORD", message));
    }
    let org = world.orgs.get_mut(&session.org_id).ok_or_else(invalid)?;
    if org.used_calls(now) >= org.fixture.daily_api_limit {
        let message = "TotalRequests Limit exceeded.";
        return Err(Fault::new("UnexpectedErrorFault", "REQUEST_LIMIT_EXCEEDED", message));
    }
    org.use_calls(1, now);
    let org = world.orgs.get(&session.org_id).ok_or_else(invalid)?;
    let user = org.user(&session.user_id).filter(|user| user.is_active).ok_or_else(invalid)?;
    *principal = Some(user.username.clone());
    let header = limit_header(org, now);
    let view = View { org, user, tooling: false };
    let inner = match call.name.as_str() {
        "getUserInfo" => format!("<result>{}</result>", user_info(org, user, dialect.version)),
        "getServerTimestamp" => format!("<result><timestamp>{}</timestamp></result>", moment::soap(now)),
        "query" | "queryAll" => query(view, dialect, call, now)?,
        "logout" => String::new(),
        other => {
            let message =
                format!("No operation available for request {other}, please check the WSDL for the service.");
            return Err(Fault::new("UnexpectedErrorFault", "UNKNOWN_EXCEPTION", message));
        }
    };
    if call.name == "logout" {
        world.sessions.remove(token);
        tracing::debug!(base_url = %simulator.base_url(), "session ended by logout");
    }
    Ok(success(dialect, &header, &call.name, &inner))
}

fn limit_header(org: &Org, now: OffsetDateTime) -> String {
    format!(
        "<LimitInfoHeader><limitInfo><current>{}</current><limit>{}</limit><type>API REQUESTS</type></limitInfo>\
         </LimitInfoHeader>",
        org.used_calls(now),
        org.fixture.daily_api_limit
    )
}

fn query(view: View<'_>, dialect: Dialect, call: &Element, now: OffsetDateTime) -> Result<String, Fault> {
    let refuse = |error: soql::SoqlError| {
        let kind = if error.code == "INVALID_FIELD" { "InvalidFieldFault" } else { "MalformedQueryFault" };
        Fault::new(kind, error.code, error.message)
    };
    let query = soql::parse(call.child_text("queryString")).map_err(refuse)?;
    let version = format!("{}.0", dialect.version);
    let outcome = soql::run(view, &query, now, &version, call.name == "queryAll").map_err(refuse)?;
    let records: String = outcome.rows.iter().map(|row| element("records", row, dialect)).collect();
    Ok(format!(
        "<result xsi:type=\"QueryResult\"><done>true</done><queryLocator xsi:nil=\"true\"/>{records}<size>{}</size>\
         </result>",
        outcome.total
    ))
}

/// A record, or a list of child records, as the partner WSDL shows it: `Id` is there twice, as in real answers.
fn element(name: &str, row: &Value, dialect: Dialect) -> String {
    match row {
        Value::Object(fields) if fields.contains_key("records") => {
            let rows = fields.get("records").and_then(Value::as_array).into_iter().flatten();
            let records: String = rows.map(|row| element("records", row, dialect)).collect();
            let size = fields.get("totalSize").and_then(Value::as_u64).unwrap_or_default();
            format!(
                "<sf:{name} xsi:type=\"QueryResult\"><done>true</done><queryLocator xsi:nil=\"true\"/>{records}\
                 <size>{size}</size></sf:{name}>"
            )
        }
        Value::Object(fields) => record(name, fields, dialect),
        Value::Null => format!("<sf:{name} xsi:nil=\"true\"/>"),
        Value::String(text) => format!("<sf:{name}>{}</sf:{name}>", escaped(&text.replace("+0000", "Z"))),
        other => format!("<sf:{name}>{other}</sf:{name}>"),
    }
}

fn record(name: &str, fields: &Map<String, Value>, dialect: Dialect) -> String {
    let prefix = if name == "records" { "" } else { "sf:" };
    let object =
        fields.get("attributes").and_then(|attributes| attributes.get("type")).and_then(Value::as_str);
    let id = fields.get("Id").and_then(Value::as_str);
    let head = format!(
        "<sf:type>{}</sf:type>{}",
        object.unwrap_or("AggregateResult"),
        id.map_or_else(|| "<sf:Id xsi:nil=\"true\"/>".to_owned(), |id| format!("<sf:Id>{id}</sf:Id>"))
    );
    let shown = fields.iter().filter(|(name, _)| *name != "attributes");
    let inner: String = shown.map(|(name, value)| element(name, value, dialect)).collect();
    format!("<{prefix}{name} xsi:type=\"sf:sObject\">{head}{inner}</{prefix}{name}>")
}
