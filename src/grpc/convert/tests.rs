//! What clients read: complete, in their language, and never a secret.

#![expect(clippy::unwrap_used, reason = "test")]

use time::macros::datetime;
use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        AttemptId, ConnectionId, PortalId, Refusal, SetupId,
        access::PortalGrant,
        api_limit::{ApiCallLimit, LimitContext, Policy},
        change::{AttemptView, SetupView},
        connection::{Claims, ConnectAttempt, ConnectState, Purpose},
        inclusion::{Because, Verdict},
        portal::NamedPortal,
        probe::{Actor, Check, Finding, Outcome, Unknown},
        setup::{Mark, SecurityToken, Setup, Step, VisualforceMethod},
        test_contact::{Cleanup, Status, TestContact},
    },
    grpc::{Links, access::Viewer, describe},
    locale::Language,
};

const EN: Viewer<'static> = Viewer { language: Language::En, portals: &PortalGrant::All };
const AT: OffsetDateTime = datetime!(2026-11-23 10:00 UTC);

fn new_setup() -> Setup {
    Setup::start(SetupId(Uuid::from_u128(1)), PortalId::parse(62_515).unwrap(), AT)
}

fn mark() -> Mark {
    Mark { by: "tester".to_owned(), at: AT, stale_because: None }
}

fn view(setup: Setup) -> SetupView {
    let limit = Some(LimitContext {
        allocation: 115_000,
        source: AllocationSource::Policy,
        held_by_others: 15_000,
        policy: Policy::Of2026,
        calls_per_contact_sync: 4,
    });
    let shared = NamedPortal { portal_id: PortalId::parse(7).unwrap(), display_name: "Sales".to_owned() };
    SetupView { setup, limit, shared_with: vec![shared], revision: 9 }
}

fn codes(setup: &v1::Setup) -> Vec<&str> {
    setup.notices.iter().map(|notice| notice.code.as_str()).collect()
}

#[test]
fn a_setup_says_what_comes_next_and_what_is_missing() {
    let message = setup(&EN, &view(new_setup()));
    assert_eq!(message.steps.len(), 16);
    assert_eq!(message.next_step(), v1::Step::Prerequisites);
    assert_eq!(message.missing.len(), 16);
    assert_eq!((message.etag.as_str(), message.revision), ("W-0", 9));
    let answers = message.answers.unwrap();
    assert_eq!(answers.edition(), v1::SalesforceEdition::Unspecified);
    assert_eq!((answers.package_installed, answers.sync_enabled, answers.test), (None, None, None));
}

#[test]
fn r33_r35_the_limit_says_what_it_means_and_asks_to_be_confirmed() {
    let mut setup = new_setup();
    setup.answers.api_call_limit = Some(ApiCallLimit { limit: 40_000, by_hand: true });
    setup.marks.insert(Step::ApiCallLimit, Mark { stale_because: Some(Step::SeatCount), ..mark() });
    let message = super::setup(&EN, &view(setup));
    let limit = message.answers.as_ref().unwrap().api_call_limit.clone().unwrap();
    assert_eq!((limit.limit, limit.suggested, limit.allocation), (40_000, 50_000, 115_000));
    assert_eq!((limit.contact_syncs_per_day, limit.calls_per_contact_sync), (10_000, 4));
    assert!(limit.set_by_hand && limit.needs_confirmation);
    assert_eq!(limit.held_by_other_portals, 15_000);
    let codes = codes(&message);
    for code in ["ALLOCATION_ESTIMATED", "API_CALL_LIMIT_MEANING", "API_CALL_LIMIT_NEEDS_CONFIRMATION"] {
        assert!(codes.contains(&code), "{code} is not among {codes:?}");
    }
    assert!(!codes.contains(&"LIMIT_OVER_ALLOCATION"));
}

#[test]
fn r40_the_portals_that_a_token_reset_breaks_are_listed() {
    let message = setup(&EN, &view(new_setup()));
    let notice = message.notices.iter().find(|notice| notice.code == "SECURITY_TOKEN_RESET_BREAKS_OTHERS");
    let notice = notice.unwrap();
    assert_eq!(notice.step(), v1::Step::SecurityToken);
    assert!(notice.text.contains("Sales (7)"), "{}", notice.text);
}

#[test]
fn r41_of_a_token_only_fingerprint_and_time_are_shown() {
    let mut setup = new_setup();
    let stored = SecurityToken::Stored { fingerprint: "f00d".to_owned(), set_at: AT };
    setup.answers.security_token = Some(stored);
    let answers = super::setup(&EN, &view(setup)).answers.unwrap();
    let token = answers.security_token.unwrap();
    assert_eq!((token.not_used, token.fingerprint.as_str()), (false, "f00d"));
    assert_eq!(token.set_time, Some(timestamp(AT)));
}

#[test]
fn every_notice_has_its_text_in_both_languages() {
    let mut setup = new_setup();
    setup.answers.environment = Some(Environment::Sandbox);
    setup.answers.edition = Some(Edition::Professional);
    setup.answers.api_call_limit = Some(ApiCallLimit { limit: 400_000, by_hand: true });
    setup.answers.security_token = Some(SecurityToken::Stored { fingerprint: "f".to_owned(), set_at: AT });
    for step in Step::ORDER {
        setup.marks.insert(step, mark());
    }
    for step in [Step::AdminAccess, Step::ApiCallLimit, Step::ConnectAccounts] {
        setup.marks.insert(step, Mark { stale_because: Some(Step::Edition), ..mark() });
    }
    let failure = Refusal::new(Reason::LoginOutcomeUnknown);
    setup.attempt = Some(attempt_in(ConnectState::Failed { failure }));
    for language in Language::ALL {
        let message = super::setup(&Viewer { language, ..EN }, &view(setup.clone()));
        assert!(message.notices.len() >= 11, "{:?}", codes(&message));
        for notice in &message.notices {
            let is_text = !notice.text.is_empty() && !notice.text.starts_with("notice-");
            assert!(is_text && !notice.text.contains('?'), "{}: {}", notice.code, notice.text);
        }
    }
}

fn attempt_in(state: ConnectState) -> ConnectAttempt {
    ConnectAttempt {
        id: AttemptId(Uuid::from_u128(2)),
        purpose: Purpose::Connect,
        state,
        claims: Claims {
            edition: Edition::Enterprise,
            admin_access: AdminAccess::TopLevelAdministrator,
            environment: Environment::Production,
            seats: 10,
            visualforce: VisualforceMethod::Visualforce,
            token_fingerprint: None,
            token_set_at: None,
            accounts: true,
            opportunities: false,
        },
        expected_org_id: None,
        org_id: None,
        findings: Vec::new(),
        logins: 1,
        api_calls: 12,
        requested_by: "tester".to_owned(),
        created_at: AT,
        updated_at: AT,
    }
}

#[test]
fn r49_an_attempt_says_how_it_stands_in_words() {
    let connection_id = ConnectionId(Uuid::from_u128(3));
    let failure = Refusal::new(Reason::TrialOrg).with("found", "trial until 2026-12-24");
    let states = [
        ConnectState::Queued,
        ConnectState::LoggingIn,
        ConnectState::WaitingForToken { until: AT },
        ConnectState::Probing,
        ConnectState::Starting,
        ConnectState::Connected { connection_id },
        ConnectState::Failed { failure },
    ];
    for state in states {
        let portal_id = PortalId::parse(62_515).unwrap();
        let setup_id = SetupId(Uuid::from_u128(1));
        let view = AttemptView { portal_id, setup_id, attempt: attempt_in(state.clone()) };
        let message = attempt(&EN, &view);
        assert!(
            !message.message.is_empty() && !message.message.contains('?'),
            "{state:?}: {}",
            message.message
        );
        let failed = matches!(state, ConnectState::Failed { .. });
        assert_eq!((message.reason != 0, !message.fix.is_empty()), (failed, failed), "{state:?}");
        match state {
            ConnectState::Connected { .. } => {
                assert_eq!(message.message, "Successfully connected your accounts");
                assert_eq!(message.connection_id, connection_id.to_string());
            }
            ConnectState::WaitingForToken { .. } => {
                assert!(message.message.contains("2026-11-23 10:00 UTC"), "{}", message.message);
                assert_eq!(message.next_try_time, Some(timestamp(AT)));
            }
            _ => {}
        }
    }
}

#[test]
fn r47_a_finding_says_what_to_do_and_why_it_could_not_be_made() {
    let mut seats = Finding {
        check: Check::Seats,
        outcome: Outcome::Warning,
        actor: Actor::PortalAdministrator,
        subject: String::new(),
        claimed: "10".to_owned(),
        found: "12".to_owned(),
        reason: None,
        unknown: None,
    };
    let warned = finding(Language::En, &seats);
    assert_eq!((warned.check(), warned.result()), (v1::Check::Seats, v1::FindingResult::Warning));
    assert_eq!((warned.claimed.as_str(), warned.found.as_str()), ("10", "12"));
    assert!(warned.fix.contains("12"), "{}", warned.fix);
    seats.outcome = Outcome::NotChecked;
    for unknown in [
        Unknown::NoApiCalls,
        Unknown::MissingPermission("View Setup and Configuration".to_owned()),
        Unknown::NotVisible("Lightning pages".to_owned()),
        Unknown::Error("500".to_owned()),
        Unknown::LoginFailed,
    ] {
        seats.unknown = Some(unknown);
        for language in Language::ALL {
            let unchecked = finding(language, &seats);
            assert!(
                !unchecked.found.is_empty() && !unchecked.found.starts_with("finding-"),
                "{}",
                unchecked.found
            );
        }
    }
    let passed = Finding { outcome: Outcome::Passed, unknown: None, ..seats };
    assert_eq!(finding(Language::Ja, &passed).fix, "");
}

#[test]
fn r74_the_test_contact_says_what_the_inclusion_rule_would_do() {
    let id = crate::domain::TestContactId(Uuid::from_u128(4));
    let mut contact = TestContact::new(id, PortalId::parse(1).unwrap(), "tester".to_owned(), AT);
    let verdict = |because, included| Some(Verdict { included, because });
    let cases = [
        None,
        verdict(Because::List { name: "Sales ready".to_owned() }, true),
        verdict(Because::List { name: "Sales ready".to_owned() }, false),
        verdict(Because::Stage { stage: "lead".to_owned(), lowest: "subscriber".to_owned() }, true),
        verdict(Because::Stage { stage: "subscriber".to_owned(), lowest: "lead".to_owned() }, false),
        verdict(Because::NoStage, false),
        verdict(Because::UnknownStage { stage: "made-up".to_owned() }, false),
    ];
    let mut explanations = std::collections::BTreeSet::new();
    for verdict in cases {
        contact.verdict = verdict.clone();
        let shown = test_contact(Language::En, &contact, 5).inclusion.unwrap();
        assert_eq!(shown.evaluated, verdict.is_some());
        assert_eq!(shown.included, verdict.is_some_and(|verdict| verdict.included));
        assert!(!shown.explanation.contains('?'), "{}", shown.explanation);
        explanations.insert(shown.explanation);
    }
    assert_eq!(explanations.len(), 7, "each has words of its own");
}

#[test]
fn r73_a_failed_test_contact_says_why_and_what_to_do() {
    let id = crate::domain::TestContactId(Uuid::from_u128(4));
    let contact = TestContact::new(id, PortalId::parse(1).unwrap(), "tester".to_owned(), AT);
    let failure = Refusal::new(Reason::SalesforceValidationRule).with("message", "Phone is required");
    let mut failed = contact.failed(failure, AT);
    let message = test_contact(Language::En, &failed, 5);
    assert_eq!(message.status(), v1::TestContactStatus::Failed);
    assert_eq!(message.reason(), v1::ErrorReason::SalesforceValidationRule);
    assert!(message.message.contains("Phone is required"), "{}", message.message);
    assert!(!message.fix.is_empty());
    assert_eq!(message.history.last().unwrap().status(), v1::TestContactStatus::Failed);
    failed.cleanup = Cleanup::Failed { failure: Reason::HubspotCredentialRefused.into() };
    let message = test_contact(Language::En, &failed, 5);
    assert_eq!(message.reason(), v1::ErrorReason::HubspotCredentialRefused);
    for status in
        [Status::Starting, Status::Scheduling, Status::Processing, Status::Completed, Status::Cancelled]
    {
        failed.cleanup = Cleanup::None;
        failed.status = status;
        let text = test_contact(Language::Ja, &failed, 5).message;
        assert!(!text.is_empty() && !text.starts_with("test-contact-"), "{status:?}: {text}");
    }
}

#[test]
fn r25_every_step_describes_itself_in_both_languages() {
    let general = describe::General { portals_per_org: 2, calls_per_contact_sync: 4 };
    let known = view(new_setup());
    for language in Language::ALL {
        for view in [None, Some(&known)] {
            let described = describe::steps(&Viewer { language, ..EN }, &Links::default(), general, view);
            assert_eq!(described.language, language.code());
            for step in described.steps {
                let texts = [&step.title, &step.help, &step.label];
                for text in texts {
                    assert!(!text.is_empty() && !text.contains("{ ") && !text.starts_with("step-"), "{text}");
                }
                let options = step.options.iter().map(|option| &option.label);
                for text in options.chain(step.links.iter().map(|link| &link.title)) {
                    let is_key =
                        text.starts_with("option-") || text.starts_with("link-") || text.contains('_');
                    assert!(!text.is_empty() && !is_key, "{:?}: {text}", step.step());
                }
            }
        }
    }
}

#[test]
fn r36_the_installer_fits_the_environment() {
    let links = Links::default();
    let titles = |environment| {
        let links = links.of_step(Step::Package, environment);
        links.into_iter().map(|(title, _)| title).collect::<Vec<_>>()
    };
    assert_eq!(titles(Some(Environment::Production)), ["link-installer-production", "link-package-guide"]);
    assert_eq!(titles(Some(Environment::Sandbox)), ["link-installer-sandbox", "link-package-guide"]);
    assert_eq!(titles(None).len(), 3);
}

#[test]
fn r54_accounts_are_recommended_and_nothing_else_is() {
    let general = describe::General { portals_per_org: 2, calls_per_contact_sync: 4 };
    let described = describe::steps(&EN, &Links::default(), general, None);
    let recommended: Vec<String> = described
        .steps
        .iter()
        .flat_map(|step| &step.options)
        .filter(|option| option.recommended)
        .map(|option| option.value.clone())
        .collect();
    assert_eq!(recommended, ["accounts=CHOICE_YES"]);
}

#[test]
fn etags_and_times_are_what_they_say() {
    let mut violations = crate::grpc::parse::Violations::new();
    let read = crate::grpc::parse::field::etag(&mut violations, "etag", &etag(17));
    assert_eq!(read, Some(17));
    assert_eq!(
        timestamp(datetime!(1969-12-31 23:59:59.5 UTC)),
        Timestamp { seconds: -1, nanos: 500_000_000 }
    );
    assert_eq!(moment(datetime!(2026-11-23 19:00 +9)), "2026-11-23 10:00 UTC");
}
