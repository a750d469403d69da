//! `setup handoff`, and `handoff` for whoever was handed the steps in Salesforce.

use super::{append, pages};
use crate::{
    api::v1::{self, ConnectState},
    ctl::{
        answer::{Answering, answer, present, read_setup},
        args::{HandoffArgs, HandoffCommand},
        connecting::{Of, credential, plain, to_its_end},
        context::Context,
        error::Error,
        exit::Exit,
        secret::Source,
        wizard,
    },
};

/// `setup handoff`.
pub async fn run(context: &Context, setup_id: String, command: HandoffCommand) -> Result<(), Error> {
    let client = &context.client;
    match command {
        HandoffCommand::Create { valid_hours } => {
            let request_id = client.request_id();
            let message = v1::CreateHandoffRequest {
                request_id: request_id.clone(),
                setup_id: setup_id.clone(),
                valid_hours: valid_hours.unwrap_or_default(),
            };
            let create = async |request| client.setups().create_handoff(request).await;
            let answer = client.change(&request_id, message, create).await?;
            context.print(&answer)?;
            let command = format!("connectorctl handoff --setup {setup_id}");
            let words = if answer.token.is_empty() { "ctl-handoff-again" } else { "ctl-handoff-once" };
            context.note(&context.view.lang.with(words, &[("command", &command)]));
        }
        HandoffCommand::List(page) => {
            let read = async |page_size, page_token| {
                let message = v1::ListHandoffsRequest { setup_id: setup_id.clone(), page_size, page_token };
                client.read(message, async |request| client.setups().list_handoffs(request).await).await
            };
            let answer: v1::ListHandoffsResponse = pages(&page, read, append!(handoffs)).await?;
            context.print(&answer)?;
        }
        HandoffCommand::Revoke { handoff: handoff_id, reason } => {
            let request_id = client.request_id();
            let message =
                v1::RevokeHandoffRequest { request_id: request_id.clone(), setup_id, handoff_id, reason };
            let revoke = async |request| client.setups().revoke_handoff(request).await;
            context.print(&client.change(&request_id, message, revoke).await?)?;
        }
    }
    Ok(())
}

/// `handoff`: by the options, or step by step.
pub async fn walk(context: &Context, args: HandoffArgs) -> Result<Exit, Error> {
    if !args.answers_anything() {
        return wizard::handed_off(context, &args.setup).await;
    }
    let (client, answering) = (&context.client, Answering::to(&args.setup));
    if args.installed {
        answer!(
            client,
            &answering,
            confirm_package_installed,
            ConfirmPackageInstalledRequest { installed: true }
        )?;
    }
    if args.answers_token() {
        let security_token = if args.oauth { String::new() } else { plain(&token(&args).get(context)?) };
        let not_used = args.oauth;
        answer!(
            client,
            &answering,
            submit_security_token,
            SubmitSecurityTokenRequest { security_token, not_used }
        )?;
    }
    if args.added {
        let method = args.added_by.wire();
        answer!(
            client,
            &answering,
            confirm_visualforce_module,
            ConfirmVisualforceModuleRequest { added: true, method }
        )?;
    }
    if args.connects() {
        return connect(context, &args).await;
    }
    let setup = read_setup(client, &args.setup).await?;
    context.print(&v1::GetSetupResponse { setup: Some(setup) })?;
    Ok(Exit::Ok)
}

fn token(args: &HandoffArgs) -> Source<'_> {
    Source {
        stdin: args.token_stdin,
        file: args.new_token_file.as_ref(),
        variable: "CONNECTOR_SALESFORCE_SECURITY_TOKEN",
        question: "ctl-ask-token",
        options: "--new-token-file, --token-stdin",
    }
}

async fn connect(context: &Context, args: &HandoffArgs) -> Result<Exit, Error> {
    let client = &context.client;
    let request_id = client.request_id();
    let message = v1::ConnectAccountsRequest {
        request_id: request_id.clone(),
        setup_id: args.setup.clone(),
        credential: credential(context, &args.credential)?,
        ..v1::ConnectAccountsRequest::default()
    };
    let connect = async |request| client.connections().connect_accounts(request).await;
    let attempt = client.change(&request_id, message, connect).await?.attempt;
    let ended = to_its_end(context, present(attempt)?, &Of::HandedOff(args.setup.clone())).await?;
    context.print(&ended)?;
    Ok(if ended.state() == ConnectState::Connected { Exit::Ok } else { Exit::Failed })
}
