use std::collections::BTreeSet;

use prost_reflect::DescriptorPool;

use super::requests::REQUESTS;
use crate::api;

#[test]
fn every_method_of_the_descriptor_is_fuzzed() {
    let pool = DescriptorPool::decode(api::DESCRIPTOR).unwrap_or_default();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let described: BTreeSet<String> =
        methods.map(|method| format!("{}/{}", method.parent_service().name(), method.name())).collect();
    let fuzzed: BTreeSet<String> = REQUESTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(described.len() > 50, "the descriptor is read");
    assert_eq!(described, fuzzed);
    // One byte chooses among them.
    assert!(REQUESTS.len() < 256);
}
