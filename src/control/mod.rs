//! The use cases: what each RPC does, in domain words, and what the worker does after it has answered.
//!
//! No wire format and no SQL. A vendor is never called inside a transaction: first the intent is written down, then
//! the call is made, then its outcome is written down.

mod access;
mod audit;
mod check;
mod connect;
mod connect_run;
mod connect_start;
mod credential;
mod error;
mod handoffs;
mod hubspot_tokens;
mod keys;
mod lists;
mod orgs;
mod portals;
mod review;
mod rewrap;
mod session;
mod setup;
mod shared;
mod step;
mod sync;
mod test_contact;
mod test_contact_cleanup;
mod test_contact_run;
mod vendor;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicI64},
};

use tokio::sync::{Mutex, Notify};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub use audit::{AuditSettings, Verified, VerifyPlace, run_audit};
pub use check::Checked;
pub use connect::{ConnectRequest, Started};
pub use credential::{HubSpotCredential, SalesforceLogin};
pub use error::ControlError;
pub use handoffs::{NewHandoff, TOKEN_PREFIX};
pub use keys::{JoinError, KeySettings, KeyStatus, Rotation, run_keys};
pub use lists::SmartListPage;
pub use orgs::{Budget, OrgView};
pub use review::{Finished, Review};
pub use setup::InclusionChoice;
pub use worker::run_jobs;

use crate::{
    domain::PortalId,
    hubspot::{HubSpotClient, PortalApi},
    salesforce::{HostPolicy, SalesforceClient},
    store::{Call, Store},
    vault::Vault,
};

/// What the use cases are told by configuration.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How long a lease lives without a sign.
    pub lease: time::Duration,
    /// How often to look for work that nobody announced.
    pub poll_interval: std::time::Duration,
    /// Jobs at once in this process.
    pub concurrency: usize,
    /// How long a refused new token counts as not active yet.
    pub token_activation_window: time::Duration,
    /// Logins per Salesforce user and hour that may be refused.
    pub logins_per_hour: i64,
    /// Calls that one contact sync is reckoned with.
    pub calls_per_contact_sync: i64,
    /// How long events are kept for watches.
    pub event_retention: time::Duration,
    /// Keys.
    pub keys: KeySettings,
}

/// How long the first answer to a request is kept.
const ANSWER_RETENTION: time::Duration = time::Duration::days(7);

struct Inner {
    /// Names this process among those that hold keys.
    server_id: Uuid,
    store: Store,
    vault: Arc<Vault>,
    salesforce: SalesforceClient,
    login_hosts: HostPolicy,
    external_id_field: String,
    hubspot: HubSpotClient,
    portal_apis: Mutex<HashMap<PortalId, (Uuid, PortalApi)>>,
    settings: Settings,
    audit: AuditSettings,
    /// The number of the last statement that was written to a file.
    exported: AtomicI64,
    work: Notify,
    owners: access::Owners,
    opened: handoffs::Opened,
    /// Logins under way, each with what is written down about it: they run to their end whoever goes away.
    logins: TaskTracker,
    /// A rotation has begun.
    rewrap: Notify,
}

/// The use cases. Cheap to clone.
#[derive(Clone)]
pub struct Control {
    inner: Arc<Inner>,
}

/// What [`Control::new`] is made of.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// Seals secrets.
    pub vault: Arc<Vault>,
    /// Salesforce.
    pub salesforce: SalesforceClient,
    /// The hosts that may be logged in to.
    pub login_hosts: HostPolicy,
    /// Salesforce's field that holds the HubSpot id.
    pub external_id_field: String,
    /// HubSpot.
    pub hubspot: HubSpotClient,
    /// Configuration.
    pub settings: Settings,
    /// How the audit trail's heads are signed.
    pub audit: AuditSettings,
}

impl Control {
    /// Puts the use cases together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                server_id: Uuid::now_v7(),
                store: parts.store,
                vault: parts.vault,
                salesforce: parts.salesforce,
                login_hosts: parts.login_hosts,
                external_id_field: parts.external_id_field,
                hubspot: parts.hubspot,
                portal_apis: Mutex::new(HashMap::new()),
                settings: parts.settings,
                audit: parts.audit,
                exported: AtomicI64::new(0),
                work: Notify::new(),
                owners: access::Owners::default(),
                opened: handoffs::Opened::default(),
                logins: TaskTracker::new(),
                rewrap: Notify::new(),
            }),
        }
    }

    /// Identifies a mutation: who calls what, and under which request id. `payload` is the request without its id.
    ///
    /// Without an id the server makes one up: the call is then safe against a lost COMMIT, not against being sent
    /// again.
    #[must_use]
    pub fn call(
        &self,
        principal: &str,
        method: &'static str,
        request_id: Option<Uuid>,
        payload: &[u8],
        validate_only: bool,
    ) -> Call {
        Call {
            principal: principal.to_owned(),
            method,
            request_id: request_id.unwrap_or_else(Uuid::now_v7),
            payload_hash: self.inner.vault.payload_hash(payload),
            validate_only,
            call_id: None,
            reason: None,
            is_internal: false,
        }
    }

    /// The database, for health checks and watches.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Work was added: look for it now.
    fn announce_work(&self) {
        self.inner.work.notify_one();
    }
}

/// Refuses a change of what is no longer as the caller saw it.
fn check_etag(expected: Option<i64>, actual: i64) -> Result<(), crate::domain::Refusal> {
    match expected {
        Some(expected) if expected != actual => Err(crate::domain::Reason::EtagMismatch.into()),
        _ => Ok(()),
    }
}
