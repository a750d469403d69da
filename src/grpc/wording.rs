//! Refusals in words: which figures of a refusal the texts speak of, under which names.

use std::borrow::Cow;

use super::convert;
use crate::{
    domain::{Reason, Refusal, edition::AdminAccess},
    locale::{self, Language},
};

/// What a figure is called in a refusal, and what the texts call it.
const SAME: &[(&str, &str)] = &[
    ("list", "list_name"),
    ("object", "subject"),
    ("scopes", "scope"),
    ("expected", "previous_org_id"),
    ("retry_after_seconds", "retry_seconds"),
];
/// How the probe words the end of a trial.
const TRIAL_UNTIL: &str = "trial until ";

/// What went wrong.
#[must_use]
pub fn message(language: Language, refusal: &Refusal) -> String {
    with_args(refusal, |args| locale::error_message(language, refusal.reason.name(), args))
}

/// What to do about it.
#[must_use]
pub fn fix(language: Language, refusal: &Refusal) -> String {
    with_args(refusal, |args| locale::error_fix(language, refusal.reason.name(), args))
}

/// Whether the texts of a reason speak of a figure of this name.
pub(super) fn speaks_of(reason: Reason, name: &str) -> bool {
    let texts = locale::ERROR_ARGS.iter().find(|(known, _)| *known == reason.name());
    texts.is_some_and(|(_, args)| args.contains(&name))
}

fn with_args(refusal: &Refusal, render: impl FnOnce(&[(&str, &str)]) -> String) -> String {
    let args = text_args(refusal);
    let args: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.as_ref())).collect();
    render(&args)
}

fn text_args(refusal: &Refusal) -> Vec<(&str, Cow<'_, str>)> {
    let mut args: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(refusal.args.len() + 1);
    for (name, value) in &refusal.args {
        let text_name = SAME.iter().find(|(known, _)| known == name).map_or(name.as_str(), |(_, text)| *text);
        args.push((text_name, value.into()));
    }
    match refusal.reason {
        // Steps are named as values of their enum, so that the texts can give their titles.
        Reason::SetupStepNotReached => {
            if let Some(steps) = refusal.arg("steps") {
                let full: Vec<String> = steps.split(", ").map(|step| format!("STEP_{step}")).collect();
                set(&mut args, "steps", full.join(", "));
            }
        }
        Reason::AdminAccessInsufficient => {
            if let Some(access) = refusal.arg("access").and_then(admin_access_name) {
                set(&mut args, "admin_access", access.to_owned());
            }
        }
        Reason::TrialOrg => {
            if let Some(end) = refusal.arg("found").and_then(|found| found.strip_prefix(TRIAL_UNTIL)) {
                set(&mut args, "trial_end", end.to_owned());
            }
        }
        Reason::ExternalIdFieldMissing => {
            if let Some((object, field)) = refusal.arg("subject").and_then(|subject| subject.split_once('.'))
            {
                set(&mut args, "subject", object.to_owned());
                set(&mut args, "field", field.to_owned());
            }
        }
        _ => {}
    }
    args
}

fn set<'a>(args: &mut Vec<(&'a str, Cow<'a, str>)>, name: &'static str, value: String) {
    args.retain(|(known, _)| *known != name);
    args.push((name, value.into()));
}

fn admin_access_name(label: &str) -> Option<&'static str> {
    let all = [
        AdminAccess::None,
        AdminAccess::TopLevelAdministrator,
        AdminAccess::FullObjectAndField,
        AdminAccess::ObjectOnly,
    ];
    let access = all.into_iter().find(|access| access.label() == label)?;
    Some(convert::admin_access(access).as_str_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::edition::{Edition, Subscription};

    /// Refusals as the rules make them, beyond those whose figures are named as in the texts.
    fn refusals() -> Vec<Refusal> {
        let steps = Refusal::new(Reason::SetupStepNotReached).with("step", "PACKAGE");
        vec![
            Refusal::new(Reason::AdminAccessInsufficient)
                .with("access", AdminAccess::ObjectOnly.label())
                .with("edition", Edition::Professional.label()),
            Refusal::new(Reason::SalesforceEditionNotEligible).with("edition", Edition::Group.label()),
            Subscription::Starter.check_eligible().err().unwrap_or(Reason::InternalError.into()),
            steps.with("steps", "EDITION, ADMIN_ACCESS"),
            Refusal::new(Reason::ListNotSmart).with("list", "Old leads").with("type", "MANUAL"),
            Refusal::new(Reason::TrialOrg).with("found", "trial until 2026-12-24"),
            Refusal::new(Reason::SandboxMismatch).with("claimed", "production").with("found", "sandbox"),
            Refusal::new(Reason::ExternalIdFieldMissing).with("subject", "Lead.HubSpot_Id__c"),
            Refusal::new(Reason::ExternalIdFieldMissing)
                .with("object", "Lead")
                .with("field", "HubSpot_Id__c"),
            Refusal::new(Reason::HubspotScopeMissing).with("scopes", "crm.lists.write"),
            Refusal::new(Reason::OrgChanged).with("expected", "00DA").with("org_id", "00DB"),
            Refusal::new(Reason::HubspotRateLimited).with("retry_after_seconds", 10),
        ]
    }

    #[test]
    fn no_text_has_a_hole() {
        for refusal in refusals() {
            for language in Language::ALL {
                for text in [message(language, &refusal), fix(language, &refusal)] {
                    assert!(!text.contains('?') && !text.contains('{'), "{refusal}: {text}");
                    assert!(!text.contains("STEP_") && !text.contains("ADMIN_ACCESS_"), "{refusal}: {text}");
                }
            }
        }
    }

    #[test]
    fn r22_the_missing_steps_are_named_by_their_titles() {
        let refusal = Refusal::new(Reason::SetupStepNotReached).with("steps", "EDITION, SEAT_COUNT");
        let text = message(Language::En, &refusal);
        assert!(text.contains("Salesforce edition") && text.contains("Salesforce seats"), "{text}");
    }
}
