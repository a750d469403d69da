//! The steps of the wizard.

use crate::{
    api::v1,
    domain::setup::{Step, StepState},
};

/// A step.
#[must_use]
pub fn step(step: Step) -> v1::Step {
    match step {
        Step::Prerequisites => v1::Step::Prerequisites,
        Step::Edition => v1::Step::Edition,
        Step::AdminAccess => v1::Step::AdminAccess,
        Step::Environment => v1::Step::Environment,
        Step::SeatCount => v1::Step::SeatCount,
        Step::ApiCallLimit => v1::Step::ApiCallLimit,
        Step::Package => v1::Step::Package,
        Step::SecurityToken => v1::Step::SecurityToken,
        Step::VisualforceModule => v1::Step::VisualforceModule,
        Step::ConnectAccounts => v1::Step::ConnectAccounts,
        Step::ObjectSync => v1::Step::ObjectSync,
        Step::ActivitySync => v1::Step::ActivitySync,
        Step::InclusionList => v1::Step::InclusionList,
        Step::Review => v1::Step::Review,
        Step::Test => v1::Step::Test,
        Step::Done => v1::Step::Done,
    }
}

/// Where a step stands.
pub(super) fn state(state: StepState) -> v1::StepState {
    match state {
        StepState::NotReached => v1::StepState::NotReached,
        StepState::Open => v1::StepState::Open,
        StepState::Waiting => v1::StepState::Waiting,
        StepState::Answered => v1::StepState::Answered,
        StepState::Stale => v1::StepState::Stale,
    }
}

/// Steps as numbers.
pub(super) fn numbers(steps: Vec<Step>) -> Vec<i32> {
    steps.into_iter().map(|one| step(one).into()).collect()
}
