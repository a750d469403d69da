//! The services that the wizard speaks to, as small as they can be: steps in order, one dependency, no storage.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, service::Routes};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{
    api::{
        EncodedEvent,
        servers::{
            connection_service_server::{ConnectionService, ConnectionServiceServer},
            inclusion_list_service_server::{InclusionListService, InclusionListServiceServer},
            setup_service_server::{SetupService, SetupServiceServer},
        },
        v1::{self, AdminAccess, Choice, Step, StepState, watch_connections_response::Event},
    },
    ctl::fake,
};

/// Remembers what it was sent, and plays the server's part of the wizard.
#[derive(Clone, Default)]
pub struct FakeSetups(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    received: Vec<(&'static str, String)>,
    secrets: Vec<String>,
    answered: Vec<Step>,
    stale: Vec<Step>,
    waiting: bool,
    attempt: Option<v1::ConnectAttempt>,
    token_not_used: bool,
    refusal: Option<(&'static str, Status)>,
    changes: Option<Vec<v1::ConnectAttempt>>,
}

impl FakeSetups {
    pub async fn serve(&self) -> String {
        let mut routes = Routes::builder();
        routes
            .add_service(SetupServiceServer::new(self.clone()))
            .add_service(ConnectionServiceServer::new(self.clone()))
            .add_service(InclusionListServiceServer::new(self.clone()));
        fake::serve(routes.routes()).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The changes that were asked for, in order.
    pub fn received(&self) -> Vec<(&'static str, String)> {
        self.state().received.clone()
    }

    /// The secrets that came along, in order.
    pub fn secrets(&self) -> Vec<String> {
        self.state().secrets.clone()
    }

    /// Refuses the next call of an RPC.
    pub fn refuse_next(&self, rpc: &'static str, reason: &str, message: &str) {
        let mut details =
            ErrorDetails::with_error_info(reason, "connector.v1", std::collections::HashMap::new());
        details.set_localized_message("en", message);
        let status = Status::with_error_details(Code::FailedPrecondition, message, details);
        self.state().refusal = Some((rpc, status));
    }

    /// Lets the next attempt run: it is told by the stream how it goes on. Whoever reads the setup sees `read`.
    pub fn attempt_runs(&self, changes: Vec<v1::ConnectAttempt>, read: v1::ConnectAttempt) {
        let mut state = self.state();
        state.changes = Some(changes);
        state.attempt = Some(read);
    }

    /// Takes an answer down and says how the setup stands.
    fn answer(
        &self,
        rpc: &'static str,
        message: &dyn std::fmt::Debug,
        step: Step,
        validate_only: bool,
    ) -> Result<v1::Setup, Status> {
        let mut state = self.state();
        if let Some((_, status)) = state.refusal.take_if(|(refused, _)| *refused == rpc) {
            return Err(status);
        }
        if !validate_only {
            state.received.push((rpc, format!("{message:?}")));
            state.stale.retain(|stale| *stale != step);
            if step == Step::Edition && state.answered.contains(&Step::AdminAccess) {
                state.stale.push(Step::AdminAccess);
            }
            if !state.answered.contains(&step) {
                state.answered.push(step);
            }
        }
        Ok(state.setup())
    }
}

impl State {
    fn setup(&self) -> v1::Setup {
        let all: Vec<Step> = (1..=16).filter_map(|number| Step::try_from(number).ok()).collect();
        let is_open = |step: &Step| self.stale.contains(step) || !self.answered.contains(step);
        let next = all.iter().copied().find(is_open).unwrap_or(Step::Unspecified);
        let state = |step: Step| match () {
            () if self.stale.contains(&step) => StepState::Stale,
            () if self.answered.contains(&step) => StepState::Answered,
            () if step == next => StepState::Open,
            () => StepState::NotReached,
        };
        let status = match (self.waiting, next) {
            (true, _) => v1::SetupStatus::WaitingForAdministrator,
            (_, Step::Unspecified) => v1::SetupStatus::Finished,
            _ => v1::SetupStatus::InProgress,
        };
        v1::Setup {
            setup_id: "setup-1".into(),
            portal_id: 7,
            status: status.into(),
            next_step: next.into(),
            steps: all
                .iter()
                .map(|step| v1::StepStatus {
                    step: (*step).into(),
                    state: state(*step).into(),
                    stale_because: if self.stale.contains(step) { Step::Edition.into() } else { 0 },
                    ..v1::StepStatus::default()
                })
                .collect(),
            answers: Some(v1::SetupAnswers {
                security_token: self.answered.contains(&Step::SecurityToken).then(|| v1::SecurityTokenInfo {
                    not_used: self.token_not_used,
                    ..v1::SecurityTokenInfo::default()
                }),
                connect_attempt: self.attempt.clone(),
                ..v1::SetupAnswers::default()
            }),
            ..v1::Setup::default()
        }
    }
}

fn descriptions() -> Vec<v1::StepDescription> {
    let labels = [
        (Step::Prerequisites, "HUBSPOT?"),
        (Step::Edition, "EDITION?"),
        (Step::AdminAccess, "ADMIN?"),
        (Step::Environment, "ENVIRONMENT?"),
        (Step::SeatCount, "SEATS?"),
        (Step::ApiCallLimit, "CALLS?"),
        (Step::Package, "PACKAGE?"),
        (Step::VisualforceModule, "VISUALFORCE?"),
    ];
    let option = |value: &str, label: &str| v1::OptionDescription {
        value: value.into(),
        label: label.into(),
        recommended: false,
    };
    labels
        .into_iter()
        .map(|(step, label)| v1::StepDescription {
            step: step.into(),
            title: format!("title of {}", step.as_str_name()),
            label: label.into(),
            options: match step {
                Step::AdminAccess => vec![
                    option("ADMIN_ACCESS_TOP_LEVEL_ADMINISTRATOR", "administrator"),
                    option("ADMIN_ACCESS_NONE", "none"),
                ],
                _ => Vec::new(),
            },
            ..v1::StepDescription::default()
        })
        .collect()
}

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send + 'f>>;
type Events = Pin<Box<dyn Stream<Item = Result<EncodedEvent, Status>> + Send>>;

/// Methods by hand-written expressions, in the form that `async_trait` gives them.
macro_rules! rpcs {
    ($($name:ident($request:ident) -> $response:ty: |$self:ident, $message:ident| $body:expr;)*) => {$(
        fn $name<'s, 'f>(&'s self, request: Request<v1::$request>) -> Answer<'f, $response>
        where
            's: 'f,
            Self: 'f,
        {
            let $self = self;
            let $message = request.into_inner();
            let answer: Result<$response, Status> = $body;
            Box::pin(async move { answer.map(Response::new) })
        }
    )*};
}

macro_rules! steps {
    ($server:ident, $message:ident, $name:literal, $step:ident, $response:ident { $($field:ident: $value:expr),* }) => {
        $server.answer($name, &$message, Step::$step, $message.validate_only)
            .map(|setup| v1::$response { setup: Some(setup), $($field: $value),* })
    };
}

/// The attempt that the fake makes, in a state.
pub fn attempt(state: v1::ConnectState) -> v1::ConnectAttempt {
    v1::ConnectAttempt {
        attempt_id: "attempt-1".into(),
        portal_id: 7,
        state: state.into(),
        ..v1::ConnectAttempt::default()
    }
}

fn absent<T>(name: &str) -> Result<T, Status> {
    Err(Status::unimplemented(name.to_owned()))
}

impl SetupService for FakeSetups {
    type WatchSetupStream = Events;

    rpcs! {
        start_setup(StartSetupRequest) -> v1::StartSetupResponse:
            |s, _m| Ok(v1::StartSetupResponse { setup: Some(s.state().setup()) });
        get_setup(GetSetupRequest) -> v1::GetSetupResponse:
            |s, _m| Ok(v1::GetSetupResponse { setup: Some(s.state().setup()) });
        describe_setup(DescribeSetupRequest) -> v1::DescribeSetupResponse:
            |_s, _m| Ok(v1::DescribeSetupResponse { steps: descriptions(), language: "en".into() });
        review_setup(ReviewSetupRequest) -> v1::ReviewSetupResponse: |s, _m| Ok(v1::ReviewSetupResponse {
            setup: Some(s.state().setup()), decisions: Vec::new(), review_etag: "review-1".into(),
        });
        create_handoff(CreateHandoffRequest) -> v1::CreateHandoffResponse: |_s, _m| absent("create");
        list_handoffs(ListHandoffsRequest) -> v1::ListHandoffsResponse: |_s, _m| absent("list");
        revoke_handoff(RevokeHandoffRequest) -> v1::RevokeHandoffResponse: |_s, _m| absent("revoke");
        list_setups(ListSetupsRequest) -> v1::ListSetupsResponse: |_s, _m| absent("list");
        watch_setup(WatchSetupRequest) -> Events: |_s, _m| absent("watch");
        abandon_setup(AbandonSetupRequest) -> v1::AbandonSetupResponse: |_s, _m| absent("abandon");
        acknowledge_prerequisites(AcknowledgePrerequisitesRequest) -> v1::AcknowledgePrerequisitesResponse:
            |s, m| steps!(s, m, "acknowledge_prerequisites", Prerequisites, AcknowledgePrerequisitesResponse {});
        select_edition(SelectEditionRequest) -> v1::SelectEditionResponse:
            |s, m| steps!(s, m, "select_edition", Edition, SelectEditionResponse {});
        confirm_admin_access(ConfirmAdminAccessRequest) -> v1::ConfirmAdminAccessResponse: |s, m| {
            s.state().waiting = m.admin_access() == AdminAccess::None;
            steps!(s, m, "confirm_admin_access", AdminAccess, ConfirmAdminAccessResponse {})
        };
        select_environment(SelectEnvironmentRequest) -> v1::SelectEnvironmentResponse:
            |s, m| steps!(s, m, "select_environment", Environment, SelectEnvironmentResponse {});
        set_seat_count(SetSeatCountRequest) -> v1::SetSeatCountResponse:
            |s, m| steps!(s, m, "set_seat_count", SeatCount, SetSeatCountResponse {});
        set_api_call_limit(SetApiCallLimitRequest) -> v1::SetApiCallLimitResponse:
            |s, m| steps!(s, m, "set_api_call_limit", ApiCallLimit, SetApiCallLimitResponse {});
        confirm_package_installed(ConfirmPackageInstalledRequest) -> v1::ConfirmPackageInstalledResponse:
            |s, m| steps!(s, m, "confirm_package_installed", Package, ConfirmPackageInstalledResponse {});
        submit_security_token(SubmitSecurityTokenRequest) -> v1::SubmitSecurityTokenResponse: |s, m| {
            s.state().token_not_used = m.not_used;
            s.state().secrets.push(m.security_token.clone());
            steps!(s, m, "submit_security_token", SecurityToken, SubmitSecurityTokenResponse {})
        };
        confirm_visualforce_module(ConfirmVisualforceModuleRequest) -> v1::ConfirmVisualforceModuleResponse:
            |s, m| steps!(s, m, "confirm_visualforce_module", VisualforceModule, ConfirmVisualforceModuleResponse {});
        choose_object_sync(ChooseObjectSyncRequest) -> v1::ChooseObjectSyncResponse: |s, m| {
            let sync = m.object_sync.unwrap_or_default();
            if sync.accounts() == Choice::Unspecified || sync.opportunities() == Choice::Unspecified {
                return Box::pin(async { absent("a choice") });
            }
            steps!(s, m, "choose_object_sync", ObjectSync, ChooseObjectSyncResponse {})
        };
        choose_activity_sync(ChooseActivitySyncRequest) -> v1::ChooseActivitySyncResponse:
            |s, m| steps!(s, m, "choose_activity_sync", ActivitySync, ChooseActivitySyncResponse {});
        choose_inclusion_list(ChooseInclusionListRequest) -> v1::ChooseInclusionListResponse:
            |s, m| steps!(s, m, "choose_inclusion_list", InclusionList, ChooseInclusionListResponse {});
        enable_sync(EnableSyncRequest) -> v1::EnableSyncResponse:
            |s, m| steps!(s, m, "enable_sync", Review, EnableSyncResponse { message: "on".into() });
        finish_setup(FinishSetupRequest) -> v1::FinishSetupResponse: |s, m| {
            s.state().answered.push(Step::Test);
            steps!(s, m, "finish_setup", Done,
                FinishSetupResponse { summary: "all done, not tested".into(), tested: false })
        };
    }
}

impl ConnectionService for FakeSetups {
    type WatchConnectionsStream = Events;

    rpcs! {
        connect_accounts(ConnectAccountsRequest) -> v1::ConnectAccountsResponse: |s, m| {
            if let Some(v1::salesforce_credential::Method::Password(password)) =
                m.credential.as_ref().and_then(|credential| credential.method.as_ref())
            {
                s.state().secrets.push(password.password.clone());
            }
            let runs = s.state().changes.is_some();
            let state = if runs { v1::ConnectState::LoggingIn } else { v1::ConnectState::Connected };
            let attempt = attempt(state);
            if !runs {
                s.state().attempt = Some(attempt.clone());
            }
            s.answer("connect_accounts", &m, Step::ConnectAccounts, false).map(|setup| v1::ConnectAccountsResponse {
                attempt: Some(attempt), joined: false, setup: Some(setup),
            })
        };
        check_connection(CheckConnectionRequest) -> v1::CheckConnectionResponse: |_s, _m| absent("check");
        get_connection(GetConnectionRequest) -> v1::GetConnectionResponse: |_s, _m| absent("get");
        list_connections(ListConnectionsRequest) -> v1::ListConnectionsResponse: |_s, _m| absent("list");
        rotate_credential(RotateCredentialRequest) -> v1::RotateCredentialResponse: |_s, _m| absent("rotate");
        disconnect(DisconnectRequest) -> v1::DisconnectResponse: |_s, _m| absent("disconnect");
        watch_connections(WatchConnectionsRequest) -> Events: |s, _m| {
            let snapshot = Event::Snapshot(v1::ConnectionSnapshot::default());
            let transition = |attempt| Event::Transition(v1::ConnectionTransition {
                portal_id: 7, connection: None, attempt: Some(attempt),
            });
            let changes = s.state().changes.clone().unwrap_or_default();
            let events = [snapshot].into_iter().chain(changes.into_iter().map(transition));
            let message = |event| {
                let response = v1::WatchConnectionsResponse { event: Some(event), resume_token: "t".into() };
                Ok(fake::encoded(&response))
            };
            let stream: Events =
                Box::pin(tokio_stream::iter(events.map(message).collect::<Vec<_>>()));
            Ok(stream)
        };
    }
}

impl InclusionListService for FakeSetups {
    rpcs! {
        list_smart_lists(ListSmartListsRequest) -> v1::ListSmartListsResponse: |_s, _m| {
            let list = v1::SmartList { list_id: "611".into(), name: "Sales ready".into(), ..Default::default() };
            Ok(v1::ListSmartListsResponse { lists: vec![list], next_page_token: String::new() })
        };
        create_smart_list(CreateSmartListRequest) -> v1::CreateSmartListResponse: |_s, _m| absent("create");
        set_inclusion_list(SetInclusionListRequest) -> v1::SetInclusionListResponse: |_s, _m| absent("set");
        clear_inclusion_list(ClearInclusionListRequest) -> v1::ClearInclusionListResponse: |_s, _m| absent("clear");
    }
}
