//! The table: what is tried in each field of each request.

use prost_reflect::Value;
use tonic::Code;

use super::{
    USED_ID,
    rules::{
        Expect, Row, Rule, any, any_org_id, any_setup_id, chosen_enum, client_id, credential, etag,
        line_secret, list_id, login_token, long, must_be_true, name, nanos, not_eligible, optional_address,
        optional_enum, optional_secret, org_id, page_size, page_token_of_portals, page_token_of_setups,
        portal_filter, portal_id, private_key, request_id, required_address, resume_of_setup, resume_of_sync,
        seconds, security_token, setup_id, stage, stage_entry, stages, subscription, test_contact_id, text,
        uuid, watched_portal,
    },
};

/// Message (`*` for every one), path, and what is tried there. The first row that fits counts.
pub const RULES: &[Row] = &[
    // What many requests have.
    ("*", "request_id", request_id),
    ("*", "etag", etag),
    ("*", "validate_only", any),
    ("*", "reason", |_| name(false, 500)),
    ("DescribeSetupRequest", "setup_id", any_setup_id),
    ("*", "setup_id", setup_id),
    ("*", "test_contact_id", test_contact_id),
    ("*", "page_size", page_size),
    ("ListSetupsRequest", "page_token", page_token_of_portals),
    ("*", "page_token", page_token_of_setups),
    ("WatchSetupRequest", "resume_token", resume_of_sync),
    ("*", "resume_token", resume_of_setup),
    ("GetConnectionRequest", "portal_id", portal_id),
    ("DisconnectRequest", "portal_id", portal_id),
    ("ListSetupsRequest", "portal_id", portal_filter),
    ("ListAuditEventsRequest", "portal_id", portal_filter),
    ("VerifyAuditTrailRequest", "portal_id", portal_filter),
    ("WatchConnectionsRequest", "portal_id", watched_portal),
    ("WatchSyncStatusRequest", "portal_id", watched_portal),
    ("*", "portal_id", portal_id),
    ("ListConnectionsRequest", "org_id", any_org_id),
    ("*", "org_id", org_id),
    // Portals.
    ("RegisterPortalRequest", "credential", credential),
    ("UpdatePortalCredentialRequest", "credential", credential),
    ("*", "credential.static_token.token", |known| {
        let rule = Rule { good: Some(text(&*known.hubspot_token)), ..line_secret(1_024) };
        rule.wrong([text("  ")])
    }),
    ("*", "credential.oauth.client_id", |_| client_id(255)),
    ("*", "credential.oauth.client_secret", |_| line_secret(1_024)),
    ("*", "credential.oauth.refresh_token", |_| line_secret(1_024)),
    ("RegisterPortalRequest", "display_name", |_| name(false, 255)),
    // The wizard.
    ("AcknowledgePrerequisitesRequest", "acknowledged", |_| must_be_true("PREREQUISITES_NOT_ACKNOWLEDGED")),
    ("AcknowledgePrerequisitesRequest", "subscription", subscription),
    ("SelectEditionRequest", "edition", |_| {
        not_eligible(chosen_enum(4), &[1, 2, 6], "SALESFORCE_EDITION_NOT_ELIGIBLE")
    }),
    ("ConfirmAdminAccessRequest", "admin_access", |_| {
        not_eligible(chosen_enum(2), &[4], "ADMIN_ACCESS_INSUFFICIENT")
    }),
    ("SelectEnvironmentRequest", "environment", |_| {
        not_eligible(chosen_enum(1), &[2], "SANDBOX_NOTES_NOT_ACKNOWLEDGED")
    }),
    ("SelectEnvironmentRequest", "sandbox_notes_acknowledged", any),
    ("SetSeatCountRequest", "seat_count", |_| {
        let wrong = [0, -1, i32::MIN, 1_000_001, i32::MAX].map(Value::I32);
        Rule::good(Value::I32(50)).most(Value::I32(1_000_000)).wrong(wrong)
    }),
    ("SetApiCallLimitRequest", "limit", |_| {
        let wrong = [0, -1, i64::MIN, 10_000_001, i64::MAX].map(Value::I64);
        let over = Expect::Refused(Code::FailedPrecondition, "API_CALL_LIMIT_OVER_ALLOCATION");
        let rule = Rule::good(Value::I64(10)).most(Value::I64(10_000_000)).wrong(wrong);
        rule.with(Value::I64(10_000_000), over)
    }),
    ("ConfirmPackageInstalledRequest", "installed", |_| must_be_true("PACKAGE_NOT_CONFIRMED")),
    ("SubmitSecurityTokenRequest", "security_token", security_token),
    ("SubmitSecurityTokenRequest", "not_used", |_| {
        Rule::default().with(Value::Bool(true), Expect::Fields(&["security_token"]))
    }),
    ("ConfirmVisualforceModuleRequest", "added", |_| must_be_true("VISUALFORCE_MODULE_NOT_CONFIRMED")),
    ("ConfirmVisualforceModuleRequest", "method", |_| optional_enum(1)),
    ("ChooseObjectSyncRequest", "object_sync", |_| {
        Rule::default().left_out(Expect::Fields(&["object_sync.accounts", "object_sync.opportunities"]))
    }),
    ("*", "object_sync.accounts", |_| chosen_enum(1)),
    ("*", "object_sync.opportunities", |_| chosen_enum(2)),
    ("ChooseActivitySyncRequest", "activity_sync", |_| {
        Rule::default().left_out(Expect::Fields(&["activity_sync.tasks"]))
    }),
    ("*", "activity_sync.on_form_submission", any),
    ("*", "activity_sync.on_email_open", any),
    ("*", "activity_sync.tasks", |_| chosen_enum(1)),
    ("ChooseInclusionListRequest", "list_id", |known| list_id(known).left_out(Expect::Fields(&["choice"]))),
    ("ChooseInclusionListRequest", "no_list.lowest_lifecycle_stage", |_| {
        stage("no_list.lowest_lifecycle_stage")
    }),
    ("EnableSyncRequest", "review_etag", |_| {
        let changed = Expect::Refused(Code::Aborted, "REVIEW_CHANGED");
        let rule = Rule::good(text("none")).most(long(4_096)).wrong([text(""), long(4_097)]);
        rule.with(text("none"), changed)
    }),
    ("CreateHandoffRequest", "valid_hours", |_| {
        let wrong = [-1, i32::MIN, 721, i32::MAX].map(Value::I32);
        Rule::good(Value::I32(0)).most(Value::I32(720)).wrong(wrong)
    }),
    ("RevokeHandoffRequest", "handoff_id", |_| uuid(USED_ID, "HANDOFF_NOT_FOUND")),
    ("FinishSetupRequest", "import_decision", |_| optional_enum(2)),
    // Connecting.
    ("ConnectAccountsRequest", "expected_org_id", any_org_id),
    ("RotateCredentialRequest", "credential", credential),
    ("*", "credential.password.username", |_| Rule {
        good: Some(text("admin@acme.example")),
        ..name(true, 255)
    }),
    ("*", "credential.password.password", |_| {
        let wrong = [text(""), long(1_025), text("a\0b"), text("a\u{1b}b")];
        Rule::good(text("password")).most(long(1_024)).wrong(wrong)
    }),
    ("*", "credential.password.security_token", |_| login_token()),
    ("*", "credential.jwt_bearer.client_id", |_| client_id(1_024)),
    ("*", "credential.jwt_bearer.username", |_| Rule {
        good: Some(text("admin@acme.example")),
        ..name(true, 255)
    }),
    ("*", "credential.jwt_bearer.private_key_pem", private_key),
    ("*", "credential.jwt_bearer.login_url", optional_address),
    ("*", "credential.client_credentials.client_id", |_| client_id(1_024)),
    ("*", "credential.client_credentials.client_secret", |_| line_secret(1_024)),
    ("*", "credential.client_credentials.login_url", required_address),
    ("*", "credential.refresh_token.client_id", |_| client_id(1_024)),
    ("*", "credential.refresh_token.client_secret", |_| optional_secret(1_024)),
    ("*", "credential.refresh_token.refresh_token", |_| line_secret(2_048)),
    ("*", "credential.refresh_token.login_url", optional_address),
    ("ListConnectionsRequest", "include_disconnected", any),
    // Orgs.
    ("AllocateApiCallsRequest", "shares", |_| Rule::default().left_out(Expect::Field)),
    ("AllocateApiCallsRequest", "shares[0].portal_id", |known| {
        Rule::good(Value::I64(known.portal_id))
            .wrong([0, -1, i64::MIN].map(Value::I64))
            .with(Value::I64(i64::MAX), Expect::Refused(Code::FailedPrecondition, "NOT_CONNECTED"))
    }),
    ("AllocateApiCallsRequest", "shares[0].api_call_limit", |_| {
        let wrong = [0, -5, i64::MIN, 10_000_001, i64::MAX].map(Value::I64);
        let over = Expect::Refused(Code::FailedPrecondition, "ORG_API_CALL_LIMIT_EXCEEDED");
        let rule = Rule::good(Value::I64(1)).most(Value::I64(10_000_000)).wrong(wrong);
        rule.with(Value::I64(10_000_000), over)
    }),
    // Lists.
    ("ListSmartListsRequest", "query", |_| Rule { good: Some(text("")), ..name(false, 255) }),
    ("CreateSmartListRequest", "name", |_| name(true, 255)),
    ("CreateSmartListRequest", "lifecycle_stages", stages),
    ("CreateSmartListRequest", "lifecycle_stages[0]", stage_entry),
    ("SetInclusionListRequest", "list_id", list_id),
    ("ClearInclusionListRequest", "lowest_lifecycle_stage", |_| stage("lowest_lifecycle_stage")),
    // Keys.
    ("RetireKeyRequest", "key_id", |_| {
        let unknown = || Expect::Refused(Code::NotFound, "KEY_NOT_FOUND");
        Rule::good(text("1"))
            .wrong([text(""), long(65)])
            .with(text("unknown"), unknown())
            .with(text("a b"), unknown())
    }),
    // The audit trail.
    ("ListAuditEventsRequest", "start_time.seconds", |_| seconds(&["start_time"])),
    ("ListAuditEventsRequest", "start_time.nanos", |_| nanos(&["start_time"])),
    ("ListAuditEventsRequest", "end_time.seconds", |_| seconds(&["end_time"])),
    ("ListAuditEventsRequest", "end_time.nanos", |_| nanos(&["end_time"])),
    ("ListAuditEventsRequest", "method", |_| Rule { good: Some(text("")), ..name(false, 100) }),
    ("ListAuditEventsRequest", "principal", |_| Rule { good: Some(text("")), ..name(false, 255) }),
    ("VerifyAuditTrailRequest", "heads", any),
    ("VerifyAuditTrailRequest", "heads[0].portal_id", portal_filter),
    ("VerifyAuditTrailRequest", "heads[0].sequence", |_| {
        Rule::good(Value::I64(1)).wrong([0, -1, i64::MIN].map(Value::I64))
    }),
    ("VerifyAuditTrailRequest", "heads[0].hash", |_| {
        let bytes = |length: usize| Value::Bytes(vec![7; length].into());
        Rule::good(bytes(32)).wrong([0, 31, 33].map(bytes))
    }),
    ("VerifyAuditTrailRequest", "max_rows", |_| {
        Rule::good(Value::I32(1)).wrong([-1, 20_001, i32::MAX, i32::MIN].map(Value::I32))
    }),
    ("VerifyAuditTrailRequest", "position", |_| {
        let refused = Expect::Argument("PAGE_TOKEN_INVALID", "page_token");
        Rule::good(text("")).wrong([long(4_097)]).with(text("garbage"), refused)
    }),
    // Sync.
    ("UpdateSyncSettingsRequest", "inclusion.list", |_| {
        Rule::default().left_out(Expect::Fields(&["inclusion.rule"]))
    }),
    ("UpdateSyncSettingsRequest", "inclusion.list.list_id", list_id),
    ("UpdateSyncSettingsRequest", "inclusion.list.name", |_| name(false, 255)),
    ("UpdateSyncSettingsRequest", "inclusion.list.processing_type", |_| name(false, 255)),
    ("UpdateSyncSettingsRequest", "inclusion.list.size", |_| {
        Rule::good(Value::I64(0)).wrong([-1, i64::MIN].map(Value::I64))
    }),
    ("UpdateSyncSettingsRequest", "inclusion.no_list.lowest_lifecycle_stage", |_| {
        stage("inclusion.no_list.lowest_lifecycle_stage")
    }),
];
