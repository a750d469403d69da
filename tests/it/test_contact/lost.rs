//! Lost answers and passing trouble: what may have happened is looked up, not done again.

use std::collections::BTreeMap;

use anyhow::Result;
use connector::simulator::{
    fault::{Action, FaultPlan, Point},
    salesforce::fixture::RowLock,
};

use super::{assert_in_both, edit_org};
use crate::harness::{World, walk::Walk};

/// What goes wrong, and at whom.
enum Trouble {
    HubSpot(FaultPlan),
    Salesforce(FaultPlan),
}

async fn gets_through(troubles: Vec<Trouble>) -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let handles: Vec<_> = troubles
        .into_iter()
        .map(|trouble| match trouble {
            Trouble::HubSpot(plan) => world.simulators.hubspot.frame().faults.add(plan),
            Trouble::Salesforce(plan) => world.simulators.salesforce.frame().faults.add(plan),
        })
        .collect();
    let contact = walk.test().await?;
    assert!(handles.iter().all(|handle| handle.hits() > 0), "the trouble did not come");
    assert_in_both(&world, &walk, &contact)
}

fn cut(method: &str, path: &str) -> FaultPlan {
    FaultPlan::on(method, path, Action::Cut { point: Point::After }).times(1)
}

fn respond(method: &str, path: &str, status: u16, point: Point) -> FaultPlan {
    let action = Action::Respond { status, headers: BTreeMap::new(), body: String::new(), point };
    FaultPlan::on(method, path, action).times(2)
}

#[tokio::test]
async fn r71_hubspots_answer_is_lost() -> Result<()> {
    gets_through(vec![Trouble::HubSpot(cut("POST", "*/contacts"))]).await
}

#[tokio::test]
async fn r71_salesforces_answer_is_lost() -> Result<()> {
    gets_through(vec![Trouble::Salesforce(cut("PATCH", "/sobjects/Lead/"))]).await
}

#[tokio::test]
async fn r71_both_answers_are_lost() -> Result<()> {
    gets_through(vec![
        Trouble::HubSpot(cut("POST", "*/contacts")),
        Trouble::Salesforce(cut("PATCH", "/sobjects/Lead/")),
    ])
    .await
}

#[tokio::test]
async fn r71_an_error_hides_that_it_happened() -> Result<()> {
    gets_through(vec![
        Trouble::HubSpot(respond("POST", "*/contacts", 502, Point::After)),
        Trouble::Salesforce(respond("PATCH", "/sobjects/Lead/", 503, Point::After)),
    ])
    .await
}

#[tokio::test]
async fn r71_passing_errors_are_waited_out() -> Result<()> {
    gets_through(vec![
        Trouble::HubSpot(respond("POST", "*/contacts", 503, Point::Before)),
        Trouble::Salesforce(respond("POST", "/composite", 503, Point::Before)),
    ])
    .await
}

#[tokio::test]
async fn r71_locked_rows_are_waited_out() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    edit_org(&world, |org| org.row_locks.push(RowLock { object: "Lead".to_owned(), times: 2 }))?;
    assert_in_both(&world, &walk, &walk.test().await?)
}
