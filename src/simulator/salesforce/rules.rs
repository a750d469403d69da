//! What makes an org refuse a record that is well-formed: its own rules, duplicates, converted leads, activities.

use serde_json::{Value, json};

use super::{
    answer::ApiError,
    fixture::{Condition, DuplicateRule},
    ids,
    org::{Org, Record},
    schema::Object,
    soql,
};

/// A record about to be written.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The object.
    pub object: &'a Object,
    /// Its id, if it exists already.
    pub id: Option<&'a str>,
    /// What it will be.
    pub record: &'a Record,
    /// API version, for links.
    pub version: &'a str,
    /// Whether duplicates that may be saved shall be saved.
    pub allow_duplicates: bool,
}

/// The first rule that refuses the record.
///
/// # Errors
/// `FIELD_INTEGRITY_EXCEPTION`, `FIELD_CUSTOM_VALIDATION_EXCEPTION`, `DUPLICATE_VALUE`, `DUPLICATES_DETECTED`.
pub fn check(org: &Org, candidate: Candidate<'_>) -> Result<(), ApiError> {
    activity(candidate)?;
    validation(org, candidate)?;
    unique_values(org, candidate)?;
    duplicates(org, candidate)
}

fn text<'r>(record: &'r Record, field: &str) -> &'r str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn activity(candidate: Candidate<'_>) -> Result<(), ApiError> {
    if !matches!(candidate.object.name.as_str(), "Task" | "Event") {
        return Ok(());
    }
    let who_is_lead = text(candidate.record, "WhoId").starts_with("00Q");
    if who_is_lead && !text(candidate.record, "WhatId").is_empty() {
        let message = "If the 'Name' value is a lead, 'Related To' must be blank";
        return Err(ApiError::field("FIELD_INTEGRITY_EXCEPTION", message, &["WhatId"]));
    }
    Ok(())
}

fn validation(org: &Org, candidate: Candidate<'_>) -> Result<(), ApiError> {
    for rule in &org.fixture.validation_rules {
        if !rule.object.eq_ignore_ascii_case(&candidate.object.name) {
            continue;
        }
        let name =
            candidate.object.field(&rule.field).map_or(rule.field.as_str(), |field| field.name.as_str());
        let value = candidate.record.get(name).unwrap_or(&Value::Null);
        if rule.when.fits(value) {
            let fields = if rule.at_field { vec![name] } else { Vec::new() };
            return Err(ApiError::field("FIELD_CUSTOM_VALIDATION_EXCEPTION", &rule.message, &fields));
        }
    }
    Ok(())
}

impl Condition {
    fn fits(&self, value: &Value) -> bool {
        let lower = || value.as_str().unwrap_or_default().to_lowercase();
        match self {
            Self::Always => true,
            Self::Blank => value.is_null() || value.as_str() == Some(""),
            Self::NotBlank => !Self::Blank.fits(value),
            Self::Equals(Value::String(wanted)) => value.is_string() && lower() == wanted.to_lowercase(),
            Self::Equals(wanted) => value == wanted,
            Self::NotEquals(wanted) => !Self::Equals(wanted.clone()).fits(value),
            Self::Contains(part) => lower().contains(&part.to_lowercase()),
            Self::EndsWith(end) => lower().ends_with(&end.to_lowercase()),
        }
    }
}

fn unique_values(org: &Org, candidate: Candidate<'_>) -> Result<(), ApiError> {
    for field in candidate.object.fields.iter().filter(|field| field.unique) {
        let value = text(candidate.record, &field.name);
        if value.is_empty() {
            continue;
        }
        let other = org.live_records(&candidate.object.name).find(|(id, record)| {
            Some(id.as_str()) != candidate.id && text(record, &field.name).eq_ignore_ascii_case(value)
        });
        if let Some((id, _)) = other {
            let message = format!(
                "duplicate value found: {} duplicates value on record with id: {}",
                field.name,
                ids::short(id)
            );
            return Err(ApiError::field("DUPLICATE_VALUE", message, &[]));
        }
    }
    Ok(())
}

fn duplicates(org: &Org, candidate: Candidate<'_>) -> Result<(), ApiError> {
    for rule in &org.fixture.duplicate_rules {
        let concerns = rule.object.eq_ignore_ascii_case(&candidate.object.name);
        if !concerns || (rule.allow_save && candidate.allow_duplicates) {
            continue;
        }
        let own = [rule.object.clone()];
        let objects =
            if rule.match_objects.is_empty() { own.as_slice() } else { rule.match_objects.as_slice() };
        let results: Vec<Value> =
            objects.iter().filter_map(|object| matches_in(org, candidate, rule, object)).collect();
        if !results.is_empty() {
            return Err(detected(rule, candidate.object, &results));
        }
    }
    Ok(())
}

fn matches_in(org: &Org, candidate: Candidate<'_>, rule: &DuplicateRule, object: &str) -> Option<Value> {
    let object = org.schema.object(object)?;
    let like = |(id, record): &(&String, &Record)| {
        Some(id.as_str()) != candidate.id
            && !rule.match_fields.is_empty()
            && rule.match_fields.iter().all(|field| {
                let value = text(candidate.record, field);
                !value.is_empty() && text(record, field).eq_ignore_ascii_case(value)
            })
    };
    let records: Vec<Value> = org
        .live_records(&object.name)
        .filter(like)
        .map(|(id, _)| {
            json!({
                "additionalInformation": [],
                "fieldDiffs": [],
                "matchConfidence": 100.0,
                "record": {"attributes": soql::attributes(object, id, candidate.version, false), "Id": id},
            })
        })
        .collect();
    if records.is_empty() {
        return None;
    }
    Some(json!({
        "entityType": object.name,
        "errors": [],
        "matchEngine": "FuzzyMatchEngine",
        "size": records.len(),
        "matchRecords": records,
        "rule": format!("Standard_{}_Match_Rule_v1_1", object.name),
        "success": true,
    }))
}

fn detected(rule: &DuplicateRule, object: &Object, results: &[Value]) -> ApiError {
    let mut error = ApiError::field("DUPLICATES_DETECTED", &rule.message, &[]);
    error.fields = None;
    // Salesforce spells this key so.
    error.extra.insert(
        "duplicateResut".to_owned(),
        json!({
            "allowSave": rule.allow_save,
            "duplicateRule": rule.name,
            "duplicateRuleEntityType": object.name,
            "errorMessage": rule.message,
            "matchResults": results,
        }),
    );
    error
}
