//! `portals`.

use super::{append, pages};
use crate::{
    api::v1::{self, hub_spot_credential::Method},
    ctl::{
        args::{HubSpotArgs, PortalsCommand},
        connecting::plain,
        context::Context,
        error::Error,
        exit::Exit,
        secret::Source,
    },
};

pub async fn run(context: &Context, command: PortalsCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        PortalsCommand::Register { name, credential } => {
            let request_id = client.request_id();
            let message = v1::RegisterPortalRequest {
                request_id: request_id.clone(),
                credential: Some(hubspot(context, &credential)?),
                display_name: name.unwrap_or_default(),
            };
            let register = async |request| client.portals().register_portal(request).await;
            context.print(&client.change(&request_id, message, register).await?)?;
        }
        PortalsCommand::Get { portal: portal_id } => {
            let get = async |request| client.portals().get_portal(request).await;
            context.print(&client.read(v1::GetPortalRequest { portal_id }, get).await?)?;
        }
        PortalsCommand::List(page) => {
            let read = async |page_size, page_token| {
                let message = v1::ListPortalsRequest { page_size, page_token };
                client.read(message, async |request| client.portals().list_portals(request).await).await
            };
            let answer: v1::ListPortalsResponse = pages(&page, read, append!(portals)).await?;
            context.print(&answer)?;
        }
        PortalsCommand::UpdateCredential { portal, credential, reason, etag } => {
            let request_id = client.request_id();
            let message = v1::UpdatePortalCredentialRequest {
                request_id: request_id.clone(),
                portal_id: portal,
                credential: Some(hubspot(context, &credential)?),
                etag: etag.unwrap_or_default(),
                reason,
            };
            let update = async |request| client.portals().update_portal_credential(request).await;
            context.print(&client.change(&request_id, message, update).await?)?;
        }
    }
    Ok(Exit::Ok)
}

fn hubspot(context: &Context, args: &HubSpotArgs) -> Result<v1::HubSpotCredential, Error> {
    let Some(client_id) = &args.client_id else {
        let source = Source {
            stdin: args.hubspot_token_stdin,
            file: args.hubspot_token_file.as_ref(),
            variable: "CONNECTOR_HUBSPOT_TOKEN",
            question: "ctl-ask-portal-token",
            options: "--hubspot-token-file, --hubspot-token-stdin",
        };
        let token = plain(&source.get(context)?);
        let method = Method::StaticToken(v1::HubSpotStaticToken { token });
        return Ok(v1::HubSpotCredential { method: Some(method) });
    };
    let client_secret = Source {
        stdin: false,
        file: args.client_secret_file.as_ref(),
        variable: "CONNECTOR_HUBSPOT_CLIENT_SECRET",
        question: "ctl-ask-hubspot-secret",
        options: "--client-secret-file",
    };
    let refresh_token = Source {
        stdin: false,
        file: args.refresh_token_file.as_ref(),
        variable: "CONNECTOR_HUBSPOT_REFRESH_TOKEN",
        question: "ctl-ask-hubspot-refresh-token",
        options: "--refresh-token-file",
    };
    let method = Method::Oauth(v1::HubSpotOAuth {
        client_id: client_id.clone(),
        client_secret: plain(&client_secret.get(context)?),
        refresh_token: plain(&refresh_token.get(context)?),
    });
    Ok(v1::HubSpotCredential { method: Some(method) })
}
