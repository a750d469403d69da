//! Bounded HTTP towards a vendor: one client with time-outs, a cap on every answer, no redirects, no proxies, and
//! a check of the addresses that a name resolves to. It knows neither vendor; both rooms build on it.

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod canned;
mod dns;
pub(crate) mod json;
pub(crate) mod text;

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

/// Shorter than a vendor keeps an idle connection: a request on a dead one has an unknown outcome.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// How long a call may take. The defaults are the product's; tests shorten them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To open the connection, TLS included.
    pub connect: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// From the first byte sent to the last byte read.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// Whether a call that failed may have had its effect at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DidItHappen {
    /// Certainly not: it was never sent, or the vendor refused it.
    No,
    /// Certainly: the vendor said so before the failure.
    Yes,
    /// It was sent and the answer is missing. Look it up before trying again.
    Unknown,
}

/// The HTTP client could not be built.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot set up the HTTP client: {detail}")]
pub struct HttpSetupError {
    detail: String,
}

/// Why no complete answer came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TransportError {
    #[error("the request could not be built")]
    Unsendable,
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("the host name leads to an address that is not public")]
    AddressRefused,
    #[error("no answer in time")]
    TimedOut,
    #[error("the connection was cut: {0}")]
    Cut(String),
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

impl TransportError {
    pub(crate) fn effect(&self) -> DidItHappen {
        match self {
            Self::Unsendable | Self::Unreachable(_) | Self::AddressRefused => DidItHappen::No,
            Self::TimedOut | Self::Cut(_) | Self::TooLarge { .. } => DidItHappen::Unknown,
        }
    }
}

/// A complete answer, within its cap.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The HTTP client of one vendor.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    client: reqwest::Client,
}

impl Transport {
    /// `trusted_hosts` may resolve to any address; every other name must resolve to public ones only.
    pub(crate) fn new(
        user_agent: &str,
        timeouts: Timeouts,
        trusted_hosts: Vec<String>,
    ) -> Result<Self, HttpSetupError> {
        Self::with_roots(user_agent, timeouts, trusted_hosts, None)
    }

    /// The same; with `roots`, in PEM, only certificates that lead to one of these are accepted.
    pub(crate) fn with_roots(
        user_agent: &str,
        timeouts: Timeouts,
        trusted_hosts: Vec<String>,
        roots: Option<&[u8]>,
    ) -> Result<Self, HttpSetupError> {
        Self::build(user_agent, timeouts, dns::PublicAddresses::new(trusted_hosts), roots)
    }

    fn build(
        user_agent: &str,
        timeouts: Timeouts,
        resolver: dns::PublicAddresses,
        roots: Option<&[u8]>,
    ) -> Result<Self, HttpSetupError> {
        let mut builder = reqwest::Client::builder();
        if let Some(pem) = roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|roots| !roots.is_empty())
                .ok_or_else(|| HttpSetupError { detail: "no certificate in PEM".to_owned() })?;
            builder = builder.tls_certs_only(roots);
        }
        let client = builder
            .user_agent(user_agent)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(timeouts.total)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Repeating is the caller's decision: a login must never be sent twice.
            .retry(reqwest::retry::never())
            // Behind a proxy the check of the resolved addresses would say nothing.
            .no_proxy()
            .gzip(true)
            .tls_backend_rustls()
            .dns_resolver(resolver)
            .build()
            .map_err(|error| HttpSetupError { detail: root_cause(&error) })?;
        Ok(Self { client })
    }

    pub(crate) fn request(&self, method: http::Method, url: url::Url) -> reqwest::RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends and reads the whole answer; `cap` counts bytes after decompression.
    pub(crate) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        cap: usize,
    ) -> Result<Answer, TransportError> {
        let request = request.build().map_err(|_| TransportError::Unsendable)?;
        // Paths and queries hold personal data; method and host do not.
        let method = request.method().clone();
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let started = Instant::now();
        crate::failpoint::hit("vendor.before_call").await;
        let answer = self.exchange(request, cap).await;
        crate::failpoint::hit("vendor.after_call").await;
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &answer {
            Ok(answer) => {
                tracing::debug!(%method, host, status = answer.status.as_u16(), elapsed_ms, "vendor answered");
            }
            Err(error) => tracing::debug!(%method, host, %error, elapsed_ms, "vendor call failed"),
        }
        answer
    }

    async fn exchange(&self, request: reqwest::Request, cap: usize) -> Result<Answer, TransportError> {
        #[cfg(any(test, feature = "fuzzing"))]
        if let Some(answer) = canned::next(cap) {
            return answer;
        }
        let mut response = self.client.execute(request).await.map_err(classify)?;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(classify_reading)? {
            if body.len() + chunk.len() > cap {
                return Err(TransportError::TooLarge { limit: cap });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }
}

fn classify(error: reqwest::Error) -> TransportError {
    if error.is_builder() {
        TransportError::Unsendable
    } else if dns::refused(&error) {
        TransportError::AddressRefused
    } else if error.is_connect() {
        TransportError::Unreachable(root_cause(&error))
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Cut(root_cause(&error.without_url()))
    }
}

fn classify_reading(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Cut(root_cause(&error.without_url()))
    }
}

/// The innermost words of an error: the outer ones repeat the address, whose query may hold personal data.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut words = None;
    while let Some(inner) = cause {
        words = Some(inner.to_string());
        cause = inner.source();
    }
    text::bounded(&words.unwrap_or_else(|| "no detail".to_owned()))
}

#[cfg(test)]
mod rebinding_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
