//! What is bad for each field, and a request that is good apart from it.

use anyhow::{Result, bail};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::scene::Scene;
use crate::harness::walk::request_id;

/// How a bad value has to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// `INVALID_ARGUMENT` that names the field.
    Named,
    /// A refusal of whatever kind.
    Refused,
    /// Anything but a failure of ours: the value is not looked at, or is fine in itself.
    Harmless,
}

/// A request with one bad value.
pub struct Bad {
    /// Path of the field.
    pub path: String,
    /// Begin of the value, for messages.
    pub shown: String,
    pub request: DynamicMessage,
    pub expect: Expect,
}

/// Almost as long as a message may be.
fn huge() -> String {
    "a".repeat(900_000)
}

fn strings(expect: Expect, values: &[&str]) -> Vec<(Value, Expect)> {
    values.iter().map(|value| (Value::String((*value).to_owned()), expect)).collect()
}

/// Bad values of a field; of a repeated field, of its entries.
fn bad(field: &FieldDescriptor) -> Result<Vec<(Value, Expect)>> {
    use Expect::{Harmless, Named, Refused};
    let parent = field.parent_message().name().to_owned();
    let mut values = match field.kind() {
        Kind::Bool => Vec::new(),
        Kind::Enum(_) => [99, -1, i32::MIN, i32::MAX].map(|n| (Value::EnumNumber(n), Named)).to_vec(),
        Kind::Int32 => bad_numbers(field.name())?.into_iter().map(|n| (Value::I32(n), Named)).collect(),
        Kind::Int64 if field.name() == "portal_id" => {
            let may_be_zero = matches!(
                parent.as_str(),
                "ListSetupsRequest" | "WatchConnectionsRequest" | "WatchSyncStatusRequest"
            );
            let mut values = vec![(Value::I64(-1), Named), (Value::I64(i64::MIN), Named)];
            values.extend((!may_be_zero).then_some((Value::I64(0), Named)));
            values.push((Value::I64(i64::MAX), if may_be_zero { Harmless } else { Refused }));
            values
        }
        Kind::Int64 if matches!(field.name(), "limit" | "api_call_limit") => {
            [0, -1, i64::MIN, i64::MAX].map(|n| (Value::I64(n), Named)).to_vec()
        }
        Kind::Int64 if ignored(field) => [-1, i64::MAX].map(|n| (Value::I64(n), Harmless)).to_vec(),
        Kind::String => bad_strings(field.name(), &parent)?,
        kind => bail!("{}: say what is bad for {kind:?}", field.full_name()),
    };
    if ignored(field) {
        values.iter_mut().for_each(|(_, expect)| *expect = Harmless);
    }
    Ok(values)
}

/// A list in a sync setting is told by its id alone.
fn ignored(field: &FieldDescriptor) -> bool {
    field.parent_message().name() == "SmartList" && field.name() != "list_id"
}

fn bad_numbers(name: &str) -> Result<Vec<i32>> {
    Ok(match name {
        "page_size" => vec![-1, 501, i32::MIN, i32::MAX],
        "seat_count" => vec![0, -1, i32::MIN, i32::MAX],
        _ => bail!("{name}: say what is bad for this number"),
    })
}

fn bad_strings(name: &str, parent: &str) -> Result<Vec<(Value, Expect)>> {
    use Expect::{Named, Refused};
    let long = huge();
    let mut values = strings(Named, &[long.as_str()]);
    let not_an_id = ["x", "\0", "'; drop table portals; --", "00000000-0000-0000-0000-00000000000g", "é"];
    match name {
        "request_id" => {
            let odd = ["{0199f3a2-7c1d-7f00-8000-000000000001}", "0199f3a27c1d7f008000000000000001"];
            values.extend(strings(Named, &not_an_id));
            values.extend(strings(Named, &odd));
        }
        "setup_id" | "test_contact_id" => {
            values.extend(strings(Named, &not_an_id));
            let empty = if parent == "DescribeSetupRequest" { Expect::Harmless } else { Named };
            values.extend(strings(empty, &[""]));
            values.extend(strings(Refused, &["0199f3a2-7c1d-7f00-8000-000000000001"]));
        }
        "org_id" | "expected_org_id" => {
            values.extend(strings(Named, &not_an_id));
            values.extend(strings(Named, &["001000000000001AAA", "00D00000000000!"]));
            let optional = name == "expected_org_id" || parent == "ListConnectionsRequest";
            values.extend(strings(if optional { Expect::Harmless } else { Named }, &[""]));
            if optional {
                // An empty one is fine, and then so is the rest of the request.
                values.pop();
            }
        }
        "etag" | "review_etag" => values.extend(strings(Refused, &["x", "W-999999", "W--1", "\0", "é"])),
        "page_token" | "resume_token" => {
            values.extend(strings(Named, &["x", "!", "\0", "é", "AAAA", "MTpwb3J0YWxzOjA6OQ"]));
        }
        "list_id" => values.extend(strings(Named, &["x", "-1", "1;2", "\0", ""])),
        "login_url" => {
            values.extend(strings(
                Named,
                &["x", "ftp://a.example", "https://u:p@a.example", "https://a.example/x", "https://", "\0"],
            ));
            if parent == "SalesforceClientCredentials" {
                values.extend(strings(Named, &[""]));
            }
        }
        "private_key_pem" => values.extend(strings(Named, &["", "x", "\0", "-----BEGIN PRIVATE KEY-----"])),
        "security_token" => values.extend(strings(Named, &["a b", "a\0b"])),
        "name"
        | "display_name"
        | "query"
        | "reason"
        | "lowest_lifecycle_stage"
        | "lifecycle_stages"
        | "username"
        | "client_id"
        | "password"
        | "client_secret"
        | "refresh_token"
        | "token" => {
            values.extend(strings(Named, &["a\0b", "a\u{1b}[31mb"]));
            let may_be_empty = matches!(name, "display_name" | "query" | "reason" | "lowest_lifecycle_stage")
                || (name == "client_secret" && parent == "SalesforceRefreshToken");
            if !may_be_empty {
                values.extend(strings(Named, &[""]));
            }
        }
        "processing_type" => {}
        _ => bail!("{parent}.{name}: say what is bad for this text"),
    }
    Ok(values)
}

/// A message that is good as a whole, as far as its fields tell.
pub fn good(message: &MessageDescriptor, scene: &Scene) -> DynamicMessage {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields() {
        let later_in_oneof = field
            .containing_oneof()
            .is_some_and(|oneof| oneof.fields().next().is_none_or(|first| first != field));
        if later_in_oneof || (field.name() == "not_used") || field.name() == "validate_only" {
            continue;
        }
        filled.set_field(&field, in_list(&field, good_value(&field, scene)));
    }
    filled
}

fn in_list(field: &FieldDescriptor, value: Value) -> Value {
    if field.is_list() { Value::List(vec![value]) } else { value }
}

fn good_value(field: &FieldDescriptor, scene: &Scene) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    match field.kind() {
        Kind::Bool => Value::Bool(true),
        Kind::Enum(values) => Value::EnumNumber(values.values().last().map_or(1, |last| last.number())),
        Kind::Message(inner) => Value::Message(good(&inner, scene)),
        Kind::Int32 => Value::I32(50),
        Kind::Int64 if field.name() == "portal_id" => Value::I64(scene.walk.portal_id),
        Kind::Int64 => Value::I64(5_000),
        _ => match field.name() {
            "request_id" => Value::String(request_id()),
            "setup_id" => text(&scene.walk.setup_id),
            "org_id" | "expected_org_id" => text(&scene.org_id),
            "test_contact_id" => text(&scene.test_contact_id),
            "list_id" => text(&scene.list_id),
            "login_url" => text("https://acme.my.salesforce.com"),
            "etag" | "page_token" | "resume_token" | "query" | "lowest_lifecycle_stage" => text(""),
            _ => text("good"),
        },
    }
}

/// Requests that are good but for one value, for every field at every depth.
pub fn each_bad(message: &MessageDescriptor, scene: &Scene) -> Result<Vec<Bad>> {
    let mut all = Vec::new();
    for field in message.fields() {
        let mut base = good(message, scene);
        for other in field.containing_oneof().iter().flat_map(|oneof| oneof.fields().collect::<Vec<_>>()) {
            base.clear_field(&other);
        }
        let entry = if field.is_list() { format!("{}[0]", field.name()) } else { field.name().to_owned() };
        let mut add = |path: String, shown: String, value: Value, expect: Expect| {
            let mut request = base.clone();
            request.set_field(&field, value);
            all.push(Bad { path, shown, request, expect });
        };
        if let Kind::Message(inner) = field.kind() {
            for bad in each_bad(&inner, scene)? {
                let value = in_list(&field, Value::Message(bad.request));
                add(format!("{entry}.{}", bad.path), bad.shown, value, bad.expect);
            }
        } else {
            for (value, expect) in bad(&field)? {
                let shown: String = format!("{value:?}").chars().take(60).collect();
                add(entry.clone(), shown, in_list(&field, value), expect);
            }
        }
        if field.is_list() {
            let one = good_value(&field, scene);
            let many = Value::List(vec![one.clone(); 5_000]);
            add(field.name().to_owned(), "5,000 entries".to_owned(), many, Expect::Named);
            add(field.name().to_owned(), "no entry".to_owned(), Value::List(Vec::new()), Expect::Named);
            let twice = Value::List(vec![one.clone(), one]);
            add(duplicate_path(&field), "the same twice".to_owned(), twice, Expect::Named);
        }
    }
    Ok(all)
}

fn duplicate_path(field: &FieldDescriptor) -> String {
    let inside = if matches!(field.kind(), Kind::Message(_)) { ".portal_id" } else { "" };
    format!("{}[1]{inside}", field.name())
}
