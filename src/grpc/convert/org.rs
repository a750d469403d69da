//! Orgs and their API calls.

use super::{allocation_source, edition, environment, etag, narrow, timestamp};
use crate::{
    api::v1,
    control::{Budget, OrgView},
    domain::connection::Connection,
    grpc::access::Viewer,
};

/// An org.
#[must_use]
pub fn org(view: &OrgView) -> v1::Org {
    let org = &view.record.org;
    v1::Org {
        org_id: org.org_id.to_string(),
        name: org.name.clone(),
        edition: org.edition.map(edition).unwrap_or_default().into(),
        environment: environment(org.environment).into(),
        instance_url: org.instance_url.clone(),
        portal_limit: org.portal_cap,
        portals_connected: narrow(view.connected),
        seats: org.seats.unwrap_or(0),
        etag: etag(view.record.version),
        create_time: Some(timestamp(view.record.created_at)),
        update_time: Some(timestamp(view.record.updated_at)),
    }
}

/// A portal at an org, with the API calls that it used in the last 24 hours.
fn org_portal(connection: &Connection, used: i64) -> v1::OrgPortal {
    v1::OrgPortal {
        portal_id: connection.portal_id.get(),
        place: connection.place,
        connection_id: connection.id.to_string(),
        api_call_limit: connection.api_call_limit,
        api_calls_used: used,
    }
}

/// The portals at an org that may be named, and how many there are beside them.
#[must_use]
pub fn portals(viewer: &Viewer<'_>, budget: &Budget) -> (Vec<v1::OrgPortal>, i32) {
    let named: Vec<v1::OrgPortal> = budget
        .connections
        .iter()
        .filter(|connection| viewer.portals.allows(connection.portal_id))
        .map(|connection| org_portal(connection, budget.used_by(connection.portal_id)))
        .collect();
    let others = budget.connections.len() - named.len();
    (named, i32::try_from(others).unwrap_or(i32::MAX))
}

/// How an org's API calls are shared and used. The sums are those of all its portals.
#[must_use]
pub fn budget(viewer: &Viewer<'_>, budget: &Budget) -> v1::ApiBudget {
    let (portals, other_portals) = portals(viewer, budget);
    let org = &budget.record.org;
    let held: i64 = budget.connections.iter().map(|connection| connection.api_call_limit).sum();
    let observed = budget.record.observed;
    v1::ApiBudget {
        org_id: org.org_id.to_string(),
        allocation: org.allocation,
        allocation_source: allocation_source(org.allocation_source).into(),
        used_in_org: observed.map_or(0, |(used, _)| used),
        observe_time: observed.map(|(_, at)| timestamp(at)),
        used_by_connector: budget.usage.iter().map(|row| row.used).sum(),
        reserved: budget.usage.iter().map(|row| row.reserved).sum(),
        held_by_portals: held,
        unassigned: (org.allocation - held).max(0),
        portals,
        other_portals,
        etag: etag(budget.record.version),
    }
}
