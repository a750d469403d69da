//! `SetupService`: one method for each step of the wizard.

use time::OffsetDateTime;
use tonic::{Request, async_trait};
use uuid::Uuid;

use super::{
    Answer, Backend,
    watching::{ResponseStream, Words},
};
use crate::{
    api::{servers::setup_service_server::SetupService, v1},
    domain::{Reason, Refusal, SetupId, change::SetupView},
    grpc::{Call, convert, describe, page_token::Paged, parse, review},
    locale,
};

fn setup(call: &Call, view: &SetupView) -> v1::Setup {
    convert::setup(&call.viewer(), view)
}

#[async_trait]
impl SetupService for Backend {
    type WatchSetupStream = ResponseStream;

    async fn start_setup(&self, request: Request<v1::StartSetupRequest>) -> Answer<v1::StartSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::setup::start(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let view = self.control.start_setup(&change, asked.portal_id).await?;
            Ok(v1::StartSetupResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn get_setup(&self, request: Request<v1::GetSetupRequest>) -> Answer<v1::GetSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let view = self.control.setup(parse::setup::only_setup(&message.setup_id)?).await?;
            Ok(v1::GetSetupResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn list_setups(&self, request: Request<v1::ListSetupsRequest>) -> Answer<v1::ListSetupsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::setup::list(message)?;
            let filter = asked.portal_id.map(|id| id.to_string()).unwrap_or_default();
            let list = Paged { list: "ListSetups", filter: &filter };
            let before: Option<(OffsetDateTime, Uuid)> = list.key(asked.page.token.as_deref())?;
            let page = self
                .control
                .setups(&call.caller.access().portals, asked.portal_id, before, asked.page.size.into())
                .await?;
            let (setups, next_page_token) =
                list.fill(&page, |view| setup(&call, view), |view| (view.setup.created_at, view.setup.id.0));
            Ok(v1::ListSetupsResponse { setups, next_page_token })
        })
        .await
    }

    async fn describe_setup(
        &self,
        request: Request<v1::DescribeSetupRequest>,
    ) -> Answer<v1::DescribeSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let settings = self.control.store().settings();
            let general = describe::General {
                portals_per_org: settings.portals_per_org,
                calls_per_contact_sync: settings.calls_per_contact_sync,
            };
            let view = match parse::setup::describe(&message)? {
                Some(id) => Some(self.control.setup(id).await?),
                None => None,
            };
            Ok(describe::steps(&call.viewer(), &call.links, general, view.as_ref()))
        })
        .await
    }

    async fn watch_setup(&self, request: Request<v1::WatchSetupRequest>) -> Answer<Self::WatchSetupStream> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::setup::watch(message)?;
            let place = self.stream_place()?;
            let token = asked.resume_token.as_deref().unwrap_or_default();
            let messages = self.watches.setup(asked.setup_id, token).await?;
            let words = Words::<v1::WatchSetupResponse, _> {
                subject: asked.setup_id.0,
                snapshot: setup,
                transition: |call, id, event| event.setup(SetupId(id)).map(|view| setup(call, view)),
            };
            Ok(self.respond(place, &call, messages, words))
        })
        .await
    }

    async fn abandon_setup(
        &self,
        request: Request<v1::AbandonSetupRequest>,
    ) -> Answer<v1::AbandonSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::setup::abandon(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let view = self.control.abandon_setup(&change, asked.setup_id, asked.mutation.version).await?;
            Ok(v1::AbandonSetupResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn acknowledge_prerequisites(
        &self,
        request: Request<v1::AcknowledgePrerequisitesRequest>,
    ) -> Answer<v1::AcknowledgePrerequisitesResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::prerequisites(message)?;
            let change = call.change(&self.control, &mutation);
            // One that was left open is refused like one that is not eligible (R01).
            let unset = || Refusal::new(Reason::HubspotSubscriptionNotEligible);
            let subscription = answer.subscription.ok_or_else(unset)?;
            let view = self
                .control
                .acknowledge_prerequisites(
                    &change,
                    setup_id,
                    mutation.version,
                    answer.acknowledged,
                    subscription,
                )
                .await?;
            Ok(v1::AcknowledgePrerequisitesResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn select_edition(
        &self,
        request: Request<v1::SelectEditionRequest>,
    ) -> Answer<v1::SelectEditionResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::edition(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.select_edition(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::SelectEditionResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn confirm_admin_access(
        &self,
        request: Request<v1::ConfirmAdminAccessRequest>,
    ) -> Answer<v1::ConfirmAdminAccessResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::admin_access(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.confirm_admin_access(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::ConfirmAdminAccessResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn select_environment(
        &self,
        request: Request<v1::SelectEnvironmentRequest>,
    ) -> Answer<v1::SelectEnvironmentResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::environment(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self
                .control
                .select_environment(
                    &change,
                    setup_id,
                    mutation.version,
                    answer.environment,
                    answer.sandbox_notes_acknowledged,
                )
                .await?;
            Ok(v1::SelectEnvironmentResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn set_seat_count(
        &self,
        request: Request<v1::SetSeatCountRequest>,
    ) -> Answer<v1::SetSeatCountResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::seat_count(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.set_seats(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::SetSeatCountResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn set_api_call_limit(
        &self,
        request: Request<v1::SetApiCallLimitRequest>,
    ) -> Answer<v1::SetApiCallLimitResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::api_call_limit(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.set_api_call_limit(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::SetApiCallLimitResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn confirm_package_installed(
        &self,
        request: Request<v1::ConfirmPackageInstalledRequest>,
    ) -> Answer<v1::ConfirmPackageInstalledResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } =
                parse::setup::package_installed(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.confirm_package(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::ConfirmPackageInstalledResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn submit_security_token(
        &self,
        request: Request<v1::SubmitSecurityTokenRequest>,
    ) -> Answer<v1::SubmitSecurityTokenResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::security_token(message)?;
            let change = call.change(&self.control, &mutation);
            let view =
                self.control.submit_security_token(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::SubmitSecurityTokenResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn confirm_visualforce_module(
        &self,
        request: Request<v1::ConfirmVisualforceModuleRequest>,
    ) -> Answer<v1::ConfirmVisualforceModuleResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::visualforce(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self
                .control
                .confirm_visualforce(&change, setup_id, mutation.version, answer.added, answer.method)
                .await?;
            Ok(v1::ConfirmVisualforceModuleResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn choose_object_sync(
        &self,
        request: Request<v1::ChooseObjectSyncRequest>,
    ) -> Answer<v1::ChooseObjectSyncResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::object_sync(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.choose_objects(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::ChooseObjectSyncResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn choose_activity_sync(
        &self,
        request: Request<v1::ChooseActivitySyncRequest>,
    ) -> Answer<v1::ChooseActivitySyncResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::activity_sync(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.choose_activities(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::ChooseActivitySyncResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn choose_inclusion_list(
        &self,
        request: Request<v1::ChooseInclusionListRequest>,
    ) -> Answer<v1::ChooseInclusionListResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::inclusion_list(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.choose_inclusion(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::ChooseInclusionListResponse { setup: Some(setup(&call, &view)) })
        })
        .await
    }

    async fn create_handoff(
        &self,
        request: Request<v1::CreateHandoffRequest>,
    ) -> Answer<v1::CreateHandoffResponse> {
        self.handle_create_handoff(request).await
    }

    async fn list_handoffs(
        &self,
        request: Request<v1::ListHandoffsRequest>,
    ) -> Answer<v1::ListHandoffsResponse> {
        self.handle_list_handoffs(request).await
    }

    async fn revoke_handoff(
        &self,
        request: Request<v1::RevokeHandoffRequest>,
    ) -> Answer<v1::RevokeHandoffResponse> {
        self.handle_revoke_handoff(request).await
    }

    async fn review_setup(
        &self,
        request: Request<v1::ReviewSetupRequest>,
    ) -> Answer<v1::ReviewSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let reviewed = self.control.review_setup(parse::setup::only_setup(&message.setup_id)?).await?;
            let (connection, _) = self.control.connection(reviewed.view.setup.portal_id).await?;
            Ok(v1::ReviewSetupResponse {
                setup: Some(setup(&call, &reviewed.view)),
                decisions: review::decisions(call.language, &reviewed.view, &connection),
                review_etag: reviewed.etag,
            })
        })
        .await
    }

    async fn enable_sync(&self, request: Request<v1::EnableSyncRequest>) -> Answer<v1::EnableSyncResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::enable_sync(message)?;
            let change = call.change(&self.control, &mutation);
            let view = self.control.enable_sync(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::EnableSyncResponse {
                setup: Some(setup(&call, &view)),
                message: locale::text(call.language, "success-sync-enabled", &[]),
            })
        })
        .await
    }

    async fn finish_setup(
        &self,
        request: Request<v1::FinishSetupRequest>,
    ) -> Answer<v1::FinishSetupResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let parse::setup::Answer { mutation, setup_id, answer } = parse::setup::finish(message)?;
            let change = call.change(&self.control, &mutation);
            let finished = self.control.finish_setup(&change, setup_id, mutation.version, answer).await?;
            Ok(v1::FinishSetupResponse {
                summary: review::summary(call.language, &finished),
                tested: finished.tested,
                setup: Some(setup(&call, &finished.view)),
            })
        })
        .await
    }
}
