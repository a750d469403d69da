//! All decisions of a setup for a last look (R66), in the caller's language. Never a secret.

use super::convert::{self, moment, step};
use crate::{
    api::v1,
    control::Finished,
    domain::{
        change::SetupView,
        connection::Connection,
        edition::Environment,
        settings::InclusionRule,
        setup::{Answers, SecurityToken, Setup, Step},
    },
    locale::{self, Language},
};

/// Every decision that was made, in the order of the steps, with the connection that is in force.
#[must_use]
pub fn decisions(language: Language, view: &SetupView, connection: &Connection) -> Vec<v1::Decision> {
    let mut review = Review { language, decisions: Vec::new() };
    let setup = &view.setup;
    review.about_the_org(&setup.answers);
    review.about_the_limit(view);
    review.about_the_package(setup);
    review.about_the_connection(setup, connection);
    review.about_the_settings(&setup.answers);
    let sync = if setup.holds(Step::Review) { "review-value-on" } else { "review-value-off" };
    review.text(Step::Review, "review-sync", sync, &[]);
    if let Some(decision) = setup.answers.import_decision {
        review.value(Step::Done, "review-import", convert::import_decision(decision).as_str_name());
    }
    review.decisions
}

/// What was achieved, once the wizard is finished (R75, R77).
#[must_use]
pub fn summary(language: Language, finished: &Finished) -> String {
    let key = if finished.tested { "setup-summary-tested" } else { "setup-summary-not-tested" };
    let decision = finished.view.setup.answers.import_decision;
    let decision = decision.map(convert::import_decision).unwrap_or_default();
    locale::text(language, key, &[("decision", decision.as_str_name())])
}

struct Review {
    language: Language,
    decisions: Vec<v1::Decision>,
}

impl Review {
    fn add(&mut self, of: Step, label: &str, value: String) {
        let label = locale::text(self.language, label, &[]);
        self.decisions.push(v1::Decision { step: step(of).into(), label, value });
    }

    /// A decision whose words are a text of their own.
    fn text(&mut self, of: Step, label: &str, key: &str, args: &[(&str, &str)]) {
        self.add(of, label, locale::text(self.language, key, args));
    }

    /// A decision whose words are those of an enum value.
    fn value(&mut self, of: Step, label: &str, name: &str) {
        self.add(of, label, locale::value_label(self.language, name));
    }

    fn yes_or_no(&mut self, of: Step, label: &str, yes: bool) {
        self.text(of, label, if yes { "review-value-yes" } else { "review-value-no" }, &[]);
    }

    fn about_the_org(&mut self, answers: &Answers) {
        if let Some(subscription) = answers.subscription {
            let name = convert::subscription(subscription).as_str_name();
            self.value(Step::Prerequisites, "review-subscription", name);
        }
        if let Some(edition) = answers.edition {
            self.value(Step::Edition, "review-edition", convert::edition(edition).as_str_name());
        }
        if let Some(access) = answers.admin_access {
            self.value(Step::AdminAccess, "review-admin-access", convert::admin_access(access).as_str_name());
        }
        match answers.environment {
            Some(Environment::Sandbox) => {
                self.text(Step::Environment, "review-environment", "review-value-sandbox", &[]);
            }
            Some(environment @ Environment::Production) => {
                let name = convert::environment(environment).as_str_name();
                self.value(Step::Environment, "review-environment", name);
            }
            None => {}
        }
        if let Some(seats) = answers.seats {
            let seats = seats.to_string();
            self.text(Step::SeatCount, "review-seat-count", "review-value-seat-count", &[("seats", &seats)]);
        }
    }

    fn about_the_limit(&mut self, view: &SetupView) {
        let Some(chosen) = view.setup.answers.api_call_limit else { return };
        let limit = chosen.limit.to_string();
        let suggested = view.limit.map(|context| context.suggestion().to_string()).unwrap_or_default();
        let key = if chosen.by_hand { "review-value-limit-by-hand" } else { "review-value-limit-suggested" };
        let args = [("limit", limit.as_str()), ("suggested", suggested.as_str())];
        self.text(Step::ApiCallLimit, "review-api-call-limit", key, &args);
    }

    fn about_the_package(&mut self, setup: &Setup) {
        if let Some(mark) = setup.marks.get(&Step::Package) {
            let args = [("by", mark.by.as_str())];
            self.text(Step::Package, "review-package", "review-value-package-confirmed", &args);
        }
        match &setup.answers.security_token {
            Some(SecurityToken::Stored { set_at, .. }) => {
                let time = moment(*set_at);
                let args = [("time", time.as_str())];
                self.text(Step::SecurityToken, "review-security-token", "review-value-token-set", &args);
            }
            Some(SecurityToken::NotUsed) => {
                self.text(Step::SecurityToken, "review-security-token", "review-value-token-not-used", &[]);
            }
            None => {}
        }
        if let Some(method) = setup.answers.visualforce {
            let args = [("method", convert::visualforce_method(method).as_str_name())];
            let key = "review-value-module-confirmed";
            self.text(Step::VisualforceModule, "review-visualforce-module", key, &args);
        }
    }

    fn about_the_connection(&mut self, setup: &Setup, connection: &Connection) {
        let org_id = connection.org_id.to_string();
        let key = match setup.marks.get(&Step::ConnectAccounts) {
            Some(mark) if mark.stale_because.is_none() => "review-value-connected",
            Some(_) => "review-value-connection-stale",
            None => "review-value-not-connected",
        };
        let args = [("org_name", connection.org_name.as_str()), ("org_id", org_id.as_str())];
        self.text(Step::ConnectAccounts, "review-connection", key, &args);
    }

    fn about_the_settings(&mut self, answers: &Answers) {
        if let Some(objects) = answers.objects {
            self.yes_or_no(Step::ObjectSync, "review-accounts", objects.accounts);
            let opportunities =
                if objects.opportunities { "review-value-yes-standard-fields" } else { "review-value-no" };
            self.text(Step::ObjectSync, "review-opportunities", opportunities, &[]);
        }
        if let Some(activities) = answers.activities {
            self.yes_or_no(Step::ActivitySync, "review-on-form-submission", activities.on_form_submission);
            self.yes_or_no(Step::ActivitySync, "review-on-email-open", activities.on_email_open);
            self.yes_or_no(Step::ActivitySync, "review-tasks", activities.tasks);
        }
        match &answers.inclusion {
            Some(InclusionRule::List(list)) => {
                let args = [("list_name", list.name.as_str())];
                self.text(Step::InclusionList, "review-inclusion", "review-value-inclusion-list", &args);
            }
            Some(InclusionRule::NoList { lowest_stage }) => {
                let args = [("stage", lowest_stage.as_str())];
                self.text(Step::InclusionList, "review-inclusion", "review-value-no-inclusion-list", &args);
            }
            None => {}
        }
    }
}
