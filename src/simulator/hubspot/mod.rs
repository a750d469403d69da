//! The HubSpot simulator.

use std::sync::Arc;

use axum::Router;
use serde_json::{Map, Value};

use super::{
    Seed,
    frame::{Frame, Vendor},
};

/// The portals of the HubSpot simulator.
#[derive(Debug)]
pub struct HubSpot {
    frame: Frame,
    base_url: String,
    seed: Seed,
}

impl HubSpot {
    /// The portals of `seed`; `base_url` is without a slash at the end.
    pub fn new(frame: Frame, base_url: String, seed: Seed) -> Self {
        Self { frame, base_url, seed }
    }

    /// Clock, faults and journal.
    pub fn frame(&self) -> &Frame {
        &self.frame
    }
}

impl Vendor for HubSpot {
    fn counters(&self) -> Map<String, Value> {
        Map::new()
    }

    fn reset(&self) {
        tracing::debug!(base_url = %self.base_url, seed = ?self.seed, "fixtures as seeded");
    }
}

/// HubSpot's routes and the fixtures under `/_control/`.
pub fn router(state: Arc<HubSpot>) -> Router {
    Router::new().with_state(state)
}
