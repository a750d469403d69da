//! What can go wrong, and how it is told: the server's own words first, then every detail, then what to do next.

use std::{error::Error as _, fmt::Write as _, io};

use owo_colors::{OwoColorize as _, Style};
use serde_json::json;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    exit::Exit,
    hints,
    labels::label,
    lang::Lang,
    output::{Format, printable},
};
use crate::api::v1::Step;

/// Why a command did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server, or the way to it, refused a call.
    #[error("{}: {}", .0.status.code(), .0.status.message())]
    Rpc(Box<RpcFailure>),
    /// The command line, the environment or a file that it names makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Ctrl-C, or a question that was left without an answer.
    #[error("interrupted")]
    Interrupted,
    /// Asked whether to do it, the user said no.
    #[error("nothing was done")]
    Declined,
    /// Whoever read standard output has enough.
    #[error("standard output was closed")]
    PipeClosed,
    /// A file or the terminal failed.
    #[error("{0}")]
    Io(io::Error),
    /// A defect of this program or of the server.
    #[error("{0}")]
    Internal(String),
}

/// A refused call with what is needed to talk about it.
#[derive(Debug)]
pub struct RpcFailure {
    /// What the server answered.
    pub status: Status,
    /// Where it was called.
    pub endpoint: String,
    /// The request id of the mutation: sending it again finds out whether it happened.
    pub request_id: Option<String>,
}

impl Error {
    /// The exit code that goes with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Rpc(failure) => Exit::of_code(failure.status.code()),
            Self::Usage(_) => Exit::Usage,
            Self::Interrupted | Self::Declined => Exit::Interrupted,
            Self::PipeClosed => Exit::Ok,
            Self::Io(_) | Self::Internal(_) => Exit::Internal,
        }
    }

    /// The status, when a server refused.
    pub fn status(&self) -> Option<&Status> {
        match self {
            Self::Rpc(failure) => Some(&failure.status),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::PipeClosed,
            io::ErrorKind::Interrupted => Self::Interrupted,
            _ => Self::Io(error),
        }
    }
}

/// Tells a failure on standard error, as text or as one JSON object.
pub fn report(error: &Error, lang: Lang, format: Format, color: bool) {
    match (error, format) {
        (Error::PipeClosed, _) => {}
        (_, Format::Json) => eprintln!("{}", json(error, lang)),
        (_, Format::Table) => eprint!("{}", text(error, lang, color)),
    }
}

/// A failure as lines for people.
pub fn text(error: &Error, lang: Lang, color: bool) -> String {
    let bad = if color { Style::new().red().bold() } else { Style::new() };
    let heading = lang.text("ctl-error");
    match error {
        Error::Interrupted => format!("{}\n", lang.text("ctl-error-interrupted")),
        Error::Declined => format!("{}\n", lang.text("ctl-error-declined")),
        Error::Rpc(failure) => format!("{} {}", heading.style(bad), rpc_text(failure, lang, color)),
        Error::Usage(message) => {
            let hint = lang.text("ctl-error-usage");
            format!("{} {message}\n  {hint}\n", heading.style(bad))
        }
        Error::Io(_) | Error::Internal(_) | Error::PipeClosed => {
            format!("{} {error}\n", heading.style(bad))
        }
    }
}

fn rpc_text(failure: &RpcFailure, lang: Lang, color: bool) -> String {
    let status = &failure.status;
    let details = status.get_error_details();
    let dim = if color { Style::new().dimmed() } else { Style::new() };
    let good = if color { Style::new().cyan() } else { Style::new() };
    let told = message(failure, &details, lang);
    let mut out = printable(&told);
    if let Some(reason) = reason(&details) {
        let _ = write!(out, " {}", format_args!("[{reason}]").style(dim));
    }
    out.push('\n');
    for line in detail_lines(&details, &told, lang) {
        let _ = writeln!(out, "  - {}", printable(&line));
    }
    for link in details.help().map(|help| help.links.as_slice()).unwrap_or_default() {
        let _ = writeln!(out, "  {}: {}", printable(&link.description), printable(&link.url));
    }
    if let Some(delay) = retry_delay(&details) {
        let seconds = delay.as_secs_f64().ceil().to_string();
        let _ = writeln!(out, "  {}", lang.with("ctl-error-retry", &[("seconds", &seconds)]));
    }
    if let Some(id) = server_request_id(status, &details) {
        let words = lang.with("ctl-error-request-id", &[("id", &id)]);
        let _ = writeln!(out, "  {}", words.style(dim));
    }
    if let Some(hint) = hints::next(status.code(), reason(&details), failure.request_id.as_deref(), lang) {
        let _ = writeln!(out, "{} {hint}", lang.text("ctl-error-next").style(good));
    }
    out
}

/// The localized message where there is one; a plain word about the way to the server where nothing answered.
fn message(failure: &RpcFailure, details: &ErrorDetails, lang: Lang) -> String {
    if let Some(localized) = details.localized_message().filter(|localized| !localized.message.is_empty()) {
        return localized.message.clone();
    }
    let status = &failure.status;
    if let Some(source) = status.source() {
        let cause = innermost(source);
        return lang.with("ctl-error-unreachable", &[("endpoint", &failure.endpoint), ("cause", &cause)]);
    }
    if status.message().is_empty() { status.code().to_string() } else { status.message().to_owned() }
}

fn innermost(mut error: &(dyn std::error::Error + 'static)) -> String {
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn reason(details: &ErrorDetails) -> Option<&str> {
    details.error_info().map(|info| info.reason.as_str()).filter(|reason| !reason.is_empty())
}

fn retry_delay(details: &ErrorDetails) -> Option<std::time::Duration> {
    details.retry_info().and_then(|info| info.retry_delay)
}

fn server_request_id(status: &Status, details: &ErrorDetails) -> Option<String> {
    details
        .request_info()
        .map(|info| info.request_id.clone())
        .filter(|id| !id.is_empty())
        .or_else(|| status.metadata().get("x-request-id")?.to_str().ok().map(str::to_owned))
}

/// One line for each field, precondition and quota that was violated.
fn detail_lines(details: &ErrorDetails, told: &str, lang: Lang) -> Vec<String> {
    let fields = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let preconditions =
        details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    let quotas = details.quota_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    let fields = fields.iter().map(|violation| {
        let localized = violation.localized_message.as_ref().map(|localized| localized.message.as_str());
        let words = localized.filter(|words| !words.is_empty()).unwrap_or(&violation.description);
        format!("{}: {words}", violation.field)
    });
    let rules = preconditions.iter().map(|rule| (rule.subject.as_str(), rule.description.as_str()));
    let spent = quotas.iter().map(|quota| (quota.subject.as_str(), quota.description.as_str()));
    let rules = rules.chain(spent).filter_map(|(subject, words)| subject_line(subject, words, told, lang));
    fields.chain(rules).collect()
}

/// What a violation is about, and its words where they have not been told already.
fn subject_line(subject: &str, words: &str, told: &str, lang: Lang) -> Option<String> {
    let step = Step::from_str_name(subject).map(|step| label::<Step>(step.into(), lang));
    let is_told = words.is_empty() || told.contains(words) || step.as_deref() == Some(words);
    match (step, is_told) {
        (Some(step), true) => Some(step),
        (Some(step), false) => Some(format!("{step}: {words}")),
        (None, true) => None,
        (None, false) if subject.is_empty() => Some(words.to_owned()),
        (None, false) => Some(format!("{subject}: {words}")),
    }
}

/// A failure as one JSON object, with the exit code.
pub fn json(error: &Error, lang: Lang) -> serde_json::Value {
    let exit = error.exit() as u8;
    let Error::Rpc(failure) = error else {
        return json!({"error": {"message": error.to_string(), "exit_code": exit}});
    };
    let status = &failure.status;
    let details = status.get_error_details();
    let metadata =
        details.error_info().map(|info| info.metadata.iter().collect::<std::collections::BTreeMap<_, _>>());
    let fields = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    let preconditions =
        details.precondition_failure().map(|failure| failure.violations.as_slice()).unwrap_or_default();
    let links = details.help().map(|help| help.links.as_slice()).unwrap_or_default();
    json!({"error": {
        "code": code_name(status.code()),
        "reason": reason(&details),
        "message": message(failure, &details, lang),
        "metadata": metadata.unwrap_or_default(),
        "field_violations": fields.iter()
            .map(|violation| json!({"field": violation.field, "description": violation.description}))
            .collect::<Vec<_>>(),
        "precondition_violations": preconditions.iter()
            .map(|violation| json!({
                "type": violation.r#type, "subject": violation.subject, "description": violation.description,
            }))
            .collect::<Vec<_>>(),
        "links": links.iter()
            .map(|link| json!({"description": link.description, "url": link.url}))
            .collect::<Vec<_>>(),
        "retry_after_seconds": retry_delay(&details).map(|delay| delay.as_secs_f64()),
        "server_request_id": server_request_id(status, &details),
        "request_id": failure.request_id,
        "next": hints::next(status.code(), reason(&details), failure.request_id.as_deref(), lang),
        "exit_code": exit,
    }})
}

/// The code as gRPC writes it.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests;
