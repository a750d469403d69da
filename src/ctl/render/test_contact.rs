//! Test contacts.

use comfy_table::Cell;

use super::{Tone, card, grid, more, plain, show, stacked, toned};
use crate::{
    api::v1::{self, CleanupState, TestContactStatus, watch_test_contact_response::Event},
    ctl::{
        labels::label,
        lang::Lang,
        output::{View, time},
    },
};

show! {
    CreateTestContactResponse => |m, view| one(m.test_contact.as_ref(), view);
    GetTestContactResponse => |m, view| one(m.test_contact.as_ref(), view);
    CancelTestContactResponse => |m, view| one(m.test_contact.as_ref(), view);
    DeleteTestContactResponse => |m, view| one(m.test_contact.as_ref(), view);
    TestContact => |m, view| one(Some(m), view);
    ListTestContactsResponse => |m, view| stacked([many(&m.test_contacts, view), more(&m.next_page_token, view.lang)]);
    WatchTestContactResponse => |m, view| match &m.event {
        Some(Event::Snapshot(contact) | Event::Transition(contact)) => one(Some(contact), view),
        _ => String::new(),
    };
}

fn one(contact: Option<&v1::TestContact>, view: &View) -> String {
    let Some(contact) = contact else { return String::new() };
    let salesforce = format!("{} {}", contact.salesforce_object, contact.salesforce_record_id);
    let facts = card(
        view,
        vec![
            ("test-contact", plain(&contact.test_contact_id)),
            ("portal", plain(contact.portal_id.to_string())),
            ("status", status(contact.status(), view.lang)),
            ("email", plain(&contact.email)),
            ("hubspot-record", record(&contact.hubspot_contact_id, &contact.hubspot_url)),
            ("salesforce-record", record(salesforce.trim(), &contact.salesforce_url)),
            ("inclusion", plain(verdict(contact, view.lang))),
            ("api-calls", plain(contact.api_calls_used.to_string())),
            ("message", plain(&contact.message)),
            ("fix", toned(&contact.fix, Tone::Careful)),
            ("cleanup", cleanup(contact, view.lang)),
        ],
    );
    stacked([facts, history(contact, view)])
}

fn many(contacts: &[v1::TestContact], view: &View) -> String {
    let header = ["test-contact", "status", "hubspot-record", "salesforce-record", "created"];
    let rows = contacts.iter().map(|contact| {
        vec![
            plain(&contact.test_contact_id),
            status(contact.status(), view.lang),
            plain(&contact.hubspot_contact_id),
            plain(format!("{} {}", contact.salesforce_object, contact.salesforce_record_id).trim()),
            plain(time(contact.create_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

fn history(contact: &v1::TestContact, view: &View) -> String {
    contact.history.iter().map(|reached| status_line(reached, view.lang)).collect()
}

/// One status that was reached, and when.
pub fn status_line(reached: &v1::StatusTime, lang: Lang) -> String {
    let mark = match reached.status() {
        TestContactStatus::Completed => "✓",
        TestContactStatus::Failed | TestContactStatus::Cancelled => "✗",
        _ => "·",
    };
    format!("{mark} {}  {}\n", time(reached.time.as_ref()), label::<TestContactStatus>(reached.status, lang))
}

fn status(status: TestContactStatus, lang: Lang) -> Cell {
    let tone = match status {
        TestContactStatus::Completed => Tone::Good,
        TestContactStatus::Failed => Tone::Bad,
        TestContactStatus::Cancelled => Tone::Careful,
        _ => Tone::Plain,
    };
    toned(label::<TestContactStatus>(status.into(), lang), tone)
}

fn record(id: &str, url: &str) -> Cell {
    plain(format!("{id} {url}").trim())
}

fn verdict(contact: &v1::TestContact, lang: Lang) -> String {
    let Some(verdict) = contact.inclusion.as_ref().filter(|verdict| verdict.evaluated) else {
        return String::new();
    };
    let words = lang.text(if verdict.included { "ctl-verdict-included" } else { "ctl-verdict-excluded" });
    let explanation =
        if verdict.explanation.is_empty() { String::new() } else { format!(": {}", verdict.explanation) };
    format!("{words}{explanation}")
}

fn cleanup(contact: &v1::TestContact, lang: Lang) -> Cell {
    let tone = match contact.cleanup() {
        CleanupState::Unspecified => return plain(""),
        CleanupState::Deleting => Tone::Plain,
        CleanupState::Deleted => Tone::Good,
        CleanupState::Failed => Tone::Bad,
    };
    toned(label::<CleanupState>(contact.cleanup, lang), tone)
}
