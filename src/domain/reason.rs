//! Why something is refused or failed. One list for RPCs, attempts and test contacts; it mirrors `ErrorReason` of the
//! API, and a test holds the two together.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of failure a reason is, in the terms of the gRPC status codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A field of the request is wrong.
    InvalidArgument,
    /// What was asked for is not there.
    NotFound,
    /// Something of that name is there.
    AlreadyExists,
    /// A rule says no.
    FailedPrecondition,
    /// A race was lost; read again.
    Aborted,
    /// Out of a bound.
    OutOfRange,
    /// A budget is spent; come back later.
    ResourceExhausted,
    /// Something that is needed is away.
    Unavailable,
    /// Out of time.
    DeadlineExceeded,
    /// Not known.
    Unauthenticated,
    /// Not allowed.
    PermissionDenied,
    /// A defect.
    Internal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $kind:ident;)*) => {
        /// Why something is refused or failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant = $number,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, as the API writes it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What kind of failure it is.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

reasons! {
    /// A field of the request is missing, malformed or out of its bounds. `BadRequest` names every such field.
    InvalidField = 1, "INVALID_FIELD", InvalidArgument;
    /// The request id was used before by the same caller for another request. Use a new one.
    RequestIdReused = 2, "REQUEST_ID_REUSED", InvalidArgument;
    /// The resource changed since the etag was read. Read it again, look, and send the new etag.
    EtagMismatch = 3, "ETAG_MISMATCH", Aborted;
    /// The page token is not one of ours, or belongs to another query. Start with the first page.
    PageTokenInvalid = 4, "PAGE_TOKEN_INVALID", InvalidArgument;
    /// The resume token is not one of ours, belongs to another stream or database, or lies in the future. Watch without a token.
    ResumeTokenInvalid = 5, "RESUME_TOKEN_INVALID", InvalidArgument;
    /// There is no such portal, or the caller may not know of it. Register it first.
    PortalNotFound = 6, "PORTAL_NOT_FOUND", NotFound;
    /// There is no such setup, or the caller may not know of it. StartSetup starts one.
    SetupNotFound = 7, "SETUP_NOT_FOUND", NotFound;
    /// The portal has no such connection, or the caller may not know of it.
    ConnectionNotFound = 8, "CONNECTION_NOT_FOUND", NotFound;
    /// No portal of the caller was ever connected to such an org.
    OrgNotFound = 9, "ORG_NOT_FOUND", NotFound;
    /// There is no such test contact, or the caller may not know of it.
    TestContactNotFound = 10, "TEST_CONTACT_NOT_FOUND", NotFound;
    /// HubSpot has no such list in this portal. ListSmartLists tells which there are.
    SmartListNotFound = 11, "SMART_LIST_NOT_FOUND", NotFound;
    /// Another change came in between. Nothing was done; send the request again.
    ConflictingChange = 12, "CONFLICTING_CHANGE", Aborted;
    /// The service has too much to do. `RetryInfo` says when to come back.
    ServiceOverloaded = 13, "SERVICE_OVERLOADED", ResourceExhausted;
    /// The database does not answer. Nothing was done, or asking again with the same request id tells. `RetryInfo` says when.
    StoreUnavailable = 14, "STORE_UNAVAILABLE", Unavailable;
    /// The deadline passed. The effect is either whole or absent; ask again with the same request id.
    DeadlineExceeded = 15, "DEADLINE_EXCEEDED", DeadlineExceeded;
    /// A defect of the service. The details carry a request id for whoever operates it and nothing else.
    InternalError = 16, "INTERNAL_ERROR", Internal;
    /// This server is going away. Ask another one.
    ServerShuttingDown = 17, "SERVER_SHUTTING_DOWN", Unavailable;
    /// The call carries no credential that this server knows.
    Unauthenticated = 18, "UNAUTHENTICATED", Unauthenticated;
    /// The caller may not call this.
    PermissionDenied = 19, "PERMISSION_DENIED", PermissionDenied;
    /// The request is larger than the server takes.
    MessageTooLarge = 20, "MESSAGE_TOO_LARGE", OutOfRange;
    /// The caller has as much under way as one caller may.
    CallerLimitReached = 21, "CALLER_LIMIT_REACHED", ResourceExhausted;
    /// The HubSpot subscription must be Professional or Enterprise.
    HubspotSubscriptionNotEligible = 30, "HUBSPOT_SUBSCRIPTION_NOT_ELIGIBLE", FailedPrecondition;
    /// The Salesforce edition must be Professional, Enterprise or Unlimited.
    SalesforceEditionNotEligible = 31, "SALESFORCE_EDITION_NOT_ELIGIBLE", FailedPrecondition;
    /// The administrative access does not suffice for the edition.
    AdminAccessInsufficient = 32, "ADMIN_ACCESS_INSUFFICIENT", FailedPrecondition;
    /// A sandbox needs the sandbox notes acknowledged.
    SandboxNotesNotAcknowledged = 33, "SANDBOX_NOTES_NOT_ACKNOWLEDGED", FailedPrecondition;
    /// Earlier steps are open or stale. The violations name them in order.
    SetupStepNotReached = 34, "SETUP_STEP_NOT_REACHED", FailedPrecondition;
    /// The setup was abandoned. StartSetup starts a new one.
    SetupNotActive = 35, "SETUP_NOT_ACTIVE", FailedPrecondition;
    /// A connected portal's setup cannot be abandoned. Disconnect first.
    SetupHasConnection = 36, "SETUP_HAS_CONNECTION", FailedPrecondition;
    /// The limit is more than the org is granted, alone or together with what its other portals hold. Details: limit, allocation, held_by_others.
    ApiCallLimitOverAllocation = 37, "API_CALL_LIMIT_OVER_ALLOCATION", FailedPrecondition;
    /// The wizard goes on only when the package is confirmed to be installed.
    PackageNotConfirmed = 38, "PACKAGE_NOT_CONFIRMED", FailedPrecondition;
    /// The wizard goes on only when lead intelligence is confirmed to be added.
    VisualforceModuleNotConfirmed = 39, "VISUALFORCE_MODULE_NOT_CONFIRMED", FailedPrecondition;
    /// A password login needs the security token. Submit it at its step, or send it along.
    SecurityTokenMissing = 40, "SECURITY_TOKEN_MISSING", FailedPrecondition;
    /// A decision changed since the review was read. Review again and send the new etag.
    ReviewChanged = 41, "REVIEW_CHANGED", Aborted;
    /// An inclusion list must be a smart (active, DYNAMIC) list.
    ListNotSmart = 42, "LIST_NOT_SMART", FailedPrecondition;
    /// The prerequisites must be acknowledged to get started.
    PrerequisitesNotAcknowledged = 43, "PREREQUISITES_NOT_ACKNOWLEDGED", FailedPrecondition;
    /// The portal has a list of this name. Choose another name, or that list.
    SmartListNameTaken = 44, "SMART_LIST_NAME_TAKEN", AlreadyExists;
    /// The portal has no such lifecycle stage. The field is named, and the stages that the portal has. Details: stages.
    LifecycleStageUnknown = 45, "LIFECYCLE_STAGE_UNKNOWN", InvalidArgument;
    /// The setup has no such hand-off.
    HandoffNotFound = 49, "HANDOFF_NOT_FOUND", NotFound;
    /// The portal is connected to another org; one portal has at most one. Disconnect it first.
    PortalAlreadyConnected = 60, "PORTAL_ALREADY_CONNECTED", FailedPrecondition;
    /// The org has as many portals as it may. Disconnect one of them first. Details: limit, portals.
    OrgPortalLimitReached = 61, "ORG_PORTAL_LIMIT_REACHED", FailedPrecondition;
    /// The portal was connected to another org before. Name the new one in expected_org_id if that is meant.
    OrgChanged = 62, "ORG_CHANGED", FailedPrecondition;
    /// A trial org cannot be connected, whatever its edition.
    TrialOrg = 63, "TRIAL_ORG", FailedPrecondition;
    /// The setup says production and the org is a sandbox, or the other way round. Edit the sandbox step.
    SandboxMismatch = 64, "SANDBOX_MISMATCH", FailedPrecondition;
    /// The org reports an edition that is not eligible.
    EditionMismatch = 65, "EDITION_MISMATCH", FailedPrecondition;
    /// Salesforce refused user name, password or token, or the user is locked out: it does not say which. Check all three; do not try again and again.
    SalesforceLoginRefused = 66, "SALESFORCE_LOGIN_REFUSED", FailedPrecondition;
    /// A new token takes up to 15 minutes to work; the attempt tries again by itself.
    SecurityTokenNotActiveYet = 67, "SECURITY_TOKEN_NOT_ACTIVE_YET", FailedPrecondition;
    /// The org does not allow SOAP login(). Connect by OAuth, or let the Salesforce administrator enable it.
    SalesforceSoapLoginDisabled = 68, "SALESFORCE_SOAP_LOGIN_DISABLED", FailedPrecondition;
    /// The org or the user may not use the API.
    SalesforceApiDisabled = 69, "SALESFORCE_API_DISABLED", FailedPrecondition;
    /// The password has expired. Set a new one in Salesforce, then use the new token that comes with it.
    SalesforcePasswordExpired = 70, "SALESFORCE_PASSWORD_EXPIRED", FailedPrecondition;
    /// Salesforce allows this user to log in only from certain addresses or at certain times, or asks for a verification.
    SalesforceLoginRestricted = 71, "SALESFORCE_LOGIN_RESTRICTED", FailedPrecondition;
    /// Salesforce refused the OAuth grant. The message carries its error code.
    SalesforceOauthRefused = 72, "SALESFORCE_OAUTH_REFUSED", FailedPrecondition;
    /// Salesforce does not answer, or is in maintenance. `RetryInfo` says when to try again.
    SalesforceOrgUnavailable = 73, "SALESFORCE_ORG_UNAVAILABLE", Unavailable;
    /// A host is not one of Salesforce's. Nothing was sent there.
    SalesforceHostNotAllowed = 74, "SALESFORCE_HOST_NOT_ALLOWED", FailedPrecondition;
    /// The login was sent, and its answer was lost. It is not repeated by itself, so that nobody is locked out: connect again.
    LoginOutcomeUnknown = 75, "LOGIN_OUTCOME_UNKNOWN", FailedPrecondition;
    /// The HubSpot package is not installed in the org.
    PackageNotInstalled = 76, "PACKAGE_NOT_INSTALLED", FailedPrecondition;
    /// The Salesforce user lacks rights to an object that syncs.
    ObjectAccessMissing = 77, "OBJECT_ACCESS_MISSING", FailedPrecondition;
    /// The Salesforce user lacks rights to a field that syncs.
    FieldAccessMissing = 78, "FIELD_ACCESS_MISSING", FailedPrecondition;
    /// The Visualforce component is not on a page layout.
    VisualforceModuleNotFound = 79, "VISUALFORCE_MODULE_NOT_FOUND", FailedPrecondition;
    /// No API calls are left in the rolling 24 hours. `RetryInfo` says when to try again.
    SalesforceApiCallsExhausted = 80, "SALESFORCE_API_CALLS_EXHAUSTED", ResourceExhausted;
    /// Edition, sandbox, token or credentials changed since the connection was probed. Connect again.
    ConnectionStale = 81, "CONNECTION_STALE", FailedPrecondition;
    /// The portal is not connected to an org.
    NotConnected = 82, "NOT_CONNECTED", FailedPrecondition;
    /// An attempt to connect is under way. Wait until it ends.
    ConnectRunning = 83, "CONNECT_RUNNING", FailedPrecondition;
    /// Lead or Contact lacks the external-id field that makes writes repeatable.
    ExternalIdFieldMissing = 84, "EXTERNAL_ID_FIELD_MISSING", FailedPrecondition;
    /// With this portal, the portals of the org would hold more calls than it is granted. Details: limit, allocation, held_by_others.
    OrgApiCallLimitExceeded = 85, "ORG_API_CALL_LIMIT_EXCEEDED", FailedPrecondition;
    /// There is no stored credential to use again. Send one.
    CredentialMissing = 86, "CREDENTIAL_MISSING", FailedPrecondition;
    /// Too many logins for this Salesforce user within an hour. Wait: more of them would lock the user out.
    SalesforceLoginLimit = 87, "SALESFORCE_LOGIN_LIMIT", ResourceExhausted;
    /// The org reports another eligible edition than the one claimed. Edit the edition step.
    EditionClaimDiffers = 88, "EDITION_CLAIM_DIFFERS", FailedPrecondition;
    /// HubSpot refuses the portal's credential. Send a new one by UpdatePortalCredential.
    HubspotCredentialRefused = 100, "HUBSPOT_CREDENTIAL_REFUSED", FailedPrecondition;
    /// The HubSpot credential lacks a scope. The metadata names it.
    HubspotScopeMissing = 101, "HUBSPOT_SCOPE_MISSING", FailedPrecondition;
    /// HubSpot does not answer. `RetryInfo` says when to try again.
    HubspotUnavailable = 102, "HUBSPOT_UNAVAILABLE", Unavailable;
    /// HubSpot's rate limit for the portal is reached. `RetryInfo` says when to try again.
    HubspotRateLimited = 103, "HUBSPOT_RATE_LIMITED", ResourceExhausted;
    /// The credential belongs to another portal.
    HubspotPortalMismatch = 104, "HUBSPOT_PORTAL_MISMATCH", FailedPrecondition;
    /// HubSpot refused the record by a rule of the portal. The message carries its words.
    HubspotRejected = 105, "HUBSPOT_REJECTED", FailedPrecondition;
    /// Sync is not switched on.
    SyncNotEnabled = 120, "SYNC_NOT_ENABLED", FailedPrecondition;
    /// The test contact is still under way. Cancel it, or wait.
    TestContactRunning = 121, "TEST_CONTACT_RUNNING", FailedPrecondition;
    /// The test contact has reached a final state.
    TestContactEnded = 122, "TEST_CONTACT_ENDED", FailedPrecondition;
    /// A validation rule of the org refused the record. The message carries its text.
    SalesforceValidationRule = 123, "SALESFORCE_VALIDATION_RULE", FailedPrecondition;
    /// A duplicate rule of the org refused the record. The message carries its text.
    SalesforceDuplicateRule = 124, "SALESFORCE_DUPLICATE_RULE", FailedPrecondition;
    /// The Salesforce user may not write the record.
    SalesforcePermissionMissing = 125, "SALESFORCE_PERMISSION_MISSING", FailedPrecondition;
    /// Salesforce refused the record for another reason. The message carries its words.
    SalesforceRejected = 126, "SALESFORCE_REJECTED", FailedPrecondition;
    /// Salesforce ended the session and the connector may not log in again by itself. Connect again.
    SalesforceSessionRefused = 127, "SALESFORCE_SESSION_REFUSED", FailedPrecondition;
    /// Only a sync that is on can be paused, and only a paused one resumed.
    SyncNotOn = 128, "SYNC_NOT_ON", FailedPrecondition;
    /// The newest key seals already, and no secret is under another one. Put a new key into the key ring first.
    NoNewKey = 160, "NO_NEW_KEY", FailedPrecondition;
    /// A server that runs does not hold the new key yet; it could not open what others seal with it. Details: servers.
    KeyNotEverywhere = 161, "KEY_NOT_EVERYWHERE", FailedPrecondition;
    /// The key can't be retired: it seals, or secrets are still under it. Details: rows.
    KeyInUse = 162, "KEY_IN_USE", FailedPrecondition;
    /// There is no such key. GetKeyStatus tells which there are.
    KeyNotFound = 163, "KEY_NOT_FOUND", NotFound;
    /// The key was retired and must not seal again. Add a new one.
    KeyRetired = 164, "KEY_RETIRED", FailedPrecondition;
    /// A stored secret is under a key that this server does not hold. Another server, or a later try, may do.
    KeyUnavailable = 165, "KEY_UNAVAILABLE", Unavailable;
    /// The service that holds the keys does not answer, so secrets can neither be stored nor used. `RetryInfo` says when.
    KeyServiceUnavailable = 166, "KEY_SERVICE_UNAVAILABLE", Unavailable;
    /// A stored secret does not open: it was changed or moved in the database, or its key was replaced by another of the same name.
    StoredSecretUnreadable = 167, "STORED_SECRET_UNREADABLE", FailedPrecondition;
}

impl Reason {
    /// The number that the API gives it.
    #[must_use]
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::from_name(&name).ok_or_else(|| serde::de::Error::custom(format!("unknown reason {name}")))
    }
}

/// A refusal: the reason and the figures that explain it. It never carries a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// The figures and names that the message speaks of, for example `limit` and `allocation`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal without figures.
    #[must_use]
    pub fn new(reason: Reason) -> Self {
        Self { reason, args: Vec::new() }
    }

    /// The same with one more figure.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }

    /// The figure of this name.
    #[must_use]
    pub fn arg(&self, name: &str) -> Option<&str> {
        self.args.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self::new(reason)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.name())?;
        for (name, value) in &self.args {
            write!(f, " {name}={value:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
