//! The wizard's rules as matrices.

#![expect(clippy::unwrap_used, reason = "test")]

use time::OffsetDateTime;
use uuid::Uuid;

use super::*;
use crate::domain::{
    api_limit::{AllocationSource, LimitContext, Policy},
    edition::{Edition, Environment, Subscription},
    settings::{ActivitySync, InclusionRule, ObjectSync},
};

fn actor() -> Actor {
    Actor { by: "tester".to_owned(), at: OffsetDateTime::UNIX_EPOCH }
}

fn context(setup: &Setup) -> LimitContext {
    let allocation = Policy::Of2026.allocation(
        setup.answers.edition.unwrap_or(Edition::Enterprise),
        setup.answers.environment.unwrap_or(Environment::Production),
        setup.answers.seats.unwrap_or(1),
    );
    LimitContext {
        allocation,
        source: AllocationSource::Policy,
        held_by_others: 0,
        policy: Policy::Of2026,
        calls_per_contact_sync: 4,
    }
}

fn token(fingerprint: &str) -> SecurityToken {
    SecurityToken::Stored { fingerprint: fingerprint.to_owned(), set_at: OffsetDateTime::UNIX_EPOCH }
}

/// Answers one step with its first, or with another, valid answer.
fn answer(setup: Setup, step: Step, other: bool) -> Result<Setup, Refusal> {
    let by = &actor();
    match step {
        Step::Prerequisites => {
            let subscription = if other { Subscription::Enterprise } else { Subscription::Professional };
            setup.acknowledge(by, true, subscription)
        }
        Step::Edition => {
            setup.select_edition(by, if other { Edition::Professional } else { Edition::Enterprise })
        }
        Step::AdminAccess => setup.confirm_admin_access(
            by,
            if other { AdminAccess::TopLevelAdministrator } else { AdminAccess::FullObjectAndField },
        ),
        Step::Environment => setup.select_environment(
            by,
            if other { Environment::Sandbox } else { Environment::Production },
            true,
        ),
        Step::SeatCount => setup.set_seats(by, if other { 20 } else { 10 }),
        Step::ApiCallLimit => {
            let context = context(&setup);
            setup.set_api_call_limit(by, Some(if other { 7_000 } else { 5_000 }), &context)
        }
        Step::Package => setup.confirm_package(by, true),
        Step::SecurityToken => setup.submit_token(by, token(if other { "two" } else { "one" })),
        Step::VisualforceModule => setup.confirm_visualforce(
            by,
            true,
            if other { VisualforceMethod::HubspotEmbed } else { VisualforceMethod::Visualforce },
        ),
        Step::ConnectAccounts => {
            setup.check_reached(Step::ConnectAccounts)?;
            let claims = setup.claims().unwrap();
            Ok(setup.connected(by, &claims))
        }
        Step::ObjectSync => setup.choose_objects(by, ObjectSync { accounts: !other, opportunities: other }),
        Step::ActivitySync => setup.choose_activities(
            by,
            ActivitySync { on_form_submission: other, on_email_open: false, tasks: !other },
        ),
        Step::InclusionList => setup.choose_inclusion(
            by,
            InclusionRule::NoList { lowest_stage: if other { "lead" } else { "subscriber" }.to_owned() },
        ),
        Step::Review => setup.enable(by),
        Step::Test => {
            setup.check_reached(Step::Test)?;
            Ok(setup.tested_with(by, TestContactId(Uuid::from_u128(u128::from(other))), true))
        }
        Step::Done => setup.finish(by, Some(ImportDecision::DoNotImport)),
    }
}

fn started() -> Setup {
    Setup::start(SetupId(Uuid::nil()), PortalId::parse(1).unwrap(), OffsetDateTime::UNIX_EPOCH)
}

use crate::domain::TestContactId;

fn finished() -> Setup {
    Step::ORDER.into_iter().fold(started(), |setup, step| answer(setup, step, false).unwrap())
}

#[test]
fn r20_the_steps_lead_one_to_the_next() {
    let mut setup = started();
    for step in Step::ORDER {
        assert_eq!(setup.next_step(), Some(step));
        assert_eq!(setup.step_state(step), StepState::Open);
        setup = answer(setup, step, false).unwrap();
        assert_eq!(setup.step_state(step), StepState::Answered);
    }
    assert_eq!(setup.next_step(), None);
    assert_eq!(setup.status, Status::Finished);
    assert!(setup.missing().is_empty() && setup.stale().is_empty());
}

#[test]
fn r22_no_step_before_its_predecessors_full_matrix() {
    let mut setup = started();
    for (position, open) in Step::ORDER.into_iter().enumerate() {
        for later in Step::ORDER.into_iter().skip(position + 1) {
            if later == Step::Done && open == Step::Test {
                continue;
            }
            let refusal = answer(setup.clone(), later, false).unwrap_err();
            assert_eq!(refusal.reason, Reason::SetupStepNotReached, "{later:?} while {open:?} is open");
            let expected: Vec<&str> = setup.missing_before(later).into_iter().map(Step::name).collect();
            assert_eq!(refusal.arg("steps"), Some(expected.join(", ").as_str()));
            assert_eq!(expected.first(), Some(&open.name()));
        }
        setup = answer(setup, open, false).unwrap();
    }
}

#[test]
fn r24_stale_matrix_every_step_edited_and_exactly_its_dependants_stale() {
    for step in Step::ORDER {
        let edited = answer(finished(), step, true).unwrap();
        assert_eq!(edited.stale(), step.dependants(), "after editing {step:?}");
        for dependant in step.dependants() {
            assert_eq!(edited.step_state(*dependant), StepState::Stale);
            assert_eq!(edited.marks.get(dependant).unwrap().stale_because, Some(step));
        }
        let same = answer(finished(), step, false).unwrap();
        assert!(same.stale().is_empty(), "the same answer to {step:?} changes nothing");
        // Answers are kept: but for the edited one they are what they were.
        let mut back = answer(edited.clone(), step, false).unwrap();
        back.answers.api_call_limit = finished().answers.api_call_limit;
        assert_eq!(back.answers, finished().answers, "editing {step:?} and back keeps all answers");
    }
}

#[test]
fn r06_the_privilege_step_reopens_only_when_its_answer_no_longer_suffices() {
    let with_admin = answer(finished(), Step::AdminAccess, true).unwrap();
    let edited = answer(with_admin, Step::Edition, true).unwrap();
    assert_eq!(edited.step_state(Step::AdminAccess), StepState::Answered);
    let without = answer(finished(), Step::Edition, true).unwrap();
    assert_eq!(without.step_state(Step::AdminAccess), StepState::Stale);
    let back = answer(without, Step::Edition, false).unwrap();
    assert_eq!(back.step_state(Step::AdminAccess), StepState::Answered);
}

#[test]
fn r28_no_admin_access_waits_and_goes_on_later() {
    let mut setup = started();
    for step in [Step::Prerequisites, Step::Edition] {
        setup = answer(setup, step, false).unwrap();
    }
    let waiting = setup.confirm_admin_access(&actor(), AdminAccess::None).unwrap();
    assert_eq!(waiting.step_state(Step::AdminAccess), StepState::Waiting);
    assert_eq!(waiting.next_step(), Some(Step::AdminAccess));
    let on = answer(waiting, Step::AdminAccess, false).unwrap();
    assert_eq!(on.next_step(), Some(Step::Environment));
}

#[test]
fn r33_a_hand_set_limit_stays_when_seats_change() {
    let edited = answer(finished(), Step::SeatCount, true).unwrap();
    assert_eq!(
        edited.answers.api_call_limit,
        Some(crate::domain::api_limit::ApiCallLimit { limit: 5_000, by_hand: true })
    );
    assert_eq!(edited.stale(), [Step::ApiCallLimit]);
}

#[test]
fn r75_the_wizard_finishes_without_a_test() {
    let mut setup = started();
    for step in Step::ORDER.into_iter().filter(|step| !matches!(step, Step::Test | Step::Done)) {
        setup = answer(setup, step, false).unwrap();
    }
    let done = answer(setup, Step::Done, false).unwrap();
    assert!(!done.answers.tested);
    assert_eq!(done.next_step(), None);
    assert!(done.missing().is_empty());
}
