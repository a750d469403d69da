//! Requests of `SetupService`: one parser for each step.

use secrecy::SecretString;

use super::{
    credential::MAX_SECURITY_TOKEN_CHARS,
    field::{self, MAX_TOKEN_BYTES, Page},
    mutation::{Changes, Mutation, mutation},
    settings,
    violations::{Parsed, Violations, Wrong},
};
use crate::{
    api::v1,
    control::InclusionChoice,
    domain::{
        PortalId, SetupId,
        api_limit::{MAX_LIMIT, MAX_SEATS},
        edition::{AdminAccess, Edition, Environment, Subscription},
        settings::{ActivitySync, ObjectSync},
        setup::{ImportDecision, VisualforceMethod},
    },
};

/// An answer to a step.
#[derive(Debug)]
pub struct Answer<T> {
    /// The frame.
    pub mutation: Mutation,
    /// The setup.
    pub setup_id: SetupId,
    /// The answer itself.
    pub answer: T,
}

/// Parses frame, setup and answer; the answer's parser adds what is wrong with it.
fn answer<M: Changes, T>(
    mut message: M,
    setup_id: impl FnOnce(&M) -> &str,
    parse: impl FnOnce(&mut Violations, M) -> Option<T>,
) -> Parsed<Answer<T>> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let setup_id = field::setup_id(&mut v, setup_id(&message));
    let answer = parse(&mut v, message);
    let parsed = || Some(Answer { mutation, setup_id: setup_id?, answer: answer? });
    v.finish(parsed())
}

/// Starts a setup.
#[derive(Debug)]
pub struct StartSetup {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
}

/// `StartSetupRequest`, or everything that is wrong with it.
pub fn start(mut message: v1::StartSetupRequest) -> Parsed<StartSetup> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let parsed = || Some(StartSetup { mutation, portal_id: portal_id? });
    v.finish(parsed())
}

/// A request that names a setup and nothing else.
///
/// # Errors
/// When it is no UUID.
pub fn only_setup(setup_id: &str) -> Parsed<SetupId> {
    let mut v = Violations::new();
    let id = field::setup_id(&mut v, setup_id);
    v.finish(id)
}

/// A setup, or `None` for the general description.
///
/// # Errors
/// When it is neither empty nor a UUID.
pub fn describe(message: &v1::DescribeSetupRequest) -> Parsed<Option<SetupId>> {
    if message.setup_id.is_empty() { Ok(None) } else { only_setup(&message.setup_id).map(Some) }
}

/// Which setups to list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListSetups {
    /// Only those of this portal.
    pub portal_id: Option<PortalId>,
    /// The page.
    pub page: Page,
}

/// `ListSetupsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListSetupsRequest) -> Parsed<ListSetups> {
    let mut v = Violations::new();
    let portal_id = field::any_portal_id(&mut v, "portal_id", message.portal_id);
    let page = field::page(&mut v, message.page_size, message.page_token);
    v.finish(page.map(|page| ListSetups { portal_id, page }))
}

/// A setup to watch.
#[derive(Debug, PartialEq, Eq)]
pub struct WatchSetup {
    /// The setup.
    pub setup_id: SetupId,
    /// Where to go on.
    pub resume_token: Option<String>,
}

/// `WatchSetupRequest`, or everything that is wrong with it.
pub fn watch(message: v1::WatchSetupRequest) -> Parsed<WatchSetup> {
    let mut v = Violations::new();
    let setup_id = field::setup_id(&mut v, &message.setup_id);
    let resume_token = field::opaque(&mut v, "resume_token", message.resume_token);
    v.finish(setup_id.map(|setup_id| WatchSetup { setup_id, resume_token }))
}

/// `AbandonSetupRequest`, or everything that is wrong with it.
pub fn abandon(message: v1::AbandonSetupRequest) -> Parsed<Answer<()>> {
    answer(message, |m| &m.setup_id, |_, _| Some(()))
}

/// The step "get started".
#[derive(Debug, PartialEq, Eq)]
pub struct Prerequisites {
    /// What is needed was read.
    pub acknowledged: bool,
    /// The declared subscription; `None` when it was left open, which is refused like one that is not eligible (R01).
    pub subscription: Option<Subscription>,
}

/// `AcknowledgePrerequisitesRequest`, or everything that is wrong with it.
pub fn prerequisites(message: v1::AcknowledgePrerequisitesRequest) -> Parsed<Answer<Prerequisites>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| {
            let subscription = field::optional::<v1::HubSpotSubscription>(v, "subscription", m.subscription);
            Some(Prerequisites {
                acknowledged: m.acknowledged,
                subscription: subscription.and_then(self::subscription),
            })
        },
    )
}

fn subscription(value: v1::HubSpotSubscription) -> Option<Subscription> {
    match value {
        v1::HubSpotSubscription::Unspecified => None,
        v1::HubSpotSubscription::Free => Some(Subscription::Free),
        v1::HubSpotSubscription::Starter => Some(Subscription::Starter),
        v1::HubSpotSubscription::Professional => Some(Subscription::Professional),
        v1::HubSpotSubscription::Enterprise => Some(Subscription::Enterprise),
    }
}

/// `SelectEditionRequest`, or everything that is wrong with it.
pub fn edition(message: v1::SelectEditionRequest) -> Parsed<Answer<Edition>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| match field::chosen::<v1::SalesforceEdition>(v, "edition", m.edition)? {
            v1::SalesforceEdition::Unspecified => None,
            v1::SalesforceEdition::Group => Some(Edition::Group),
            v1::SalesforceEdition::Essentials => Some(Edition::Essentials),
            v1::SalesforceEdition::Professional => Some(Edition::Professional),
            v1::SalesforceEdition::Enterprise => Some(Edition::Enterprise),
            v1::SalesforceEdition::Unlimited => Some(Edition::Unlimited),
            v1::SalesforceEdition::Developer => Some(Edition::Developer),
        },
    )
}

/// `ConfirmAdminAccessRequest`, or everything that is wrong with it.
pub fn admin_access(message: v1::ConfirmAdminAccessRequest) -> Parsed<Answer<AdminAccess>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| match field::chosen::<v1::AdminAccess>(v, "admin_access", m.admin_access)? {
            v1::AdminAccess::Unspecified => None,
            v1::AdminAccess::None => Some(AdminAccess::None),
            v1::AdminAccess::TopLevelAdministrator => Some(AdminAccess::TopLevelAdministrator),
            v1::AdminAccess::FullObjectAndField => Some(AdminAccess::FullObjectAndField),
            v1::AdminAccess::ObjectOnly => Some(AdminAccess::ObjectOnly),
        },
    )
}

/// The step "sandbox".
#[derive(Debug, PartialEq, Eq)]
pub struct EnvironmentAnswer {
    /// Production or sandbox.
    pub environment: Environment,
    /// The notes on sandboxes were read.
    pub sandbox_notes_acknowledged: bool,
}

/// `SelectEnvironmentRequest`, or everything that is wrong with it.
pub fn environment(message: v1::SelectEnvironmentRequest) -> Parsed<Answer<EnvironmentAnswer>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| {
            let environment =
                match field::chosen::<v1::SalesforceEnvironment>(v, "environment", m.environment)? {
                    v1::SalesforceEnvironment::Unspecified => return None,
                    v1::SalesforceEnvironment::Production => Environment::Production,
                    v1::SalesforceEnvironment::Sandbox => Environment::Sandbox,
                };
            Some(EnvironmentAnswer { environment, sandbox_notes_acknowledged: m.sandbox_notes_acknowledged })
        },
    )
}

/// `SetSeatCountRequest`, or everything that is wrong with it.
pub fn seat_count(message: v1::SetSeatCountRequest) -> Parsed<Answer<i32>> {
    answer(message, |m| &m.setup_id, |v, m| field::within(v, "seat_count", m.seat_count, 1..=MAX_SEATS))
}

/// The limit; `None` accepts the suggestion.
pub fn api_call_limit(message: v1::SetApiCallLimitRequest) -> Parsed<Answer<Option<i64>>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| match m.limit {
            Some(limit) => field::within(v, "limit", limit, 1..=MAX_LIMIT).map(Some),
            None => Some(None),
        },
    )
}

/// `ConfirmPackageInstalledRequest`, or everything that is wrong with it.
pub fn package_installed(message: v1::ConfirmPackageInstalledRequest) -> Parsed<Answer<bool>> {
    answer(message, |m| &m.setup_id, |_, m| Some(m.installed))
}

/// The token; `None` when none is used.
pub fn security_token(message: v1::SubmitSecurityTokenRequest) -> Parsed<Answer<Option<SecretString>>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| match (m.not_used, m.security_token.trim().is_empty()) {
            (true, true) => Some(None),
            (true, false) => field::or_wrong(v, "security_token", None, Wrong::TokenAndNotUsed),
            (false, _) => {
                field::secret_word(v, "security_token", m.security_token, MAX_SECURITY_TOKEN_CHARS).map(Some)
            }
        },
    )
}

/// The step "Visualforce module".
#[derive(Debug, PartialEq, Eq)]
pub struct VisualforceAnswer {
    /// It was added.
    pub added: bool,
    /// By which means.
    pub method: VisualforceMethod,
}

/// `ConfirmVisualforceModuleRequest`, or everything that is wrong with it.
pub fn visualforce(message: v1::ConfirmVisualforceModuleRequest) -> Parsed<Answer<VisualforceAnswer>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| {
            let method = match field::optional::<v1::VisualforceMethod>(v, "method", m.method) {
                Some(v1::VisualforceMethod::HubspotEmbed) => VisualforceMethod::HubspotEmbed,
                Some(v1::VisualforceMethod::Visualforce | v1::VisualforceMethod::Unspecified) | None => {
                    VisualforceMethod::Visualforce
                }
            };
            Some(VisualforceAnswer { added: m.added, method })
        },
    )
}

/// `ChooseObjectSyncRequest`, or everything that is wrong with it.
pub fn object_sync(message: v1::ChooseObjectSyncRequest) -> Parsed<Answer<ObjectSync>> {
    answer(message, |m| &m.setup_id, |v, m| settings::object_sync(v, m.object_sync))
}

/// `ChooseActivitySyncRequest`, or everything that is wrong with it.
pub fn activity_sync(message: v1::ChooseActivitySyncRequest) -> Parsed<Answer<ActivitySync>> {
    answer(message, |m| &m.setup_id, |v, m| settings::activity_sync(v, m.activity_sync))
}

/// `ChooseInclusionListRequest`, or everything that is wrong with it.
pub fn inclusion_list(message: v1::ChooseInclusionListRequest) -> Parsed<Answer<InclusionChoice>> {
    use v1::choose_inclusion_list_request::Choice;
    answer(
        message,
        |m| &m.setup_id,
        |v, m| match m.choice {
            Some(Choice::ListId(id)) => field::list_id(v, "list_id", &id).map(InclusionChoice::List),
            Some(Choice::NoList(none)) => {
                settings::no_list(v, "no_list.lowest_lifecycle_stage", &none.lowest_lifecycle_stage)
            }
            None => field::or_wrong(v, "choice", None, Wrong::ExactlyOne),
        },
    )
}

/// The etag of the review that was shown.
pub fn enable_sync(message: v1::EnableSyncRequest) -> Parsed<Answer<String>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| {
            if m.review_etag.len() > MAX_TOKEN_BYTES {
                return field::or_wrong(v, "review_etag", None, Wrong::TooLarge { max: MAX_TOKEN_BYTES });
            }
            let given = (!m.review_etag.is_empty()).then_some(m.review_etag);
            field::or_wrong(v, "review_etag", given, Wrong::Required)
        },
    )
}

/// The decision about existing contacts; `None` leaves it open.
pub fn finish(message: v1::FinishSetupRequest) -> Parsed<Answer<Option<ImportDecision>>> {
    answer(
        message,
        |m| &m.setup_id,
        |v, m| {
            Some(match field::optional::<v1::ImportDecision>(v, "import_decision", m.import_decision) {
                Some(v1::ImportDecision::Import) => Some(ImportDecision::Import),
                Some(v1::ImportDecision::DoNotImport) => Some(ImportDecision::DoNotImport),
                Some(v1::ImportDecision::Unspecified) | None => None,
            })
        },
    )
}
