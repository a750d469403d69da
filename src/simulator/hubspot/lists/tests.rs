#![expect(clippy::unwrap_used, reason = "test")]

use serde_json::json;
use time::{Duration, macros::datetime};

use super::*;
use crate::simulator::hubspot::{
    fixture::{ListFixture, PortalFixture, RecordFixture},
    seed::stage_filter,
    world::World,
};

const NOON: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

fn world() -> World {
    let mut world = World::default();
    let fixture = PortalFixture::new(1)
        .contact(&[("email", "a@x.org"), ("lifecyclestage", "lead"), ("city", "Nara")])
        .contact(&[("email", "b@x.org"), ("lifecyclestage", "customer")])
        .contact(&[("email", "c@x.org")]);
    world.create(fixture, NOON).unwrap();
    world
}

fn add(portal: &mut Portal, name: &str, filters: &Value) -> u32 {
    let branch = json!({"filterBranchType": "OR", "filters": [], "filterBranches": [
        {"filterBranchType": "AND", "filterBranches": [], "filters": filters}]});
    portal.put_list(&ListFixture::dynamic(name, branch), NOON).unwrap()
}

fn emails(portal: &Portal, list: u32) -> Vec<String> {
    let store = portal.store(ObjectType::Contact);
    let members = portal.lists.get(list).unwrap().members.keys();
    members.map(|id| store.get(*id).unwrap().value("email").unwrap().to_owned()).collect()
}

#[test]
fn an_active_list_follows_its_records_with_a_lag() {
    let mut world = world();
    let portal = world.portal_mut(1).unwrap();
    let list = ListFixture::dynamic("leads", stage_filter(&["lead", "customer"]));
    let list = portal.put_list(&list, NOON).unwrap();
    assert_eq!(emails(portal, list), ["a@x.org", "b@x.org"]);

    let write = crate::simulator::hubspot::portal::Write {
        now: NOON,
        strict: false,
        immediate: false,
        names_portal: true,
    };
    let contact = portal.store(ObjectType::Contact).holder("email", "c@x.org").unwrap();
    let change = [("lifecyclestage".to_owned(), "lead".to_owned())].into();
    portal.apply(ObjectType::Contact, contact, change, write);
    portal.settle_lists(NOON + Duration::milliseconds(999));
    assert_eq!(emails(portal, list), ["a@x.org", "b@x.org"]);
    portal.settle_lists(NOON + Duration::seconds(1));
    assert_eq!(emails(portal, list), ["a@x.org", "b@x.org", "c@x.org"]);

    portal.archive(ObjectType::Contact, contact, write);
    assert_eq!(emails(portal, list), ["a@x.org", "b@x.org"]);
}

#[test]
fn branches_combine_and_other_lists_count() {
    let mut world = world();
    let portal = world.portal_mut(1).unwrap();
    let city = json!({"filterType": "PROPERTY", "property": "city",
        "operation": {"operationType": "MULTISTRING", "operator": "IS_EQUAL_TO", "values": ["NARA"]}});
    let stage = json!({"filterType": "PROPERTY", "property": "lifecyclestage",
        "operation": {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN"}});
    let both = add(portal, "both", &json!([city, stage]));
    assert_eq!(emails(portal, both), ["a@x.org"]);
    let known = add(portal, "known", &json!([stage]));
    let not_both = json!({"filterType": "IN_LIST", "operator": "NOT_IN_LIST", "listId": both.to_string()});
    let rest = add(portal, "rest", &json!([stage, not_both]));
    assert_eq!(emails(portal, rest), ["b@x.org"]);
    assert_eq!(portal.lists.get(known).unwrap().members.len(), 2);

    let neither = json!({"filterBranchType": "OR", "filters": [], "filterBranches": [
        {"filterBranchType": "AND", "filters": [], "filterBranches": [
            {"filterBranchType": "NOT_ANY", "filterBranches": [], "filters": [city, stage]}]}]});
    let neither = portal.put_list(&ListFixture::dynamic("neither", neither), NOON).unwrap();
    assert_eq!(emails(portal, neither), ["c@x.org"]);
}

#[test]
fn an_association_branch_looks_at_the_partners() {
    let mut world = world();
    let portal = world.portal_mut(1).unwrap();
    let acme = RecordFixture::new(&[("name", "Acme")]);
    let acme = portal.put_record(ObjectType::Company, &acme, NOON).unwrap();
    let contact = portal.store(ObjectType::Contact).holder("email", "b@x.org").unwrap();
    let default = portal.associations.default_type(ObjectType::Contact, ObjectType::Company).unwrap();
    portal.associations.link((ObjectType::Contact, contact), (ObjectType::Company, acme), &[default]);
    let branch = json!({"filterBranchType": "OR", "filters": [], "filterBranches": [
        {"filterBranchType": "AND", "filters": [], "filterBranches": [
            {"filterBranchType": "ASSOCIATION", "objectTypeId": "0-2", "operator": "IN_LIST",
             "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279, "filterBranches": [],
             "filters": [{"filterType": "PROPERTY", "property": "name",
                "operation": {"operationType": "STRING", "operator": "IS_EQUAL_TO", "value": "acme"}}]}]}]});
    let list = portal.put_list(&ListFixture::dynamic("of acme", branch), NOON).unwrap();
    assert_eq!(emails(portal, list), ["b@x.org"]);
}

#[test]
fn the_root_must_be_an_or_of_ands() {
    let leaf = json!({"filterBranchType": "AND", "filterBranches": [], "filters": []});
    for wrong in [
        leaf.clone(),
        json!({"filterBranchType": "OR", "filterBranches": [], "filters": []}),
        json!({"filterBranchType": "OR", "filterBranches": [{"filterBranchType": "OR"}], "filters": []}),
        json!({"filterBranchType": "MAYBE"}),
        json!({}),
    ] {
        let refused = Branch::parse_root(&wrong).unwrap_err();
        assert_eq!(refused.sub_category, Some("ILS.INVALID_FILTER_BRANCH"), "{wrong}");
    }
    Branch::parse_root(&json!({"filterBranchType": "OR", "filters": [], "filterBranches": [leaf]})).unwrap();
}
