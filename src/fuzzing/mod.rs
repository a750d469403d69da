//! Fuzz targets: everything that reads bytes from outside, each a function of any bytes that must come back.
//!
//! `fuzz` runs them for long, led by coverage; the tests here run them for a moment over the seeds. docs/fuzzing.md.

mod configuration;
mod hosts;
mod hubspot;
mod salesforce;
mod stored;
mod tokens;
mod vendor;

#[cfg(test)]
mod driver;

pub use self::{
    configuration::configuration, hosts::hosts, hubspot::hubspot, salesforce::salesforce, stored::stored,
    tokens::tokens,
};
pub use crate::grpc::fuzzing::request;

/// A target: its name, what it does with any bytes, and bytes to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As the program in `fuzz/fuzz_targets` is called.
    pub name: &'static str,
    /// Comes back, whatever it is given; a panic is a finding.
    pub run: fn(&[u8]),
    /// Inputs that get far.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "request", run: request, seeds: crate::grpc::fuzzing::request_seeds },
    Target { name: "salesforce", run: salesforce, seeds: salesforce::seeds },
    Target { name: "hubspot", run: hubspot, seeds: hubspot::seeds },
    Target { name: "hosts", run: hosts, seeds: hosts::seeds },
    Target { name: "tokens", run: tokens, seeds: tokens::seeds },
    Target { name: "configuration", run: configuration, seeds: configuration::seeds },
    Target { name: "stored", run: stored, seeds: stored::seeds },
];
