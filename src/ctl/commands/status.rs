//! `status`.

use tonic::Request;

use super::print_all;
use crate::{
    api::v1::{self, inclusion_rule::Rule},
    ctl::{
        answer::present,
        args::{SettingsArgs, StatusCommand, YesNo},
        context::Context,
        error::Error,
        exit::Exit,
    },
};

pub async fn run(context: &Context, command: StatusCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        StatusCommand::Get { portal: portal_id } => {
            let get = async |request| client.sync().get_sync_status(request).await;
            context.print(&client.read(v1::GetSyncStatusRequest { portal_id }, get).await?)?;
        }
        StatusCommand::Watch { portal, watch } => {
            let portal_id = portal.unwrap_or_default();
            let open = async |token: Request<String>| {
                let request = v1::WatchSyncStatusRequest { portal_id, resume_token: token.into_inner() };
                client.sync().watch_sync_status(request).await
            };
            print_all(context, watch.resume_token, open).await?;
        }
        StatusCommand::Pause { portal: portal_id, reason, etag } => {
            let request_id = client.request_id();
            let etag = etag.unwrap_or_default();
            let message = v1::PauseSyncRequest { request_id: request_id.clone(), portal_id, reason, etag };
            let pause = async |request| client.sync().pause_sync(request).await;
            context.print(&client.change(&request_id, message, pause).await?)?;
        }
        StatusCommand::Resume { portal: portal_id, reason, etag } => {
            let request_id = client.request_id();
            let etag = etag.unwrap_or_default();
            let message = v1::ResumeSyncRequest { request_id: request_id.clone(), portal_id, etag, reason };
            let resume = async |request| client.sync().resume_sync(request).await;
            context.print(&client.change(&request_id, message, resume).await?)?;
        }
        StatusCommand::Settings(args) => settings(context, args).await?,
    }
    Ok(Exit::Ok)
}

/// A part of the settings can only be sent whole: what was not named is taken from the settings in force, guarded by
/// their etag.
async fn settings(context: &Context, args: SettingsArgs) -> Result<(), Error> {
    let client = &context.client;
    let get = async |request| client.sync().get_sync_status(request).await;
    let current = client.read(v1::GetSyncStatusRequest { portal_id: args.portal }, get).await?;
    let current = present(current.status)?;
    let request_id = client.request_id();
    let in_force = current.settings.unwrap_or_default();
    let message = v1::UpdateSyncSettingsRequest {
        request_id: request_id.clone(),
        portal_id: args.portal,
        object_sync: objects(&args, in_force.object_sync),
        activity_sync: activities(&args, in_force.activity_sync),
        inclusion: inclusion(&args),
        etag: args.etag.clone().unwrap_or(current.etag),
        validate_only: args.validate_only,
    };
    let update = async |request| client.sync().update_sync_settings(request).await;
    context.print(&client.change(&request_id, message, update).await?)
}

fn objects(args: &SettingsArgs, current: Option<v1::ObjectSync>) -> Option<v1::ObjectSync> {
    if args.accounts.is_none() && args.opportunities.is_none() {
        return None;
    }
    let current = current.unwrap_or_default();
    Some(v1::ObjectSync {
        accounts: args.accounts.map_or(current.accounts, YesNo::wire),
        opportunities: args.opportunities.map_or(current.opportunities, YesNo::wire),
    })
}

fn activities(args: &SettingsArgs, current: Option<v1::ActivitySync>) -> Option<v1::ActivitySync> {
    if args.on_form_submission.is_none() && args.on_email_open.is_none() && args.tasks.is_none() {
        return None;
    }
    let current = current.unwrap_or_default();
    let is_yes = |answer| answer == YesNo::Yes;
    Some(v1::ActivitySync {
        on_form_submission: args.on_form_submission.map_or(current.on_form_submission, is_yes),
        on_email_open: args.on_email_open.map_or(current.on_email_open, is_yes),
        tasks: args.tasks.map_or(current.tasks, YesNo::wire),
    })
}

fn inclusion(args: &SettingsArgs) -> Option<v1::InclusionRule> {
    let rule = match (&args.list, args.no_list) {
        (Some(list_id), _) => {
            Rule::List(v1::SmartList { list_id: list_id.clone(), ..v1::SmartList::default() })
        }
        (None, true) => {
            let lowest_lifecycle_stage = args.lowest_stage.clone().unwrap_or_default();
            Rule::NoList(v1::NoInclusionList { lowest_lifecycle_stage })
        }
        (None, false) => return None,
    };
    Some(v1::InclusionRule { rule: Some(rule) })
}
