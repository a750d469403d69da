//! What is streamed of a test contact, and what it leaves behind (R71, R72, R74).

use anyhow::Result;
use connector::{
    api::v1::{self, Step, TestContactStatus},
    simulator::fault::{Action, FaultPlan, Point},
};

use super::{assert_in_both, calls, in_hubspot, watch};
use crate::harness::{World, walk::Walk};

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
