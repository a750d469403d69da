//! A portal's way through every RPC, each of them counted.

use anyhow::{Context as _, Result, ensure};
use connector::{
    api::v1::{self, Step, key_service_client::KeyServiceClient},
    simulator::fault::{Action, FaultPlan, Point},
};

use super::meter::Meter;
use crate::harness::{
    World, eventually,
    refusal::inner,
    walk::{ACME_ADMIN, Clients, Walk, password, request_id},
};
use crate::keys::{RingFile, key_status, rotated};

/// One portal's way through every RPC.
pub struct Tour<'t> {
    world: &'t World,
    meter: &'t mut Meter,
    clients: &'t Clients,
    token: &'static str,
    walk: Walk,
}

impl<'t> Tour<'t> {
    /// Registers the portal of a token and starts its setup.
    pub async fn begin(
        world: &'t World,
        meter: &'t mut Meter,
        clients: &'t Clients,
        token: &'static str,
    ) -> Result<Self> {
        let register = async {
            let request = v1::RegisterPortalRequest {
                request_id: request_id(),
                credential: Some(hubspot(token)),
                display_name: String::new(),
            };
            inner(clients.portals.clone().register_portal(request).await)
        };
        let registered = meter.count("PortalService/RegisterPortal", register).await?;
        let portal_id = registered.portal.context("no portal")?.portal_id;
        let start = async {
            let request = v1::StartSetupRequest { request_id: request_id(), portal_id };
            inner(clients.setups.clone().start_setup(request).await)
        };
        let started = meter.count("SetupService/StartSetup", start).await?;
        let walk = Walk {
            clients: clients.clone(),
            portal_id,
            setup_id: started.setup.context("no setup")?.setup_id,
            username: ACME_ADMIN.to_owned(),
            environment: v1::SalesforceEnvironment::Production,
        };
        Ok(Self { world, meter, clients, token, walk })
    }

    /// Goes all the way.
    pub async fn go(mut self) -> Result<()> {
        self.portal().await?;
        self.first_steps().await?;
        self.handoff().await?;
        self.connect().await?;
        self.last_steps().await?;
        self.test_contact().await?;
        self.setup().await?;
        self.sync().await?;
        self.lists().await?;
        self.org().await?;
        self.audit().await?;
        self.end().await
    }

    async fn portal(&mut self) -> Result<()> {
        let (mut portals, portal_id) = (self.clients.portals.clone(), self.walk.portal_id);
        let get = portals.get_portal(v1::GetPortalRequest { portal_id });
        self.meter.count("PortalService/GetPortal", get).await?;
        let list = portals.list_portals(v1::ListPortalsRequest::default());
        self.meter.count("PortalService/ListPortals", list).await?;
        let update = portals.update_portal_credential(v1::UpdatePortalCredentialRequest {
            request_id: request_id(),
            portal_id,
            credential: Some(hubspot(self.token)),
            etag: String::new(),
            ..Default::default()
        });
        self.meter.count("PortalService/UpdatePortalCredential", update).await?;
        Ok(())
    }

    async fn step(&mut self, rpc: &'static str, step: Step) -> Result<()> {
        let walk = self.walk.clone();
        self.meter.count(rpc, walk.answer(step)).await?;
        Ok(())
    }

    async fn first_steps(&mut self) -> Result<()> {
        self.step("SetupService/AcknowledgePrerequisites", Step::Prerequisites).await?;
        self.step("SetupService/SelectEdition", Step::Edition).await?;
        self.step("SetupService/ConfirmAdminAccess", Step::AdminAccess).await?;
        self.step("SetupService/SelectEnvironment", Step::Environment).await?;
        self.step("SetupService/SetSeatCount", Step::SeatCount).await?;
        self.step("SetupService/SetApiCallLimit", Step::ApiCallLimit).await?;
        self.step("SetupService/ConfirmPackageInstalled", Step::Package).await?;
        self.step("SetupService/SubmitSecurityToken", Step::SecurityToken).await?;
        self.step("SetupService/ConfirmVisualforceModule", Step::VisualforceModule).await
    }

    async fn handoff(&mut self) -> Result<()> {
        let (mut setups, setup_id) = (self.clients.setups.clone(), self.walk.setup_id.clone());
        let create = setups.create_handoff(v1::CreateHandoffRequest {
            request_id: request_id(),
            setup_id: setup_id.clone(),
            valid_hours: 1,
        });
        let created = self.meter.count("SetupService/CreateHandoff", create).await?.into_inner();
        let list = setups
            .list_handoffs(v1::ListHandoffsRequest { setup_id: setup_id.clone(), ..Default::default() });
        self.meter.count("SetupService/ListHandoffs", list).await?;
        let revoke = setups.revoke_handoff(v1::RevokeHandoffRequest {
            request_id: request_id(),
            setup_id,
            handoff_id: created.handoff.context("no hand-off")?.handoff_id,
            ..Default::default()
        });
        self.meter.count("SetupService/RevokeHandoff", revoke).await?;
        Ok(())
    }

    async fn connect(&mut self) -> Result<()> {
        let walk = self.walk.clone();
        let begun = self.meter.count("ConnectionService/ConnectAccounts", walk.start_to_connect()).await?;
        self.connected(&begun.attempt_id).await?;
        let (mut connections, portal_id) = (self.clients.connections.clone(), walk.portal_id);
        let get = connections.get_connection(v1::GetConnectionRequest { portal_id });
        self.meter.count("ConnectionService/GetConnection", get).await?;
        let list = connections.list_connections(v1::ListConnectionsRequest::default());
        self.meter.count("ConnectionService/ListConnections", list).await?;
        let check =
            connections.check_connection(v1::CheckConnectionRequest { setup_id: walk.setup_id.clone() });
        self.meter.count("ConnectionService/CheckConnection", check).await?;
        let rotate = connections.rotate_credential(v1::RotateCredentialRequest {
            request_id: request_id(),
            portal_id,
            credential: Some(password(ACME_ADMIN)),
            ..Default::default()
        });
        let rotated = self.meter.count("ConnectionService/RotateCredential", rotate).await?.into_inner();
        self.connected(&rotated.attempt.context("no attempt")?.attempt_id).await?;
        let watch = async {
            let request = v1::WatchConnectionsRequest { portal_id, resume_token: String::new() };
            connections.watch_connections(request).await?.into_inner().message().await
        };
        self.meter.count("ConnectionService/WatchConnections", watch).await?;
        Ok(())
    }

    async fn connected(&self, attempt_id: &str) -> Result<()> {
        let attempt = self.walk.attempt_ended(attempt_id).await?;
        ensure!(attempt.state() == v1::ConnectState::Connected, "{attempt:?}");
        Ok(())
    }

    async fn last_steps(&mut self) -> Result<()> {
        self.step("SetupService/ChooseObjectSync", Step::ObjectSync).await?;
        self.step("SetupService/ChooseActivitySync", Step::ActivitySync).await?;
        self.step("SetupService/ChooseInclusionList", Step::InclusionList).await?;
        let walk = self.walk.clone();
        let review = self.meter.count("SetupService/ReviewSetup", walk.review()).await?;
        self.meter.count("SetupService/EnableSync", walk.enable_with(&review.review_etag)).await?;
        Ok(())
    }

    async fn test_contact(&mut self) -> Result<()> {
        let (mut contacts, walk) = (self.clients.test_contacts.clone(), self.walk.clone());
        let creation = FaultPlan::on("POST", "/contacts", Action::Hold { point: Point::Before }).times(1);
        let creation = self.world.simulators.hubspot.frame().faults.add(creation);
        let held =
            self.meter.count("TestContactService/CreateTestContact", walk.create_test_contact()).await?;
        let cancel = contacts.cancel_test_contact(v1::CancelTestContactRequest {
            request_id: request_id(),
            test_contact_id: held.test_contact_id.clone(),
        });
        self.meter.count("TestContactService/CancelTestContact", cancel).await?;
        creation.remove();
        walk.test_ended(&held.test_contact_id).await?;

        let test_contact_id = walk.test().await?.test_contact_id;
        let get =
            contacts.get_test_contact(v1::GetTestContactRequest { test_contact_id: test_contact_id.clone() });
        self.meter.count("TestContactService/GetTestContact", get).await?;
        let list = contacts.list_test_contacts(v1::ListTestContactsRequest {
            portal_id: walk.portal_id,
            ..Default::default()
        });
        self.meter.count("TestContactService/ListTestContacts", list).await?;
        let watch = async {
            let request = v1::WatchTestContactRequest {
                test_contact_id: test_contact_id.clone(),
                resume_token: String::new(),
            };
            contacts.watch_test_contact(request).await?.into_inner().message().await
        };
        self.meter.count("TestContactService/WatchTestContact", watch).await?;
        let delete = contacts.delete_test_contact(v1::DeleteTestContactRequest {
            request_id: request_id(),
            test_contact_id: test_contact_id.clone(),
        });
        self.meter.count("TestContactService/DeleteTestContact", delete).await?;
        Ok(())
    }

    async fn setup(&mut self) -> Result<()> {
        let (mut setups, walk) = (self.clients.setups.clone(), self.walk.clone());
        self.meter.count("SetupService/FinishSetup", walk.finish(v1::ImportDecision::DoNotImport)).await?;
        let setup_id = walk.setup_id.clone();
        let get = setups.get_setup(v1::GetSetupRequest { setup_id: setup_id.clone() });
        self.meter.count("SetupService/GetSetup", get).await?;
        let list = setups.list_setups(v1::ListSetupsRequest::default());
        self.meter.count("SetupService/ListSetups", list).await?;
        let describe = setups.describe_setup(v1::DescribeSetupRequest { setup_id: setup_id.clone() });
        self.meter.count("SetupService/DescribeSetup", describe).await?;
        let watch = async |resume_token: &str| {
            let (setup_id, resume_token) = (setup_id.clone(), resume_token.to_owned());
            let request = v1::WatchSetupRequest { setup_id, resume_token };
            setups.clone().watch_setup(request).await?.into_inner().message().await
        };
        let first = self.meter.count("SetupService/WatchSetup", watch("")).await?;
        // Something must have happened since.
        walk.finish(v1::ImportDecision::Import).await?;
        let token = first.context("no message")?.resume_token;
        self.meter.count("SetupService/WatchSetup, resumed", watch(&token)).await?;
        Ok(())
    }

    async fn sync(&mut self) -> Result<()> {
        let (mut sync, portal_id) = (self.clients.sync.clone(), self.walk.portal_id);
        let watching = sync.clone();
        let watch = async |resume_token: &str| {
            let request = v1::WatchSyncStatusRequest { portal_id, resume_token: resume_token.to_owned() };
            watching.clone().watch_sync_status(request).await?.into_inner().message().await
        };
        let first = self.meter.count("SyncService/WatchSyncStatus", watch("")).await?;
        let get = sync.get_sync_status(v1::GetSyncStatusRequest { portal_id });
        self.meter.count("SyncService/GetSyncStatus", get).await?;
        let pause = sync.pause_sync(v1::PauseSyncRequest {
            request_id: request_id(),
            portal_id,
            ..Default::default()
        });
        self.meter.count("SyncService/PauseSync", pause).await?;
        let resume = sync.resume_sync(v1::ResumeSyncRequest {
            request_id: request_id(),
            portal_id,
            ..Default::default()
        });
        self.meter.count("SyncService/ResumeSync", resume).await?;
        let update = sync.update_sync_settings(v1::UpdateSyncSettingsRequest {
            request_id: request_id(),
            portal_id,
            object_sync: Some(v1::ObjectSync {
                accounts: v1::Choice::Yes.into(),
                opportunities: v1::Choice::Yes.into(),
            }),
            ..Default::default()
        });
        self.meter.count("SyncService/UpdateSyncSettings", update).await?;
        let token = first.context("no message")?.resume_token;
        self.meter.count("SyncService/WatchSyncStatus, resumed", watch(&token)).await?;
        Ok(())
    }

    async fn lists(&mut self) -> Result<()> {
        let (mut lists, portal_id) = (self.clients.lists.clone(), self.walk.portal_id);
        let list = lists.list_smart_lists(v1::ListSmartListsRequest { portal_id, ..Default::default() });
        self.meter.count("InclusionListService/ListSmartLists", list).await?;
        let create = lists.create_smart_list(v1::CreateSmartListRequest {
            request_id: request_id(),
            portal_id,
            name: format!("Counted {portal_id}"),
            lifecycle_stages: vec!["lead".to_owned()],
        });
        let created = self.meter.count("InclusionListService/CreateSmartList", create).await?.into_inner();
        let set = lists.set_inclusion_list(v1::SetInclusionListRequest {
            request_id: request_id(),
            portal_id,
            list_id: created.list.context("no list")?.list_id,
            etag: String::new(),
        });
        self.meter.count("InclusionListService/SetInclusionList", set).await?;
        let clear = lists.clear_inclusion_list(v1::ClearInclusionListRequest {
            request_id: request_id(),
            portal_id,
            ..Default::default()
        });
        self.meter.count("InclusionListService/ClearInclusionList", clear).await?;
        Ok(())
    }

    async fn org(&mut self) -> Result<()> {
        let (mut orgs, portal_id) = (self.clients.orgs.clone(), self.walk.portal_id);
        let request = v1::GetConnectionRequest { portal_id };
        let connection =
            self.clients.connections.clone().get_connection(request).await?.into_inner().connection;
        let org_id = connection.context("no connection")?.org_id;
        let get = orgs.get_org(v1::GetOrgRequest { org_id: org_id.clone() });
        self.meter.count("OrgService/GetOrg", get).await?;
        self.meter.count("OrgService/ListOrgs", orgs.list_orgs(v1::ListOrgsRequest::default())).await?;
        let portals = orgs.list_org_portals(v1::ListOrgPortalsRequest { org_id: org_id.clone() });
        self.meter.count("OrgService/ListOrgPortals", portals).await?;
        let budget = orgs.get_api_budget(v1::GetApiBudgetRequest { org_id: org_id.clone() });
        self.meter.count("OrgService/GetApiBudget", budget).await?;
        let allocate = orgs.allocate_api_calls(v1::AllocateApiCallsRequest {
            request_id: request_id(),
            org_id,
            shares: vec![v1::ApiCallShare { portal_id, api_call_limit: 1_000 }],
            ..Default::default()
        });
        self.meter.count("OrgService/AllocateApiCalls", allocate).await?;
        Ok(())
    }

    async fn audit(&mut self) -> Result<()> {
        let (mut audit, portal_id) = (self.clients.audit.clone(), self.walk.portal_id);
        let list = audit.list_audit_events(v1::ListAuditEventsRequest { portal_id, ..Default::default() });
        self.meter.count("AuditService/ListAuditEvents", list).await?;
        let verify =
            audit.verify_audit_trail(v1::VerifyAuditTrailRequest { portal_id, ..Default::default() });
        self.meter.count("AuditService/VerifyAuditTrail", verify).await?;
        Ok(())
    }

    /// The place at the org is free for the next portal afterwards.
    async fn end(&mut self) -> Result<()> {
        let (mut connections, mut setups) = (self.clients.connections.clone(), self.clients.setups.clone());
        let disconnect = connections.disconnect(v1::DisconnectRequest {
            request_id: request_id(),
            portal_id: self.walk.portal_id,
            etag: String::new(),
            ..Default::default()
        });
        self.meter.count("ConnectionService/Disconnect", disconnect).await?;
        let abandon = setups.abandon_setup(v1::AbandonSetupRequest {
            request_id: request_id(),
            setup_id: self.walk.setup_id.clone(),
            etag: String::new(),
            ..Default::default()
        });
        self.meter.count("SetupService/AbandonSetup", abandon).await?;
        Ok(())
    }
}

/// The RPCs over an installation's keys; leaves it with another one.
pub async fn keys(world: &World, meter: &mut Meter, ring: &RingFile) -> Result<()> {
    let line = world.line().await?;
    let mut keys = KeyServiceClient::new(line.clone());
    let get = keys.get_key_status(v1::GetKeyStatusRequest {});
    let status = meter.count("KeyService/GetKeyStatus", get).await?.into_inner().status;
    let first = status.context("no status")?.sealing_key_id;
    let second = ring.add_key()?;
    eventually("the server knows the key", async || {
        Ok((key_status(&line).await?.newest_key_id == second).then_some(()))
    })
    .await?;
    let rotate = keys.rotate_keys(v1::RotateKeysRequest { request_id: request_id(), ..Default::default() });
    meter.count("KeyService/RotateKeys", rotate).await?;
    rotated(&line, &second).await?;
    let retire = keys.retire_key(v1::RetireKeyRequest {
        request_id: request_id(),
        key_id: first,
        ..Default::default()
    });
    meter.count("KeyService/RetireKey", retire).await?;
    Ok(())
}

fn hubspot(token: &str) -> v1::HubSpotCredential {
    let method =
        v1::hub_spot_credential::Method::StaticToken(v1::HubSpotStaticToken { token: token.to_owned() });
    v1::HubSpotCredential { method: Some(method) }
}
