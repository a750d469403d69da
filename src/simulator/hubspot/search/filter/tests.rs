#![expect(clippy::unwrap_used, reason = "test")]

use serde_json::json;

use super::*;
use crate::simulator::hubspot::{object_type::ObjectType, property_defaults::catalog};

fn finds(filter: Value, values: &[(&str, &str)]) -> bool {
    let catalog = catalog(ObjectType::Contact, &[]);
    let body: FilterBody = serde_json::from_value(filter).unwrap();
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Filter::parse(&body, &catalog).unwrap().matches(&values)
}

fn filter(name: &str, operator: &str, value: &str) -> Value {
    json!({"propertyName": name, "operator": operator, "value": value})
}

#[test]
fn strings_ignore_case_and_enumerations_do_not() {
    assert!(finds(filter("firstname", "EQ", "ADA"), &[("firstname", "Ada")]));
    assert!(!finds(filter("firstname", "NEQ", "ada"), &[("firstname", "Ada")]));
    assert!(finds(filter("lifecyclestage", "EQ", "lead"), &[("lifecyclestage", "lead")]));
    assert!(!finds(filter("lifecyclestage", "EQ", "Lead"), &[("lifecyclestage", "lead")]));
}

#[test]
fn numbers_and_moments_are_not_compared_as_text() {
    assert!(finds(filter("num_notes", "GT", "9"), &[("num_notes", "10")]));
    let modified = &[("lastmodifieddate", "2024-09-19T12:30:45.000Z")];
    assert!(finds(filter("lastmodifieddate", "GTE", "2024-09-19T04:30:45-08:00"), modified));
    assert!(!finds(filter("lastmodifieddate", "GT", "1726749045000"), modified));
    assert!(finds(filter("lastmodifieddate", "LTE", "1726749045000"), modified));
    let between =
        json!({"propertyName": "num_notes", "operator": "BETWEEN", "value": "9", "highValue": "11"});
    assert!(finds(between.clone(), &[("num_notes", "11")]));
    assert!(!finds(between, &[("num_notes", "12")]));
}

#[test]
fn lists_of_strings_must_be_lower_case() {
    let any = |values: Value| json!({"propertyName": "city", "operator": "IN", "values": values});
    assert!(finds(any(json!(["kyoto", "osaka"])), &[("city", "Osaka")]));
    assert!(!finds(any(json!(["Osaka"])), &[("city", "Osaka")]));
    let none = json!({"propertyName": "city", "operator": "NOT_IN", "values": ["osaka"]});
    assert!(finds(none, &[("city", "Kyoto")]));
}

#[test]
fn records_without_a_value_are_found_by_not_has_property_only() {
    assert!(finds(json!({"propertyName": "city", "operator": "NOT_HAS_PROPERTY"}), &[]));
    assert!(!finds(json!({"propertyName": "city", "operator": "HAS_PROPERTY"}), &[]));
    assert!(finds(json!({"propertyName": "city", "operator": "HAS_PROPERTY"}), &[("city", "Nara")]));
    assert!(!finds(filter("city", "NEQ", "Nara"), &[]));
    assert!(!finds(filter("city", "NOT_CONTAINS_TOKEN", "nara"), &[]));
}

#[test]
fn tokens_are_words_and_take_wildcards() {
    let email = &[("email", "ada.lovelace@alpha.example")];
    assert!(finds(filter("email", "CONTAINS_TOKEN", "lovelace"), email));
    assert!(finds(filter("email", "CONTAINS_TOKEN", "*@alpha.example"), email));
    assert!(finds(filter("email", "CONTAINS_TOKEN", "alpha.example"), email));
    assert!(finds(filter("email", "CONTAINS_TOKEN", "lov*"), email));
    assert!(!finds(filter("email", "CONTAINS_TOKEN", "love"), email));
    assert!(finds(filter("email", "NOT_CONTAINS_TOKEN", "beta"), email));
}

#[test]
fn unknown_properties_operators_and_values_are_refused() {
    let catalog = catalog(ObjectType::Contact, &[]);
    for wrong in [
        filter("nonsense", "EQ", "1"),
        filter("email", "LIKE", "a"),
        filter("lastmodifieddate", "GTE", "yesterday"),
        json!({"propertyName": "email", "operator": "EQ"}),
        json!({"propertyName": "email", "operator": "IN", "values": []}),
    ] {
        let body: FilterBody = serde_json::from_value(wrong.clone()).unwrap();
        let refused = Filter::parse(&body, &catalog).unwrap_err();
        assert_eq!(refused.status, http::StatusCode::BAD_REQUEST, "{wrong}");
    }
}
