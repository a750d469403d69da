//! Connections, attempts to connect, and what the probe found.

use comfy_table::Cell;

use super::{Tone, card, grid, more, plain, portal::credential, show, stacked, toned};
use crate::{
    api::v1::{
        self, Actor, Check, ConnectState, ConnectionState, FindingResult, watch_connections_response::Event,
    },
    ctl::{
        labels::label,
        lang::Lang,
        output::{View, number, printable, time},
    },
    locale,
};

show! {
    ConnectAccountsResponse => |m, view| attempt(m.attempt.as_ref(), view);
    RotateCredentialResponse => |m, view| attempt(m.attempt.as_ref(), view);
    ConnectAttempt => |m, view| attempt(Some(m), view);
    CheckConnectionResponse => check;
    GetConnectionResponse => |m, view| one(m.connection.as_ref(), view);
    DisconnectResponse => |m, view| one(m.connection.as_ref(), view);
    ListConnectionsResponse => |m, view| stacked([many(&m.connections, view), more(&m.next_page_token, view.lang)]);
    WatchConnectionsResponse => event;
}

/// What the probe found, one row for each check, the bad ones with their fix.
pub fn findings(findings: &[v1::Finding], view: &View) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let header = ["", "check", "claimed", "found", "fix", "actor"];
    let rows = findings.iter().map(|finding| {
        let name = label::<Check>(finding.check, view.lang);
        let subject = if finding.subject.is_empty() { name } else { format!("{name}: {}", finding.subject) };
        vec![
            result(finding.result(), view.lang),
            plain(subject),
            plain(&finding.claimed),
            plain(&finding.found),
            plain(&finding.fix),
            actor(finding, view.lang),
        ]
    });
    grid(view, &header, rows.collect())
}

fn actor(finding: &v1::Finding, lang: Lang) -> Cell {
    if finding.actor() == Actor::Unspecified { plain("") } else { plain(label::<Actor>(finding.actor, lang)) }
}

fn result(result: FindingResult, lang: Lang) -> Cell {
    let (mark, tone) = match result {
        FindingResult::Passed => ("✓", Tone::Good),
        FindingResult::Warning => ("!", Tone::Careful),
        FindingResult::Failed => ("✗", Tone::Bad),
        FindingResult::NotChecked | FindingResult::Unspecified => ("?", Tone::Careful),
    };
    toned(format!("{mark} {}", label::<FindingResult>(result.into(), lang)), tone)
}

/// The words of an attempt that has ended: the outcome, and below it what to do.
pub fn attempt_outcome(attempt: &v1::ConnectAttempt, lang: Lang) -> String {
    let message = match (attempt.message.is_empty(), attempt.state()) {
        (false, _) => attempt.message.clone(),
        (true, ConnectState::Connected) => locale::text(lang.language(), "success-connected", &[]),
        (true, _) => label::<ConnectState>(attempt.state, lang),
    };
    let mark = if attempt.state() == ConnectState::Connected { "✓" } else { "✗" };
    let fix = if attempt.fix.is_empty() { String::new() } else { format!("\n  {}", attempt.fix) };
    format!("{mark} {message}{fix}\n")
}

fn attempt(attempt: Option<&v1::ConnectAttempt>, view: &View) -> String {
    let Some(attempt) = attempt else { return String::new() };
    let state = toned(label::<ConnectState>(attempt.state, view.lang), attempt_tone(attempt.state()));
    let facts = card(
        view,
        vec![
            ("attempt", plain(&attempt.attempt_id)),
            ("portal", plain(attempt.portal_id.to_string())),
            ("state", state),
            ("org", plain(&attempt.org_id)),
            ("connection", plain(&attempt.connection_id)),
            ("next-try", plain(time(attempt.next_try_time.as_ref()))),
            ("logins", plain(attempt.logins.to_string())),
            ("api-calls", plain(attempt.api_calls_used.to_string())),
        ],
    );
    let is_over = matches!(attempt.state(), ConnectState::Connected | ConnectState::Failed);
    let outcome = if is_over { attempt_outcome(attempt, view.lang) } else { String::new() };
    stacked([facts, findings(&attempt.findings, view), outcome])
}

fn attempt_tone(state: ConnectState) -> Tone {
    match state {
        ConnectState::Connected => Tone::Good,
        ConnectState::Failed => Tone::Bad,
        ConnectState::WaitingForToken => Tone::Careful,
        _ => Tone::Plain,
    }
}

fn state(connection: &v1::Connection, lang: Lang) -> Cell {
    let tone = match connection.state() {
        ConnectionState::Connected => Tone::Good,
        ConnectionState::Stale => Tone::Careful,
        ConnectionState::Disconnected => Tone::Faint,
        ConnectionState::Unspecified => Tone::Plain,
    };
    toned(label::<ConnectionState>(connection.state, lang), tone)
}

fn check(response: &v1::CheckConnectionResponse, view: &View) -> String {
    let outcome = if response.connectable { "ctl-connectable" } else { "ctl-not-connectable" };
    let facts = card(
        view,
        vec![
            ("result", plain(view.lang.text(outcome))),
            ("org", plain(&response.org_id)),
            ("api-calls", plain(response.api_calls_used.to_string())),
        ],
    );
    stacked([findings(&response.findings, view), facts])
}

fn one(connection: Option<&v1::Connection>, view: &View) -> String {
    let Some(connection) = connection else { return String::new() };
    let facts = card(
        view,
        vec![
            ("portal", plain(connection.portal_id.to_string())),
            ("org", plain(format!("{} {}", connection.org_id, connection.org_name))),
            ("state", state(connection, view.lang)),
            ("place", plain(connection.place.to_string())),
            ("limit", plain(number(connection.api_call_limit))),
            ("credential", credential(connection.credential.as_ref())),
            ("connected", plain(time(connection.connect_time.as_ref()))),
            ("probed", plain(time(connection.probe_time.as_ref()))),
            ("disconnected", plain(time(connection.disconnect_time.as_ref()))),
            ("connection", toned(&connection.connection_id, Tone::Faint)),
            ("etag", toned(&connection.etag, Tone::Faint)),
        ],
    );
    stacked([facts, findings(&connection.findings, view)])
}

fn many(connections: &[v1::Connection], view: &View) -> String {
    let header = ["portal", "org", "name", "place", "state", "limit", "connected"];
    let rows = connections.iter().map(|connection| {
        vec![
            plain(connection.portal_id.to_string()),
            plain(&connection.org_id),
            plain(&connection.org_name),
            plain(connection.place.to_string()),
            state(connection, view.lang),
            plain(number(connection.api_call_limit)),
            plain(time(connection.connect_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

/// An event as one line for each thing that changed; a snapshot as one for each connection.
fn event(message: &v1::WatchConnectionsResponse, view: &View) -> String {
    match &message.event {
        Some(Event::Snapshot(snapshot)) => {
            snapshot.connections.iter().map(|connection| connection_line(connection, view)).collect()
        }
        Some(Event::Transition(transition)) => {
            let attempt = transition.attempt.as_ref().map(|attempt| attempt_line(attempt, view));
            let connection =
                transition.connection.as_ref().map(|connection| connection_line(connection, view));
            attempt.into_iter().chain(connection).collect()
        }
        _ => String::new(),
    }
}

fn connection_line(connection: &v1::Connection, view: &View) -> String {
    let portal = connection.portal_id.to_string();
    let state = label::<ConnectionState>(connection.state, view.lang);
    let org = format!("{} {}", connection.org_id, connection.org_name);
    let args = [("portal_id", portal.as_str()), ("state", &state), ("org", org.trim())];
    format!("{}\n", view.lang.with("ctl-event-connection", &args))
}

fn attempt_line(attempt: &v1::ConnectAttempt, view: &View) -> String {
    let (at, portal) = (time(attempt.update_time.as_ref()), attempt.portal_id.to_string());
    let state = label::<ConnectState>(attempt.state, view.lang);
    let args = [("at", at.as_str()), ("portal_id", &portal), ("state", &state)];
    let message = if attempt.message.is_empty() { String::new() } else { format!("  {}", attempt.message) };
    format!("{}{}\n", view.lang.with("ctl-event-attempt", &args), printable(&message))
}
