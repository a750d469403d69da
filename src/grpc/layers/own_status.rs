//! Statuses that tonic makes itself, before a handler is reached: undecodable bytes are the caller's fault, not ours.

use std::{collections::HashMap, sync::LazyLock};

use axum::{extract::Request, response::Response};
use prost_reflect::{DescriptorPool, Kind};
use tonic::{Code, Status};

use super::{Inner, call_of, refuse};
use crate::{
    api,
    domain::{Reason, Refusal},
    grpc::{
        parse::{Violations, Wrong},
        status::Failure,
    },
};

/// Gives tonic's own statuses our codes and details. Ours are told by their details: they always have some.
pub(super) async fn translate_statuses(max_bytes: usize, request: Request, next: impl Inner) -> Response {
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

/// The path of the field that could not be decoded. prost says it from the inside out, and names a oneof rather than
/// the field of it that was sent:
/// `failed to decode Protobuf message: SalesforcePassword.username: SalesforceCredential.method: …: invalid string …`.
/// It does not say which entry of a list it was.
pub(in crate::grpc) fn field_of(message: &str) -> String {
    let is_word =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let pair = |part| {
        let (owner, field) = str::split_once(part, '.')?;
        (is_word(owner) && is_word(field)).then_some((owner, field))
    };
    let mut path = Vec::new();
    let mut inner = "";
    for (owner, field) in message.split(": ").filter_map(pair) {
        path.push(ONEOFS.member(owner, field, inner).unwrap_or(field));
        inner = owner;
    }
    path.reverse();
    if path.is_empty() { "message".to_owned() } else { path.join(".") }
}

/// The fields of every oneof by its message and name, each with the message that it holds, or "" for a text.
#[derive(Default)]
struct Oneofs(HashMap<(String, String), Vec<(String, String)>>);

static ONEOFS: LazyLock<Oneofs> = LazyLock::new(|| {
    let mut oneofs = Oneofs::default();
    let pool = DescriptorPool::decode(api::DESCRIPTOR).unwrap_or_default();
    for oneof in pool.all_messages().flat_map(|message| message.oneofs().collect::<Vec<_>>()) {
        let members = oneof.fields().filter_map(|field| match field.kind() {
            Kind::Message(inner) => Some((inner.name().to_owned(), field.name().to_owned())),
            Kind::String => Some((String::new(), field.name().to_owned())),
            _ => None,
        });
        let name = (oneof.parent_message().name().to_owned(), oneof.name().to_owned());
        oneofs.0.insert(name, members.collect());
    }
    oneofs
});

impl Oneofs {
    /// The field of a oneof that holds `inner`, if only one does.
    fn member(&self, owner: &str, oneof: &str, inner: &str) -> Option<&str> {
        let members = self.0.get(&(owner.to_owned(), oneof.to_owned()))?;
        let mut fitting = members.iter().filter(|(held, _)| held == inner).map(|(_, field)| field.as_str());
        fitting.next().filter(|_| fitting.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn the_field_is_taken_from_the_decoders_words() {
        let words = "failed to decode Protobuf message: SalesforcePassword.username: SalesforceCredential.method: \
                     ConnectAccountsRequest.credential: invalid string value: data is not UTF-8 encoded";
        assert_eq!(field_of(words), "credential.password.username");
        let words =
            "failed to decode Protobuf message: ChooseInclusionListRequest.choice: invalid string value";
        assert_eq!(field_of(words), "list_id");
        assert_eq!(field_of("Missing request message."), "message");
        assert_eq!(field_of("protocol error: received message with invalid compression flag: 9"), "message");
    }
}
