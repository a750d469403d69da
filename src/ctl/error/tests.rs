//! Failures, told in full.

use std::{collections::HashMap, time::Duration};

use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage};

use super::*;

fn failure(status: Status, request_id: Option<&str>) -> Error {
    let endpoint = "http://127.0.0.1:50051".to_owned();
    Error::Rpc(Box::new(RpcFailure { status, endpoint, request_id: request_id.map(str::to_owned) }))
}

fn details(reason: &str) -> ErrorDetails {
    ErrorDetails::with_error_info(
        reason,
        "connector.v1",
        HashMap::from([("limit".to_owned(), "2".to_owned())]),
    )
}

fn invalid() -> Error {
    let mut details = details("INVALID_FIELD");
    details
        .add_bad_request_violation("seat_count", "must be at least 1")
        .set_localized_message("en", "2 fields of the request are wrong.")
        .add_help_link("Seats", "https://example.com/seats")
        .set_request_info("req-1", "");
    if let Some(bad) = details.bad_request().cloned() {
        let mut violations = bad.field_violations;
        violations.push(FieldViolation {
            field: "etag".to_owned(),
            description: "too long".to_owned(),
            reason: String::new(),
            localized_message: Some(LocalizedMessage {
                locale: "en".to_owned(),
                message: "is too long".to_owned(),
            }),
        });
        details.set_bad_request(violations);
    }
    failure(Status::with_error_details(Code::InvalidArgument, "invalid request", details), None)
}

fn not_reached() -> Error {
    let mut details = details("SETUP_STEP_NOT_REACHED");
    details
        .add_precondition_failure_violation("STEP", "STEP_EDITION", "先に回答してください")
        .add_precondition_failure_violation("STEP", "STEP_ADMIN_ACCESS", "Salesforceの管理アクセス権")
        .set_localized_message("ja", "前のステップが完了していません。");
    failure(Status::with_error_details(Code::FailedPrecondition, "earlier steps are open", details), None)
}

fn unavailable() -> Error {
    let mut details = details("STORE_UNAVAILABLE");
    details.set_retry_info(Some(Duration::from_millis(2_500)));
    let id = "0197a0b2-0000-7000-8000-000000000001";
    failure(Status::with_error_details(Code::Unavailable, "the database does not answer", details), Some(id))
}

#[test]
fn every_detail_is_told_and_what_to_do_next() {
    insta::assert_snapshot!("invalid_fields_en", text(&invalid(), Lang::En, false));
    insta::assert_snapshot!("steps_missing_ja", text(&not_reached(), Lang::Ja, false));
    insta::assert_snapshot!("unavailable_en", text(&unavailable(), Lang::En, false));
    insta::assert_snapshot!("unavailable_ja", text(&unavailable(), Lang::Ja, false));
}

#[test]
fn colour_is_added_only_when_it_is_wanted() {
    assert!(!text(&invalid(), Lang::En, false).contains('\u{1b}'));
    assert!(text(&invalid(), Lang::En, true).contains('\u{1b}'));
}

#[test]
fn json_has_every_detail_and_the_exit_code() {
    insta::assert_snapshot!("invalid_fields_json", format!("{:#}", json(&invalid(), Lang::En)));
    let part = |error: &Error, path: &str| json(error, Lang::En).pointer(path).cloned();
    let subject = part(&not_reached(), "/error/precondition_violations/1/subject");
    assert_eq!(subject, Some("STEP_ADMIN_ACCESS".into()));
    assert_eq!(part(&unavailable(), "/error/retry_after_seconds"), Some(2.5.into()));
    assert_eq!(part(&unavailable(), "/error/exit_code"), Some(6.into()));
    assert_eq!(part(&Error::Interrupted, "/error/exit_code"), Some(130.into()));
}

#[test]
fn a_status_without_details_is_told_by_its_message_or_its_code() {
    let bare = failure(Status::unknown("something"), None);
    assert_eq!(text(&bare, Lang::En, false), "Error: something\n");
    let empty = failure(Status::new(Code::Unauthenticated, ""), None);
    assert!(text(&empty, Lang::En, false).contains("--token-file"));
}

#[test]
fn exit_codes_follow_the_failure() {
    assert_eq!(invalid().exit(), Exit::Invalid);
    assert_eq!(not_reached().exit(), Exit::Refused);
    assert_eq!(unavailable().exit(), Exit::Unavailable);
    assert_eq!(Error::Usage(String::new()).exit(), Exit::Usage);
    assert_eq!(Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit(), Exit::Ok);
}

/// A hint that names a command which does not exist is worse than none.
#[test]
fn hints_name_commands_that_exist() {
    use clap::CommandFactory as _;

    let root = super::super::args::Cli::command();
    let all = (0..200).filter_map(|number| crate::api::v1::ErrorReason::try_from(number).ok());
    let mut seen = 0;
    for reason in all {
        let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
        let hint = hints::next(Code::Ok, Some(name), None, Lang::En).unwrap_or_default();
        for command in hint.split("connectorctl ").skip(1) {
            let mut at = &root;
            for word in
                command.split([' ', '\'']).take_while(|word| word.starts_with(|c: char| c.is_lowercase()))
            {
                let Some(next) = at.find_subcommand(word) else { break };
                at = next;
            }
            assert!(at.get_name() != root.get_name(), "{name}: {hint}");
            seen += 1;
        }
        assert_eq!(hint.is_empty(), hints::next(Code::Ok, Some(name), None, Lang::Ja).is_none(), "{name}");
    }
    assert!(seen > 20, "{seen}");
}
