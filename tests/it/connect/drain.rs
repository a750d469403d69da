//! A login that was sent is answered and written down, whoever goes away meanwhile.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ConnectState, Step},
    simulator::fault::{Action, FaultPlan, Point},
};
use sqlx::{Connection as _, PgConnection};

use crate::harness::{
    World, eventually,
    walk::{ACME_ADMIN, Walk},
};

/// Logins stay unanswered until it is removed.
fn hold_logins(world: &World) -> connector::simulator::fault::FaultHandle {
    let action = Action::Hold { point: Point::After };
    world.simulators.salesforce.frame().faults.add(FaultPlan::on("POST", "/services/Soap/u/*", action))
}

fn logins(world: &World) -> u64 {
    world.simulators.salesforce.frame().journal.counter("login_attempts", ACME_ADMIN)
}

/// Outcomes of all logins, as they are written down.
async fn outcomes(world: &World) -> Result<Vec<Option<String>>> {
    let mut connection = PgConnection::connect(&world.database.url()).await?;
    let outcomes = sqlx::query_scalar("select outcome from login_attempts order by started_at")
        .fetch_all(&mut connection)
        .await?;
    Ok(outcomes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_end_waits_for_the_login_in_flight() -> Result<()> {
    let mut world = World::start().await?;
    let mut walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let held = hold_logins(&world);
    let begun = walk.start_to_connect().await?;
    held.wait_for_hits(1).await;
    let asking = walk.clone();
    let ((), drained) = tokio::join!(world.stop_servers(), async {
        // The server has begun to drain when it answers no more.
        let drains = eventually("the server drains", || {
            let asking = asking.clone();
            async move { Ok(asking.setup().await.is_err().then_some(())) }
        });
        drains.await?;
        held.remove();
        anyhow::Ok(())
    });
    drained?;
    ensure!(outcomes(&world).await? == [Some("accepted".to_owned())], "its answer was not written down");
    world.add_server().await?;
    walk.reconnect(&world).await?;
    let attempt = walk.attempt_ended(&begun.attempt_id).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    ensure!(attempt.logins == 1 && logins(&world) == 1, "one action is one login");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_for_a_caller_who_hangs_up_is_written_down() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ObjectSync).await?;
    world.simulators.salesforce.end_sessions(ACME_ADMIN, false).map_err(anyhow::Error::msg)?;
    let held = hold_logins(&world);
    let checking = tokio::spawn({
        let (setup_id, mut connections) = (walk.setup_id.clone(), walk.clients.connections.clone());
        async move { connections.check_connection(v1::CheckConnectionRequest { setup_id }).await }
    });
    held.wait_for_hits(1).await;
    checking.abort();
    ensure!(checking.await.is_err_and(|error| error.is_cancelled()));
    ensure!(outcomes(&world).await?.last().context("a login")?.is_none(), "it has no answer yet");
    held.remove();
    eventually("the login is written down", async || {
        Ok((outcomes(&world).await?.last() == Some(&Some("accepted".to_owned()))).then_some(()))
    })
    .await
}
