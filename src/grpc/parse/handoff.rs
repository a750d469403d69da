//! Requests about hand-offs.

use super::{
    field::{self, Page},
    mutation::{Mutation, mutation},
    violations::{Parsed, Violations},
};
use crate::{
    api::v1,
    domain::{
        HandoffId, SetupId,
        handoff::{DEFAULT_HOURS, MAX_HOURS},
    },
};

/// A hand-off to make.
#[derive(Debug)]
pub struct CreateHandoff {
    /// The frame.
    pub mutation: Mutation,
    /// The setup.
    pub setup_id: SetupId,
    /// How many hours it lasts.
    pub hours: i32,
}

/// `CreateHandoffRequest`, or everything that is wrong with it.
pub fn create(mut message: v1::CreateHandoffRequest) -> Parsed<CreateHandoff> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let setup_id = field::setup_id(&mut v, &message.setup_id);
    let hours = match message.valid_hours {
        0 => Some(DEFAULT_HOURS),
        hours => field::within(&mut v, "valid_hours", hours, 1..=MAX_HOURS),
    };
    let parsed = || Some(CreateHandoff { mutation, setup_id: setup_id?, hours: hours? });
    v.finish(parsed())
}

/// Whose hand-offs to list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListHandoffs {
    /// The setup.
    pub setup_id: SetupId,
    /// The page.
    pub page: Page,
}

/// `ListHandoffsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListHandoffsRequest) -> Parsed<ListHandoffs> {
    let mut v = Violations::new();
    let setup_id = field::setup_id(&mut v, &message.setup_id);
    let page = field::page(&mut v, message.page_size, message.page_token);
    let parsed = || Some(ListHandoffs { setup_id: setup_id?, page: page? });
    v.finish(parsed())
}

/// A hand-off to take back.
#[derive(Debug)]
pub struct RevokeHandoff {
    /// The frame.
    pub mutation: Mutation,
    /// The setup.
    pub setup_id: SetupId,
    /// The hand-off.
    pub handoff_id: HandoffId,
}

/// `RevokeHandoffRequest`, or everything that is wrong with it.
pub fn revoke(mut message: v1::RevokeHandoffRequest) -> Parsed<RevokeHandoff> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let setup_id = field::setup_id(&mut v, &message.setup_id);
    let handoff_id = field::handoff_id(&mut v, &message.handoff_id);
    let parsed = || Some(RevokeHandoff { mutation, setup_id: setup_id?, handoff_id: handoff_id? });
    v.finish(parsed())
}
