//! Killed at every fail point that an operation passes, each time it passes it.

use anyhow::{Result, ensure};

use super::{
    lane::{Death, Lane, Operation},
    run,
};

async fn at_every_point(operation: Operation, must_pass: &[&str]) -> Result<()> {
    let points = Lane::points(operation).await?;
    for name in must_pass {
        ensure!(points.contains_key(name), "{operation:?} does not pass {name}: {points:?}");
    }
    let deaths: Vec<Death> =
        points.iter().flat_map(|(name, hits)| (1..=*hits).map(|nth| Death::At(name, nth))).collect();
    ensure!(deaths.len() >= must_pass.len());
    run(operation, deaths).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_is_killed_at_every_point() -> Result<()> {
    let must_pass = [
        "connect.before_probe",
        "connect.after_probe",
        "connect.before_start",
        "connect.start",
        "login.before_call",
        "login.after_call",
        "store.before_commit",
        "store.after_commit",
        "store.after_take",
        "vendor.before_call",
        "vendor.after_call",
    ];
    at_every_point(Operation::Connect, &must_pass).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_contact_is_killed_at_every_point() -> Result<()> {
    let must_pass = [
        "test_contact.before_hubspot",
        "test_contact.after_hubspot",
        "test_contact.before_salesforce",
        "test_contact.after_salesforce",
        "test_contact.complete",
        "budget.after_reserve",
        "budget.before_settle",
        "store.before_commit",
        "vendor.after_call",
    ];
    at_every_point(Operation::Test, &must_pass).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_contact_that_must_log_in_is_killed_at_every_point() -> Result<()> {
    at_every_point(Operation::TestWithLogin, &["login.before_call", "login.after_call"]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_is_killed_at_every_point() -> Result<()> {
    let must_pass = ["cleanup.before_vendors", "cleanup.after_salesforce", "cleanup.after_vendors"];
    at_every_point(Operation::Delete, &must_pass).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deletion_that_must_log_in_is_killed_at_every_point() -> Result<()> {
    at_every_point(Operation::DeleteWithLogin, &["login.before_call", "login.after_call"]).await
}
