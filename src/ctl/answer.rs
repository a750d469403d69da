//! Answering a step: what the commands and the wizard share. Each call makes one change under one request id.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::{
    args::{SetupTarget, StepArgs},
    client::Client,
    error::Error,
};
use crate::api::v1;

/// Which setup is answered, and how.
#[derive(Clone, Debug, Default)]
pub struct Answering {
    /// The setup.
    pub setup_id: String,
    /// Refuse if it changed since. Empty: answer whatever changed.
    pub etag: String,
    /// Change nothing.
    pub validate_only: bool,
}

impl Answering {
    /// An answer to a setup, whatever changed in it.
    pub fn to(setup_id: &str) -> Self {
        Self { setup_id: setup_id.to_owned(), ..Self::default() }
    }

    /// An answer as the options of a step say.
    pub fn by(setup_id: String, step: &StepArgs) -> Self {
        Self { setup_id, etag: step.etag.clone().unwrap_or_default(), validate_only: step.validate_only }
    }
}

/// Sends the answer of one step.
macro_rules! answer {
    ($client:expr, $answering:expr, $rpc:ident, $request:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {{
        let (client, answering): (&$crate::ctl::client::Client, &$crate::ctl::answer::Answering) = ($client, $answering);
        let request_id = client.request_id();
        let message = $crate::api::v1::$request {
            request_id: request_id.clone(),
            setup_id: answering.setup_id.clone(),
            etag: answering.etag.clone(),
            validate_only: answering.validate_only,
            $($field $(: $value)?,)*
        };
        client.change(&request_id, message, async |request| client.setups().$rpc(request).await).await
    }};
}
pub(super) use answer;

/// The id of the setup that is meant: the one named, or the portal's newest.
///
/// # Errors
/// [`Error::Usage`] when neither a setup nor a portal was named, or the portal has none.
pub async fn setup_id(client: &Client, target: &SetupTarget) -> Result<String, Error> {
    match (&target.setup, target.portal) {
        (Some(id), _) => Ok(id.clone()),
        (None, Some(portal_id)) => newest(client, portal_id).await,
        (None, None) => Err(Error::Usage("which setup? give --portal PORTAL or --setup SETUP".to_owned())),
    }
}

async fn newest(client: &Client, portal_id: i64) -> Result<String, Error> {
    let request = v1::ListSetupsRequest { portal_id, page_size: 1, page_token: String::new() };
    let answer = client.read(request, async |request| client.setups().list_setups(request).await).await?;
    answer.setups.into_iter().next().map(|setup| setup.setup_id).ok_or_else(|| {
        let message = client.lang().with("ctl-no-setup", &[("portal_id", &portal_id.to_string())]);
        let details = ErrorDetails::with_error_info("SETUP_NOT_FOUND", "connector.v1", HashMap::new());
        let status = Status::with_error_details(Code::NotFound, message, details);
        client.failure(status, None)
    })
}

/// The whole setup.
///
/// # Errors
/// As any reading call.
pub async fn read_setup(client: &Client, setup_id: &str) -> Result<v1::Setup, Error> {
    let request = v1::GetSetupRequest { setup_id: setup_id.to_owned() };
    let answer = client.read(request, async |request| client.setups().get_setup(request).await).await?;
    present(answer.setup)
}

/// What an answer of the server must carry.
///
/// # Errors
/// [`Error::Internal`] when it does not.
pub fn present<T>(part: Option<T>) -> Result<T, Error> {
    part.ok_or_else(|| Error::Internal("the server's answer is empty".to_owned()))
}
