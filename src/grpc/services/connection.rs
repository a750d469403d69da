//! `ConnectionService`.

use tonic::{Request, async_trait};
use uuid::Uuid;

use super::{
    Answer, Backend,
    watching::{ResponseStream, Words},
};
use crate::{
    api::{servers::connection_service_server::ConnectionService, v1},
    control::ConnectRequest,
    domain::{change::Event, connection::Connection, probe},
    grpc::{Call, convert, page_token::Paged, parse},
    store::ConnectionFilter,
    watch::Listed,
};

/// A connection as of its last change.
fn connection(call: &Call, connection: &Connection) -> v1::Connection {
    convert::connection(call.language, connection, connection.version)
}

fn snapshot(call: &Call, listed: &Listed<Connection>) -> v1::ConnectionSnapshot {
    v1::ConnectionSnapshot {
        connections: listed.items.iter().map(|one| connection(call, one)).collect(),
        more: listed.more,
    }
}

fn transition(call: &Call, event: &Event) -> v1::ConnectionTransition {
    v1::ConnectionTransition {
        portal_id: event.portal_id.get(),
        connection: event.connection().map(|one| connection(call, one)),
        attempt: event.attempt().map(|attempt| convert::attempt(&call.viewer(), attempt)),
    }
}

#[async_trait]
impl ConnectionService for Backend {
    type WatchConnectionsStream = ResponseStream;

    async fn connect_accounts(
        &self,
        request: Request<v1::ConnectAccountsRequest>,
    ) -> Answer<v1::ConnectAccountsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::connection::connect(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let wanted = ConnectRequest { login: asked.credential, expected_org_id: asked.expected_org_id };
            let version = asked.mutation.version;
            let started = self.control.connect_accounts(&change, asked.setup_id, version, wanted).await?;
            Ok(v1::ConnectAccountsResponse {
                attempt: Some(convert::attempt(&call.viewer(), &started.attempt)),
                joined: started.joined,
                setup: Some(convert::setup(&call.viewer(), &started.view)),
            })
        })
        .await
    }

    async fn check_connection(
        &self,
        request: Request<v1::CheckConnectionRequest>,
    ) -> Answer<v1::CheckConnectionResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let checked = self.control.check_connection(parse::connection::check(&message)?).await?;
            Ok(v1::CheckConnectionResponse {
                connectable: probe::refusal(&checked.findings).is_none(),
                findings: checked.findings.iter().map(|one| convert::finding(call.language, one)).collect(),
                org_id: checked.org_id.to_string(),
                api_calls_used: convert::narrow(checked.api_calls),
            })
        })
        .await
    }

    async fn get_connection(
        &self,
        request: Request<v1::GetConnectionRequest>,
    ) -> Answer<v1::GetConnectionResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let (found, attempt) = self.control.connection(parse::connection::get(&message)?).await?;
            Ok(v1::GetConnectionResponse {
                connection: Some(connection(&call, &found)),
                attempt: attempt.as_ref().map(|attempt| convert::attempt(&call.viewer(), attempt)),
            })
        })
        .await
    }

    async fn list_connections(
        &self,
        request: Request<v1::ListConnectionsRequest>,
    ) -> Answer<v1::ListConnectionsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::connection::list(message)?;
            let paged = format!("{:?}:{}", asked.org_id, asked.include_disconnected);
            let list = Paged { list: "ListConnections", filter: &paged };
            let after = list.key(asked.page.token.as_deref())?.unwrap_or((0_i64, Uuid::nil()));
            let filter =
                ConnectionFilter { org_id: asked.org_id, include_disconnected: asked.include_disconnected };
            let page = self
                .control
                .connections(&call.caller.access().portals, &filter, after, asked.page.size.into())
                .await?;
            let (connections, next_page_token) =
                list.fill(&page, |one| connection(&call, one), |one| (one.portal_id.get(), one.id.0));
            Ok(v1::ListConnectionsResponse { connections, next_page_token })
        })
        .await
    }

    async fn rotate_credential(
        &self,
        request: Request<v1::RotateCredentialRequest>,
    ) -> Answer<v1::RotateCredentialResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::connection::rotate(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let started = self.control.rotate_credential(&change, asked.portal_id, asked.credential).await?;
            let attempt = convert::attempt(&call.viewer(), &started.attempt);
            Ok(v1::RotateCredentialResponse { attempt: Some(attempt) })
        })
        .await
    }

    async fn disconnect(&self, request: Request<v1::DisconnectRequest>) -> Answer<v1::DisconnectResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::connection::disconnect(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let gone = self.control.disconnect(&change, asked.portal_id, asked.mutation.version).await?;
            Ok(v1::DisconnectResponse { connection: Some(connection(&call, &gone)) })
        })
        .await
    }

    async fn watch_connections(
        &self,
        request: Request<v1::WatchConnectionsRequest>,
    ) -> Answer<Self::WatchConnectionsStream> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::connection::watch(message)?;
            let place = self.stream_place()?;
            let token = asked.resume_token.as_deref().unwrap_or_default();
            let messages =
                self.watches.connections(&call.caller.access().portals, asked.portal_id, token).await?;
            let words = Words::<v1::WatchConnectionsResponse, _> {
                subject: Uuid::nil(),
                snapshot,
                transition: |call, _, event| Some(transition(call, event)),
            };
            Ok(self.respond(place, &call, messages, words))
        })
        .await
    }
}
