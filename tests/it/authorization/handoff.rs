//! The hand-off to a Salesforce administrator (R28).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, ErrorReason, Step},
    simulator::hubspot::seed,
};
use sqlx::{Connection as _, PgConnection};
use tonic::Code;

use super::{
    api::{Caller, Ids, Rpc},
    scene::{channel, line},
};
use crate::harness::{
    World, eventually,
    refusal::{Refused, inner, refused_for},
    walk::{Clients, Walk, request_id},
};

/// A portal that waits for its Salesforce administrator.
async fn waiting() -> Result<(World, Walk)> {
    let mut world =
        World::without_server(|config| config.grpc.stream_recheck = std::time::Duration::from_millis(50))
            .await?;
    world.add_server().await?;
    let walk = Walk::before(&world, Step::Package).await?;
    Ok((world, walk))
}

fn create(walk: &Walk) -> v1::CreateHandoffRequest {
    v1::CreateHandoffRequest { request_id: request_id(), setup_id: walk.setup_id.clone(), valid_hours: 0 }
}

async fn hand_off(walk: &Walk) -> Result<(v1::Handoff, String)> {
    let answer = inner(walk.clients.setups.clone().create_handoff(create(walk)).await)?;
    Ok((answer.handoff.context("no hand-off")?, answer.token))
}

/// The walk of whoever has only the token.
async fn administrator(world: &World, walk: &Walk, token: &str) -> Result<Walk> {
    Ok(Walk { clients: Clients::over(line(world, token).await?), ..walk.clone() })
}

async fn revoke(walk: &Walk, handoff_id: &str) -> Result<v1::Handoff, tonic::Status> {
    let request = v1::RevokeHandoffRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        handoff_id: handoff_id.to_owned(),
        ..Default::default()
    };
    let answer = inner(walk.clients.setups.clone().revoke_handoff(request).await)?;
    Ok(answer.handoff.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_the_administrator_does_the_steps_in_salesforce() -> Result<()> {
    let (world, walk) = waiting().await?;
    let (handoff, token) = hand_off(&walk).await?;
    ensure!(token.starts_with("hsh_") && token.len() == 47);
    let administrator = administrator(&world, &walk, &token).await?;
    for step in [Step::Package, Step::SecurityToken, Step::VisualforceModule, Step::ConnectAccounts] {
        administrator.answer_and_wait(step).await?;
    }
    let setup = walk.setup().await?;
    ensure!(setup.next_step() == Step::ObjectSync, "{:?}", setup.next_step());
    let answered_by = |step: Step| {
        let status = setup.steps.iter().find(|status| status.step() == step);
        status.map(|status| status.answered_by.clone()).unwrap_or_default()
    };
    let name = format!("handoff:{}", handoff.handoff_id);
    for step in [Step::Package, Step::SecurityToken, Step::VisualforceModule] {
        ensure!(answered_by(step) == name, "{}", answered_by(step));
    }
    // The trail names who did it, and the token is nowhere.
    let mut sql = PgConnection::connect(&world.database.url()).await?;
    let (changes,): (i64,) = sqlx::query_as("select count(*) from portal_events where principal = $1")
        .bind(&name)
        .fetch_one(&mut sql)
        .await?;
    ensure!(changes >= 4, "{changes} changes are remembered");
    for table in ["handoffs", "portal_events", "request_records"] {
        let query = format!("select count(*) from {table} as t where t::text like '%' || $1 || '%'");
        let (hits,): (i64,) =
            sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(&token).fetch_one(&mut sql).await?;
        ensure!(hits == 0, "the token is in {table}");
    }
    Ok(())
}

/// Every RPC of the descriptor: those of the hand-off about its setup, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_nothing_else_is_open_to_it() -> Result<()> {
    let (world, walk) = waiting().await?;
    let (_, token) = hand_off(&walk).await?;
    let other = Walk::start_with(&world, seed::TOKEN_B).await?;
    let caller = Caller::new(channel(&world).await?, Some(token));
    let ids = |walk: &Walk| Ids {
        portal_id: walk.portal_id,
        setup_id: walk.setup_id.clone(),
        test_contact_id: uuid::Uuid::now_v7().to_string(),
        org_id: "00D5g000007ACME".to_owned(),
    };
    for rpc in Rpc::all()? {
        let own = caller.call(&rpc, &rpc.request(&ids(&walk))?).await;
        let foreign = caller.call(&rpc, &rpc.request(&ids(&other))?).await;
        let reasons = [&own, &foreign].map(|answer| match answer {
            Ok(_) => "answered".to_owned(),
            Err(status) => Refused::read(status).reason,
        });
        let expected = match (rpc.handoff, rpc.is_change()) {
            (false, _) => ["PERMISSION_DENIED"; 2],
            (true, true) => ["INVALID_FIELD", "SETUP_NOT_FOUND"],
            (true, false) => ["answered", "SETUP_NOT_FOUND"],
        };
        ensure!(reasons == expected, "{}: {reasons:?}", rpc.name());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_the_token_is_shown_once() -> Result<()> {
    let (_world, walk) = waiting().await?;
    let request = create(&walk);
    let mut setups = walk.clients.setups.clone();
    let first = inner(setups.create_handoff(request.clone()).await)?;
    let again = inner(setups.create_handoff(request).await)?;
    ensure!(!first.token.is_empty() && again.token.is_empty());
    ensure!(first.handoff == again.handoff, "{again:?}");
    let list =
        v1::ListHandoffsRequest { setup_id: walk.setup_id.clone(), page_size: 1, ..Default::default() };
    let second = hand_off(&walk).await?.0;
    let page = inner(setups.list_handoffs(list.clone()).await)?;
    ensure!(page.handoffs == [second] && !page.next_page_token.is_empty());
    let rest = v1::ListHandoffsRequest { page_token: page.next_page_token, ..list };
    let page = inner(setups.list_handoffs(rest).await)?;
    ensure!(
        page.handoffs == first.handoff.into_iter().collect::<Vec<_>>() && page.next_page_token.is_empty()
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_it_ends_when_it_is_taken_back() -> Result<()> {
    let (mut world, walk) = waiting().await?;
    let second = world.add_server().await?;
    let (handoff, token) = hand_off(&walk).await?;
    let administrator = administrator(&world, &walk, &token).await?;
    let request = v1::WatchSetupRequest { setup_id: walk.setup_id.clone(), ..Default::default() };
    let mut stream = inner(administrator.clients.setups.clone().watch_setup(request).await)?;
    stream.message().await?.context("no message")?;
    // Another server has it taken back; it is noticed all the same.
    let elsewhere = Walk { clients: Clients::over(world.line_to(second).await?), ..walk.clone() };
    let revoked = revoke(&elsewhere, &handoff.handoff_id).await?;
    ensure!(revoked.revoke_time.is_some());
    let status = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => anyhow::bail!("the stream ended without a status"),
            Err(status) => break status,
        }
    };
    refused_for(Err::<(), _>(status), Code::Unauthenticated, ErrorReason::Unauthenticated)?;
    let asked = administrator.setup().await.err().context("it still opens")?;
    ensure!(asked.downcast::<tonic::Status>()?.code() == Code::Unauthenticated);
    ensure!(revoke(&walk, &handoff.handoff_id).await?.revoke_time == revoked.revoke_time);
    let nobody = revoke(&walk, &uuid::Uuid::now_v7().to_string()).await;
    refused_for(nobody, Code::NotFound, ErrorReason::HandoffNotFound)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r28_it_ends_by_its_time_and_with_its_setup() -> Result<()> {
    let (world, walk) = waiting().await?;
    let is_shut = async |walk: &Walk| {
        eventually("the hand-off opens nothing", async || {
            let Err(error) = walk.setup().await else { return Ok(None) };
            let status = error.downcast::<tonic::Status>()?;
            Ok((status.code() == Code::Unauthenticated).then_some(()))
        })
        .await
    };
    let (handoff, token) = hand_off(&walk).await?;
    let first = administrator(&world, &walk, &token).await?;
    first.setup().await?;
    let mut sql = PgConnection::connect(&world.database.url()).await?;
    sqlx::query("update handoffs set expires_at = now() where handoff_id::text = $1")
        .bind(&handoff.handoff_id)
        .execute(&mut sql)
        .await?;
    is_shut(&first).await?;

    let second = administrator(&world, &walk, &hand_off(&walk).await?.1).await?;
    second.setup().await?;
    let request = v1::AbandonSetupRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        ..Default::default()
    };
    inner(walk.clients.setups.clone().abandon_setup(request).await)?;
    is_shut(&second).await?;
    let refusal = walk.clients.setups.clone().create_handoff(create(&walk)).await;
    refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupNotActive)?;
    Ok(())
}
