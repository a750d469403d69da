//! The only room that speaks HubSpot: credentials, account, contacts, properties, lists, its errors.
//!
//! Nothing of tonic, sqlx or the store may enter, and no wire struct leaves. Only the base address tells a simulator
//! from the real thing. Apart from one refresh of an expired access token nothing here retries: whether a call may be
//! repeated is said by [`HubSpotError::effect`] and [`HubSpotError::is_retryable`], and decided by the caller.

mod account;
mod auth;
mod client;
mod contacts;
mod error;
mod lists;
mod properties;
mod refusal;

pub use account::{AccountInfo, AccountType};
pub use auth::{AccessToken, Credential, SharedTokens, TokenUpdate};
pub use client::{ClientConfig, ConfigError, HubSpotClient, PortalApi};
pub use contacts::{Archived, Contact, Properties};
pub use error::{HubSpotError, HubSpotErrorKind, RatePolicy};
pub use lists::{ContactList, ListPage, ProcessingType};
pub use properties::{LifecycleStage, PropertyDefinition, PropertyOption};

pub use crate::outbound::{DidItHappen, HttpSetupError, Timeouts};

#[cfg(all(test, feature = "simulator"))]
mod simulator_tests;
#[cfg(test)]
mod tests;
