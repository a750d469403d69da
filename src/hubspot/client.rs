//! The client of one installation, and the API of one portal over its credential.

use std::sync::Arc;

use http::{Method, header};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::{
    auth::{Credential, SharedTokens, TokenKeeper, TokenUpdate},
    error::{HubSpotError, HubSpotErrorKind},
    refusal,
};
use crate::outbound::{Answer, DidItHappen, HttpSetupError, Timeouts, Transport, json};

const MAX_JSON_BYTES: usize = 8 * 1024 * 1024;
const HUBSPOT_API: &str = "https://api.hubapi.com";
const HUBSPOT_HOST: &str = "api.hubapi.com";

/// Where HubSpot is and which version of its API to speak.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The API's address. Another host than HubSpot's own may have a private address: a simulator.
    pub base_url: String,
    /// The dated version, for example `2026-09`.
    pub api_version: String,
    /// How long a call may take.
    pub timeouts: Timeouts,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            base_url: HUBSPOT_API.to_owned(),
            api_version: "2026-09".to_owned(),
            timeouts: Timeouts::default(),
        }
    }
}

/// The configuration cannot work.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// Not the plain http(s) address of a host.
    #[error("base_url: must be the address of a host, like {HUBSPOT_API}")]
    Address,
    /// Not of the form `2026-09`.
    #[error("api_version: must look like 2026-09")]
    Version,
    /// The HTTP client could not be built, for example without any CA certificates on the machine.
    #[error(transparent)]
    Http(#[from] HttpSetupError),
}

/// The client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HubSpotClient {
    pub(super) transport: Transport,
    base: Url,
    version: Arc<str>,
}

impl HubSpotClient {
    /// Checks the configuration and builds the HTTP client. Opens no connection.
    ///
    /// # Errors
    /// [`ConfigError`] names the setting that cannot work.
    pub fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let base = base(&config.base_url).ok_or(ConfigError::Address)?;
        if !is_dated_version(&config.api_version) {
            return Err(ConfigError::Version);
        }
        let host = base.host_str().ok_or(ConfigError::Address)?;
        let is_hubspot = base.scheme() == "https" && host == HUBSPOT_HOST;
        let trusted = if is_hubspot { Vec::new() } else { vec![host.to_owned()] };
        let user_agent = concat!("hubspot-salesforce-connector/", env!("CARGO_PKG_VERSION"));
        let transport = Transport::new(user_agent, config.timeouts, trusted)?;
        Ok(Self { transport, base, version: config.api_version.as_str().into() })
    }

    /// The API of one portal. Keep and share one value for each portal: it holds the access token, and refreshes it
    /// once however many calls find it expired.
    #[must_use]
    pub fn portal(&self, credential: Credential) -> PortalApi {
        PortalApi { client: self.clone(), tokens: Arc::new(TokenKeeper::new(credential)) }
    }

    /// The same over access tokens that other servers share.
    #[must_use]
    pub fn portal_with(&self, tokens: SharedTokens) -> PortalApi {
        PortalApi { client: self.clone(), tokens: Arc::new(TokenKeeper::shared(tokens)) }
    }

    /// The only place that builds a path: `/{area}/{version}/{segments…}`.
    pub(super) fn url(&self, area: &str, segments: &[&str]) -> Result<Url, HubSpotError> {
        let unusable = || {
            let kind = HubSpotErrorKind::Network("the path is no address".to_owned());
            HubSpotError::new(kind, DidItHappen::No)
        };
        // A dot segment would be resolved away and lead to another path.
        if segments.iter().any(|segment| segment.is_empty() || segment.trim_matches('.').is_empty()) {
            return Err(unusable());
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| unusable())?
            .clear()
            .extend(area.split('/'))
            .push(&self.version)
            .extend(segments);
        Ok(url)
    }
}

fn base(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_user = !url.username().is_empty() || url.password().is_some();
    (is_web && is_bare && !has_user).then_some(url)
}

fn is_dated_version(version: &str) -> bool {
    let Some((year, month)) = version.split_once('-') else { return false };
    let digits = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(year, 4) && digits(month, 2)
}

/// The API of one portal. Cheap to clone; clones share the token.
#[derive(Debug, Clone)]
pub struct PortalApi {
    pub(super) client: HubSpotClient,
    pub(super) tokens: Arc<TokenKeeper>,
}

impl PortalApi {
    /// A token update that has not been taken yet. Store it before anything else: the old refresh token may be dead.
    pub async fn take_token_update(&self) -> Option<TokenUpdate> {
        self.tokens.take_update().await
    }

    pub(super) async fn get(&self, url: Url) -> Result<Answer, HubSpotError> {
        self.call(Method::GET, url, None).await.map_err(HubSpotError::without_effect)
    }

    /// A read that takes a body.
    pub(super) async fn query(&self, url: Url, body: &Value) -> Result<Answer, HubSpotError> {
        self.call(Method::POST, url, Some(body)).await.map_err(HubSpotError::without_effect)
    }

    pub(super) async fn send(&self, method: Method, url: Url, body: &Value) -> Result<Answer, HubSpotError> {
        self.call(method, url, Some(body)).await
    }

    /// One call; when the access token turns out to be expired, one refresh and the call again. HubSpot refused the
    /// first one, so nothing is done twice.
    pub(super) async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
    ) -> Result<Answer, HubSpotError> {
        // Without a token the call itself is never made.
        let token = self.tokens.current(&self.client).await.map_err(HubSpotError::without_effect)?;
        let answer = self.attempt(method.clone(), url.clone(), body, &token).await?;
        if answer.status != http::StatusCode::UNAUTHORIZED || !self.tokens.can_refresh() {
            return accept(answer);
        }
        let token = self.tokens.renewed(&self.client, &token).await.map_err(HubSpotError::without_effect)?;
        accept(self.attempt(method, url, body, &token).await?)
    }

    async fn attempt(
        &self,
        method: Method,
        url: Url,
        body: Option<&Value>,
        token: &secrecy::SecretString,
    ) -> Result<Answer, HubSpotError> {
        // What cannot stand in a header, a pasted line end for example, cannot be a token.
        let text = token.expose_secret();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(HubSpotError::new(HubSpotErrorKind::CredentialRefused, DidItHappen::No));
        }
        let mut request = self
            .client
            .transport
            .request(method, url)
            .bearer_auth(text)
            .header(header::ACCEPT, "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        Ok(self.client.transport.send(request, MAX_JSON_BYTES).await?)
    }
}

fn accept(answer: Answer) -> Result<Answer, HubSpotError> {
    if answer.status.is_success() { Ok(answer) } else { Err(refusal::rest(&answer)) }
}

/// The body of a 2xx answer as a type.
pub(super) fn body<T: DeserializeOwned>(answer: &Answer) -> Result<T, HubSpotError> {
    json::parse(&answer.body).map_err(|error| HubSpotError::from_json(&error, answer.status.as_u16()))
}

/// An id as HubSpot makes them. They go into paths, tables and links, so nothing else may pass for one.
pub(super) fn plain_id(id: String, status: u16) -> Result<String, HubSpotError> {
    let is_plain =
        (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_plain { Ok(id) } else { Err(HubSpotError::malformed("an id", status)) }
}

/// `None` in place of "not found".
pub(super) fn if_found<T>(result: Result<T, HubSpotError>) -> Result<Option<T>, HubSpotError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if *error.kind() == HubSpotErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod unit_tests {
    use super::{ClientConfig, HubSpotClient};

    #[test]
    fn every_segment_is_encoded_and_none_can_climb() -> Result<(), Box<dyn std::error::Error>> {
        let client = HubSpotClient::new(&ClientConfig::default())?;
        let url = client.url("crm/objects", &["contacts", "a/b?c#d@e.co"])?;
        assert_eq!(url.as_str(), "https://api.hubapi.com/crm/objects/2026-09/contacts/a%2Fb%3Fc%23d@e.co");
        for segment in ["..", ".", ""] {
            assert!(client.url("crm/objects", &["contacts", segment]).is_err(), "{segment:?}");
        }
        Ok(())
    }

    #[test]
    fn a_configuration_that_cannot_work_is_refused() {
        for (base_url, api_version) in [
            ("ftp://api.hubapi.com", "2026-09"),
            ("api.hubapi.com", "2026-09"),
            ("https://user@api.hubapi.com", "2026-09"),
            ("https://api.hubapi.com/crm", "2026-09"),
            ("https://api.hubapi.com", "v3"),
        ] {
            let config = ClientConfig {
                base_url: base_url.to_owned(),
                api_version: api_version.to_owned(),
                ..ClientConfig::default()
            };
            assert!(HubSpotClient::new(&config).is_err(), "{base_url} {api_version}");
        }
    }
}
