//! What must hold after a kill. The simulators are asked, not the server: they know what really happened.

use anyhow::{Context as _, Result, ensure};
use connector::api::v1::{self, CleanupState, ConnectState, ErrorReason, TestContactStatus};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::lane::{Death, Lane};
use crate::harness::{eventually, walk::ACME_ADMIN};

/// Points between the commit that announces a login and the one that keeps its session: who dies there may have sent
/// it, and nobody may send it again.
const LOGIN_IN_FLIGHT: [(&str, u64); 7] = [
    ("store.after_commit", 2),
    ("connect.log_in", 1),
    ("login.before_call", 1),
    ("vendor.before_call", 1),
    ("vendor.after_call", 1),
    ("login.after_call", 1),
    ("store.before_commit", 3),
];

/// Counts before a kill.
pub struct Before {
    logins: u64,
    connections: i64,
}

impl Before {
    pub async fn read(lane: &Lane) -> Result<Self> {
        Ok(Self { logins: logins_sent(lane), connections: connection_rows(lane, false).await? })
    }
}

fn logins_sent(lane: &Lane) -> u64 {
    lane.world.simulators.salesforce.frame().journal.counter("login_attempts", ACME_ADMIN)
}

async fn count(lane: &Lane, sql: &'static str) -> Result<i64> {
    let mut connection = PgConnection::connect(&lane.world.database.url()).await?;
    let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(count)
}

async fn connection_rows(lane: &Lane, active: bool) -> Result<i64> {
    let sql = if active {
        "select count(*) from connections where state <> 'disconnected'"
    } else {
        "select count(*) from connections"
    };
    count(lane, sql).await
}

/// Every job comes to its end.
pub async fn no_job_is_left(lane: &Lane) -> Result<()> {
    eventually("no job is left", async || {
        Ok((count(lane, "select count(*) from jobs").await? == 0).then_some(()))
    })
    .await
}

/// At most so many logins reached Salesforce.
pub fn logins(lane: &Lane, before: &Before, allowed: u64) -> Result<()> {
    let sent = logins_sent(lane) - before.logins;
    ensure!(sent <= allowed, "{sent} logins were sent, {allowed} allowed");
    Ok(())
}

/// Connected once, or not at all, and then for a reason that the kill explains.
pub async fn connect(lane: &Lane, before: &Before, death: Death, attempt: &v1::ConnectAttempt) -> Result<()> {
    let rows = connection_rows(lane, false).await? - before.connections;
    let active = connection_rows(lane, true).await?;
    let left = "select count(*) from secrets where kind = 'salesforce_session' and role = 'candidate'";
    ensure!(count(lane, left).await? == 0, "a session is left over");
    ensure!(attempt.logins <= 1, "{} logins are on the books", attempt.logins);
    if attempt.state() == ConnectState::Connected {
        ensure!((rows, active) == (1, 1), "connected with {rows} new connections, {active} in force");
        let sent = logins_sent(lane) - before.logins;
        ensure!(sent == 1, "connected with {sent} logins");
        return Ok(());
    }
    ensure!((rows, active) == (0, 0), "failed with {rows} new connections, {active} in force");
    ensure!(attempt.reason() == ErrorReason::LoginOutcomeUnknown, "failed: {attempt:?}");
    ensure!(!attempt.fix.is_empty(), "no fix: {attempt:?}");
    match death {
        Death::At(name, nth) => {
            ensure!(LOGIN_IN_FLIGHT.contains(&(name, nth)), "no login was in flight: {attempt:?}");
        }
        Death::Random(..) => {}
    }
    Ok(())
}

/// Completed with one record in each CRM; or failed since the answer to a login was lost, with at most one.
pub fn test(lane: &Lane, death: Option<Death>, contact: &v1::TestContact) -> Result<()> {
    let found = Found::of(lane, &contact.email)?;
    ensure!(found.created_in_hubspot <= 1, "HubSpot created {} contacts", found.created_in_hubspot);
    ensure!(found.hubspot.len() <= 1, "{} contacts in HubSpot", found.hubspot.len());
    ensure!(found.salesforce.len() <= 1, "{} records in Salesforce", found.salesforce.len());
    if contact.status() == TestContactStatus::Completed {
        ensure!(found.hubspot == [contact.hubspot_contact_id.clone()], "not in HubSpot: {contact:?}");
        let expected = (contact.salesforce_record_id.clone(), contact.hubspot_contact_id.clone());
        ensure!(found.salesforce == [expected], "not in Salesforce: {contact:?}, {:?}", found.salesforce);
        return Ok(());
    }
    ensure!(
        lane.operation.logs_in() && death.is_some_and(login_in_flight),
        "it did not get through: {contact:?}"
    );
    ensure!(contact.reason() == ErrorReason::LoginOutcomeUnknown, "failed: {contact:?}");
    ensure!(!contact.fix.is_empty(), "no fix: {contact:?}");
    Ok(())
}

/// Whether a renewed login may have been under way: its own steps have names of their own.
pub fn login_in_flight(death: Death) -> bool {
    match death {
        Death::At(name, _) => {
            !["test_contact.", "cleanup.", "budget."].iter().any(|own| name.starts_with(own))
        }
        Death::Random(..) => true,
    }
}

/// Nothing is left in either CRM.
pub fn deleted(lane: &Lane, contact: &v1::TestContact) -> Result<()> {
    ensure!(contact.cleanup() == CleanupState::Deleted, "not deleted: {contact:?}");
    let found = Found::of(lane, &contact.email)?;
    ensure!(found.hubspot.is_empty(), "left in HubSpot: {:?}", found.hubspot);
    ensure!(found.salesforce.is_empty(), "left in Salesforce: {:?}", found.salesforce);
    Ok(())
}

/// What the simulators hold of a test contact.
struct Found {
    created_in_hubspot: u64,
    hubspot: Vec<String>,
    /// Record id and external id.
    salesforce: Vec<(String, String)>,
}

impl Found {
    fn of(lane: &Lane, email: &str) -> Result<Self> {
        let simulators = &lane.world.simulators;
        let portal = u64::try_from(lane.walk.portal_id)?;
        let contacts = simulators.hubspot.records(portal, "contacts")?;
        let live = contacts.iter().filter(|contact| contact.get("archived") != Some(&Value::Bool(true)));
        let ours = live.filter(|contact| text(contact.pointer("/properties/email")) == email);
        let mut salesforce = Vec::new();
        for object in ["Lead", "Contact"] {
            let records = simulators.salesforce.records(ACME_ADMIN, object, false);
            for record in records.map_err(anyhow::Error::msg)? {
                if text(record.get("Email")) == email {
                    salesforce.push((
                        text(record.get("Id")).to_owned(),
                        text(record.get("HubSpot_Id__c")).to_owned(),
                    ));
                }
            }
        }
        Ok(Self {
            created_in_hubspot: simulators.hubspot.created_with_email(portal, email),
            hubspot: ours.map(|contact| text(contact.get("id")).to_owned()).collect(),
            salesforce,
        })
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// The e-mail address of the newest test contact.
pub async fn newest(lane: &Lane) -> Result<v1::TestContact> {
    let request = v1::ListTestContactsRequest { portal_id: lane.walk.portal_id, ..Default::default() };
    let page = lane.walk.clients.test_contacts.clone().list_test_contacts(request).await?.into_inner();
    page.test_contacts.into_iter().next().context("no test contact")
}
