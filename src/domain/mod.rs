//! The rules. Pure: no tokio, tonic, prost, sqlx or reqwest; time and randomness come in as arguments.
//!
//! Types here are serialised as they are stored (see `docs/adr/0003-stored-form.md`): renaming a field
//! changes that form.

pub mod access;
pub mod api_limit;
pub mod budget;
pub mod change;
pub mod connection;
pub mod edition;
pub mod handoff;
pub mod ids;
pub mod inclusion;
pub mod keys;
pub mod portal;
pub mod probe;
pub mod reason;
pub mod settings;
pub mod setup;
pub mod sync_state;
pub mod test_contact;

pub use ids::{AttemptId, ConnectionId, HandoffId, OrgId, PortalId, SetupId, TestContactId};
pub use reason::{Reason, Refusal};
