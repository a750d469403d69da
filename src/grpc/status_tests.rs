#![expect(clippy::unwrap_used, reason = "test")]

use std::sync::Arc;

use tonic_types::StatusExt as _;

use super::*;
use crate::grpc::{Links, parse::Wrong};

fn call(language: Language) -> Call {
    let links = Links { errors: "https://docs.example.com/errors/".to_owned(), ..Links::default() };
    let mut call = Call::from_headers(&http::HeaderMap::new(), Arc::new(links));
    call.language = language;
    call
}

#[test]
fn every_reason_has_its_code_and_the_details_of_its_kind() {
    for reason in Reason::ALL {
        for language in Language::ALL {
            let call = call(language);
            let status = of(&call, &(*reason).into());
            assert_eq!(status.code(), code(reason.kind()), "{reason}");
            let details = status.check_error_details().unwrap();
            let info = details.error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), (reason.name(), "connector.v1"));
            assert_eq!(details.request_info().unwrap().request_id, call.request_id.as_str());
            let localized = details.localized_message().unwrap();
            assert_eq!(localized.locale, language.code());
            assert!(!localized.message.is_empty());
            let page = &details.help().unwrap().links.first().unwrap().url;
            let section = reason.name().to_lowercase();
            assert_eq!(*page, format!("https://docs.example.com/errors/#{section}"));
            let is_precondition = reason.kind() == Kind::FailedPrecondition;
            assert_eq!(details.precondition_failure().is_some(), is_precondition, "{reason}");
            assert_eq!(
                details.quota_failure().is_some(),
                reason.kind() == Kind::ResourceExhausted,
                "{reason}"
            );
            assert_eq!(details.resource_info().is_some(), reason.kind() == Kind::NotFound, "{reason}");
            if matches!(reason.kind(), Kind::Unavailable | Kind::ResourceExhausted) {
                assert!(details.retry_info().unwrap().retry_delay.is_some(), "{reason}");
            }
        }
    }
}

#[test]
fn r22_one_violation_for_each_missing_step() {
    let refusal = Refusal::new(Reason::SetupStepNotReached).with("steps", "EDITION, ADMIN_ACCESS");
    let details = of(&call(Language::Ja), &refusal.into()).get_error_details();
    let violations = details.precondition_failure().unwrap().violations.clone();
    let subjects: Vec<&str> = violations.iter().map(|violation| violation.subject.as_str()).collect();
    assert_eq!(subjects, ["STEP_EDITION", "STEP_ADMIN_ACCESS"]);
    assert!(violations.iter().all(|violation| violation.r#type == "SETUP_STEP_NOT_REACHED"));
    assert!(violations.iter().all(|violation| !violation.description.is_empty()));
}

#[test]
fn r45_a_missing_token_points_to_its_step() {
    let details = of(&call(Language::En), &Reason::SecurityTokenMissing.into()).get_error_details();
    let violation = details.precondition_failure().unwrap().violations.first().unwrap().clone();
    assert_eq!(violation.subject, "STEP_SECURITY_TOKEN");
}

#[test]
fn what_is_not_found_is_named_from_the_request() {
    let mut call = call(Language::En);
    call.subjects = vec![("portal_id", "62515".to_owned())];
    let status = of(&call, &Reason::PortalNotFound.into());
    assert!(status.message().contains("62515"), "{}", status.message());
    let details = status.get_error_details();
    let resource = details.resource_info().unwrap();
    assert_eq!(
        (resource.resource_type.as_str(), resource.resource_name.as_str()),
        ("connector.v1.Portal", "62515")
    );
}

#[test]
fn the_retry_delay_is_what_the_refusal_says() {
    let refusal = Refusal::new(Reason::SalesforceLoginLimit).with("retry_seconds", 90);
    let details = of(&call(Language::En), &refusal.into()).get_error_details();
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(90)));
    let refusal = Refusal::new(Reason::HubspotRateLimited).with("retry_after_seconds", 7);
    let details = of(&call(Language::En), &refusal.into()).get_error_details();
    assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(7)));
}

#[test]
fn an_internal_error_shows_its_id_and_nothing_else() {
    let call = call(Language::En);
    let failure = Failure::Internal("password hunter2 in table secrets".into());
    let status = of(&call, &failure);
    assert_eq!(status.code(), Code::Internal);
    let all = format!("{status:?} {}", String::from_utf8_lossy(status.details()));
    assert!(!all.contains("hunter2") && !all.contains("secrets"), "{all}");
    assert!(
        status.get_error_details().localized_message().unwrap().message.contains(call.request_id.as_str())
    );
}

#[test]
fn every_violation_is_described_in_both_languages() {
    let all = [
        Wrong::Required,
        Wrong::Empty,
        Wrong::UnknownValue,
        Wrong::TooLong { max: 255 },
        Wrong::TooLarge { max: 1_024 },
        Wrong::TooMany { max: 100 },
        Wrong::OutOfRange { min: 1, max: 500 },
        Wrong::Positive,
        Wrong::NotAUuid,
        Wrong::NotAnOrgId,
        Wrong::NotAListId,
        Wrong::NotAnAddress,
        Wrong::NotAKey,
        Wrong::ChooseYesOrNo,
        Wrong::InvalidCharacters,
        Wrong::BadToken,
        Wrong::Duplicate,
        Wrong::ExactlyOne,
        Wrong::TokenAndNotUsed,
        Wrong::Undecodable,
    ];
    let mut violations = Violations::new();
    for wrong in all {
        violations.add("a.field", wrong);
    }
    for violation in violations.iter() {
        for language in Language::ALL {
            let text = violation.describe(language);
            assert!(!text.starts_with("violation-") && !text.contains('?'), "{violation:?}: {text}");
        }
    }
}

/// The headers of a status: Envoy, grpc-java and others take 8 KiB of them.
fn header_bytes(status: Status) -> usize {
    let response = status.into_http::<tonic::body::Body>();
    response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum()
}

#[test]
fn the_largest_status_fits_into_headers() {
    let mut violations = Violations::new();
    for position in 0..1_000 {
        violations
            .add(format!("shares[{position}].portal_id"), Wrong::OutOfRange { min: 1, max: 10_000_000 });
    }
    let long = "長い名前".repeat(10_000);
    for failure in [
        Failure::Invalid(violations),
        Refusal::new(Reason::SalesforceValidationRule).with("message", &long).into(),
        Refusal::new(Reason::SalesforceRejected).with("message", &long).with("code", &long).into(),
    ] {
        for language in Language::ALL {
            let bytes = header_bytes(of(&call(language), &failure));
            assert!(bytes <= 8 * 1024, "{bytes} bytes");
        }
    }
}

#[test]
fn words_from_outside_cannot_break_a_line() {
    let refusal = Refusal::new(Reason::HubspotRejected).with("message", "a\r\nx-evil: 1\u{1b}[31m\0b");
    let status = of(&call(Language::En), &refusal.into());
    assert!(!status.message().chars().any(char::is_control), "{:?}", status.message());
    let details = status.get_error_details();
    let metadata = &details.error_info().unwrap().metadata;
    assert!(metadata.values().all(|value| !value.chars().any(char::is_control)), "{metadata:?}");
}
