//! The set-up wizard, requirement by requirement, through the public API alone.

mod calls;
mod confirmations;
mod eligibility;
mod lasting;
mod limit;
mod lists;
mod path;
mod review;
mod settings;
mod several;
mod stale;
mod sync;
mod token;
mod words;

use connector::api::v1::{self, Step, StepState};

/// One step of a setup.
fn step_of(setup: &v1::Setup, step: Step) -> v1::StepStatus {
    setup.steps.iter().find(|status| status.step() == step).cloned().unwrap_or_default()
}

/// Where a step of a setup stands.
fn state_of(setup: &v1::Setup, step: Step) -> StepState {
    step_of(setup, step).state()
}

/// The answers of a setup.
fn answers(setup: &v1::Setup) -> v1::SetupAnswers {
    setup.answers.clone().unwrap_or_default()
}

/// The API call limit of a setup, with what it means.
fn limit_of(setup: &v1::Setup) -> v1::ApiCallLimit {
    answers(setup).api_call_limit.unwrap_or_default()
}

/// The text of a notice, if the setup has it.
fn notice(setup: &v1::Setup, code: &str) -> Option<String> {
    setup.notices.iter().find(|notice| notice.code == code).map(|notice| notice.text.clone())
}
