//! Salesforce API calls, counted by the simulator as Salesforce would. The guide reckons with four for each contact.

use anyhow::Result;
use connector::api::v1::{ConnectState, Step, TestContactStatus};

use crate::harness::{World, walk::Walk};

/// Connecting with the full probe.
const CONNECT: u64 = 3;
/// One test contact.
const TEST_CONTACT: u64 = 2;

#[tokio::test]
async fn connecting_and_a_test_contact_take_few_salesforce_calls() -> Result<()> {
    let world = World::start().await?;
    let used = || world.simulators.salesforce.used_calls("acme").map_err(anyhow::Error::msg);
    let walk = Walk::before(&world, Step::ConnectAccounts).await?;
    let before = used()?;
    let attempt = walk.connect().await?;
    assert_eq!(attempt.state(), ConnectState::Connected, "{attempt:?}");
    let connecting = used()? - before;
    for step in [Step::ObjectSync, Step::ActivitySync, Step::InclusionList, Step::Review] {
        walk.answer_and_wait(step).await?;
    }
    let before = used()?;
    let contact = walk.test().await?;
    assert_eq!(contact.status(), TestContactStatus::Completed, "{contact:?}");
    let testing = used()? - before;
    println!("connect: {connecting} API calls; test contact: {testing}");
    assert!(connecting <= CONNECT, "connecting took {connecting} API calls, its row says {CONNECT}");
    assert!(testing <= TEST_CONTACT, "a test contact took {testing} API calls, its row says {TEST_CONTACT}");
    Ok(())
}
