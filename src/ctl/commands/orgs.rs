//! `orgs`.

use super::{append, pages};
use crate::{
    api::v1,
    ctl::{
        args::{OrgsCommand, Share},
        context::Context,
        error::Error,
        exit::Exit,
    },
};

pub async fn run(context: &Context, command: OrgsCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        OrgsCommand::Get { org: org_id } => {
            let get = async |request| client.orgs().get_org(request).await;
            context.print(&client.read(v1::GetOrgRequest { org_id }, get).await?)?;
        }
        OrgsCommand::List(page) => {
            let read = async |page_size, page_token| {
                let message = v1::ListOrgsRequest { page_size, page_token };
                client.read(message, async |request| client.orgs().list_orgs(request).await).await
            };
            let answer: v1::ListOrgsResponse = pages(&page, read, append!(orgs)).await?;
            context.print(&answer)?;
        }
        OrgsCommand::Portals { org: org_id } => {
            let list = async |request| client.orgs().list_org_portals(request).await;
            context.print(&client.read(v1::ListOrgPortalsRequest { org_id }, list).await?)?;
        }
        OrgsCommand::Budget { org: org_id } => {
            let get = async |request| client.orgs().get_api_budget(request).await;
            context.print(&client.read(v1::GetApiBudgetRequest { org_id }, get).await?)?;
        }
        OrgsCommand::Allocate { org, shares, reason, etag, validate_only } => {
            let request_id = client.request_id();
            let message = v1::AllocateApiCallsRequest {
                request_id: request_id.clone(),
                org_id: org,
                shares: shares.into_iter().map(share).collect(),
                etag: etag.unwrap_or_default(),
                reason,
                validate_only,
            };
            let allocate = async |request| client.orgs().allocate_api_calls(request).await;
            context.print(&client.change(&request_id, message, allocate).await?)?;
        }
    }
    Ok(Exit::Ok)
}

fn share(share: Share) -> v1::ApiCallShare {
    v1::ApiCallShare { portal_id: share.portal, api_call_limit: share.calls }
}
