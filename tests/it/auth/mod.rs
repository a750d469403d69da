//! Who may call: tokens, keys that come and go, certificates, and servers that don't start open.

pub mod authority;
mod certificates;
mod corpus;
pub mod forge;
mod forged;
mod jwks_server;
mod rotation;
mod startup;
mod tls;

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{self, portal_service_client::PortalServiceClient};
use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use tonic_types::StatusExt as _;

/// A call that needs little, with these values of `authorization`.
async fn call_with(channel: &Channel, values: &[String]) -> Result<(), Status> {
    let mut request = Request::new(v1::ListPortalsRequest::default());
    for value in values {
        let value: MetadataValue<Ascii> =
            value.parse().map_err(|_| Status::unauthenticated("no header can carry this"))?;
        request.metadata_mut().append("authorization", value);
    }
    PortalServiceClient::new(channel.clone()).list_portals(request).await.map(|_| ())
}

/// The same with one token.
async fn call(channel: &Channel, token: &str) -> Result<(), Status> {
    call_with(channel, &[format!("Bearer {token}")]).await
}

/// What everybody reads who is not known, whatever was wrong: no oracle.
fn is_the_one_refusal(status: &Status) -> Result<()> {
    let details = status.get_error_details();
    let info = details.error_info().with_context(|| format!("no ErrorInfo: {status:?}"))?;
    let text = details.localized_message().context("no text")?;
    ensure!(status.code() == Code::Unauthenticated, "{status:?}");
    ensure!(info.reason == "UNAUTHENTICATED" && info.metadata.is_empty(), "{info:?}");
    ensure!(
        status.message() == "You are not signed in: the call carries no credential that this server knows.",
        "{status:?}"
    );
    ensure!(text.message.starts_with(status.message()), "{text:?}");
    ensure!(details.bad_request().is_none() && details.precondition_failure().is_none(), "{details:?}");
    Ok(())
}
