//! A connection that shows its token with every call. The demo and the tests call by it.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// The channel that clients of the services are made on.
pub type Line = InterceptedService<Channel, Bearer>;

/// Adds `authorization: Bearer …` to every call.
#[derive(Clone, Debug)]
pub struct Bearer(MetadataValue<Ascii>);

impl Bearer {
    /// Shows this token.
    ///
    /// # Errors
    /// When no header can carry it.
    pub fn new(token: &SecretString) -> anyhow::Result<Self> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {}", token.expose_secret())
            .parse()
            .ok()
            .context("the token has characters that no header can carry")?;
        // Neither `Debug` nor the log of HTTP/2 shows it.
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// Puts a channel behind it.
    #[must_use]
    pub fn over(self, channel: Channel) -> Line {
        InterceptedService::new(channel, self)
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// Connects to a server, to call it with a token.
///
/// # Errors
/// When nobody answers there.
pub async fn connect(url: &str, token: &SecretString) -> anyhow::Result<Line> {
    let channel = Endpoint::from_shared(url.to_owned())?.connect().await?;
    Ok(Bearer::new(token)?.over(channel))
}
