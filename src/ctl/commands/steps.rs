//! `setup`: one command for each step.

use crate::{
    api::v1::{self, choose_inclusion_list_request::Choice},
    ctl::{
        answer::{Answering, answer},
        args::{AfterConnecting, BeforeConnecting},
        connecting::plain,
        context::Context,
        error::Error,
        render::Show as _,
        secret::Source,
    },
};

/// Sends the answer of a step and prints how the setup stands after it.
macro_rules! send {
    ($context:ident, $setup_id:ident, $step:expr, $rpc:ident, $request:ident { $($fields:tt)* }) => {{
        let answering = Answering::by($setup_id.to_owned(), &$step);
        $context.print(&answer!(&$context.client, &answering, $rpc, $request { $($fields)* })?)
    }};
}

/// The steps up to the Visualforce module.
pub async fn before_connecting(
    context: &Context,
    setup_id: &str,
    step: BeforeConnecting,
) -> Result<(), Error> {
    use BeforeConnecting as B;
    match step {
        B::Prerequisites { acknowledged, subscription, step } => {
            let subscription = subscription.wire();
            send!(
                context,
                setup_id,
                step,
                acknowledge_prerequisites,
                AcknowledgePrerequisitesRequest { acknowledged, subscription }
            )
        }
        B::Edition { edition, step } => {
            let edition = edition.wire();
            send!(context, setup_id, step, select_edition, SelectEditionRequest { edition })
        }
        B::AdminAccess { access, step } => {
            let admin_access = access.wire();
            send!(context, setup_id, step, confirm_admin_access, ConfirmAdminAccessRequest { admin_access })
        }
        B::Environment { environment, sandbox_notes_acknowledged, step } => {
            let environment = environment.wire();
            send!(
                context,
                setup_id,
                step,
                select_environment,
                SelectEnvironmentRequest { environment, sandbox_notes_acknowledged }
            )
        }
        B::Seats { count: seat_count, step } => {
            send!(context, setup_id, step, set_seat_count, SetSeatCountRequest { seat_count })
        }
        B::ApiLimit { limit, step } => {
            send!(context, setup_id, step, set_api_call_limit, SetApiCallLimitRequest { limit })
        }
        B::Package { installed, step } => {
            send!(
                context,
                setup_id,
                step,
                confirm_package_installed,
                ConfirmPackageInstalledRequest { installed }
            )
        }
        B::Visualforce { added, method, step } => {
            let method = method.wire();
            send!(
                context,
                setup_id,
                step,
                confirm_visualforce_module,
                ConfirmVisualforceModuleRequest { added, method }
            )
        }
        B::Token { not_used, security_token_stdin, security_token_file, step } => {
            let source = Source {
                stdin: security_token_stdin,
                file: security_token_file.as_ref(),
                variable: "CONNECTOR_SALESFORCE_SECURITY_TOKEN",
                question: "ctl-ask-token",
                options: "--security-token-file, --security-token-stdin",
            };
            let security_token = if not_used { String::new() } else { plain(&source.get(context)?) };
            send!(
                context,
                setup_id,
                step,
                submit_security_token,
                SubmitSecurityTokenRequest { security_token, not_used }
            )
        }
    }
}

/// The settings, the review and the end.
pub async fn after_connecting(context: &Context, setup_id: &str, step: AfterConnecting) -> Result<(), Error> {
    use AfterConnecting as A;
    match step {
        A::Objects { accounts, opportunities, step } => {
            let object_sync =
                Some(v1::ObjectSync { accounts: accounts.wire(), opportunities: opportunities.wire() });
            send!(context, setup_id, step, choose_object_sync, ChooseObjectSyncRequest { object_sync })
        }
        A::Activities { on_form_submission, on_email_open, tasks, step } => {
            let activity_sync =
                Some(v1::ActivitySync { on_form_submission, on_email_open, tasks: tasks.wire() });
            send!(context, setup_id, step, choose_activity_sync, ChooseActivitySyncRequest { activity_sync })
        }
        A::Inclusion { list, lowest_stage, step, no_list: _ } => {
            let lowest_lifecycle_stage = lowest_stage.unwrap_or_default();
            let no_list = Choice::NoList(v1::NoInclusionList { lowest_lifecycle_stage });
            let choice = Some(list.map_or(no_list, Choice::ListId));
            send!(context, setup_id, step, choose_inclusion_list, ChooseInclusionListRequest { choice })
        }
        A::Review => context.print(&review(context, setup_id).await?),
        A::Enable { review_etag, step } => {
            let review_etag = match review_etag {
                Some(etag) => etag,
                None => looked_at(context, setup_id).await?,
            };
            send!(context, setup_id, step, enable_sync, EnableSyncRequest { review_etag })
        }
        A::Finish { existing_contacts, step } => {
            let import_decision = existing_contacts.wire();
            send!(context, setup_id, step, finish_setup, FinishSetupRequest { import_decision })
        }
    }
}

async fn review(context: &Context, setup_id: &str) -> Result<v1::ReviewSetupResponse, Error> {
    let client = &context.client;
    let message = v1::ReviewSetupRequest { setup_id: setup_id.to_owned() };
    client.read(message, async |request| client.setups().review_setup(request).await).await
}

/// Shows the review and asks; returns its etag.
async fn looked_at(context: &Context, setup_id: &str) -> Result<String, Error> {
    let review = review(context, setup_id).await?;
    if !context.yes {
        context.note(&review.show(&context.view));
    }
    context.confirm(&context.view.lang.text("ctl-confirm-enable"))?;
    Ok(review.review_etag)
}
