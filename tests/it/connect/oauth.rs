//! The same step takes OAuth: JWT bearer, client credentials, refresh token (R53).

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        CheckConnectionRequest, ConnectState, ErrorReason, SalesforceClientCredentials, SalesforceCredential,
        SalesforceJwtBearer, SalesforceRefreshToken, salesforce_credential::Method,
    },
    simulator::hubspot::seed::{TOKEN_A, TOKEN_B, TOKEN_C},
};
use tonic::Code;

use super::scene::{ACME, Claimed, Scene, credential, password, refusal};

const APP: &str = "connector-client-id";
const APP_SECRET: &str = "connector-client-secret";

fn no_token() -> Claimed {
    Claimed { token: None, ..Claimed::default() }
}

fn refresh(token: &str) -> SalesforceCredential {
    credential(Method::RefreshToken(SalesforceRefreshToken {
        client_id: APP.to_owned(),
        client_secret: APP_SECRET.to_owned(),
        refresh_token: token.to_owned(),
        login_url: String::new(),
    }))
}

fn jwt(scene: &Scene) -> Result<SalesforceCredential> {
    let key = scene.salesforce().make_app_key(ACME, APP).map_err(anyhow::Error::msg)?;
    Ok(credential(Method::JwtBearer(SalesforceJwtBearer {
        client_id: APP.to_owned(),
        username: ACME.to_owned(),
        private_key_pem: key,
        login_url: String::new(),
    })))
}

fn client_credentials(scene: &Scene, secret: &str) -> SalesforceCredential {
    credential(Method::ClientCredentials(SalesforceClientCredentials {
        client_id: "acme-client-id".to_owned(),
        client_secret: secret.to_owned(),
        login_url: scene.world.simulators.salesforce_url.clone(),
    }))
}

#[tokio::test]
async fn r53_where_soap_login_is_off_the_reason_is_precise_and_oauth_connects_the_same_org() -> Result<()> {
    let scene = Scene::open_with(|config| {
        config.limits.portals_per_org = std::num::NonZeroU32::MIN.saturating_add(3);
    })
    .await?;
    scene.edit_org(ACME, |org| org.soap_login_enabled = false)?;
    let portal = scene.portal_a().await?;
    let reason = ErrorReason::SalesforceSoapLoginDisabled;
    let refused = scene.refused(&portal, Some(password(ACME)), reason).await?;
    ensure!(refused.fix.contains("OAuth") && refused.logins == 1, "{}", refused.fix);
    let claimed = Claimed { limit: Some(10_000), ..no_token() };
    let token = scene.salesforce().make_refresh_token(ACME, APP, ACME).map_err(anyhow::Error::msg)?;
    let methods = [
        ("jwt_bearer", TOKEN_A, jwt(&scene)?),
        ("client_credentials", TOKEN_B, client_credentials(&scene, APP_SECRET)),
        ("refresh_token", TOKEN_C, refresh(&token)),
    ];
    let mut orgs = Vec::new();
    for (method, token, credential) in methods {
        let portal = scene.portal(token, &claimed).await?;
        let attempt = scene.try_connect(&portal, Some(credential)).await?;
        ensure!(attempt.state() == ConnectState::Connected, "{method}: {attempt:#?}");
        let stored = scene.connection(&portal).await?.credential.context("a credential")?;
        ensure!(stored.method == method, "{stored:?}");
        orgs.push(attempt.org_id);
    }
    orgs.dedup();
    ensure!(orgs.len() == 1, "one org, whatever the method: {orgs:?}");
    Ok(())
}

#[tokio::test]
async fn r53_a_refresh_token_that_rotates_is_stored_anew_and_used_next_time() -> Result<()> {
    let scene = Scene::open().await?;
    scene.edit_org(ACME, |org| {
        for app in &mut org.oauth_apps {
            app.rotates_refresh_tokens = true;
        }
    })?;
    let token = scene.salesforce().make_refresh_token(ACME, APP, ACME).map_err(anyhow::Error::msg)?;
    let portal = scene.portal(TOKEN_A, &no_token()).await?;
    let attempt = scene.try_connect(&portal, Some(refresh(&token))).await?;
    ensure!(attempt.state() == ConnectState::Connected, "{attempt:#?}");
    for round in 0..3 {
        // Each login ends the token before: only the one that was given back last works.
        let attempt = scene.try_connect(&portal, None).await?;
        ensure!(attempt.state() == ConnectState::Connected, "round {round}: {attempt:#?}");
    }
    // A check that must log in keeps what it is given as well.
    for round in 0..2 {
        scene.salesforce().end_sessions(ACME, false).map_err(anyhow::Error::msg)?;
        let request = CheckConnectionRequest { setup_id: portal.setup_id.clone() };
        let checked = scene.connections().check_connection(request).await?.into_inner();
        ensure!(checked.connectable, "round {round}: {checked:?}");
    }
    let attempt = scene.try_connect(&portal, None).await?;
    ensure!(attempt.state() == ConnectState::Connected, "after the checks: {attempt:#?}");
    let attempt = scene.try_connect(&portal, Some(refresh(&token))).await?;
    ensure!(attempt.reason() == ErrorReason::SalesforceOauthRefused, "the first one has ended: {attempt:#?}");
    Ok(())
}

#[tokio::test]
async fn r53_a_refused_grant_says_so_in_salesforces_words() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal(TOKEN_A, &no_token()).await?;
    let reason = ErrorReason::SalesforceOauthRefused;
    let attempt = scene.refused(&portal, Some(client_credentials(&scene, "wrong secret")), reason).await?;
    ensure!(attempt.logins == 1, "{attempt:?}");
    scene.refused(&portal, Some(refresh("no such token")), reason).await?;
    let foreign = jwt(&scene)?;
    scene.salesforce().make_app_key(ACME, APP).map_err(anyhow::Error::msg)?;
    let attempt = scene.refused(&portal, Some(foreign), reason).await?;
    ensure!(attempt.message.contains("invalid"), "{}", attempt.message);
    ensure!(scene.connected_portals().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn r53_a_login_url_must_be_one_of_salesforces() -> Result<()> {
    let scene = Scene::open().await?;
    let portal = scene.portal(TOKEN_A, &no_token()).await?;
    for hostile in [
        "https://evil.example",
        "https://acme.my.salesforce.com.evil.example",
        "http://acme.my.salesforce.com",
        "https://salesforce.com.evil.example:443",
        "https://127.0.0.1",
        "https://169.254.169.254",
    ] {
        let method = Method::ClientCredentials(SalesforceClientCredentials {
            client_id: "acme-client-id".to_owned(),
            client_secret: APP_SECRET.to_owned(),
            login_url: hostile.to_owned(),
        });
        let answer = scene.ask(&portal, Some(credential(method))).await;
        refusal(answer, Code::FailedPrecondition, "SALESFORCE_HOST_NOT_ALLOWED")?;
    }
    ensure!(scene.attempt(&portal).await?.is_none(), "a refused call left an attempt");
    Ok(())
}
