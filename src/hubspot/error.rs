//! What can go wrong between us and a portal, typed once. Words of the vendor arrive here already cleaned.

use std::time::Duration;

use crate::outbound::{DidItHappen, TransportError, json::JsonError, text};

/// A call to HubSpot failed. `Display` and `Debug` show no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubSpotError {
    kind: Box<HubSpotErrorKind>,
    effect: DidItHappen,
    status: Option<u16>,
    category: Option<Box<str>>,
    vendor_text: Box<str>,
    correlation_id: Option<Box<str>>,
}

/// Which of HubSpot's limits was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RatePolicy {
    /// Per ten seconds.
    TenSecondly,
    /// Per second (search).
    Secondly,
    /// Per day, until midnight in the account's time zone.
    Daily,
    /// Another one, or none was named.
    Other(String),
}

/// The ways in which a call fails, as far as somebody would act differently on them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HubSpotErrorKind {
    /// The token is wrong or expired, or the app was uninstalled: a new credential is needed.
    #[error("hubspot refuses the credential")]
    CredentialRefused,
    /// Our own OAuth client is wrong: an operator must act, the portal's grant may be fine.
    #[error("hubspot refuses the OAuth client: {error}")]
    ClientRefused {
        /// The `error` of RFC 6749.
        error: String,
    },
    /// The credential lacks a scope, or the portal forbids the call for another reason that it does not tell.
    #[error("the credential lacks a scope: {}", scopes.join(", "))]
    ScopeMissing {
        /// The scopes, where HubSpot names them.
        scopes: Vec<String>,
    },
    /// A rate limit is reached.
    #[error("hubspot's rate limit is reached")]
    RateLimited {
        /// Which one.
        policy: RatePolicy,
        /// How long to wait; `None` for the daily one, which ends at midnight in the account's time zone.
        retry_after: Option<Duration>,
    },
    /// No such record, list, property or path.
    #[error("not found")]
    NotFound,
    /// A contact with this e-mail address, or a list with this name, exists.
    #[error("it exists already")]
    Conflict {
        /// The existing record's id, where HubSpot names it.
        existing_id: Option<String>,
    },
    /// The portal refuses the values: a rule, an unknown property, a bad format. Permanent.
    #[error("the portal refuses the values")]
    Rejected {
        /// HubSpot's words.
        message: String,
        /// Names of the properties, where HubSpot names them.
        properties: Vec<String>,
    },
    /// HubSpot is down, busy, moving the portal, or holds a lock.
    #[error("hubspot is not available")]
    Unavailable {
        /// How long to wait, if HubSpot says.
        retry_after: Option<Duration>,
    },
    /// No answer within the time-outs.
    #[error("no answer in time")]
    Timeout,
    /// No connection, or it was cut.
    #[error("network: {0}")]
    Network(String),
    /// The answer is not what the API promises.
    #[error("hubspot gave an answer that cannot be read: {0}")]
    Malformed(String),
    /// Another refusal; `vendor_text()` tells.
    #[error("hubspot refused the call")]
    Other,
}

impl HubSpotError {
    pub(super) fn new(kind: HubSpotErrorKind, effect: DidItHappen) -> Self {
        Self {
            kind: Box::new(kind),
            effect,
            status: None,
            category: None,
            vendor_text: "".into(),
            correlation_id: None,
        }
    }

    /// No token could be had for a call, which was then not made.
    #[must_use]
    pub fn without_token() -> Self {
        Self::new(HubSpotErrorKind::Unavailable { retry_after: None }, DidItHappen::No)
    }

    /// The same failure of a call that only reads, or that was never made: nothing can have happened.
    pub(super) fn without_effect(mut self) -> Self {
        self.effect = DidItHappen::No;
        self
    }

    pub(super) fn with_vendor(mut self, status: u16, category: &str, vendor_text: &str) -> Self {
        self.status = Some(status);
        self.category = (!category.is_empty()).then(|| category.into());
        self.vendor_text = vendor_text.into();
        self
    }

    pub(super) fn with_correlation_id(mut self, id: Option<&str>) -> Self {
        self.correlation_id = id.map(Into::into);
        self
    }

    /// An answer that cannot be read, behind an HTTP status: behind a success the effect has happened.
    pub(super) fn malformed(what: impl Into<String>, status: u16) -> Self {
        let effect = match status {
            200..=299 => DidItHappen::Yes,
            300..=499 => DidItHappen::No,
            _ => DidItHappen::Unknown,
        };
        Self::new(HubSpotErrorKind::Malformed(what.into()), effect).with_vendor(status, "", "")
    }

    pub(super) fn from_json(error: &JsonError, status: u16) -> Self {
        Self::malformed(error.to_string(), status)
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &HubSpotErrorKind {
        &self.kind
    }

    /// Whether the call may have had its effect all the same.
    #[must_use]
    pub fn effect(&self) -> DidItHappen {
        self.effect
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// HubSpot's category, for example `VALIDATION_ERROR`.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.category.as_deref()
    }

    /// HubSpot's own words, cleaned and bounded; empty if there are none.
    #[must_use]
    pub fn vendor_text(&self) -> &str {
        &self.vendor_text
    }

    /// What HubSpot's support asks for.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// Whether the same call may succeed later without anybody doing anything. A create must still be looked up first
    /// when [`effect`](Self::effect) is not [`DidItHappen::No`].
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use HubSpotErrorKind as Kind;
        matches!(
            *self.kind,
            Kind::RateLimited { .. } | Kind::Unavailable { .. } | Kind::Timeout | Kind::Network(_)
        )
    }
}

impl std::fmt::Display for HubSpotError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        match (&self.category, &*self.vendor_text) {
            (Some(category), "") => write!(f, " ({category})"),
            (Some(category), text) => write!(f, " ({category}: {text})"),
            (None, "") => Ok(()),
            (None, text) => write!(f, " ({text})"),
        }
    }
}

impl std::error::Error for HubSpotError {}

impl From<TransportError> for HubSpotError {
    fn from(error: TransportError) -> Self {
        let effect = error.effect();
        let kind = match error {
            TransportError::TimedOut => HubSpotErrorKind::Timeout,
            TransportError::TooLarge { .. } => HubSpotErrorKind::Malformed(error.to_string()),
            TransportError::AddressRefused
            | TransportError::Unsendable
            | TransportError::Unreachable(_)
            | TransportError::Cut(_) => HubSpotErrorKind::Network(text::vendor_text(&error.to_string(), &[])),
        };
        Self::new(kind, effect)
    }
}
