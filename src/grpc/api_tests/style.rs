//! Naming, comments, and what requests of a kind have in common.

use std::collections::BTreeSet;

use prost_reflect::Kind;

use super::{Api, is_read, short_name};
use crate::{
    domain::{access::PortalGrant, setup::Step},
    grpc::{access::Viewer, describe, links::Links, parse::mutation::METHODS},
    locale::Language,
};

fn is_camel(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// `HubSpotSubscription` → `HUB_SPOT_SUBSCRIPTION`.
fn upper_snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_uppercase());
    }
    snake
}

#[test]
fn every_rpc_has_a_request_and_a_response_of_its_own() {
    let api = Api::read();
    let mut used = BTreeSet::new();
    for method in api.methods() {
        assert!(is_camel(method.name()), "{}", method.full_name());
        for (message, suffix) in [(method.input(), "Request"), (method.output(), "Response")] {
            assert_eq!(message.name(), format!("{}{suffix}", method.name()), "{}", method.full_name());
            assert!(used.insert(message.full_name().to_owned()), "{} is shared", message.full_name());
        }
        assert!(!method.is_client_streaming(), "{}", method.full_name());
        assert_eq!(
            method.is_server_streaming(),
            method.name().starts_with("Watch"),
            "{}",
            method.full_name()
        );
    }
    assert_eq!(api.services().len(), 9);
}

#[test]
fn names_are_what_the_style_guide_says() {
    let api = Api::read();
    for service in api.services() {
        assert!(is_camel(service.name()) && service.name().ends_with("Service"), "{}", service.name());
    }
    for message in api.messages() {
        assert!(is_camel(message.name()), "{}", message.full_name());
        for field in message.fields() {
            assert!(is_snake(field.name()), "{}", field.full_name());
            let is_time =
                matches!(field.kind(), Kind::Message(of) if of.full_name() == "google.protobuf.Timestamp");
            let says_time = field.name() == "time" || field.name().ends_with("_time");
            assert_eq!(is_time, says_time, "{}", field.full_name());
        }
        for oneof in message.oneofs() {
            assert!(is_snake(oneof.name().trim_start_matches('_')), "{}", oneof.full_name());
        }
    }
    for of in api.enums() {
        let prefix = format!("{}_", upper_snake(of.name()));
        for value in of.values() {
            assert!(value.name().starts_with(&prefix), "{} {}", of.full_name(), value.name());
        }
        assert_eq!(of.get_value(0).unwrap().name(), format!("{prefix}UNSPECIFIED"), "{}", of.full_name());
    }
}

#[test]
fn everything_has_a_comment() {
    let api = Api::read();
    let mut bare = Vec::new();
    let mut look = |file: &str, path: &[i32], name: &str| {
        if api.comment(file, path).is_empty() {
            bare.push(name.to_owned());
        }
    };
    for message in api.messages() {
        let file = message.parent_file();
        look(file.name(), message.path(), message.full_name());
        for field in message.fields() {
            look(file.name(), field.path(), field.full_name());
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.name().starts_with('_')) {
            look(file.name(), oneof.path(), oneof.full_name());
        }
    }
    for of in api.enums() {
        let file = of.parent_file();
        look(file.name(), of.path(), of.full_name());
        for value in of.values() {
            look(file.name(), value.path(), value.full_name());
        }
    }
    for service in api.services() {
        let file = service.parent_file();
        look(file.name(), service.path(), service.full_name());
        for method in service.methods() {
            look(file.name(), method.path(), method.full_name());
        }
    }
    assert!(bare.is_empty(), "without a comment: {bare:?}");
}

#[test]
fn every_rpc_says_how_it_fails_with_reasons_that_exist() {
    let api = Api::read();
    for method in api.methods() {
        let service = method.parent_service();
        let comment = api.comment(service.parent_file().name(), method.path());
        assert!(comment.contains("Errors"), "{} does not say how it fails", method.full_name());
        let words = comment.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
        for word in words.filter(|word| word.contains('_') && word.len() > 5) {
            let is_value = api.enums().iter().any(|of| of.values().any(|value| value.name() == word));
            let is_reason = crate::domain::Reason::from_name(word).is_some();
            assert!(is_value || is_reason, "{} speaks of {word}", method.full_name());
        }
    }
}

#[test]
fn what_changes_something_can_be_repeated_and_has_a_frame() {
    let api = Api::read();
    let mut changing = BTreeSet::new();
    for method in api.methods() {
        let request_id = method.input().get_field_by_name("request_id");
        assert_eq!(request_id.is_none(), is_read(&method), "{}", method.full_name());
        if let Some(field) = request_id {
            assert_eq!((field.number(), field.kind()), (1, Kind::String), "{}", field.full_name());
            changing.insert(short_name(&method));
        }
        if let Some(field) = method.input().get_field_by_name("validate_only") {
            assert_eq!((field.number(), field.kind()), (15, Kind::Bool), "{}", field.full_name());
        }
    }
    let framed: BTreeSet<String> = METHODS.iter().map(|method| (*method).to_owned()).collect();
    assert_eq!(framed, changing, "every change is parsed with its frame");
}

#[test]
fn lists_have_pages_and_watches_can_be_resumed() {
    let api = Api::read();
    for method in api.methods() {
        let (request, response) = (method.input(), method.output());
        let has = |field: &str| request.get_field_by_name(field).is_some();
        // The portals of an org are never more than the org's limit.
        let is_list = method.name().starts_with("List") && method.name() != "ListOrgPortals";
        assert_eq!(has("page_size") && has("page_token"), is_list, "{}", method.full_name());
        assert_eq!(
            response.get_field_by_name("next_page_token").is_some(),
            is_list,
            "{}",
            method.full_name()
        );
        let is_watch = method.name().starts_with("Watch");
        assert_eq!(has("resume_token"), is_watch, "{}", method.full_name());
        if is_watch {
            assert!(response.get_field_by_name("resume_token").is_some(), "{}", method.full_name());
            let events: Vec<String> = response
                .oneofs()
                .find(|oneof| oneof.name() == "event")
                .unwrap()
                .fields()
                .map(|field| field.name().to_owned())
                .collect();
            assert_eq!(
                events,
                ["snapshot", "transition", "heartbeat", "reset", "end"],
                "{}",
                method.full_name()
            );
        }
    }
}

#[test]
fn r25_the_steps_name_rpcs_and_values_that_exist() {
    let api = Api::read();
    let general = describe::General { portals_per_org: 2, calls_per_contact_sync: 4 };
    let described = describe::steps(
        &Viewer { language: Language::En, portals: &PortalGrant::All },
        &Links::default(),
        general,
        None,
    );
    assert_eq!(described.steps.len(), Step::ORDER.len());
    for step in described.steps {
        let (service, method) = step.rpc.split_once('/').unwrap();
        let service = api.pool.get_service_by_name(service).unwrap();
        let method = service.methods().find(|known| known.name() == method).unwrap();
        for option in step.options {
            let (field, value) = option.value.split_once('=').unwrap_or((&option.value, &option.value));
            let is_value = api.enums().iter().any(|of| of.values().any(|known| known.name() == value));
            let is_field = std::iter::once(method.input())
                .chain(method.input().fields().filter_map(|field| field.kind().as_message().cloned()))
                .any(|message| message.get_field_by_name(field).is_some());
            assert!(is_value || is_field, "{}", option.value);
        }
    }
}
