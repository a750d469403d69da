//! What is asked for anew, or cancelled, while a server that is about to die has not yet put the old job away.

use std::time::Duration;

use anyhow::{Result, ensure};
use connector::{
    api::v1::{self, CleanupState, ConnectState, ErrorReason, Step, TestContactStatus},
    failpoint,
    simulator::fault::{Action, FaultPlan, Point},
};

use super::process::Process;
use crate::harness::{
    World, eventually,
    walk::{ACME_ADMIN, Walk, request_id},
};

#[tokio::test]
async fn a_connect_asked_for_before_the_failed_one_was_put_away_is_not_lost() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let rename = |from: &'static str, to: &'static str| {
        world.simulators.salesforce.edit_org(ACME_ADMIN, move |org| {
            if org.edition == from {
                org.edition = to.to_owned();
            }
        })
    };
    // Refused by the probe, not by the login: the same password may be sent again.
    rename("Enterprise Edition", "Group Edition").map_err(anyhow::Error::msg)?;
    let mut hold = failpoint::hold_at("connect.fail", 1);
    let first = walk.start_to_connect().await?;
    hold.reached().await;
    let failed = walk.attempt_ended(&first.attempt_id).await?;
    ensure!(failed.state() == ConnectState::Failed, "{failed:?}");
    rename("Group Edition", "Enterprise Edition").map_err(anyhow::Error::msg)?;
    let second = walk.connect().await?;
    assert_eq!(second.state(), ConnectState::Connected, "{second:?}");
    Ok(())
}

/// Cancelled while HubSpot creates; the server dies when HubSpot has answered, and only the address knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_test_contact_leaves_nothing_when_its_server_dies() -> Result<()> {
    let mut world = World::start_with(|config| {
        config.worker.lease_duration = Duration::from_millis(1_000);
        config.worker.poll_interval = Duration::from_millis(25);
    })
    .await?;
    let mut walk = Walk::enabled(&world).await?;
    world.stop_servers().await;
    let points = [
        "test_contact.after_hubspot=exit",
        "store.before_commit=exit@4",
        "test_contact.process=exit",
        "store.before_commit=exit@5",
        "test_contact.end=exit",
    ];
    for point in points {
        let victim = Process::start(&world, point).await?;
        walk.clients = victim.clients().await?;
        let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::After });
        let held = world.simulators.hubspot.frame().faults.add(plan);
        let begun = walk.create_test_contact().await?;
        held.wait_for_hits(1).await;
        let cancelled = cancel(&walk, &begun.test_contact_id).await?;
        assert_eq!(cancelled.status(), TestContactStatus::Cancelled);
        held.remove();
        ensure!(victim.died_unless(std::future::pending()).await?);
        let portal = u64::try_from(walk.portal_id)?;
        assert_eq!(world.simulators.hubspot.created_with_email(portal, &begun.email), 1);

        world.add_server().await?;
        walk.reconnect(&world).await?;
        let contact = eventually("what was cancelled is deleted", async || {
            let request = v1::GetTestContactRequest { test_contact_id: begun.test_contact_id.clone() };
            let answer = walk.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
            Ok(answer.test_contact.filter(|contact| contact.cleanup() == CleanupState::Deleted))
        })
        .await?;
        assert_eq!(contact.reason(), ErrorReason::Unspecified);
        let contacts = world.simulators.hubspot.records(portal, "contacts")?;
        let left = contacts.iter().filter(|contact| {
            contact.pointer("/properties/email").and_then(serde_json::Value::as_str) == Some(&begun.email)
                && contact.get("archived") != Some(&serde_json::Value::Bool(true))
        });
        assert_eq!(left.count(), 0, "{point}: left in HubSpot");
        world.stop_servers().await;
    }
    Ok(())
}

async fn cancel(walk: &Walk, id: &str) -> Result<v1::TestContact> {
    let request = v1::CancelTestContactRequest { request_id: request_id(), test_contact_id: id.to_owned() };
    let answer = walk.clients.test_contacts.clone().cancel_test_contact(request).await?.into_inner();
    Ok(answer.test_contact.unwrap_or_default())
}
