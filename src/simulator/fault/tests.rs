use super::*;

const BODY: &[u8] = b"{\"LastName\":\"Doe\"}";

fn facts<'a>(method: &'a str, path: &'a str) -> RequestFacts<'a> {
    RequestFacts { method, path, query: "q=SELECT+Id+FROM+Lead", body: BODY }
}

fn cut() -> Action {
    Action::Cut { point: Point::Before }
}

#[test]
fn a_star_spans_slashes_and_no_star_means_contains() {
    assert!(path_fits("/services/*/sobjects/*", "/services/data/v64.0/sobjects/Lead/1"));
    assert!(!path_fits("/services/*/sobjects/*", "/services/data/v64.0/query"));
    assert!(path_fits("sobjects", "/services/data/v64.0/sobjects/Lead"));
    assert!(!path_fits("/a*b", "/a/c"));
    assert!(path_fits("*", "/anything"));
}

#[test]
fn skips_then_hits_the_next_n_then_is_spent() {
    let faults = Faults::default();
    let handle = faults.add(FaultPlan::on("POST", "/x", cut()).skip(1).times(2));
    let hits: Vec<bool> = (0..5).map(|_| faults.strike(&facts("POST", "/x")).is_some()).collect();
    assert_eq!(hits, [false, true, true, false, false]);
    assert_eq!(handle.hits(), 2);
    assert!(faults.strike(&facts("GET", "/x")).is_none());
}

#[test]
fn every_part_of_a_matcher_must_fit() {
    let faults = Faults::default();
    let matches = RequestMatch {
        query: Some("FROM Lead".to_owned()),
        body: Some("Doe".to_owned()),
        ..RequestMatch::default()
    };
    faults.add(FaultPlan::new(matches.clone(), cut()));
    assert!(faults.strike(&facts("GET", "/x")).is_some());
    faults.clear();
    faults.add(FaultPlan::new(RequestMatch { body: Some("Roe".to_owned()), ..matches }, cut()));
    assert!(faults.strike(&facts("GET", "/x")).is_none());
}

#[test]
fn a_seed_fixes_which_requests_are_hit() {
    let run = |seed| -> Vec<bool> {
        let faults = Faults::default();
        faults.add(FaultPlan::on("GET", "/x", cut()).probability(0.3, seed));
        (0..200).map(|_| faults.strike(&facts("GET", "/x")).is_some()).collect()
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
    let hits = run(7).iter().filter(|hit| **hit).count();
    assert!((30..=90).contains(&hits), "{hits} of 200");
}
