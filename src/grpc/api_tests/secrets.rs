//! No secret is ever printed: prost ignores `debug_redact`, so the messages that carry one have a `Debug` of our own.

use std::collections::BTreeSet;

use prost::Message;
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor, ReflectMessage as _, Value};

use super::Api;
use crate::api::v1;

const CANARY: &str = "CANARY-7f3a";
/// Words that a secret's name has in it.
const SMELLS: &[&str] = &["password", "secret", "token", "private_key", "passphrase", "credential"];
/// Names that smell and are none.
const HARMLESS: &[&str] = &["page_token", "next_page_token", "resume_token"];

fn printed<M: Message + Default + std::fmt::Debug>(bytes: &[u8]) -> String {
    format!("{:?} {:#?}", M::decode(bytes).unwrap(), M::decode(bytes).unwrap())
}

/// Decodes and prints a message of this name by the type that the server has for it.
fn print(name: &str, bytes: &[u8]) -> Option<String> {
    macro_rules! table {
        ($($message:ident),* $(,)?) => {
            match name { $(stringify!($message) => Some(printed::<v1::$message>(bytes)),)* _ => None }
        };
    }
    table!(
        ConnectAccountsRequest,
        CreateHandoffResponse,
        HubSpotCredential,
        HubSpotOAuth,
        HubSpotStaticToken,
        RegisterPortalRequest,
        RotateCredentialRequest,
        SalesforceClientCredentials,
        SalesforceCredential,
        SalesforceJwtBearer,
        SalesforcePassword,
        SalesforceRefreshToken,
        SubmitSecurityTokenRequest,
        UpdatePortalCredentialRequest,
    )
}

/// `debug_redact` is field 16 of the options; not every descriptor of descriptors knows it.
fn is_redacted(field: &prost_reflect::FieldDescriptor) -> bool {
    let options = field.options();
    options.get_field_by_number(16).is_some_and(|value| value.as_bool() == Some(true))
        || options.unknown_fields().any(|unknown| unknown.number() == 16)
}

/// The message filled in every way that puts a secret somewhere into it; none when it can hold none.
fn fillings(message: &MessageDescriptor, depth: usize) -> Vec<DynamicMessage> {
    assert!(depth < 8, "no message contains itself");
    let mut all = Vec::new();
    for field in message.fields() {
        let with = |value: Value| {
            let mut filled = DynamicMessage::new(message.clone());
            filled.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
            filled
        };
        match field.kind() {
            Kind::Message(inner) if inner.package_name() == super::PACKAGE => {
                all.extend(
                    fillings(&inner, depth + 1).into_iter().map(|filled| with(Value::Message(filled))),
                );
            }
            Kind::String if is_redacted(&field) => all.push(with(Value::String(CANARY.to_owned()))),
            _ => {}
        }
    }
    all
}

#[test]
fn no_message_prints_a_secret() {
    let api = Api::read();
    let mut with_secrets = BTreeSet::new();
    for message in api.messages() {
        for filled in fillings(&message, 0) {
            with_secrets.insert(filled.descriptor().name().to_owned());
            let bytes = filled.encode_to_vec();
            assert!(bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()));
            let text = print(message.name(), &bytes)
                .unwrap_or_else(|| panic!("{} carries a secret: add it to the table", message.full_name()));
            assert!(!text.contains(CANARY), "{} prints a secret: {text}", message.full_name());
        }
    }
    assert!(with_secrets.len() >= 13, "the walk finds them: {with_secrets:?}");
}

#[test]
fn what_smells_of_a_secret_is_marked_as_one() {
    let api = Api::read();
    for message in api.messages() {
        for field in message.fields().filter(|field| matches!(field.kind(), Kind::String | Kind::Bytes)) {
            let smells = SMELLS.iter().any(|smell| field.name().contains(smell));
            let is_harmless = HARMLESS.contains(&field.name());
            assert_eq!(is_redacted(&field), smells && !is_harmless, "{}", field.full_name());
        }
    }
}

#[test]
fn secrets_only_go_in() {
    let api = Api::read();
    for method in api.methods() {
        // Whoever makes a hand-off must learn its token, once.
        let gives = method.name() == "CreateHandoff";
        assert_eq!(
            !fillings(&method.output(), 0).is_empty(),
            gives,
            "{} gives a secret away",
            method.full_name()
        );
    }
}
