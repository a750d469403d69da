//! From domain values to messages: nothing is decided here, only said in the API's words and the caller's language.

mod attempt;
mod audit;
mod connection;
mod handoff;
mod keys;
mod notices;
mod org;
mod portal;
mod settings;
mod setup;
mod step;
mod sync;
mod test_contact;

#[cfg(test)]
mod tests;

use prost_types::Timestamp;
use time::{OffsetDateTime, format_description::StaticFormatDescription, macros::format_description};

pub use attempt::{attempt, finding};
pub use audit::{audit_event, audit_finding};
pub use connection::connection;
pub use handoff::handoff;
pub use keys::key_status;
pub use org::{budget, org, portals};
pub use portal::{credential, portal};
pub use settings::{inclusion_rule, smart_list, sync_settings};
pub use setup::setup;
pub(super) use setup::{import_decision, visualforce_method};
pub use step::step;
pub use sync::sync_status;
pub use test_contact::test_contact;

use crate::{
    api::v1,
    domain::{
        Reason,
        api_limit::AllocationSource,
        edition::{AdminAccess, Edition, Environment, Subscription},
    },
};

/// How moments appear in texts. They are UTC, and say so.
const MOMENT: StaticFormatDescription = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

/// A moment.
#[must_use]
pub fn timestamp(at: OffsetDateTime) -> Timestamp {
    Timestamp { seconds: at.unix_timestamp(), nanos: i32::try_from(at.nanosecond()).unwrap_or(0) }
}

/// A moment in a text.
#[must_use]
pub fn moment(at: OffsetDateTime) -> String {
    at.to_offset(time::UtcOffset::UTC).format(&MOMENT).unwrap_or_default()
}

/// The etag of a version. Opaque to clients; [`field::etag`](super::parse::field::etag) reads it.
#[must_use]
pub fn etag(version: i64) -> String {
    format!("W-{version}")
}

/// A reason as its number; the two lists are the same, and a test holds them together.
#[must_use]
pub fn reason(reason: Option<Reason>) -> i32 {
    reason.map_or(0, Reason::number)
}

/// A figure that the API gives in 32 bits.
pub(super) fn narrow(figure: i64) -> i32 {
    i32::try_from(figure).unwrap_or(i32::MAX)
}

pub(super) fn subscription(value: Subscription) -> v1::HubSpotSubscription {
    match value {
        Subscription::Free => v1::HubSpotSubscription::Free,
        Subscription::Starter => v1::HubSpotSubscription::Starter,
        Subscription::Professional => v1::HubSpotSubscription::Professional,
        Subscription::Enterprise => v1::HubSpotSubscription::Enterprise,
    }
}

pub(super) fn edition(value: Edition) -> v1::SalesforceEdition {
    match value {
        Edition::Group => v1::SalesforceEdition::Group,
        Edition::Essentials => v1::SalesforceEdition::Essentials,
        Edition::Professional => v1::SalesforceEdition::Professional,
        Edition::Enterprise => v1::SalesforceEdition::Enterprise,
        Edition::Unlimited => v1::SalesforceEdition::Unlimited,
        Edition::Developer => v1::SalesforceEdition::Developer,
    }
}

pub(super) fn admin_access(value: AdminAccess) -> v1::AdminAccess {
    match value {
        AdminAccess::None => v1::AdminAccess::None,
        AdminAccess::TopLevelAdministrator => v1::AdminAccess::TopLevelAdministrator,
        AdminAccess::FullObjectAndField => v1::AdminAccess::FullObjectAndField,
        AdminAccess::ObjectOnly => v1::AdminAccess::ObjectOnly,
    }
}

pub(super) fn environment(value: Environment) -> v1::SalesforceEnvironment {
    match value {
        Environment::Production => v1::SalesforceEnvironment::Production,
        Environment::Sandbox => v1::SalesforceEnvironment::Sandbox,
    }
}

fn allocation_source(value: AllocationSource) -> v1::api_call_limit::AllocationSource {
    match value {
        AllocationSource::Policy => v1::api_call_limit::AllocationSource::Policy,
        AllocationSource::Salesforce => v1::api_call_limit::AllocationSource::Salesforce,
    }
}

fn choice(value: bool) -> v1::Choice {
    if value { v1::Choice::Yes } else { v1::Choice::No }
}
