//! What requests name: when something is not found, the answer says what.

use crate::api::v1;

/// A request with the ids in it.
pub trait Subjects {
    /// Name and value of each id, as the texts and the error details call them.
    fn subjects(&self) -> Vec<(&'static str, String)>;
}

macro_rules! subjects {
    ($($message:ident { $($field:ident),* $(; $path:literal)? })*) => {$(
        impl Subjects for v1::$message {
            fn subjects(&self) -> Vec<(&'static str, String)> {
                vec![
                    $((stringify!($field), self.$field.to_string()),)*
                    // Which stages a portal has is found out later than parsing, and the field is named all the same.
                    $(("field", $path.to_owned()),)?
                ]
            }
        }
    )*};
}

subjects! {
    ListAuditEventsRequest { portal_id }
    VerifyAuditTrailRequest { portal_id }
    ConnectAccountsRequest { request_id, setup_id }
    CheckConnectionRequest { setup_id }
    GetConnectionRequest { portal_id }
    ListConnectionsRequest { org_id }
    RotateCredentialRequest { request_id, portal_id }
    DisconnectRequest { request_id, portal_id }
    WatchConnectionsRequest { portal_id }
    GetKeyStatusRequest {}
    RotateKeysRequest { request_id }
    RetireKeyRequest { request_id, key_id }
    ListSmartListsRequest { portal_id }
    CreateSmartListRequest { request_id, portal_id; "lifecycle_stages" }
    SetInclusionListRequest { request_id, portal_id, list_id }
    ClearInclusionListRequest { request_id, portal_id; "lowest_lifecycle_stage" }
    GetOrgRequest { org_id }
    ListOrgsRequest {}
    ListOrgPortalsRequest { org_id }
    GetApiBudgetRequest { org_id }
    AllocateApiCallsRequest { request_id, org_id }
    RegisterPortalRequest { request_id }
    GetPortalRequest { portal_id }
    ListPortalsRequest {}
    UpdatePortalCredentialRequest { request_id, portal_id }
    StartSetupRequest { request_id, portal_id }
    GetSetupRequest { setup_id }
    ListSetupsRequest { portal_id }
    DescribeSetupRequest { setup_id }
    WatchSetupRequest { setup_id }
    AbandonSetupRequest { request_id, setup_id }
    AcknowledgePrerequisitesRequest { request_id, setup_id }
    SelectEditionRequest { request_id, setup_id }
    ConfirmAdminAccessRequest { request_id, setup_id }
    SelectEnvironmentRequest { request_id, setup_id }
    SetSeatCountRequest { request_id, setup_id }
    SetApiCallLimitRequest { request_id, setup_id }
    ConfirmPackageInstalledRequest { request_id, setup_id }
    SubmitSecurityTokenRequest { request_id, setup_id }
    ConfirmVisualforceModuleRequest { request_id, setup_id }
    ChooseObjectSyncRequest { request_id, setup_id }
    ChooseActivitySyncRequest { request_id, setup_id }
    ChooseInclusionListRequest { request_id, setup_id; "no_list.lowest_lifecycle_stage" }
    CreateHandoffRequest { request_id, setup_id }
    ListHandoffsRequest { setup_id }
    RevokeHandoffRequest { request_id, setup_id, handoff_id }
    ReviewSetupRequest { setup_id }
    EnableSyncRequest { request_id, setup_id }
    FinishSetupRequest { request_id, setup_id }
    GetSyncStatusRequest { portal_id }
    WatchSyncStatusRequest { portal_id }
    PauseSyncRequest { request_id, portal_id }
    ResumeSyncRequest { request_id, portal_id }
    UpdateSyncSettingsRequest { request_id, portal_id; "inclusion.no_list.lowest_lifecycle_stage" }
    CreateTestContactRequest { request_id, portal_id }
    GetTestContactRequest { test_contact_id }
    ListTestContactsRequest { portal_id }
    CancelTestContactRequest { request_id, test_contact_id }
    DeleteTestContactRequest { request_id, test_contact_id }
    WatchTestContactRequest { test_contact_id }
}
