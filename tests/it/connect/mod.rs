//! Connecting through the public API: credentials, the probe's findings, places, races, budgets, bad input.

pub mod scene;

mod bad_input;
mod drain;
mod eligibility;
mod findings;
mod hostile;
mod lockout;
mod login;
mod oauth;
mod orgs;
mod places;
mod progress;
mod races;
mod reconnect;
mod rotate;
mod shared;
mod stale;
