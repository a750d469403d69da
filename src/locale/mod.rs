//! Every text that people read, in English and Japanese.
//!
//! The texts are Fluent files beside this module, one per subject and language, compiled into the binary. A message
//! is named by its key; the keys of an error, an enum value, a step and a finding follow from the name that the API
//! gives them, so that nothing has to be listed twice:
//!
//! | what | key |
//! |---|---|
//! | `ErrorReason` `TRIAL_ORG` | `error-trial-org`, and its attribute `fix` |
//! | any other enum value, `STEP_EDITION`, `CHECK_LOGIN` | the name itself: `step-edition`, `check-login` |
//! | a notice, `SANDBOX_BEHAVES_DIFFERENTLY` | `notice-sandbox-behaves-differently` |
//!
//! A leaf: no other room enters, and neither tonic nor sqlx. Nothing here decides anything; a missing text or argument
//! is logged and shown as well as it can be, never a panic.

mod bundle;
mod error_args;
mod language;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub use error_args::ERROR_ARGS;
pub use language::Language;

/// A part of a step's description besides its title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepPart {
    /// What it is about and why it is asked.
    Help,
    /// Where Salesforce shows the value.
    WhereToFind,
    /// What to know before acting.
    Warning,
    /// What is asked or confirmed, for example "I have installed the HubSpot integration package".
    Label,
    /// What is confirmed besides the answer, for example "I have read the notes on sandboxes".
    Checkbox,
}

impl StepPart {
    fn attribute(self) -> &'static str {
        match self {
            Self::Help => "help",
            Self::WhereToFind => "where",
            Self::Warning => "warning",
            Self::Label => "label",
            Self::Checkbox => "checkbox",
        }
    }
}

/// The text of a key. An argument that the text speaks of and that is not given, or is empty, appears as `?`.
///
/// A key that does not exist is returned as it is, and logged once.
#[must_use]
pub fn text(language: Language, key: &str, args: &[(&str, &str)]) -> String {
    bundle::format(language, key, None, args).unwrap_or_else(|| {
        report_missing(language, key);
        key.to_owned()
    })
}

/// The text of an attribute of a key, like [`text`]. One that does not exist is returned as `key.attribute`.
#[must_use]
pub fn attribute(language: Language, key: &str, attribute: &str, args: &[(&str, &str)]) -> String {
    bundle::format(language, key, Some(attribute), args).unwrap_or_else(|| {
        let name = format!("{key}.{attribute}");
        report_missing(language, &name);
        name
    })
}

/// What went wrong: the rule and the figures. `reason` is the name of an `ErrorReason` without its prefix, for
/// example `ORG_PORTAL_LIMIT_REACHED`; [`ERROR_ARGS`] says which arguments each one takes.
#[must_use]
pub fn error_message(language: Language, reason: &str, args: &[(&str, &str)]) -> String {
    text(language, &format!("error-{}", key_of(reason)), args)
}

/// What to do about an error, and who must do it. `reason` and `args` as for [`error_message`].
#[must_use]
pub fn error_fix(language: Language, reason: &str, args: &[(&str, &str)]) -> String {
    attribute(language, &format!("error-{}", key_of(reason)), "fix", args)
}

/// The words for a value of an enum of the API, by its full name: `SALESFORCE_EDITION_ENTERPRISE`, `STEP_EDITION`,
/// `TEST_CONTACT_STATUS_COMPLETED`. Every `..._UNSPECIFIED` reads "not answered".
#[must_use]
pub fn value_label(language: Language, value: &str) -> String {
    if value.ends_with("_UNSPECIFIED") {
        return text(language, "value-unspecified", &[]);
    }
    text(language, &key_of(value), &[])
}

/// A part of the description of a step, by the step's full name (`STEP_EDITION`). Empty when the step has no such
/// part. The title is its [`value_label`]. [`STEP_ARGS`] names the arguments that the parts speak of.
#[must_use]
pub fn step_text(language: Language, step: &str, part: StepPart, args: &[(&str, &str)]) -> String {
    bundle::format(language, &key_of(step), Some(part.attribute()), args).unwrap_or_default()
}

/// Arguments of the steps' descriptions. None is needed: what is not known yet is left out of the text.
///
/// `limit`, `suggested`, `allocation`: API calls in 24 hours; `held_by_others`: those of the org's other portals;
/// `calls`: API calls that a contact sync is reckoned with; `syncs`: contact syncs a day that the limit allows;
/// `portal_limit`: portals that an org may have; `portals`: our other portals on the same Salesforce user;
/// `other_portals`: how many of those are not named.
pub const STEP_ARGS: &[&str] = &[
    "allocation",
    "calls",
    "held_by_others",
    "limit",
    "other_portals",
    "portal_limit",
    "portals",
    "suggested",
    "syncs",
];

/// What to do about a finding of the probe: `check` and `result` are full value names, `CHECK_SEATS` and
/// `FINDING_RESULT_WARNING`. Empty for a check that passed. Arguments: `claimed`, `found`, `subject`.
#[must_use]
pub fn finding_fix(language: Language, check: &str, result: &str, args: &[(&str, &str)]) -> String {
    let part = match result {
        "FINDING_RESULT_FAILED" => "fix-failed",
        "FINDING_RESULT_WARNING" => "fix-warning",
        "FINDING_RESULT_NOT_CHECKED" => "fix-not-checked",
        _ => return String::new(),
    };
    bundle::format(language, &key_of(check), Some(part), args)
        .unwrap_or_else(|| attribute(language, "finding-any", part, args))
}

/// A notice of a setup, by its code: `SECURITY_TOKEN_RESET_BREAKS_OTHERS`.
#[must_use]
pub fn notice(language: Language, code: &str, args: &[(&str, &str)]) -> String {
    text(language, &format!("notice-{}", key_of(code)), args)
}

/// Why a sync is suspended and what to do, by the reason's full name: `SUSPENSION_REASON_API_CALLS_EXHAUSTED`.
/// Empty for a sync that is not suspended.
#[must_use]
pub fn suspension_detail(language: Language, reason: &str, args: &[(&str, &str)]) -> String {
    bundle::format(language, &key_of(reason), Some("detail"), args).unwrap_or_default()
}

/// The key that a name of the API stands for: `TRIAL_ORG` becomes `trial-org`.
fn key_of(name: &str) -> String {
    name.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// Logs a missing text, once for each name and at most for so many names that a hostile one can't fill the memory.
fn report_missing(language: Language, name: &str) {
    const MAX_REPORTED: usize = 256;
    static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    if reported.len() < MAX_REPORTED && reported.insert(format!("{} {name}", language.code())) {
        tracing::error!(key = name, language = language.code(), "text is missing");
    }
}
