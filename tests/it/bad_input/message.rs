//! Requests as the descriptor has them: their fields as paths, and messages filled with values that are right.

use anyhow::{Context as _, Result};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value};

use super::{rules::Known, table::RULES};

/// A field, however deep; of a list, the list itself (`shares`) and its first entry (`shares[0]`).
pub struct Leaf {
    pub path: String,
    pub kind: Kind,
    is_list: bool,
}

impl Leaf {
    /// A message whose fields are leaves of their own.
    pub fn is_message(&self) -> bool {
        matches!(self.kind, Kind::Message(_)) && !self.is_list
    }
}

/// Every field of a message and of the messages in it.
pub fn leaves(message: &MessageDescriptor) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(message, "", &mut found);
    found
}

fn collect(message: &MessageDescriptor, prefix: &str, found: &mut Vec<Leaf>) {
    for field in message.fields() {
        let path = format!("{prefix}{}", field.name());
        if field.is_list() {
            // Not of the kind of its entries: bytes that are no text are tried in an entry.
            found.push(Leaf { path: path.clone(), kind: Kind::Bool, is_list: true });
        }
        let path = if field.is_list() { format!("{path}[0]") } else { path };
        let kind = field.kind();
        found.push(Leaf { path: path.clone(), kind: kind.clone(), is_list: false });
        if let Kind::Message(inner) = kind {
            collect(&inner, &format!("{path}."), found);
        }
    }
}

/// A message with the right value in every field; of a oneof the field that leads to `target`, or else the first.
pub fn filled(known: &Known, message: &MessageDescriptor, target: &str) -> Result<DynamicMessage> {
    fill(known, message.name(), message, "", target)
}

fn fill(
    known: &Known,
    request: &str,
    message: &MessageDescriptor,
    prefix: &str,
    target: &str,
) -> Result<DynamicMessage> {
    let mut filled = DynamicMessage::new(message.clone());
    for field in message.fields().filter(|field| is_chosen(field, prefix, target)) {
        let path = format!("{prefix}{}", field.name());
        let path = if field.is_list() { format!("{path}[0]") } else { path };
        let value = match field.kind() {
            Kind::Message(inner) => {
                Some(Value::Message(fill(known, request, &inner, &format!("{path}."), target)?))
            }
            _ => {
                let row = RULES
                    .iter()
                    .find(|(message, of, _)| *of == path && (*message == request || *message == "*"));
                let (_, _, rule) = row.with_context(|| format!("{request}.{path} has no row"))?;
                rule(known).good
            }
        };
        let Some(value) = value else { continue };
        filled.set_field(&field, if field.is_list() { Value::List(vec![value]) } else { value });
    }
    Ok(filled)
}

fn is_chosen(field: &FieldDescriptor, prefix: &str, target: &str) -> bool {
    let Some(oneof) = field.containing_oneof().filter(|oneof| !oneof.name().starts_with('_')) else {
        return true;
    };
    let leads = |field: &FieldDescriptor| {
        let path = format!("{prefix}{}", field.name());
        target == path || target.strip_prefix(&path).is_some_and(|rest| rest.starts_with('.'))
    };
    let chosen = oneof.fields().find(leads).or_else(|| oneof.fields().next());
    chosen.is_some_and(|chosen| chosen.number() == field.number())
}

/// Sets the field at a path, or clears it.
pub fn put(message: &mut DynamicMessage, path: &str, value: Option<Value>) -> Result<()> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let (name, in_list) = head.strip_suffix("[0]").map_or((head, false), |name| (name, true));
    let field = message.descriptor().get_field_by_name(name).context("no such field")?;
    if rest.is_none() && !in_list {
        match value {
            Some(value) => message.set_field(&field, value),
            None => message.clear_field(&field),
        }
        return Ok(());
    }
    let mut at = message.get_field_mut(&field);
    if in_list {
        at = at.as_list_mut().and_then(|list| list.first_mut()).context("an entry")?;
    }
    match rest {
        Some(rest) => put(at.as_message_mut().context("a message")?, rest, value),
        None => {
            *at = value.context("an entry can't be cleared")?;
            Ok(())
        }
    }
}
