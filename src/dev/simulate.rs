//! `simulate`: only the simulators.

use std::{net::SocketAddr, path::Path, process::ExitCode};

use crate::{
    config::Config,
    lifecycle::Lifecycle,
    ready_file::Ready,
    simulator::{self, SimulatorConfig},
    telemetry,
};

/// Runs both simulators until they are stopped.
///
/// # Errors
/// When an address is taken or the ready file can't be written.
pub async fn simulate(
    config: &Config,
    (salesforce, hubspot): (SocketAddr, SocketAddr),
    ready_file: Option<&Path>,
) -> anyhow::Result<ExitCode> {
    telemetry::init(&config.log)?;
    let simulators = simulator::start(SimulatorConfig {
        salesforce_addr: salesforce,
        hubspot_addr: hubspot,
        ..SimulatorConfig::default()
    })
    .await?;
    if let Some(path) = ready_file {
        let ready = Ready {
            salesforce: Some(&simulators.salesforce_url),
            hubspot: Some(&simulators.hubspot_url),
            ..Ready::default()
        };
        ready.write(path)?;
    }
    println!("Salesforce  {}\nHubSpot     {}", simulators.salesforce_url, simulators.hubspot_url);
    Lifecycle::new().run_to_end(config.shutdown.drain_timeout).await?;
    simulators.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
