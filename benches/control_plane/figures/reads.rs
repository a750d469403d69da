//! `GetSetup` and `GetConnection` against the same rows by pgbench, and against the framework alone.

use anyhow::Result;
use prost::Message as _;

use super::{load, usual_database};
use crate::{
    bare,
    bed::{Bed, Database},
    figure::{Draft, Figure, Goal},
    load::{Operation, Target},
    pgbench::Script,
    server::Server,
};

pub async fn run(bed: &mut Bed) -> Result<Vec<Figure>> {
    let database = usual_database(bed).await?;
    let server = bed.server(&database).await?;
    let bare = bare_server(&server.target).await?;
    let portals = database.connected;
    let mut figures = Vec::new();
    for callers in [64, 8] {
        let goal = if callers == 64 { Goal::higher(0.85, 1.3, 1.6) } else { Goal::higher(0.45, 0.55, 0.8) };
        let reads = [
            ("get_setup", Operation::GetSetup { portals }, Script::GetSetup),
            ("get_connection", Operation::GetConnection { portals }, Script::GetConnection),
        ];
        for (name, operation, script) in reads {
            let against_pgbench = pairs(bed, &server, &database, (&operation, script), callers).await?;
            let figure =
                Draft::new(format!("reads/{name}_{callers}"), format!("{name}, {callers} callers"), "/s")
                    .against(format!("pgbench, the same rows, {callers} clients"))
                    .goal(goal);
            figures.push(figure.paired(&against_pgbench));
        }
    }
    figures.push(against_framework(bed, &server, &bare, portals).await?);
    bare.stop().await?;
    server.stop().await?;
    Ok(figures)
}

async fn pairs(
    bed: &Bed,
    server: &Server,
    database: &Database,
    (operation, script): (&Operation, Script),
    callers: usize,
) -> Result<Vec<(f64, f64)>> {
    let mut pairs = Vec::new();
    for _ in 0..bed.settings.pairs {
        let subject = load(bed, &server.target, operation, callers).await?.per_second;
        pairs.push((subject, script.run(bed, database, callers).await?));
    }
    Ok(pairs)
}

async fn against_framework(bed: &Bed, server: &Server, bare: &Server, portals: usize) -> Result<Figure> {
    let mut pairs = Vec::new();
    for _ in 0..bed.settings.pairs {
        let subject = load(bed, &server.target, &Operation::GetSetup { portals }, 64).await?.per_second;
        pairs.push((subject, load(bed, &bare.target, &Operation::Bare, 64).await?.per_second));
    }
    Ok(Draft::new("reads/framework", "get_setup, 64 callers", "/s")
        .against("bare tonic, the same message from memory")
        .paired(&pairs))
}

/// The bare service with a setup as its answer.
pub async fn bare_server(target: &Target) -> Result<Server> {
    use connector::api::v1::{GetSetupRequest, setup_service_client::SetupServiceClient};
    let setup_id = crate::fill::setup_id(crate::fill::CONNECTED);
    let mut setups = SetupServiceClient::new(target.connect().await?);
    let answer = setups.get_setup(target.request(GetSetupRequest { setup_id })?).await?.into_inner();
    let answer = answer.encode_to_vec();
    Server::of_this_program(bare::COMMAND, |ready_file| bare::Description { answer, ready_file }).await
}
