//! Who calls.
//!
//! Today: everybody who reaches the port (no authentication configured), or whoever knows one static bearer token.

use std::{fmt, sync::Arc};

use aws_lc_rs::digest;
use http::HeaderMap;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::domain::{Reason, access::Access};

/// Health is asked by probes that have no credential; it tells nothing but whether there is service.
const OPEN_SERVICES: &[&str] = &["/grpc.health.v1.Health/"];

/// A caller that was authenticated, by the name that audit rows and answers show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal(Arc<str>);

impl Principal {
    /// Whoever reaches a server that asks for no credential.
    #[must_use]
    pub fn local() -> Self {
        Self("local".into())
    }

    /// Whoever knows the static token.
    #[must_use]
    pub fn token() -> Self {
        Self("local".into())
    }

    /// Nobody: before authentication, and on the open services.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".into())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Knows = dyn Fn(&str) -> Option<Access> + Send + Sync;

#[derive(Clone)]
struct Known(Arc<Knows>);

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known")
    }
}

/// How callers are authenticated.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    /// `None`: no authentication, everybody is `local`.
    token: Option<SecretString>,
    known: Option<Known>,
}

impl Authentication {
    /// Everybody is `local`.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Callers send `authorization: Bearer <token>`.
    #[must_use]
    pub fn bearer(token: SecretString) -> Self {
        Self { token: Some(token), known: None }
    }

    /// The same, and whoever this knows by a token.
    #[must_use]
    pub fn knowing(self, known: impl Fn(&str) -> Option<Access> + Send + Sync + 'static) -> Self {
        Self { known: Some(Known(Arc::new(known))), ..self }
    }

    /// A caller by its own token.
    #[must_use]
    pub fn known(&self, headers: &HeaderMap) -> Option<Access> {
        let sent = headers.get(http::header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()))?;
        (self.known.as_ref()?.0)(std::str::from_utf8(sent).ok()?)
    }

    /// Who calls `path` with these headers.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when a token is configured and another one or none is sent.
    pub fn authenticate(&self, path: &str, headers: &HeaderMap) -> Result<Principal, Reason> {
        let Some(token) = &self.token else {
            return Ok(Principal::local());
        };
        if OPEN_SERVICES.iter().any(|service| path.starts_with(service)) {
            return Ok(Principal::anonymous());
        }
        let sent = headers.get(http::header::AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
        match sent {
            Some(sent) if equal(sent, token.expose_secret().as_bytes()) => Ok(Principal::token()),
            Some(_) | None => Err(Reason::Unauthenticated),
        }
    }
}

/// The token of `Bearer <token>`; the scheme's case does not matter (RFC 9110).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(b"bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token.trim_ascii())
}

/// Digests are compared, so that neither content nor length shows in the time it takes.
fn equal(left: &[u8], right: &[u8]) -> bool {
    let left = digest::digest(&digest::SHA256, left);
    let right = digest::digest(&digest::SHA256, right);
    left.as_ref().ct_eq(right.as_ref()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_the_configured_token_opens_the_door() {
        let auth = Authentication::bearer(SecretString::from("s3cret"));
        let path = "/connector.v1.PortalService/GetPortal";
        for good in ["Bearer s3cret", "bearer s3cret", "BEARER  s3cret "] {
            assert_eq!(auth.authenticate(path, &headers(good)), Ok(Principal::token()), "{good:?}");
        }
        for bad in [
            "",
            "s3cret",
            "Bearer",
            "Bearer ",
            "Bearer s3cre",
            "Bearer s3cret2",
            "Basic s3cret",
            "Bearers3cret",
        ] {
            assert_eq!(auth.authenticate(path, &headers(bad)), Err(Reason::Unauthenticated), "{bad:?}");
        }
        assert_eq!(auth.authenticate(path, &HeaderMap::new()), Err(Reason::Unauthenticated));
        let health = "/grpc.health.v1.Health/Check";
        assert_eq!(auth.authenticate(health, &HeaderMap::new()), Ok(Principal::anonymous()));
    }

    #[test]
    fn without_a_token_everybody_is_local() {
        let auth = Authentication::none();
        assert_eq!(auth.authenticate("/x.Y/Z", &HeaderMap::new()), Ok(Principal::local()));
    }

    #[test]
    fn the_token_is_not_printed() {
        let auth = Authentication::bearer(SecretString::from("s3cret"));
        assert!(!format!("{auth:?}").contains("s3cret"));
    }
}
