//! The steps of the wizard, described for people (R25), in the caller's language.

use super::{access::Viewer, convert::step, links::Links};
use crate::{
    api::v1,
    domain::{change::SetupView, edition::Environment, setup::Step},
    locale::{self, Language, StepPart},
};

/// Figures that hold for every setup.
#[derive(Clone, Copy, Debug)]
pub struct General {
    /// How many portals an org may have.
    pub portals_per_org: i32,
    /// Calls that one contact sync is reckoned with.
    pub calls_per_contact_sync: i32,
}

/// All steps in order; with a setup, links and figures are those that apply to it.
#[must_use]
pub fn steps(
    viewer: &Viewer<'_>,
    links: &Links,
    general: General,
    view: Option<&SetupView>,
) -> v1::DescribeSetupResponse {
    let language = viewer.language;
    let args = figures(viewer, general, view);
    let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let environment = view.and_then(|view| view.setup.answers.environment);
    let describe = |step| description(language, links, environment, &args, step);
    v1::DescribeSetupResponse {
        steps: Step::ORDER.into_iter().map(describe).collect(),
        language: language.code().to_owned(),
    }
}

fn description(
    language: Language,
    links: &Links,
    environment: Option<Environment>,
    args: &[(&str, &str)],
    of: Step,
) -> v1::StepDescription {
    let name = step(of).as_str_name();
    let part = |part| locale::step_text(language, name, part, args);
    let link = |(title, url): (&str, &str)| v1::Link {
        title: locale::text(language, title, &[]),
        url: url.to_owned(),
    };
    v1::StepDescription {
        step: step(of).into(),
        title: locale::value_label(language, name),
        help: part(StepPart::Help),
        where_to_find: part(StepPart::WhereToFind),
        warning: part(StepPart::Warning),
        label: part(StepPart::Label),
        options: options(language, name, of),
        links: links.of_step(of, environment).into_iter().map(link).collect(),
        rpc: rpc(of).to_owned(),
        required: !of.is_optional(),
    }
}

/// What the texts speak of, as far as it is known.
fn figures(viewer: &Viewer<'_>, general: General, view: Option<&SetupView>) -> Vec<(&'static str, String)> {
    let mut args = vec![
        ("portal_limit", general.portals_per_org.to_string()),
        ("calls", general.calls_per_contact_sync.to_string()),
    ];
    let Some(view) = view else { return args };
    if let Some(context) = view.limit {
        let limit = view.setup.answers.api_call_limit.map_or(context.suggestion(), |chosen| chosen.limit);
        args.extend([
            ("suggested", context.suggestion().to_string()),
            ("allocation", context.allocation.to_string()),
            ("limit", limit.to_string()),
            ("syncs", context.contact_syncs(limit).to_string()),
        ]);
        if context.held_by_others > 0 {
            args.push(("held_by_others", context.held_by_others.to_string()));
        }
    }
    if !view.shared_with.is_empty() {
        args.extend(viewer.figures(&view.shared_with));
    }
    args
}

/// The RPC that answers a step.
fn rpc(step: Step) -> &'static str {
    match step {
        Step::Prerequisites => "connector.v1.SetupService/AcknowledgePrerequisites",
        Step::Edition => "connector.v1.SetupService/SelectEdition",
        Step::AdminAccess => "connector.v1.SetupService/ConfirmAdminAccess",
        Step::Environment => "connector.v1.SetupService/SelectEnvironment",
        Step::SeatCount => "connector.v1.SetupService/SetSeatCount",
        Step::ApiCallLimit => "connector.v1.SetupService/SetApiCallLimit",
        Step::Package => "connector.v1.SetupService/ConfirmPackageInstalled",
        Step::SecurityToken => "connector.v1.SetupService/SubmitSecurityToken",
        Step::VisualforceModule => "connector.v1.SetupService/ConfirmVisualforceModule",
        Step::ConnectAccounts => "connector.v1.ConnectionService/ConnectAccounts",
        Step::ObjectSync => "connector.v1.SetupService/ChooseObjectSync",
        Step::ActivitySync => "connector.v1.SetupService/ChooseActivitySync",
        Step::InclusionList => "connector.v1.SetupService/ChooseInclusionList",
        Step::Review => "connector.v1.SetupService/EnableSync",
        Step::Test => "connector.v1.TestContactService/CreateTestContact",
        Step::Done => "connector.v1.SetupService/FinishSetup",
    }
}

/// An answer that can be given: the value or field of the request, the key of its text (`None`: the value's own), and
/// whether it is recommended.
type Choice = (&'static str, Option<&'static str>, bool);

const PREREQUISITES: &[Choice] =
    &[("HUB_SPOT_SUBSCRIPTION_PROFESSIONAL", None, false), ("HUB_SPOT_SUBSCRIPTION_ENTERPRISE", None, false)];
const EDITION: &[Choice] = &[
    ("SALESFORCE_EDITION_PROFESSIONAL", None, false),
    ("SALESFORCE_EDITION_ENTERPRISE", None, false),
    ("SALESFORCE_EDITION_UNLIMITED", None, false),
];
const ADMIN_ACCESS: &[Choice] = &[
    ("ADMIN_ACCESS_TOP_LEVEL_ADMINISTRATOR", None, false),
    ("ADMIN_ACCESS_FULL_OBJECT_AND_FIELD", None, false),
    ("ADMIN_ACCESS_OBJECT_ONLY", None, false),
    ("ADMIN_ACCESS_NONE", None, false),
];
const ENVIRONMENT: &[Choice] = &[
    ("SALESFORCE_ENVIRONMENT_PRODUCTION", Some("option-sandbox-no"), false),
    ("SALESFORCE_ENVIRONMENT_SANDBOX", Some("option-sandbox-yes"), false),
];
const SECURITY_TOKEN: &[Choice] =
    &[("security_token", Some("option-token"), false), ("not_used", Some("option-token-not-used"), false)];
const VISUALFORCE: &[Choice] =
    &[("VISUALFORCE_METHOD_VISUALFORCE", None, false), ("VISUALFORCE_METHOD_HUBSPOT_EMBED", None, false)];
const OBJECT_SYNC: &[Choice] = &[
    ("accounts=CHOICE_YES", Some("option-accounts-yes"), true),
    ("accounts=CHOICE_NO", Some("option-accounts-no"), false),
    ("opportunities=CHOICE_YES", Some("option-opportunities-yes"), false),
    ("opportunities=CHOICE_NO", Some("option-opportunities-no"), false),
];
const ACTIVITY_SYNC: &[Choice] = &[
    ("on_form_submission", Some("option-on-form-submission"), false),
    ("on_email_open", Some("option-on-email-open"), false),
    ("tasks=CHOICE_YES", Some("option-tasks-yes"), false),
    ("tasks=CHOICE_NO", Some("option-tasks-no"), false),
];
const INCLUSION_LIST: &[Choice] =
    &[("list_id", Some("option-smart-list"), false), ("no_list", Some("option-no-inclusion-list"), false)];
const DONE: &[Choice] =
    &[("IMPORT_DECISION_IMPORT", None, false), ("IMPORT_DECISION_DO_NOT_IMPORT", None, false)];

/// The possible answers, and the checkbox where there is one.
fn options(language: Language, name: &str, of: Step) -> Vec<v1::OptionDescription> {
    let (choices, checkbox): (&[Choice], Option<&str>) = match of {
        Step::Prerequisites => (PREREQUISITES, Some("acknowledged")),
        Step::Edition => (EDITION, None),
        Step::AdminAccess => (ADMIN_ACCESS, None),
        Step::Environment => (ENVIRONMENT, Some("sandbox_notes_acknowledged")),
        Step::SecurityToken => (SECURITY_TOKEN, None),
        Step::VisualforceModule => (VISUALFORCE, None),
        Step::ObjectSync => (OBJECT_SYNC, None),
        Step::ActivitySync => (ACTIVITY_SYNC, None),
        Step::InclusionList => (INCLUSION_LIST, None),
        Step::Done => (DONE, None),
        Step::SeatCount
        | Step::ApiCallLimit
        | Step::Package
        | Step::ConnectAccounts
        | Step::Review
        | Step::Test => (&[], None),
    };
    let option = |(value, key, recommended): &Choice| v1::OptionDescription {
        value: (*value).to_owned(),
        label: match key {
            Some(key) => locale::text(language, key, &[]),
            None => locale::value_label(language, value),
        },
        recommended: *recommended,
    };
    let checkbox = checkbox.map(|field| v1::OptionDescription {
        value: field.to_owned(),
        label: locale::step_text(language, name, StepPart::Checkbox, &[]),
        recommended: false,
    });
    choices.iter().map(option).chain(checkbox).collect()
}
