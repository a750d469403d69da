//! One value of every stored type with everything in it, and one of each variant.

use std::collections::BTreeMap;

use connector::{
    control::{Finished, Started},
    domain::{
        AttemptId, ConnectionId, OrgId, PortalId, Reason, Refusal, SetupId, TestContactId,
        api_limit::{AllocationSource, ApiCallLimit, LimitContext, Policy},
        change::{AttemptView, Change, SetupView, SyncView},
        connection::{Claims, ConnectAttempt, ConnectState, Connection, ConnectionState, Purpose},
        edition::{AdminAccess, Edition, Environment, Subscription},
        inclusion::{Because, Verdict},
        portal::{Account, CredentialInfo, CredentialMethod, NamedPortal, Portal, SubscriptionEvidence},
        probe::{Actor, Check, Finding, Outcome, Unknown},
        settings::{ActivitySync, InclusionRule, ObjectSync, SmartList, SyncSettings},
        setup::{Answers, ImportDecision, Mark, SecurityToken, Setup, Status, Step, VisualforceMethod},
        sync_state::{Deed, Operator, Suspension, SuspensionReason, SyncState},
        test_contact::{
            Cleanup, HubspotRecord, SalesforceRecord, Status as Progress, StatusTime, TestContact,
        },
    },
};
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

const AT: OffsetDateTime = datetime!(2026-11-27 12:34:56.789012 UTC);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0000 + number)
}

fn portal_id() -> PortalId {
    PortalId::parse(1_234_567).unwrap_or_else(|| unreachable!("a portal id"))
}

fn org_id() -> OrgId {
    OrgId::parse("00D5g000007ACMEEA4").unwrap_or_else(|| unreachable!("an org id"))
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn failure() -> Refusal {
    Refusal::new(Reason::SalesforceRejected).with("message", "no").with("code", "INVALID")
}

fn credential(method: CredentialMethod) -> CredentialInfo {
    CredentialInfo { method, username: Some(text("admin@acme.example")), fingerprint: text("f1"), set_at: AT }
}

pub fn credentials() -> Vec<CredentialInfo> {
    use CredentialMethod::{ClientCredentials, JwtBearer, Password, RefreshToken, StaticToken};
    let mut all: Vec<_> =
        [Password, JwtBearer, ClientCredentials, RefreshToken, StaticToken].map(credential).to_vec();
    all.push(CredentialInfo { username: None, ..credential(StaticToken) });
    all
}

pub fn findings() -> Vec<Finding> {
    use Check::{
        AdminAccess, ApiCalls, ApiEnabled, Edition, Environment, ExternalId, FieldAccess, Login,
        ObjectAccess, Package, PackageVersion, PageLayouts, Seats, Trial,
    };
    let checks = [
        Login,
        ApiEnabled,
        Edition,
        Trial,
        Environment,
        Seats,
        Package,
        PackageVersion,
        ObjectAccess,
        FieldAccess,
        PageLayouts,
        ApiCalls,
        ExternalId,
        AdminAccess,
    ];
    let outcomes = [Outcome::Passed, Outcome::Warning, Outcome::Failed, Outcome::NotChecked];
    let actors = [Actor::Nobody, Actor::PortalAdministrator, Actor::SalesforceAdministrator, Actor::Operator];
    let unknowns = [
        Unknown::NoApiCalls,
        Unknown::MissingPermission(text("View Setup")),
        Unknown::NotVisible(text("hidden")),
        Unknown::Error(text("an error")),
        Unknown::LoginFailed,
    ];
    checks
        .into_iter()
        .zip(outcomes.into_iter().cycle())
        .zip(actors.into_iter().cycle())
        .zip(unknowns.into_iter().cycle())
        .map(|(((check, outcome), actor), unknown)| Finding {
            check,
            outcome,
            actor,
            subject: text("Lead"),
            claimed: text("claimed"),
            found: text("found"),
            reason: Some(Reason::ObjectAccessMissing),
            unknown: Some(unknown),
        })
        .collect()
}

fn claims() -> Claims {
    Claims {
        edition: Edition::Enterprise,
        admin_access: AdminAccess::FullObjectAndField,
        environment: Environment::Sandbox,
        seats: 50,
        visualforce: VisualforceMethod::Visualforce,
        token_fingerprint: Some(text("t1")),
        token_set_at: Some(AT),
        accounts: true,
        opportunities: true,
    }
}

fn attempt(state: ConnectState) -> ConnectAttempt {
    ConnectAttempt {
        id: AttemptId(id(1)),
        purpose: Purpose::Connect,
        state,
        claims: claims(),
        expected_org_id: Some(org_id()),
        org_id: Some(org_id()),
        findings: findings().into_iter().take(2).collect(),
        logins: 2,
        api_calls: 7,
        requested_by: text("alice"),
        created_at: AT,
        updated_at: AT,
    }
}

pub fn attempts() -> Vec<ConnectAttempt> {
    let mut attempts: Vec<_> = [
        ConnectState::Queued,
        ConnectState::LoggingIn,
        ConnectState::WaitingForToken { until: AT },
        ConnectState::Probing,
        ConnectState::Starting,
        ConnectState::Connected { connection_id: ConnectionId(id(2)) },
        ConnectState::Failed { failure: failure() },
    ]
    .map(attempt)
    .to_vec();
    attempts.push(ConnectAttempt {
        purpose: Purpose::Rotate,
        expected_org_id: None,
        org_id: None,
        ..attempt(ConnectState::Queued)
    });
    attempts
}

fn smart_list(size: Option<i64>) -> SmartList {
    SmartList { list_id: text("42"), name: text("Customers"), processing_type: text("DYNAMIC"), size }
}

fn list() -> InclusionRule {
    InclusionRule::List(smart_list(Some(99)))
}

fn answers() -> Answers {
    Answers {
        subscription: Some(Subscription::Professional),
        edition: Some(Edition::Enterprise),
        admin_access: Some(AdminAccess::TopLevelAdministrator),
        environment: Some(Environment::Production),
        seats: Some(50),
        api_call_limit: Some(ApiCallLimit { limit: 75_000, by_hand: true }),
        package_installed: true,
        security_token: Some(SecurityToken::Stored { fingerprint: text("t1"), set_at: AT }),
        visualforce: Some(VisualforceMethod::Visualforce),
        objects: Some(ObjectSync { accounts: true, opportunities: true }),
        activities: Some(ActivitySync { on_form_submission: true, on_email_open: true, tasks: true }),
        inclusion: Some(list()),
        test_contact: Some(TestContactId(id(3))),
        tested: true,
        import_decision: Some(ImportDecision::Import),
    }
}

fn setup() -> Setup {
    let mark = |stale_because| Mark { by: text("alice"), at: AT, stale_because };
    let marks: BTreeMap<Step, Mark> = Step::ORDER
        .into_iter()
        .map(|step| (step, mark((step == Step::ApiCallLimit).then_some(Step::SeatCount))))
        .collect();
    Setup {
        id: SetupId(id(4)),
        portal_id: portal_id(),
        status: Status::InProgress,
        answers: answers(),
        marks,
        attempt: Some(attempt(ConnectState::Connected { connection_id: ConnectionId(id(2)) })),
        created_at: AT,
        updated_at: AT,
        version: 17,
    }
}

/// The full one, and others whose answers are of each other variant.
pub fn setups() -> Vec<Setup> {
    use Edition::{Developer, Essentials, Group, Professional, Unlimited};
    use Subscription::{Enterprise, Free, Starter};
    let with = |edition, subscription, admin_access| Setup {
        status: Status::Finished,
        marks: BTreeMap::new(),
        attempt: None,
        answers: Answers {
            edition: Some(edition),
            subscription: Some(subscription),
            admin_access: Some(admin_access),
            environment: Some(Environment::Sandbox),
            security_token: Some(SecurityToken::NotUsed),
            visualforce: Some(VisualforceMethod::HubspotEmbed),
            inclusion: Some(InclusionRule::NoList { lowest_stage: text("subscriber") }),
            import_decision: Some(ImportDecision::DoNotImport),
            ..answers()
        },
        ..setup()
    };
    vec![
        setup(),
        with(Group, Free, AdminAccess::None),
        with(Essentials, Starter, AdminAccess::ObjectOnly),
        with(Professional, Enterprise, AdminAccess::FullObjectAndField),
        with(Unlimited, Enterprise, AdminAccess::TopLevelAdministrator),
        with(Developer, Enterprise, AdminAccess::TopLevelAdministrator),
        Setup { status: Status::Abandoned, ..Setup::start(SetupId(id(5)), portal_id(), AT) },
    ]
}

pub fn portals() -> Vec<Portal> {
    let full = Portal {
        portal_id: portal_id(),
        display_name: text("Acme"),
        account: Account {
            account_type: text("STANDARD"),
            time_zone: text("Asia/Tokyo"),
            ui_domain: text("app.hubspot.com"),
            data_hosting_location: text("na1"),
        },
        subscription: Some(SubscriptionEvidence {
            subscription: Subscription::Professional,
            declared: true,
            evidence: text("said so"),
        }),
        credential: Some(credential(CredentialMethod::StaticToken)),
        created_at: AT,
        updated_at: AT,
        version: 3,
    };
    let bare = Portal { subscription: None, credential: None, ..full.clone() };
    vec![full, bare]
}

pub fn syncs() -> Vec<SyncState> {
    use SuspensionReason::{
        ApiCallsExhausted, ConnectionStale, HubspotCredentialRefused, NotConnected,
        SalesforceCredentialRefused,
    };
    let deed = |by: &str| Deed { by: text(by), at: AT };
    let paused = Operator::Paused { deed: deed("bob"), reason: text("lunch"), on: deed("alice") };
    let reasons = [
        NotConnected,
        ConnectionStale,
        SalesforceCredentialRefused,
        HubspotCredentialRefused,
        ApiCallsExhausted,
    ];
    let mut states: Vec<_> = reasons
        .map(|reason| SyncState {
            operator: Operator::On(deed("alice")),
            suspension: Some(Suspension { reason, since: AT }),
        })
        .to_vec();
    states.push(SyncState { operator: paused, suspension: None });
    states.push(SyncState::default());
    states
}

pub fn test_contacts() -> Vec<TestContact> {
    use Progress::{Cancelled, Completed, Failed, Processing, Scheduling, Starting};
    let full = TestContact {
        id: TestContactId(id(3)),
        portal_id: portal_id(),
        status: Completed,
        email: text("connector-test+1@example.com"),
        hubspot: Some(HubspotRecord { id: text("501"), url: text("https://hubspot.example/501") }),
        salesforce: Some(SalesforceRecord {
            object: text("Lead"),
            id: text("00Q000000000001AAA"),
            url: text("https://salesforce.example/1"),
        }),
        verdict: Some(Verdict { included: true, because: Because::List { name: text("Customers") } }),
        failure: Some(failure()),
        api_calls: 4,
        cleanup: Cleanup::Failed { failure: failure() },
        history: [Starting, Scheduling, Processing, Completed, Failed, Cancelled]
            .map(|status| StatusTime { status, at: AT })
            .to_vec(),
        requested_by: text("alice"),
        version: 9,
    };
    let with = |because, cleanup| TestContact {
        verdict: Some(Verdict { included: false, because }),
        cleanup,
        ..full.clone()
    };
    vec![
        with(Because::Stage { stage: text("lead"), lowest: text("subscriber") }, Cleanup::None),
        with(Because::NoStage, Cleanup::Deleting),
        with(Because::UnknownStage { stage: text("odd") }, Cleanup::Deleted),
        TestContact::new(TestContactId(id(6)), portal_id(), text("alice"), AT),
        full,
    ]
}

fn setup_view() -> SetupView {
    SetupView {
        setup: setup(),
        limit: Some(LimitContext {
            allocation: 150_000,
            source: AllocationSource::Salesforce,
            held_by_others: 10_000,
            policy: Policy::Of2026,
            calls_per_contact_sync: 4,
        }),
        shared_with: vec![NamedPortal { portal_id: portal_id(), display_name: text("Marketing") }],
        revision: 18,
    }
}

fn attempt_view() -> AttemptView {
    let attempt = attempt(ConnectState::Queued);
    AttemptView { portal_id: portal_id(), setup_id: SetupId(id(4)), attempt }
}

pub fn started() -> Vec<Started> {
    vec![Started { attempt: attempt_view(), joined: true, view: setup_view() }]
}

pub fn finished() -> Vec<Finished> {
    vec![Finished { view: setup_view(), tested: true }]
}

pub fn smart_lists() -> Vec<SmartList> {
    vec![smart_list(Some(99)), smart_list(None)]
}

fn connection(state: ConnectionState) -> Connection {
    Connection {
        id: ConnectionId(id(2)),
        portal_id: portal_id(),
        org_id: org_id(),
        org_name: text("Acme"),
        place: 1,
        state,
        credential: Some(credential(CredentialMethod::JwtBearer)),
        api_call_limit: 75_000,
        findings: findings().into_iter().take(1).collect(),
        probed_at: AT,
        connected_at: AT,
        disconnected_at: Some(AT),
        version: 11,
    }
}

pub fn changes() -> Vec<Change> {
    let estimated = SetupView {
        limit: Some(LimitContext {
            source: AllocationSource::Policy,
            policy: Policy::Of2016,
            allocation: 15_000,
            held_by_others: 0,
            calls_per_contact_sync: 4,
        }),
        ..setup_view()
    };
    let settings = SyncSettings {
        objects: answers().objects,
        activities: answers().activities,
        inclusion: Some(list()),
    };
    let sync = |state| SyncView {
        portal_id: portal_id(),
        state,
        settings: settings.clone(),
        org_id: Some(org_id()),
        version: 12,
        revision: 13,
    };
    let mut changes: Vec<Change> = portals().into_iter().map(Change::Portal).collect();
    changes.extend([Change::Setup(setup_view()), Change::Setup(estimated), Change::Attempt(attempt_view())]);
    changes.extend(
        [ConnectionState::Connected, ConnectionState::Stale, ConnectionState::Disconnected]
            .map(|state| Change::Connection(connection(state))),
    );
    changes.extend(syncs().into_iter().map(|state| Change::Sync(sync(state))));
    changes.extend(test_contacts().into_iter().map(Change::TestContact));
    changes
}
