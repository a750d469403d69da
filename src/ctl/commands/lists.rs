//! `lists`.

use super::{append, pages};
use crate::{
    api::v1,
    ctl::{args::ListsCommand, context::Context, error::Error, exit::Exit},
};

pub async fn run(context: &Context, command: ListsCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        ListsCommand::List { portal: portal_id, query, page } => {
            let query = query.unwrap_or_default();
            let read = async |page_size, page_token| {
                let message =
                    v1::ListSmartListsRequest { portal_id, query: query.clone(), page_size, page_token };
                client.read(message, async |request| client.lists().list_smart_lists(request).await).await
            };
            let answer: v1::ListSmartListsResponse = pages(&page, read, append!(lists)).await?;
            context.print(&answer)?;
        }
        ListsCommand::Create { portal: portal_id, name, stages: lifecycle_stages } => {
            let request_id = client.request_id();
            let message = v1::CreateSmartListRequest {
                request_id: request_id.clone(),
                portal_id,
                name,
                lifecycle_stages,
            };
            let create = async |request| client.lists().create_smart_list(request).await;
            context.print(&client.change(&request_id, message, create).await?)?;
        }
        ListsCommand::Set { portal: portal_id, list: list_id, etag } => {
            let request_id = client.request_id();
            let message = v1::SetInclusionListRequest {
                request_id: request_id.clone(),
                portal_id,
                list_id,
                etag: etag.unwrap_or_default(),
            };
            let set = async |request| client.lists().set_inclusion_list(request).await;
            context.print(&client.change(&request_id, message, set).await?)?;
        }
        ListsCommand::Clear { portal: portal_id, lowest_stage, etag } => {
            let request_id = client.request_id();
            let message = v1::ClearInclusionListRequest {
                request_id: request_id.clone(),
                portal_id,
                lowest_lifecycle_stage: lowest_stage.unwrap_or_default(),
                etag: etag.unwrap_or_default(),
            };
            let clear = async |request| client.lists().clear_inclusion_list(request).await;
            context.print(&client.change(&request_id, message, clear).await?)?;
        }
    }
    Ok(Exit::Ok)
}
