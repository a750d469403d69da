//! The way to the server: one channel, the caller's metadata on every call, and retries that are safe.

use std::{fmt, time::Duration};

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder, Retryable as _};
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use tonic::{
    Code, Request, Response, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity},
};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::{
    error::{Error, RpcFailure},
    lang::Lang,
};
use crate::api::v1::{
    audit_service_client::AuditServiceClient, connection_service_client::ConnectionServiceClient,
    inclusion_list_service_client::InclusionListServiceClient, key_service_client::KeyServiceClient,
    org_service_client::OrgServiceClient, portal_service_client::PortalServiceClient,
    setup_service_client::SetupServiceClient, sync_service_client::SyncServiceClient,
    test_contact_service_client::TestContactServiceClient,
};

/// How long a call may take unless the user says otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
/// A server that does not accept within this time is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Pings find a connection that died without a word, while a call or a stream is open.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
/// Retries of one call: four, within about five seconds.
const RETRIES: usize = 4;
/// A server that asks for a longer pause is not waited for; the user is told instead.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Where the server is and who calls.
#[derive(Clone, Debug)]
pub struct Target {
    /// Base URL: `http://` or `https://`, host and port.
    pub endpoint: String,
    /// Sent as `authorization: Bearer` when given.
    pub token: Option<SecretString>,
    /// PEM of the root that signed the server's certificate; the system's roots otherwise.
    pub ca_pem: Option<Vec<u8>>,
    /// The certificate to call with, for mutual TLS.
    pub identity: Option<ClientIdentity>,
}

/// A client certificate and its private key, in PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The chain, the client's own certificate first.
    pub cert_pem: Vec<u8>,
    /// The private key.
    pub key_pem: SecretSlice<u8>,
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").finish_non_exhaustive()
    }
}

/// Adds the caller's metadata to every call.
#[derive(Clone)]
pub struct Caller {
    authorization: Option<MetadataValue<Ascii>>,
    language: MetadataValue<Ascii>,
}

impl Interceptor for Caller {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let metadata = request.metadata_mut();
        metadata.insert("accept-language", self.language.clone());
        if let Some(authorization) = &self.authorization {
            metadata.insert("authorization", authorization.clone());
        }
        Ok(request)
    }
}

/// The channel that every client of a service is made on.
pub type Line = InterceptedService<Channel, Caller>;

/// The server, as a caller sees it. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    line: Line,
    endpoint: String,
    timeout: Option<Duration>,
    request_id: Option<Uuid>,
    backoff: ExponentialBuilder,
    lang: Lang,
}

impl Client {
    /// Prepares the way; nothing is connected before the first call.
    ///
    /// # Errors
    /// [`Error::Usage`] when the endpoint, the token or the certificate can't be used.
    pub fn new(
        target: &Target,
        lang: Lang,
        timeout: Option<Duration>,
        request_id: Option<Uuid>,
    ) -> Result<Self, Error> {
        let endpoint = endpoint(target)?;
        let authorization = target.token.as_ref().map(bearer).transpose()?;
        let caller = Caller { authorization, language: MetadataValue::from_static(lang.tag()) };
        let line = InterceptedService::new(endpoint.connect_lazy(), caller);
        Ok(Self { line, endpoint: target.endpoint.clone(), timeout, request_id, backoff: backoff(), lang })
    }

    /// The id for a mutation: the one the user gave, or a fresh UUID v7.
    pub fn request_id(&self) -> String {
        self.request_id.unwrap_or_else(Uuid::now_v7).to_string()
    }

    /// Calls an RPC that only reads.
    ///
    /// # Errors
    /// [`Error::Rpc`] with the last answer once the retries are used up.
    pub async fn read<Q, R, F>(&self, message: Q, rpc: F) -> Result<R, Error>
    where
        Q: Clone,
        F: AsyncFn(Request<Q>) -> Result<Response<R>, Status>,
    {
        self.call(message, self.timeout.unwrap_or(DEFAULT_TIMEOUT), None, rpc).await
    }

    /// Calls an RPC that is slow by nature: it gets at least `patience`, unless the user named a timeout.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub async fn read_patiently<Q, R, F>(&self, message: Q, patience: Duration, rpc: F) -> Result<R, Error>
    where
        Q: Clone,
        F: AsyncFn(Request<Q>) -> Result<Response<R>, Status>,
    {
        self.call(message, self.timeout.unwrap_or(patience), None, rpc).await
    }

    /// Calls an RPC that changes something. The message carries `request_id`, which stays the same over all retries:
    /// whatever happened to an answer that got lost, the change is made once.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub async fn change<Q, R, F>(&self, request_id: &str, message: Q, rpc: F) -> Result<R, Error>
    where
        Q: Clone,
        F: AsyncFn(Request<Q>) -> Result<Response<R>, Status>,
    {
        self.call(message, self.timeout.unwrap_or(DEFAULT_TIMEOUT), Some(request_id), rpc).await
    }

    async fn call<Q, R, F>(
        &self,
        message: Q,
        timeout: Duration,
        request_id: Option<&str>,
        rpc: F,
    ) -> Result<R, Error>
    where
        Q: Clone,
        F: AsyncFn(Request<Q>) -> Result<Response<R>, Status>,
    {
        let attempt = || async {
            let mut request = Request::new(message.clone());
            request.set_timeout(timeout);
            match tokio::time::timeout(timeout, rpc(request)).await {
                Ok(Ok(response)) => Ok(response.into_inner()),
                Ok(Err(status)) => Err(status),
                Err(_) => {
                    Err(Status::deadline_exceeded(format!("no answer within {} s", timeout.as_secs_f32())))
                }
            }
        };
        attempt
            .retry(self.backoff.with_max_times(RETRIES))
            .when(|status| status.code() == Code::Unavailable)
            .adjust(pause_for)
            .await
            .map_err(|status| self.failure(status, request_id))
    }

    /// The same client with other pauses between attempts.
    #[cfg(test)]
    pub fn with_backoff(self, backoff: ExponentialBuilder) -> Self {
        Self { backoff, ..self }
    }

    /// The pauses between attempts, without an end.
    pub fn pauses(&self) -> ExponentialBackoff {
        self.backoff.without_max_times().build()
    }

    /// The language that the server is asked to speak.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// A status as this program's error.
    pub fn failure(&self, status: Status, request_id: Option<&str>) -> Error {
        let endpoint = self.endpoint.clone();
        Error::Rpc(Box::new(RpcFailure { status, endpoint, request_id: request_id.map(str::to_owned) }))
    }

    /// The line itself, for services that are not ours.
    pub fn line(&self) -> Line {
        self.line.clone()
    }

    /// `PortalService`.
    pub fn portals(&self) -> PortalServiceClient<Line> {
        PortalServiceClient::new(self.line())
    }

    /// `SetupService`.
    pub fn setups(&self) -> SetupServiceClient<Line> {
        SetupServiceClient::new(self.line())
    }

    /// `ConnectionService`.
    pub fn connections(&self) -> ConnectionServiceClient<Line> {
        ConnectionServiceClient::new(self.line())
    }

    /// `OrgService`.
    pub fn orgs(&self) -> OrgServiceClient<Line> {
        OrgServiceClient::new(self.line())
    }

    /// `KeyService`.
    pub fn keys(&self) -> KeyServiceClient<Line> {
        KeyServiceClient::new(self.line())
    }

    /// `InclusionListService`.
    pub fn lists(&self) -> InclusionListServiceClient<Line> {
        InclusionListServiceClient::new(self.line())
    }

    /// `TestContactService`.
    pub fn test_contacts(&self) -> TestContactServiceClient<Line> {
        TestContactServiceClient::new(self.line())
    }

    /// `AuditService`.
    pub fn audit(&self) -> AuditServiceClient<Line> {
        AuditServiceClient::new(self.line())
    }

    /// `SyncService`.
    pub fn sync(&self) -> SyncServiceClient<Line> {
        SyncServiceClient::new(self.line())
    }
}

/// The pauses between attempts: jittered, growing, a few seconds at most.
fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(LONGEST_PAUSE)
        .with_jitter()
}

/// The server's own pause where it names one; none at all, and so no retry, where that is too long.
fn pause_for(status: &Status, pause: Option<Duration>) -> Option<Duration> {
    let asked = status.get_error_details().retry_info().and_then(|info| info.retry_delay);
    match (pause, asked) {
        (Some(pause), Some(asked)) => (asked <= LONGEST_PAUSE).then(|| pause.max(asked)),
        (pause, _) => pause,
    }
}

fn endpoint(target: &Target) -> Result<Endpoint, Error> {
    let refuse = |cause: &dyn std::fmt::Display| {
        Error::Usage(format!(
            "--endpoint {}: {cause}; expected http://HOST:PORT or https://HOST:PORT",
            target.endpoint
        ))
    };
    let url = url::Url::parse(&target.endpoint).map_err(|error| refuse(&error))?;
    let is_tls = match url.scheme() {
        "http" => false,
        "https" => true,
        other => return Err(refuse(&format!("scheme {other}"))),
    };
    let endpoint = Endpoint::from_shared(target.endpoint.clone())
        .and_then(|endpoint| endpoint.user_agent(concat!("connectorctl/", env!("CARGO_PKG_VERSION"))))
        .map_err(|error| refuse(&error))?
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL);
    if !is_tls {
        let needs_tls = target.ca_pem.is_some() || target.identity.is_some();
        return if needs_tls {
            Err(Error::Usage("--ca-file, --cert and --key need an https:// endpoint".to_owned()))
        } else {
            Ok(endpoint)
        };
    }
    let tls = match &target.ca_pem {
        Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    let tls = match &target.identity {
        Some(identity) => {
            tls.identity(Identity::from_pem(&identity.cert_pem, identity.key_pem.expose_secret()))
        }
        None => tls,
    };
    endpoint.tls_config(tls).map_err(|error| refuse(&error))
}

fn bearer(token: &SecretString) -> Result<MetadataValue<Ascii>, Error> {
    let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.expose_secret())
        .parse()
        .map_err(|_| Error::Usage("the token has characters that no header can carry".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests;
