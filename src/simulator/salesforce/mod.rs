//! The Salesforce simulator.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use super::{
    Seed,
    frame::{Frame, Vendor},
};

/// The orgs of the Salesforce simulator.
#[derive(Debug)]
pub struct Salesforce {
    frame: Frame,
    base_url: String,
    seed: Seed,
}

impl Salesforce {
    /// The orgs of `seed`; `base_url` is without a slash at the end.
    pub fn new(frame: Frame, base_url: String, seed: Seed) -> Self {
        Self { frame, base_url, seed }
    }

    /// Clock, faults and journal.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }
}

impl Vendor for Salesforce {
    fn counters(&self) -> Map<String, Value> {
        Map::new()
    }

    fn reset(&self) {
        tracing::debug!(base_url = %self.base_url, seed = ?self.seed, "fixtures as seeded");
    }
}

/// Salesforce's routes and the fixtures under `/_control/`.
pub fn router(state: Arc<Salesforce>) -> Router {
    Router::new().with_state(state)
}
