//! Who may call what: the table of rules that the proto declares, and the caller that they are held against.
//!
//! In three places, from the outside in. The layer `authorize` asks for the scope before the body is
//! read. `Backend::open`, through which every method gets its message, asks for the grant before a field is
//! validated. `while_valid` ends the streams of callers whose credential ended, `guard_reflection`
//! those of reflection.

mod caller;
mod handoff;
mod rules;
mod viewer;

pub use caller::{Caller, StillValid};
pub use handoff::Handoffs;
pub(super) use rules::field as rule_field;
pub use rules::{Demand, RuleError, Rules};
pub use viewer::Viewer;

use std::sync::Arc;

use crate::domain::access::Rule;

/// Left in a request by the layer that found the caller's scopes to suffice. Without one no method gets its message.
#[derive(Clone, Debug)]
pub(super) struct Permit(pub(super) Arc<Rule>);
