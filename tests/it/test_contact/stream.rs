//! What is streamed of a test contact, and what it leaves behind (R71, R72, R74).

use std::num::NonZeroU32;

use anyhow::{Context as _, Result};
use connector::{
    api::v1::{self, Step, TestContactStatus, watch_end},
    simulator::{
        fault::{Action, FaultHandle, FaultPlan, Point},
        hubspot::seed,
    },
};

use super::{assert_in_both, calls, in_hubspot, watch};
use crate::harness::{
    PATIENCE, World,
    walk::{STEPS, Walk},
};

const ALL: [TestContactStatus; 4] = [
    TestContactStatus::Starting,
    TestContactStatus::Scheduling,
    TestContactStatus::Processing,
    TestContactStatus::Completed,
];

#[tokio::test]
async fn r71_real_records_come_into_being_in_both() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let calls_before = calls(&world)?;
    let contact = walk.test().await?;
    assert_in_both(&world, &walk, &contact)?;
    assert_eq!(contact.salesforce_object, "Lead");
    assert!(contact.hubspot_url.contains(&contact.hubspot_contact_id), "{}", contact.hubspot_url);
    assert!(contact.salesforce_url.contains(&contact.salesforce_record_id), "{}", contact.salesforce_url);
    assert!(contact.email.ends_with("@example.com"), "{}", contact.email);
    // R12 reckons with four; a match and a write are two.
    assert_eq!(calls(&world)? - calls_before, 2);
    assert_eq!(contact.api_calls_used, 2);
    let answers = walk.setup().await?.answers.unwrap_or_default();
    assert_eq!(answers.test.map(|test| test.test_contact_id), Some(contact.test_contact_id));
    Ok(())
}

#[tokio::test]
async fn r72_each_status_once_and_in_order() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    // Held until somebody watches: the stream then tells the rest.
    let held = world.simulators.hubspot.frame().faults.add(FaultPlan::on(
        "POST",
        "*/contacts",
        Action::Hold { point: Point::Before },
    ));
    let id = walk.create_test_contact().await?.test_contact_id;
    held.wait_for_hits(1).await;
    let (told, ()) = tokio::join!(watch(&walk, &id), async {
        tokio::task::yield_now().await;
        held.remove();
    });
    let told = told?;
    assert_eq!(told.statuses(), ALL.get(1..).unwrap_or_default());
    let revisions: Vec<i64> =
        [&told.snapshot].into_iter().chain(&told.transitions).map(|contact| contact.revision).collect();
    assert!(revisions.is_sorted(), "{revisions:?}");
    let last = told.transitions.last().unwrap_or(&told.snapshot);
    assert_eq!(last.history.iter().map(v1::StatusTime::status).collect::<Vec<_>>(), ALL);
    Ok(())
}

#[tokio::test]
async fn r72_a_late_subscriber_gets_the_final_state_and_the_end() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let contact = walk.test().await?;
    let told = watch(&walk, &contact.test_contact_id).await?;
    assert_eq!(told.statuses(), [TestContactStatus::Completed]);
    assert_eq!(told.snapshot.history.iter().map(v1::StatusTime::status).collect::<Vec<_>>(), ALL);
    assert_in_both(&world, &walk, &told.snapshot)
}

type Stream = tonic::Streaming<v1::WatchTestContactResponse>;

async fn open(walk: &Walk, id: &str, resume_token: &str) -> Result<Stream> {
    let request =
        v1::WatchTestContactRequest { test_contact_id: id.to_owned(), resume_token: resume_token.to_owned() };
    Ok(walk.clients.test_contacts.clone().watch_test_contact(request).await?.into_inner())
}

/// The next status, or how the stream ends, and the token to go on after it.
async fn next(stream: &mut Stream) -> Result<(Result<TestContactStatus, watch_end::Cause>, String)> {
    use v1::watch_test_contact_response::Event;
    loop {
        let message = tokio::time::timeout(PATIENCE, stream.message()).await??.context("no end")?;
        match message.event {
            Some(Event::Snapshot(contact) | Event::Transition(contact)) => {
                return Ok((Ok(contact.status()), message.resume_token));
            }
            Some(Event::End(end)) => return Ok((Err(end.cause()), message.resume_token)),
            Some(Event::Heartbeat(_)) => {}
            other => anyhow::bail!("{other:?}"),
        }
    }
}

/// What a stream tells until it ends: the statuses, the end, and the token to go on with.
async fn told(mut stream: Stream) -> Result<(Vec<TestContactStatus>, watch_end::Cause, String)> {
    let mut statuses = Vec::new();
    loop {
        match next(&mut stream).await? {
            (Ok(status), _) => statuses.push(status),
            (Err(end), token) => return Ok((statuses, end, token)),
        }
    }
}

/// Portal A with sync on at a server that does one thing at a time, and is busy with portal B until the fault is gone.
async fn busy() -> Result<(World, Walk, FaultHandle)> {
    let world = World::start_with(|config| config.worker.concurrency = NonZeroU32::MIN).await?;
    let walk = Walk::before(&world, Step::SeatCount).await?;
    walk.seats(50).await?;
    walk.limit(Some(10_000)).await?;
    for step in
        STEPS.into_iter().skip_while(|step| *step != Step::Package).take_while(|step| *step != Step::Test)
    {
        walk.answer_and_wait(step).await?;
    }
    let other = Walk::start_with(&world, seed::TOKEN_B).await?;
    other.answer_until(Step::ConnectAccounts).await?;
    let logins = FaultPlan::on("POST", "/services/Soap/u/*", Action::Hold { point: Point::Before });
    let held = world.simulators.salesforce.frame().faults.add(logins);
    other.start_to_connect().await?;
    held.wait_for_hits(1).await;
    Ok((world, walk, held))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r72_from_starting_on_for_one_who_watches_before_anything_happened() -> Result<()> {
    let (_world, walk, busy) = busy().await?;
    let id = walk.create_test_contact().await?.test_contact_id;
    let mut early = open(&walk, &id, "").await?;
    let (first, token) = next(&mut early).await?;
    assert_eq!(first, Ok(TestContactStatus::Starting), "nothing has happened yet");
    busy.remove();
    let rest = ALL.get(1..).unwrap_or_default();
    let (statuses, end, _) = told(early).await?;
    assert_eq!((statuses.as_slice(), end), (rest, watch_end::Cause::Finished));
    // The same for one who left after the first message and comes back when all is over.
    let (statuses, end, _) = told(open(&walk, &id, &token).await?).await?;
    assert_eq!((statuses.as_slice(), end), (rest, watch_end::Cause::Finished));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r72_no_status_is_missed_or_told_twice_over_a_restart() -> Result<()> {
    let (mut world, mut walk, busy) = busy().await?;
    let id = walk.create_test_contact().await?.test_contact_id;
    let creations = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    let held = world.simulators.hubspot.frame().faults.add(creations);
    let mut early = open(&walk, &id, "").await?;
    let (first, _) = next(&mut early).await?;
    assert_eq!(first, Ok(TestContactStatus::Starting), "nothing has happened yet");
    let watching = tokio::spawn(told(early));
    busy.remove();
    held.wait_for_hits(1).await;
    world.stop_servers().await;
    let (before, end, token) = watching.await??;
    assert_eq!(
        (before.as_slice(), end),
        ([TestContactStatus::Scheduling].as_slice(), watch_end::Cause::ServerShutdown)
    );
    held.remove();
    world.add_server().await?;
    walk.reconnect(&world).await?;
    let (after, end, _) = told(open(&walk, &id, &token).await?).await?;
    assert_eq!((after.as_slice(), end), (ALL.get(2..).unwrap_or_default(), watch_end::Cause::Finished));
    // Whoever comes afterwards is told how it ended, with its history.
    let late = watch(&walk, &id).await?;
    assert_eq!(late.statuses(), [TestContactStatus::Completed]);
    assert_eq!(late.snapshot.history.iter().map(v1::StatusTime::status).collect::<Vec<_>>(), ALL);
    Ok(())
}

#[tokio::test]
async fn r74_a_list_that_would_not_let_it_through_does_not_stop_it() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::InclusionList).await?;
    walk.list("2").await?;
    walk.answer(Step::Review).await?;
    let contact = walk.test().await?;
    assert_in_both(&world, &walk, &contact)?;
    let verdict = contact.inclusion.unwrap_or_default();
    assert!(verdict.evaluated && !verdict.included, "{verdict:?}");
    assert!(!verdict.explanation.is_empty());
    Ok(())
}

#[tokio::test]
async fn r74_a_stage_that_would_not_let_it_through_does_not_stop_it() -> Result<()> {
    for (lowest, included) in [("customer", false), ("lead", true), ("", true)] {
        let world = World::start().await?;
        let walk = Walk::before(&world, Step::InclusionList).await?;
        walk.no_list(lowest).await?;
        walk.answer(Step::Review).await?;
        let contact = walk.test().await?;
        assert_in_both(&world, &walk, &contact)?;
        let verdict = contact.inclusion.unwrap_or_default();
        assert!(verdict.evaluated, "{lowest}: {verdict:?}");
        assert_eq!(verdict.included, included, "{lowest}: {verdict:?}");
    }
    Ok(())
}

#[tokio::test]
async fn r78_switching_on_fills_nothing_back() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let contact = walk.test().await?;
    // The seed's own lead and contact, and the test contact: none of HubSpot's twelve.
    assert_eq!(in_hubspot(&world, &walk, &contact.email)?.len(), 1);
    let salesforce = &world.simulators.salesforce;
    let count = |object| salesforce.records(&walk.username, object, false).map(|found| found.len());
    assert_eq!((count("Lead"), count("Contact")), (Ok(2), Ok(1)));
    Ok(())
}
