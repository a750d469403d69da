//! What the service answers, and what it refuses, as a client reads it.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use connector::api::v1;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// An error as a client reads it.
#[derive(Debug)]
pub struct Refused {
    pub code: Code,
    /// `ErrorInfo.reason`.
    pub reason: String,
    /// `ErrorInfo.metadata`.
    pub metadata: HashMap<String, String>,
    /// Subjects of the `PreconditionFailure`, in order.
    pub subjects: Vec<String>,
    /// Fields of the `BadRequest`, in order.
    pub fields: Vec<String>,
    /// Language and text of the `LocalizedMessage`.
    pub localized: (String, String),
    /// The status' own message.
    pub message: String,
}

impl Refused {
    /// Reads the details of a status.
    pub fn read(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let localized = details.localized_message();
        Self {
            code: status.code(),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            metadata: info.map(|info| info.metadata.clone()).unwrap_or_default(),
            subjects: details
                .precondition_failure()
                .map(|failure| failure.violations.iter().map(|one| one.subject.clone()).collect())
                .unwrap_or_default(),
            fields: details
                .bad_request()
                .map(|request| request.field_violations.iter().map(|one| one.field.clone()).collect())
                .unwrap_or_default(),
            localized: localized.map(|text| (text.locale.clone(), text.message.clone())).unwrap_or_default(),
            message: status.message().to_owned(),
        }
    }
}

/// What came instead of an answer; an answer is the error here.
pub fn refused<T: std::fmt::Debug>(result: Result<T, Status>) -> Result<Refused> {
    match result {
        Ok(answer) => anyhow::bail!("it was not refused: {answer:?}"),
        Err(status) => Ok(Refused::read(&status)),
    }
}

/// Asserts code and reason, and gives the rest.
pub fn refused_for<T: std::fmt::Debug>(
    result: Result<T, Status>,
    code: Code,
    reason: v1::ErrorReason,
) -> Result<Refused> {
    let refusal = refused(result)?;
    let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
    ensure!(refusal.code == code && refusal.reason == name, "not {code:?} {name}: {refusal:?}");
    Ok(refusal)
}

/// The message of a response.
pub fn inner<T>(result: Result<Response<T>, Status>) -> Result<T, Status> {
    result.map(Response::into_inner)
}
