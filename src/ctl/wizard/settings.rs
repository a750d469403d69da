//! What syncs: nothing here has a default, everything has to be chosen.

use super::{Next, Pause, Wizard};
use crate::{
    api::v1::{self, Choice as YesNo, choose_inclusion_list_request::Choice},
    ctl::{answer::answer, output::number},
    locale,
};

/// HubSpot's default stages, from the lowest.
const STAGES: [&str; 8] = [
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
    "other",
];

impl Wizard<'_> {
    pub(super) async fn object_sync(&mut self) -> Result<Next, Pause> {
        let lang = self.lang();
        let accounts = lang.text("ctl-ask-accounts");
        let opportunities = lang.text("ctl-ask-opportunities");
        let accounts = self.yes_or_no(&accounts)?;
        let opportunities = self.yes_or_no(&opportunities)?;
        let object_sync = Some(v1::ObjectSync { accounts, opportunities });
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            choose_object_sync,
            ChooseObjectSyncRequest { object_sync }
        )?;
        self.take(answer.setup)
    }

    pub(super) async fn activity_sync(&mut self) -> Result<Next, Pause> {
        let lang = self.lang();
        let activities = [lang.text("ctl-ask-activities-form"), lang.text("ctl-ask-activities-email")];
        let when = lang.text("ctl-ask-activities");
        let ticked = self.prompts.tick(&when, &activities)?;
        let tasks = lang.text("ctl-ask-tasks");
        let activity_sync = Some(v1::ActivitySync {
            on_form_submission: ticked.contains(&0),
            on_email_open: ticked.contains(&1),
            tasks: self.yes_or_no(&tasks)?,
        });
        let answer = answer!(
            &self.context.client,
            &self.answering(),
            choose_activity_sync,
            ChooseActivitySyncRequest { activity_sync }
        )?;
        self.take(answer.setup)
    }

    /// A smart list, a new one, or explicitly none.
    pub(super) async fn inclusion_list(&mut self) -> Result<Next, Pause> {
        let client = &self.context.client;
        let request = v1::ListSmartListsRequest {
            portal_id: self.setup.portal_id,
            query: String::new(),
            page_size: 500,
            page_token: String::new(),
        };
        let lists =
            client.read(request, async |request| client.lists().list_smart_lists(request).await).await?.lists;
        let lang = self.lang();
        let none = lang.text("ctl-ask-inclusion-none");
        let create = lang.text("ctl-ask-inclusion-new");
        let names =
            lists.iter().map(|list| format!("{} ({}, {})", list.name, list.list_id, number(list.size)));
        let options: Vec<String> = [none.to_owned(), create.to_owned()].into_iter().chain(names).collect();
        let question = lang.text("ctl-ask-inclusion");
        let choice = match self.prompts.choose(&question, &options)? {
            0 => Choice::NoList(v1::NoInclusionList { lowest_lifecycle_stage: self.lowest_stage()? }),
            1 => Choice::ListId(self.new_list().await?),
            chosen => {
                let list = lists.get(chosen.saturating_sub(2)).ok_or(Pause::Menu)?;
                Choice::ListId(list.list_id.clone())
            }
        };
        let answer = answer!(
            client,
            &self.answering(),
            choose_inclusion_list,
            ChooseInclusionListRequest { choice: Some(choice) }
        )?;
        self.take(answer.setup)
    }

    async fn new_list(&mut self) -> Result<String, Pause> {
        let lang = self.lang();
        let name = self.prompts.line(&lang.text("ctl-ask-list-name"), None)?;
        let question = lang.text("ctl-ask-list-stages");
        let ticked = self.prompts.tick(&question, &self.stage_names())?;
        let client = &self.context.client;
        let request_id = client.request_id();
        let message = v1::CreateSmartListRequest {
            request_id: request_id.clone(),
            portal_id: self.setup.portal_id,
            name,
            lifecycle_stages: ticked
                .into_iter()
                .filter_map(|index| STAGES.get(index))
                .map(ToString::to_string)
                .collect(),
        };
        let create = async |request| client.lists().create_smart_list(request).await;
        let list = client.change(&request_id, message, create).await?.list.unwrap_or_default();
        Ok(list.list_id)
    }

    fn lowest_stage(&mut self) -> Result<String, Pause> {
        let question = self.lang().text("ctl-ask-lowest-stage");
        let chosen = self.prompts.choose(&question, &self.stage_names())?;
        STAGES.get(chosen).map(ToString::to_string).ok_or(Pause::Menu)
    }

    fn stage_names(&self) -> Vec<String> {
        let language = self.lang().language();
        STAGES.iter().map(|stage| locale::text(language, &format!("lifecycle-stage-{stage}"), &[])).collect()
    }

    fn yes_or_no(&mut self, question: &str) -> Result<i32, Pause> {
        let answer = if self.prompts.confirm(question)? { YesNo::Yes } else { YesNo::No };
        Ok(answer.into())
    }
}
