//! Things worth telling whoever runs the wizard. None of them stops it.

use super::{edition, step::step};
use crate::{
    api::v1,
    domain::{
        Reason,
        api_limit::AllocationSource,
        change::SetupView,
        connection::ConnectState,
        edition::Environment,
        setup::{SecurityToken, Status, Step, StepState},
    },
    grpc::access::Viewer,
    locale::{self, Language},
};

/// A notice before it is put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) code: &'static str,
    step: Step,
    args: Vec<(&'static str, String)>,
}

impl Notice {
    fn new(code: &'static str, step: Step) -> Self {
        Self { code, step, args: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    pub(super) fn message(&self, language: Language) -> v1::Notice {
        let args: Vec<(&str, &str)> = self.args.iter().map(|(name, value)| (*name, value.as_str())).collect();
        v1::Notice {
            code: self.code.to_owned(),
            text: locale::notice(language, self.code, &args),
            step: step(self.step).into(),
        }
    }
}

/// What is worth telling of a setup now, in the order of its steps.
pub(super) fn notices(viewer: &Viewer<'_>, view: &SetupView) -> Vec<Notice> {
    if view.setup.status == Status::Abandoned {
        return Vec::new();
    }
    let mut notices = of_the_org(view);
    notices.extend(of_the_limit(view));
    notices.extend(of_the_credentials(viewer, view));
    notices.extend(of_the_end(view));
    notices
}

fn of_the_org(view: &SetupView) -> Vec<Notice> {
    let setup = &view.setup;
    let mut notices = Vec::new();
    match setup.step_state(Step::AdminAccess) {
        StepState::Waiting => notices.push(Notice::new("WAITING_FOR_ADMINISTRATOR", Step::AdminAccess)),
        StepState::Stale => {
            let claimed = setup.answers.edition.map(edition).unwrap_or_default().as_str_name();
            notices.push(Notice::new("ADMIN_ACCESS_REOPENED", Step::AdminAccess).with("edition", claimed));
        }
        StepState::NotReached | StepState::Open | StepState::Answered => {}
    }
    if setup.answers.environment == Some(Environment::Sandbox) {
        notices.push(Notice::new("SANDBOX_BEHAVES_DIFFERENTLY", Step::Environment));
    }
    notices
}

fn of_the_limit(view: &SetupView) -> Vec<Notice> {
    let Some(context) = view.limit else { return Vec::new() };
    let mut notices = Vec::new();
    let at_step = |code| Notice::new(code, Step::ApiCallLimit);
    let suggested = context.suggestion();
    if context.source == AllocationSource::Policy {
        let estimated = at_step("ALLOCATION_ESTIMATED").with("allocation", context.allocation);
        notices.push(estimated.with("policy", context.policy.name()));
    }
    let chosen = view.setup.answers.api_call_limit;
    let limit = chosen.map_or(suggested, |chosen| chosen.limit);
    notices.push(
        at_step("API_CALL_LIMIT_MEANING")
            .with("limit", limit)
            .with("syncs", context.contact_syncs(limit))
            .with("calls", context.calls_per_contact_sync),
    );
    if view.setup.step_state(Step::ApiCallLimit) == StepState::Stale {
        let kept = at_step("API_CALL_LIMIT_NEEDS_CONFIRMATION").with("limit", limit);
        notices.push(kept.with("suggested", suggested));
    }
    if let Some(refusal) = chosen.and_then(|chosen| context.check(chosen.limit).err()) {
        let available = refusal.arg("available").unwrap_or_default();
        notices.push(at_step("LIMIT_OVER_ALLOCATION").with("limit", limit).with("available", available));
    }
    notices
}

fn of_the_credentials(viewer: &Viewer<'_>, view: &SetupView) -> Vec<Notice> {
    let setup = &view.setup;
    let mut notices = Vec::new();
    let is_asked = |step| matches!(setup.step_state(step), StepState::Open | StepState::Stale);
    if is_asked(Step::SecurityToken) || !view.shared_with.is_empty() {
        let mut warning = Notice::new("SECURITY_TOKEN_RESET_BREAKS_OTHERS", Step::SecurityToken);
        for (name, value) in viewer.figures(&view.shared_with) {
            warning = warning.with(name, value);
        }
        notices.push(warning);
    }
    let has_token = matches!(setup.answers.security_token, Some(SecurityToken::Stored { .. }));
    if has_token && is_asked(Step::ConnectAccounts) {
        notices.push(Notice::new("PASSWORD_LOGIN_ENDS", Step::ConnectAccounts));
    }
    if setup.step_state(Step::ConnectAccounts) == StepState::Stale {
        let because = setup.marks.get(&Step::ConnectAccounts).and_then(|mark| mark.stale_because);
        // Stale by itself: other credentials were stored, and no step is to blame.
        let because = because.filter(|because| *because != Step::ConnectAccounts).map(step);
        let name = because.map(|because| because.as_str_name()).unwrap_or_default();
        notices.push(Notice::new("CONNECTION_STALE", Step::ConnectAccounts).with("step", name));
    }
    let lost = setup.attempt.as_ref().is_some_and(|attempt| {
        matches!(&attempt.state, ConnectState::Failed { failure } if failure.reason == Reason::LoginOutcomeUnknown)
    });
    if lost {
        notices.push(Notice::new("LOGIN_ENDED_WITHOUT_ANSWER", Step::ConnectAccounts));
    }
    notices
}

fn of_the_end(view: &SetupView) -> Vec<Notice> {
    let setup = &view.setup;
    let mut notices = Vec::new();
    if setup.holds(Step::Review) {
        notices.push(Notice::new("EXISTING_CONTACTS", Step::Review));
    }
    if setup.marks.contains_key(&Step::Done) && !setup.answers.tested {
        notices.push(Notice::new("NOT_TESTED", Step::Test));
    }
    notices
}
