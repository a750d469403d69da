//! `setup`: looking at setups, and the doors to the wizard and to its steps.

use tonic::Request;

use super::{append, handoff, pages, print_all, steps};
use crate::{
    api::v1,
    ctl::{
        answer::setup_id,
        args::{PageArgs, SetupArgs, SetupCommand, SetupTarget},
        context::Context,
        error::Error,
        exit::Exit,
        wizard,
    },
};

pub async fn run(context: &Context, args: SetupArgs) -> Result<Exit, Error> {
    let SetupArgs { target, command } = args;
    let setup_id = async || setup_id(&context.client, &target).await;
    match command {
        None | Some(SetupCommand::Wizard) => return wizard::on_terminal(context, &target).await,
        Some(SetupCommand::Start) => start(context, &target).await?,
        Some(SetupCommand::List(page)) => list(context, &target, &page).await?,
        Some(SetupCommand::Describe) => describe(context, &target).await?,
        Some(SetupCommand::Get) => get(context, setup_id().await?).await?,
        Some(SetupCommand::Watch(watch)) => follow(context, &setup_id().await?, watch.resume_token).await?,
        Some(SetupCommand::Abandon { reason, etag }) => {
            abandon(context, setup_id().await?, reason, etag).await?;
        }
        Some(SetupCommand::Handoff(command)) => handoff::run(context, setup_id().await?, command).await?,
        Some(SetupCommand::Before(step)) => {
            steps::before_connecting(context, &setup_id().await?, step).await?;
        }
        Some(SetupCommand::After(step)) => steps::after_connecting(context, &setup_id().await?, step).await?,
    }
    Ok(Exit::Ok)
}

async fn start(context: &Context, target: &SetupTarget) -> Result<(), Error> {
    let client = &context.client;
    let portal_id =
        target.portal.ok_or_else(|| Error::Usage("which portal? give --portal PORTAL".to_owned()))?;
    let request_id = client.request_id();
    let message = v1::StartSetupRequest { request_id: request_id.clone(), portal_id };
    let start = async |request| client.setups().start_setup(request).await;
    context.print(&client.change(&request_id, message, start).await?)
}

/// Of a setup where one is named; in general otherwise.
async fn describe(context: &Context, target: &SetupTarget) -> Result<(), Error> {
    let client = &context.client;
    let is_named = target.portal.is_some() || target.setup.is_some();
    let setup_id = if is_named { setup_id(client, target).await? } else { String::new() };
    let describe = async |request| client.setups().describe_setup(request).await;
    context.print(&client.read(v1::DescribeSetupRequest { setup_id }, describe).await?)
}

async fn list(context: &Context, target: &SetupTarget, page: &PageArgs) -> Result<(), Error> {
    let client = &context.client;
    let portal_id = target.portal.unwrap_or_default();
    let read = async |page_size, page_token| {
        let message = v1::ListSetupsRequest { portal_id, page_size, page_token };
        client.read(message, async |request| client.setups().list_setups(request).await).await
    };
    let answer: v1::ListSetupsResponse = pages(page, read, append!(setups)).await?;
    context.print(&answer)
}

async fn get(context: &Context, setup_id: String) -> Result<(), Error> {
    let client = &context.client;
    let get = async |request| client.setups().get_setup(request).await;
    context.print(&client.read(v1::GetSetupRequest { setup_id }, get).await?)
}

async fn follow(context: &Context, setup_id: &str, token: Option<String>) -> Result<(), Error> {
    let open = async |token: Request<String>| {
        let request =
            v1::WatchSetupRequest { setup_id: setup_id.to_owned(), resume_token: token.into_inner() };
        context.client.setups().watch_setup(request).await
    };
    print_all(context, token, open).await.map(|_| ())
}

async fn abandon(
    context: &Context,
    setup_id: String,
    reason: String,
    etag: Option<String>,
) -> Result<(), Error> {
    context.confirm(&context.view.lang.with("ctl-confirm-abandon", &[("setup_id", &setup_id)]))?;
    let client = &context.client;
    let request_id = client.request_id();
    let etag = etag.unwrap_or_default();
    let message = v1::AbandonSetupRequest { request_id: request_id.clone(), setup_id, etag, reason };
    let abandon = async |request| client.setups().abandon_setup(request).await;
    context.print(&client.change(&request_id, message, abandon).await?)
}
