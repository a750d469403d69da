//! `demo`: the main job on embedded defaults. Everything goes over gRPC, as any client would do it.

mod refusals;
mod show;
mod walk;

use std::{process::ExitCode, time::Instant};

use anyhow::Context as _;
use secrecy::SecretString;

use super::{Environment, EnvironmentSettings, Line, connect};
use crate::{
    api::v1::{
        connection_service_client::ConnectionServiceClient,
        inclusion_list_service_client::InclusionListServiceClient, org_service_client::OrgServiceClient,
        portal_service_client::PortalServiceClient, setup_service_client::SetupServiceClient,
        test_contact_service_client::TestContactServiceClient,
    },
    config::Config,
    simulator::hubspot::seed,
};
use show::Show;
use walk::Portal;

/// Portals, users and passwords of the simulators' standard seed.
const ACME_ADMIN: &str = "admin@acme.example";
const SANDBOX_ADMIN: &str = "admin@acme.example.uat";
const TRIAL_ADMIN: &str = "admin@trial.example";
const PRO_ADMIN: &str = "admin@pro.example";
const PASSWORD: &str = "password";
const TOKEN: &str = "token";
/// Seats that the simulated Acme reports.
const ACME_SEATS: i32 = 50;

/// The services over one connection.
struct Clients {
    portals: PortalServiceClient<Line>,
    setups: SetupServiceClient<Line>,
    connections: ConnectionServiceClient<Line>,
    orgs: OrgServiceClient<Line>,
    lists: InclusionListServiceClient<Line>,
    test_contacts: TestContactServiceClient<Line>,
}

impl Clients {
    async fn connect(url: &str, token: &SecretString) -> anyhow::Result<Self> {
        let line = connect(url, token).await?;
        Ok(Self {
            portals: PortalServiceClient::new(line.clone()),
            setups: SetupServiceClient::new(line.clone()),
            connections: ConnectionServiceClient::new(line.clone()),
            orgs: OrgServiceClient::new(line.clone()),
            lists: InclusionListServiceClient::new(line.clone()),
            test_contacts: TestContactServiceClient::new(line),
        })
    }
}

/// Runs the demo. Exits with success only if every outcome was as it should be.
///
/// # Errors
/// When something is missing on this machine, or an outcome was not as it should be.
pub async fn demo(config: &Config) -> anyhow::Result<ExitCode> {
    let begun = Instant::now();
    let show = Show::new();
    show.title("A private Postgres, both simulators and the server");
    let environment = Environment::start(config, &EnvironmentSettings::default()).await?;
    show.fact("gRPC", &environment.grpc_url);
    show.fact("Salesforce (simulated)", &environment.simulators.salesforce_url);
    show.fact("HubSpot (simulated)", &environment.simulators.hubspot_url);
    let mut clients = Clients::connect(&environment.grpc_url, &environment.token).await?;
    let outcome = scenes(&mut clients, &show).await;
    environment.stop(config.shutdown.drain_timeout).await?;
    outcome?;
    show.title(&format!("Every outcome was as it should be ({:.1} s)", begun.elapsed().as_secs_f64()));
    Ok(ExitCode::SUCCESS)
}

async fn scenes(clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
    show.title("Portal A walks the wizard and connects to Acme");
    let a = Portal::register(clients, show, "A", seed::TOKEN_A).await?;
    a.answer_until_connect(clients, show, false, ACME_SEATS).await?;
    let org_id = a.connect(clients, show, ACME_ADMIN).await?;
    a.settle(clients, show).await?;
    a.test(clients, show).await?;
    a.finish(clients, show).await?;

    show.title("Portal B connects to the same org");
    let b = Portal::register(clients, show, "B", seed::TOKEN_B).await?;
    b.answer_until_connect(clients, show, false, ACME_SEATS).await?;
    let same = b.connect(clients, show, ACME_ADMIN).await?;
    anyhow::ensure!(same == org_id, "portal B went to {same}, not to {org_id}");
    walk::places(clients, show, &org_id).await?;

    show.title("What is refused, and what to do about it");
    refusals::all(clients, show, &a).await.context("a refusal was not as it should be")?;
    Ok(())
}
