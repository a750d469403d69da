//! The oracle itself: it must see what it is there to see.

use anyhow::Result;
use connector::simulator::hubspot::fixture::RecordFixture;
use serde_json::{Map, json};

use super::{
    lane::{Lane, Operation},
    oracle::{self, Before},
};
use crate::harness::walk::ACME_ADMIN;

#[tokio::test]
async fn the_oracle_sees_planted_duplicates_and_losses() -> Result<()> {
    let mut lane = Lane::start(Operation::Test).await?;
    lane.world.add_server().await?;
    lane.walk.reconnect(&lane.world).await?;
    let before = Before::read(&lane).await?;
    lane.walk.test().await?;
    let contact = oracle::newest(&lane).await?;
    oracle::test(&lane, None, &contact)?;
    oracle::logins(&lane, &before, 0)?;

    let lead = Map::from_iter([
        ("LastName".to_owned(), json!("Test")),
        ("Company".to_owned(), json!("Twin")),
        ("Email".to_owned(), json!(contact.email)),
    ]);
    let salesforce = &lane.world.simulators.salesforce;
    let twin = salesforce.add_record(ACME_ADMIN, "Lead", lead).map_err(anyhow::Error::msg)?;
    let seen = oracle::test(&lane, None, &contact).map_err(|error| error.to_string());
    assert_eq!(seen, Err("2 records in Salesforce".to_owned()));
    salesforce.purge_record(ACME_ADMIN, "Lead", &twin).map_err(anyhow::Error::msg)?;
    oracle::test(&lane, None, &contact)?;

    // Lost in HubSpot, though the server says that it is there.
    let portal = u64::try_from(lane.walk.portal_id)?;
    let hubspot = &lane.world.simulators.hubspot;
    hubspot.archive_record(portal, "contacts", contact.hubspot_contact_id.parse()?)?;
    assert!(oracle::test(&lane, None, &contact).is_err(), "a lost contact was not seen");
    // Back under another id: as bad as lost.
    hubspot.add_record(portal, "contacts", &RecordFixture::new(&[("email", &contact.email)]))?;
    assert!(oracle::test(&lane, None, &contact).is_err(), "another contact was not seen");
    assert!(oracle::deleted(&lane, &contact).is_err(), "a contact that is there counted as deleted");

    // A login behind the user's back.
    let journal = &salesforce.frame().journal;
    journal.count("login_attempts", ACME_ADMIN);
    let seen = oracle::logins(&lane, &before, 0).map_err(|error| error.to_string());
    assert_eq!(seen, Err("1 logins were sent, 0 allowed".to_owned()));
    Ok(())
}
