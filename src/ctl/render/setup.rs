//! Setups.

use comfy_table::Cell;

use super::{
    Tone, card, grid,
    list::rule_text,
    more, named, plain, show, stacked,
    sync::{activities, objects},
    toned,
};
use crate::{
    api::v1::{
        self, AdminAccess, ConnectState, HubSpotSubscription, ImportDecision, SalesforceEdition,
        SalesforceEnvironment, SetupStatus, Step, StepState, VisualforceMethod, watch_setup_response::Event,
    },
    ctl::{
        labels::label,
        lang::Lang,
        output::{View, number, short, time},
    },
};

show! {
    StartSetupResponse => |m, view| one(m.setup.as_ref(), view);
    GetSetupResponse => |m, view| one(m.setup.as_ref(), view);
    AbandonSetupResponse => |m, view| one(m.setup.as_ref(), view);
    AcknowledgePrerequisitesResponse => |m, view| one(m.setup.as_ref(), view);
    SelectEditionResponse => |m, view| one(m.setup.as_ref(), view);
    ConfirmAdminAccessResponse => |m, view| one(m.setup.as_ref(), view);
    SelectEnvironmentResponse => |m, view| one(m.setup.as_ref(), view);
    SetSeatCountResponse => |m, view| one(m.setup.as_ref(), view);
    SetApiCallLimitResponse => |m, view| one(m.setup.as_ref(), view);
    ConfirmPackageInstalledResponse => |m, view| one(m.setup.as_ref(), view);
    SubmitSecurityTokenResponse => |m, view| one(m.setup.as_ref(), view);
    ConfirmVisualforceModuleResponse => |m, view| one(m.setup.as_ref(), view);
    ChooseObjectSyncResponse => |m, view| one(m.setup.as_ref(), view);
    ChooseActivitySyncResponse => |m, view| one(m.setup.as_ref(), view);
    ChooseInclusionListResponse => |m, view| one(m.setup.as_ref(), view);
    EnableSyncResponse => |m, view| stacked([one(m.setup.as_ref(), view), line_of(&m.message)]);
    FinishSetupResponse => |m, view| stacked([one(m.setup.as_ref(), view), line_of(&m.summary)]);
    ReviewSetupResponse => review;
    ListSetupsResponse => |m, view| stacked([many(&m.setups, view), more(&m.next_page_token, view.lang)]);
    WatchSetupResponse => |m, view| match &m.event {
        Some(Event::Snapshot(setup) | Event::Transition(setup)) => line(setup, view),
        _ => String::new(),
    };
}

fn line_of(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("✓ {text}\n") }
}

fn one(setup: Option<&v1::Setup>, view: &View) -> String {
    let Some(setup) = setup else { return String::new() };
    let facts = card(
        view,
        vec![
            ("setup", plain(&setup.setup_id)),
            ("portal", plain(setup.portal_id.to_string())),
            ("status", named::<SetupStatus>(setup.status, view)),
            ("updated", plain(time(setup.update_time.as_ref()))),
            ("etag", toned(&setup.etag, Tone::Faint)),
        ],
    );
    let notices = setup.notices.iter().map(|notice| format!("! {}\n", notice.text)).collect();
    stacked([facts, steps(setup, view), notices, next(setup, view.lang)])
}

fn many(setups: &[v1::Setup], view: &View) -> String {
    let header = ["setup", "portal", "status", "next-step", "updated"];
    let rows = setups.iter().map(|setup| {
        vec![
            plain(&setup.setup_id),
            plain(setup.portal_id.to_string()),
            named::<SetupStatus>(setup.status, view),
            named::<Step>(setup.next_step, view),
            plain(time(setup.update_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

fn steps(setup: &v1::Setup, view: &View) -> String {
    if setup.steps.is_empty() {
        return String::new();
    }
    let header = ["", "step", "state", "answer", "answered-by", "time"];
    let answers = setup.answers.clone().unwrap_or_default();
    let rows = setup.steps.iter().enumerate().map(|(index, step)| {
        vec![
            plain((index + 1).to_string()),
            named::<Step>(step.step, view),
            state(step, view.lang),
            plain(answer(step.step(), &answers, view.lang)),
            plain(&step.answered_by),
            plain(time(step.answer_time.as_ref())),
        ]
    });
    grid(view, &header, rows.collect())
}

fn state(step: &v1::StepStatus, lang: Lang) -> Cell {
    let name = label::<StepState>(step.state, lang);
    match step.state() {
        StepState::Answered => toned(name, Tone::Good),
        StepState::Stale if step.stale_because() != Step::Unspecified => {
            toned(format!("{name} ← {}", label::<Step>(step.stale_because, lang)), Tone::Careful)
        }
        StepState::Stale | StepState::Waiting => toned(name, Tone::Careful),
        StepState::Open => toned(name, Tone::Plain),
        StepState::NotReached | StepState::Unspecified => toned(name, Tone::Faint),
    }
}

/// What was answered at a step, in a few words. Never a secret: the API has none to show.
fn answer(step: Step, answers: &v1::SetupAnswers, lang: Lang) -> String {
    let named = |value: i32, name: String| if value == 0 { String::new() } else { name };
    match step {
        Step::Prerequisites => {
            named(answers.subscription, label::<HubSpotSubscription>(answers.subscription, lang))
        }
        Step::Edition => named(answers.edition, label::<SalesforceEdition>(answers.edition, lang)),
        Step::AdminAccess => named(answers.admin_access, label::<AdminAccess>(answers.admin_access, lang)),
        Step::Environment => {
            named(answers.environment, label::<SalesforceEnvironment>(answers.environment, lang))
        }
        Step::SeatCount => named(answers.seat_count, number(answers.seat_count.into())),
        Step::ApiCallLimit => {
            answers.api_call_limit.as_ref().map(|limit| limit_text(limit, lang)).unwrap_or_default()
        }
        Step::Package => confirmed(answers.package_installed.as_ref(), lang),
        Step::SecurityToken => {
            answers.security_token.as_ref().map(|token| token_text(token, lang)).unwrap_or_default()
        }
        Step::VisualforceModule => answers
            .visualforce_module
            .as_ref()
            .map(|module| named(module.method, label::<VisualforceMethod>(module.method, lang)))
            .unwrap_or_default(),
        Step::ConnectAccounts => answers
            .connect_attempt
            .as_ref()
            .map(|attempt| format!("{} {}", label::<ConnectState>(attempt.state, lang), attempt.org_id))
            .unwrap_or_default(),
        Step::ObjectSync => objects(answers.object_sync.as_ref(), lang),
        Step::ActivitySync => activities(answers.activity_sync.as_ref(), lang),
        Step::InclusionList => rule_text(answers.inclusion.as_ref(), lang),
        Step::Review => confirmed(answers.sync_enabled.as_ref(), lang),
        Step::Test => answers.test.as_ref().map(|test| test_text(test, lang)).unwrap_or_default(),
        Step::Done => named(answers.import_decision, label::<ImportDecision>(answers.import_decision, lang)),
        Step::Unspecified => String::new(),
    }
}

fn confirmed(claim: Option<&v1::Claim>, lang: Lang) -> String {
    match claim {
        Some(claim) if claim.confirmed => lang.text("ctl-confirmed"),
        _ => String::new(),
    }
}

fn token_text(token: &v1::SecurityTokenInfo, lang: Lang) -> String {
    if token.not_used {
        return lang.text("ctl-token-not-used");
    }
    lang.with("ctl-token-set", &[("fingerprint", &short(&token.fingerprint))])
}

fn test_text(test: &v1::TestOutcome, lang: Lang) -> String {
    if test.not_tested { lang.text("ctl-not-tested") } else { test.test_contact_id.clone() }
}

/// The limit in force, or the suggestion, and what it means.
pub fn limit_text(limit: &v1::ApiCallLimit, lang: Lang) -> String {
    let (set, suggested) = (limit.limit.to_string(), limit.suggested.to_string());
    let figure = match limit.limit {
        0 => lang.with("ctl-limit-suggested", &[("suggested", &suggested)]),
        same if same == limit.suggested => number(same),
        _ => lang.with("ctl-limit-set", &[("limit", &set), ("suggested", &suggested)]),
    };
    match limit.contact_syncs_per_day {
        0 => figure,
        syncs => lang.with("ctl-limit-means", &[("limit", &figure), ("syncs", &syncs.to_string())]),
    }
}

fn review(response: &v1::ReviewSetupResponse, view: &View) -> String {
    let header = ["decision", "answer", "edit-at"];
    let rows = response.decisions.iter().map(|decision| {
        vec![
            plain(&decision.label),
            plain(&decision.value),
            toned(label::<Step>(decision.step, view.lang), Tone::Faint),
        ]
    });
    let etag = card(view, vec![("review-etag", toned(&response.review_etag, Tone::Faint))]);
    stacked([grid(view, &header, rows.collect()), etag])
}

fn line(setup: &v1::Setup, view: &View) -> String {
    let lang = view.lang;
    let (at, portal) = (time(setup.update_time.as_ref()), setup.portal_id.to_string());
    let status = label::<SetupStatus>(setup.status, lang);
    let words = lang.with("ctl-event-setup", &[("at", &at), ("portal_id", &portal), ("state", &status)]);
    let next = match setup.next_step() {
        Step::Unspecified => String::new(),
        _ => format!("  → {}", label::<Step>(setup.next_step, lang)),
    };
    let stale = match setup.stale.len() {
        0 => String::new(),
        count => format!("  {}", lang.with("ctl-event-setup-stale", &[("count", &count.to_string())])),
    };
    format!("{words}{next}{stale}\n")
}

fn next(setup: &v1::Setup, lang: Lang) -> String {
    let step = setup.next_step();
    match next_command(step) {
        None => String::new(),
        Some(command) => {
            let name = label::<Step>(step.into(), lang);
            let command = format!("connectorctl {}", command.replace("PORTAL", &setup.portal_id.to_string()));
            format!("{}\n", lang.with("ctl-next-step", &[("step", &name), ("command", &command)]))
        }
    }
}

/// The command that answers a step, without naming the setup.
fn next_command(step: Step) -> Option<&'static str> {
    Some(match step {
        Step::Unspecified => return None,
        Step::Prerequisites => {
            "setup prerequisites --acknowledged --subscription SUBSCRIPTION --portal PORTAL"
        }
        Step::Edition => "setup edition EDITION --portal PORTAL",
        Step::AdminAccess => "setup admin-access ACCESS --portal PORTAL",
        Step::Environment => "setup environment ENVIRONMENT --portal PORTAL",
        Step::SeatCount => "setup seats COUNT --portal PORTAL",
        Step::ApiCallLimit => "setup api-limit --portal PORTAL",
        Step::Package => "setup package --installed --portal PORTAL",
        Step::SecurityToken => "setup token --portal PORTAL",
        Step::VisualforceModule => "setup visualforce --added --portal PORTAL",
        Step::ConnectAccounts => "connect --username USER --portal PORTAL",
        Step::ObjectSync => "setup objects --accounts YES|NO --opportunities YES|NO --portal PORTAL",
        Step::ActivitySync => "setup activities --tasks YES|NO --portal PORTAL",
        Step::InclusionList => "setup inclusion --list LIST --portal PORTAL",
        Step::Review => "setup enable --portal PORTAL",
        Step::Test => "test-contact create PORTAL",
        Step::Done => "setup finish --existing-contacts DECISION --portal PORTAL",
    })
}
