#![expect(clippy::unwrap_used, reason = "test")]

use serde_json::json;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn passes(operation: &Value, value: &str) -> bool {
    let value = Some(value).filter(|value| !value.is_empty());
    Operation::parse(operation).unwrap().matches(value, NOW)
}

#[test]
fn a_choice_is_case_sensitive_and_empty_passes_only_if_told() {
    let any =
        json!({"operationType": "ENUMERATION", "operator": "IS_ANY_OF", "values": ["lead", "customer"]});
    assert!(passes(&any, "lead"));
    assert!(!passes(&any, "Lead"));
    assert!(!passes(&any, "subscriber"));
    assert!(!passes(&any, ""));
    let none = json!({"operationType": "ENUMERATION", "operator": "IS_NONE_OF", "values": ["lead"],
        "includeObjectsWithNoValueSet": true});
    assert!(!passes(&none, "lead"));
    assert!(passes(&none, "customer"));
    assert!(passes(&none, ""));
}

#[test]
fn several_choices_are_compared_as_a_set() {
    let all = json!({"operationType": "ENUMERATION", "operator": "CONTAINS_ALL", "values": ["a", "b"]});
    assert!(passes(&all, "b;c;a"));
    assert!(!passes(&all, "a;c"));
    let exactly = json!({"operationType": "ENUMERATION", "operator": "IS_EXACTLY", "values": ["a", "b"]});
    assert!(passes(&exactly, "b;a"));
    assert!(!passes(&exactly, "a;b;c"));
}

#[test]
fn text_ignores_case_and_takes_any_of_several() {
    let ends = json!({"operationType": "MULTISTRING", "operator": "ENDS_WITH", "values": ["@Example.com", "@x.org"]});
    assert!(passes(&ends, "a@EXAMPLE.com"));
    assert!(passes(&ends, "a@x.org"));
    assert!(!passes(&ends, "a@example.net"));
    let not = json!({"operationType": "STRING", "operator": "DOES_NOT_CONTAIN", "value": "test"});
    assert!(passes(&not, "Real"));
    assert!(!passes(&not, "A Test"));
}

#[test]
fn known_and_unknown_ignore_the_value() {
    let known = json!({"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN"});
    let unknown = json!({"operationType": "ALL_PROPERTY", "operator": "IS_UNKNOWN",
        "includeObjectsWithNoValueSet": false});
    assert!(passes(&known, "x") && !passes(&known, ""));
    assert!(!passes(&unknown, "x") && passes(&unknown, ""));
}

#[test]
fn numbers_compare_as_numbers() {
    let above = json!({"operationType": "NUMBER", "operator": "IS_GREATER_THAN", "value": 9});
    assert!(passes(&above, "10"));
    assert!(!passes(&above, "9"));
    let between = json!({"operationType": "NUMBER_RANGED", "operator": "IS_NOT_BETWEEN",
        "lowerBound": 1, "upperBound": 5});
    assert!(!passes(&between, "5"));
    assert!(passes(&between, "5.5"));
}

#[test]
fn moments_are_fixed_or_move_with_the_clock() {
    let date = json!({"timeType": "DATE", "year": 2026, "month": 11, "day": 1, "zoneId": "UTC"});
    let after = json!({"operationType": "TIME_POINT", "operator": "IS_AFTER", "timePoint": date});
    assert!(passes(&after, "2026-11-02T00:00:00.000Z"));
    assert!(!passes(&after, "2026-11-01T00:00:00.000Z"));
    assert!(!Operation::parse(&after).unwrap().depends_on_time());
    let recent = json!({"operationType": "ROLLING_DATE_RANGE", "operator": "IS_LESS_THAN_X_DAYS_AGO",
        "numberOfDays": 7});
    assert!(passes(&recent, "2026-11-20T00:00:00.000Z"));
    assert!(!passes(&recent, "2026-11-01T00:00:00.000Z"));
    let recent = Operation::parse(&recent).unwrap();
    assert!(recent.depends_on_time());
    assert!(!recent.matches(Some("2026-11-20T00:00:00.000Z"), datetime!(2026-12-24 0:00 UTC)));
}

#[test]
fn what_is_not_known_is_refused() {
    for wrong in [
        json!({"operationType": "ENUMERATION", "operator": "IS_NICE", "values": []}),
        json!({"operationType": "HOROSCOPE", "operator": "IS_EQUAL_TO"}),
        json!({"operationType": "NUMBER", "operator": "IS_EQUAL_TO", "value": "many"}),
        json!({"operator": "IS_EQUAL_TO"}),
    ] {
        let refused = Operation::parse(&wrong).unwrap_err();
        assert_eq!(refused.category, Some("VALIDATION_ERROR"), "{wrong}");
    }
}
