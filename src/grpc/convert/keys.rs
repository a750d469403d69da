//! Keys, by their names.

use super::timestamp;
use crate::{
    api::v1,
    control::{KeyStatus, Rotation},
    domain::keys::{Key, KeyState, RotationState},
    store::KeyHolder,
};

/// The keys of an installation.
#[must_use]
pub fn key_status(status: &KeyStatus) -> v1::KeyStatus {
    v1::KeyStatus {
        sealing_key_id: status.sealing.clone(),
        newest_key_id: status.newest.clone().unwrap_or_default(),
        keys: status.keys.iter().map(key).collect(),
        rotation: status.rotation.as_ref().map(rotation),
        servers: status.servers.iter().map(server).collect(),
    }
}

fn key(key: &Key) -> v1::Key {
    let state = match key.state {
        KeyState::Sealing => v1::KeyState::Sealing,
        KeyState::Opening => v1::KeyState::Opening,
        KeyState::Missing => v1::KeyState::Missing,
        KeyState::Retired => v1::KeyState::Retired,
    };
    v1::Key {
        key_id: key.id.clone(),
        state: state.into(),
        secrets: key.secrets,
        servers: i32::try_from(key.servers).unwrap_or(i32::MAX),
    }
}

fn rotation(rotation: &Rotation) -> v1::KeyRotation {
    let state = match rotation.state {
        RotationState::Running => v1::KeyRotationState::Running,
        RotationState::Stuck => v1::KeyRotationState::Stuck,
        RotationState::Finished => v1::KeyRotationState::Finished,
    };
    let record = &rotation.record;
    v1::KeyRotation {
        state: state.into(),
        from_key_id: record.from_key_id.clone(),
        to_key_id: record.to_key_id.clone(),
        requested_by: record.requested_by.clone(),
        start_time: Some(timestamp(record.started_at)),
        end_time: record.finished_at.map(timestamp),
        secrets_done: record.rewrapped,
        secrets_left: rotation.left,
        secrets_unreadable: record.unreadable,
    }
}

fn server(holder: &KeyHolder) -> v1::KeyServer {
    let mut key_ids = holder.holding.key_ids.clone();
    key_ids.extend(holder.holding.key_family.as_ref().map(|family| format!("{family}*")));
    v1::KeyServer {
        server_id: holder.server_id.to_string(),
        key_ids,
        sealing_key_id: holder.holding.sealing_key_id.clone(),
        start_time: Some(timestamp(holder.started_at)),
        seen_time: Some(timestamp(holder.seen_at)),
    }
}
