#![expect(clippy::unwrap_used, reason = "test")]

use http::StatusCode;
use secrecy::SecretString;

use super::{login_fault, oauth, rest};
use crate::salesforce::{DidItHappen, SalesforceError, SalesforceErrorKind as Kind};

fn refused(status: u16, code: &str, message: &str) -> SalesforceError {
    let body = serde_json::json!([{ "message": message, "errorCode": code, "fields": ["Email"] }]);
    rest(StatusCode::from_u16(status).unwrap(), body.to_string().as_bytes())
}

#[test]
fn rest_codes_become_kinds() {
    let validation =
        |message: &str| Kind::Validation { message: message.to_owned(), fields: vec!["Email".to_owned()] };
    for (status, code, message, kind) in [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", Kind::SessionInvalid),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", Kind::DailyLimitExceeded),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", Kind::ConcurrentLimit),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit exceeded.", Kind::ConcurrentLimit),
        (
            403,
            "API_DISABLED_FOR_ORG",
            "The REST API is not enabled for this Organization.",
            Kind::ApiDisabled,
        ),
        (403, "API_DISABLED_FOR_ORG", "limits resource is not enabled", Kind::Permission),
        (403, "API_CURRENTLY_DISABLED", "API is disabled for this User", Kind::ApiDisabled),
        (400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record", Kind::RowLocked),
        (400, "CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", Kind::ConvertedLead),
        (400, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", Kind::Permission),
        (
            403,
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "insufficient access rights",
            Kind::Permission,
        ),
        (400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name.", Kind::Permission),
        (400, "INVALID_TYPE", "sObject type 'Lead' is not supported.", Kind::Permission),
        (404, "NOT_FOUND", "The requested resource does not exist", Kind::NotFound),
        (404, "ENTITY_IS_DELETED", "entity is deleted", Kind::NotFound),
        (400, "ENTITY_IS_DELETED", "entity is deleted", Kind::NotFound),
        (
            400,
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "entity type cannot be inserted: Lead",
            Kind::Permission,
        ),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "LeadTrigger: no", validation("LeadTrigger: no")),
        (410, "GONE", "retired", Kind::UnsupportedVersion),
        (503, "SERVER_UNAVAILABLE", "server too busy", Kind::Unavailable),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", Kind::Unavailable),
        (
            400,
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [LastName]",
            validation("Required fields are missing: [LastName]"),
        ),
        (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "No tests here", validation("No tests here")),
        (400, "STRING_TOO_LONG", "too long", validation("too long")),
        (405, "METHOD_NOT_ALLOWED", "no", Kind::Other),
    ] {
        let error = refused(status, code, message);
        assert_eq!(*error.kind(), kind, "{code} {message}");
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.vendor_text(), message);
        assert_eq!(error.status(), Some(status));
        let expected = if status >= 500 { DidItHappen::Unknown } else { DidItHappen::No };
        assert_eq!(error.effect(), expected, "{code}");
    }
}

#[test]
fn a_retry_helps_only_against_what_passes_by_itself() {
    assert!(refused(400, "UNABLE_TO_LOCK_ROW", "").is_retryable());
    assert!(refused(503, "SERVER_UNAVAILABLE", "").is_retryable());
    assert!(refused(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests").is_retryable());
    for code in
        ["REQUEST_LIMIT_EXCEEDED", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "INVALID_SESSION_ID", "NOT_FOUND"]
    {
        assert!(!refused(400, code, "").is_retryable(), "{code}");
    }
}

#[test]
fn a_duplicate_names_rule_and_matches_in_both_spellings() {
    for key in ["duplicateResut", "duplicateResult"] {
        let body = serde_json::json!([{
            "errorCode": "DUPLICATES_DETECTED", "message": "Use one of these records?",
            key: {
                "allowSave": false, "duplicateRule": "Standard_Contact_Duplicate_Rule",
                "duplicateRuleEntityType": "Contact", "errorMessage": "…",
                "matchResults": [{
                    "entityType": "Contact", "errors": [], "matchEngine": "FuzzyMatchEngine",
                    "matchRecords": [{ "additionalInformation": [], "fieldDiffs": [], "matchConfidence": 100.0,
                        "record": { "attributes": {"type": "Contact"}, "Id": "0038M0000016Wv8QAE" } }],
                    "rule": "Standard_Contact_Match_Rule_v1_1", "size": 1, "success": true }] } }]);
        assert_eq!(
            *rest(StatusCode::BAD_REQUEST, body.to_string().as_bytes()).kind(),
            Kind::Duplicate {
                rule: Some("Standard_Contact_Duplicate_Rule".to_owned()),
                matches: vec!["0038M0000016Wv8QAE".to_owned()],
                allow_save: false,
            }
        );
    }
    let error = refused(
        400,
        "DUPLICATE_VALUE",
        "duplicate value found: HubSpot_Id__c duplicates value on record with id: 0038M0000016Wv8",
    );
    assert!(
        matches!(error.kind(), Kind::Duplicate { matches, .. } if matches == &["0038M0000016Wv8"]),
        "{error:?}"
    );
}

#[test]
fn bodies_that_are_no_error_array_are_survived() {
    let html = rest(StatusCode::SERVICE_UNAVAILABLE, b"<html><body>Down for maintenance</body></html>");
    assert_eq!(
        (html.kind(), html.vendor_text(), html.effect()),
        (&Kind::Unavailable, "", DidItHappen::Unknown)
    );
    assert_eq!(
        *rest(
            StatusCode::UNAUTHORIZED,
            b"<response><faultcode>LOGIN_OAUTH_INVALID_TOKEN</faultcode></response>"
        )
        .kind(),
        Kind::SessionInvalid
    );
    assert_eq!(*rest(StatusCode::NOT_FOUND, b"").kind(), Kind::NotFound);
    assert_eq!(*rest(StatusCode::MULTIPLE_CHOICES, br#"["/a","/b"]"#).kind(), Kind::MultipleMatches);
    assert!(matches!(rest(StatusCode::FOUND, b"").kind(), Kind::Malformed(_)));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(*rest(StatusCode::BAD_REQUEST, deep.as_bytes()).kind(), Kind::Other);
    assert_eq!(rest(StatusCode::FORBIDDEN, b"Bad_OAuth_Token").vendor_text(), "Bad_OAuth_Token");
}

#[test]
fn login_faults_become_kinds_and_a_refusal_is_definite() {
    for (code, kind) in [
        ("INVALID_LOGIN", Kind::LoginRefused),
        ("LOGIN_MUST_USE_SECURITY_TOKEN", Kind::LoginRefused),
        ("INVALID_OPERATION", Kind::SoapLoginDisabled),
        ("API_DISABLED_FOR_ORG", Kind::ApiDisabled),
        ("API_CURRENTLY_DISABLED", Kind::ApiDisabled),
        ("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", Kind::PasswordExpired),
        ("LOGIN_DURING_RESTRICTED_DOMAIN", Kind::LoginRestricted),
        ("LOGIN_DURING_RESTRICTED_TIME", Kind::LoginRestricted),
        ("LOGIN_RATE_EXCEEDED", Kind::LoginRestricted),
        ("TRIAL_EXPIRED", Kind::LoginRestricted),
        ("ORG_LOCKED", Kind::LoginRestricted),
        ("UNSUPPORTED_API_VERSION", Kind::SoapLoginDisabled),
        ("REQUEST_LIMIT_EXCEEDED", Kind::DailyLimitExceeded),
        ("SOMETHING_NEW", Kind::Other),
    ] {
        let error = login_fault(StatusCode::INTERNAL_SERVER_ERROR, code, "words", &[]);
        assert_eq!(*error.kind(), kind, "{code}");
        assert_eq!(error.effect(), DidItHappen::No, "{code}");
        assert!(!error.is_retryable(), "{code}");
    }
    let error = login_fault(StatusCode::INTERNAL_SERVER_ERROR, "SERVER_UNAVAILABLE", "", &[]);
    assert_eq!((error.kind(), error.effect()), (&Kind::Unavailable, DidItHappen::Unknown));
}

#[test]
fn oauth_refusals_are_permanent_and_server_errors_are_not() {
    let secret = SecretString::from("CANARY-secret");
    let body = br#"{"error":"invalid_grant","error_description":"authentication failure for CANARY-secret"}"#;
    let error = oauth(StatusCode::BAD_REQUEST, body, &[&secret]);
    assert_eq!(
        *error.kind(),
        Kind::OauthRefused {
            error: "invalid_grant".to_owned(),
            description: "authentication failure for [redacted]".to_owned(),
        }
    );
    assert!(!error.is_retryable());
    assert!(!format!("{error} {error:?}").contains("CANARY"));
    let error = oauth(StatusCode::SERVICE_UNAVAILABLE, body, &[&secret]);
    assert_eq!(*error.kind(), Kind::Unavailable);
    assert!(error.is_retryable());
    assert!(matches!(oauth(StatusCode::BAD_REQUEST, b"<html>", &[]).kind(), Kind::Malformed(_)));
}

proptest::proptest! {
    #[test]
    fn no_body_can_make_the_reading_of_an_error_fail(status in 300_u16..600, body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let status = StatusCode::from_u16(status).unwrap();
        let shown = format!("{} {}", rest(status, &body), oauth(status, &body, &[]));
        proptest::prop_assert!(!shown.contains('\n'));
    }
}
