//! Round trips between server and database for each RPC, counted by a proxy between them.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::{self, v1::Step},
    simulator::{
        fault::{Action, FaultPlan, Point},
        hubspot::seed,
    },
};
use prost_reflect::DescriptorPool;
use secrecy::{ExposeSecret as _, SecretString};

use super::{meter::Meter, tour::Tour};
use crate::harness::{
    World, eventually,
    proxy::Proxy,
    walk::{Clients, Walk},
};

/// Each RPC, and how many round trips it may take.
const MOST: &[(&str, usize)] = &[];

#[tokio::test]
async fn no_rpc_takes_more_round_trips_than_its_row_says() -> Result<()> {
    let mut world = World::without_server(|config| {
        config.worker.logins_per_hour = 100.try_into().unwrap_or(config.worker.logins_per_hour);
        // What no call asks for shall be rare.
        config.watch.poll_interval = Duration::from_secs(3_600);
        config.worker.lease_duration = Duration::from_secs(3_600);
    })
    .await?;
    let direct = world.config.clone();
    let address = world.config.database.url.clone().context("no database")?;
    let proxy = Proxy::start(address.expose_secret()).await?;
    world.config.database.url = Some(SecretString::from(proxy.url.clone()));
    world.config.worker.concurrency = 1.try_into()?;
    world.add_server().await?;
    let clients = Clients::over(world.line().await?);
    occupy_worker(&world).await?;
    // Works on what the calls leave for a worker.
    world.config = direct;
    world.add_server().await?;

    let mut meter = Meter::new(proxy, clients.clone());
    for token in [seed::TOKEN_A, seed::TOKEN_B] {
        Tour::begin(&world, &mut meter, &clients, token).await?.go().await?;
    }
    check(&meter)
}

/// Gives the first server's only worker a job without end, so that what it does is not taken for a call's.
async fn occupy_worker(world: &World) -> Result<()> {
    let login = FaultPlan::on("POST", "/services/Soap", Action::Hold { point: Point::Before }).times(1);
    let login = world.simulators.salesforce.frame().faults.add(login);
    let walk = Walk::start_with(world, seed::TOKEN_C).await?;
    walk.answer_until(Step::ConnectAccounts).await?;
    walk.start_to_connect().await?;
    eventually("the worker waits for Salesforce", async || Ok((login.hits() > 0).then_some(()))).await
}

fn check(meter: &Meter) -> Result<()> {
    let mut wrong = Vec::new();
    for (rpc, count) in &meter.counts {
        println!("{rpc}: {count}");
        match MOST.iter().find(|(name, _)| name == rpc) {
            None => wrong.push(format!("{rpc} has no row; it takes {count}")),
            Some((_, most)) if count > most => {
                wrong.push(format!("{rpc} takes {count}, its row says {most}"))
            }
            Some(_) => {}
        }
    }
    let pool = DescriptorPool::decode(api::DESCRIPTOR)?;
    let services = pool.services().filter(|service| service.package_name() == "connector.v1");
    let all: BTreeSet<String> = services
        .flat_map(|service| {
            let name = service.name().to_owned();
            service.methods().map(|method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
        })
        .collect();
    for rpc in all.iter().filter(|rpc| !meter.counts.contains_key(rpc.as_str())) {
        wrong.push(format!("{rpc} is not counted"));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
