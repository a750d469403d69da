//! `connect` and `connections`.

use std::time::Duration;

use tonic::Request;

use super::{append, pages, print_all};
use crate::{
    api::v1::{self, ConnectState},
    ctl::{
        answer::{present, setup_id},
        args::{ConnectArgs, ConnectionsCommand, RotateArgs},
        connecting::{Of, credential, to_its_end},
        context::Context,
        error::Error,
        exit::Exit,
    },
};

/// A probe logs in and makes some twenty calls; vendors can be slow.
const PROBE_PATIENCE: Duration = Duration::from_secs(120);

/// `connect`.
pub async fn connect(context: &Context, args: ConnectArgs) -> Result<Exit, Error> {
    let client = &context.client;
    let setup_id = setup_id(client, &args.target).await?;
    let request_id = client.request_id();
    let message = v1::ConnectAccountsRequest {
        request_id: request_id.clone(),
        setup_id: setup_id.clone(),
        etag: args.etag.unwrap_or_default(),
        credential: credential(context, &args.credential)?,
        expected_org_id: args.expected_org.unwrap_or_default(),
    };
    let connect = async |request| client.connections().connect_accounts(request).await;
    let answer = client.change(&request_id, message, connect).await?;
    if answer.joined {
        context.note(&context.view.lang.text("ctl-event-joined"));
    }
    if args.no_wait {
        context.print(&answer)?;
        return Ok(Exit::Ok);
    }
    watch_attempt(context, answer.attempt, &Of::Setup(setup_id)).await
}

async fn watch_attempt(
    context: &Context,
    attempt: Option<v1::ConnectAttempt>,
    of: &Of,
) -> Result<Exit, Error> {
    let ended = to_its_end(context, present(attempt)?, of).await?;
    context.print(&ended)?;
    Ok(if ended.state() == ConnectState::Connected { Exit::Ok } else { Exit::Failed })
}

/// `connections`.
pub async fn run(context: &Context, command: ConnectionsCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        ConnectionsCommand::Get { portal: portal_id } => {
            let get = async |request| client.connections().get_connection(request).await;
            context.print(&client.read(v1::GetConnectionRequest { portal_id }, get).await?)?;
        }
        ConnectionsCommand::List { org, include_disconnected, page } => {
            let org_id = org.unwrap_or_default();
            let read = async |page_size, page_token| {
                let org_id = org_id.clone();
                let message =
                    v1::ListConnectionsRequest { org_id, include_disconnected, page_size, page_token };
                client
                    .read(message, async |request| client.connections().list_connections(request).await)
                    .await
            };
            let answer: v1::ListConnectionsResponse = pages(&page, read, append!(connections)).await?;
            context.print(&answer)?;
        }
        ConnectionsCommand::Check { target } => {
            let setup_id = setup_id(client, &target).await?;
            let check = async |request| client.connections().check_connection(request).await;
            let message = v1::CheckConnectionRequest { setup_id };
            let answer = client.read_patiently(message, PROBE_PATIENCE, check).await?;
            context.print(&answer)?;
            return Ok(if answer.connectable { Exit::Ok } else { Exit::Failed });
        }
        ConnectionsCommand::Rotate(args) => return rotate(context, args).await,
        ConnectionsCommand::Disconnect { portal, reason, etag } => {
            disconnect(context, portal, reason, etag).await?;
        }
        ConnectionsCommand::Watch { portal, watch } => {
            let portal_id = portal.unwrap_or_default();
            let open = async |token: Request<String>| {
                let request = v1::WatchConnectionsRequest { portal_id, resume_token: token.into_inner() };
                client.connections().watch_connections(request).await
            };
            print_all(context, watch.resume_token, open).await?;
        }
    }
    Ok(Exit::Ok)
}

async fn rotate(context: &Context, args: RotateArgs) -> Result<Exit, Error> {
    let client = &context.client;
    let Some(credential) = credential(context, &args.credential)? else {
        return Err(Error::Usage("--method stored: a new credential is needed".to_owned()));
    };
    let request_id = client.request_id();
    let message = v1::RotateCredentialRequest {
        request_id: request_id.clone(),
        portal_id: args.portal,
        credential: Some(credential),
        reason: args.reason,
    };
    let rotate = async |request| client.connections().rotate_credential(request).await;
    let answer = client.change(&request_id, message, rotate).await?;
    if args.no_wait {
        context.print(&answer)?;
        return Ok(Exit::Ok);
    }
    watch_attempt(context, answer.attempt, &Of::Portal).await
}

async fn disconnect(
    context: &Context,
    portal_id: i64,
    reason: String,
    etag: Option<String>,
) -> Result<(), Error> {
    let named = portal_id.to_string();
    context.confirm(&context.view.lang.with("ctl-confirm-disconnect", &[("portal_id", &named)]))?;
    let client = &context.client;
    let request_id = client.request_id();
    let etag = etag.unwrap_or_default();
    let message = v1::DisconnectRequest { request_id: request_id.clone(), portal_id, etag, reason };
    let disconnect = async |request| client.connections().disconnect(request).await;
    context.print(&client.change(&request_id, message, disconnect).await?)
}
