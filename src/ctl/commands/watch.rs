//! `watch`: the streams of connections and sync, and of a portal's setup, told as one.

use tonic::{Request, Response, Status, Streaming};

use super::print_each;
use crate::{
    api::v1,
    ctl::{
        answer::setup_id,
        args::SetupTarget,
        context::Context,
        error::Error,
        exit::Exit,
        stream::{Ended, Watched},
    },
};

/// Prints the events of all streams as they come, until all have finished: in practice, until Ctrl-C.
///
/// Each event is one message of its stream, with that stream's resume token; among streams there is no order.
pub async fn everything(context: &Context, portal: Option<i64>) -> Result<Exit, Error> {
    let client = &context.client;
    let portal_id = portal.unwrap_or_default();
    let connections = async |token: Request<String>| {
        let request = v1::WatchConnectionsRequest { portal_id, resume_token: token.into_inner() };
        client.connections().watch_connections(request).await
    };
    let sync = async |token: Request<String>| {
        let request = v1::WatchSyncStatusRequest { portal_id, resume_token: token.into_inner() };
        client.sync().watch_sync_status(request).await
    };
    tokio::try_join!(
        follow_named(context, connections),
        follow_named(context, sync),
        print_setup(context, portal),
    )?;
    Ok(Exit::Ok)
}

/// The newest setup of the portal, if there is one; nothing when all portals are watched.
async fn print_setup(context: &Context, portal: Option<i64>) -> Result<Ended, Error> {
    let client = &context.client;
    let Some(portal) = portal else { return Ok(Ended::Finished) };
    let target = SetupTarget { portal: Some(portal), setup: None };
    let setup_id = match setup_id(client, &target).await {
        Ok(id) => id,
        Err(error) if error.exit() == Exit::NotFound => return Ok(Ended::Finished),
        Err(error) => return Err(error),
    };
    let open = async |token: Request<String>| {
        let request = v1::WatchSetupRequest { setup_id: setup_id.clone(), resume_token: token.into_inner() };
        client.setups().watch_setup(request).await
    };
    follow_named(context, open).await
}

async fn follow_named<M: Watched>(
    context: &Context,
    open: impl AsyncFn(Request<String>) -> Result<Response<Streaming<M>>, Status>,
) -> Result<Ended, Error> {
    print_each(context, None, open, |message| context.print_named_event(message)).await
}
