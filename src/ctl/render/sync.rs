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
            ("portal", plain(status.portal_id.to_string())),
            ("health", health(status, view.lang)),
            ("operator", plain(operator(status, view.lang))),
            ("suspension", suspension(status, view.lang)),
            ("org", plain(&status.org_id)),
            ("objects", plain(objects(settings.object_sync.as_ref(), view.lang))),
            ("activities", plain(activities(settings.activity_sync.as_ref(), view.lang))),
            ("inclusion", plain(rule_text(settings.inclusion.as_ref(), view.lang))),
            ("etag", toned(&status.etag, Tone::Faint)),
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
    lang.with("ctl-objects", &[("accounts", &accounts), ("opportunities", &opportunities)])
}

/// Activities and tasks in a few words; empty where they were not chosen.
pub(super) fn activities(sync: Option<&v1::ActivitySync>, lang: Lang) -> String {
    let Some(sync) = sync else { return String::new() };
    let answer = |yes: bool| label::<Choice>(if yes { Choice::Yes } else { Choice::No }.into(), lang);
    let (form, opened) = (answer(sync.on_form_submission), answer(sync.on_email_open));
    let tasks = label::<Choice>(sync.tasks, lang);
    lang.with("ctl-activities", &[("form", &form), ("opened", &opened), ("tasks", &tasks)])
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
    let portal = status.portal_id.to_string();
    let health = label::<SyncHealth>(status.health, view.lang);
    let why = match (status.suspension(), status.pause_reason.is_empty()) {
        (SuspensionReason::Unspecified, true) => String::new(),
        (SuspensionReason::Unspecified, false) => format!("  {}", status.pause_reason),
        _ => format!("  {}", label::<SuspensionReason>(status.suspension, view.lang)),
    };
    let words = view.lang.with("ctl-event-sync", &[("portal_id", &portal), ("state", &health)]);
    format!("{words}{why}\n")
}
