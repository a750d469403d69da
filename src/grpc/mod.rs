//! The wire: protocol buffers ↔ domain, and everything that an RPC goes through on its way in and out.
//!
//! Translation only. A service method parses its request (collecting every violation), makes one call into
//! `control`, and converts the answer; an `if` on a domain value is in the wrong room. Only [`status`] builds a
//! `tonic::Status`. No SQL, no vendor, no rule enters.

pub mod accept;
pub mod access;
pub mod auth;
pub mod call;
mod coalesced;
mod connection;
pub mod convert;
pub mod describe;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod health;
mod held_body;
mod layers;
pub mod links;
pub mod page_token;
pub mod parse;
pub mod review;
pub mod server;
mod services;
pub mod status;
mod subjects;
mod threads;
pub mod tls;
pub mod wording;

#[cfg(test)]
mod api_tests;
#[cfg(test)]
mod wire_tests;

pub use accept::ConnectionLimits;
pub use access::{Caller, Handoffs, RuleError, Rules};
pub use auth::Authentication;
pub use call::Call;
pub use health::Readiness;
pub use layers::share::CallerLimits;
pub use links::Links;
pub use server::{ServeError, ServerSettings, Shutdown, serve};
pub use services::{Backend, names, routes};
pub use status::Failure;
pub use threads::Threads;
