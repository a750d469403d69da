//! Hand-offs.

use super::{Tone, card, grid, more, plain, show, stacked, toned};
use crate::{
    api::v1,
    ctl::output::{View, time},
};

show! {
    CreateHandoffResponse => |m, view| stacked([
        one(m.handoff.as_ref(), view),
        card(view, vec![("token", toned(&m.token, Tone::Careful))]),
    ]);
    ListHandoffsResponse => |m, view| stacked([many(&m.handoffs, view), more(&m.next_page_token, view.lang)]);
    RevokeHandoffResponse => |m, view| one(m.handoff.as_ref(), view);
}

fn one(handoff: Option<&v1::Handoff>, view: &View) -> String {
    let Some(handoff) = handoff else { return String::new() };
    card(
        view,
        vec![
            ("handoff", plain(&handoff.handoff_id)),
            ("setup", plain(&handoff.setup_id)),
            ("portal", plain(handoff.portal_id.to_string())),
            ("created-by", plain(&handoff.created_by)),
            ("created", plain(time(handoff.create_time.as_ref()))),
            ("expires", plain(time(handoff.expire_time.as_ref()))),
            ("revoked", toned(time(handoff.revoke_time.as_ref()), Tone::Faint)),
        ],
    )
}

fn many(handoffs: &[v1::Handoff], view: &View) -> String {
    let header = ["handoff", "created-by", "created", "expires", "revoked"];
    let rows = handoffs
        .iter()
        .map(|handoff| {
            vec![
                plain(&handoff.handoff_id),
                plain(&handoff.created_by),
                plain(time(handoff.create_time.as_ref())),
                plain(time(handoff.expire_time.as_ref())),
                plain(time(handoff.revoke_time.as_ref())),
            ]
        })
        .collect();
    grid(view, &header, rows)
}
