//! Answers as people see them, in both languages.

#![expect(clippy::unwrap_used, reason = "test")]

use std::collections::BTreeSet;

use prost_types::Timestamp;

use super::*;
use crate::api::v1;

fn at(minute: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_467_797_400 + minute * 60, nanos: 0 })
}

fn view(lang: Lang) -> View {
    View { lang, color: false, color_errors: false, width: None }
}

fn both(name: &str, message: &impl Show) {
    insta::assert_snapshot!(format!("{name}_en"), message.show(&view(Lang::En)));
    insta::assert_snapshot!(format!("{name}_ja"), message.show(&view(Lang::Ja)));
}

fn portal() -> v1::Portal {
    v1::Portal {
        portal_id: 62_515,
        display_name: "Acme EU".into(),
        account_type: "STANDARD".into(),
        time_zone: "US/Eastern".into(),
        ui_domain: "app.hubspot.com".into(),
        data_hosting_location: "na1".into(),
        subscription: Some(v1::SubscriptionEvidence {
            subscription: v1::HubSpotSubscription::Professional.into(),
            source: v1::subscription_evidence::Source::Declared.into(),
            evidence: String::new(),
        }),
        credential: Some(v1::CredentialInfo {
            method: "static_token".into(),
            username: String::new(),
            fingerprint: "fp:9c1d".into(),
            set_time: at(0),
        }),
        revision: 4,
        etag: "p4".into(),
        create_time: at(0),
        update_time: at(1),
    }
}

fn findings() -> Vec<v1::Finding> {
    vec![
        v1::Finding {
            check: v1::Check::Login.into(),
            result: v1::FindingResult::Passed.into(),
            ..v1::Finding::default()
        },
        v1::Finding {
            check: v1::Check::Environment.into(),
            result: v1::FindingResult::Failed.into(),
            claimed: "production".into(),
            found: "sandbox".into(),
            fix: "Edit the sandbox step.".into(),
            actor: v1::Actor::PortalAdministrator.into(),
            reason: v1::ErrorReason::SandboxMismatch.into(),
            ..v1::Finding::default()
        },
        v1::Finding {
            check: v1::Check::FieldAccess.into(),
            result: v1::FindingResult::Warning.into(),
            subject: "Contact.Email".into(),
            found: "read only".into(),
            fix: "Give edit access.".into(),
            actor: v1::Actor::SalesforceAdministrator.into(),
            ..v1::Finding::default()
        },
    ]
}

fn attempt() -> v1::ConnectAttempt {
    v1::ConnectAttempt {
        attempt_id: "0197-attempt".into(),
        portal_id: 62_515,
        state: v1::ConnectState::Failed.into(),
        findings: findings(),
        reason: v1::ErrorReason::SandboxMismatch.into(),
        message: "The org is a sandbox.".into(),
        fix: "Edit the sandbox step, then connect again.".into(),
        org_id: "00DB0000000J8DXMA0".into(),
        logins: 1,
        api_calls_used: 9,
        ..v1::ConnectAttempt::default()
    }
}

fn connection() -> v1::Connection {
    v1::Connection {
        connection_id: "0197-connection".into(),
        portal_id: 62_515,
        org_id: "00DB0000000J8DXMA0".into(),
        org_name: "Acme Corp".into(),
        place: 1,
        state: v1::ConnectionState::Connected.into(),
        api_call_limit: 57_500,
        probe_time: at(3),
        connect_time: at(3),
        etag: "c1".into(),
        ..v1::Connection::default()
    }
}

fn setup() -> v1::Setup {
    let step = |step: v1::Step, state: v1::StepState| v1::StepStatus {
        step: step.into(),
        state: state.into(),
        answer_time: if state == v1::StepState::Answered { at(2) } else { None },
        answered_by: if state == v1::StepState::Answered { "admin".into() } else { String::new() },
        stale_because: if state == v1::StepState::Stale { v1::Step::Edition.into() } else { 0 },
    };
    v1::Setup {
        setup_id: "0197-setup".into(),
        portal_id: 62_515,
        status: v1::SetupStatus::InProgress.into(),
        answers: Some(v1::SetupAnswers {
            subscription: v1::HubSpotSubscription::Professional.into(),
            edition: v1::SalesforceEdition::Enterprise.into(),
            admin_access: v1::AdminAccess::TopLevelAdministrator.into(),
            environment: v1::SalesforceEnvironment::Production.into(),
            seat_count: 15,
            api_call_limit: Some(v1::ApiCallLimit {
                limit: 50_000,
                suggested: 57_500,
                set_by_hand: true,
                contact_syncs_per_day: 12_500,
                ..v1::ApiCallLimit::default()
            }),
            package_installed: Some(v1::Claim { confirmed: true, by: "admin".into(), time: at(2) }),
            ..v1::SetupAnswers::default()
        }),
        steps: vec![
            step(v1::Step::Prerequisites, v1::StepState::Answered),
            step(v1::Step::Edition, v1::StepState::Answered),
            step(v1::Step::AdminAccess, v1::StepState::Answered),
            step(v1::Step::Environment, v1::StepState::Answered),
            step(v1::Step::SeatCount, v1::StepState::Answered),
            step(v1::Step::ApiCallLimit, v1::StepState::Stale),
            step(v1::Step::Package, v1::StepState::Answered),
            step(v1::Step::SecurityToken, v1::StepState::Open),
            step(v1::Step::VisualforceModule, v1::StepState::NotReached),
        ],
        next_step: v1::Step::ApiCallLimit.into(),
        missing: vec![v1::Step::SecurityToken.into()],
        stale: vec![v1::Step::ApiCallLimit.into()],
        notices: vec![v1::Notice { code: "X".into(), text: "Worth knowing.".into(), step: 0 }],
        etag: "s9".into(),
        update_time: at(2),
        ..v1::Setup::default()
    }
}

fn test_contact() -> v1::TestContact {
    use v1::TestContactStatus as S;
    let reached = |status: S, minute| v1::StatusTime { status: status.into(), time: at(minute) };
    v1::TestContact {
        test_contact_id: "0197-test".into(),
        portal_id: 62_515,
        status: S::Completed.into(),
        email: "test-0197@example.com".into(),
        hubspot_contact_id: "151".into(),
        hubspot_url: "https://app.hubspot.com/contacts/62515/contact/151".into(),
        salesforce_object: "Lead".into(),
        salesforce_record_id: "00QB000000ABCDEMA0".into(),
        inclusion: Some(v1::InclusionVerdict {
            evaluated: true,
            included: false,
            explanation: "not a member of \"Sales ready\"".into(),
        }),
        api_calls_used: 3,
        history: vec![
            reached(S::Starting, 0),
            reached(S::Scheduling, 1),
            reached(S::Processing, 2),
            reached(S::Completed, 3),
        ],
        ..v1::TestContact::default()
    }
}

fn status() -> v1::SyncStatus {
    v1::SyncStatus {
        portal_id: 62_515,
        operator_state: v1::OperatorState::Paused.into(),
        operator: "ops".into(),
        pause_reason: "release weekend".into(),
        operator_time: at(5),
        health: v1::SyncHealth::Paused.into(),
        settings: Some(v1::SyncSettings {
            object_sync: Some(v1::ObjectSync {
                accounts: v1::Choice::Yes.into(),
                opportunities: v1::Choice::No.into(),
            }),
            activity_sync: Some(v1::ActivitySync {
                on_form_submission: true,
                on_email_open: false,
                tasks: v1::Choice::Yes.into(),
            }),
            inclusion: Some(v1::InclusionRule {
                rule: Some(v1::inclusion_rule::Rule::NoList(v1::NoInclusionList {
                    lowest_lifecycle_stage: "subscriber".into(),
                })),
            }),
        }),
        org_id: "00DB0000000J8DXMA0".into(),
        etag: "y2".into(),
        ..v1::SyncStatus::default()
    }
}

fn budget() -> v1::ApiBudget {
    let portal = |portal_id, place, api_call_limit| v1::OrgPortal {
        portal_id,
        place,
        connection_id: format!("0197-{place}"),
        api_call_limit,
        api_calls_used: 1_204,
    };
    v1::ApiBudget {
        other_portals: 0,
        org_id: "00DB0000000J8DXMA0".into(),
        allocation: 115_000,
        allocation_source: v1::api_call_limit::AllocationSource::Salesforce.into(),
        used_in_org: 9_800,
        observe_time: at(4),
        used_by_connector: 2_408,
        reserved: 200,
        held_by_portals: 97_500,
        unassigned: 17_500,
        portals: vec![portal(62_515, 1, 57_500), portal(62_516, 2, 40_000)],
        etag: "b7".into(),
    }
}

#[test]
fn portals_are_shown() {
    both("portal", &v1::GetPortalResponse { portal: Some(portal()) });
    let list =
        v1::ListPortalsResponse { portals: vec![portal(), portal()], next_page_token: "next-1".into() };
    both("portals", &list);
    both("no_portals", &v1::ListPortalsResponse::default());
}

#[test]
fn setups_are_shown() {
    both("setup", &v1::GetSetupResponse { setup: Some(setup()) });
    let decisions = vec![
        v1::Decision { step: v1::Step::Edition.into(), label: "Edition".into(), value: "Enterprise".into() },
        v1::Decision { step: v1::Step::SeatCount.into(), label: "Seats".into(), value: "15".into() },
    ];
    both("review", &v1::ReviewSetupResponse { setup: Some(setup()), decisions, review_etag: "r1".into() });
}

#[test]
fn connections_are_shown() {
    both("attempt", &attempt());
    let one = v1::Connection { findings: findings(), ..connection() };
    both("connection", &v1::GetConnectionResponse { connection: Some(one), attempt: None });
    both(
        "connections",
        &v1::ListConnectionsResponse { connections: vec![connection()], ..Default::default() },
    );
}

#[test]
fn orgs_are_shown() {
    both("budget", &v1::GetApiBudgetResponse { budget: Some(budget()) });
    both(
        "places",
        &v1::ListOrgPortalsResponse { portals: budget().portals, portal_limit: 2, other_portals: 0 },
    );
}

#[test]
fn test_contacts_and_sync_are_shown() {
    both("test_contact", &test_contact());
    both("sync", &v1::GetSyncStatusResponse { status: Some(status()) });
}

#[test]
fn events_are_single_lines() {
    use v1::watch_connections_response::Event;
    let transition = v1::ConnectionTransition {
        portal_id: 62_515,
        connection: Some(connection()),
        attempt: Some(v1::ConnectAttempt { update_time: at(3), ..attempt() }),
    };
    let event =
        v1::WatchConnectionsResponse { event: Some(Event::Transition(transition)), resume_token: "t".into() };
    both("event_connection", &event);
    let event = v1::WatchSetupResponse {
        event: Some(v1::watch_setup_response::Event::Transition(setup())),
        resume_token: "t".into(),
    };
    both("event_setup", &event);
    let event = v1::WatchSyncStatusResponse {
        event: Some(v1::watch_sync_status_response::Event::Transition(status())),
        resume_token: "t".into(),
    };
    both("event_sync", &event);
}

#[test]
fn steps_are_described() {
    let step = v1::StepDescription {
        step: v1::Step::SecurityToken.into(),
        title: "Security token".into(),
        help: "It came by e-mail.".into(),
        where_to_find: "Your name > My Settings > Personal.".into(),
        warning: "A reset breaks other integrations.".into(),
        options: vec![v1::OptionDescription { value: "X".into(), label: "Yes".into(), recommended: true }],
        links: vec![v1::Link { title: "Guide".into(), url: "https://example.com".into() }],
        ..v1::StepDescription::default()
    };
    both("description", &v1::DescribeSetupResponse { steps: vec![step], language: "en".into() });
}

#[test]
fn a_table_wraps_at_the_width_of_the_terminal_and_not_in_a_pipe() {
    let narrow = View { width: Some(60), ..view(Lang::Ja) };
    let wrapped = attempt().show(&narrow);
    for line in wrapped.lines().filter(|line| !line.starts_with(['✗', ' '])) {
        let width: usize = line.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
        assert!(width <= 70, "{width}: {line}");
    }
    assert!(wrapped.lines().count() > attempt().show(&view(Lang::Ja)).lines().count());
}

#[test]
fn colour_is_there_only_when_it_is_wanted() {
    assert!(!attempt().show(&view(Lang::En)).contains('\u{1b}'));
    assert!(attempt().show(&View { color: true, ..view(Lang::En) }).contains("\u{1b}["));
}

#[test]
fn an_answer_without_its_part_is_shown_as_nothing() {
    assert_eq!(v1::GetSetupResponse::default().show(&view(Lang::En)), "");
    assert_eq!(v1::WatchSetupResponse::default().show(&view(Lang::En)), "");
}

#[test]
fn json_is_canonical_with_proto_names() {
    let answer = v1::GetPortalResponse { portal: Some(portal()) };
    insta::assert_snapshot!("portal_json", format!("{:#}", answer.json().unwrap()));
    let empty = v1::ListPortalsResponse::default().json().unwrap();
    assert_eq!(empty.to_string(), r#"{"next_page_token":"","portals":[]}"#);
    let event = v1::WatchTestContactResponse {
        event: Some(v1::watch_test_contact_response::Event::Transition(test_contact())),
        resume_token: "t5".into(),
    };
    let line = event.json().unwrap().to_string();
    assert!(!line.contains('\n'));
    assert!(line.contains(r#""status":"TEST_CONTACT_STATUS_COMPLETED""#), "{line}");
}

/// A response that can't be printed would be found by its user only.
#[test]
fn every_response_of_the_api_can_be_shown() {
    let pool = prost_reflect::DescriptorPool::decode(crate::api::DESCRIPTOR).unwrap();
    let outputs: BTreeSet<String> = pool
        .services()
        .filter(|service| service.full_name().starts_with("connector.v1."))
        .flat_map(|service| {
            service.methods().map(|method| method.output().name().to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let sources = [
        include_str!("audit.rs"),
        include_str!("connection.rs"),
        include_str!("handoff.rs"),
        include_str!("keys.rs"),
        include_str!("list.rs"),
        include_str!("org.rs"),
        include_str!("portal.rs"),
        include_str!("setup.rs"),
        include_str!("steps.rs"),
        include_str!("sync.rs"),
        include_str!("test_contact.rs"),
    ];
    for output in outputs {
        let shown = sources.iter().any(|source| source.contains(&format!("    {output} => ")));
        assert!(shown, "{output}");
    }
}

#[test]
fn every_value_of_every_enum_has_a_name_in_both_languages() {
    let check = |label: fn(i32, Lang) -> String, count: i32| {
        for lang in [Lang::En, Lang::Ja] {
            for value in 1..=count {
                let name = label(value, lang);
                let is_key = name.contains('-') && name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
                assert!(!is_key && !name.is_empty() && name != "–", "{value}: {name}");
            }
        }
        assert_eq!(label(0, Lang::En), "–");
        assert_eq!(label(99, Lang::En), "99");
    };
    check(label::<v1::Step>, 16);
    check(label::<v1::ConnectState>, 7);
    check(label::<v1::Check>, 14);
    check(label::<v1::TestContactStatus>, 6);
    check(label::<v1::SyncHealth>, 4);
    check(label::<v1::KeyState>, 4);
    check(label::<v1::KeyRotationState>, 3);
    assert_eq!(label::<v1::TestContactStatus>(2, Lang::Ja), "スケジュール設定中");
}
