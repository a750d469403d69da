//! Review and switch, test, done.

use super::{Next, Pause, Wizard};
use crate::{
    api::v1::{self, ImportDecision},
    ctl::{
        answer::{answer, present},
        labels::label,
        render::Show as _,
        testing_contact,
    },
};

impl Wizard<'_> {
    /// Shows all decisions; what is switched on is exactly what was shown.
    pub(super) async fn review(&mut self) -> Result<Next, Pause> {
        let (client, lang) = (&self.context.client, self.lang());
        let request = v1::ReviewSetupRequest { setup_id: self.setup.setup_id.clone() };
        let review =
            client.read(request, async |request| client.setups().review_setup(request).await).await?;
        self.prompts.say(&review.show(&self.context.view));
        let options = [lang.text("ctl-ask-review-enable"), lang.text("ctl-ask-review-edit")];
        match self.prompts.choose(&lang.text("ctl-ask-review"), &options)? {
            0 => {
                let review_etag = review.review_etag;
                let answer =
                    answer!(client, &self.answering(), enable_sync, EnableSyncRequest { review_etag })?;
                self.prompts.say(&format!("✓ {}", answer.message));
                self.take(answer.setup)
            }
            _ => self.choose_edit().map(Next::Edit),
        }
    }

    /// The test can be left out and repeated.
    pub(super) async fn test(&mut self) -> Result<Next, Pause> {
        let lang = self.lang();
        let options = [lang.text("ctl-ask-test-create"), lang.text("ctl-ask-test-skip")];
        let question = lang.text("ctl-ask-test");
        if self.prompts.choose(&question, &options)? == 1 {
            return self.finish().await;
        }
        let client = &self.context.client;
        let request_id = client.request_id();
        let message =
            v1::CreateTestContactRequest { request_id: request_id.clone(), portal_id: self.setup.portal_id };
        let create = async |request| client.test_contacts().create_test_contact(request).await;
        let answer = client.change(&request_id, message, create).await?;
        let ended = testing_contact::to_its_end(self.context, present(answer.test_contact)?).await?;
        let summary = v1::TestContact { history: Vec::new(), ..ended };
        self.prompts.say(&summary.show(&self.context.view));
        self.refresh().await?;
        Ok(Next::Onward)
    }

    /// Decides about existing contacts and ends the wizard.
    pub(super) async fn finish(&mut self) -> Result<Next, Pause> {
        let lang = self.lang();
        let decisions = [ImportDecision::Import, ImportDecision::DoNotImport];
        let names = decisions.map(|decision| label::<ImportDecision>(decision.into(), lang));
        let question = lang.text("ctl-ask-import");
        let chosen = self.prompts.choose(&question, &names)?;
        let import_decision = decisions.get(chosen).copied().ok_or(Pause::Menu)?.into();
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            finish_setup,
            FinishSetupRequest { import_decision }
        )?;
        self.prompts.say(&format!("✓ {}", answer.summary));
        let command = format!("connectorctl status settings {} --help", self.setup.portal_id);
        self.prompts.say(&format!("  {}", lang.with("ctl-wizard-customize", &[("command", &command)])));
        self.take(answer.setup)?;
        Ok(Next::Leave)
    }
}
