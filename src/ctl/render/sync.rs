//! The sync of portals.

use comfy_table::Cell;

use super::{Tone, card, list::rule_text, plain, show, toned};
use crate::{
    api::v1::{self, Choice, OperatorState, SuspensionReason, SyncHealth, watch_sync_status_response::Event},
    ctl::{
        labels::label,
        lang::Lang,
        output::{View, time},
    },
};

show! {
    GetSyncStatusResponse => |m, view| one(m.status.as_ref(), view);
    PauseSyncResponse => |m, view| one(m.status.as_ref(), view);
    ResumeSyncResponse => |m, view| one(m.status.as_ref(), view);
    UpdateSyncSettingsResponse => |m, view| one(m.status.as_ref(), view);
    WatchSyncStatusResponse => event;
}

fn one(status: Option<&v1::SyncStatus>, view: &View) -> String {
    let Some(status) = status else { return String::new() };
    let settings = status.settings.clone().unwrap_or_default();
    card(
        view,
        vec![
            (("portal", "ポータル"), plain(status.portal_id.to_string())),
            (("health", "状態"), health(status, view.lang)),
            (("operator", "運用者の設定"), plain(operator(status, view.lang))),
            (("suspended", "停止理由"), suspension(status, view.lang)),
            (("org", "組織"), plain(&status.org_id)),
            (("objects", "オブジェクト"), plain(objects(settings.object_sync.as_ref(), view.lang))),
            (("activities", "アクティビティ"), plain(activities(settings.activity_sync.as_ref(), view.lang))),
            (
                ("inclusion list", "インクルージョンリスト"),
                plain(rule_text(settings.inclusion.as_ref(), view.lang)),
            ),
            (("etag", "etag"), toned(&status.etag, Tone::Faint)),
        ],
    )
}

fn health(status: &v1::SyncStatus, lang: Lang) -> Cell {
    let tone = match status.health() {
        SyncHealth::Healthy => Tone::Good,
        SyncHealth::Paused => Tone::Careful,
        SyncHealth::Suspended => Tone::Bad,
        SyncHealth::Off | SyncHealth::Unspecified => Tone::Plain,
    };
    toned(label::<SyncHealth>(status.health, lang), tone)
}

fn operator(status: &v1::SyncStatus, lang: Lang) -> String {
    let state = label::<OperatorState>(status.operator_state, lang);
    let parts =
        [state, status.operator.clone(), time(status.operator_time.as_ref()), status.pause_reason.clone()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

fn suspension(status: &v1::SyncStatus, lang: Lang) -> Cell {
    if status.suspension() == SuspensionReason::Unspecified {
        return plain("");
    }
    let reason = label::<SuspensionReason>(status.suspension, lang);
    let parts = [reason, time(status.suspend_time.as_ref()), status.suspension_detail.clone()];
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    toned(text, Tone::Bad)
}

/// Accounts and opportunities in a few words; empty where they were not chosen.
pub(super) fn objects(sync: Option<&v1::ObjectSync>, lang: Lang) -> String {
    let Some(sync) = sync else { return String::new() };
    let (accounts, opportunities) =
        (label::<Choice>(sync.accounts, lang), label::<Choice>(sync.opportunities, lang));
    match lang {
        Lang::En => format!("accounts {accounts}, opportunities {opportunities}"),
        Lang::Ja => format!("アカウント: {accounts}、オポチュニティ: {opportunities}"),
    }
}

/// Activities and tasks in a few words; empty where they were not chosen.
pub(super) fn activities(sync: Option<&v1::ActivitySync>, lang: Lang) -> String {
    let Some(sync) = sync else { return String::new() };
    let answer = |yes: bool| label::<Choice>(if yes { Choice::Yes } else { Choice::No }.into(), lang);
    let (form, email) = (answer(sync.on_form_submission), answer(sync.on_email_open));
    let tasks = label::<Choice>(sync.tasks, lang);
    match lang {
        Lang::En => format!("form submission {form}, e-mail open {email}, tasks {tasks}"),
        Lang::Ja => format!("フォーム送信: {form}、Eメール開封: {email}、タスク: {tasks}"),
    }
}

fn event(message: &v1::WatchSyncStatusResponse, view: &View) -> String {
    match &message.event {
        Some(Event::Snapshot(snapshot)) => {
            snapshot.statuses.iter().map(|status| line(status, view)).collect()
        }
        Some(Event::Transition(status)) => line(status, view),
        _ => String::new(),
    }
}

fn line(status: &v1::SyncStatus, view: &View) -> String {
    let portal = view.lang.pick("portal", "ポータル");
    let kind = view.lang.pick("sync", "同期");
    let health = label::<SyncHealth>(status.health, view.lang);
    let why = match (status.suspension(), status.pause_reason.is_empty()) {
        (SuspensionReason::Unspecified, true) => String::new(),
        (SuspensionReason::Unspecified, false) => format!("  {}", status.pause_reason),
        _ => format!("  {}", label::<SuspensionReason>(status.suspension, view.lang)),
    };
    format!("{portal} {}  {kind}: {health}{why}\n", status.portal_id)
}
