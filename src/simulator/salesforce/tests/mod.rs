//! The simulator over HTTP, by what is known of the wire.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::simulator::{RunningSimulators, SimulatorConfig};

mod login;
mod oauth;
mod orgs;
mod reads;
mod writes;

/// A simulator with the standard seed and a client.
pub(super) struct Simulator {
    pub(super) running: RunningSimulators,
    pub(super) http: reqwest::Client,
}

impl Simulator {
    pub(super) async fn start() -> Self {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { running: crate::simulator::start(SimulatorConfig::default()).await.unwrap(), http }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.salesforce_url)
    }

    /// Status and body of a SOAP login.
    pub(super) async fn soap_login(&self, path: &str, username: &str, password: &str) -> (u16, String) {
        let envelope = format!(
            "<?xml version=\"1.0\"?><e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:u=\"urn:partner.soap.sforce.com\"><e:Body><u:login><u:username>{username}</u:username>\
             <u:password>{password}</u:password></u:login></e:Body></e:Envelope>"
        );
        let response = self.http.post(self.url(path)).header("content-type", "text/xml").body(envelope);
        let response = response.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// A session of a seeded user.
    pub(super) async fn session(&self, username: &str) -> Session<'_> {
        let (status, body) = self.soap_login("/services/Soap/u/64.0", username, "passwordtoken").await;
        assert_eq!(status, 200, "{body}");
        Session { simulator: self, token: between(&body, "<sessionId>", "</sessionId>") }
    }

    pub(super) async fn admin(&self) -> Session<'_> {
        self.session("admin@acme.example").await
    }
}

/// A logged-in user.
pub(super) struct Session<'s> {
    pub(super) simulator: &'s Simulator,
    pub(super) token: String,
}

impl Session<'_> {
    /// A request to a resource of version 64.0, or to an absolute path.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let path =
            if path.starts_with('/') { path.to_owned() } else { format!("/services/data/v64.0/{path}") };
        self.simulator.http.request(method, self.simulator.url(&path)).bearer_auth(&self.token)
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::POST, path).json(&body)).await
    }

    pub(super) async fn patch(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(super) async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.request(Method::DELETE, path)).await
    }

    pub(super) async fn query(&self, soql: &str) -> Value {
        let (status, body) = answer(self.request(Method::GET, "query").query(&[("q", soql)])).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// Creates a record that must be accepted; its id.
    pub(super) async fn create(&self, object: &str, body: Value) -> String {
        let (status, body) = self.post(&format!("sobjects/{object}"), body).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// Calls used, by the header that is on every answer.
    pub(super) async fn used(&self) -> u64 {
        let response = self.request(Method::GET, "recent").send().await.unwrap();
        used(&response)
    }
}

pub(super) fn used(response: &Response) -> u64 {
    let info = response.headers()["sforce-limit-info"].to_str().unwrap();
    between(info, "api-usage=", "/").parse().unwrap()
}

pub(super) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(json!(text)) };
    (status, body)
}

pub(super) fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0.to_owned()
}

/// The `errorCode` of a REST error.
pub(super) fn code(body: &Value) -> &str {
    body[0]["errorCode"].as_str().unwrap_or_default()
}
