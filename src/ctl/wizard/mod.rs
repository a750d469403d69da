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
        let refusal =
            "the wizard needs a terminal; 'connectorctl setup --help' lists a command for each step";
        return Err(Error::Usage(refusal.to_owned()));
    }
    let mut terminal = Terminal::new(context.view.lang);
    match Wizard::enter(context, &mut terminal, target).await {
        Ok(mut wizard) => wizard.walk().await,
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
        Ok(Self { context, prompts, descriptions: described.steps, setup })
    }

    /// Goes from step to step until the setup is finished or the user leaves.
    async fn walk(&mut self) -> Result<Exit, Error> {
        self.greet();
        let mut edited = None;
        loop {
            let step = edited.take().unwrap_or_else(|| self.setup.next_step());
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

    fn greet(&mut self) {
        let portal = self.setup.portal_id;
        let stands = label::<SetupStatus>(self.setup.status, self.lang());
        self.prompts.say(&match self.lang() {
            Lang::En => format!(
                "Setting up portal {portal} ({stands}). Esc opens the menu; leave at any time, everything is kept."
            ),
            Lang::Ja => format!(
                "ポータル {portal} のセットアップ({stands})。Esc でメニューを開けます。回答は保存されるので、いつでも中断できます。"
            ),
        });
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
            self.prompts.say(&match self.lang() {
                Lang::En => format!("   ! Please confirm: \"{cause}\" changed since this was answered."),
                Lang::Ja => format!("   ! 回答後に「{cause}」が変更されました。もう一度確認してください。"),
            });
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
            Exit::Refused | Exit::Invalid | Exit::Conflict => {
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
        let (en, ja) =
            if is_over { ("it is finished", "完了しています") } else { ("go on", "続ける") };
        let options = [
            lang.pick(en, ja).to_owned(),
            lang.pick("edit an earlier answer", "以前の回答を編集する").to_owned(),
            lang.pick("leave; everything is kept", "中断する(回答は保存されます)").to_owned(),
        ];
        match self.prompts.choose(lang.pick("Where to?", "どうしますか?"), &options) {
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
            .filter(|step| !matches!(step, Step::Test | Step::Done))
            .collect();
        let names: Vec<String> =
            answered.iter().map(|step| label::<Step>((*step).into(), self.lang())).collect();
        if names.is_empty() {
            return Err(Pause::Menu);
        }
        let chosen =
            self.prompts.choose(self.lang().pick("Which answer?", "どの回答を編集しますか?"), &names)?;
        answered.get(chosen).copied().ok_or(Pause::Menu)
    }

    fn leave(&mut self) -> Result<Exit, Error> {
        if self.setup.status() != SetupStatus::Finished {
            let portal = self.setup.portal_id;
            self.prompts.say(&match self.lang() {
                Lang::En => format!("Everything is kept. Go on with: connectorctl setup --portal {portal}"),
                Lang::Ja => {
                    format!("回答は保存されています。再開するには: connectorctl setup --portal {portal}")
                }
            });
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
        let (en, ja) = (
            "no portal is registered: 'connectorctl portals register' adds one",
            "ポータルが登録されていません。connectorctl portals register で登録してください",
        );
        return Err(Pause::Error(Error::Usage(lang.pick(en, ja).to_owned())));
    }
    let names: Vec<String> =
        portals.iter().map(|portal| format!("{} {}", portal.portal_id, portal.display_name)).collect();
    let chosen = prompts.choose(lang.pick("Which portal?", "どのポータルですか?"), &names)?;
    portals.get(chosen).map(|portal| portal.portal_id).ok_or(Pause::Menu)
}
