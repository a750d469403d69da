//! Connects HubSpot portals with Salesforce orgs: a gRPC control plane and the sync behind it.
//!
//! Rooms, and which may use which. An arrow never runs back; a test reads the `use` lines.
//!
//! ```text
//! bin → daemon → dev → app → grpc → control, watch → store, salesforce, hubspot, vault → domain, audit
//! bin → ctl → locale, api, audit   app → transit → vault            salesforce, hubspot, transit → outbound
//! dev → simulator, which knows no other room
//! ```
//!
//! | room | what it is for |
//! |---|---|
//! | [`domain`] | the rules, pure |
//! | [`audit`] | the audit trail's hashes, chains and signatures; no I/O but the signing key's file |
//! | [`store`] | the only room with SQL |
//! | [`salesforce`], [`hubspot`] | the only rooms that speak the vendors' wire formats, over `outbound` |
//! | [`vault`] | sealing of secrets |
//! | [`transit`] | keys in HashiCorp Vault, over `outbound` |
//! | [`control`] | the use cases: what each RPC does, and what the worker does afterwards |
//! | [`watch`] | streams over what changed |
//! | [`grpc`] | translation, and everything an RPC goes through on its way in and out |
//! | [`locale`] | every text, in English and Japanese |
//! | [`app`], [`daemon`] | putting a server together; `connectord`'s commands |
//! | [`issuer`] | making tokens, where nobody else does |
//! | [`ctl`] | `connectorctl`, over the API alone |
//! | `fuzzing` | targets for fuzzing, over every room that reads bytes from outside; not part of a product |
//! | [`config`], [`telemetry`], [`lifecycle`], [`failpoint`] | the process |

pub mod api;
pub mod app;
pub mod audit;
pub mod config;
pub mod control;
pub mod ctl;
pub mod daemon;
pub mod domain;
pub mod failpoint;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod grpc;
pub mod hubspot;
pub mod issuer;
pub mod lifecycle;
pub mod locale;
mod outbound;
mod private_file;
mod ready_file;
pub mod salesforce;
pub mod store;
pub mod telemetry;
pub mod transit;
pub mod vault;
pub mod watch;

#[cfg(feature = "simulator")]
pub mod dev;
#[cfg(feature = "simulator")]
pub mod simulator;
