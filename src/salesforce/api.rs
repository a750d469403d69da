//! REST over a session: one `Api` for one piece of work, counting every call that it makes.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    client::{ClientConfig, SalesforceClient},
    error::{SalesforceError, SalesforceErrorKind},
    host::Origin,
    refusal,
    session::Session,
};
use crate::outbound::{DidItHappen, json};

const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;

/// The org's use of API calls, as the last answer reported it. It covers every integration and can lag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitInfo {
    /// Calls in the rolling 24 hours.
    pub used: u64,
    /// Calls allowed in the rolling 24 hours.
    pub max: u64,
}

impl LimitInfo {
    /// Reads `Sforce-Limit-Info`: `api-usage=25/5000; per-app-api-usage=17/250(appName=x)` and other orders.
    fn parse(header: &str) -> Option<Self> {
        let usage = header.split([';', ',']).find_map(|part| part.trim().strip_prefix("api-usage="))?;
        let (used, max) = usage.split_once('/')?;
        Some(Self { used: used.trim().parse().ok()?, max: max.trim().parse().ok()? })
    }
}

/// One part of a composite call.
pub(super) struct Subrequest {
    pub(super) method: Method,
    /// Below the version, for example `/sobjects/Contact/describe`.
    pub(super) path: String,
}

impl Subrequest {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into() }
    }

    pub(super) fn query(soql: &str) -> Self {
        Self::get(format!("/query?q={}", encode(soql)))
    }
}

/// The answer to one part: its body, or why it was refused.
pub(super) type SubAnswer = Result<Value, SalesforceError>;

/// A page of query results.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryPage<T> {
    pub(super) records: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompositeAnswer {
    composite_response: Vec<CompositePart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompositePart {
    #[serde(default)]
    body: Value,
    http_status_code: u16,
    reference_id: String,
}

/// The REST API of one org.
#[derive(Debug)]
pub struct Api {
    client: SalesforceClient,
    token: SecretString,
    instance: Origin,
    base_path: String,
    calls: AtomicU32,
    limit: Mutex<Option<LimitInfo>>,
}

impl Api {
    pub(super) fn new(client: SalesforceClient, session: &Session) -> Result<Self, SalesforceError> {
        let instance = session.checked_instance(&client.hosts)?;
        Ok(Self {
            base_path: format!("/services/data/v{}", session.api_version),
            token: session.access_token.clone(),
            instance,
            client,
            calls: AtomicU32::new(0),
            limit: Mutex::new(None),
        })
    }

    /// API calls made through this value so far, failed ones included: Salesforce counts them too.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// The org's use as the last answer reported it.
    #[must_use]
    pub fn limit_info(&self) -> Option<LimitInfo> {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn config(&self) -> &ClientConfig {
        &self.client.config
    }

    /// Several reads as one API call; the answers come in the order of the parts. At most 25 parts, 5 of them queries.
    pub(super) async fn composite(&self, parts: &[Subrequest]) -> Result<Vec<SubAnswer>, SalesforceError> {
        let requests: Vec<Value> = parts
            .iter()
            .enumerate()
            .map(|(index, part)| {
                serde_json::json!({
                    "method": part.method.as_str(),
                    "url": format!("{}{}", self.base_path, part.path),
                    "referenceId": format!("r{index}"),
                })
            })
            .collect();
        let body = serde_json::json!({ "allOrNone": false, "compositeRequest": requests });
        let answer = self.call(Method::POST, "/composite", Some(&body)).await;
        let composite: CompositeAnswer =
            answer.and_then(|answer| answer.json()).map_err(SalesforceError::of_a_read)?;
        let mut by_reference: std::collections::HashMap<String, CompositePart> =
            composite.composite_response.into_iter().map(|part| (part.reference_id.clone(), part)).collect();
        let missing =
            || SalesforceError::malformed("a part of the composite answer is missing", 200).of_a_read();
        Ok((0..parts.len())
            .map(|index| by_reference.remove(&format!("r{index}")).ok_or_else(missing).and_then(sub_answer))
            .collect())
    }

    /// A query whose result fits one page.
    pub(super) async fn tooling_query<T: DeserializeOwned>(
        &self,
        soql: &str,
    ) -> Result<Vec<T>, SalesforceError> {
        let page: QueryPage<T> = self.get(&format!("/tooling/query/?q={}", encode(soql))).await?;
        Ok(page.records)
    }

    /// A read below the version path.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, SalesforceError> {
        let answer = self.call(Method::GET, path, None).await;
        answer.and_then(|answer| answer.json()).map_err(SalesforceError::of_a_read)
    }

    /// One REST call below the version path. Anything but 2xx is an error.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<RestAnswer, SalesforceError> {
        let url = self.instance.at(&format!("{}{path}", self.base_path)).map_err(|_| {
            SalesforceError::new(
                SalesforceErrorKind::Network("the path is no address".to_owned()),
                DidItHappen::No,
            )
        })?;
        let mut request = self
            .client
            .transport
            .request(method, url)
            .bearer_auth(self.token.expose_secret())
            .header(header::ACCEPT, "application/json")
            .header("Sforce-Call-Options", format!("client={}", self.client.config.client_name))
            // Without it the org's assignment rules run on every write and may change the owner.
            .header("Sforce-Auto-Assign", "FALSE")
            // Rules that only warn let the record through, as they would in the UI; rules that block still block.
            .header(
                "Sforce-Duplicate-Rule-Header",
                "allowSave=true; includeRecordDetails=false; runAsCurrentUser=true",
            );
        if let Some(body) = body {
            request = request.json(body);
        }
        let sent = self.client.transport.send(request, MAX_JSON_BYTES).await;
        if !matches!(&sent, Err(error) if error.effect() == DidItHappen::No) {
            self.calls.fetch_add(1, Ordering::Relaxed);
        }
        let answer = sent?;
        self.note_limit(&answer.headers);
        if answer.status.is_success() {
            Ok(RestAnswer { status: answer.status, body: answer.body })
        } else {
            Err(refusal::rest(answer.status, &answer.body))
        }
    }

    fn note_limit(&self, headers: &HeaderMap) {
        let info = headers.get("sforce-limit-info").and_then(|value| LimitInfo::parse(value.to_str().ok()?));
        if info.is_some() {
            *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = info;
        }
    }
}

/// A 2xx answer.
#[derive(Debug)]
pub(super) struct RestAnswer {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl RestAnswer {
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, SalesforceError> {
        json::parse(&self.body).map_err(|error| SalesforceError::from_json(&error, self.status.as_u16()))
    }
}

fn sub_answer(part: CompositePart) -> SubAnswer {
    let status = StatusCode::from_u16(part.http_status_code)
        .map_err(|_| SalesforceError::malformed("the status of a composite part", 200).of_a_read())?;
    if status.is_success() {
        return Ok(part.body);
    }
    let body = serde_json::to_vec(&part.body).unwrap_or_default();
    Err(refusal::rest(status, &body).of_a_read())
}

/// The rows of a query that was part of a composite call.
pub(super) fn rows<T: DeserializeOwned>(answer: SubAnswer) -> Result<Vec<T>, SalesforceError> {
    read_part::<QueryPage<T>>(answer).map(|page| page.records)
}

/// The body of a composite part as a type.
pub(super) fn read_part<T: DeserializeOwned>(answer: SubAnswer) -> Result<T, SalesforceError> {
    // The position within the part says nothing; which part it was, the caller knows.
    serde_json::from_value(answer?)
        .map_err(|_| SalesforceError::malformed("a part of the composite answer", 200).of_a_read())
}

/// Percent-encodes a query value or path segment, spaces included.
pub(super) fn encode(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A SOQL string literal.
pub(super) fn soql_text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => {
                literal.push('\\');
                literal.push(c);
            }
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            _ if c.is_control() => {}
            _ => literal.push(c),
        }
    }
    literal.push('\'');
    literal
}

#[cfg(test)]
mod tests {
    use super::{LimitInfo, encode, soql_text};

    #[test]
    fn every_known_form_of_the_limit_header_is_read() {
        for (header, expected) in [
            ("api-usage=18/5000", Some((18, 5_000))),
            ("api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)", Some((25, 5_000))),
            ("api-usage=10018/100000; api-bursts=1/750", Some((10_018, 100_000))),
            ("api-bursts=1/750;api-usage=1/2", Some((1, 2))),
            ("per-app-api-usage=17/250(appName=x)", None),
            ("api-usage=x/5000", None),
            ("", None),
        ] {
            let expected = expected.map(|(used, max)| LimitInfo { used, max });
            assert_eq!(LimitInfo::parse(header), expected, "{header}");
        }
    }

    #[test]
    fn a_quote_cannot_leave_its_literal() {
        assert_eq!(soql_text(r"O'Neil\' OR Id != '"), r"'O\'Neil\\\' OR Id != \''");
        assert_eq!(soql_text("a\nb\u{0}"), r"'a\nb'");
        assert_eq!(encode("a b+c@d/é"), "a%20b%2Bc%40d%2F%C3%A9");
    }
}
