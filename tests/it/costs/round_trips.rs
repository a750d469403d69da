//! Round trips between server and database for each RPC, counted by a proxy between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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

use super::{
    meter::Meter,
    tour::{self, Tour},
};
use crate::harness::{
    World, eventually,
    proxy::Proxy,
    walk::{Clients, Walk},
};
use crate::keys::{RingFile, with_ring};

/// Each RPC, and how many round trips it may take.
const MOST: &[(&str, usize)] = &[
    ("AuditService/ListAuditEvents", 1),
    ("AuditService/VerifyAuditTrail", 1),
    ("ConnectionService/CheckConnection", 2),
    ("ConnectionService/ConnectAccounts", 3),
    ("ConnectionService/Disconnect", 2),
    ("ConnectionService/GetConnection", 1),
    ("ConnectionService/ListConnections", 1),
    ("ConnectionService/RotateCredential", 3),
    ("ConnectionService/WatchConnections", 3),
    ("InclusionListService/ClearInclusionList", 2),
    ("InclusionListService/CreateSmartList", 2),
    ("InclusionListService/ListSmartLists", 1),
    ("InclusionListService/SetInclusionList", 2),
    ("KeyService/GetKeyStatus", 1),
    ("KeyService/RetireKey", 2),
    ("KeyService/RotateKeys", 2),
    ("OrgService/AllocateApiCalls", 2),
    ("OrgService/GetApiBudget", 1),
    ("OrgService/GetOrg", 1),
    ("OrgService/ListOrgPortals", 1),
    ("OrgService/ListOrgs", 1),
    ("PortalService/GetPortal", 1),
    ("PortalService/ListPortals", 1),
    ("PortalService/RegisterPortal", 3),
    ("PortalService/UpdatePortalCredential", 2),
    ("SetupService/AbandonSetup", 2),
    ("SetupService/AcknowledgePrerequisites", 2),
    ("SetupService/ChooseActivitySync", 2),
    ("SetupService/ChooseInclusionList", 2),
    ("SetupService/ChooseObjectSync", 2),
    ("SetupService/ConfirmAdminAccess", 1),
    ("SetupService/ConfirmPackageInstalled", 1),
    ("SetupService/ConfirmVisualforceModule", 1),
    ("SetupService/CreateHandoff", 1),
    ("SetupService/DescribeSetup", 1),
    ("SetupService/EnableSync", 2),
    ("SetupService/FinishSetup", 2),
    ("SetupService/GetSetup", 1),
    ("SetupService/ListHandoffs", 1),
    ("SetupService/ListSetups", 1),
    ("SetupService/ReviewSetup", 2),
    ("SetupService/RevokeHandoff", 2),
    ("SetupService/SelectEdition", 1),
    ("SetupService/SelectEnvironment", 1),
    ("SetupService/SetApiCallLimit", 1),
    ("SetupService/SetSeatCount", 1),
    ("SetupService/StartSetup", 2),
    ("SetupService/SubmitSecurityToken", 2),
    ("SetupService/WatchSetup", 2),
    ("SetupService/WatchSetup, resumed", 2),
    ("SyncService/GetSyncStatus", 1),
    ("SyncService/PauseSync", 2),
    ("SyncService/ResumeSync", 2),
    ("SyncService/UpdateSyncSettings", 2),
    ("SyncService/WatchSyncStatus", 2),
    ("SyncService/WatchSyncStatus, resumed", 2),
    ("TestContactService/CancelTestContact", 2),
    ("TestContactService/CreateTestContact", 2),
    ("TestContactService/DeleteTestContact", 2),
    ("TestContactService/GetTestContact", 1),
    ("TestContactService/ListTestContacts", 1),
    ("TestContactService/WatchTestContact", 2),
];

/// How often it is counted before a row counts as exceeded: a busy machine adds round trips, when something is done
/// again, and takes none away.
const ROUNDS: usize = 3;

#[tokio::test]
async fn no_rpc_takes_more_round_trips_than_its_row_says() -> Result<()> {
    let mut fewest: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for round in 1..=ROUNDS {
        for (rpc, made) in count_all().await? {
            let fewest = fewest.entry(rpc).or_insert_with(|| made.clone());
            if made.len() < fewest.len() {
                *fewest = made;
            }
        }
        let checked = check(&fewest);
        if checked.is_ok() || round == ROUNDS {
            return checked;
        }
    }
    Ok(())
}

async fn count_all() -> Result<BTreeMap<&'static str, Vec<String>>> {
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
    let (key_world, mut key_meter, ring) = world_of_keys().await?;
    tour::keys(&key_world, &mut key_meter, &ring).await?;
    Ok(meter.counts.into_iter().chain(key_meter.counts).collect())
}

/// One server with a key ring in a file.
async fn world_of_keys() -> Result<(World, Meter, RingFile)> {
    let ring = RingFile::new()?;
    let mut world = World::without_server(|config| {
        with_ring(config, &ring);
        // Looks at the ring so seldom that it is hardly taken for a call's doing.
        config.vault.refresh_interval = Duration::from_secs(1);
    })
    .await?;
    let address = world.config.database.url.clone().context("no database")?;
    let proxy = Proxy::start(address.expose_secret()).await?;
    world.config.database.url = Some(SecretString::from(proxy.url.clone()));
    world.add_server().await?;
    let meter = Meter::new(proxy, Clients::over(world.line().await?));
    Ok((world, meter, ring))
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

fn check(counts: &BTreeMap<&'static str, Vec<String>>) -> Result<()> {
    let mut wrong = Vec::new();
    for (rpc, made) in counts {
        let (count, names) = (made.len(), made.join(", "));
        println!("{rpc}: {count} ({names})");
        match MOST.iter().find(|(name, _)| name == rpc) {
            None => wrong.push(format!("{rpc} has no row; it takes {count}: {names}")),
            Some((_, most)) if count > *most => {
                wrong.push(format!("{rpc} takes {count}, its row says {most}: {names}"));
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
    for rpc in all.iter().filter(|rpc| !counts.contains_key(rpc.as_str())) {
        wrong.push(format!("{rpc} is not counted"));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
