//! Callers that come by a hand-off: the bearer token is one that `CreateHandoff` gave away.

use std::fmt;

use http::HeaderMap;
use secrecy::SecretString;

use super::Caller;
use crate::{
    control::{Control, TOKEN_PREFIX},
    domain::Reason,
    grpc::status::Failure,
};

/// Knows hand-offs by their tokens.
#[derive(Clone)]
pub struct Handoffs {
    control: Control,
}

impl Handoffs {
    /// Hand-offs as the use cases know them.
    #[must_use]
    pub fn new(control: Control) -> Self {
        Self { control }
    }

    /// Who calls, when the bearer token is a hand-off's; `None` when it is of another kind.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when it looks like one and opens nothing; `STORE_UNAVAILABLE`.
    pub async fn authenticate(&self, headers: &HeaderMap) -> Result<Option<Caller>, Failure> {
        let Some(token) = token(headers) else { return Ok(None) };
        let access = self.control.handoff_access(&token).await?.ok_or(Reason::Unauthenticated)?;
        let control = self.control.clone();
        let still_valid = move || -> futures::future::BoxFuture<'static, bool> {
            let (control, token) = (control.clone(), token.clone());
            Box::pin(async move { !matches!(control.handoff_access(&token).await, Ok(None)) })
        };
        Ok(Some(Caller::revocable(access, std::sync::Arc::new(still_valid))))
    }
}

impl fmt::Debug for Handoffs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handoffs").finish_non_exhaustive()
    }
}

/// The bearer token, if it begins as those of hand-offs do.
fn token(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    let is_handoff = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(TOKEN_PREFIX);
    is_handoff.then(|| SecretString::from(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_hand_offs_are_taken_for_such() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::AUTHORIZATION, http::HeaderValue::from_static(value));
            token(&headers).is_some()
        };
        assert!(read("Bearer hsh_abc") && read("bearer hsh_abc") && read("BEARER  hsh_abc "));
        assert!(!read("Basic hsh_abc") && !read("Bearer eyJhsh_") && !read("hsh_abc") && !read("Bearer"));
        assert!(token(&HeaderMap::new()).is_none());
    }
}
