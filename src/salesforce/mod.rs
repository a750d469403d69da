//! The only room that speaks Salesforce: login, REST, the probe, records, its errors.
//!
//! Nothing of tonic, sqlx or the store may enter, and no wire struct leaves. Only the configured base addresses tell
//! a simulator from the real thing. Nothing here retries: whether a call may be repeated is said by
//! [`SalesforceError::effect`] and [`SalesforceError::is_retryable`], and decided by the caller.

mod api;
mod client;
mod contact_sync;
mod error;
mod host;
mod id;
mod oauth;
mod probe;
mod records;
mod refusal;
mod session;
mod soap;
mod xml;

pub use crate::outbound::{DidItHappen, HttpSetupError, Timeouts};
pub use api::{Api, LimitInfo};
pub use client::{ClientConfig, ConfigError, Credential, Environment, LoginTarget, SalesforceClient};
pub use contact_sync::{NewPerson, Synced, by_external_id, delete_synced, match_and_upsert};
pub use error::{SalesforceError, SalesforceErrorKind};
pub use host::{HostPolicy, HostRefused, Origin};
pub use id::{InvalidId, SalesforceId};
pub use oauth::is_rsa_private_key;
pub use probe::{
    DailyLimit, Edition, ExternalIdField, Fact, FieldAccess, LayoutModule, LimitSource, ObjectAccess,
    Organization, PROBE_CALLS, Package, ProbeReport, ProbeScope, Seats, UserPermissions, probe,
};
pub use records::{CrmObject, Deleted, Fields, PersonFound, Upserted};
pub use session::{InvalidSession, Session};

#[cfg(all(test, feature = "simulator"))]
mod simulator_tests;
#[cfg(test)]
mod tests;
