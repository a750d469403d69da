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
            (("org", "組織"), plain(&org.org_id)),
            (("name", "名前"), plain(&org.name)),
            (("edition", "エディション"), named::<SalesforceEdition>(org.edition, view)),
            (("environment", "環境"), named::<SalesforceEnvironment>(org.environment, view)),
            (("instance", "インスタンス"), plain(&org.instance_url)),
            (("seats", "シート数"), plain(seats)),
            (("portals", "接続ポータル"), plain(format!("{} / {}", org.portals_connected, org.portal_limit))),
            (("first seen", "初回確認"), plain(time(org.create_time.as_ref()))),
            (("changed", "更新日時"), plain(time(org.update_time.as_ref()))),
            (("etag", "etag"), toned(&org.etag, Tone::Faint)),
        ],
    )
}

fn many(orgs: &[v1::Org], view: &View) -> String {
    let header = [
        ("ORG", "組織"),
        ("NAME", "名前"),
        ("EDITION", "エディション"),
        ("ENVIRONMENT", "環境"),
        ("PORTALS", "ポータル"),
    ];
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
    let header = [
        ("PLACE", "枠"),
        ("PORTAL", "ポータル"),
        ("CALLS / 24 H", "コール数/24時間"),
        ("USED", "使用済み"),
        ("CONNECTION", "接続"),
    ];
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
    let taken = response.portals.len();
    let limit = response.portal_limit;
    match view.lang {
        crate::ctl::lang::Lang::En => format!("{taken} of {limit} places taken\n"),
        crate::ctl::lang::Lang::Ja => format!("{limit} 枠中 {taken} 枠を使用中\n"),
    }
}

fn budget(budget: Option<&v1::ApiBudget>, view: &View) -> String {
    let Some(budget) = budget else { return String::new() };
    let source = label::<AllocationSource>(budget.allocation_source, view.lang);
    let figures = card(
        view,
        vec![
            (("org", "組織"), plain(&budget.org_id)),
            (
                ("allocation / 24 h", "割り当て/24時間"),
                plain(format!("{} ({source})", number(budget.allocation))),
            ),
            (("held by portals", "ポータルの保有分"), plain(number(budget.held_by_portals))),
            (("unassigned", "未割り当て"), plain(number(budget.unassigned))),
            (("used in the org", "組織全体の使用数"), plain(used_in_org(budget))),
            (("used by the connector", "コネクターの使用数"), plain(number(budget.used_by_connector))),
            (("reserved", "予約中"), plain(number(budget.reserved))),
            (("etag", "etag"), toned(&budget.etag, Tone::Faint)),
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
