//! Races for the last place and for one portal, on two servers (R14, R15).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        ConnectAccountsRequest, ConnectAttempt, ConnectState, ErrorReason,
        connection_service_client::ConnectionServiceClient,
    },
    dev::Line,
    simulator::hubspot::seed::{TOKEN_A, TOKEN_B, TOKEN_C},
};

use super::{
    places::{GLOBEX, globex},
    scene::{ACME, Claimed, Portal, Scene, password, request_id},
};

/// Rounds of the race for the last place.
const ROUNDS: usize = 100;
/// Rounds of the race for one portal.
const ORG_ROUNDS: usize = 25;

fn modest() -> Claimed {
    Claimed { limit: Some(10_000), ..Claimed::default() }
}

/// Two servers on one database, and a client of each.
async fn two_servers() -> Result<(Scene, [ConnectionServiceClient<Line>; 2])> {
    let mut scene = Scene::open().await?;
    scene.world.add_server().await?;
    let clients = [
        ConnectionServiceClient::new(scene.world.line_to(0).await?),
        ConnectionServiceClient::new(scene.world.line_to(1).await?),
    ];
    Ok((scene, clients))
}

async fn ask(
    mut client: ConnectionServiceClient<Line>,
    portal: &Portal,
    username: &str,
    expected_org_id: &str,
) -> Result<ConnectAttempt> {
    let request = ConnectAccountsRequest {
        request_id: request_id(),
        setup_id: portal.setup_id.clone(),
        credential: Some(password(username)),
        expected_org_id: expected_org_id.to_owned(),
        ..Default::default()
    };
    client.connect_accounts(request).await?.into_inner().attempt.context("an attempt")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r15_of_two_portals_racing_for_the_last_place_exactly_one_wins() -> Result<()> {
    let (scene, [first, second]) = two_servers().await?;
    let holder = scene.portal(TOKEN_A, &modest()).await?;
    scene.connect(&holder, ACME).await?;
    let racers = [scene.portal(TOKEN_B, &modest()).await?, scene.portal(TOKEN_C, &modest()).await?];
    let [left, right] = &racers;
    let mut wins = [0, 0];
    for round in 0..ROUNDS {
        let (one, two) =
            tokio::join!(ask(first.clone(), left, ACME, ""), ask(second.clone(), right, ACME, ""));
        let (one, two) = (one?.attempt_id, two?.attempt_id);
        let (one, two) = tokio::join!(scene.ended(left, &one), scene.ended(right, &two));
        let ended = [one?, two?];
        let won: Vec<bool> = ended.iter().map(|one| one.state() == ConnectState::Connected).collect();
        let loser = match won.as_slice() {
            [true, false] => 1,
            [false, true] => 0,
            _ => anyhow::bail!("round {round}: {won:?} {ended:#?}"),
        };
        let [one, two] = &ended;
        let lost = if loser == 0 { one } else { two };
        ensure!(lost.reason() == ErrorReason::OrgPortalLimitReached, "round {round}: {lost:#?}");
        let winner = if loser == 0 { right } else { left };
        let mut expected = vec![holder.id, winner.id];
        expected.sort_unstable();
        ensure!(scene.connected_portals().await? == expected, "round {round}");
        ensure!(scene.connection(winner).await?.place == 2, "round {round}: it was the last place");
        scene.disconnect(winner).await?;
        let [left_wins, right_wins] = &mut wins;
        *(if loser == 0 { right_wins } else { left_wins }) += 1;
    }
    ensure!(wins.iter().sum::<usize>() == ROUNDS);
    let logins = u64::try_from(2 * ROUNDS + 1)?;
    ensure!(scene.logins(ACME) == logins, "{} logins for {logins} actions", scene.logins(ACME));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r14_of_two_orgs_racing_for_one_portal_exactly_one_wins() -> Result<()> {
    let (scene, [first, second]) = two_servers().await?;
    let globex_id = scene.add_org(globex())?;
    let portal = scene.portal(TOKEN_A, &modest()).await?;
    let acme_id = scene.connect(&portal, ACME).await?.org_id;
    scene.disconnect(&portal).await?;
    for round in 0..ORG_ROUNDS {
        let before = scene.logins(ACME) + scene.logins(GLOBEX);
        let (one, two) = tokio::join!(
            ask(first.clone(), &portal, ACME, &acme_id),
            ask(second.clone(), &portal, GLOBEX, &globex_id)
        );
        let (one, two) = (one?, two?);
        // The later one joined, or came when the other had ended and is refused.
        let attempt = scene.attempt(&portal).await?.context("an attempt")?;
        let attempt = scene.ended(&portal, &attempt.attempt_id).await?;
        let connection = scene.connection(&portal).await?;
        ensure!(connection.org_id == acme_id || connection.org_id == globex_id, "round {round}");
        let logins = scene.logins(ACME) + scene.logins(GLOBEX) - before;
        if one.attempt_id == two.attempt_id {
            ensure!(attempt.state() == ConnectState::Connected && logins == 1, "round {round}: {attempt:#?}");
            ensure!(connection.org_id == attempt.org_id, "round {round}");
        } else {
            let reason = attempt.reason();
            ensure!(
                reason == ErrorReason::PortalAlreadyConnected && logins == 2,
                "round {round}: {attempt:#?}"
            );
        }
        ensure!(scene.connected_portals().await? == [portal.id], "round {round}");
        scene.disconnect(&portal).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r48_two_servers_asked_at_once_run_one_attempt() -> Result<()> {
    let (scene, [first, second]) = two_servers().await?;
    let portal = scene.portal(TOKEN_A, &modest()).await?;
    for round in 1..=10_u64 {
        let (one, two) =
            tokio::join!(ask(first.clone(), &portal, ACME, ""), ask(second.clone(), &portal, ACME, ""));
        let (one, two) = (one?.attempt_id, two?.attempt_id);
        ensure!(one == two, "round {round}: two attempts");
        let attempt = scene.ended(&portal, &one).await?;
        ensure!(attempt.state() == ConnectState::Connected && attempt.logins == 1, "{attempt:#?}");
        ensure!(scene.logins(ACME) == round, "round {round}: {} logins", scene.logins(ACME));
        scene.disconnect(&portal).await?;
    }
    Ok(())
}
