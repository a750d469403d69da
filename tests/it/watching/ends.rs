//! How streams live and end: shutdown, age, heartbeats, final states, retention.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{self, watch_end::Cause as End, watch_reset::Cause as Reset};
use futures::StreamExt as _;
use sqlx::{Connection as _, PgConnection};

use super::{
    record::{Message, Messages, Recorder, Said, Servers, Watch, committed, revisions},
    rules,
    writers::{copies, fleet, pause, settings, world_with},
};
use crate::harness::{
    World,
    walk::{Clients, Walk, request_id},
};

/// The next message of a stream, within a test's patience.
async fn next(stream: &mut Messages) -> Result<Message> {
    let next = tokio::time::timeout(crate::harness::PATIENCE, stream.next()).await?;
    Ok(next.context("the stream ended without a word")??)
}

/// All streams of a portal.
fn watches(walk: &Walk) -> [Watch; 5] {
    let (setup_id, portal_id) = (walk.setup_id.clone(), walk.portal_id);
    [
        Watch::Setup { setup_id, portal_id },
        Watch::Connections(portal_id),
        Watch::Connections(0),
        Watch::SyncStatus(portal_id),
        Watch::SyncStatus(0),
    ]
}

#[tokio::test]
async fn a_server_that_goes_says_so_and_its_token_goes_on_elsewhere() -> Result<()> {
    let mut world = world_with(2, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let mut streams = Vec::new();
    for watch in watches(&walk) {
        let mut stream = watch.open(&walk.clients, "").await?;
        ensure!(matches!(next(&mut stream).await?.said, Said::Snapshot { .. }));
        streams.push((watch, stream));
    }
    let elsewhere = Clients::over(world.line_to(1).await?);
    let begun = Instant::now();
    world.replace(0).await?;
    ensure!(begun.elapsed() < Duration::from_secs(4), "open streams held the server up");
    settings(&elsewhere, walk.portal_id, true).await?;
    for (watch, mut stream) in streams {
        let last = next(&mut stream).await?;
        ensure!(last.said == Said::End(End::ServerShutdown), "{watch:?}: {last:?}");
        ensure!(stream.next().await.is_none(), "{watch:?} went on after its end");
        let mut resumed = watch.open(&elsewhere, &last.token).await?;
        if !matches!(watch, Watch::Connections(_)) {
            let change = next(&mut resumed).await?;
            ensure!(matches!(change.said, Said::Change { .. }), "{watch:?}: {change:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn old_streams_end_and_go_on_where_they_were() -> Result<()> {
    let world = world_with(1, |config| config.grpc.stream_max_age = Duration::from_millis(300)).await?;
    let walk = Walk::enabled(&world).await?;
    let servers = Servers::of(&world);
    let begin = revisions(&world).await?;
    let recorders: Vec<_> =
        watches(&walk).into_iter().map(|watch| Recorder::begin(&servers, watch, false)).collect();
    for recorder in &recorders {
        recorder.begun().await?;
    }
    let aged =
        |seen: &[Message]| seen.iter().filter(|message| message.said == Said::End(End::MaxAge)).count() >= 3;
    for round in 0..20 {
        pause(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
    }
    let truth = committed(&world).await?;
    for recorder in &recorders {
        let seen = recorder.until("it aged three times", aged).await?;
        let whole = |seen: &[Message]| {
            rules::changes(seen).len() >= rules::due(&recorder.watch, seen, &truth, &begin).len()
        };
        let seen = if whole(&seen) { seen } else { recorder.until("all was seen", whole).await? };
        rules::all(&recorder.watch, &seen, &truth, &begin)?;
    }
    Ok(())
}

#[tokio::test]
async fn silence_is_broken_by_heartbeats_whose_tokens_resume() -> Result<()> {
    let world = world_with(2, |config| config.grpc.heartbeat = Duration::from_millis(50)).await?;
    let walk = Walk::enabled(&world).await?;
    let elsewhere = Clients::over(world.line_to(1).await?);
    for watch in watches(&walk) {
        let mut stream = watch.open(&walk.clients, "").await?;
        ensure!(matches!(next(&mut stream).await?.said, Said::Snapshot { .. }));
        let (first, second) = (next(&mut stream).await?, next(&mut stream).await?);
        ensure!(first.said == Said::Heartbeat && second.said == Said::Heartbeat, "{first:?} {second:?}");
        drop(stream);
        let before = revisions(&world).await?;
        settings(&elsewhere, walk.portal_id, true).await?;
        settings(&elsewhere, walk.portal_id, false).await?;
        let truth = committed(&world).await?;
        let mut resumed = watch.open(&elsewhere, &second.token).await?;
        let mut seen = Vec::new();
        while seen.iter().filter(|message: &&Message| message.said == Said::Heartbeat).count() < 2 {
            seen.push(next(&mut resumed).await?);
        }
        rules::all(&watch, &seen, &truth, &before)?;
    }
    Ok(())
}

/// A token of a stream that is over brings what is left and the end again.
#[tokio::test]
async fn final_states_end_their_streams_whenever_they_are_resumed() -> Result<()> {
    let world = world_with(1, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let setup = Watch::Setup { setup_id: walk.setup_id.clone(), portal_id: walk.portal_id };
    let begin = revisions(&world).await?;
    let mut stream = setup.open(&walk.clients, "").await?;
    let snapshot = next(&mut stream).await?;
    drop(stream);
    // More than one batch.
    for round in 0..120 {
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
    }
    let contact = walk.create_test_contact().await?;
    walk.test_ended(&contact.test_contact_id).await?;
    let request =
        v1::DisconnectRequest { request_id: request_id(), portal_id: walk.portal_id, ..Default::default() };
    walk.clients.connections.clone().disconnect(request).await?;
    let request = v1::AbandonSetupRequest {
        request_id: request_id(),
        setup_id: walk.setup_id.clone(),
        ..Default::default()
    };
    walk.clients.setups.clone().abandon_setup(request).await?;

    let test = Watch::TestContact { id: contact.test_contact_id, portal_id: walk.portal_id };
    let mut stream = test.open(&walk.clients, "").await?;
    ensure!(matches!(next(&mut stream).await?.said, Said::Snapshot { .. }));
    ensure!(next(&mut stream).await?.said == Said::End(End::Finished));

    let mut seen = vec![snapshot.clone()];
    let mut stream = setup.open(&walk.clients, &snapshot.token).await?;
    while let Some(message) = stream.next().await {
        seen.push(message?);
    }
    ensure!(seen.last().is_some_and(|last| last.said == Said::End(End::Finished)), "{:?}", seen.last());
    rules::all(&setup, &seen, &committed(&world).await?, &begin)?;
    ensure!(rules::changes(&seen).len() > 110);
    for message in [seen.get(100), seen.last()] {
        let token = message.map(|message| message.token.clone()).unwrap_or_default();
        let rest: Vec<_> = setup.open(&walk.clients, &token).await?.collect().await;
        let last = rest.into_iter().last().context("nothing")??;
        ensure!(last.said == Said::End(End::Finished), "{last:?}");
    }
    Ok(())
}

/// Deletes all events but each portal's newest, as the worker does with old ones.
pub async fn prune(world: &World) -> Result<()> {
    let mut database = PgConnection::connect(&world.database.url()).await?;
    sqlx::raw_sql(
        "with gone as (
            delete from portal_events e
            where exists (select from portal_events n where n.portal_id = e.portal_id and n.revision > e.revision)
            returning portal_id, revision, xid
        ), noted as (
            update installation set pruned_to = (select max(xid) from gone)
        )
        update portals p set events_pruned_to = (select max(revision) from gone where portal_id = p.portal_id)",
    )
    .execute(&mut database)
    .await?;
    Ok(())
}

#[tokio::test]
async fn a_token_of_changes_that_are_gone_begins_anew() -> Result<()> {
    let world = world_with(1, |_| ()).await?;
    let walk = Walk::enabled(&world).await?;
    let mut tokens = Vec::new();
    for watch in watches(&walk) {
        let mut stream = watch.open(&walk.clients, "").await?;
        tokens.push((watch, next(&mut stream).await?.token));
    }
    for round in 0..4 {
        settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
    }
    prune(&world).await?;
    let begin = revisions(&world).await?;
    for (watch, token) in tokens {
        let mut stream = watch.open(&walk.clients, &token).await?;
        let reset = next(&mut stream).await?;
        ensure!(reset.said == Said::Reset(Reset::TokenTooOld), "{watch:?}: {reset:?}");
        // Whoever lost the connection right here is no better off than before.
        let mut again = watch.open(&walk.clients, &reset.token).await?;
        ensure!(next(&mut again).await?.said == Said::Reset(Reset::TokenTooOld));
        let snapshot = next(&mut stream).await?;
        let Said::Snapshot { shown, .. } = &snapshot.said else { anyhow::bail!("{snapshot:?}") };
        ensure!(shown.iter().any(|(portal_id, _)| *portal_id == walk.portal_id));
        let mut resumed = watch.open(&walk.clients, &snapshot.token).await?;
        settings(&walk.clients, walk.portal_id, true).await?;
        settings(&walk.clients, walk.portal_id, false).await?;
        if !matches!(watch, Watch::Connections(_)) {
            let change = next(&mut resumed).await?;
            ensure!(
                matches!(change.said, Said::Change { revision, .. } if Some(&revision) > begin.get(&walk.portal_id))
            );
        }
    }
    Ok(())
}

/// A stream on which nothing happens keeps up with the others' changes: its bookmarks don't grow old.
#[tokio::test]
async fn quiet_streams_are_not_overtaken_by_the_end_of_retention() -> Result<()> {
    let world = world_with(1, |config| config.grpc.heartbeat = Duration::from_millis(50)).await?;
    let walk = Walk::enabled(&world).await?;
    for watch in [Watch::Connections(0), Watch::Connections(walk.portal_id)] {
        let mut stream = watch.open(&walk.clients, "").await?;
        next(&mut stream).await?;
        for round in 0..3 {
            settings(&walk.clients, walk.portal_id, round % 2 == 0).await?;
        }
        // The hub has looked by the second heartbeat from here.
        while next(&mut stream).await?.said != Said::Heartbeat {}
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut bookmark = next(&mut stream).await?;
        for _ in 0..4 {
            bookmark = next(&mut stream).await?;
        }
        ensure!(bookmark.said == Said::Heartbeat);
        prune(&world).await?;
        let mut resumed = watch.open(&walk.clients, &bookmark.token).await?;
        let message = next(&mut resumed).await?;
        ensure!(message.said == Said::Heartbeat, "{watch:?}: {message:?}");
    }
    Ok(())
}

/// Someone who resumes between two messages of one snapshot gets a whole one.
#[tokio::test]
async fn a_snapshot_of_many_messages_that_was_cut_comes_again() -> Result<()> {
    const PORTALS: i64 = 230;
    let world = world_with(1, |config| config.grpc.max_streams = NonZeroU32::MIN.saturating_add(99)).await?;
    let walk = Walk::enabled(&world).await?;
    copies(&world, PORTALS).await?;
    let watch = Watch::SyncStatus(0);
    let mut token = String::new();
    for cut in 0..3 {
        let mut stream = watch.open(&walk.clients, &token).await?;
        let mut shown = 0;
        let mut messages = 0;
        loop {
            let message = next(&mut stream).await?;
            let Said::Snapshot { shown: here, more } = &message.said else { anyhow::bail!("{message:?}") };
            shown += here.len();
            messages += 1;
            token = message.token.clone();
            if !more {
                ensure!(cut == 2 && messages == 3, "it ended after {messages} messages");
                ensure!(i64::try_from(shown)? == PORTALS + 1, "{shown} shown");
                break;
            }
            if messages == cut + 1 && cut < 2 {
                break;
            }
        }
    }
    // And only then does it go on.
    settings(&walk.clients, walk.portal_id, true).await?;
    settings(&walk.clients, walk.portal_id, false).await?;
    let mut stream = watch.open(&walk.clients, &token).await?;
    ensure!(matches!(next(&mut stream).await?.said, Said::Change { .. }));
    Ok(())
}

/// Three portals change at once: each stream over one of them sees its own part.
#[tokio::test]
async fn a_change_of_several_portals_is_seen_in_each_of_them() -> Result<()> {
    let world = world_with(1, |_| ()).await?;
    let servers = Servers::of(&world);
    let fleet = fleet(&world).await?;
    let begin = revisions(&world).await?;
    let mut recorders = Vec::new();
    for walk in &fleet {
        let (setup_id, portal_id) = (walk.setup_id.clone(), walk.portal_id);
        for watch in [Watch::Setup { setup_id, portal_id }, Watch::Connections(portal_id)] {
            let recorder = Recorder::begin(&servers, watch, false);
            recorder.begun().await?;
            recorders.push(recorder);
        }
    }
    let walk = fleet.first().context("no portal")?;
    let org_id = super::writers::org_of(walk).await?;
    let shares: Vec<_> = fleet.iter().map(|walk| (walk.portal_id, 7_000)).collect();
    super::writers::allocate(&walk.clients, &org_id, &shares).await?;
    let truth = committed(&world).await?;
    for recorder in &recorders {
        let seen = recorder
            .until("the change was seen", |seen| {
                seen.iter().any(|message| matches!(message.said, Said::Change { .. }))
            })
            .await?;
        rules::all(&recorder.watch, &seen, &truth, &begin)?;
    }
    for walk in &fleet {
        let answers = walk.setup().await?.answers.context("no answers")?;
        ensure!(answers.api_call_limit.is_some_and(|limit| limit.limit == 7_000));
    }
    Ok(())
}
