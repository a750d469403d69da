//! Two portals whose rows all others are copies of: one that is connected and switched on, one amid the wizard. They
//! are made by the server itself, so that a copy is what a server would have written.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{
        self, connection_service_client::ConnectionServiceClient, portal_service_client::PortalServiceClient,
        setup_service_client::SetupServiceClient,
    },
    simulator::hubspot::seed,
};
use tonic::transport::Channel;
use uuid::Uuid;

use crate::load::Target;

/// The hub ids of the two.
#[derive(Clone, Copy, Debug)]
pub struct Walked {
    pub connected: i64,
    pub in_wizard: i64,
}

struct Walk {
    target: Target,
    portals: PortalServiceClient<Channel>,
    setups: SetupServiceClient<Channel>,
    connections: ConnectionServiceClient<Channel>,
    portal_id: i64,
    setup_id: String,
}

/// Walks both.
pub async fn walk(target: &Target) -> Result<Walked> {
    let mut connected = Walk::start(target, seed::TOKEN_A).await?;
    connected.answer_beginning().await?;
    connected.answer_rest().await?;
    let mut in_wizard = Walk::start(target, seed::TOKEN_B).await?;
    in_wizard.answer_beginning().await?;
    Ok(Walked { connected: connected.portal_id, in_wizard: in_wizard.portal_id })
}

/// Calls a step with its own fields beside those that all steps have.
macro_rules! step {
    ($walk:ident, $method:ident, $request:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let request = v1::$request {
            request_id: request_id(),
            setup_id: $walk.setup_id.clone(),
            $($field: $value,)*
            ..Default::default()
        };
        $walk.setups.$method($walk.target.request(request)?).await.context(stringify!($method))?.into_inner()
    }};
}

impl Walk {
    async fn start(target: &Target, token: &str) -> Result<Self> {
        let channel = target.connect().await?;
        let mut walk = Self {
            target: target.clone(),
            portals: PortalServiceClient::new(channel.clone()),
            setups: SetupServiceClient::new(channel.clone()),
            connections: ConnectionServiceClient::new(channel),
            portal_id: 0,
            setup_id: String::new(),
        };
        let token = v1::HubSpotStaticToken { token: token.to_owned() };
        let request = v1::RegisterPortalRequest {
            request_id: request_id(),
            credential: Some(v1::HubSpotCredential {
                method: Some(v1::hub_spot_credential::Method::StaticToken(token)),
            }),
            ..Default::default()
        };
        let registered = walk.portals.register_portal(target.request(request)?).await?.into_inner();
        walk.portal_id = registered.portal.context("no portal")?.portal_id;
        let request = v1::StartSetupRequest { request_id: request_id(), portal_id: walk.portal_id };
        let started = walk.setups.start_setup(target.request(request)?).await?.into_inner();
        walk.setup_id = started.setup.context("no setup")?.setup_id;
        Ok(walk)
    }

    async fn answer_beginning(&mut self) -> Result<()> {
        step!(
            self,
            acknowledge_prerequisites,
            AcknowledgePrerequisitesRequest {
                acknowledged: true,
                subscription: v1::HubSpotSubscription::Professional.into(),
            }
        );
        step!(
            self,
            select_edition,
            SelectEditionRequest { edition: v1::SalesforceEdition::Enterprise.into() }
        );
        step!(
            self,
            confirm_admin_access,
            ConfirmAdminAccessRequest { admin_access: v1::AdminAccess::TopLevelAdministrator.into() }
        );
        step!(
            self,
            select_environment,
            SelectEnvironmentRequest { environment: v1::SalesforceEnvironment::Production.into() }
        );
        step!(self, set_seat_count, SetSeatCountRequest { seat_count: 50 });
        step!(self, set_api_call_limit, SetApiCallLimitRequest {});
        step!(self, confirm_package_installed, ConfirmPackageInstalledRequest { installed: true });
        Ok(())
    }

    async fn answer_rest(&mut self) -> Result<()> {
        step!(self, submit_security_token, SubmitSecurityTokenRequest { security_token: "token".to_owned() });
        step!(
            self,
            confirm_visualforce_module,
            ConfirmVisualforceModuleRequest {
                added: true,
                method: v1::VisualforceMethod::Visualforce.into(),
            }
        );
        self.connect().await?;
        step!(
            self,
            choose_object_sync,
            ChooseObjectSyncRequest {
                object_sync: Some(v1::ObjectSync {
                    accounts: v1::Choice::Yes.into(),
                    opportunities: v1::Choice::No.into(),
                }),
            }
        );
        step!(
            self,
            choose_activity_sync,
            ChooseActivitySyncRequest {
                activity_sync: Some(v1::ActivitySync {
                    on_form_submission: true,
                    on_email_open: false,
                    tasks: v1::Choice::Yes.into(),
                }),
            }
        );
        step!(
            self,
            choose_inclusion_list,
            ChooseInclusionListRequest {
                choice: Some(v1::choose_inclusion_list_request::Choice::NoList(
                    v1::NoInclusionList::default()
                )),
            }
        );
        let request = v1::ReviewSetupRequest { setup_id: self.setup_id.clone() };
        let review = self.setups.review_setup(self.target.request(request)?).await?.into_inner();
        step!(self, enable_sync, EnableSyncRequest { review_etag: review.review_etag });
        Ok(())
    }

    async fn connect(&mut self) -> Result<()> {
        let password = v1::SalesforcePassword {
            username: "admin@acme.example".to_owned(),
            password: "password".to_owned(),
            ..Default::default()
        };
        let request = v1::ConnectAccountsRequest {
            request_id: request_id(),
            setup_id: self.setup_id.clone(),
            credential: Some(v1::SalesforceCredential {
                method: Some(v1::salesforce_credential::Method::Password(password)),
            }),
            ..Default::default()
        };
        self.connections.connect_accounts(self.target.request(request)?).await?;
        let request = v1::WatchSetupRequest { setup_id: self.setup_id.clone(), ..Default::default() };
        let mut watch = self.setups.watch_setup(self.target.request(request)?).await?.into_inner();
        while let Some(message) = watch.message().await? {
            use v1::watch_setup_response::Event::{Snapshot, Transition};
            let Some(Snapshot(setup) | Transition(setup)) = message.event else { continue };
            let attempt = setup.answers.and_then(|answers| answers.connect_attempt);
            match attempt.as_ref().map(v1::ConnectAttempt::state) {
                Some(v1::ConnectState::Connected) => return Ok(()),
                state => ensure!(state != Some(v1::ConnectState::Failed), "not connected: {attempt:?}"),
            }
        }
        anyhow::bail!("the watch ended")
    }
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}
