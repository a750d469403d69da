//! Every way to log in, and to be refused.

use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use super::{ADMIN, World, password};
use crate::{
    salesforce::{Credential, DidItHappen, ProbeScope, SalesforceErrorKind as Kind, Session, probe},
    simulator::{
        fault::{Action, FaultPlan, Point},
        salesforce::fixture::{AnsweredHost, UserFixture},
    },
};

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
