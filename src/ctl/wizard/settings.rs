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
        let accounts = lang.pick(
            "Sync Salesforce accounts? (recommended: yes)",
            "Salesforce のアカウントを同期しますか?(推奨: はい)",
        );
        let opportunities = lang.pick(
            "Sync the standard fields of Salesforce opportunities?",
            "Salesforce のオポチュニティの標準フィールドを同期しますか?",
        );
        let accounts = self.yes_or_no(accounts)?;
        let opportunities = self.yes_or_no(opportunities)?;
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
        let activities = [
            lang.pick("when a contact submits a form", "コンタクトがフォームを送信したとき").to_owned(),
            lang.pick("when a contact opens an e-mail", "コンタクトが Eメールを開いたとき").to_owned(),
        ];
        let when = lang.pick("Create a Salesforce activity …", "Salesforce のアクティビティを作成するのは…");
        let ticked = self.prompts.tick(when, &activities)?;
        let tasks = lang.pick(
            "Sync the Salesforce tasks of contacts with HubSpot?",
            "コンタクトに関連付けられている Salesforce のタスクを HubSpot と同期しますか?",
        );
        let activity_sync = Some(v1::ActivitySync {
            on_form_submission: ticked.contains(&0),
            on_email_open: ticked.contains(&1),
            tasks: self.yes_or_no(tasks)?,
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
        let none = lang.pick("-- No Inclusion List --", "-- インクルージョンリストなし --");
        let create = lang.pick("create a new smart list", "新しいスマートリストを作成");
        let names =
            lists.iter().map(|list| format!("{} ({}, {})", list.name, list.list_id, number(list.size)));
        let options: Vec<String> = [none.to_owned(), create.to_owned()].into_iter().chain(names).collect();
        let question = lang.pick("Which contacts go to Salesforce?", "Salesforce に同期するコンタクトは?");
        let choice = match self.prompts.choose(question, &options)? {
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
        let name = self.prompts.line(lang.pick("Name of the new list", "新しいリストの名前"), None)?;
        let question =
            lang.pick("Contacts of which lifecycle stages?", "どのライフサイクルステージのコンタクトですか?");
        let ticked = self.prompts.tick(question, &self.stage_names())?;
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
        let question = self.lang().pick(
            "New contacts from which lifecycle stage on? (usual: Subscriber)",
            "どのライフサイクルステージ以上の新しいコンタクトですか?(標準: 購読者)",
        );
        let chosen = self.prompts.choose(question, &self.stage_names())?;
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
