//! `keys`.

use std::time::Duration;

use crate::{
    api::v1::{self, KeyRotationState},
    ctl::{
        answer::present, args::KeysCommand, context::Context, error::Error, exit::Exit, output::number,
        progress::Progress,
    },
};

/// How often progress is asked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub async fn run(context: &Context, command: KeysCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        KeysCommand::List => context.print(&status(context).await?)?,
        KeysCommand::Watch => return to_its_end(context).await,
        KeysCommand::Rotate { no_wait, reason } => {
            let request_id = client.request_id();
            let message = v1::RotateKeysRequest { request_id: request_id.clone(), reason };
            let rotate = async |request| client.keys().rotate_keys(request).await;
            let answer = client.change(&request_id, message, rotate).await?;
            if !no_wait {
                return to_its_end(context).await;
            }
            context.print(&answer)?;
        }
        KeysCommand::Retire { key: key_id, reason } => {
            let named = [("key_id", key_id.as_str())];
            context.confirm(&context.view.lang.with("ctl-confirm-retire-key", &named))?;
            let request_id = client.request_id();
            let message = v1::RetireKeyRequest { request_id: request_id.clone(), key_id, reason };
            let retire = async |request| client.keys().retire_key(request).await;
            context.print(&client.change(&request_id, message, retire).await?)?;
        }
    }
    Ok(Exit::Ok)
}

async fn status(context: &Context) -> Result<v1::GetKeyStatusResponse, Error> {
    let client = &context.client;
    client.read(v1::GetKeyStatusRequest {}, async |request| client.keys().get_key_status(request).await).await
}

/// Shows how far the rotation is until it is at its end, then all keys.
async fn to_its_end(context: &Context) -> Result<Exit, Error> {
    let mut progress = context.progress();
    progress.line(&context.view.lang.text("ctl-progress-detach"));
    loop {
        let answer = status(context).await?;
        let rotation = present(answer.status.clone())?.rotation;
        if let Some(rotation) = &rotation {
            show(context, &mut progress, rotation);
        }
        let state = rotation.map_or(KeyRotationState::Finished, |rotation| rotation.state());
        let exit = match state {
            KeyRotationState::Finished => Exit::Ok,
            KeyRotationState::Stuck => Exit::Failed,
            KeyRotationState::Running | KeyRotationState::Unspecified => {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
        };
        drop(progress);
        context.print(&answer)?;
        return Ok(exit);
    }
}

fn show(context: &Context, progress: &mut Progress, rotation: &v1::KeyRotation) {
    let (done, left) = (number(rotation.secrets_done), number(rotation.secrets_left));
    let args = [("key_id", rotation.to_key_id.as_str()), ("done", &done), ("left", &left)];
    progress.state(&context.view.lang.with("ctl-progress-rewrap", &args));
}
