//! Requests of `OrgService`.

use std::collections::BTreeMap;

use super::{
    field::{self, Page},
    mutation::{Mutation, mutation},
    violations::{Parsed, Violations, Wrong},
};
use crate::{
    api::v1,
    domain::{OrgId, PortalId, api_limit::MAX_LIMIT},
};

/// Shares in one request: an org never has more portals.
const MAX_SHARES: usize = 100;

/// A request that names an org and nothing else.
///
/// # Errors
/// When it is no organization id.
pub fn only_org(org_id: &str) -> Parsed<OrgId> {
    let mut v = Violations::new();
    let id = field::org_id(&mut v, "org_id", org_id);
    v.finish(id)
}

/// `ListOrgsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListOrgsRequest) -> Parsed<Page> {
    let mut v = Violations::new();
    let page = field::page(&mut v, message.page_size, message.page_token);
    v.finish(page)
}

/// New shares of an org's API calls.
#[derive(Debug)]
pub struct AllocateApiCalls {
    /// The frame.
    pub mutation: Mutation,
    /// The org.
    pub org_id: OrgId,
    /// Calls per rolling 24 hours for each portal that is named.
    pub shares: BTreeMap<PortalId, i64>,
}

/// `AllocateApiCallsRequest`, or everything that is wrong with it.
pub fn allocate(mut message: v1::AllocateApiCallsRequest) -> Parsed<AllocateApiCalls> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let org_id = field::org_id(&mut v, "org_id", &message.org_id);
    let shares = shares(&mut v, &message.shares);
    let parsed = || Some(AllocateApiCalls { mutation, org_id: org_id?, shares });
    v.finish(parsed())
}

fn shares(violations: &mut Violations, given: &[v1::ApiCallShare]) -> BTreeMap<PortalId, i64> {
    let mut shares = BTreeMap::new();
    if given.is_empty() {
        violations.add("shares", Wrong::Required);
    } else if given.len() > MAX_SHARES {
        violations.add("shares", Wrong::TooMany { max: MAX_SHARES });
    }
    for (position, share) in given.iter().take(MAX_SHARES).enumerate() {
        let at = |name: &str| format!("shares[{position}].{name}");
        let portal_id = field::portal_id(violations, &at("portal_id"), share.portal_id);
        let limit = field::within(violations, &at("api_call_limit"), share.api_call_limit, 1..=MAX_LIMIT);
        if let (Some(portal_id), Some(limit)) = (portal_id, limit)
            && shares.insert(portal_id, limit).is_some()
        {
            violations.add(at("portal_id"), Wrong::Duplicate);
        }
    }
    shares
}
