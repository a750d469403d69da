//! What every change has in common.

use std::fmt;

use prost::Message;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{field, violations::Violations};
use crate::api::v1;

/// Characters of a reason.
const MAX_REASON_CHARS: usize = 500;

/// The frame of a change: which method, how it is made repeatable, what it expects, whether it is only tried.
#[derive(Clone)]
pub struct Mutation {
    /// The method, for example `SetupService/SelectEdition`.
    pub method: &'static str,
    /// Makes it repeatable; `None` when the caller sent none.
    pub request_id: Option<Uuid>,
    /// The message without its request id: two requests are the same when these bytes are. They may hold secrets.
    pub payload: Zeroizing<Vec<u8>>,
    /// The version that the caller has seen; `None` for whichever.
    pub version: Option<i64>,
    /// Only say what would come of it.
    pub validate_only: bool,
    /// Why, where the caller says so: the audit row carries it.
    pub reason: Option<String>,
}

impl fmt::Debug for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutation")
            .field("method", &self.method)
            .field("request_id", &self.request_id)
            .field("version", &self.version)
            .field("validate_only", &self.validate_only)
            .finish_non_exhaustive()
    }
}

/// A request that changes something.
pub trait Changes: Message {
    /// Its method, `Service/Method`.
    const METHOD: &'static str;

    /// Takes the request id out, so that the rest can be compared.
    fn take_request_id(&mut self) -> String;

    /// The etag that it carries; empty where it carries none.
    fn etag(&self) -> &str;

    /// Whether it is only to be tried.
    fn validate_only(&self) -> bool;

    /// Why; empty where it carries no reason.
    fn reason(&self) -> &str;
}

/// Takes the frame of a change off its message.
pub fn mutation<M: Changes>(violations: &mut Violations, message: &mut M) -> Mutation {
    let request_id = message.take_request_id();
    Mutation {
        method: M::METHOD,
        request_id: field::request_id(violations, &request_id),
        payload: Zeroizing::new(message.encode_to_vec()),
        version: field::etag(violations, "etag", message.etag()),
        validate_only: message.validate_only(),
        reason: field::text(violations, "reason", message.reason(), MAX_REASON_CHARS)
            .filter(|reason| !reason.is_empty()),
    }
}

macro_rules! changes {
    ($($message:ident is $method:literal { $($field:ident),* })*) => {
        /// Every method that changes something.
        pub const METHODS: &[&str] = &[$($method),*];

        $(
        impl Changes for v1::$message {
            const METHOD: &'static str = $method;

            fn take_request_id(&mut self) -> String {
                std::mem::take(&mut self.request_id)
            }

            fn etag(&self) -> &str {
                changes!(@etag self $($field)*)
            }

            fn validate_only(&self) -> bool {
                changes!(@validate_only self $($field)*)
            }

            fn reason(&self) -> &str {
                changes!(@reason self $($field)*)
            }
        }
    )*};
    // Each looks for its field from the first one on.
    (@etag $message:ident) => { "" };
    (@etag $message:ident etag $($rest:ident)*) => { &$message.etag };
    (@etag $message:ident $other:ident $($rest:ident)*) => { changes!(@etag $message $($rest)*) };
    (@validate_only $message:ident) => { false };
    (@validate_only $message:ident validate_only $($rest:ident)*) => { $message.validate_only };
    (@validate_only $message:ident $other:ident $($rest:ident)*) => { changes!(@validate_only $message $($rest)*) };
    (@reason $message:ident) => { "" };
    (@reason $message:ident reason $($rest:ident)*) => { &$message.reason };
    (@reason $message:ident $other:ident $($rest:ident)*) => { changes!(@reason $message $($rest)*) };
}

changes! {
    RegisterPortalRequest is "PortalService/RegisterPortal" {}
    UpdatePortalCredentialRequest is "PortalService/UpdatePortalCredential" { etag, reason }
    StartSetupRequest is "SetupService/StartSetup" {}
    AbandonSetupRequest is "SetupService/AbandonSetup" { etag, reason }
    AcknowledgePrerequisitesRequest is "SetupService/AcknowledgePrerequisites" { etag, validate_only }
    SelectEditionRequest is "SetupService/SelectEdition" { etag, validate_only }
    ConfirmAdminAccessRequest is "SetupService/ConfirmAdminAccess" { etag, validate_only }
    SelectEnvironmentRequest is "SetupService/SelectEnvironment" { etag, validate_only }
    SetSeatCountRequest is "SetupService/SetSeatCount" { etag, validate_only }
    SetApiCallLimitRequest is "SetupService/SetApiCallLimit" { etag, validate_only }
    ConfirmPackageInstalledRequest is "SetupService/ConfirmPackageInstalled" { etag, validate_only }
    SubmitSecurityTokenRequest is "SetupService/SubmitSecurityToken" { etag, validate_only }
    ConfirmVisualforceModuleRequest is "SetupService/ConfirmVisualforceModule" { etag, validate_only }
    ChooseObjectSyncRequest is "SetupService/ChooseObjectSync" { etag, validate_only }
    ChooseActivitySyncRequest is "SetupService/ChooseActivitySync" { etag, validate_only }
    ChooseInclusionListRequest is "SetupService/ChooseInclusionList" { etag, validate_only }
    EnableSyncRequest is "SetupService/EnableSync" { etag, validate_only }
    FinishSetupRequest is "SetupService/FinishSetup" { etag, validate_only }
    CreateHandoffRequest is "SetupService/CreateHandoff" {}
    RevokeHandoffRequest is "SetupService/RevokeHandoff" { reason }
    ConnectAccountsRequest is "ConnectionService/ConnectAccounts" { etag }
    RotateCredentialRequest is "ConnectionService/RotateCredential" { reason }
    DisconnectRequest is "ConnectionService/Disconnect" { etag, reason }
    AllocateApiCallsRequest is "OrgService/AllocateApiCalls" { etag, validate_only, reason }
    CreateSmartListRequest is "InclusionListService/CreateSmartList" {}
    SetInclusionListRequest is "InclusionListService/SetInclusionList" { etag }
    ClearInclusionListRequest is "InclusionListService/ClearInclusionList" { etag }
    CreateTestContactRequest is "TestContactService/CreateTestContact" {}
    CancelTestContactRequest is "TestContactService/CancelTestContact" {}
    DeleteTestContactRequest is "TestContactService/DeleteTestContact" {}
    PauseSyncRequest is "SyncService/PauseSync" { etag, reason }
    ResumeSyncRequest is "SyncService/ResumeSync" { etag, reason }
    RotateKeysRequest is "KeyService/RotateKeys" { reason }
    RetireKeyRequest is "KeyService/RetireKey" { reason }
    UpdateSyncSettingsRequest is "SyncService/UpdateSyncSettings" { etag, validate_only }
}
