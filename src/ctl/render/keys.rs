//! Keys by their names.

use super::{Tone, card, grid, named, plain, show, stacked, toned};
use crate::{
    api::v1::{self, KeyRotationState, KeyState},
    ctl::output::{View, number, time},
};

show! {
    GetKeyStatusResponse => |m, view| status(m.status.as_ref(), view);
    RotateKeysResponse => |m, view| status(m.status.as_ref(), view);
    RetireKeyResponse => |m, view| status(m.status.as_ref(), view);
}

fn status(status: Option<&v1::KeyStatus>, view: &View) -> String {
    let Some(status) = status else { return String::new() };
    let rotation = status.rotation.as_ref().map(|rotation| one(rotation, view)).unwrap_or_default();
    stacked([keys(status, view), rotation, servers(&status.servers, view)])
}

fn keys(status: &v1::KeyStatus, view: &View) -> String {
    let header = ["key", "state", "secrets", "servers"];
    let rows = status.keys.iter().map(|key| {
        let tone = match key.state() {
            KeyState::Sealing => Tone::Good,
            KeyState::Missing => Tone::Bad,
            KeyState::Retired => Tone::Faint,
            KeyState::Opening | KeyState::Unspecified => Tone::Plain,
        };
        vec![
            toned(&key.key_id, tone),
            named::<KeyState>(key.state, view),
            plain(number(key.secrets)),
            plain(format!("{} / {}", key.servers, status.servers.len())),
        ]
    });
    grid(view, &header, rows.collect())
}

fn one(rotation: &v1::KeyRotation, view: &View) -> String {
    let unreadable = match rotation.secrets_unreadable {
        0 => String::new(),
        unreadable => number(unreadable),
    };
    card(
        view,
        vec![
            ("rotation", plain(format!("{} → {}", rotation.from_key_id, rotation.to_key_id))),
            ("state", named::<KeyRotationState>(rotation.state, view)),
            ("secrets-done", plain(number(rotation.secrets_done))),
            ("secrets-left", plain(number(rotation.secrets_left))),
            ("secrets-unreadable", toned(unreadable, Tone::Bad)),
            ("requested-by", plain(&rotation.requested_by)),
            ("started", plain(time(rotation.start_time.as_ref()))),
            ("ended", plain(time(rotation.end_time.as_ref()))),
        ],
    )
}

fn servers(servers: &[v1::KeyServer], view: &View) -> String {
    let header = ["server", "keys", "sealing-key", "started"];
    let rows = servers.iter().map(|server| {
        vec![
            plain(&server.server_id),
            plain(server.key_ids.join(", ")),
            plain(&server.sealing_key_id),
            plain(time(server.start_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::{lang::Lang, render::Show as _};

    #[test]
    fn keys_show_what_they_are_good_for_and_how_far_the_rotation_is() {
        let key = |id: &str, state: KeyState, secrets, servers| v1::Key {
            key_id: id.to_owned(),
            state: state.into(),
            secrets,
            servers,
        };
        let status = v1::KeyStatus {
            sealing_key_id: "2".to_owned(),
            newest_key_id: "2".to_owned(),
            keys: vec![key("1", KeyState::Opening, 1_234, 1), key("2", KeyState::Sealing, 5, 2)],
            rotation: Some(v1::KeyRotation {
                state: KeyRotationState::Running.into(),
                from_key_id: "1".to_owned(),
                to_key_id: "2".to_owned(),
                secrets_done: 5,
                secrets_left: 1_234,
                ..v1::KeyRotation::default()
            }),
            servers: vec![v1::KeyServer { server_id: "a".to_owned(), ..v1::KeyServer::default() }; 2],
        };
        let answer = v1::GetKeyStatusResponse { status: Some(status) };
        let shown = |lang| answer.show(&View { lang, color: false, color_errors: false, width: None });
        let english = shown(Lang::En);
        for expected in ["Opens", "Seals", "1,234", "1 / 2", "2 / 2", "1 → 2", "Under way"] {
            assert!(english.contains(expected), "{expected}: {english}");
        }
        assert!(!english.contains("Do not open"), "{english}");
        assert!(shown(Lang::Ja).contains("進行中"));
    }
}
