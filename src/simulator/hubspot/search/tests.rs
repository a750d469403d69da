#![expect(clippy::unwrap_used, reason = "test")]

use serde_json::json;

use super::*;
use crate::simulator::hubspot::property_defaults::catalog;

fn filter(name: &str, operator: &str, value: &str) -> Value {
    json!({"propertyName": name, "operator": operator, "value": value})
}

#[test]
fn limits_of_a_request_are_enforced() {
    let catalog = catalog(ObjectType::Contact, &[]);
    let refused = |body: Value| {
        let body: SearchBody = serde_json::from_value(body).unwrap();
        plan(&body, &catalog).is_err()
    };
    let filters = |count: usize| vec![filter("email", "EQ", "a"); count];
    assert!(refused(json!({"filterGroups": vec![json!({"filters": filters(1)}); 6]})));
    assert!(refused(json!({"filterGroups": [{"filters": filters(7)}]})));
    assert!(refused(json!({"filterGroups": vec![json!({"filters": filters(4)}); 5]})));
    assert!(!refused(json!({"filterGroups": vec![json!({"filters": filters(6)}); 3]})));
    assert!(refused(json!({"limit": 201})));
    assert!(refused(json!({"limit": 200, "after": "9900"})));
    assert!(!refused(json!({"limit": "200", "after": "9800", "sorts": ["-createdate"]})));
    assert!(refused(json!({"after": "abc"})));
    assert!(refused(json!({"sorts": ["createdate", "email"]})));
}
