//! The wire: protocol buffers ↔ domain, and everything that an RPC goes through on its way in and out.
//!
//! Translation only. A service method parses its request (collecting every violation), makes one call into
//! `control`, and converts the answer; an `if` on a domain value is in the wrong room. Only [`status`] builds a
//! `tonic::Status`. No SQL, no vendor, no rule enters.

pub mod accept;
pub mod auth;
pub mod call;
pub mod convert;
pub mod describe;
mod layers;
pub mod links;
pub mod parse;
pub mod server;
pub mod status;

#[cfg(test)]
mod lint_tests;
#[cfg(test)]
mod wire_tests;

pub use auth::{Authentication, Principal};
pub use call::Call;
pub use links::Links;
pub use server::{ServerSettings, serve};
pub use status::Failure;
