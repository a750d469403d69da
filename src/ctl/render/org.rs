//! Orgs and their API calls.

use super::{Tone, card, grid, more, named, plain, show, stacked, toned};
use crate::{
    api::v1::{self, SalesforceEdition, SalesforceEnvironment, api_call_limit::AllocationSource},
    ctl::{
        labels::label,
        output::{View, number, time},
    },
};

show! {
    GetOrgResponse => |m, view| one(m.org.as_ref(), view);
    ListOrgsResponse => |m, view| stacked([many(&m.orgs, view), more(&m.next_page_token, view.lang)]);
    ListOrgPortalsResponse => |m, view| stacked([places(&m.portals, view), room(m, view)]);
    GetApiBudgetResponse => |m, view| budget(m.budget.as_ref(), view);
    AllocateApiCallsResponse => |m, view| budget(m.budget.as_ref(), view);
}

fn one(org: Option<&v1::Org>, view: &View) -> String {
    let Some(org) = org else { return String::new() };
    let seats = if org.seats == 0 { String::new() } else { number(org.seats.into()) };
    card(
        view,
        vec![
            ("org", plain(&org.org_id)),
            ("name", plain(&org.name)),
            ("edition", named::<SalesforceEdition>(org.edition, view)),
            ("environment", named::<SalesforceEnvironment>(org.environment, view)),
            ("instance", plain(&org.instance_url)),
            ("seats", plain(seats)),
            ("portals", plain(format!("{} / {}", org.portals_connected, org.portal_limit))),
            ("first-seen", plain(time(org.create_time.as_ref()))),
            ("updated", plain(time(org.update_time.as_ref()))),
            ("etag", toned(&org.etag, Tone::Faint)),
        ],
    )
}

fn many(orgs: &[v1::Org], view: &View) -> String {
    let header = ["org", "name", "edition", "environment", "portals"];
    let rows = orgs.iter().map(|org| {
        vec![
            plain(&org.org_id),
            plain(&org.name),
            named::<SalesforceEdition>(org.edition, view),
            named::<SalesforceEnvironment>(org.environment, view),
            plain(format!("{} / {}", org.portals_connected, org.portal_limit)),
        ]
    });
    grid(view, &header, rows.collect())
}

fn places(portals: &[v1::OrgPortal], view: &View) -> String {
    let header = ["place", "portal", "limit", "used", "connection"];
    let rows = portals.iter().map(|portal| {
        vec![
            plain(portal.place.to_string()),
            plain(portal.portal_id.to_string()),
            plain(number(portal.api_call_limit)),
            plain(number(portal.api_calls_used)),
            plain(&portal.connection_id),
        ]
    });
    grid(view, &header, rows.collect())
}

fn room(response: &v1::ListOrgPortalsResponse, view: &View) -> String {
    let (taken, limit) = (response.portals.len().to_string(), response.portal_limit.to_string());
    format!("{}\n", view.lang.with("ctl-places", &[("taken", &taken), ("limit", &limit)]))
}

fn budget(budget: Option<&v1::ApiBudget>, view: &View) -> String {
    let Some(budget) = budget else { return String::new() };
    let source = label::<AllocationSource>(budget.allocation_source, view.lang);
    let figures = card(
        view,
        vec![
            ("org", plain(&budget.org_id)),
            ("allocation", plain(format!("{} ({source})", number(budget.allocation)))),
            ("held", plain(number(budget.held_by_portals))),
            ("unassigned", plain(number(budget.unassigned))),
            ("used-in-org", plain(used_in_org(budget))),
            ("used-by-connector", plain(number(budget.used_by_connector))),
            ("reserved", plain(number(budget.reserved))),
            ("etag", toned(&budget.etag, Tone::Faint)),
        ],
    );
    let portals = if budget.portals.is_empty() { String::new() } else { places(&budget.portals, view) };
    stacked([figures, portals])
}

fn used_in_org(budget: &v1::ApiBudget) -> String {
    match time(budget.observe_time.as_ref()) {
        observed if observed.is_empty() => String::new(),
        observed => format!("{} ({observed})", number(budget.used_in_org)),
    }
}
