//! The client against the bundled simulator, in the same process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use time::Duration;

use super::{
    Api, ClientConfig, Credential, CrmObject, Deleted, DidItHappen, Edition, Environment, LayoutModule,
    LimitSource, LoginTarget, NewPerson, Package, ProbeScope, SalesforceClient, SalesforceError,
    SalesforceErrorKind as Kind, Seats, Session, delete_synced, match_and_upsert, probe,
};
use crate::simulator::{
    RunningSimulators, SimulatorConfig,
    fault::{Action, FaultPlan, Point},
    salesforce::fixture::{
        AnsweredHost, Condition, DuplicateRule, FieldRights, ObjectRights, OrgFixture, RowLock, UserFixture,
        ValidationRule,
    },
    start,
};

const ADMIN: &str = "admin@acme.example";
const EXTERNAL_ID: &str = "10000001-51";

struct World {
    simulators: RunningSimulators,
    client: SalesforceClient,
}

impl World {
    async fn start() -> Self {
        let simulators = start(SimulatorConfig::default()).await.unwrap();
        let client = SalesforceClient::new(ClientConfig::for_simulator(&simulators.salesforce_url)).unwrap();
        Self { simulators, client }
    }

    async fn login(&self, credential: &Credential) -> Result<Session, SalesforceError> {
        let target = LoginTarget {
            environment: Environment::Production,
            my_domain: Some(self.simulators.salesforce_url.clone()),
        };
        self.client.login(&target, credential).await
    }

    async fn api(&self, username: &str) -> Api {
        let session = self.login(&password(username, "password", "token")).await.unwrap();
        self.client.api(&session).unwrap()
    }

    fn edit(&self, edit: impl FnOnce(&mut OrgFixture)) {
        self.simulators.salesforce.edit_org("acme", edit).unwrap();
    }

    fn fault(&self, plan: FaultPlan) {
        self.simulators.salesforce.frame().faults.add(plan);
    }

    fn count(&self, object: &str) -> usize {
        self.simulators.salesforce.records("acme", object, false).unwrap().len()
    }
}

fn password(username: &str, password: &str, token: &str) -> Credential {
    Credential::Password {
        username: username.to_owned(),
        password: SecretString::from(password),
        security_token: SecretString::from(token),
    }
}

fn person() -> NewPerson {
    NewPerson {
        external_id: EXTERNAL_ID.to_owned(),
        email: "connector-test+1@example.com".to_owned(),
        first_name: Some("Test".to_owned()),
        last_name: "O'Contact \\".to_owned(),
        company: Some("HubSpot".to_owned()),
        phone: None,
        lead_source: Some("Other".to_owned()),
    }
}

#[tokio::test]
async fn a_password_login_tells_org_user_and_sandbox() {
    let world = World::start().await;
    let session = world.login(&password(ADMIN, "password", "token")).await.unwrap();
    assert_eq!((session.sandbox, session.org_id.as_str().len()), (Some(false), 18));
    let again = Session::from_bytes(&session.to_bytes()).unwrap();
    assert!(probe(&world.client.api(&again).unwrap(), &ProbeScope::default()).await.stopped.is_none());
    let sandbox = world.login(&password("admin@acme.example.uat", "password", "token")).await.unwrap();
    assert_eq!(sandbox.sandbox, Some(true));
    assert_ne!(sandbox.org_id, session.org_id);
}

#[tokio::test]
async fn refused_logins_are_typed() {
    let world = World::start().await;
    let fail = async |credential: Credential| world.login(&credential).await.unwrap_err();
    let error = fail(password(ADMIN, "wrong", "token")).await;
    assert_eq!((error.kind(), error.effect()), (&Kind::LoginRefused, DidItHappen::No));
    assert_eq!(*fail(password(ADMIN, "password", "")).await.kind(), Kind::LoginRefused);
    world.edit(|org| org.users[0].password_expired = true);
    assert_eq!(*fail(password(ADMIN, "password", "token")).await.kind(), Kind::PasswordExpired);
    world.edit(|org| org.users[0].password_expired = false);
    world.edit(|org| org.users[0].permissions.api_enabled = false);
    assert_eq!(*fail(password(ADMIN, "password", "token")).await.kind(), Kind::ApiDisabled);
    world.edit(|org| org.users[0].permissions.api_enabled = true);
    world.edit(|org| org.soap_login_enabled = false);
    assert_eq!(*fail(password(ADMIN, "password", "token")).await.kind(), Kind::SoapLoginDisabled);
    world.edit(|org| {
        org.soap_login_enabled = true;
        org.answered_host = AnsweredHost::Url("https://acme.my.salesforce.com.evil.com".to_owned());
    });
    let error = fail(password(ADMIN, "password", "token")).await;
    assert!(matches!(error.kind(), Kind::HostNotAllowed(_)), "{error:?}");
    world.fault(FaultPlan::on("POST", "/services/Soap/*", Action::Cut { point: Point::After }).times(1));
    let error = fail(password(ADMIN, "password", "token")).await;
    assert_eq!(error.effect(), DidItHappen::Unknown);
}

#[tokio::test]
async fn every_oauth_grant_logs_in() {
    let world = World::start().await;
    let salesforce = &world.simulators.salesforce;
    let pem = salesforce.make_app_key("acme", "connector-client-id").unwrap();
    let jwt = Credential::JwtBearer {
        client_id: "connector-client-id".to_owned(),
        username: ADMIN.to_owned(),
        private_key_pem: SecretString::from(pem),
    };
    let client_credentials = Credential::ClientCredentials {
        client_id: "acme-client-id".to_owned(),
        client_secret: SecretString::from("connector-client-secret"),
    };
    let refresh = |token: String| Credential::RefreshToken {
        client_id: "connector-client-id".to_owned(),
        client_secret: Some(SecretString::from("connector-client-secret")),
        refresh_token: SecretString::from(token),
    };
    let token = salesforce.make_refresh_token("acme", "connector-client-id", ADMIN).unwrap();
    let by_soap = world.login(&password(ADMIN, "password", "token")).await.unwrap();
    for credential in [&jwt, &client_credentials, &refresh(token.clone())] {
        let session = world.login(credential).await.unwrap();
        assert_eq!(
            (session.org_id, session.user_id),
            (by_soap.org_id.clone(), by_soap.user_id.clone()),
            "{credential:?}"
        );
    }
    world.edit(|org| org.oauth_apps.iter_mut().for_each(|app| app.rotates_refresh_tokens = true));
    let rotated = world.login(&refresh(token.clone())).await.unwrap().rotated_refresh_token.unwrap();
    let error = world.login(&refresh(token)).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::OauthRefused { error, .. } if error == "invalid_grant"),
        "{error:?}"
    );
    world.login(&refresh(rotated.expose_secret().to_owned())).await.unwrap();
}

#[tokio::test]
async fn a_good_org_is_probed_in_three_calls() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    let report = probe(&api, &ProbeScope { accounts: true, opportunities: true }).await;
    assert_eq!((report.stopped.as_ref(), report.calls), (None, 3));
    assert_eq!(world.simulators.salesforce.used_calls("acme").unwrap(), 3, "we count as Salesforce does");
    let organization = report.organization.known().unwrap();
    assert_eq!((&organization.edition, organization.is_sandbox), (&Edition::Enterprise, false));
    assert_eq!(report.seats.known().map(|seats: &Seats| seats.total), Some(50));
    assert!(report.permissions.known().unwrap().modify_all_data);
    assert!(
        matches!(report.package.known(), Some(Package::Installed { version, .. }) if version == "1.107.0.1")
    );
    for object in [CrmObject::Contact, CrmObject::Lead] {
        assert_eq!(report.layouts[&object].known(), Some(&LayoutModule { layouts: 1, with_module: 1 }));
        assert!(report.objects[&object].known().unwrap().external_id.unwrap().is_external_id);
    }
    for (object, access) in &report.objects {
        let access = access.known().unwrap();
        assert!(access.createable && access.updateable && access.queryable, "{object:?}");
        for (field, rights) in &access.fields {
            assert!(
                rights.is_some_and(|rights| rights.createable && rights.updateable),
                "{object:?}.{field}"
            );
        }
    }
    let limit = report.daily_limit.known().unwrap();
    assert_eq!((limit.max, limit.source), (150_000, LimitSource::Limits));
}

#[tokio::test]
async fn a_poor_org_is_probed_too() {
    let world = World::start().await;
    world.edit(|org| {
        org.package = None;
        org.visualforce_on_lead_layout = false;
        org.external_id_field = false;
        let user = &mut org.users[1];
        user.object_rights
            .insert("Lead".to_owned(), ObjectRights { create: false, ..ObjectRights::default() });
        user.object_rights.insert(
            "Opportunity".to_owned(),
            ObjectRights { read: false, create: false, edit: false, delete: false },
        );
        user.field_rights.insert("Contact.Phone".to_owned(), FieldRights { read: false, edit: false });
        user.field_rights.insert("Contact.Email".to_owned(), FieldRights { read: true, edit: false });
    });
    let api = world.api("sales@acme.example").await;
    let report = probe(&api, &ProbeScope { accounts: false, opportunities: true }).await;
    assert!(report.stopped.is_none());
    assert!(!report.permissions.known().unwrap().modify_all_data);
    assert_eq!(report.daily_limit.known().unwrap().source, LimitSource::Header, "without View Setup");
    assert!(report.seats.known().is_none(), "without View Setup: {:?}", report.seats);
    assert_eq!(report.layouts[&CrmObject::Lead].known().unwrap().with_module, 0);
    let contact = report.objects[&CrmObject::Contact].known().unwrap();
    assert_eq!((contact.fields["Phone"], contact.external_id), (None, None));
    assert!(!contact.fields["Email"].unwrap().updateable);
    assert!(!report.objects[&CrmObject::Lead].known().unwrap().createable);
    assert!(!report.objects[&CrmObject::Opportunity].known().unwrap().queryable);
    let admin = probe(&world.api(ADMIN).await, &ProbeScope::default()).await;
    assert_eq!(admin.package.known(), Some(&Package::NotInstalled));
}

#[tokio::test]
async fn a_trial_says_so_and_an_exhausted_org_says_that_too() {
    let world = World::start().await;
    let trial = probe(&world.api("admin@trial.example").await, &ProbeScope::default()).await;
    assert!(trial.organization.known().unwrap().trial_expiration.is_some());
    let api = world.api(ADMIN).await;
    world.edit(|org| org.daily_api_used = org.daily_api_limit);
    let report = probe(&api, &ProbeScope::default()).await;
    assert_eq!(report.stopped.map(|error| error.kind().clone()), Some(Kind::DailyLimitExceeded));
    assert_eq!(report.daily_limit.known().map(|limit| limit.remaining), Some(0));
}

#[tokio::test]
async fn a_person_is_synced_in_two_calls_and_stays_one_record() {
    let world = World::start().await;
    let (leads, contacts) = (world.count("Lead"), world.count("Contact"));
    let api = world.api(ADMIN).await;
    let synced = match_and_upsert(&api, &person()).await.unwrap();
    assert_eq!((synced.object, synced.created, synced.calls), (CrmObject::Lead, true, 2));
    let lead = api
        .retrieve(CrmObject::Lead, &synced.record_id, &["LastName", "HubSpot_Id__c"])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(lead["LastName"].as_deref(), Some("O'Contact \\"));
    assert_eq!(lead["HubSpot_Id__c"].as_deref(), Some(EXTERNAL_ID));
    let again = match_and_upsert(&api, &person()).await.unwrap();
    assert_eq!((again.record_id.clone(), again.created), (synced.record_id.clone(), false));
    assert_eq!((world.count("Lead"), world.count("Contact")), (leads + 1, contacts));
    let deleted = delete_synced(&api, Some((CrmObject::Lead, &synced.record_id)), EXTERNAL_ID).await.unwrap();
    assert_eq!(deleted, Deleted::Now);
    for record in [Some((CrmObject::Lead, &synced.record_id)), None] {
        assert_eq!(delete_synced(&api, record, EXTERNAL_ID).await.unwrap(), Deleted::AlreadyGone);
    }
    assert_eq!(world.count("Lead"), leads);
}

#[tokio::test]
async fn a_lost_answer_leaves_one_record_which_the_repetition_and_the_clean_up_find() {
    let world = World::start().await;
    let leads = world.count("Lead");
    let api = world.api(ADMIN).await;
    world.fault(FaultPlan::on("PATCH", "*/sobjects/Lead/*", Action::Cut { point: Point::After }).times(1));
    let error = match_and_upsert(&api, &person()).await.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable()), (DidItHappen::Unknown, true));
    assert_eq!(world.count("Lead"), leads + 1, "it did happen");
    assert_eq!(delete_synced(&api, None, EXTERNAL_ID).await.unwrap(), Deleted::Now);
    assert_eq!(world.count("Lead"), leads);
    world.fault(FaultPlan::on("PATCH", "*/sobjects/Lead/*", Action::Cut { point: Point::After }).times(1));
    match_and_upsert(&api, &person()).await.unwrap_err();
    assert!(!match_and_upsert(&api, &person()).await.unwrap().created);
    assert_eq!(world.count("Lead"), leads + 1);
}

#[tokio::test]
async fn an_existing_person_is_matched_by_e_mail() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    let contact = NewPerson { email: "HANK@globex.example".to_owned(), ..person() };
    let synced = match_and_upsert(&api, &contact).await.unwrap();
    assert_eq!((synced.object, synced.created), (CrmObject::Contact, false));
    let other = NewPerson { external_id: "10000002-1".to_owned(), ..contact };
    let error = match_and_upsert(&api, &other).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Duplicate { matches, .. } if matches == &[synced.record_id.to_string()]),
        "{error:?}"
    );

    let lead = NewPerson {
        external_id: "10000001-52".to_owned(),
        email: "lena@initech.example".to_owned(),
        ..person()
    };
    let found = api.find_people_by_email(&lead.email).await.unwrap().remove(0);
    let converted = json!({ "IsConverted": true, "ConvertedContactId": synced.record_id.as_str() });
    world
        .simulators
        .salesforce
        .change_record("acme", "Lead", found.record_id.as_str(), converted.as_object().unwrap().clone())
        .unwrap();
    assert!(api.find_people_by_email(&lead.email).await.unwrap().is_empty(), "converted leads are no match");
    let through_lead = match_and_upsert(&api, &lead).await.unwrap();
    assert_eq!((through_lead.object, through_lead.record_id), (CrmObject::Contact, synced.record_id));
}

#[tokio::test]
async fn refusals_of_the_org_are_typed() {
    let world = World::start().await;
    let api = world.api(ADMIN).await;
    world.edit(|org| {
        org.validation_rules.push(ValidationRule {
            object: "Lead".to_owned(),
            field: "Email".to_owned(),
            when: Condition::EndsWith("example.com".to_owned()),
            message: "No tests here".to_owned(),
            at_field: true,
        })
    });
    let error = match_and_upsert(&api, &person()).await.unwrap_err();
    assert_eq!((error.code(), error.effect()), (Some("FIELD_CUSTOM_VALIDATION_EXCEPTION"), DidItHappen::No));
    assert!(
        matches!(error.kind(), Kind::Validation { message, fields } if message == "No tests here" && fields == &["Email"]),
        "{error:?}"
    );

    let rule = |allow_save| DuplicateRule {
        name: "Standard_Lead_Duplicate_Rule".to_owned(),
        object: "Lead".to_owned(),
        match_objects: Vec::new(),
        match_fields: vec!["Company".to_owned()],
        allow_save,
        message: "Use one of these records?".to_owned(),
    };
    let same_company = NewPerson { company: Some("Initech".to_owned()), ..person() };
    world.edit(|org| {
        org.validation_rules.clear();
        org.duplicate_rules.push(rule(false));
    });
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Duplicate { rule: Some(rule), matches, allow_save: false } if rule == "Standard_Lead_Duplicate_Rule" && matches.len() == 1),
        "{error:?}"
    );
    world.edit(|org| org.duplicate_rules = vec![rule(true)]);
    let synced = match_and_upsert(&api, &same_company).await.unwrap();
    assert!(synced.created, "a rule that only warns lets it through");

    world.edit(|org| org.row_locks.push(RowLock { object: "Lead".to_owned(), times: 1 }));
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (&Kind::RowLocked, true));
    world.edit(|org| org.external_id_field = false);
    let error = match_and_upsert(&api, &same_company).await.unwrap_err();
    assert!(matches!(error.kind(), Kind::ExternalIdFieldMissing { .. }), "{error:?}");
    world.simulators.salesforce.end_sessions("acme", false).unwrap();
    assert_eq!(*match_and_upsert(&api, &person()).await.unwrap_err().kind(), Kind::SessionInvalid);
}

#[tokio::test]
async fn a_user_without_rights_is_told_so() {
    let world = World::start().await;
    world.edit(|org| {
        let rights = ObjectRights { create: false, ..ObjectRights::default() };
        org.users[1].object_rights.insert("Lead".to_owned(), rights);
    });
    let error = match_and_upsert(&world.api("sales@acme.example").await, &person()).await.unwrap_err();
    assert_eq!((error.kind(), error.effect()), (&Kind::Permission, DidItHappen::No), "{error:?}");
}

#[tokio::test]
async fn an_assignment_rule_does_not_take_the_lead_away() {
    let world = World::start().await;
    world.edit(|org| org.lead_assignment_owner = Some("sales@acme.example".to_owned()));
    let session = world.login(&password(ADMIN, "password", "token")).await.unwrap();
    let api = world.client.api(&session).unwrap();
    let synced = match_and_upsert(&api, &person()).await.unwrap();
    let lead = api.retrieve(CrmObject::Lead, &synced.record_id, &["OwnerId"]).await.unwrap().unwrap();
    assert_eq!(lead["OwnerId"].as_deref(), Some(session.user_id.as_str()));
}

#[tokio::test]
async fn a_fresh_token_is_refused_until_it_is_active() {
    let world = World::start().await;
    let active_at = world.simulators.clock.now() + Duration::minutes(15);
    let user = UserFixture { token_active_at: Some(active_at), ..UserFixture::admin("new@acme.example") };
    world.edit(|org| org.users.push(user));
    let credential = password("new@acme.example", "password", "token");
    assert_eq!(*world.login(&credential).await.unwrap_err().kind(), Kind::LoginRefused);
    world.simulators.clock.advance(Duration::minutes(16));
    world.login(&credential).await.unwrap();
}
