//! Portals.

use comfy_table::Cell;

use super::{Tone, card, grid, more, plain, show, stacked, toned};
use crate::{
    api::v1::{self, HubSpotSubscription, subscription_evidence::Source},
    ctl::{
        labels::label,
        lang::Lang,
        output::{View, short, time},
    },
};

show! {
    RegisterPortalResponse => |m, view| one(m.portal.as_ref(), view);
    UpdatePortalCredentialResponse => |m, view| one(m.portal.as_ref(), view);
    GetPortalResponse => |m, view| one(m.portal.as_ref(), view);
    ListPortalsResponse => |m, view| stacked([many(&m.portals, view), more(&m.next_page_token, view.lang)]);
}

fn one(portal: Option<&v1::Portal>, view: &View) -> String {
    let Some(portal) = portal else { return String::new() };
    card(
        view,
        vec![
            ("portal", plain(portal.portal_id.to_string())),
            ("name", plain(&portal.display_name)),
            ("account-type", plain(&portal.account_type)),
            ("subscription", plain(subscription(portal, view.lang))),
            ("ui-domain", plain(&portal.ui_domain)),
            ("data-location", plain(&portal.data_hosting_location)),
            ("time-zone", plain(&portal.time_zone)),
            ("credential", credential(portal.credential.as_ref())),
            ("registered", plain(time(portal.create_time.as_ref()))),
            ("updated", plain(time(portal.update_time.as_ref()))),
            ("etag", toned(&portal.etag, Tone::Faint)),
        ],
    )
}

fn many(portals: &[v1::Portal], view: &View) -> String {
    let header = ["portal", "name", "account-type", "subscription", "registered"];
    let rows = portals.iter().map(|portal| {
        vec![
            plain(portal.portal_id.to_string()),
            plain(&portal.display_name),
            plain(&portal.account_type),
            plain(subscription(portal, view.lang)),
            plain(time(portal.create_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

fn subscription(portal: &v1::Portal, lang: Lang) -> String {
    let Some(known) = portal.subscription.as_ref().filter(|known| known.subscription != 0) else {
        return String::new();
    };
    let source = label::<Source>(known.source, lang);
    let name = label::<HubSpotSubscription>(known.subscription, lang);
    let evidence = if known.evidence.is_empty() { String::new() } else { format!(": {}", known.evidence) };
    format!("{name} ({source}{evidence})")
}

/// How it logs in, as whom, since when, and the fingerprint that tells two secrets apart.
pub(super) fn credential(info: Option<&v1::CredentialInfo>) -> Cell {
    let Some(info) = info else { return plain("") };
    let parts =
        [info.method.clone(), info.username.clone(), time(info.set_time.as_ref()), short(&info.fingerprint)];
    plain(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "))
}
