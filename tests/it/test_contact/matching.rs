//! Records that are there already: the test contact finds the person's record and makes no second one.

use anyhow::Result;
use connector::{
    api::v1,
    simulator::fault::{Action, FaultPlan, Point},
};
use serde_json::json;

use super::{assert_in_both, in_salesforce, put};
use crate::harness::{World, walk::Walk};

/// Creates a test contact; `meanwhile` gets its address before Salesforce is asked.
async fn test_with(
    world: &World,
    walk: &Walk,
    meanwhile: impl FnOnce(&str) -> Result<()>,
) -> Result<v1::TestContact> {
    let plan = FaultPlan::on("POST", "*/contacts", Action::Hold { point: Point::Before });
    let held = world.simulators.hubspot.frame().faults.add(plan);
    let begun = walk.create_test_contact().await?;
    held.wait_for_hits(1).await;
    meanwhile(&begun.email)?;
    held.remove();
    walk.test_ended(&begun.test_contact_id).await
}

#[tokio::test]
async fn r71_an_existing_contact_is_found_by_its_address() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let mut id = String::new();
    let contact = test_with(&world, &walk, |email| {
        id = put(&world, "Contact", json!({"LastName": "There", "Email": email}))?;
        Ok(())
    })
    .await?;
    assert_in_both(&world, &walk, &contact)?;
    assert_eq!((contact.salesforce_object.as_str(), contact.salesforce_record_id), ("Contact", id));
    assert_eq!(contact.api_calls_used, 2);
    Ok(())
}

#[tokio::test]
async fn r71_an_existing_lead_is_found_by_its_address() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let mut id = String::new();
    let contact = test_with(&world, &walk, |email| {
        id = put(&world, "Lead", json!({"LastName": "There", "Company": "There", "Email": email}))?;
        Ok(())
    })
    .await?;
    assert_in_both(&world, &walk, &contact)?;
    assert_eq!((contact.salesforce_object.as_str(), contact.salesforce_record_id), ("Lead", id));
    Ok(())
}

#[tokio::test]
async fn r71_a_converted_lead_stands_for_its_contact() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let mut id = String::new();
    let contact = test_with(&world, &walk, |email| {
        id = put(&world, "Contact", json!({"LastName": "There"}))?;
        let lead = json!({
            "LastName": "There", "Company": "There", "Email": email,
            "IsConverted": true, "ConvertedContactId": id,
        });
        put(&world, "Lead", lead).map(|_| ())
    })
    .await?;
    assert_eq!((contact.salesforce_object.as_str(), contact.salesforce_record_id), ("Contact", id.clone()));
    let found = in_salesforce(&world, &contact.email)?;
    let ours: Vec<_> = found.iter().filter(|(object, ..)| *object == "Contact").collect();
    assert_eq!(ours, [&("Contact", id, contact.hubspot_contact_id)]);
    Ok(())
}
