//! Paths against the schema and the user's rights, and the values they lead to.

use serde_json::Value;

use super::{Query, SoqlError};
use crate::simulator::salesforce::{
    access::View,
    org::Record,
    schema::{Field, Object},
};

/// A path that exists and that the user may read.
#[derive(Clone, Debug)]
pub(super) struct Resolved<'a> {
    /// Reference fields on the way, each with the object it leads to (none: one of several).
    hops: Vec<(&'a Field, Option<&'a Object>)>,
    /// The relationship names on the way, spelled as in the schema.
    pub(super) names: Vec<String>,
    /// The field at the end.
    pub(super) field: &'a Field,
}

/// Finds the object of a query.
pub(super) fn object<'a>(view: View<'a>, query: &Query) -> Result<&'a Object, SoqlError> {
    let found = view.object(&query.from).filter(|object| object.name != "Name");
    found.ok_or_else(|| {
        let what = format!(
            "sObject type '{}' is not supported. If you are attempting to use a custom object, be sure to append the \
             '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
            query.from
        );
        SoqlError::about("INVALID_TYPE", &query.text, &query.from, &what)
    })
}

/// Finds a path, starting at `object`.
pub(super) fn path<'a>(
    view: View<'a>,
    query: &Query,
    object: &'a Object,
    path: &[String],
) -> Result<Resolved<'a>, SoqlError> {
    let mut words = path;
    if let [first, rest @ ..] = words {
        let is_alias = query.alias.as_ref().is_some_and(|alias| alias.eq_ignore_ascii_case(first));
        if !rest.is_empty() && (is_alias || first.eq_ignore_ascii_case(&object.name)) {
            words = rest;
        }
    }
    let Some((last, relationships)) = words.split_last() else {
        return Err(SoqlError::at("MALFORMED_QUERY", &query.text, 0, "empty field path"));
    };
    let mut current = object;
    let mut hops = Vec::new();
    let mut names = Vec::new();
    for relationship in relationships {
        let (field, target) = hop(view, current, relationship).ok_or_else(|| {
            let what = format!(
                "Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom \
                 relationship, be sure to append the '__r' after the custom relationship name. Please reference your \
                 WSDL or the describe call for the appropriate names."
            );
            SoqlError::about("INVALID_FIELD", &query.text, &path.join("."), &what)
        })?;
        names.push(relationship_name(field));
        hops.push((field, target));
        current = target.or_else(|| view.org.schema.object("Name").map(AsRef::as_ref)).unwrap_or(current);
    }
    let field = view.field(current, last).ok_or_else(|| {
        let what = format!(
            "No such column '{last}' on entity '{}'. If you are attempting to use a custom field, be sure to append \
             the '__c' after the custom field name. Please reference your WSDL or the describe call for the \
             appropriate names.",
            current.name
        );
        SoqlError::about("INVALID_FIELD", &query.text, &path.join("."), &what)
    })?;
    Ok(Resolved { hops, names, field })
}

fn hop<'a>(
    view: View<'a>,
    object: &'a Object,
    relationship: &str,
) -> Option<(&'a Field, Option<&'a Object>)> {
    let (field, targets) = object.parent(relationship)?;
    view.field(object, &field.name)?;
    match targets {
        [one] => Some((field, Some(view.object(one)?))),
        _ => Some((field, None)),
    }
}

fn relationship_name(field: &Field) -> String {
    match &field.kind {
        crate::simulator::salesforce::schema::Kind::Reference { relationship: Some(name), .. } => {
            name.clone()
        }
        _ => field.name.clone(),
    }
}

impl Resolved<'_> {
    /// The path as in the schema, without an alias.
    pub(super) fn full_name(&self) -> String {
        self.names.iter().chain([&self.field.name]).map(String::as_str).collect::<Vec<_>>().join(".")
    }

    /// The value at the end of the path; null where a parent is missing.
    pub(super) fn value(&self, view: View<'_>, record: &Record) -> Value {
        match self.hops.split_first() {
            None => record.get(&self.field.name).cloned().unwrap_or(Value::Null),
            Some(_) => {
                let Some((object, parent)) = self.parent(view, record) else { return Value::Null };
                match parent.get(&self.field.name) {
                    Some(value) => value.clone(),
                    None if self.field.name == "Type" => Value::String(object),
                    None => Value::Null,
                }
            }
        }
    }

    /// The record that the relationships lead to, and its object's name.
    fn parent(&self, view: View<'_>, record: &Record) -> Option<(String, Record)> {
        let mut current = record.clone();
        let mut name = String::new();
        for (field, target) in &self.hops {
            let id = current.get(&field.name)?.as_str()?.to_owned();
            let object = match target {
                Some(object) => object,
                None => view.org.schema.by_prefix(id.get(..3)?)?.as_ref(),
            };
            current = view.rows(object).get(&id)?.clone();
            name.clone_from(&object.name);
        }
        Some((name, current))
    }

    /// Name and id of the object at each relationship of the path, outermost first; stops where a parent is missing.
    pub(super) fn stations(&self, view: View<'_>, record: &Record) -> Vec<(String, String)> {
        let mut stations = Vec::new();
        let mut current = record.clone();
        for (field, target) in &self.hops {
            let Some(id) = current.get(&field.name).and_then(Value::as_str).map(str::to_owned) else { break };
            let object = match target {
                Some(object) => Some(*object),
                None => id.get(..3).and_then(|prefix| view.org.schema.by_prefix(prefix)).map(AsRef::as_ref),
            };
            let Some(object) = object else { break };
            let Some(next) = view.rows(object).get(&id).cloned() else { break };
            stations.push((object.name.clone(), id));
            current = next;
        }
        stations
    }
}
