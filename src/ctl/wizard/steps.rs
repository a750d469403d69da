//! The steps before connecting.

use super::{Next, Pause, Wizard};
use crate::{
    api::v1::{
        AdminAccess, HubSpotSubscription, SalesforceEdition, SalesforceEnvironment, Step, StepDescription,
        VisualforceMethod,
    },
    ctl::{
        answer::{Answering, answer},
        connecting::plain,
        labels::{Label, label},
        lang::Lang,
        render::{limit_text, option_label},
    },
    locale,
};

impl Wizard<'_> {
    pub(super) async fn before_connecting(&mut self, step: Step) -> Result<Next, Pause> {
        let client = &self.context.client;
        let answering = self.answering();
        let description = self.description(step);
        match step {
            Step::Prerequisites => {
                let text = locale::attribute(self.lang().language(), "step-prerequisites", "checkbox", &[]);
                let acknowledged = self.prompts.confirm(&text)?;
                let subscription = self.one_of(&description, SUBSCRIPTIONS)?;
                let answer = answer!(
                    client,
                    &answering,
                    acknowledge_prerequisites,
                    AcknowledgePrerequisitesRequest { acknowledged, subscription }
                )?;
                self.take(answer.setup)
            }
            Step::Edition => {
                let edition = self.one_of(&description, EDITIONS)?;
                let answer = answer!(client, &answering, select_edition, SelectEditionRequest { edition })?;
                self.take(answer.setup)
            }
            Step::AdminAccess => self.admin_access(&description).await,
            Step::Environment => self.environment(&description).await,
            Step::SeatCount => {
                let question = question(&description, self.lang());
                let seat_count = self.whole_number(&question, None)?.unwrap_or_default();
                let answer = answer!(client, &answering, set_seat_count, SetSeatCountRequest { seat_count })?;
                self.take(answer.setup)
            }
            Step::ApiCallLimit => self.api_call_limit(&description).await,
            Step::Package => {
                let installed = self.prompts.confirm(&question(&description, self.lang()))?;
                let answer = answer!(
                    client,
                    &answering,
                    confirm_package_installed,
                    ConfirmPackageInstalledRequest { installed }
                )?;
                self.take(answer.setup)
            }
            Step::SecurityToken => self.security_token().await,
            _ => self.visualforce_module(&description).await,
        }
    }

    /// "No access" is an answer, after which the setup waits for somebody else.
    async fn admin_access(&mut self, description: &StepDescription) -> Result<Next, Pause> {
        let admin_access = self.one_of(description, ACCESSES)?;
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            confirm_admin_access,
            ConfirmAdminAccessRequest { admin_access }
        )?;
        self.take(answer.setup)?;
        if admin_access != i32::from(AdminAccess::None) {
            return Ok(Next::Onward);
        }
        self.prompts.say(&self.lang().text("ctl-wizard-waits"));
        Ok(Next::Leave)
    }

    /// Shows what the suggestion means before it is asked about.
    async fn api_call_limit(&mut self, description: &StepDescription) -> Result<Next, Pause> {
        let client = &self.context.client;
        let preview = Answering { validate_only: true, ..self.answering() };
        let preview = answer!(client, &preview, set_api_call_limit, SetApiCallLimitRequest { limit: None })?;
        let suggestion =
            preview.setup.and_then(|setup| setup.answers).and_then(|answers| answers.api_call_limit);
        if let Some(limit) = self.answers().api_call_limit.filter(|limit| limit.limit > 0) {
            let now = limit_text(&limit, self.lang());
            self.prompts.say(&self.lang().with("ctl-wizard-now", &[("answer", &now)]));
        }
        let meaning = suggestion.map(|limit| limit_text(&limit, self.lang())).unwrap_or_default();
        let accepted = self.lang().with("ctl-ask-accept-limit", &[("limit", &meaning)]);
        let limit = self.whole_number(&question(description, self.lang()), Some(&accepted))?;
        let answer =
            answer!(client, &self.answering(), set_api_call_limit, SetApiCallLimitRequest { limit })?;
        self.take(answer.setup)
    }

    async fn security_token(&mut self) -> Result<Next, Pause> {
        let lang = self.lang();
        let options = [lang.text("ctl-ask-has-token-yes"), lang.text("ctl-ask-has-token-no")];
        let question = lang.text("ctl-ask-has-token");
        let not_used = self.prompts.choose(&question, &options)? == 1;
        let security_token = if not_used {
            String::new()
        } else {
            let question = lang.text("ctl-ask-token");
            plain(&self.prompts.secret(&question)?)
        };
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            submit_security_token,
            SubmitSecurityTokenRequest { security_token, not_used }
        )?;
        self.take(answer.setup)
    }

    async fn visualforce_module(&mut self, description: &StepDescription) -> Result<Next, Pause> {
        let methods = [VisualforceMethod::Visualforce, VisualforceMethod::HubspotEmbed];
        let names = methods.map(|method| label::<VisualforceMethod>(method.into(), self.lang()));
        let question_how = self.lang().text("ctl-ask-visualforce-method");
        let method = match self.prompts.choose(&question_how, &names)? {
            0 => VisualforceMethod::Visualforce,
            _ => VisualforceMethod::HubspotEmbed,
        };
        let added = self.prompts.confirm(&question(description, self.lang()))?;
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            confirm_visualforce_module,
            ConfirmVisualforceModuleRequest { added, method: method.into() }
        )?;
        self.take(answer.setup)
    }

    /// One value: those that the description offers, or the eligible ones where it offers none.
    fn one_of<E>(&mut self, description: &StepDescription, otherwise: &[E]) -> Result<i32, Pause>
    where
        E: Label + Copy + Into<i32> + 'static,
    {
        let lang = self.lang();
        let described: Vec<(i32, String)> = description
            .options
            .iter()
            .filter_map(|option| Some((E::of_name(&option.value)?, option_label(option, lang))))
            .collect();
        let options = if described.is_empty() {
            otherwise.iter().map(|value| ((*value).into(), label::<E>((*value).into(), lang))).collect()
        } else {
            described
        };
        let labels: Vec<String> = options.iter().map(|(_, label)| label.clone()).collect();
        let chosen = self.prompts.choose(&question(description, lang), &labels)?;
        options.get(chosen).map(|(value, _)| *value).ok_or(Pause::Menu)
    }

    /// A sandbox comes with notes that have to be read.
    async fn environment(&mut self, description: &StepDescription) -> Result<Next, Pause> {
        let environment = self.one_of(description, ENVIRONMENTS)?;
        let is_sandbox = environment == i32::from(SalesforceEnvironment::Sandbox);
        let notes = locale::attribute(self.lang().language(), "step-environment", "checkbox", &[]);
        let sandbox_notes_acknowledged = is_sandbox && self.prompts.confirm(&notes)?;
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            select_environment,
            SelectEnvironmentRequest { environment, sandbox_notes_acknowledged }
        )?;
        self.take(answer.setup)
    }

    /// A whole number, asked for until it is one. None for an empty answer, where that means something.
    fn whole_number<N: std::str::FromStr>(
        &mut self,
        question: &str,
        empty_means: Option<&str>,
    ) -> Result<Option<N>, Pause> {
        loop {
            let line = self.prompts.line(question, empty_means)?;
            if line.is_empty() && empty_means.is_some() {
                return Ok(None);
            }
            if let Ok(number) = line.replace([',', '_', ' '], "").parse() {
                return Ok(Some(number));
            }
            self.prompts.say(&self.lang().text("ctl-prompt-whole-number"));
        }
    }
}

/// What the description calls the answer; its title where it calls it nothing.
pub(super) fn question(description: &StepDescription, lang: Lang) -> String {
    match (description.label.is_empty(), description.title.is_empty()) {
        (false, _) => description.label.clone(),
        (true, false) => description.title.clone(),
        (true, true) => label::<Step>(description.step, lang),
    }
}

const SUBSCRIPTIONS: &[HubSpotSubscription] =
    &[HubSpotSubscription::Professional, HubSpotSubscription::Enterprise];
const EDITIONS: &[SalesforceEdition] =
    &[SalesforceEdition::Professional, SalesforceEdition::Enterprise, SalesforceEdition::Unlimited];
const ACCESSES: &[AdminAccess] = &[
    AdminAccess::TopLevelAdministrator,
    AdminAccess::FullObjectAndField,
    AdminAccess::ObjectOnly,
    AdminAccess::None,
];
const ENVIRONMENTS: &[SalesforceEnvironment] =
    &[SalesforceEnvironment::Production, SalesforceEnvironment::Sandbox];
