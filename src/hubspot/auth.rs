//! Credentials and the access token of a portal.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use http::{Method, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::sync::Mutex;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::{client::HubSpotClient, client::PortalApi, error::HubSpotError, refusal};
use crate::outbound::json;

const MAX_TOKEN_ANSWER_BYTES: usize = 64 * 1024;
/// Renewed this long before it expires, so that no call starts with a token that ends under way.
const EXPIRY_MARGIN: Duration = Duration::from_secs(60);

/// How to speak for a portal. `Debug` shows the method and nothing secret.
#[derive(Clone)]
pub enum Credential {
    /// A service key, the static token of a project-based app, or a legacy private app's token: all opaque.
    StaticToken(SecretString),
    /// An OAuth app installed in the portal.
    OAuth {
        /// The app's client id.
        client_id: String,
        /// The app's client secret.
        client_secret: SecretString,
        /// The refresh token.
        refresh_token: SecretString,
    },
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match self {
            Self::StaticToken(_) => "StaticToken",
            Self::OAuth { .. } => "OAuth",
        };
        f.debug_struct(method).finish_non_exhaustive()
    }
}

/// An access token and when it ends. `Debug` shows the latter.
#[derive(Clone)]
pub struct AccessToken {
    /// The token.
    pub token: SecretString,
    /// When it ends.
    pub expires_at: OffsetDateTime,
}

impl AccessToken {
    /// Whether a call that starts now can count on it.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.lifetime() > EXPIRY_MARGIN
    }

    fn lifetime(&self) -> Duration {
        Duration::try_from(self.expires_at - OffsetDateTime::now_utc()).unwrap_or_default()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Gives a portal's access token, another one than that which was refused. All servers of an installation go through
/// it, so that one of them refreshes and the others take what it got.
pub type SharedTokens =
    Arc<dyn Fn(Option<SecretString>) -> BoxFuture<'static, Result<AccessToken, HubSpotError>> + Send + Sync>;

/// What a refresh told.
#[derive(Clone)]
pub struct TokenUpdate {
    /// The refresh token to keep from now on; `None` when it stayed the same.
    pub refresh_token: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: OffsetDateTime,
    /// The portal that the grant belongs to.
    pub hub_id: Option<u64>,
    /// The scopes granted; empty when HubSpot did not say.
    pub scopes: Vec<String>,
}

impl fmt::Debug for TokenUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenUpdate")
            .field("rotated", &self.refresh_token.is_some())
            .field("expires_at", &self.expires_at)
            .field("hub_id", &self.hub_id)
            .field("scopes", &self.scopes)
            .finish()
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    #[serde(default)]
    refresh_token: Option<SecretString>,
    expires_in: u64,
    #[serde(default)]
    hub_id: Option<u64>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
}

/// Holds a portal's token. The lock spans the refresh: whoever comes second waits and takes the new token. Without
/// [`SharedTokens`], calls must run to their end: a refresh that is dropped on its way may lose a rotated refresh
/// token.
pub(super) struct TokenKeeper {
    refreshable: bool,
    state: Mutex<State>,
}

struct State {
    source: Source,
    access: Option<Access>,
    update: Option<TokenUpdate>,
}

enum Source {
    Credential(Credential),
    Shared(SharedTokens),
}

struct Access {
    token: SecretString,
    usable_until: Instant,
}

impl fmt::Debug for TokenKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKeeper").field("refreshable", &self.refreshable).finish_non_exhaustive()
    }
}

impl TokenKeeper {
    pub(super) fn new(credential: Credential) -> Self {
        let refreshable = matches!(credential, Credential::OAuth { .. });
        Self::of(Source::Credential(credential), refreshable)
    }

    pub(super) fn shared(tokens: SharedTokens) -> Self {
        Self::of(Source::Shared(tokens), true)
    }

    fn of(source: Source, refreshable: bool) -> Self {
        Self { refreshable, state: Mutex::new(State { source, access: None, update: None }) }
    }

    pub(super) fn can_refresh(&self) -> bool {
        self.refreshable
    }

    pub(super) async fn take_update(&self) -> Option<TokenUpdate> {
        self.state.lock().await.update.take()
    }

    /// A token that should work, refreshed first if it is due.
    pub(super) async fn current(&self, client: &HubSpotClient) -> Result<SecretString, HubSpotError> {
        let mut state = self.state.lock().await;
        if let Source::Credential(Credential::StaticToken(token)) = &state.source {
            return Ok(token.clone());
        }
        match &state.access {
            Some(access) if Instant::now() < access.usable_until => Ok(access.token.clone()),
            _ => state.refresh(client, None).await,
        }
    }

    /// Another token than this one, which HubSpot refused.
    pub(super) async fn renewed(
        &self,
        client: &HubSpotClient,
        refused: &SecretString,
    ) -> Result<SecretString, HubSpotError> {
        let mut state = self.state.lock().await;
        match &state.access {
            // Somebody else renewed it while this call was waiting.
            Some(access) if access.token.expose_secret() != refused.expose_secret() => {
                Ok(access.token.clone())
            }
            _ => state.refresh(client, Some(refused)).await,
        }
    }
}

impl State {
    async fn refresh(
        &mut self,
        client: &HubSpotClient,
        refused: Option<&SecretString>,
    ) -> Result<SecretString, HubSpotError> {
        self.access = None;
        let access = match &mut self.source {
            Source::Shared(tokens) => tokens(refused.cloned()).await?,
            Source::Credential(credential) => {
                let (access, mut update) = client.refresh(credential).await?;
                if let (Credential::OAuth { refresh_token, .. }, Some(new)) =
                    (credential, &update.refresh_token)
                {
                    *refresh_token = new.clone();
                }
                // A rotation that nobody took yet must not be lost behind a later refresh.
                let pending = self.update.take().and_then(|update| update.refresh_token);
                update.refresh_token = update.refresh_token.or(pending);
                self.update = Some(update);
                access
            }
        };
        self.access = Some(Access {
            token: access.token.clone(),
            usable_until: Instant::now() + access.lifetime().saturating_sub(EXPIRY_MARGIN),
        });
        Ok(access.token)
    }
}

impl HubSpotClient {
    /// Gets a new access token. The update names the refresh token that replaces the one that was used, if one does:
    /// store it before anything else. Must run to its end.
    ///
    /// # Errors
    /// `CredentialRefused` when the grant is gone or there is nothing to refresh, `ClientRefused` when our client id
    /// or secret is wrong.
    pub async fn refresh(&self, credential: &Credential) -> Result<(AccessToken, TokenUpdate), HubSpotError> {
        let Credential::OAuth { client_id, client_secret, refresh_token } = credential else {
            let kind = super::HubSpotErrorKind::CredentialRefused;
            return Err(HubSpotError::new(kind, super::DidItHappen::No));
        };
        let form = Zeroizing::new(
            form_urlencoded::Serializer::new(String::new())
                .append_pair("grant_type", "refresh_token")
                .append_pair("client_id", client_id)
                .append_pair("client_secret", client_secret.expose_secret())
                .append_pair("refresh_token", refresh_token.expose_secret())
                .finish(),
        );
        let request = self
            .transport
            .request(Method::POST, self.url("oauth", &["token"])?)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.as_str().to_owned());
        let answer = self.transport.send(request, MAX_TOKEN_ANSWER_BYTES).await?;
        if !answer.status.is_success() {
            return Err(refusal::oauth(&answer, &[client_secret, refresh_token]));
        }
        let token: TokenAnswer = json::parse(&answer.body)
            .map_err(|error| HubSpotError::from_json(&error, answer.status.as_u16()))?;
        let lifetime = Duration::from_secs(token.expires_in.min(24 * 60 * 60));
        let expires_at = OffsetDateTime::now_utc() + lifetime;
        let update = TokenUpdate {
            refresh_token: token
                .refresh_token
                .filter(|new| new.expose_secret() != refresh_token.expose_secret()),
            expires_at,
            hub_id: token.hub_id,
            scopes: token.scopes.unwrap_or_default(),
        };
        Ok((AccessToken { token: token.access_token, expires_at }, update))
    }
}

impl PortalApi {
    /// Refreshes the access token now and tells what came of it; `None` for a static token, which has nothing to
    /// refresh.
    ///
    /// # Errors
    /// `CredentialRefused` when the grant is gone, `ClientRefused` when our client id or secret is wrong.
    pub async fn refresh(&self) -> Result<Option<TokenUpdate>, HubSpotError> {
        if !self.tokens.can_refresh() {
            return Ok(None);
        }
        let mut state = self.tokens.state.lock().await;
        state.refresh(&self.client, None).await?;
        Ok(state.update.take())
    }
}
