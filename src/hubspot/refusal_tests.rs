#![expect(clippy::unwrap_used, reason = "test")]

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{oauth, rest};
use crate::hubspot::{DidItHappen, HubSpotError, HubSpotErrorKind as Kind, RatePolicy};
use crate::outbound::Answer;

fn answer(status: u16, body: &[u8], headers: &[(&'static str, &str)]) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, value.parse().unwrap());
    }
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: map, body: body.to_vec().into() }
}

fn refused(status: u16, body: &Value) -> HubSpotError {
    rest(&answer(status, body.to_string().as_bytes(), &[]))
}

#[test]
fn a_conflict_carries_the_existing_id_in_either_place() {
    let error = refused(
        409,
        &json!({"status":"error","message":"Contact already exists. Existing ID: 37765128953","correlationId":"2dea5219","category":"CONFLICT"}),
    );
    assert_eq!(*error.kind(), Kind::Conflict { existing_id: Some("37765128953".to_owned()) });
    assert_eq!((error.effect(), error.correlation_id()), (DidItHappen::No, Some("2dea5219")));
    let error = refused(
        409,
        &json!({"category":"CONFLICT","message":"Contact already exists.","context":{"existingId":["171591000198"],"objectWriteTraceId":["0"]}}),
    );
    assert_eq!(*error.kind(), Kind::Conflict { existing_id: Some("171591000198".to_owned()) });
    let list_name = json!({"status":"error","message":"A list with this name exists.","category":"VALIDATION_ERROR","subCategory":"ILS.DUPLICATE_LIST_NAMES"});
    assert_eq!(*refused(400, &list_name).kind(), Kind::Conflict { existing_id: None });
    let recorded = json!({"status":"error","message":"Contact already exists","correlationId":"c0895ebf-9e3e-4b7d-b6e6-124e02d3f9c3","category":"CONFLICT"});
    assert_eq!(*refused(409, &recorded).kind(), Kind::Conflict { existing_id: None });
}

#[test]
fn missing_scopes_are_named_from_both_shapes() {
    let top = json!({"status":"error","message":"One or more of the following scopes are required.",
        "context":{"requiredGranularScopes":["custom-object-read"],"links":["https://developers.hubspot.com/scopes"]},"category":"MISSING_SCOPES"});
    assert_eq!(
        *refused(403, &top).kind(),
        Kind::ScopeMissing { scopes: vec!["custom-object-read".to_owned()] }
    );
    let nested = json!({"status":"error","category":"MISSING_SCOPES","message":"This app hasn't been granted all required scopes to make this call.",
        "errors":[{"message":"One or more","context":{"requiredGranularScopes":["crm.lists.write","crm.lists.read"]}}]});
    assert_eq!(
        *refused(403, &nested).kind(),
        Kind::ScopeMissing { scopes: vec!["crm.lists.read".to_owned(), "crm.lists.write".to_owned()] }
    );
}

#[test]
fn another_prohibition_is_no_word_against_the_credential() {
    assert_eq!(*refused(403, &json!({"message":"no"})).kind(), Kind::ScopeMissing { scopes: Vec::new() });
}

#[test]
fn rate_limits_tell_how_long() {
    for (policy_name, message, policy, wait) in [
        (
            "TEN_SECONDLY_ROLLING",
            "You have reached your ten_secondly_rolling limit.",
            RatePolicy::TenSecondly,
            Some(10),
        ),
        ("SECONDLY", "You have reached your secondly limit.", RatePolicy::Secondly, Some(1)),
        ("DAILY", "You have reached your daily limit.", RatePolicy::Daily, None),
        ("", "You have reached your daily limit.", RatePolicy::Daily, None),
        ("NEW_ONE", "slow down", RatePolicy::Other("NEW_ONE".to_owned()), Some(10)),
    ] {
        let body =
            json!({"status":"error","message":message,"errorType":"RATE_LIMIT","policyName":policy_name});
        let error = refused(429, &body);
        let retry_after = wait.map(Duration::from_secs);
        assert_eq!(*error.kind(), Kind::RateLimited { policy: policy.clone(), retry_after }, "{message}");
        assert!(error.is_retryable());
        let with_header = rest(&answer(429, body.to_string().as_bytes(), &[("retry-after", "7")]));
        assert_eq!(
            *with_header.kind(),
            Kind::RateLimited { policy, retry_after: Some(Duration::from_secs(7)) }
        );
    }
}

#[test]
fn other_statuses_become_kinds() {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (status, body, headers, kind, effect) in [
        (
            401,
            r#"{"category":"EXPIRED_AUTHENTICATION","context":{"expire time":["2022-06-21T10:37:52.040Z"]}}"#,
            vec![],
            Kind::CredentialRefused,
            DidItHappen::No,
        ),
        (
            404,
            r#"{"status":"error","message":"resource not found"}"#,
            vec![],
            Kind::NotFound,
            DidItHappen::No,
        ),
        (404, "<html>no route</html>", vec![], Kind::NotFound, DidItHappen::No),
        (423, "", vec![], Kind::Unavailable { retry_after: seconds(2) }, DidItHappen::No),
        (
            477,
            "",
            vec![("retry-after", "3600")],
            Kind::Unavailable { retry_after: seconds(3_600) },
            DidItHappen::No,
        ),
        (
            477,
            "",
            vec![("retry-after", "99999999")],
            Kind::Unavailable { retry_after: seconds(86_400) },
            DidItHappen::No,
        ),
        (502, "<html>", vec![], Kind::Unavailable { retry_after: None }, DidItHappen::Unknown),
        (524, "", vec![], Kind::Unavailable { retry_after: None }, DidItHappen::Unknown),
        (414, "", vec![], Kind::Other, DidItHappen::No),
    ] {
        let error = rest(&answer(status, body.as_bytes(), &headers));
        assert_eq!((error.kind(), error.effect()), (&kind, effect), "{status} {body}");
    }
    assert!(matches!(
        rest(&answer(302, b"", &[("location", "https://evil.com")])).kind(),
        Kind::Malformed(_)
    ));
}

#[test]
fn a_refused_record_names_its_properties() {
    let body = json!({"status":"error","message":"Property values were not valid: [{\"isValid\":false}]","category":"VALIDATION_ERROR",
        "errors":[{"message":"Property \"x\" does not exist","code":"PROPERTY_DOESNT_EXIST","context":{"propertyName":["x"]}}]});
    let error = refused(400, &body);
    assert!(matches!(error.kind(), Kind::Rejected { properties, .. } if properties == &["x"]), "{error:?}");
    assert!(!error.is_retryable());
    assert_eq!(error.category(), Some("VALIDATION_ERROR"));
    // Context values of an unexpected type are survived.
    let odd = json!({"message":"no","context":{"a":1,"propertyName":"y","b":{"c":[]}}});
    assert!(matches!(refused(400, &odd).kind(), Kind::Rejected { properties, .. } if properties == &["y"]));
}

#[test]
fn a_revoked_grant_and_a_wrong_client_are_told_apart() {
    let secret = SecretString::from("CANARY-token");
    for (body, kind) in [
        (
            json!({"error":"invalid_grant","error_description":"refresh token is invalid","status":"BAD_REFRESH_TOKEN","message":"refresh token CANARY-token is invalid"}),
            Kind::CredentialRefused,
        ),
        (
            json!({"status":"BAD_HUB","message":"missing or unknown hub id","error":"access_denied"}),
            Kind::CredentialRefused,
        ),
        (
            json!({"status":"BAD_CLIENT_ID","message":"no","error":"invalid_client"}),
            Kind::ClientRefused { error: "invalid_client".to_owned() },
        ),
        (
            json!({"status":"BAD_CLIENT_SECRET","message":"no"}),
            Kind::ClientRefused { error: "BAD_CLIENT_SECRET".to_owned() },
        ),
    ] {
        let error = oauth(&answer(400, body.to_string().as_bytes(), &[]), &[&secret]);
        assert_eq!(*error.kind(), kind, "{body}");
        assert!(!format!("{error} {error:?}").contains("CANARY"));
    }
    let transient = oauth(&answer(503, br#"{"error":"invalid_grant"}"#, &[]), &[]);
    assert!(transient.is_retryable());
}
