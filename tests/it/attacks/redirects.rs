//! Vendors that send us elsewhere: no redirect is followed, of whatever call.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use anyhow::{Result, ensure};
use connector::{
    api::v1::{self, ConnectState},
    simulator::{
        fault::{Action, FaultPlan, Point, RequestMatch},
        hubspot::seed::TOKEN_B,
    },
};
use tonic::Status;

use crate::{
    connect::scene::{ACME, Portal, Scene, password},
    harness::{
        trap::trap,
        walk::{Clients, request_id},
    },
};

/// Calls that ask a vendor; each must fail.
async fn ask_vendors(clients: &Clients, portal: &Portal) -> Vec<(&'static str, Result<(), Status>)> {
    let portal_id = portal.id;
    let lists = v1::ListSmartListsRequest { portal_id, ..Default::default() };
    let create = v1::CreateSmartListRequest {
        request_id: request_id(),
        portal_id,
        name: "redirected".to_owned(),
        lifecycle_stages: vec!["customer".to_owned()],
    };
    let registered = clients.register(TOKEN_B).await;
    vec![
        (
            "RegisterPortal",
            registered.map(|_| ()).map_err(|error| error.downcast().unwrap_or_else(|_| Status::unknown(""))),
        ),
        ("CheckConnection", check_connection(clients, portal).await),
        ("ListSmartLists", clients.lists.clone().list_smart_lists(lists).await.map(|_| ())),
        ("CreateSmartList", clients.lists.clone().create_smart_list(create).await.map(|_| ())),
    ]
}

/// A check that found nothing to connect with has failed as well.
async fn check_connection(clients: &Clients, portal: &Portal) -> Result<(), Status> {
    let request = v1::CheckConnectionRequest { setup_id: portal.setup_id.clone() };
    let checked = clients.connections.clone().check_connection(request).await?.into_inner();
    if checked.connectable { Ok(()) } else { Err(Status::unknown("not connectable")) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_redirect_of_a_vendor_is_followed() -> Result<()> {
    let scene = Scene::open_with(|config| config.worker.logins_per_hour = std::num::NonZeroU32::MAX).await?;
    let (connected, new) = (scene.portal_a().await?, scene.portal_c().await?);
    scene.connect(&connected, ACME).await?;
    let clients = Clients::over(scene.world.line().await?);
    let (trap, visits) = trap().await?;
    for status in [301, 302, 303, 307, 308] {
        for location in [format!("{trap}/services/data"), trap.replace("http:", "")] {
            let headers = BTreeMap::from([("location".to_owned(), location)]);
            let action = Action::Respond { status, headers, body: String::new(), point: Point::Before };
            let everything = FaultPlan::new(RequestMatch::default(), action);
            let simulators = &scene.world.simulators;
            let faults = [
                simulators.salesforce.frame().faults.add(everything.clone()),
                simulators.hubspot.frame().faults.add(everything),
            ];
            for (call, outcome) in ask_vendors(&clients, &connected).await {
                ensure!(outcome.is_err(), "{call} was answered by a redirect with {status}");
            }
            if let Ok(attempt) = scene.try_connect(&new, Some(password(ACME))).await {
                ensure!(attempt.state() == ConnectState::Failed, "{attempt:#?}");
            }
            for fault in faults {
                ensure!(fault.hits() > 0, "nobody was asked");
                fault.remove();
            }
        }
    }
    ensure!(visits.load(Ordering::SeqCst) == 0, "a redirect was followed");
    Ok(())
}
