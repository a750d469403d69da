//! Walks the wizard over gRPC as any client would.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        self, Step, audit_service_client::AuditServiceClient,
        connection_service_client::ConnectionServiceClient,
        inclusion_list_service_client::InclusionListServiceClient, org_service_client::OrgServiceClient,
        portal_service_client::PortalServiceClient, setup_service_client::SetupServiceClient,
        sync_service_client::SyncServiceClient, test_contact_service_client::TestContactServiceClient,
    },
    dev::Line,
    simulator::hubspot::seed,
};
use tonic::Status;
use uuid::Uuid;

use super::{World, eventually};

/// The administrator of the simulated Acme, production.
pub const ACME_ADMIN: &str = "admin@acme.example";
/// The administrator of Acme's sandbox.
pub const SANDBOX_ADMIN: &str = "admin@acme.example.uat";
/// The password of every simulated user.
pub const PASSWORD: &str = "password";
/// The security token of every simulated user.
pub const TOKEN: &str = "token";
/// Seats of the simulated Acme.
pub const SEATS: i32 = 50;

/// The steps in their order, as the guide has them (R20).
pub const STEPS: [Step; 16] = [
    Step::Prerequisites,
    Step::Edition,
    Step::AdminAccess,
    Step::Environment,
    Step::SeatCount,
    Step::ApiCallLimit,
    Step::Package,
    Step::SecurityToken,
    Step::VisualforceModule,
    Step::ConnectAccounts,
    Step::ObjectSync,
    Step::ActivitySync,
    Step::InclusionList,
    Step::Review,
    Step::Test,
    Step::Done,
];

/// A fresh request id.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A password login; the token is carried over from its step.
pub fn password(username: &str) -> v1::SalesforceCredential {
    let password = v1::SalesforcePassword {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        security_token: String::new(),
    };
    v1::SalesforceCredential { method: Some(v1::salesforce_credential::Method::Password(password)) }
}

/// All services over one connection. Cloning is cheap; each call clones its client.
#[derive(Clone)]
pub struct Clients {
    pub portals: PortalServiceClient<Line>,
    pub setups: SetupServiceClient<Line>,
    pub connections: ConnectionServiceClient<Line>,
    pub orgs: OrgServiceClient<Line>,
    pub lists: InclusionListServiceClient<Line>,
    pub test_contacts: TestContactServiceClient<Line>,
    pub sync: SyncServiceClient<Line>,
    pub audit: AuditServiceClient<Line>,
}

impl Clients {
    /// The services of a server.
    pub fn over(line: Line) -> Self {
        Self {
            portals: PortalServiceClient::new(line.clone()),
            setups: SetupServiceClient::new(line.clone()),
            connections: ConnectionServiceClient::new(line.clone()),
            orgs: OrgServiceClient::new(line.clone()),
            lists: InclusionListServiceClient::new(line.clone()),
            test_contacts: TestContactServiceClient::new(line.clone()),
            sync: SyncServiceClient::new(line.clone()),
            audit: AuditServiceClient::new(line),
        }
    }

    /// Registers a portal by its static token and returns its hub id.
    pub async fn register(&self, token: &str) -> Result<i64> {
        let method =
            v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken { token: token.to_owned() });
        let request = v1::RegisterPortalRequest {
            request_id: request_id(),
            credential: Some(v1::HubSpotCredential { method: Some(method) }),
            display_name: String::new(),
        };
        let answer = self.portals.clone().register_portal(request).await?.into_inner();
        Ok(answer.portal.context("no portal")?.portal_id)
    }
}

/// A portal on its way through the wizard, and the answers that it gives. They fit the simulated Acme.
#[derive(Clone)]
pub struct Walk {
    pub clients: Clients,
    pub portal_id: i64,
    pub setup_id: String,
    /// Whom it connects as.
    pub username: String,
    /// Production or sandbox.
    pub environment: v1::SalesforceEnvironment,
}

impl Walk {
    /// Portal A of the seed, registered, with its setup started.
    pub async fn start(world: &World) -> Result<Self> {
        Self::start_with(world, seed::TOKEN_A).await
    }

    /// The same for the portal of another static token.
    pub async fn start_with(world: &World, token: &str) -> Result<Self> {
        let clients = Clients::over(world.line().await?);
        let portal_id = clients.register(token).await?;
        let request = v1::StartSetupRequest { request_id: request_id(), portal_id };
        let setup = clients.setups.clone().start_setup(request).await?.into_inner().setup;
        Ok(Self {
            clients,
            portal_id,
            setup_id: setup.context("no setup")?.setup_id,
            username: ACME_ADMIN.to_owned(),
            environment: v1::SalesforceEnvironment::Production,
        })
    }

    /// Portal A with all steps before this one answered.
    pub async fn before(world: &World, step: Step) -> Result<Self> {
        let walk = Self::start(world).await?;
        walk.answer_until(step).await?;
        Ok(walk)
    }

    /// Portal A with sync switched on.
    pub async fn enabled(world: &World) -> Result<Self> {
        Self::before(world, Step::Test).await
    }

    /// Goes on over another connection, for example after a restart.
    pub async fn reconnect(&mut self, world: &World) -> Result<()> {
        self.clients = Clients::over(world.line().await?);
        Ok(())
    }

    /// The setup as it stands.
    pub async fn setup(&self) -> Result<v1::Setup> {
        let request = v1::GetSetupRequest { setup_id: self.setup_id.clone() };
        let answer = self.clients.setups.clone().get_setup(request).await?;
        answer.into_inner().setup.context("no setup")
    }

    /// Answers every step before this one.
    pub async fn answer_until(&self, step: Step) -> Result<()> {
        for step in STEPS.into_iter().take_while(|before| *before != step) {
            self.answer_and_wait(step).await.with_context(|| step.as_str_name())?;
        }
        Ok(())
    }

    /// Answers a step, and waits where it takes its time.
    pub async fn answer_and_wait(&self, step: Step) -> Result<v1::Setup> {
        match step {
            Step::ConnectAccounts => {
                let attempt = self.connect().await?;
                ensure!(attempt.state() == v1::ConnectState::Connected, "not connected: {attempt:?}");
                self.setup().await
            }
            Step::Test => {
                let contact = self.test().await?;
                ensure!(contact.status() == v1::TestContactStatus::Completed, "{contact:?}");
                self.setup().await
            }
            _ => Ok(self.answer(step).await?),
        }
    }

    /// Answers a step with an answer that does; `ConnectAccounts` and `Test` only start.
    pub async fn answer(&self, step: Step) -> Result<v1::Setup, Status> {
        match step {
            Step::Unspecified => Err(Status::internal("no step")),
            Step::Prerequisites => self.acknowledge(v1::HubSpotSubscription::Professional).await,
            Step::Edition => self.edition(v1::SalesforceEdition::Enterprise).await,
            Step::AdminAccess => self.admin_access(v1::AdminAccess::TopLevelAdministrator).await,
            Step::Environment => self.select_environment(self.environment).await,
            Step::SeatCount => self.seats(SEATS).await,
            Step::ApiCallLimit => self.limit(None).await,
            Step::Package => self.package().await,
            Step::SecurityToken => self.token(TOKEN).await,
            Step::VisualforceModule => self.visualforce(v1::VisualforceMethod::Visualforce).await,
            Step::ConnectAccounts => {
                self.start_to_connect().await?;
                self.setup().await.map_err(|error| Status::internal(error.to_string()))
            }
            Step::ObjectSync => self.objects(v1::Choice::Yes, v1::Choice::No).await,
            Step::ActivitySync => self.activities(true, false, v1::Choice::Yes).await,
            Step::InclusionList => self.no_list("").await,
            Step::Review => self.enable().await,
            Step::Test => {
                self.create_test_contact().await?;
                self.setup().await.map_err(|error| Status::internal(error.to_string()))
            }
            Step::Done => Ok(setup_of(self.finish(v1::ImportDecision::Unspecified).await?.setup)),
        }
    }

    /// Asks for a connection with this walk's user; returns the attempt as it was begun.
    pub async fn start_to_connect(&self) -> Result<v1::ConnectAttempt, Status> {
        self.start_to_connect_with(Some(password(&self.username))).await
    }

    /// The same with another credential; none uses the stored one.
    pub async fn start_to_connect_with(
        &self,
        credential: Option<v1::SalesforceCredential>,
    ) -> Result<v1::ConnectAttempt, Status> {
        let request = v1::ConnectAccountsRequest {
            request_id: request_id(),
            setup_id: self.setup_id.clone(),
            credential,
            ..Default::default()
        };
        let answer = self.clients.connections.clone().connect_accounts(request).await?.into_inner();
        Ok(answer.attempt.unwrap_or_default())
    }

    /// Connects with this walk's user, and waits until the attempt has ended.
    pub async fn connect(&self) -> Result<v1::ConnectAttempt> {
        self.connect_with(Some(password(&self.username))).await
    }

    /// The same with another credential; none uses the stored one.
    pub async fn connect_with(
        &self,
        credential: Option<v1::SalesforceCredential>,
    ) -> Result<v1::ConnectAttempt> {
        let begun = self.start_to_connect_with(credential).await?;
        self.attempt_ended(&begun.attempt_id).await
    }

    /// Waits until an attempt is connected or failed.
    pub async fn attempt_ended(&self, attempt_id: &str) -> Result<v1::ConnectAttempt> {
        eventually("the attempt to connect ended", async || {
            let attempt = self.setup().await?.answers.and_then(|answers| answers.connect_attempt);
            Ok(attempt.filter(|attempt| {
                attempt.attempt_id == attempt_id
                    && matches!(attempt.state(), v1::ConnectState::Connected | v1::ConnectState::Failed)
            }))
        })
        .await
    }

    /// The newest review.
    pub async fn review(&self) -> Result<v1::ReviewSetupResponse, Status> {
        let request = v1::ReviewSetupRequest { setup_id: self.setup_id.clone() };
        Ok(self.clients.setups.clone().review_setup(request).await?.into_inner())
    }

    /// Reviews, and switches on what was reviewed. Without a review, an etag that no review has.
    pub async fn enable(&self) -> Result<v1::Setup, Status> {
        let review_etag = self.review().await.map_or_else(|_| "none".to_owned(), |shown| shown.review_etag);
        Ok(setup_of(self.enable_with(&review_etag).await?.setup))
    }

    /// Switches on with the etag of a review.
    pub async fn enable_with(&self, review_etag: &str) -> Result<v1::EnableSyncResponse, Status> {
        let request = v1::EnableSyncRequest {
            request_id: request_id(),
            setup_id: self.setup_id.clone(),
            review_etag: review_etag.to_owned(),
            ..Default::default()
        };
        Ok(self.clients.setups.clone().enable_sync(request).await?.into_inner())
    }

    /// Asks for a test contact.
    pub async fn create_test_contact(&self) -> Result<v1::TestContact, Status> {
        let request = v1::CreateTestContactRequest { request_id: request_id(), portal_id: self.portal_id };
        let answer = self.clients.test_contacts.clone().create_test_contact(request).await?;
        Ok(answer.into_inner().test_contact.unwrap_or_default())
    }

    /// Asks for a test contact, and waits until it has ended.
    pub async fn test(&self) -> Result<v1::TestContact> {
        let test_contact_id = self.create_test_contact().await?.test_contact_id;
        self.test_ended(&test_contact_id).await
    }

    /// Waits until a test contact has reached a final status.
    pub async fn test_ended(&self, test_contact_id: &str) -> Result<v1::TestContact> {
        use v1::TestContactStatus::{Cancelled, Completed, Failed};
        eventually("the test contact ended", async || {
            let request = v1::GetTestContactRequest { test_contact_id: test_contact_id.to_owned() };
            let answer = self.clients.test_contacts.clone().get_test_contact(request).await?.into_inner();
            let contact = answer.test_contact;
            Ok(contact.filter(|contact| matches!(contact.status(), Completed | Failed | Cancelled)))
        })
        .await
    }

    /// Finishes the wizard.
    pub async fn finish(&self, decision: v1::ImportDecision) -> Result<v1::FinishSetupResponse, Status> {
        let request = v1::FinishSetupRequest {
            request_id: request_id(),
            setup_id: self.setup_id.clone(),
            import_decision: decision.into(),
            ..Default::default()
        };
        Ok(self.clients.setups.clone().finish_setup(request).await?.into_inner())
    }

    /// The status of the portal's sync.
    pub async fn sync_status(&self) -> Result<v1::SyncStatus> {
        let request = v1::GetSyncStatusRequest { portal_id: self.portal_id };
        let answer = self.clients.sync.clone().get_sync_status(request).await?;
        answer.into_inner().status.context("no status")
    }
}

/// One method for each step with a plain answer.
macro_rules! steps {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) by $method:ident $request:ident { $($field:ident: $value:expr),* })*) => {
        impl Walk {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($arg: $type),*) -> Result<v1::Setup, Status> {
                    let request = v1::$request {
                        request_id: request_id(),
                        setup_id: self.setup_id.clone(),
                        $($field: $value,)*
                        ..Default::default()
                    };
                    Ok(setup_of(self.clients.setups.clone().$method(request).await?.into_inner().setup))
                }
            )*
        }
    };
}

steps! {
    /// Gets started.
    acknowledge(subscription: v1::HubSpotSubscription) by acknowledge_prerequisites AcknowledgePrerequisitesRequest {
        acknowledged: true, subscription: subscription.into()
    }
    edition(edition: v1::SalesforceEdition) by select_edition SelectEditionRequest { edition: edition.into() }
    admin_access(access: v1::AdminAccess) by confirm_admin_access ConfirmAdminAccessRequest {
        admin_access: access.into()
    }
    /// A sandbox with its notes acknowledged.
    select_environment(environment: v1::SalesforceEnvironment) by select_environment SelectEnvironmentRequest {
        environment: environment.into(),
        sandbox_notes_acknowledged: environment == v1::SalesforceEnvironment::Sandbox
    }
    seats(seats: i32) by set_seat_count SetSeatCountRequest { seat_count: seats }
    /// `None` accepts the suggestion.
    limit(limit: Option<i64>) by set_api_call_limit SetApiCallLimitRequest { limit: limit }
    package() by confirm_package_installed ConfirmPackageInstalledRequest { installed: true }
    token(token: &str) by submit_security_token SubmitSecurityTokenRequest { security_token: token.to_owned() }
    token_not_used() by submit_security_token SubmitSecurityTokenRequest { not_used: true }
    visualforce(method: v1::VisualforceMethod) by confirm_visualforce_module ConfirmVisualforceModuleRequest {
        added: true, method: method.into()
    }
    objects(accounts: v1::Choice, opportunities: v1::Choice) by choose_object_sync ChooseObjectSyncRequest {
        object_sync: Some(v1::ObjectSync { accounts: accounts.into(), opportunities: opportunities.into() })
    }
    activities(on_form_submission: bool, on_email_open: bool, tasks: v1::Choice) by choose_activity_sync ChooseActivitySyncRequest {
        activity_sync: Some(v1::ActivitySync { on_form_submission, on_email_open, tasks: tasks.into() })
    }
    list(list_id: &str) by choose_inclusion_list ChooseInclusionListRequest {
        choice: Some(v1::choose_inclusion_list_request::Choice::ListId(list_id.to_owned()))
    }
    no_list(lowest_stage: &str) by choose_inclusion_list ChooseInclusionListRequest {
        choice: Some(v1::choose_inclusion_list_request::Choice::NoList(v1::NoInclusionList {
            lowest_lifecycle_stage: lowest_stage.to_owned()
        }))
    }
}

fn setup_of(setup: Option<v1::Setup>) -> v1::Setup {
    setup.unwrap_or_default()
}
