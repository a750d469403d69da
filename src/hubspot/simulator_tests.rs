//! The client against the bundled simulator, in the same process.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{
    AccountType, Archived, ClientConfig, Credential, DidItHappen, HubSpotClient, HubSpotErrorKind as Kind,
    PortalApi, ProcessingType, Properties, RatePolicy,
};
use crate::simulator::{
    RunningSimulators, SimulatorConfig,
    fault::{Action, FaultPlan, Point},
    hubspot::{
        fixture::{OAuthAppFixture, PortalFixture},
        seed,
    },
    start,
};

const EMAIL: &str = "connector-test+1@example.com";

async fn simulators() -> RunningSimulators {
    start(SimulatorConfig::default()).await.unwrap()
}

fn portal(simulators: &RunningSimulators, credential: Credential) -> PortalApi {
    let config = ClientConfig { base_url: simulators.hubspot_url.clone(), ..ClientConfig::default() };
    HubSpotClient::new(&config).unwrap().portal(credential)
}

fn with_token(simulators: &RunningSimulators, token: &str) -> PortalApi {
    portal(simulators, Credential::StaticToken(SecretString::from(token)))
}

fn with_oauth(
    simulators: &RunningSimulators,
    client_id: &str,
    client_secret: &str,
    refresh_token: &str,
) -> PortalApi {
    portal(
        simulators,
        Credential::OAuth {
            client_id: client_id.to_owned(),
            client_secret: SecretString::from(client_secret),
            refresh_token: SecretString::from(refresh_token),
        },
    )
}

fn person() -> Properties {
    [("email", EMAIL), ("firstname", "Test"), ("lastname", "Contact")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[tokio::test]
async fn a_static_token_tells_its_portal() {
    let simulators = simulators().await;
    let info = with_token(&simulators, seed::TOKEN_A).account_info().await.unwrap();
    assert_eq!((info.portal_id, info.account_type), (seed::PORTAL_A, AccountType::Standard));
    assert_eq!(info.daily_limit, Some(1_000_000), "evidence for Enterprise");
    let error = with_token(&simulators, "no-such-token").account_info().await.unwrap_err();
    assert_eq!(*error.kind(), Kind::CredentialRefused);
}

#[tokio::test]
async fn a_contact_lives_from_create_to_archive() {
    let simulators = simulators().await;
    let api = with_token(&simulators, seed::TOKEN_A);
    let created = api.create_contact(&person()).await.unwrap();
    let read = api.contact_by_id(&created.id, &["email", "lifecyclestage"]).await.unwrap().unwrap();
    assert_eq!(read.property("email"), Some(EMAIL));
    assert_eq!(
        api.contact_by_email(EMAIL, &["email"]).await.unwrap().unwrap().id,
        created.id,
        "no index lag here"
    );
    let change = Properties::from([("lifecyclestage".to_owned(), "customer".to_owned())]);
    api.update_contact(&created.id, &change).await.unwrap();
    let batch = api.contacts_by_id(&[&created.id, "999999999"], &["lifecyclestage"]).await.unwrap();
    assert_eq!((batch.len(), batch[0].property("lifecyclestage")), (1, Some("customer")));
    assert_eq!(api.archive_contact(&created.id).await.unwrap(), Archived::Now);
    api.archive_contact(&created.id).await.unwrap();
    assert_eq!(api.contact_by_id(&created.id, &["email"]).await.unwrap(), None);
}

#[tokio::test]
async fn a_lost_answer_to_a_create_leaves_one_contact_which_the_repetition_finds() {
    let simulators = simulators().await;
    let api = with_token(&simulators, seed::TOKEN_A);
    let cut = |point| FaultPlan::on("POST", "*/contacts", Action::Cut { point }).times(1);
    simulators.hubspot.frame().faults.add(cut(Point::After));
    let error = api.create_contact(&person()).await.unwrap_err();
    assert_eq!((error.effect(), error.is_retryable()), (DidItHappen::Unknown, true));
    let error = api.create_contact(&person()).await.unwrap_err();
    let Kind::Conflict { existing_id: Some(id) } = error.kind() else { unreachable!("{error:?}") };
    assert_eq!(api.contact_by_email(EMAIL, &["email"]).await.unwrap().unwrap().id, *id);
    assert_eq!(simulators.hubspot.created_with_email(seed::PORTAL_A, EMAIL), 1);

    api.archive_contact(id).await.unwrap();
    simulators.hubspot.frame().faults.add(cut(Point::Before));
    assert_eq!(api.create_contact(&person()).await.unwrap_err().effect(), DidItHappen::Unknown);
    api.create_contact(&person()).await.unwrap();
}

#[tokio::test]
async fn refusals_of_the_portal_are_typed() {
    let simulators = simulators().await;
    let read_only = with_token(&simulators, seed::TOKEN_A_READ_ONLY);
    let error = read_only.create_contact(&person()).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::ScopeMissing { scopes } if scopes == &["crm.objects.contacts.write"]),
        "{error:?}"
    );
    let api = with_token(&simulators, seed::TOKEN_A);
    let mut unknown = person();
    unknown.insert("no_such_property".to_owned(), "x".to_owned());
    let error = api.create_contact(&unknown).await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::Rejected { properties, .. } if properties == &["no_such_property"]),
        "{error:?}"
    );
    simulators.hubspot.change_portal(seed::PORTAL_A, &json!({ "burst_limit": 1 })).unwrap();
    api.account_info().await.ok();
    let error = api.account_info().await.unwrap_err();
    assert!(
        matches!(error.kind(), Kind::RateLimited { policy: RatePolicy::TenSecondly, retry_after: Some(_) }),
        "{error:?}"
    );
    simulators
        .hubspot
        .change_portal(seed::PORTAL_A, &json!({ "revoked": true, "burst_limit": 100 }))
        .unwrap();
    assert_eq!(*api.account_info().await.unwrap_err().kind(), Kind::CredentialRefused);
}

#[tokio::test]
async fn smart_lists_are_found_created_and_joined() {
    let simulators = simulators().await;
    let api = with_token(&simulators, seed::TOKEN_A);
    let first = api.smart_lists("", 0, 1).await.unwrap();
    let second = api.smart_lists("", first.next_offset.unwrap(), 1).await.unwrap();
    assert_eq!((first.lists.len(), second.lists.len(), second.next_offset), (1, 1, None));
    let names = [&first.lists[0].name, &second.lists[0].name];
    assert!(
        names.contains(&&"Sales ready".to_owned()) && names.contains(&&"Customers".to_owned()),
        "{names:?}"
    );
    assert!(first.lists[0].size.is_some());
    let by_hand = api.list("1").await.unwrap().unwrap();
    assert_eq!((by_hand.processing_type, by_hand.lists_contacts), (ProcessingType::Manual, true));
    assert_eq!(api.list("4711").await.unwrap(), None);

    let stages = api.lifecycle_stages().await.unwrap();
    assert_eq!(stages[0].value, "subscriber");
    let created = api.create_smart_list("Test contacts", &["lead", "customer"]).await.unwrap();
    assert_eq!(created.processing_type, ProcessingType::Dynamic);
    let taken = api.create_smart_list("test CONTACTS", &["lead"]).await.unwrap_err();
    assert!(matches!(taken.kind(), Kind::Conflict { .. }), "{taken:?}");
    assert_eq!(api.list_by_name("TEST contacts").await.unwrap().unwrap().id, created.id);

    let contact = api.create_contact(&person()).await.unwrap();
    simulators.clock.advance(time::Duration::seconds(60));
    let lists = api.lists_of_contact(&contact.id).await.unwrap();
    assert!(lists.contains(&created.id), "{lists:?}");
}

#[tokio::test]
async fn oauth_tokens_are_renewed_rotated_and_refused() {
    let simulators = simulators().await;
    let api = with_oauth(&simulators, seed::CLIENT_ID, seed::CLIENT_SECRET, seed::REFRESH_TOKEN_A);
    assert_eq!(api.account_info().await.unwrap().portal_id, seed::PORTAL_A);
    let update = api.take_token_update().await.unwrap();
    assert_eq!(update.hub_id, Some(seed::PORTAL_A));
    assert!(update.scopes.iter().any(|scope| scope == "crm.lists.read"));
    // The server's clock runs ahead of ours: the token is refused, renewed once, and the call goes through.
    simulators.clock.advance(time::Duration::hours(2));
    assert_eq!(api.account_info().await.unwrap().portal_id, seed::PORTAL_A);
    assert_eq!(simulators.hubspot.calls(seed::PORTAL_A, "oauth.token"), 2);

    let app = OAuthAppFixture::new("app", "CANARY-secret").installed("refresh-1").rotating();
    simulators.hubspot.create_portal(PortalFixture::new(77).oauth_app(app)).unwrap();
    let rotating = with_oauth(&simulators, "app", "CANARY-secret", "refresh-1");
    rotating.account_info().await.unwrap();
    let new = rotating.take_token_update().await.unwrap().refresh_token.unwrap();
    assert_ne!(new.expose_secret(), "refresh-1");
    rotating.refresh().await.unwrap();
    let stale = with_oauth(&simulators, "app", "CANARY-secret", "refresh-1");
    assert_eq!(*stale.account_info().await.unwrap_err().kind(), Kind::CredentialRefused);
    let wrong = with_oauth(&simulators, "app", "CANARY-wrong", "refresh-1");
    let error = wrong.account_info().await.unwrap_err();
    assert!(matches!(error.kind(), Kind::ClientRefused { .. }), "{error:?}");
    assert!(!format!("{error} {error:?} {wrong:?}").contains("CANARY"));
}
