//! The audit trail.

use super::{Tone, card, grid, more, named, plain, show, stacked, toned};
use crate::{
    api::v1::{self, AuditProblem},
    ctl::output::{View, number, short, time},
};

show! {
    ListAuditEventsResponse => |m, view| stacked([many(&m.events, view), more(&m.next_page_token, view.lang)]);
    VerifyAuditTrailResponse => |m, view| stacked([verdict(m, view), findings(&m.findings, view)]);
}

fn many(events: &[v1::AuditEvent], view: &View) -> String {
    let header = ["time", "portal", "row", "actor", "method", "changed", "reason", "call"];
    let rows = events.iter().map(|event| {
        vec![
            plain(time(event.occur_time.as_ref())),
            plain(portal(event.portal_id)),
            plain(event.sequence.to_string()),
            plain(&event.principal),
            plain(&event.method),
            plain(event.kinds.join(", ")),
            plain(event.reason()),
            toned(short(event.call_id()), Tone::Faint),
        ]
    });
    grid(view, &header, rows.collect())
}

/// What belongs to no portal, such as a change of keys, has none.
fn portal(portal_id: i64) -> String {
    if portal_id == 0 { "–".to_owned() } else { portal_id.to_string() }
}

fn verdict(verdict: &v1::VerifyAuditTrailResponse, view: &View) -> String {
    let (key, tone) = if verdict.findings.is_empty() {
        ("ctl-audit-good", Tone::Good)
    } else {
        ("ctl-audit-broken", Tone::Bad)
    };
    card(
        view,
        vec![
            ("rows", plain(number(verdict.rows_checked))),
            ("chains", plain(number(verdict.chains_checked))),
            ("result", toned(view.lang.text(key), tone)),
        ],
    )
}

fn findings(findings: &[v1::AuditFinding], view: &View) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let header = ["portal", "row", "found", "good-until"];
    let rows = findings.iter().map(|finding| {
        vec![
            plain(portal(finding.portal_id)),
            plain(number(finding.sequence)),
            named::<AuditProblem>(finding.problem, view),
            plain(number(finding.good_until_sequence)),
        ]
    });
    grid(view, &header, rows.collect())
}
