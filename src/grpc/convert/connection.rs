//! Connections.

use super::{attempt::finding, etag, portal::credential, timestamp};
use crate::{
    api::v1,
    domain::connection::{Connection, ConnectionState},
    locale::Language,
};

/// A connection, with the portal's revision at which it was read.
#[must_use]
pub fn connection(language: Language, connection: &Connection, revision: i64) -> v1::Connection {
    v1::Connection {
        connection_id: connection.id.to_string(),
        portal_id: connection.portal_id.get(),
        org_id: connection.org_id.to_string(),
        org_name: connection.org_name.clone(),
        place: connection.place,
        state: state(connection.state).into(),
        credential: connection.credential.as_ref().map(credential),
        api_call_limit: connection.api_call_limit,
        findings: connection.findings.iter().map(|one| finding(language, one)).collect(),
        probe_time: Some(timestamp(connection.probed_at)),
        connect_time: Some(timestamp(connection.connected_at)),
        disconnect_time: connection.disconnected_at.map(timestamp),
        etag: etag(connection.version),
        revision,
    }
}

fn state(state: ConnectionState) -> v1::ConnectionState {
    match state {
        ConnectionState::Connected => v1::ConnectionState::Connected,
        ConnectionState::Stale => v1::ConnectionState::Stale,
        ConnectionState::Disconnected => v1::ConnectionState::Disconnected,
    }
}
