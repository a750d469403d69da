//! The test contact over gRPC (R71–R75): how it travels, how it fails, and how it is cancelled and deleted.

mod cancel;
mod delete;
mod failures;
mod lost;
mod matching;
mod preconditions;
mod sessions;
mod stream;

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, CleanupState, TestContactStatus, watch_end, watch_test_contact_response},
    simulator::salesforce::{fixture::OrgFixture, fixture::UserFixture},
};
use serde_json::{Map, Value};

use crate::harness::{
    PATIENCE, World, eventually,
    walk::{ACME_ADMIN, Walk},
};

/// What a whole watch told: the snapshot, then the changes.
struct Told {
    snapshot: v1::TestContact,
    transitions: Vec<v1::TestContact>,
}

impl Told {
    fn statuses(&self) -> Vec<TestContactStatus> {
        [self.snapshot.status()]
            .into_iter()
            .chain(self.transitions.iter().map(v1::TestContact::status))
            .collect()
    }
}

/// Watches a test contact to its end, which must be `FINISHED`.
async fn watch(walk: &Walk, id: &str) -> Result<Told> {
    let request = v1::WatchTestContactRequest { test_contact_id: id.to_owned(), resume_token: String::new() };
    let mut stream = walk.clients.test_contacts.clone().watch_test_contact(request).await?.into_inner();
    let (mut snapshot, mut transitions, mut end) = (None, Vec::new(), None);
    tokio::time::timeout(PATIENCE, async {
        while let Some(message) = stream.message().await? {
            ensure!(!message.resume_token.is_empty() && end.is_none(), "{message:?}");
            match message.event.context("an empty message")? {
                watch_test_contact_response::Event::Snapshot(contact) => {
                    ensure!(snapshot.is_none(), "a second snapshot");
                    snapshot = Some(contact);
                }
                watch_test_contact_response::Event::Transition(contact) => transitions.push(contact),
                watch_test_contact_response::Event::End(last) => end = Some(last.cause()),
                watch_test_contact_response::Event::Heartbeat(_) => {}
                watch_test_contact_response::Event::Reset(reset) => anyhow::bail!("{reset:?}"),
            }
        }
        Ok(())
    })
    .await
    .context("the stream does not end")??;
    ensure!(end == Some(watch_end::Cause::Finished), "ended with {end:?}");
    Ok(Told { snapshot: snapshot.context("no snapshot")?, transitions })
}

async fn read(walk: &Walk, id: &str) -> Result<v1::TestContact> {
    let request = v1::GetTestContactRequest { test_contact_id: id.to_owned() };
    let answer = walk.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
    answer.test_contact.context("no test contact")
}

/// Waits until a deletion has come to its end.
async fn cleaned(walk: &Walk, id: &str) -> Result<v1::TestContact> {
    eventually("the deletion came to an end", async || {
        let contact = read(walk, id).await?;
        Ok(Some(contact)
            .filter(|contact| matches!(contact.cleanup(), CleanupState::Deleted | CleanupState::Failed)))
    })
    .await
}

fn edit_org(world: &World, edit: impl FnOnce(&mut OrgFixture)) -> Result<()> {
    world.simulators.salesforce.edit_org(ACME_ADMIN, edit).map_err(anyhow::Error::msg)
}

fn edit_admin(world: &World, edit: impl FnOnce(&mut UserFixture)) -> Result<()> {
    edit_org(world, |org| {
        if let Some(admin) = org.users.iter_mut().find(|user| user.username == ACME_ADMIN) {
            edit(admin);
        }
    })
}

fn end_sessions(world: &World) -> Result<()> {
    world.simulators.salesforce.end_sessions(ACME_ADMIN, false).map_err(anyhow::Error::msg)
}

fn logins(world: &World) -> u64 {
    world.simulators.salesforce.frame().journal.counter("login_attempts", ACME_ADMIN)
}

fn calls(world: &World) -> Result<u64> {
    world.simulators.salesforce.used_calls(ACME_ADMIN).map_err(anyhow::Error::msg)
}

/// Puts a record into Acme; its id.
fn put(world: &World, object: &str, fields: Value) -> Result<String> {
    let fields: Map<String, Value> = serde_json::from_value(fields)?;
    world.simulators.salesforce.add_record(ACME_ADMIN, object, fields).map_err(anyhow::Error::msg)
}

/// Object, id and external id of the records in Acme with an address.
fn in_salesforce(world: &World, email: &str) -> Result<Vec<(&'static str, String, String)>> {
    let mut found = Vec::new();
    for object in ["Lead", "Contact"] {
        let records = world.simulators.salesforce.records(ACME_ADMIN, object, false);
        for record in records.map_err(anyhow::Error::msg)? {
            let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            if text("Email") == email {
                found.push((object, text("Id"), text("HubSpot_Id__c")));
            }
        }
    }
    Ok(found)
}

/// Ids of the live contacts in HubSpot with an address.
fn in_hubspot(world: &World, walk: &Walk, email: &str) -> Result<Vec<String>> {
    let contacts = world.simulators.hubspot.records(u64::try_from(walk.portal_id)?, "contacts")?;
    Ok(contacts
        .iter()
        .filter(|contact| contact.get("archived") != Some(&Value::Bool(true)))
        .filter(|contact| contact.pointer("/properties/email").and_then(Value::as_str) == Some(email))
        .map(|contact| contact.get("id").and_then(Value::as_str).unwrap_or_default().to_owned())
        .collect())
}

/// Asserts that a completed test contact is in both CRMs, once.
fn assert_in_both(world: &World, walk: &Walk, contact: &v1::TestContact) -> Result<()> {
    ensure!(contact.status() == TestContactStatus::Completed, "not completed: {contact:?}");
    assert_eq!(in_hubspot(world, walk, &contact.email)?, std::slice::from_ref(&contact.hubspot_contact_id));
    let portal = u64::try_from(walk.portal_id)?;
    assert_eq!(world.simulators.hubspot.created_with_email(portal, &contact.email), 1);
    let [(object, id, external_id)] = in_salesforce(world, &contact.email)?
        .try_into()
        .map_err(|found| anyhow::anyhow!("not once in Salesforce: {found:?}"))?;
    assert_eq!(object, contact.salesforce_object);
    assert_eq!(id, contact.salesforce_record_id);
    assert_eq!(external_id, contact.hubspot_contact_id);
    Ok(())
}
