//! A portal's way through the wizard, over gRPC.

use anyhow::{Context as _, bail, ensure};
use uuid::Uuid;

use super::{Clients, PASSWORD, TOKEN, show::Show};
use crate::api::v1::{
    AcknowledgePrerequisitesRequest, ActivitySync, AdminAccess, Choice, ChooseActivitySyncRequest,
    ChooseInclusionListRequest, ChooseObjectSyncRequest, ConfirmAdminAccessRequest,
    ConfirmPackageInstalledRequest, ConfirmVisualforceModuleRequest, ConnectAccountsRequest, ConnectAttempt,
    ConnectState, CreateSmartListRequest, CreateTestContactRequest, EnableSyncRequest, FinishSetupRequest,
    HubSpotCredential, HubSpotStaticToken, HubSpotSubscription, ImportDecision, ListOrgPortalsRequest,
    ObjectSync, RegisterPortalRequest, ReviewSetupRequest, SalesforceCredential, SalesforceEdition,
    SalesforceEnvironment, SalesforcePassword, SelectEditionRequest, SelectEnvironmentRequest,
    SetApiCallLimitRequest, SetSeatCountRequest, StartSetupRequest, SubmitSecurityTokenRequest,
    TestContactStatus, VisualforceMethod, WatchSetupRequest, WatchTestContactRequest,
    choose_inclusion_list_request, hub_spot_credential, salesforce_credential, watch_setup_response,
    watch_test_contact_response,
};

/// A portal on its way.
pub(super) struct Portal {
    pub(super) portal_id: i64,
    pub(super) setup_id: String,
}

/// A fresh request id: the same one again would get the first answer again.
pub(super) fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A password login; the token is carried over from its step.
pub(super) fn password(username: &str) -> SalesforceCredential {
    let password = SalesforcePassword {
        username: username.to_owned(),
        password: PASSWORD.to_owned(),
        security_token: String::new(),
    };
    SalesforceCredential { method: Some(salesforce_credential::Method::Password(password)) }
}

impl Portal {
    /// Registers the portal and starts its setup.
    pub(super) async fn register(
        clients: &mut Clients,
        show: &Show,
        name: &str,
        token: &str,
    ) -> anyhow::Result<Self> {
        let token = HubSpotStaticToken { token: token.to_owned() };
        let registered = clients
            .portals
            .register_portal(RegisterPortalRequest {
                request_id: request_id(),
                credential: Some(HubSpotCredential {
                    method: Some(hub_spot_credential::Method::StaticToken(token)),
                }),
                display_name: format!("Portal {name}"),
            })
            .await?
            .into_inner();
        let portal = registered.portal.context("no portal in the answer")?;
        show.step("registered", &format!("hub id {} ({})", portal.portal_id, portal.time_zone));
        let started = clients
            .setups
            .start_setup(StartSetupRequest { request_id: request_id(), portal_id: portal.portal_id })
            .await?
            .into_inner();
        let setup = started.setup.context("no setup in the answer")?;
        Ok(Self { portal_id: portal.portal_id, setup_id: setup.setup_id })
    }

    /// Answers every step before the accounts are connected.
    pub(super) async fn answer_until_connect(
        &self,
        clients: &mut Clients,
        show: &Show,
        sandbox: bool,
        seats: i32,
    ) -> anyhow::Result<()> {
        self.answer_about_salesforce(clients, show, sandbox).await?;
        self.answer_about_api_calls(clients, show, seats).await?;
        self.confirm_installation(clients, show).await
    }

    async fn answer_about_salesforce(
        &self,
        clients: &mut Clients,
        show: &Show,
        sandbox: bool,
    ) -> anyhow::Result<()> {
        let setup_id = self.setup_id.clone();
        clients
            .setups
            .acknowledge_prerequisites(AcknowledgePrerequisitesRequest {
                setup_id: setup_id.clone(),
                acknowledged: true,
                subscription: HubSpotSubscription::Professional.into(),
                ..Default::default()
            })
            .await?;
        clients
            .setups
            .select_edition(SelectEditionRequest {
                setup_id: setup_id.clone(),
                edition: SalesforceEdition::Enterprise.into(),
                ..Default::default()
            })
            .await?;
        clients
            .setups
            .confirm_admin_access(ConfirmAdminAccessRequest {
                setup_id: setup_id.clone(),
                admin_access: AdminAccess::TopLevelAdministrator.into(),
                ..Default::default()
            })
            .await?;
        let environment =
            if sandbox { SalesforceEnvironment::Sandbox } else { SalesforceEnvironment::Production };
        clients
            .setups
            .select_environment(SelectEnvironmentRequest {
                setup_id,
                environment: environment.into(),
                sandbox_notes_acknowledged: sandbox,
                ..Default::default()
            })
            .await?;
        let kind = if sandbox { "sandbox" } else { "production" };
        show.step(
            "answered",
            &format!("Professional portal; Enterprise org, {kind}, top-level administrator"),
        );
        Ok(())
    }

    async fn answer_about_api_calls(
        &self,
        clients: &mut Clients,
        show: &Show,
        seats: i32,
    ) -> anyhow::Result<()> {
        let setup_id = self.setup_id.clone();
        clients
            .setups
            .set_seat_count(SetSeatCountRequest {
                setup_id: setup_id.clone(),
                seat_count: seats,
                ..Default::default()
            })
            .await?;
        let limited = clients
            .setups
            .set_api_call_limit(SetApiCallLimitRequest { setup_id, ..Default::default() })
            .await?
            .into_inner();
        let limit = limited
            .setup
            .and_then(|setup| setup.answers)
            .and_then(|answers| answers.api_call_limit)
            .context("no limit in the answer")?;
        show.step(
            "API calls",
            &format!(
                "{seats} seats: {} of {} a day, about {} contact syncs",
                limit.limit, limit.allocation, limit.contact_syncs_per_day
            ),
        );
        Ok(())
    }

    async fn confirm_installation(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let setup_id = self.setup_id.clone();
        clients
            .setups
            .confirm_package_installed(ConfirmPackageInstalledRequest {
                setup_id: setup_id.clone(),
                installed: true,
                ..Default::default()
            })
            .await?;
        clients
            .setups
            .submit_security_token(SubmitSecurityTokenRequest {
                setup_id: setup_id.clone(),
                security_token: TOKEN.to_owned(),
                ..Default::default()
            })
            .await?;
        clients
            .setups
            .confirm_visualforce_module(ConfirmVisualforceModuleRequest {
                setup_id,
                added: true,
                method: VisualforceMethod::Visualforce.into(),
                ..Default::default()
            })
            .await?;
        show.step("confirmed", "package installed, security token stored, lead intelligence added");
        Ok(())
    }

    /// Starts to connect and watches until it has ended.
    pub(super) async fn try_to_connect(
        &self,
        clients: &mut Clients,
        username: &str,
    ) -> anyhow::Result<ConnectAttempt> {
        let started = clients
            .connections
            .connect_accounts(ConnectAccountsRequest {
                request_id: request_id(),
                setup_id: self.setup_id.clone(),
                credential: Some(password(username)),
                ..Default::default()
            })
            .await?
            .into_inner();
        let attempt_id = started.attempt.context("no attempt in the answer")?.attempt_id;
        let request = WatchSetupRequest { setup_id: self.setup_id.clone(), resume_token: String::new() };
        let mut stream = clients.setups.watch_setup(request).await?.into_inner();
        while let Some(message) = stream.message().await? {
            let (Some(watch_setup_response::Event::Snapshot(setup))
            | Some(watch_setup_response::Event::Transition(setup))) = message.event
            else {
                continue;
            };
            let attempt = setup.answers.and_then(|answers| answers.connect_attempt);
            if let Some(attempt) = attempt.filter(|attempt| attempt.attempt_id == attempt_id)
                && matches!(attempt.state(), ConnectState::Connected | ConnectState::Failed)
            {
                return Ok(attempt);
            }
        }
        bail!("the stream ended before the attempt did")
    }

    /// Connects, and shows what the probe found. Returns the org.
    pub(super) async fn connect(
        &self,
        clients: &mut Clients,
        show: &Show,
        username: &str,
    ) -> anyhow::Result<String> {
        let attempt = self.try_to_connect(clients, username).await?;
        ensure!(attempt.state() == ConnectState::Connected, "not connected: {}", attempt.message);
        show.step("connected", &format!("{} (org {})", attempt.message, attempt.org_id));
        show.step("the probe found", &format!("with {} API calls:", attempt.api_calls_used));
        for finding in &attempt.findings {
            show.finding(finding);
        }
        Ok(attempt.org_id)
    }

    /// Decides what syncs, reviews, and switches on.
    pub(super) async fn settle(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let setup_id = self.setup_id.clone();
        let object_sync = Some(ObjectSync { accounts: Choice::Yes.into(), opportunities: Choice::No.into() });
        clients
            .setups
            .choose_object_sync(ChooseObjectSyncRequest {
                setup_id: setup_id.clone(),
                object_sync,
                ..Default::default()
            })
            .await?;
        let activity_sync =
            Some(ActivitySync { on_form_submission: true, on_email_open: false, tasks: Choice::Yes.into() });
        clients
            .setups
            .choose_activity_sync(ChooseActivitySyncRequest {
                setup_id: setup_id.clone(),
                activity_sync,
                ..Default::default()
            })
            .await?;
        self.choose_list(clients, show).await?;
        self.review_and_switch_on(clients, show).await
    }

    async fn choose_list(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let list = clients
            .lists
            .create_smart_list(CreateSmartListRequest {
                request_id: request_id(),
                portal_id: self.portal_id,
                name: "Ready for sales".to_owned(),
                lifecycle_stages: vec!["salesqualifiedlead".to_owned(), "opportunity".to_owned()],
            })
            .await?
            .into_inner()
            .list
            .context("no list in the answer")?;
        clients
            .setups
            .choose_inclusion_list(ChooseInclusionListRequest {
                setup_id: self.setup_id.clone(),
                choice: Some(choose_inclusion_list_request::Choice::ListId(list.list_id.clone())),
                ..Default::default()
            })
            .await?;
        show.step("inclusion list", &format!("created and chosen: {} (list {})", list.name, list.list_id));
        Ok(())
    }

    async fn review_and_switch_on(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let review = clients
            .setups
            .review_setup(ReviewSetupRequest { setup_id: self.setup_id.clone() })
            .await?
            .into_inner();
        show.step("review", &format!("{} decisions:", review.decisions.len()));
        for decision in &review.decisions {
            println!("      {:<44}{}", decision.label, decision.value);
        }
        let enabled = clients
            .setups
            .enable_sync(EnableSyncRequest {
                request_id: request_id(),
                setup_id: self.setup_id.clone(),
                review_etag: review.review_etag,
                ..Default::default()
            })
            .await?
            .into_inner();
        show.step("switched on", &enabled.message);
        Ok(())
    }

    /// Sends a test contact and prints its statuses as they stream.
    pub(super) async fn test(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let created = clients
            .test_contacts
            .create_test_contact(CreateTestContactRequest {
                request_id: request_id(),
                portal_id: self.portal_id,
            })
            .await?
            .into_inner()
            .test_contact
            .context("no test contact in the answer")?;
        show.step("test contact", &created.email);
        let request =
            WatchTestContactRequest { test_contact_id: created.test_contact_id, resume_token: String::new() };
        let mut stream = clients.test_contacts.watch_test_contact(request).await?.into_inner();
        let mut shown = 0;
        let mut last = None;
        while let Some(message) = stream.message().await? {
            let (Some(watch_test_contact_response::Event::Snapshot(contact))
            | Some(watch_test_contact_response::Event::Transition(contact))) = message.event
            else {
                continue;
            };
            for reached in contact.history.iter().skip(shown) {
                let name = reached.status().as_str_name().trim_start_matches("TEST_CONTACT_STATUS_");
                println!("      {}", name.to_lowercase());
            }
            shown = contact.history.len();
            last = Some(contact);
        }
        let contact = last.context("the stream was empty")?;
        ensure!(contact.status() == TestContactStatus::Completed, "not completed: {}", contact.message);
        ensure!(shown == 4, "{shown} statuses instead of four");
        show.fact("  in HubSpot", &format!("contact {}", contact.hubspot_contact_id));
        show.fact(
            "  in Salesforce",
            &format!(
                "{} {} ({} API calls)",
                contact.salesforce_object, contact.salesforce_record_id, contact.api_calls_used
            ),
        );
        if let Some(verdict) = contact.inclusion {
            show.fact("  the inclusion rule", &verdict.explanation);
        }
        Ok(())
    }

    /// Finishes the wizard.
    pub(super) async fn finish(&self, clients: &mut Clients, show: &Show) -> anyhow::Result<()> {
        let finished = clients
            .setups
            .finish_setup(FinishSetupRequest {
                request_id: request_id(),
                setup_id: self.setup_id.clone(),
                import_decision: ImportDecision::DoNotImport.into(),
                ..Default::default()
            })
            .await?
            .into_inner();
        ensure!(finished.tested, "the setup does not know of the test");
        show.step("finished", &finished.summary);
        Ok(())
    }
}

/// Shows the places of an org.
pub(super) async fn places(clients: &mut Clients, show: &Show, org_id: &str) -> anyhow::Result<()> {
    let org = clients
        .orgs
        .list_org_portals(ListOrgPortalsRequest { org_id: org_id.to_owned() })
        .await?
        .into_inner();
    ensure!(org.portals.len() == 2, "{} portals at the org", org.portals.len());
    for portal in &org.portals {
        show.step(
            &format!("place {} of {}", portal.place, org.portal_limit),
            &format!("portal {} holds {} API calls a day", portal.portal_id, portal.api_call_limit),
        );
    }
    Ok(())
}
