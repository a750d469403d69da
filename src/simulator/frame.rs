//! What one simulator has besides its vendor's rules.

use serde_json::{Map, Value};

use super::{clock::Clock, fault::Faults, journal::Journal};

/// Clock, faults and journal of one simulator; clones share them.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The clock, shared with the other simulator.
    pub clock: Clock,
    /// The fault plans of this simulator.
    pub faults: Faults,
    /// The requests to this simulator.
    pub journal: Journal,
}

impl Frame {
    /// No faults, an empty journal.
    pub fn new(clock: Clock) -> Self {
        Self { clock, faults: Faults::default(), journal: Journal::default() }
    }
}

/// What the shared control API needs from a vendor's simulator.
pub trait Vendor: Send + Sync + 'static {
    /// Counts that are taken from the fixtures (such as records by object), merged into `GET /_control/counters`.
    fn counters(&self) -> Map<String, Value>;

    /// Puts the fixtures back to the seed.
    fn reset(&self);
}
