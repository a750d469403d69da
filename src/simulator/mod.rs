//! Both vendors' HTTP APIs, faithful on the wire and breakable on purpose: for tests, `dev`, `demo` and `simulate`.
//!
//! Each vendor listens on its own port. The parts that both share live here: the movable [`clock`], [`fault`] plans,
//! the [`journal`] of requests, the server that can really cut a connection ([`serve`]) and the `/_control/` API
//! ([`control`]). The vendors' own rules stay in their folders. Nothing here may use another room of the product, and
//! no other room but `dev` and the binaries may use this one: the product must not know that it talks to a simulator.

pub mod clock;
pub mod control;
pub mod fault;
pub mod frame;
pub mod hubspot;
pub mod journal;
pub mod salesforce;
pub mod serve;
#[cfg(test)]
mod tests;

use std::{net::SocketAddr, sync::Arc};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{clock::Clock, frame::Frame, hubspot::HubSpot, salesforce::Salesforce};

/// Where the simulators listen and how they call themselves.
#[derive(Clone, Debug)]
pub struct SimulatorConfig {
    /// Address of the Salesforce simulator; port 0 lets the system choose.
    pub salesforce_addr: SocketAddr,
    /// Address of the HubSpot simulator; port 0 lets the system choose.
    pub hubspot_addr: SocketAddr,
    /// Base URL under which clients reach the Salesforce simulator, if it is not its address (containers, proxies).
    pub salesforce_public_url: Option<String>,
    /// Base URL under which clients reach the HubSpot simulator, if it is not its address.
    pub hubspot_public_url: Option<String>,
    /// What is there at the start, and again after `POST /_control/reset`.
    pub seed: Seed,
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            salesforce_addr: any_port,
            hubspot_addr: any_port,
            salesforce_public_url: None,
            hubspot_public_url: None,
            seed: Seed::Standard,
        }
    }
}

/// The fixtures a simulator starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// The orgs and portals with well-known names that the vendors' module docs list.
    Standard,
    /// Nothing: every org and portal comes through the control API.
    Empty,
}

/// Why the simulators could not start.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address is taken, not ours, or not permitted.
    #[error("the {vendor} simulator can't listen on {addr}: {source}")]
    Bind {
        /// `Salesforce` or `HubSpot`.
        vendor: &'static str,
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Both simulators, running. Dropping this stops them without waiting; [`RunningSimulators::shutdown`] waits.
#[derive(Debug)]
pub struct RunningSimulators {
    /// Base URL of the Salesforce simulator, without a slash at the end.
    pub salesforce_url: String,
    /// Base URL of the HubSpot simulator, without a slash at the end.
    pub hubspot_url: String,
    /// The Salesforce simulator's fixtures, for use in the same process.
    pub salesforce: Arc<Salesforce>,
    /// The HubSpot simulator's fixtures, for use in the same process.
    pub hubspot: Arc<HubSpot>,
    /// The clock that both simulators read.
    pub clock: Clock,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl RunningSimulators {
    /// A token that stops the simulators when it is cancelled.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops accepting, lets answers in progress finish for at most two seconds, and returns when all is closed.
    pub async fn shutdown(self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Drop for RunningSimulators {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Binds both addresses and serves until [`RunningSimulators`] is dropped or shut down. Both answer when this returns.
///
/// # Errors
/// [`SimulatorError::Bind`] if one of the addresses can't be listened on; then none of the two runs.
pub async fn start(config: SimulatorConfig) -> Result<RunningSimulators, SimulatorError> {
    let salesforce_listener = serve::bind("Salesforce", config.salesforce_addr).await?;
    let hubspot_listener = serve::bind("HubSpot", config.hubspot_addr).await?;
    let salesforce_url = config.salesforce_public_url.unwrap_or_else(|| salesforce_listener.base_url());
    let hubspot_url = config.hubspot_public_url.unwrap_or_else(|| hubspot_listener.base_url());

    let clock = Clock::new();
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();

    let frame = Frame::new(clock.clone());
    let salesforce = Arc::new(Salesforce::new(frame.clone(), salesforce_url.clone(), config.seed));
    let routes =
        control::router(frame.clone(), salesforce.clone()).merge(salesforce::router(salesforce.clone()));
    salesforce_listener.serve(frame, routes, stop.clone(), &tasks);

    let frame = Frame::new(clock.clone());
    let hubspot = Arc::new(HubSpot::new(frame.clone(), hubspot_url.clone(), config.seed));
    let routes = control::router(frame.clone(), hubspot.clone()).merge(hubspot::router(hubspot.clone()));
    hubspot_listener.serve(frame, routes, stop.clone(), &tasks);

    tasks.close();
    tracing::info!(salesforce = %salesforce_url, hubspot = %hubspot_url, "simulators ready");
    Ok(RunningSimulators { salesforce_url, hubspot_url, salesforce, hubspot, clock, stop, tasks })
}
