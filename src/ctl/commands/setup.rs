//! `setup`: one command for each step, and the door to the wizard.

use tonic::Request;

use super::{append, pages, print_all};
use crate::{
    api::v1::{self, choose_inclusion_list_request::Choice},
    ctl::{
        answer::{Answering, answer, present, setup_id},
        args::{SetupArgs, SetupCommand, SetupTarget, StepArgs, WatchArgs},
        connecting::plain,
        context::Context,
        error::Error,
        exit::Exit,
        render::Show as _,
        secret::Source,
        wizard,
    },
};

pub async fn run(context: &Context, args: SetupArgs) -> Result<Exit, Error> {
    let SetupArgs { target, command } = args;
    let client = &context.client;
    match command {
        None | Some(SetupCommand::Wizard) => return wizard::on_terminal(context, &target).await,
        Some(SetupCommand::Start) => start(context, &target).await?,
        Some(SetupCommand::List(page)) => {
            let portal_id = target.portal.unwrap_or_default();
            let read = async |page_size, page_token| {
                let message = v1::ListSetupsRequest { portal_id, page_size, page_token };
                client.read(message, async |request| client.setups().list_setups(request).await).await
            };
            let answer: v1::ListSetupsResponse = pages(&page, read, append!(setups)).await?;
            context.print(&answer)?;
        }
        Some(SetupCommand::Describe) => describe(context, &target).await?,
        Some(command) => {
            let setup_id = setup_id(client, &target).await?;
            look(context, setup_id, command).await?;
        }
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

/// The commands that look at a setup; all others answer a step.
async fn look(context: &Context, setup_id: String, command: SetupCommand) -> Result<(), Error> {
    let client = &context.client;
    match command {
        SetupCommand::Get => {
            let get = async |request| client.setups().get_setup(request).await;
            context.print(&client.read(v1::GetSetupRequest { setup_id }, get).await?)
        }
        SetupCommand::Watch(WatchArgs { resume_token }) => {
            let open = async |token: Request<String>| {
                let request =
                    v1::WatchSetupRequest { setup_id: setup_id.clone(), resume_token: token.into_inner() };
                client.setups().watch_setup(request).await
            };
            print_all(context, resume_token, open).await.map(|_| ())
        }
        SetupCommand::Review => context.print(&review(context, &setup_id).await?),
        SetupCommand::Abandon { etag } => abandon(context, setup_id, etag).await,
        command => before_connecting(context, setup_id, command).await,
    }
}

async fn review(context: &Context, setup_id: &str) -> Result<v1::ReviewSetupResponse, Error> {
    let client = &context.client;
    let message = v1::ReviewSetupRequest { setup_id: setup_id.to_owned() };
    client.read(message, async |request| client.setups().review_setup(request).await).await
}

async fn abandon(context: &Context, setup_id: String, etag: Option<String>) -> Result<(), Error> {
    context.confirm(&context.view.lang.with("ctl-confirm-abandon", &[("setup_id", &setup_id)]))?;
    let client = &context.client;
    let request_id = client.request_id();
    let etag = etag.unwrap_or_default();
    let message = v1::AbandonSetupRequest { request_id: request_id.clone(), setup_id, etag };
    let abandon = async |request| client.setups().abandon_setup(request).await;
    context.print(&client.change(&request_id, message, abandon).await?)
}

/// The steps up to the security token; the later ones are passed on.
async fn before_connecting(context: &Context, setup_id: String, command: SetupCommand) -> Result<(), Error> {
    let client = &context.client;
    let by = |step: &StepArgs| Answering::by(setup_id.clone(), step);
    match command {
        SetupCommand::Prerequisites { acknowledged, subscription, step } => {
            let subscription = subscription.wire();
            context.print(&answer!(
                client,
                &by(&step),
                acknowledge_prerequisites,
                AcknowledgePrerequisitesRequest { acknowledged, subscription }
            )?)
        }
        SetupCommand::Edition { edition, step } => {
            let edition = edition.wire();
            context.print(&answer!(client, &by(&step), select_edition, SelectEditionRequest { edition })?)
        }
        SetupCommand::AdminAccess { access, step } => {
            let admin_access = access.wire();
            context.print(&answer!(
                client,
                &by(&step),
                confirm_admin_access,
                ConfirmAdminAccessRequest { admin_access }
            )?)
        }
        SetupCommand::Environment { environment, sandbox_notes_acknowledged, step } => {
            let environment = environment.wire();
            context.print(&answer!(
                client,
                &by(&step),
                select_environment,
                SelectEnvironmentRequest { environment, sandbox_notes_acknowledged }
            )?)
        }
        SetupCommand::Seats { count: seat_count, step } => {
            context.print(&answer!(client, &by(&step), set_seat_count, SetSeatCountRequest { seat_count })?)
        }
        SetupCommand::ApiLimit { limit, step } => {
            context.print(&answer!(client, &by(&step), set_api_call_limit, SetApiCallLimitRequest { limit })?)
        }
        SetupCommand::Package { installed, step } => context.print(&answer!(
            client,
            &by(&step),
            confirm_package_installed,
            ConfirmPackageInstalledRequest { installed }
        )?),
        SetupCommand::Visualforce { added, method, step } => {
            let method = method.wire();
            context.print(&answer!(
                client,
                &by(&step),
                confirm_visualforce_module,
                ConfirmVisualforceModuleRequest { added, method }
            )?)
        }
        SetupCommand::Token { not_used, security_token_stdin, security_token_file, step } => {
            let source = Source {
                stdin: security_token_stdin,
                file: security_token_file.as_ref(),
                variable: "CONNECTOR_SALESFORCE_SECURITY_TOKEN",
                question: "ctl-ask-token",
                options: "--security-token-file, --security-token-stdin",
            };
            let security_token = if not_used { String::new() } else { plain(&source.get(context)?) };
            context.print(&answer!(
                client,
                &by(&step),
                submit_security_token,
                SubmitSecurityTokenRequest { security_token, not_used }
            )?)
        }
        command => after_connecting(context, setup_id, command).await,
    }
}

/// The settings, the review and the end.
async fn after_connecting(context: &Context, setup_id: String, command: SetupCommand) -> Result<(), Error> {
    let client = &context.client;
    let by = |step: &StepArgs| Answering::by(setup_id.clone(), step);
    match command {
        SetupCommand::Objects { accounts, opportunities, step } => {
            let object_sync =
                Some(v1::ObjectSync { accounts: accounts.wire(), opportunities: opportunities.wire() });
            context.print(&answer!(
                client,
                &by(&step),
                choose_object_sync,
                ChooseObjectSyncRequest { object_sync }
            )?)
        }
        SetupCommand::Activities { on_form_submission, on_email_open, tasks, step } => {
            let activity_sync =
                Some(v1::ActivitySync { on_form_submission, on_email_open, tasks: tasks.wire() });
            context.print(&answer!(
                client,
                &by(&step),
                choose_activity_sync,
                ChooseActivitySyncRequest { activity_sync }
            )?)
        }
        SetupCommand::Inclusion { list, lowest_stage, step, no_list: _ } => {
            let lowest_lifecycle_stage = lowest_stage.unwrap_or_default();
            let no_list = Choice::NoList(v1::NoInclusionList { lowest_lifecycle_stage });
            let choice = Some(list.map_or(no_list, Choice::ListId));
            context.print(&answer!(
                client,
                &by(&step),
                choose_inclusion_list,
                ChooseInclusionListRequest { choice }
            )?)
        }
        SetupCommand::Enable { review_etag, step } => {
            let review_etag = match review_etag {
                Some(etag) => etag,
                None => looked_at(context, &setup_id).await?,
            };
            context.print(&answer!(client, &by(&step), enable_sync, EnableSyncRequest { review_etag })?)
        }
        SetupCommand::Finish { existing_contacts, step } => {
            let import_decision = existing_contacts.wire();
            context.print(&answer!(client, &by(&step), finish_setup, FinishSetupRequest { import_decision })?)
        }
        _ => Err(Error::Internal("a command without a step".to_owned())),
    }
}

/// Shows the review and asks; returns its etag.
async fn looked_at(context: &Context, setup_id: &str) -> Result<String, Error> {
    let review = review(context, setup_id).await?;
    present(review.setup.as_ref())?;
    context.note(&review.show(&context.view));
    context.confirm(&context.view.lang.text("ctl-confirm-enable"))?;
    Ok(review.review_etag)
}
