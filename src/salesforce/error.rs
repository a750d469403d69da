//! What can go wrong between us and an org, typed once. Words of the vendor arrive here already cleaned: one bounded
//! line without tokens or secrets.

use super::host::HostRefused;
use crate::outbound::{DidItHappen, TransportError, json::JsonError, text};

/// A call to Salesforce failed. `Display` and `Debug` show no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesforceError {
    kind: Box<SalesforceErrorKind>,
    effect: DidItHappen,
    status: Option<u16>,
    code: Option<Box<str>>,
    vendor_text: Box<str>,
}

/// The ways in which a call fails, as far as somebody would act differently on them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SalesforceErrorKind {
    /// User name, password or security token are wrong, or the user is locked out; Salesforce does not say which.
    /// `code()` is `LOGIN_MUST_USE_SECURITY_TOKEN` when it asks for the token.
    #[error("salesforce refused the login")]
    LoginRefused,
    /// The org does not allow SOAP `login()`, or no longer at this version.
    #[error("the org does not allow SOAP login()")]
    SoapLoginDisabled,
    /// The org's edition or the user's permissions do not include the API.
    #[error("the org or the user may not use the API")]
    ApiDisabled,
    /// The password has expired; the session that comes with it can only set a new one.
    #[error("the password has expired")]
    PasswordExpired,
    /// The user may not log in from here, at this time, or without a verification; or the org or client is blocked.
    #[error("the login is restricted")]
    LoginRestricted,
    /// The OAuth token endpoint refused. Permanent: a person has to act.
    #[error("salesforce refused the OAuth grant: {error}")]
    OauthRefused {
        /// The `error` of RFC 6749, for example `invalid_grant`.
        error: String,
        /// Salesforce's `error_description`.
        description: String,
    },
    /// The grant exists at the org's My Domain only, and none was given.
    #[error("this grant needs the org's My Domain address")]
    MyDomainRequired,
    /// Our side of the credential cannot be used, for example a private key that is not RSA in PEM.
    #[error("the credential cannot be used: {what}")]
    CredentialUnusable {
        /// What is wrong with it, without any of it.
        what: &'static str,
    },
    /// An address is not one of Salesforce's; nothing was sent there.
    #[error("the address is not allowed: {0}")]
    HostNotAllowed(#[from] HostRefused),
    /// The session has ended or was never valid.
    #[error("the session is not valid")]
    SessionInvalid,
    /// No API calls are left in the rolling 24 hours.
    #[error("no API calls are left in the rolling 24 hours")]
    DailyLimitExceeded,
    /// Too many long requests at the same time.
    #[error("too many concurrent requests")]
    ConcurrentLimit,
    /// Salesforce is down, in maintenance or too busy.
    #[error("salesforce is not available")]
    Unavailable,
    /// Somebody else is writing the record or one near it.
    #[error("the record is locked by another change")]
    RowLocked,
    /// The org refuses the record: validation rule (`FIELD_CUSTOM_VALIDATION_EXCEPTION`), required field, picklist …
    #[error("the org refuses the record")]
    Validation {
        /// The org's own words.
        message: String,
        /// API names of the fields, where Salesforce names them.
        fields: Vec<String>,
    },
    /// A duplicate rule, a unique field, or a link to another record stands against the write.
    #[error("the record would be a duplicate")]
    Duplicate {
        /// The duplicate rule's name, if one fired.
        rule: Option<String>,
        /// Ids of the records that it would duplicate.
        matches: Vec<String>,
        /// Whether the rule lets the record through when told to.
        allow_save: bool,
    },
    /// The user may not do this to the record, object or field.
    #[error("the user lacks the permission")]
    Permission,
    /// No such record, object or path; or it was deleted.
    #[error("not found")]
    NotFound,
    /// The external id belongs to more than one record.
    #[error("more than one record has this external id")]
    MultipleMatches,
    /// The object lacks the external-id field, or the user cannot see it.
    #[error("{object} has no usable field {field}")]
    ExternalIdFieldMissing {
        /// The object's API name.
        object: String,
        /// The field's API name.
        field: String,
    },
    /// The lead was converted; its contact takes the changes.
    #[error("the lead was converted")]
    ConvertedLead,
    /// The API version is retired or unknown there.
    #[error("the API version is not supported")]
    UnsupportedVersion,
    /// The answer is not what the API promises.
    #[error("salesforce gave an answer that cannot be read: {0}")]
    Malformed(String),
    /// No answer within the time-outs.
    #[error("no answer in time")]
    Timeout,
    /// No connection, or it was cut.
    #[error("network: {0}")]
    Network(String),
    /// Another refusal; `code()` and `vendor_text()` tell.
    #[error("salesforce refused the call")]
    Other,
}

impl SalesforceError {
    pub(super) fn new(kind: SalesforceErrorKind, effect: DidItHappen) -> Self {
        Self { kind: Box::new(kind), effect, status: None, code: None, vendor_text: "".into() }
    }

    /// The same failure of a call that only reads: nothing can have happened.
    pub(super) fn of_a_read(mut self) -> Self {
        self.effect = DidItHappen::No;
        self
    }

    /// A failure to read back what has been written already.
    pub(super) fn after_a_write(mut self) -> Self {
        self.effect = DidItHappen::Yes;
        self
    }

    pub(super) fn with_vendor(mut self, status: u16, code: &str, vendor_text: &str) -> Self {
        self.status = Some(status);
        self.code = (!code.is_empty()).then(|| code.into());
        self.vendor_text = vendor_text.into();
        self
    }

    /// An answer that cannot be read, behind an HTTP status: behind a success the effect has happened.
    pub(super) fn malformed(what: impl Into<String>, status: u16) -> Self {
        let effect = match status {
            200..=299 => DidItHappen::Yes,
            300..=499 => DidItHappen::No,
            _ => DidItHappen::Unknown,
        };
        Self::new(SalesforceErrorKind::Malformed(what.into()), effect).with_vendor(status, "", "")
    }

    pub(super) fn from_json(error: &JsonError, status: u16) -> Self {
        Self::malformed(error.to_string(), status)
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &SalesforceErrorKind {
        &self.kind
    }

    /// Whether the call may have had its effect all the same.
    #[must_use]
    pub fn effect(&self) -> DidItHappen {
        self.effect
    }

    /// Salesforce's error code, for example `INVALID_LOGIN`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    /// Salesforce's own words, cleaned and bounded; empty if there are none.
    #[must_use]
    pub fn vendor_text(&self) -> &str {
        &self.vendor_text
    }

    /// The HTTP status, if there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Whether the same call may succeed later without anybody doing anything. A call that is not idempotent must
    /// still be looked up first when [`effect`](Self::effect) is not [`DidItHappen::No`]; a login is never retried.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        use SalesforceErrorKind as Kind;
        matches!(
            *self.kind,
            Kind::Unavailable | Kind::RowLocked | Kind::ConcurrentLimit | Kind::Timeout | Kind::Network(_)
        )
    }
}

impl std::fmt::Display for SalesforceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.kind)?;
        match (&self.code, &*self.vendor_text) {
            (Some(code), "") => write!(f, " ({code})"),
            (Some(code), text) => write!(f, " ({code}: {text})"),
            (None, "") => Ok(()),
            (None, text) => write!(f, " ({text})"),
        }
    }
}

impl std::error::Error for SalesforceError {}

impl From<TransportError> for SalesforceError {
    fn from(error: TransportError) -> Self {
        let effect = error.effect();
        let kind = match error {
            TransportError::TimedOut => SalesforceErrorKind::Timeout,
            TransportError::TooLarge { .. } => SalesforceErrorKind::Malformed(error.to_string()),
            TransportError::AddressRefused => SalesforceErrorKind::HostNotAllowed(HostRefused::NotPublic),
            TransportError::Unsendable | TransportError::Unreachable(_) | TransportError::Cut(_) => {
                SalesforceErrorKind::Network(text::vendor_text(&error.to_string(), &[]))
            }
        };
        Self::new(kind, effect)
    }
}

impl From<HostRefused> for SalesforceError {
    fn from(refused: HostRefused) -> Self {
        Self::new(SalesforceErrorKind::HostNotAllowed(refused), DidItHappen::No)
    }
}
