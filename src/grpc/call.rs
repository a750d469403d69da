//! What is known of one RPC besides its message: who calls, in which language, and the id to find it by.

use std::{fmt, future::Future, sync::Arc};

use http::HeaderMap;
use tonic::{Extensions, Response, Status};
use uuid::Uuid;

use super::{
    access::{Caller, Viewer},
    links::Links,
    parse::Mutation,
    status::{self, Failure},
};
use crate::{control::Control, locale::Language, store};

/// Metadata key of the request id, in both directions.
pub const REQUEST_ID_KEY: &str = "x-request-id";
/// Longest id that is taken over from a caller, in bytes.
const MAX_REQUEST_ID: usize = 64;

/// The id under which an RPC is found in logs and error details. Not to be confused with the `request_id` of a
/// message, which makes a mutation repeatable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new one, ordered by time.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7().to_string().into())
    }

    /// The caller's, if it is short and harmless in a log line; else a new one.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let sane = |id: &&str| {
            (1..=MAX_REQUEST_ID).contains(&id.len())
                && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let given = headers.get(REQUEST_ID_KEY).and_then(|value| value.to_str().ok()).filter(sane);
        given.map_or_else(Self::new, |id| Self(id.into()))
    }

    /// The id as text; valid as a header value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The context of one RPC.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who calls, and what it may do.
    pub caller: Caller,
    /// The language of the texts in the answer, from `accept-language`.
    pub language: Language,
    /// The id to find it by.
    pub request_id: RequestId,
    /// Where guides and error pages are.
    pub links: Arc<Links>,
    /// What the request names: ids that a refusal speaks of without knowing them.
    pub subjects: Vec<(&'static str, String)>,
}

impl Call {
    /// What the headers tell. Nobody is authenticated yet.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap, links: Arc<Links>) -> Self {
        let languages = headers.get(http::header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self {
            caller: Caller::anonymous(),
            language: languages.map_or_else(Language::default, Language::from_accept_language),
            request_id: RequestId::from_headers(headers),
            links,
            subjects: Vec::new(),
        }
    }

    /// The call that the layers have put into a request. Without them it is nobody's, who may do nothing.
    pub(super) fn from_extensions(extensions: &Extensions) -> Self {
        extensions
            .get::<Self>()
            .cloned()
            .unwrap_or_else(|| Self::from_headers(&HeaderMap::new(), Arc::default()))
    }

    /// What the request names, by the name of its field.
    #[must_use]
    pub fn subject(&self, field: &str) -> Option<&str> {
        self.subjects.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str())
    }

    /// For whom the answer is written.
    #[must_use]
    pub fn viewer(&self) -> Viewer<'_> {
        Viewer { language: self.language, portals: &self.caller.access().portals }
    }

    /// Identifies a change to the use cases.
    #[must_use]
    pub fn change(&self, control: &Control, mutation: &Mutation) -> store::Call {
        let mut change = control.call(
            self.caller.name(),
            mutation.method,
            mutation.request_id,
            &mutation.payload,
            mutation.validate_only,
        );
        change.call_id = Some(self.request_id.as_str().to_owned());
        change.reason.clone_from(&mutation.reason);
        change
    }

    /// Does the work of an RPC and answers with its message, or with a status that says why not.
    ///
    /// # Errors
    /// The failure as a status with all its details.
    pub async fn answer<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<Response<T>, Status> {
        match work.await {
            Ok(message) => Ok(Response::new(message)),
            Err(failure) => Err(status::of(self, &failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_from(value: &'static str) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID_KEY, http::HeaderValue::from_static(value));
        RequestId::from_headers(&headers)
    }

    #[test]
    fn a_sane_request_id_is_kept_and_any_other_replaced() {
        assert_eq!(id_from("abc-1_2.3").as_str(), "abc-1_2.3");
        for bad in
            ["", "a b", "a;drop", "0123456789012345678901234567890123456789012345678901234567890123456789"]
        {
            let id = id_from(bad);
            assert_ne!(id.as_str(), bad);
            assert!(Uuid::parse_str(id.as_str()).is_ok(), "{id}");
        }
    }
}
