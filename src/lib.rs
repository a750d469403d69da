//! Connects HubSpot portals with Salesforce orgs: a gRPC control plane and the sync behind it.
//!
//! Rooms, and which may use which. An arrow never runs back; a test reads the `use` lines.
//!
//! ```text
//! bin → ctl, dev → grpc → sync → control → store, salesforce, hubspot, vault, watch → domain
//! ```

pub mod api;
pub mod app;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
pub mod domain;
pub mod failpoint;
pub mod grpc;
pub mod hubspot;
pub mod lifecycle;
pub mod locale;
mod ready_file;
pub mod salesforce;
pub mod store;
pub mod sync;
pub mod telemetry;
pub mod vault;
pub mod watch;

#[cfg(feature = "simulator")]
pub mod dev;
#[cfg(feature = "simulator")]
pub mod simulator;
