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
        output::{View, number, time},
    },
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
    let header = [
        ("", ""),
        ("CHECK", "確認項目"),
        ("CLAIMED", "申告"),
        ("FOUND", "確認結果"),
        ("WHAT TO DO", "対処"),
        ("WHO", "担当"),
    ];
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
        (true, ConnectState::Connected) => {
            lang.pick("Successfully connected your accounts", "アカウントの接続に成功しました").to_owned()
        }
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
            (("attempt", "試行"), plain(&attempt.attempt_id)),
            (("portal", "ポータル"), plain(attempt.portal_id.to_string())),
            (("state", "状態"), state),
            (("org", "組織"), plain(&attempt.org_id)),
            (("connection", "接続"), plain(&attempt.connection_id)),
            (("next try", "次回の試行"), plain(time(attempt.next_try_time.as_ref()))),
            (("logins", "ログイン回数"), plain(attempt.logins.to_string())),
            (("API calls", "API コール数"), plain(attempt.api_calls_used.to_string())),
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
    let (en, ja) = if response.connectable {
        ("connecting would succeed", "接続できます")
    } else {
        ("connecting would fail", "接続できません")
    };
    let facts = card(
        view,
        vec![
            (("outcome", "結果"), plain(view.lang.pick(en, ja))),
            (("org", "組織"), plain(&response.org_id)),
            (("API calls", "API コール数"), plain(response.api_calls_used.to_string())),
        ],
    );
    stacked([findings(&response.findings, view), facts])
}

fn one(connection: Option<&v1::Connection>, view: &View) -> String {
    let Some(connection) = connection else { return String::new() };
    let facts = card(
        view,
        vec![
            (("portal", "ポータル"), plain(connection.portal_id.to_string())),
            (("org", "組織"), plain(format!("{} {}", connection.org_id, connection.org_name))),
            (("state", "状態"), state(connection, view.lang)),
            (("place", "枠"), plain(connection.place.to_string())),
            (("calls / 24 h", "コール数/24時間"), plain(number(connection.api_call_limit))),
            (("credential", "資格情報"), credential(connection.credential.as_ref())),
            (("connected", "接続日時"), plain(time(connection.connect_time.as_ref()))),
            (("probed", "確認日時"), plain(time(connection.probe_time.as_ref()))),
            (("disconnected", "切断日時"), plain(time(connection.disconnect_time.as_ref()))),
            (("connection", "接続"), toned(&connection.connection_id, Tone::Faint)),
            (("etag", "etag"), toned(&connection.etag, Tone::Faint)),
        ],
    );
    stacked([facts, findings(&connection.findings, view)])
}

fn many(connections: &[v1::Connection], view: &View) -> String {
    let header = [
        ("PORTAL", "ポータル"),
        ("ORG", "組織"),
        ("NAME", "名前"),
        ("PLACE", "枠"),
        ("STATE", "状態"),
        ("CALLS / 24 H", "コール数/24時間"),
        ("CONNECTED", "接続日時"),
    ];
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
    let portal = view.lang.pick("portal", "ポータル");
    let kind = view.lang.pick("connection", "接続");
    let state = label::<ConnectionState>(connection.state, view.lang);
    let v1::Connection { portal_id, org_id, org_name, .. } = connection;
    format!("{portal} {portal_id}  {kind}: {state}  {org_id} {org_name}\n")
}

fn attempt_line(attempt: &v1::ConnectAttempt, view: &View) -> String {
    let portal = view.lang.pick("portal", "ポータル");
    let kind = view.lang.pick("attempt", "接続の試行");
    let at = time(attempt.update_time.as_ref());
    let state = label::<ConnectState>(attempt.state, view.lang);
    let message = if attempt.message.is_empty() { String::new() } else { format!("  {}", attempt.message) };
    format!("{at}  {portal} {}  {kind}: {state}{message}\n", attempt.portal_id)
}
