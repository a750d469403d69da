//! Statuses that tonic makes itself, before a handler is reached: undecodable bytes are the caller's fault, not ours.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tonic::{Code, Status};

use super::{call_of, refuse};
use crate::{
    domain::{Reason, Refusal},
    grpc::{
        parse::{Violations, Wrong},
        status::Failure,
    },
};

/// Gives tonic's own statuses our codes and details. Ours are told by their details: they always have some.
pub(in crate::grpc) async fn translate_statuses(
    State(max_bytes): State<usize>,
    request: Request,
    next: Next,
) -> Response {
    let Some(call) = call_of(&request) else { return next.run(request).await };
    let response = next.run(request).await;
    let Some(status) = response.extensions().get::<Status>().filter(|status| status.details().is_empty())
    else {
        return response;
    };
    match translated(status, max_bytes) {
        Some(failure) => {
            tracing::info!(code = ?status.code(), message = status.message(), "request was not readable");
            refuse(&call, &failure)
        }
        None => response,
    }
}

fn translated(status: &Status, max_bytes: usize) -> Option<Failure> {
    match status.code() {
        // Before the handler nothing of ours can fail: it is the message that is not one, or is not there at all.
        Code::Internal | Code::Unknown | Code::DataLoss => {
            let mut violations = Violations::new();
            violations.add(field_of(status.message()), Wrong::Undecodable);
            Some(violations.into())
        }
        // Too large as sent, or too large once decompressed.
        Code::OutOfRange | Code::ResourceExhausted => {
            Some(Refusal::new(Reason::MessageTooLarge).with("max_bytes", max_bytes).into())
        }
        _ => None,
    }
}

/// The path of the field that could not be decoded. prost says it as
/// `failed to decode Protobuf message: Outer.credential: Inner.username: invalid string value`.
fn field_of(message: &str) -> String {
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let field = |part: &str| {
        let (owner, field) = part.split_once('.')?;
        (is_word(owner) && is_word(field)).then(|| field.to_owned())
    };
    let path: Vec<String> = message.split(": ").filter_map(field).collect();
    if path.is_empty() { "message".to_owned() } else { path.join(".") }
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn the_field_is_taken_from_the_decoders_words() {
        let words =
            "failed to decode Protobuf message: A.credential: B.password: C.username: invalid string value";
        assert_eq!(field_of(words), "credential.password.username");
        assert_eq!(field_of("Missing request message."), "message");
        assert_eq!(field_of("protocol error: received message with invalid compression flag: 9"), "message");
    }
}
