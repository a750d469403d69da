//! Nothing that clients build on is changed or taken back.

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use prost_reflect::{Cardinality, Kind};

use super::Api;

/// Set to `1` to take up additions.
const UPDATE: &str = "UPDATE_API_SNAPSHOT";

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/api.txt")
}

fn type_name(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(of) => of.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

/// One line for each thing that a client can depend on.
fn listing(api: &Api) -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for method in api.methods() {
        let stream = if method.is_server_streaming() { "stream " } else { "" };
        let (input, output) = (method.input(), method.output());
        let (input, output) = (input.full_name(), output.full_name());
        lines.insert(format!("rpc {} ({input}) returns ({stream}{output})", method.full_name()));
    }
    for message in api.messages() {
        lines.insert(format!("message {}", message.full_name()));
        for field in message.fields() {
            let label = match (field.cardinality(), field.containing_oneof()) {
                (Cardinality::Repeated, _) => "repeated ".to_owned(),
                (_, Some(oneof)) if oneof.name().starts_with('_') => "optional ".to_owned(),
                (_, Some(oneof)) => format!("oneof {} ", oneof.name()),
                _ => String::new(),
            };
            let (owner, name) = (message.full_name(), field.name());
            lines.insert(format!(
                "field {owner} {} {label}{} {name}",
                field.number(),
                type_name(&field.kind())
            ));
        }
    }
    for of in api.enums() {
        for value in of.values() {
            lines.insert(format!("value {} {} {}", of.full_name(), value.number(), value.name()));
        }
    }
    lines
}

#[test]
fn nothing_is_taken_back() {
    let now = listing(&Api::read());
    let text = fs::read_to_string(path()).unwrap_or_default();
    let promised: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let broken: Vec<&String> = promised.difference(&now).collect();
    assert!(
        broken.is_empty(),
        "clients are built on these, and they are gone or changed:\n{broken:#?}\n\
        Put them back. A field that is no longer used stays, with a comment; a new form gets a new number.\n\
        (Before the first release a line may be deleted from {} by hand.)",
        path().display()
    );
    let added: Vec<&String> = now.difference(&promised).collect();
    if !added.is_empty() && env::var(UPDATE).as_deref() == Ok("1") {
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        fs::write(path(), lines.join("\n") + "\n").unwrap();
        return;
    }
    assert!(
        added.is_empty(),
        "new, and not yet promised:\n{added:#?}\nTake them up with `{UPDATE}=1 cargo test nothing_is_taken_back`.",
    );
}
