//! The reasons of the domain and those of the API are one list.

use super::Api;
use crate::{
    api::v1,
    domain::{Reason, reason::Kind},
    grpc::status,
};

/// `FAILED_PRECONDITION` for a kind.
fn code_name(kind: Kind) -> &'static str {
    match kind {
        Kind::InvalidArgument => "INVALID_ARGUMENT",
        Kind::NotFound => "NOT_FOUND",
        Kind::AlreadyExists => "ALREADY_EXISTS",
        Kind::FailedPrecondition => "FAILED_PRECONDITION",
        Kind::Aborted => "ABORTED",
        Kind::OutOfRange => "OUT_OF_RANGE",
        Kind::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Kind::Unavailable => "UNAVAILABLE",
        Kind::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Kind::Unauthenticated => "UNAUTHENTICATED",
        Kind::PermissionDenied => "PERMISSION_DENIED",
        Kind::Internal => "INTERNAL",
    }
}

#[test]
fn every_reason_is_documented_with_its_code_and_an_example() {
    let api = Api::read();
    let list = api.pool.get_enum_by_name("connector.v1.ErrorReason").unwrap();
    let file = list.parent_file();
    for reason in Reason::ALL {
        let value = list.get_value(reason.number()).unwrap_or_else(|| panic!("{reason} is not in the API"));
        assert_eq!(value.name(), format!("ERROR_REASON_{reason}"));
        assert!(v1::ErrorReason::try_from(reason.number()).is_ok());
        let comment = api.comment(file.name(), value.path());
        let (code, text) = comment.split_once(": ").unwrap();
        assert_eq!(code, code_name(reason.kind()), "{reason}");
        assert!(text.contains("\n Example: ") || text.contains("\nExample: "), "{reason}: {text}");
    }
    assert_eq!(
        list.values().count(),
        Reason::ALL.len() + 1,
        "and none in the API that the domain does not know"
    );
}

#[test]
fn kinds_are_grpc_codes() {
    for reason in Reason::ALL {
        let code = format!("{:?}", status::code(reason.kind()));
        assert_eq!(code.to_uppercase(), code_name(reason.kind()).replace('_', ""));
    }
}
