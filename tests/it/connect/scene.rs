//! A world, portals that have walked to the step "connect accounts", and what a client asks for from there.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        AcknowledgePrerequisitesRequest, AdminAccess, Check, ConfirmAdminAccessRequest,
        ConfirmPackageInstalledRequest, ConfirmVisualforceModuleRequest, ConnectAccountsRequest,
        ConnectAccountsResponse, ConnectAttempt, ConnectState, Connection, ConnectionState,
        DisconnectRequest, ErrorReason, Finding, GetConnectionRequest, GetSetupRequest, HubSpotCredential,
        HubSpotStaticToken, HubSpotSubscription, ListConnectionsRequest, RegisterPortalRequest,
        SalesforceCredential, SalesforceEdition, SalesforceEnvironment, SalesforcePassword,
        SelectEditionRequest, SelectEnvironmentRequest, SetApiCallLimitRequest, SetSeatCountRequest, Setup,
        StartSetupRequest, SubmitSecurityTokenRequest, VisualforceMethod,
        connection_service_client::ConnectionServiceClient, hub_spot_credential,
        org_service_client::OrgServiceClient, portal_service_client::PortalServiceClient,
        salesforce_credential, setup_service_client::SetupServiceClient,
        sync_service_client::SyncServiceClient,
    },
    config::Config,
    dev::Line,
    simulator::{
        hubspot::{
            fixture::{PortalFixture, TokenFixture},
            seed::{TOKEN_A, TOKEN_B, TOKEN_C},
        },
        salesforce::{Salesforce, fixture::OrgFixture},
    },
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::harness::{World, eventually};

/// The administrator of the seeded production org.
pub const ACME: &str = "admin@acme.example";
/// The administrator of its sandbox.
pub const SANDBOX: &str = "admin@acme.example.uat";
/// The administrator of the seeded trial.
pub const TRIAL: &str = "admin@trial.example";
/// The administrator of the seeded Professional Edition org.
pub const PRO: &str = "admin@pro.example";
/// Ids of the seeded orgs, with 15 characters.
pub const ACME_ORG: &str = "00D5g000007ACME";
/// The seeded users' password and token.
pub const PASSWORD: &str = "password";
pub const TOKEN: &str = "token";

/// What a setup claims; the default fits the seeded production org.
#[derive(Clone)]
pub struct Claimed {
    pub edition: SalesforceEdition,
    pub access: AdminAccess,
    pub environment: SalesforceEnvironment,
    pub seats: i32,
    /// `None` accepts the suggestion.
    pub limit: Option<i64>,
    /// `None`: no token is used.
    pub token: Option<&'static str>,
    pub method: VisualforceMethod,
}

impl Default for Claimed {
    fn default() -> Self {
        Self {
            edition: SalesforceEdition::Enterprise,
            access: AdminAccess::TopLevelAdministrator,
            environment: SalesforceEnvironment::Production,
            seats: 50,
            limit: None,
            token: Some(TOKEN),
            method: VisualforceMethod::Visualforce,
        }
    }
}

/// A portal that is ready to connect.
#[derive(Clone)]
pub struct Portal {
    pub id: i64,
    pub setup_id: String,
}

/// A world and a connection to one of its servers.
pub struct Scene {
    pub world: World,
    line: Line,
}

pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A password login whose token is carried over.
pub fn password(username: &str) -> SalesforceCredential {
    password_of(username, PASSWORD, "")
}

pub fn password_of(username: &str, password: &str, token: &str) -> SalesforceCredential {
    credential(salesforce_credential::Method::Password(SalesforcePassword {
        username: username.to_owned(),
        password: password.to_owned(),
        security_token: token.to_owned(),
    }))
}

pub fn credential(method: salesforce_credential::Method) -> SalesforceCredential {
    SalesforceCredential { method: Some(method) }
}

impl Scene {
    pub async fn open() -> Result<Self> {
        Self::open_with(|_| ()).await
    }

    pub async fn open_with(adjust: impl FnOnce(&mut Config)) -> Result<Self> {
        Self::of(World::start_with(adjust).await?).await
    }

    pub async fn of(world: World) -> Result<Self> {
        let line = world.line().await?;
        Ok(Self { world, line })
    }

    /// The client's connection anew, after a restart.
    pub async fn reopen(self) -> Result<Self> {
        Self::of(self.world).await
    }

    pub fn setups(&self) -> SetupServiceClient<Line> {
        SetupServiceClient::new(self.line.clone())
    }

    pub fn connections(&self) -> ConnectionServiceClient<Line> {
        ConnectionServiceClient::new(self.line.clone())
    }

    pub fn orgs(&self) -> OrgServiceClient<Line> {
        OrgServiceClient::new(self.line.clone())
    }

    pub fn portals(&self) -> PortalServiceClient<Line> {
        PortalServiceClient::new(self.line.clone())
    }

    pub fn sync(&self) -> SyncServiceClient<Line> {
        SyncServiceClient::new(self.line.clone())
    }

    pub fn salesforce(&self) -> &Salesforce {
        &self.world.simulators.salesforce
    }

    /// Another org.
    pub fn add_org(&self, org: OrgFixture) -> Result<String> {
        self.salesforce().add_org(org).map_err(anyhow::Error::msg)
    }

    /// Changes an org; it is named by its id, its My Domain or a user of it.
    pub fn edit_org(&self, org: &str, edit: impl FnOnce(&mut OrgFixture)) -> Result<()> {
        self.salesforce().edit_org(org, edit).map_err(anyhow::Error::msg)
    }

    /// Logins that Salesforce saw for a user.
    pub fn logins(&self, username: &str) -> u64 {
        self.salesforce().frame().journal.counter("login_attempts", username)
    }

    pub async fn portal_a(&self) -> Result<Portal> {
        self.portal(TOKEN_A, &Claimed::default()).await
    }

    pub async fn portal_b(&self) -> Result<Portal> {
        self.portal(TOKEN_B, &Claimed::default()).await
    }

    pub async fn portal_c(&self) -> Result<Portal> {
        self.portal(TOKEN_C, &Claimed::default()).await
    }

    /// A portal that is not part of the seed.
    pub async fn another_portal(&self, hub_id: u64, claimed: &Claimed) -> Result<Portal> {
        let token = format!("token-of-{hub_id}");
        self.world.simulators.hubspot.create_portal(PortalFixture {
            portal_id: hub_id,
            tokens: vec![TokenFixture::with_all_scopes(token.clone())],
            ..PortalFixture::default()
        })?;
        self.portal(&token, claimed).await
    }

    /// Registers a portal and answers every step before "connect accounts".
    pub async fn portal(&self, token: &str, claimed: &Claimed) -> Result<Portal> {
        let credential = HubSpotCredential {
            method: Some(hub_spot_credential::Method::StaticToken(HubSpotStaticToken {
                token: token.to_owned(),
            })),
        };
        let request = RegisterPortalRequest { credential: Some(credential), ..Default::default() };
        let registered = self.portals().register_portal(request).await?.into_inner();
        let portal_id = registered.portal.context("a portal")?.portal_id;
        let request = StartSetupRequest { request_id: request_id(), portal_id };
        let started = self.setups().start_setup(request).await?.into_inner();
        let setup_id = started.setup.context("a setup")?.setup_id;
        let portal = Portal { id: portal_id, setup_id };
        self.claim(&portal, claimed).await?;
        Ok(portal)
    }

    async fn claim(&self, portal: &Portal, claimed: &Claimed) -> Result<()> {
        let setup_id = portal.setup_id.clone();
        let mut setups = self.setups();
        setups
            .acknowledge_prerequisites(AcknowledgePrerequisitesRequest {
                setup_id: setup_id.clone(),
                acknowledged: true,
                subscription: HubSpotSubscription::Professional.into(),
                ..Default::default()
            })
            .await?;
        self.select_edition(portal, claimed.edition).await?;
        setups
            .confirm_admin_access(ConfirmAdminAccessRequest {
                setup_id: setup_id.clone(),
                admin_access: claimed.access.into(),
                ..Default::default()
            })
            .await?;
        self.select_environment(portal, claimed.environment).await?;
        let seat_count = claimed.seats;
        setups.set_seat_count(SetSeatCountRequest { setup_id, seat_count, ..Default::default() }).await?;
        self.confirm_after_environment(portal, claimed).await
    }

    /// The steps that an edit of the environment opens again.
    pub async fn confirm_after_environment(&self, portal: &Portal, claimed: &Claimed) -> Result<()> {
        let setup_id = portal.setup_id.clone();
        let mut setups = self.setups();
        self.set_limit(portal, claimed.limit).await?;
        setups
            .confirm_package_installed(ConfirmPackageInstalledRequest {
                setup_id: setup_id.clone(),
                installed: true,
                ..Default::default()
            })
            .await?;
        self.submit_token(portal, claimed.token).await?;
        setups
            .confirm_visualforce_module(ConfirmVisualforceModuleRequest {
                setup_id,
                added: true,
                method: claimed.method.into(),
                ..Default::default()
            })
            .await?;
        Ok(())
    }

    pub async fn set_limit(&self, portal: &Portal, limit: Option<i64>) -> Result<()> {
        let setup_id = portal.setup_id.clone();
        let request = SetApiCallLimitRequest { setup_id, limit, ..Default::default() };
        self.setups().set_api_call_limit(request).await?;
        Ok(())
    }

    pub async fn select_edition(&self, portal: &Portal, edition: SalesforceEdition) -> Result<()> {
        let setup_id = portal.setup_id.clone();
        let request = SelectEditionRequest { setup_id, edition: edition.into(), ..Default::default() };
        self.setups().select_edition(request).await?;
        Ok(())
    }

    pub async fn select_environment(
        &self,
        portal: &Portal,
        environment: SalesforceEnvironment,
    ) -> Result<()> {
        let request = SelectEnvironmentRequest {
            setup_id: portal.setup_id.clone(),
            environment: environment.into(),
            sandbox_notes_acknowledged: environment == SalesforceEnvironment::Sandbox,
            ..Default::default()
        };
        self.setups().select_environment(request).await?;
        Ok(())
    }

    pub async fn submit_token(&self, portal: &Portal, token: Option<&str>) -> Result<()> {
        let request = SubmitSecurityTokenRequest {
            setup_id: portal.setup_id.clone(),
            security_token: token.unwrap_or_default().to_owned(),
            not_used: token.is_none(),
            ..Default::default()
        };
        self.setups().submit_security_token(request).await?;
        Ok(())
    }

    /// Asks for a connect; the answer may be a refusal.
    pub async fn ask(
        &self,
        portal: &Portal,
        credential: Option<SalesforceCredential>,
    ) -> Result<ConnectAccountsResponse, Status> {
        self.ask_for(portal, credential, "").await
    }

    /// The same, meaning this org.
    pub async fn ask_for(
        &self,
        portal: &Portal,
        credential: Option<SalesforceCredential>,
        expected_org_id: &str,
    ) -> Result<ConnectAccountsResponse, Status> {
        let request = ConnectAccountsRequest {
            request_id: request_id(),
            setup_id: portal.setup_id.clone(),
            credential,
            expected_org_id: expected_org_id.to_owned(),
            ..Default::default()
        };
        Ok(self.connections().connect_accounts(request).await?.into_inner())
    }

    /// Connects and waits for the end of the attempt, whatever it is.
    pub async fn try_connect(
        &self,
        portal: &Portal,
        credential: Option<SalesforceCredential>,
    ) -> Result<ConnectAttempt> {
        let asked = self.ask(portal, credential).await?;
        self.ended(portal, &asked.attempt.context("an attempt")?.attempt_id).await
    }

    /// Connects the portal, which must succeed.
    pub async fn connect(&self, portal: &Portal, username: &str) -> Result<ConnectAttempt> {
        let attempt = self.try_connect(portal, Some(password(username))).await?;
        ensure!(attempt.state() == ConnectState::Connected, "not connected: {attempt:#?}");
        Ok(attempt)
    }

    /// Connects the portal, which must fail for this reason.
    pub async fn refused(
        &self,
        portal: &Portal,
        credential: Option<SalesforceCredential>,
        reason: ErrorReason,
    ) -> Result<ConnectAttempt> {
        let attempt = self.try_connect(portal, credential).await?;
        ensure!(attempt.state() == ConnectState::Failed, "it did not fail: {attempt:#?}");
        ensure!(attempt.reason() == reason, "another reason than {reason:?}: {attempt:#?}");
        ensure!(!attempt.message.is_empty() && !attempt.fix.is_empty(), "no words: {attempt:#?}");
        ensure!(!attempt.message.contains("{ $"), "unfilled words: {}", attempt.message);
        Ok(attempt)
    }

    /// Waits until an attempt has ended.
    pub async fn ended(&self, portal: &Portal, attempt_id: &str) -> Result<ConnectAttempt> {
        self.attempt_in(portal, attempt_id, &[ConnectState::Connected, ConnectState::Failed]).await
    }

    /// Waits until an attempt is in one of these states.
    pub async fn attempt_in(
        &self,
        portal: &Portal,
        attempt_id: &str,
        states: &[ConnectState],
    ) -> Result<ConnectAttempt> {
        eventually(&format!("the attempt is {states:?}"), || async {
            let attempt = self.attempt(portal).await?.context("an attempt")?;
            ensure!(attempt.attempt_id == attempt_id, "another attempt came in between");
            Ok(states.contains(&attempt.state()).then_some(attempt))
        })
        .await
    }

    pub async fn setup(&self, portal: &Portal) -> Result<Setup> {
        let request = GetSetupRequest { setup_id: portal.setup_id.clone() };
        self.setups().get_setup(request).await?.into_inner().setup.context("a setup")
    }

    pub async fn attempt(&self, portal: &Portal) -> Result<Option<ConnectAttempt>> {
        Ok(self.setup(portal).await?.answers.and_then(|answers| answers.connect_attempt))
    }

    pub async fn connection(&self, portal: &Portal) -> Result<Connection, Status> {
        let request = GetConnectionRequest { portal_id: portal.id };
        let found = self.connections().get_connection(request).await?.into_inner();
        found.connection.ok_or_else(|| Status::internal("no connection in the answer"))
    }

    /// Portals that are connected, to whatever org.
    pub async fn connected_portals(&self) -> Result<Vec<i64>> {
        let listed = self.connections().list_connections(ListConnectionsRequest::default()).await?;
        let listed = listed.into_inner().connections;
        ensure!(
            listed.iter().all(|one| one.state() != ConnectionState::Disconnected),
            "disconnected ones were not asked for"
        );
        Ok(listed.iter().map(|one| one.portal_id).collect())
    }

    pub async fn disconnect(&self, portal: &Portal) -> Result<Connection, Status> {
        let request = DisconnectRequest { portal_id: portal.id, ..Default::default() };
        let gone = self.connections().disconnect(request).await?.into_inner();
        gone.connection.ok_or_else(|| Status::internal("no connection in the answer"))
    }
}

/// The one finding of a check; of the one on `subject`, unless it is empty.
pub fn finding<'a>(findings: &'a [Finding], check: Check, subject: &str) -> Result<&'a Finding> {
    let mut found =
        findings.iter().filter(|one| one.check() == check && (subject.is_empty() || one.subject == subject));
    let one = found.next().with_context(|| format!("no finding of {check:?} {subject} in {findings:#?}"))?;
    ensure!(found.next().is_none(), "two findings of {check:?} {subject}");
    Ok(one)
}

/// The call must have been refused with this code and reason. Returns the status.
pub fn refusal<T>(answer: Result<T, Status>, code: Code, reason: &str) -> Result<Status> {
    let Err(status) = answer else { anyhow::bail!("it was not refused, but should be with {reason}") };
    let info = status.get_error_details();
    let found = info.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    ensure!(status.code() == code && found == reason, "{code:?} {reason} expected: {status:?} ({found})");
    ensure!(
        info.localized_message().is_some_and(|words| !words.message.contains("{ $")),
        "no words, or unfilled ones: {info:?}"
    );
    Ok(status)
}

/// The call must have been refused for exactly these fields.
pub fn wrong_fields<T>(answer: Result<T, Status>, fields: &[&str]) -> Result<()> {
    let status = refusal(answer, Code::InvalidArgument, "INVALID_FIELD")?;
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    let named: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    ensure!(named == fields, "{fields:?} expected, {named:?} named");
    ensure!(violations.iter().all(|violation| !violation.description.is_empty()), "no words: {violations:?}");
    Ok(())
}

/// A detail of a refusal.
pub fn detail(status: &Status, name: &str) -> String {
    let details = status.get_error_details();
    details.error_info().and_then(|info| info.metadata.get(name).cloned()).unwrap_or_default()
}
