//! Setups.

use super::{
    admin_access, attempt::attempt_of, edition, environment, etag, notices, settings, step, subscription,
    timestamp,
};
use crate::{
    api::v1,
    domain::{
        api_limit::LimitContext,
        change::SetupView,
        edition::Environment,
        setup::{ImportDecision, SecurityToken, Setup, Status, Step, StepState, VisualforceMethod},
    },
    grpc::access::Viewer,
};

/// A setup with everything that a wizard shows.
#[must_use]
pub fn setup(viewer: &Viewer<'_>, view: &SetupView) -> v1::Setup {
    let setup = &view.setup;
    v1::Setup {
        setup_id: setup.id.to_string(),
        portal_id: setup.portal_id.get(),
        status: status(setup).into(),
        answers: Some(answers(viewer, view)),
        steps: Step::ORDER.into_iter().map(|step| step_status(setup, step)).collect(),
        next_step: setup.next_step().map(step::step).unwrap_or_default().into(),
        missing: step::numbers(setup.missing()),
        stale: step::numbers(setup.stale()),
        notices: notices::notices(viewer, view)
            .iter()
            .map(|notice| notice.message(viewer.language))
            .collect(),
        etag: etag(setup.version),
        revision: view.revision,
        create_time: Some(timestamp(setup.created_at)),
        update_time: Some(timestamp(setup.updated_at)),
    }
}

fn status(setup: &Setup) -> v1::SetupStatus {
    match setup.status {
        Status::InProgress if setup.step_state(Step::AdminAccess) == StepState::Waiting => {
            v1::SetupStatus::WaitingForAdministrator
        }
        Status::InProgress => v1::SetupStatus::InProgress,
        Status::Finished => v1::SetupStatus::Finished,
        Status::Abandoned => v1::SetupStatus::Abandoned,
    }
}

fn step_status(setup: &Setup, of: Step) -> v1::StepStatus {
    let mark = setup.marks.get(&of);
    v1::StepStatus {
        step: step::step(of).into(),
        state: step::state(setup.step_state(of)).into(),
        answer_time: mark.map(|mark| timestamp(mark.at)),
        answered_by: mark.map(|mark| mark.by.clone()).unwrap_or_default(),
        stale_because: mark.and_then(|mark| mark.stale_because).map(step::step).unwrap_or_default().into(),
    }
}

fn answers(viewer: &Viewer<'_>, view: &SetupView) -> v1::SetupAnswers {
    let setup = &view.setup;
    let given = &setup.answers;
    v1::SetupAnswers {
        subscription: given.subscription.map(subscription).unwrap_or_default().into(),
        edition: given.edition.map(edition).unwrap_or_default().into(),
        admin_access: given.admin_access.map(admin_access).unwrap_or_default().into(),
        environment: given.environment.map(environment).unwrap_or_default().into(),
        // A sandbox is stored only with its notes acknowledged.
        sandbox_notes_acknowledged: given.environment == Some(Environment::Sandbox),
        seat_count: given.seats.unwrap_or(0),
        api_call_limit: api_call_limit(view),
        package_installed: claim(setup, Step::Package, given.package_installed),
        security_token: given.security_token.as_ref().map(security_token),
        visualforce_module: given.visualforce.map(|method| v1::VisualforceClaim {
            claim: claim(setup, Step::VisualforceModule, true),
            method: visualforce_method(method).into(),
        }),
        connect_attempt: setup
            .attempt
            .as_ref()
            .map(|newest| attempt_of(viewer, setup.portal_id, setup.id, newest)),
        object_sync: given.objects.map(settings::object_sync),
        activity_sync: given.activities.map(settings::activity_sync),
        inclusion: given.inclusion.as_ref().map(settings::inclusion_rule),
        sync_enabled: claim(setup, Step::Review, setup.holds(Step::Review)),
        test: test_outcome(setup),
        import_decision: given.import_decision.map(import_decision).unwrap_or_default().into(),
    }
}

/// Who confirmed a step, and when; `None` while nobody has.
fn claim(setup: &Setup, step: Step, confirmed: bool) -> Option<v1::Claim> {
    let mark = setup.marks.get(&step)?;
    Some(v1::Claim { confirmed, by: mark.by.clone(), time: Some(timestamp(mark.at)) })
}

/// The limit and what it means, as soon as anything is known of it.
fn api_call_limit(view: &SetupView) -> Option<v1::ApiCallLimit> {
    let chosen = view.setup.answers.api_call_limit;
    let context = view.limit;
    if chosen.is_none() && context.is_none() {
        return None;
    }
    let limit = chosen.map_or(0, |chosen| chosen.limit);
    let figures = |figure: fn(&LimitContext) -> i64| context.as_ref().map_or(0, figure);
    Some(v1::ApiCallLimit {
        limit,
        suggested: figures(LimitContext::suggestion),
        set_by_hand: chosen.is_some_and(|chosen| chosen.by_hand),
        allocation: figures(|context| context.allocation),
        allocation_source: context
            .map(|context| super::allocation_source(context.source))
            .unwrap_or_default()
            .into(),
        held_by_other_portals: figures(|context| context.held_by_others),
        policy: context.map(|context| context.policy.name().to_owned()).unwrap_or_default(),
        contact_syncs_per_day: context.map_or(0, |context| context.contact_syncs(limit)),
        calls_per_contact_sync: context.map_or(0, |context| context.calls_per_contact_sync),
        needs_confirmation: view.setup.step_state(Step::ApiCallLimit) == StepState::Stale,
    })
}

fn security_token(token: &SecurityToken) -> v1::SecurityTokenInfo {
    match token {
        SecurityToken::NotUsed => {
            v1::SecurityTokenInfo { not_used: true, fingerprint: String::new(), set_time: None }
        }
        SecurityToken::Stored { fingerprint, set_at } => v1::SecurityTokenInfo {
            not_used: false,
            fingerprint: fingerprint.clone(),
            set_time: Some(timestamp(*set_at)),
        },
    }
}

pub(in crate::grpc) fn visualforce_method(method: VisualforceMethod) -> v1::VisualforceMethod {
    match method {
        VisualforceMethod::Visualforce => v1::VisualforceMethod::Visualforce,
        VisualforceMethod::HubspotEmbed => v1::VisualforceMethod::HubspotEmbed,
    }
}

/// Set once a test contact was made, or the wizard was finished without one.
fn test_outcome(setup: &Setup) -> Option<v1::TestOutcome> {
    let not_tested = setup.marks.contains_key(&Step::Done) && !setup.answers.tested;
    let newest = setup.answers.test_contact;
    (not_tested || newest.is_some()).then(|| v1::TestOutcome {
        not_tested,
        test_contact_id: newest.map(|id| id.to_string()).unwrap_or_default(),
    })
}

pub(in crate::grpc) fn import_decision(decision: ImportDecision) -> v1::ImportDecision {
    match decision {
        ImportDecision::Import => v1::ImportDecision::Import,
        ImportDecision::DoNotImport => v1::ImportDecision::DoNotImport,
    }
}
