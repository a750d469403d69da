//! The interactive wizard. It knows how to ask, not what is allowed: the server says which step comes next, what
//! each is about and what is wrong with an answer. So it can be left at any question and goes on anywhere.

mod connect;
mod finish;
mod prompts;
mod settings;
mod steps;
pub mod terminal;

#[cfg(test)]
mod tests;

use self::{
    prompts::{Pause, Prompts},
    terminal::Terminal,
};
use super::{
    answer::{Answering, present, read_setup},
    args::SetupTarget,
    context::Context,
    error::{self, Error},
    exit::Exit,
    labels::label,
    lang::Lang,
    output::Format,
    render::step_body,
};
use crate::api::v1::{self, SetupStatus, Step, StepState};

/// Runs the wizard for the portal or setup that is meant; asks which where that is not said.
///
/// # Errors
/// [`Error::Usage`] without a terminal; what stops it otherwise. Leaving it is no error.
pub async fn on_terminal(context: &Context, target: &SetupTarget) -> Result<Exit, Error> {
    if !Context::is_interactive() {
        return Err(Error::Usage(context.view.lang.text("ctl-wizard-no-terminal")));
    }
    let mut terminal = Terminal::new(context.view.lang);
    match Wizard::enter(context, &mut terminal, target).await {
        Ok(mut wizard) => wizard.walk().await,
        Err(Pause::Menu) => Err(Error::Interrupted),
        Err(Pause::Error(error)) => Err(error),
    }
}

/// The steps that a hand-off opens.
const HANDED_OFF: &[Step] =
    &[Step::Package, Step::SecurityToken, Step::VisualforceModule, Step::ConnectAccounts];

/// Runs the part of the wizard that a hand-off opens.
///
/// # Errors
/// [`Error::Usage`] without a terminal; what stops it otherwise. Leaving it is no error.
pub async fn handed_off(context: &Context, setup_id: &str) -> Result<Exit, Error> {
    if !Context::is_interactive() {
        return Err(Error::Usage(context.view.lang.text("ctl-handoff-no-terminal")));
    }
    let mut terminal = Terminal::new(context.view.lang);
    walk_handed_off(context, &mut terminal, setup_id).await
}

async fn walk_handed_off(
    context: &Context,
    prompts: &mut dyn Prompts,
    setup_id: &str,
) -> Result<Exit, Error> {
    let target = SetupTarget { portal: None, setup: Some(setup_id.to_owned()) };
    match Wizard::enter(context, prompts, &target).await {
        Ok(wizard) => Wizard { only: HANDED_OFF, ..wizard }.walk().await,
        Err(Pause::Menu) => Err(Error::Interrupted),
        Err(Pause::Error(error)) => Err(error),
    }
}

/// A run through the wizard.
pub(super) struct Wizard<'a> {
    context: &'a Context,
    prompts: &'a mut dyn Prompts,
    descriptions: Vec<v1::StepDescription>,
    setup: v1::Setup,
    /// The only steps that can be answered; empty: all of them.
    only: &'static [Step],
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// To the step that the server names.
    Onward,
    /// Back to an earlier one.
    Edit(Step),
    /// Out, with everything kept.
    Leave,
}

impl<'a> Wizard<'a> {
    /// Starts the portal's setup or takes it up where it is.
    async fn enter(
        context: &'a Context,
        prompts: &'a mut dyn Prompts,
        target: &SetupTarget,
    ) -> Result<Self, Pause> {
        let setup = match (&target.setup, target.portal) {
            (Some(id), _) => read_setup(&context.client, id).await?,
            (None, Some(portal)) => start(context, portal).await?,
            (None, None) => {
                let portal = choose_portal(context, prompts).await?;
                start(context, portal).await?
            }
        };
        let client = &context.client;
        let request = v1::DescribeSetupRequest { setup_id: setup.setup_id.clone() };
        let described =
            client.read(request, async |request| client.setups().describe_setup(request).await).await?;
        Ok(Self { context, prompts, descriptions: described.steps, setup, only: &[] })
    }

    /// Goes from step to step until the setup is finished or the user leaves.
    async fn walk(&mut self) -> Result<Exit, Error> {
        self.greet();
        let mut edited = None;
        loop {
            let step = edited.take().unwrap_or_else(|| self.setup.next_step());
            if !self.is_open(step) {
                return self.hand_back(step);
            }
            let outcome = if step == Step::Unspecified { Err(Pause::Menu) } else { self.step(step).await };
            let next = match outcome {
                Ok(next) => next,
                Err(Pause::Menu) => self.menu()?,
                Err(Pause::Error(error)) => self.recover(error).await?,
            };
            match next {
                Next::Onward => {}
                Next::Edit(step) => edited = Some(step),
                Next::Leave => return self.leave(),
            }
        }
    }

    fn is_open(&self, step: Step) -> bool {
        self.only.is_empty() || self.only.contains(&step)
    }

    /// What comes next is for whoever handed the steps off.
    fn hand_back(&mut self, step: Step) -> Result<Exit, Error> {
        let name = label::<Step>(step.into(), self.lang());
        self.prompts.say(&self.lang().with("ctl-handoff-done", &[("step", &name)]));
        self.leave()
    }

    fn greet(&mut self) {
        let portal = self.setup.portal_id.to_string();
        let stands = label::<SetupStatus>(self.setup.status, self.lang());
        let args = [("portal_id", portal.as_str()), ("state", &stands)];
        self.prompts.say(&self.lang().with("ctl-wizard-welcome", &args));
    }

    fn lang(&self) -> Lang {
        self.context.view.lang
    }

    fn answering(&self) -> Answering {
        Answering::to(&self.setup.setup_id)
    }

    fn answers(&self) -> v1::SetupAnswers {
        self.setup.answers.clone().unwrap_or_default()
    }

    fn description(&self, step: Step) -> v1::StepDescription {
        self.descriptions.iter().find(|description| description.step() == step).cloned().unwrap_or_default()
    }

    /// Asks and sends the answer of one step.
    async fn step(&mut self, step: Step) -> Result<Next, Pause> {
        self.introduce(step);
        match step {
            Step::ConnectAccounts => self.connect_accounts().await,
            Step::ObjectSync => self.object_sync().await,
            Step::ActivitySync => self.activity_sync().await,
            Step::InclusionList => self.inclusion_list().await,
            Step::Review => self.review().await,
            Step::Test => self.test().await,
            Step::Done | Step::Unspecified => self.finish().await,
            _ => self.before_connecting(step).await,
        }
    }

    fn introduce(&mut self, step: Step) {
        let description = self.description(step);
        let title = match description.title.is_empty() {
            true => label::<Step>(step.into(), self.lang()),
            false => description.title.clone(),
        };
        self.prompts.say(&format!("\n── {}/{} {title}", i32::from(step), i32::from(Step::Done)));
        self.prompts.say(&step_body(&description, &self.context.view));
        let stale = self
            .setup
            .steps
            .iter()
            .find(|status| status.step() == step && status.state() == StepState::Stale);
        if let Some(status) = stale {
            let cause = label::<Step>(status.stale_because, self.lang());
            let words = self.lang().with("ctl-wizard-stale", &[("step", &cause)]);
            self.prompts.say(&format!("   ! {words}"));
        }
        let notices: Vec<String> = self
            .setup
            .notices
            .iter()
            .filter(|notice| notice.step() == step)
            .map(|notice| format!("   ! {}", notice.text))
            .collect();
        for notice in notices {
            self.prompts.say(&notice);
        }
    }

    /// A setup as it came back from an answer.
    fn take(&mut self, setup: Option<v1::Setup>) -> Result<Next, Pause> {
        self.setup = present(setup)?;
        Ok(Next::Onward)
    }

    async fn refresh(&mut self) -> Result<(), Error> {
        self.setup = read_setup(&self.context.client, &self.setup.setup_id).await?;
        Ok(())
    }

    /// What a rule or a field says is told and asked about again; everything else ends the wizard.
    async fn recover(&mut self, failure: Error) -> Result<Next, Error> {
        match failure.exit() {
            Exit::Refused | Exit::Invalid | Exit::Conflict | Exit::Usage => {
                let view = &self.context.view;
                self.prompts.say(&error::text(&failure, view.lang, view.color_errors));
                self.refresh().await?;
                self.menu()
            }
            _ => Err(failure),
        }
    }

    /// Where to from here.
    fn menu(&mut self) -> Result<Next, Error> {
        let lang = self.lang();
        let is_over = self.setup.status() == SetupStatus::Finished;
        let first = if is_over { "ctl-menu-finished" } else { "ctl-menu-go-on" };
        let options = [lang.text(first), lang.text("ctl-menu-edit"), lang.text("ctl-menu-leave")];
        match self.prompts.choose(&lang.text("ctl-menu"), &options) {
            Ok(0) if is_over => Ok(Next::Leave),
            Ok(0) => Ok(Next::Onward),
            Ok(1) => match self.choose_edit() {
                Ok(step) => Ok(Next::Edit(step)),
                Err(Pause::Menu) => Ok(Next::Onward),
                Err(Pause::Error(error)) => Err(error),
            },
            Ok(_) | Err(Pause::Menu) => Ok(Next::Leave),
            Err(Pause::Error(error)) => Err(error),
        }
    }

    /// One of the steps that were answered before.
    fn choose_edit(&mut self) -> Result<Step, Pause> {
        let answered: Vec<Step> = self
            .setup
            .steps
            .iter()
            .filter(|status| {
                matches!(status.state(), StepState::Answered | StepState::Stale | StepState::Waiting)
            })
            .map(v1::StepStatus::step)
            .filter(|step| !matches!(step, Step::Test | Step::Done) && self.is_open(*step))
            .collect();
        let names: Vec<String> =
            answered.iter().map(|step| label::<Step>((*step).into(), self.lang())).collect();
        if names.is_empty() {
            return Err(Pause::Menu);
        }
        let chosen = self.prompts.choose(&self.lang().text("ctl-menu-edit-which"), &names)?;
        answered.get(chosen).copied().ok_or(Pause::Menu)
    }

    fn leave(&mut self) -> Result<Exit, Error> {
        if self.setup.status() != SetupStatus::Finished {
            let command = if self.only.is_empty() {
                format!("connectorctl setup --portal {}", self.setup.portal_id)
            } else {
                format!("connectorctl handoff --setup {}", self.setup.setup_id)
            };
            self.prompts.say(&self.lang().with("ctl-wizard-left", &[("command", &command)]));
        }
        if self.context.format == Format::Json {
            self.context.print(&v1::GetSetupResponse { setup: Some(self.setup.clone()) })?;
        }
        Ok(Exit::Ok)
    }
}

async fn start(context: &Context, portal_id: i64) -> Result<v1::Setup, Error> {
    let client = &context.client;
    let request_id = client.request_id();
    let message = v1::StartSetupRequest { request_id: request_id.clone(), portal_id };
    let start = async |request| client.setups().start_setup(request).await;
    present(client.change(&request_id, message, start).await?.setup)
}

async fn choose_portal(context: &Context, prompts: &mut dyn Prompts) -> Result<i64, Pause> {
    let (client, lang) = (&context.client, context.view.lang);
    let request = v1::ListPortalsRequest { page_size: 500, page_token: String::new() };
    let portals =
        client.read(request, async |request| client.portals().list_portals(request).await).await?.portals;
    if portals.is_empty() {
        return Err(Pause::Error(Error::Usage(lang.text("ctl-wizard-no-portal"))));
    }
    let names: Vec<String> =
        portals.iter().map(|portal| format!("{} {}", portal.portal_id, portal.display_name)).collect();
    let chosen = prompts.choose(&lang.text("ctl-ask-portal"), &names)?;
    portals.get(chosen).map(|portal| portal.portal_id).ok_or(Pause::Menu)
}
