//! What clients send by mistake or on purpose: the right code, the field named, nothing changed.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        AllocateApiCallsRequest, ApiCallShare, CheckConnectionRequest, ConnectAccountsRequest, Connection,
        DisconnectRequest, GetApiBudgetRequest, GetConnectionRequest, GetOrgRequest, GetPortalRequest,
        HubSpotCredential, HubSpotOAuth, HubSpotStaticToken, ListConnectionsRequest, ListOrgPortalsRequest,
        ListOrgsRequest, ListPortalsRequest, Portal as PortalResource, RegisterPortalRequest,
        RotateCredentialRequest, SalesforceClientCredentials, SalesforceCredential, SalesforceJwtBearer,
        SalesforceRefreshToken, Setup, UpdatePortalCredentialRequest, WatchConnectionsRequest,
        hub_spot_credential, salesforce_credential::Method,
    },
    simulator::hubspot::seed::{TOKEN_A, TOKEN_B},
};
use tonic::Code;

use super::scene::{
    ACME, ACME_ORG, PASSWORD, Portal, Scene, credential, password, password_of, refusal, wrong_fields,
};

/// Everything that a refused call could have changed.
#[derive(Debug, PartialEq)]
struct Snapshot {
    setup: Setup,
    connections: Vec<Connection>,
    portals: Vec<PortalResource>,
    budget: connector::api::v1::ApiBudget,
    logins: u64,
}

async fn snapshot(scene: &Scene, portal: &Portal) -> Result<Snapshot> {
    let request = ListConnectionsRequest { include_disconnected: true, ..Default::default() };
    let connections = scene.connections().list_connections(request).await?.into_inner().connections;
    let portals = scene.portals().list_portals(ListPortalsRequest::default()).await?.into_inner().portals;
    let request = GetApiBudgetRequest { org_id: ACME_ORG.to_owned() };
    let budget = scene.orgs().get_api_budget(request).await?.into_inner().budget.context("a budget")?;
    let setup = scene.setup(portal).await?;
    Ok(Snapshot { setup, connections, portals, budget, logins: scene.logins(ACME) })
}

/// A connected portal, and what everything looks like.
async fn connected() -> Result<(Scene, Portal, Snapshot)> {
    let scene = Scene::open().await?;
    let portal = scene.portal_a().await?;
    scene.connect(&portal, ACME).await?;
    let before = snapshot(&scene, &portal).await?;
    Ok((scene, portal, before))
}

const NOT_A_UUID: &[&str] =
    &["", "1", "not-a-uuid", "00000000000000000000000000000000", "{}", "'; drop table setups"];
const NOT_AN_ORG: &[&str] =
    &["", "00D", "0015g000007ACME", "00D5g000007ACM!", "00D5g000007ACMEAA", "00D5g000007ACMEZZ9", "组织"];

fn oversized(length: usize) -> String {
    "x".repeat(length)
}

#[tokio::test]
async fn r45_connecting_names_every_field_that_is_wrong() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    let connect = |request: ConnectAccountsRequest| {
        let mut client = scene.connections();
        async move { client.connect_accounts(request).await }
    };
    let sound = ConnectAccountsRequest {
        setup_id: portal.setup_id.clone(),
        credential: Some(password(ACME)),
        ..Default::default()
    };
    for wrong in NOT_A_UUID {
        let request = ConnectAccountsRequest { setup_id: (*wrong).to_owned(), ..sound.clone() };
        wrong_fields(connect(request).await, &["setup_id"]).context(*wrong)?;
    }
    let unknown = "0197a000-0000-7000-8000-000000000000".to_owned();
    let request = ConnectAccountsRequest { setup_id: unknown.clone(), ..sound.clone() };
    refusal(connect(request).await, Code::NotFound, "SETUP_NOT_FOUND")?;
    let request = CheckConnectionRequest { setup_id: unknown };
    refusal(scene.connections().check_connection(request).await, Code::NotFound, "SETUP_NOT_FOUND")?;
    let request = CheckConnectionRequest { setup_id: "x".to_owned() };
    wrong_fields(scene.connections().check_connection(request).await, &["setup_id"])?;
    let request =
        ConnectAccountsRequest { request_id: "1".to_owned(), etag: oversized(4_097), ..sound.clone() };
    wrong_fields(connect(request).await, &["request_id", "etag"])?;
    let request = ConnectAccountsRequest { expected_org_id: oversized(100_000), ..sound.clone() };
    wrong_fields(connect(request).await, &["expected_org_id"])?;
    for wrong in NOT_AN_ORG.iter().filter(|wrong| !wrong.is_empty()) {
        let request = ConnectAccountsRequest { expected_org_id: (*wrong).to_owned(), ..sound.clone() };
        wrong_fields(connect(request).await, &["expected_org_id"]).context(*wrong)?;
    }
    let everything = ConnectAccountsRequest {
        request_id: "x".to_owned(),
        setup_id: String::new(),
        credential: Some(password_of("", "", "two words")),
        expected_org_id: "x".to_owned(),
        ..Default::default()
    };
    let at = |name: &str| format!("credential.password.{name}");
    let (user, word, token) = (at("username"), at("password"), at("security_token"));
    let fields = ["request_id", "setup_id", &user, &word, &token, "expected_org_id"];
    wrong_fields(connect(everything).await, &fields)?;
    ensure!(snapshot(&scene, &portal).await? == before, "a refused call changed something");
    Ok(())
}

#[tokio::test]
async fn r53_credentials_of_every_method_have_bounds() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    let jwt = |client_id: &str, username: &str, key: &str, login_url: &str| {
        Method::JwtBearer(SalesforceJwtBearer {
            client_id: client_id.to_owned(),
            username: username.to_owned(),
            private_key_pem: key.to_owned(),
            login_url: login_url.to_owned(),
        })
    };
    let key = &scene.salesforce().make_app_key(ACME, "connector-client-id").map_err(anyhow::Error::msg)?;
    let long_key = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", oversized(17_000));
    let secrets = |id: &str, secret: &str, login_url: &str| {
        Method::ClientCredentials(SalesforceClientCredentials {
            client_id: id.to_owned(),
            client_secret: secret.to_owned(),
            login_url: login_url.to_owned(),
        })
    };
    let refresh = |secret: &str, token: &str| {
        Method::RefreshToken(SalesforceRefreshToken {
            client_id: "app".to_owned(),
            client_secret: secret.to_owned(),
            refresh_token: token.to_owned(),
            login_url: String::new(),
        })
    };
    let host = "https://acme.my.salesforce.com";
    let cases: Vec<(SalesforceCredential, &str)> = vec![
        (password_of(&oversized(256), PASSWORD, ""), "password.username"),
        (password_of("a\u{0}b", PASSWORD, ""), "password.username"),
        (password_of(ACME, &oversized(1_025), ""), "password.password"),
        (password_of(ACME, "a\u{0}b", ""), "password.password"),
        (password_of(ACME, PASSWORD, &oversized(129)), "password.security_token"),
        (password_of(ACME, PASSWORD, "two words"), "password.security_token"),
        (password_of(ACME, PASSWORD, " "), "password.security_token"),
        (credential(jwt("app", ACME, "not a key", "")), "jwt_bearer.private_key_pem"),
        (credential(jwt("app", ACME, &long_key, "")), "jwt_bearer.private_key_pem"),
        (credential(jwt(&oversized(1_025), ACME, key, "")), "jwt_bearer.client_id"),
        (credential(jwt("app", "", key, "")), "jwt_bearer.username"),
        (credential(jwt("app", ACME, key, "not an address")), "jwt_bearer.login_url"),
        (credential(jwt("app", ACME, key, "ftp://acme.my.salesforce.com")), "jwt_bearer.login_url"),
        (credential(secrets("", "secret", host)), "client_credentials.client_id"),
        (credential(secrets("app", "", host)), "client_credentials.client_secret"),
        (credential(secrets("app", "a\r\nb", host)), "client_credentials.client_secret"),
        (credential(secrets("app", "secret", "")), "client_credentials.login_url"),
        (
            credential(secrets("app", "secret", "https://a:b@acme.my.salesforce.com")),
            "client_credentials.login_url",
        ),
        (
            credential(secrets("app", "secret", "https://acme.my.salesforce.com/path")),
            "client_credentials.login_url",
        ),
        (credential(secrets("app", "secret", &oversized(256))), "client_credentials.login_url"),
        (credential(refresh("", "")), "refresh_token.refresh_token"),
        (credential(refresh("", &oversized(2_049))), "refresh_token.refresh_token"),
        (credential(refresh(&oversized(1_025), "token")), "refresh_token.client_secret"),
    ];
    for (wrong, field) in cases {
        let field = format!("credential.{field}");
        wrong_fields(scene.ask(&portal, Some(wrong.clone())).await, &[&field]).context(field.clone())?;
        let request =
            RotateCredentialRequest { portal_id: portal.id, credential: Some(wrong), ..Default::default() };
        wrong_fields(scene.connections().rotate_credential(request).await, &[&field])?;
    }
    ensure!(snapshot(&scene, &portal).await? == before, "a refused call changed something");
    Ok(())
}

#[tokio::test]
async fn r80_connections_are_asked_for_by_ids_pages_and_tokens_of_ours() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    for portal_id in [0, -1, i64::MIN] {
        let request = GetConnectionRequest { portal_id };
        wrong_fields(scene.connections().get_connection(request).await, &["portal_id"])?;
        let request = DisconnectRequest { portal_id, ..Default::default() };
        wrong_fields(scene.connections().disconnect(request).await, &["portal_id"])?;
        let credential = Some(password(ACME));
        let request = RotateCredentialRequest { portal_id, credential, ..Default::default() };
        wrong_fields(scene.connections().rotate_credential(request).await, &["portal_id"])?;
    }
    let request = GetConnectionRequest { portal_id: i64::MAX };
    let answer = scene.connections().get_connection(request).await;
    refusal(answer, Code::NotFound, "PORTAL_NOT_FOUND")?;
    let list = |request: ListConnectionsRequest| {
        let mut client = scene.connections();
        async move { client.list_connections(request).await }
    };
    for page_size in [-1, 501, i32::MAX] {
        let request = ListConnectionsRequest { page_size, ..Default::default() };
        wrong_fields(list(request).await, &["page_size"])?;
    }
    let request = ListConnectionsRequest { org_id: "x".to_owned(), page_size: -1, ..Default::default() };
    wrong_fields(list(request).await, &["org_id", "page_size"])?;
    let request = ListConnectionsRequest { page_token: oversized(4_097), ..Default::default() };
    wrong_fields(list(request).await, &["page_token"])?;
    scene.connect(&scene.portal_b().await?, ACME).await?;
    let page = list(ListConnectionsRequest { page_size: 1, ..Default::default() }).await?.into_inner();
    ensure!(!page.next_page_token.is_empty());
    let request = ListPortalsRequest { page_size: 1, ..Default::default() };
    let foreign = scene.portals().list_portals(request).await?.into_inner().next_page_token;
    ensure!(!foreign.is_empty());
    for page_token in ["garbage".to_owned(), foreign, format!("{}A", page.next_page_token)] {
        let request = ListConnectionsRequest { page_token, ..Default::default() };
        refusal(list(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID")?;
    }
    // The token belongs to its filter.
    let request = ListConnectionsRequest {
        include_disconnected: true,
        page_token: page.next_page_token,
        ..Default::default()
    };
    refusal(list(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID")?;
    let watch = |portal_id: i64, resume_token: &str| {
        let request = WatchConnectionsRequest { portal_id, resume_token: resume_token.to_owned() };
        let mut client = scene.connections();
        async move { client.watch_connections(request).await }
    };
    wrong_fields(watch(-5, "").await, &["portal_id"])?;
    refusal(watch(portal.id, "garbage").await, Code::InvalidArgument, "RESUME_TOKEN_INVALID")?;
    refusal(watch(4_711, "").await, Code::NotFound, "PORTAL_NOT_FOUND")?;
    ensure!(scene.connection(&portal).await? == *before.connections.first().context("one")?);
    Ok(())
}

#[tokio::test]
async fn r80_orgs_are_asked_for_by_ids_shares_and_pages_within_bounds() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    let mut orgs = scene.orgs();
    for wrong in NOT_AN_ORG {
        let org_id = (*wrong).to_owned();
        let fields = ["org_id"];
        wrong_fields(orgs.get_org(GetOrgRequest { org_id: org_id.clone() }).await, &fields)?;
        let request = ListOrgPortalsRequest { org_id: org_id.clone() };
        wrong_fields(orgs.list_org_portals(request).await, &fields)?;
        let request = GetApiBudgetRequest { org_id: org_id.clone() };
        wrong_fields(orgs.get_api_budget(request).await, &fields)?;
    }
    let share = |portal_id, api_call_limit| ApiCallShare { portal_id, api_call_limit };
    let many: Vec<ApiCallShare> = (1..=101).map(|number| share(number, 1)).collect();
    let cases: Vec<(Vec<ApiCallShare>, Vec<&str>)> = vec![
        (Vec::new(), vec!["shares"]),
        (many, vec!["shares"]),
        (vec![share(0, 1)], vec!["shares[0].portal_id"]),
        (vec![share(-1, 0)], vec!["shares[0].portal_id", "shares[0].api_call_limit"]),
        (vec![share(portal.id, -5)], vec!["shares[0].api_call_limit"]),
        (vec![share(portal.id, 10_000_001)], vec!["shares[0].api_call_limit"]),
        (vec![share(portal.id, i64::MAX)], vec!["shares[0].api_call_limit"]),
        (vec![share(portal.id, 1), share(portal.id, 2)], vec!["shares[1].portal_id"]),
    ];
    for (shares, fields) in cases {
        let request = AllocateApiCallsRequest { org_id: ACME_ORG.to_owned(), shares, ..Default::default() };
        wrong_fields(orgs.allocate_api_calls(request).await, &fields)?;
    }
    let request = AllocateApiCallsRequest {
        request_id: "x".to_owned(),
        org_id: "x".to_owned(),
        etag: oversized(4_097),
        ..Default::default()
    };
    wrong_fields(orgs.allocate_api_calls(request).await, &["request_id", "etag", "org_id", "shares"])?;
    for etag in ["x", "W--1", "W-99999999999999999999", "\"1\""] {
        let request = AllocateApiCallsRequest {
            org_id: ACME_ORG.to_owned(),
            shares: vec![share(portal.id, 1)],
            etag: etag.to_owned(),
            ..Default::default()
        };
        refusal(orgs.allocate_api_calls(request).await, Code::Aborted, "ETAG_MISMATCH")?;
    }
    for page_size in [-1, 501] {
        let request = ListOrgsRequest { page_size, ..Default::default() };
        wrong_fields(orgs.list_orgs(request).await, &["page_size"])?;
    }
    for page_token in ["garbage", "MTpMaXN0UG9ydGFsczo"] {
        let request = ListOrgsRequest { page_token: page_token.to_owned(), ..Default::default() };
        refusal(orgs.list_orgs(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID")?;
    }
    ensure!(snapshot(&scene, &portal).await? == before, "a refused call changed something");
    Ok(())
}

fn static_token(token: &str) -> Option<HubSpotCredential> {
    let method = hub_spot_credential::Method::StaticToken(HubSpotStaticToken { token: token.to_owned() });
    Some(HubSpotCredential { method: Some(method) })
}

#[tokio::test]
async fn r80_portals_are_registered_only_with_a_credential_that_holds() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    let mut portals = scene.portals();
    let token = "credential.static_token.token";
    let cases: Vec<(RegisterPortalRequest, Vec<&str>)> = vec![
        (RegisterPortalRequest::default(), vec!["credential"]),
        (
            RegisterPortalRequest {
                credential: Some(HubSpotCredential { method: None }),
                request_id: "x".to_owned(),
                ..Default::default()
            },
            vec!["request_id", "credential"],
        ),
        (RegisterPortalRequest { credential: static_token(""), ..Default::default() }, vec![token]),
        (RegisterPortalRequest { credential: static_token("  "), ..Default::default() }, vec![token]),
        (RegisterPortalRequest { credential: static_token("a\nb"), ..Default::default() }, vec![token]),
        (
            RegisterPortalRequest { credential: static_token(&oversized(1_025)), ..Default::default() },
            vec![token],
        ),
        (
            RegisterPortalRequest {
                credential: static_token(TOKEN_A),
                display_name: oversized(256),
                ..Default::default()
            },
            vec!["display_name"],
        ),
        (
            RegisterPortalRequest {
                credential: static_token(TOKEN_A),
                display_name: "a\u{7}b".to_owned(),
                ..Default::default()
            },
            vec!["display_name"],
        ),
    ];
    for (request, fields) in cases {
        wrong_fields(portals.register_portal(request).await, &fields)?;
    }
    let oauth = hub_spot_credential::Method::Oauth(HubSpotOAuth::default());
    let credential = Some(HubSpotCredential { method: Some(oauth) });
    let fields =
        ["client_id", "client_secret", "refresh_token"].map(|name| format!("credential.oauth.{name}"));
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let request = RegisterPortalRequest { credential, ..Default::default() };
    wrong_fields(portals.register_portal(request).await, &fields)?;
    let request = RegisterPortalRequest { credential: static_token("nobody's"), ..Default::default() };
    let answer = portals.register_portal(request).await;
    refusal(answer, Code::FailedPrecondition, "HUBSPOT_CREDENTIAL_REFUSED")?;

    let update = |portal_id: i64, token: &str, etag: &str| {
        let request = UpdatePortalCredentialRequest {
            portal_id,
            credential: static_token(token),
            etag: etag.to_owned(),
            ..Default::default()
        };
        let mut client = scene.portals();
        async move { client.update_portal_credential(request).await }
    };
    wrong_fields(update(0, TOKEN_A, "").await, &["portal_id"])?;
    wrong_fields(update(-1, "", "").await, &["portal_id", token])?;
    refusal(update(4_711, TOKEN_A, "").await, Code::NotFound, "PORTAL_NOT_FOUND")?;
    let code = Code::FailedPrecondition;
    refusal(update(portal.id, TOKEN_B, "").await, code, "HUBSPOT_PORTAL_MISMATCH")?;
    refusal(update(portal.id, "nobody's", "").await, code, "HUBSPOT_CREDENTIAL_REFUSED")?;
    refusal(update(portal.id, TOKEN_A, "W-0").await, Code::Aborted, "ETAG_MISMATCH")?;
    wrong_fields(portals.get_portal(GetPortalRequest { portal_id: 0 }).await, &["portal_id"])?;
    let answer = portals.get_portal(GetPortalRequest { portal_id: 4_711 }).await;
    refusal(answer, Code::NotFound, "PORTAL_NOT_FOUND")?;
    let request = ListPortalsRequest { page_size: 501, page_token: oversized(5_000) };
    wrong_fields(portals.list_portals(request).await, &["page_size", "page_token"])?;
    let request = ListPortalsRequest { page_token: "garbage".to_owned(), ..Default::default() };
    refusal(portals.list_portals(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID")?;
    ensure!(snapshot(&scene, &portal).await? == before, "a refused call changed something");
    Ok(())
}

#[tokio::test]
async fn r80_a_message_over_one_mebibyte_is_refused_and_the_server_goes_on() -> Result<()> {
    let (scene, portal, before) = connected().await?;
    let huge = Some(password_of(&oversized(2 * 1_024 * 1_024), PASSWORD, ""));
    let status = refusal(scene.ask(&portal, huge).await, Code::OutOfRange, "MESSAGE_TOO_LARGE")?;
    ensure!(!status.message().is_empty());
    ensure!(snapshot(&scene, &portal).await? == before, "a refused call changed something");
    Ok(())
}
