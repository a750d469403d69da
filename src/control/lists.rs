//! HubSpot's smart lists, and the inclusion list of a portal.

use super::{Control, ControlError, InclusionChoice, check_etag, step::save_answer, vendor::hubspot_refusal};
use crate::{
    domain::{
        PortalId, Reason, Refusal,
        change::SyncView,
        settings::{DEFAULT_STAGES, InclusionRule, SmartList},
        setup::{Actor, Step},
    },
    hubspot::{ContactList, HubSpotError, HubSpotErrorKind, PortalApi, ProcessingType},
    store::{Call, Look, SecretKind, SecretRole, Target},
};

/// One page of a portal's smart lists.
#[derive(Clone, Debug)]
pub struct SmartListPage {
    /// The lists.
    pub lists: Vec<SmartList>,
    /// Where the next page begins.
    pub next_offset: Option<u32>,
}

impl Control {
    /// The portal's smart lists whose names contain `query`.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND` and what HubSpot answers.
    pub async fn smart_lists(
        &self,
        portal_id: PortalId,
        query: &str,
        offset: u32,
        size: u32,
    ) -> Result<SmartListPage, ControlError> {
        let credential =
            self.inner.store.secret(portal_id, SecretKind::HubspotCredential, SecretRole::Current).await?;
        // A portal that has a credential is there.
        if credential.is_none() {
            self.inner.store.portal(portal_id).await?;
        }
        let api = self.portal_api_by(portal_id, credential).await?;
        let page = api.smart_lists(query, offset, size).await;
        let page = page.map_err(|error| hubspot_refusal(&error))?;
        Ok(SmartListPage {
            lists: page.lists.into_iter().map(smart_list).collect(),
            next_offset: page.next_offset,
        })
    }

    /// Creates a smart list of the contacts in these lifecycle stages. A list of that name which an earlier try of
    /// the same request may have created is looked up, not created twice.
    ///
    /// # Errors
    /// `SMART_LIST_NAME_TAKEN`, `LIFECYCLE_STAGE_UNKNOWN` and what else HubSpot answers.
    pub async fn create_smart_list(
        &self,
        call: &Call,
        portal_id: PortalId,
        name: String,
        stages: Vec<String>,
    ) -> Result<SmartList, ControlError> {
        let secret = SecretKind::HubspotCredential;
        let mut seen = match self.inner.store.look_with(call, Target::Portal(portal_id), secret).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        let api = self.portal_api_by(portal_id, seen.take_secret()?).await?;
        check_stages(&api, &stages).await?;
        let stages: Vec<&str> = stages.iter().map(String::as_str).collect();
        let created = api.create_smart_list(&name, &stages).await;
        let list = match created {
            Ok(list) => list,
            Err(error) => self.list_after_failure(&api, &name, &error).await?,
        };
        let list = smart_list(list);
        let answer = list.clone();
        self.inner
            .store
            .change_seen(call, Target::Portal(portal_id), seen, move |_| {
                let answer = answer.clone();
                Box::pin(async move { Ok(answer) })
            })
            .await
            .map_err(Into::into)
    }

    /// Whether a creation happened all the same.
    async fn list_after_failure(
        &self,
        api: &PortalApi,
        name: &str,
        error: &HubSpotError,
    ) -> Result<ContactList, ControlError> {
        if matches!(error.kind(), HubSpotErrorKind::Conflict { .. }) {
            return Err(Refusal::new(Reason::SmartListNameTaken).with("name", name).into());
        }
        if error.effect() != crate::salesforce::DidItHappen::No
            && let Ok(Some(list)) = api.list_by_name(name).await
        {
            return Ok(list);
        }
        Err(hubspot_refusal(error).into())
    }

    /// Sets, changes or removes the inclusion list, at any time once the wizard has come to it (R64).
    ///
    /// # Errors
    /// `SETUP_STEP_NOT_REACHED`, `LIST_NOT_SMART`, `SMART_LIST_NOT_FOUND`, `LIFECYCLE_STAGE_UNKNOWN`,
    /// `ETAG_MISMATCH`.
    pub async fn set_inclusion(
        &self,
        call: &Call,
        portal_id: PortalId,
        choice: InclusionChoice,
        etag: Option<i64>,
    ) -> Result<SyncView, ControlError> {
        let secret = SecretKind::HubspotCredential;
        let mut seen = match self.inner.store.look_with(call, Target::Portal(portal_id), secret).await? {
            Look::Answered(answer) => return Ok(answer),
            Look::Seen(seen) => seen,
        };
        check_etag(etag, seen.sync_version())?;
        let setup = seen.active_setup().await?.ok_or_else(no_setup)?;
        setup.check_reached_once(Step::InclusionList)?;
        let api = self.portal_api_by(portal_id, seen.take_secret()?).await?;
        let rule = inclusion_rule(&api, choice).await?;
        let principal = call.principal.clone();
        let view = self
            .inner
            .store
            .change_seen(call, Target::Portal(portal_id), seen, move |tx| {
                let (rule, principal) = (rule.clone(), principal.clone());
                Box::pin(async move {
                    check_etag(etag, tx.sync_version())?;
                    let setup = tx.active_setup().await?.ok_or_else(no_setup)?;
                    let actor = Actor { by: principal, at: tx.now() };
                    let updated = setup.clone().update_settings(&actor, None, None, Some(rule))?;
                    save_answer(tx, &setup, updated).await?;
                    tx.view_sync().await
                })
            })
            .await?;
        Ok(view)
    }
}

/// The rule of a choice; HubSpot says whether there is such a list or stage.
pub(super) async fn inclusion_rule(
    api: &PortalApi,
    choice: InclusionChoice,
) -> Result<InclusionRule, ControlError> {
    Ok(match choice {
        InclusionChoice::List(list_id) => {
            let found = api.list(&list_id).await.map_err(|error| hubspot_refusal(&error))?;
            let list =
                found.ok_or_else(|| Refusal::new(Reason::SmartListNotFound).with("list_id", &list_id))?;
            InclusionRule::List(smart_list(list))
        }
        InclusionChoice::NoList(lowest_stage) => {
            check_stages(api, std::slice::from_ref(&lowest_stage)).await?;
            InclusionRule::NoList { lowest_stage }
        }
    })
}

/// Refuses lifecycle stages that the portal does not have: they are its own, to add and to remove. While HubSpot
/// does not say them, its eight defaults pass.
async fn check_stages(api: &PortalApi, stages: &[String]) -> Result<(), ControlError> {
    let read = api.lifecycle_stages().await;
    let read_well = read.as_ref().is_ok_and(|known| !known.is_empty());
    let known: Vec<String> = match &read {
        Ok(known) if read_well => known.iter().map(|stage| stage.value.clone()).collect(),
        Ok(_) | Err(_) => DEFAULT_STAGES.map(str::to_owned).to_vec(),
    };
    match (stages.iter().find(|stage| !known.contains(stage)), read) {
        (None, _) => Ok(()),
        (Some(_), Err(error)) => Err(hubspot_refusal(&error).into()),
        (Some(stage), Ok(_)) => Err(Refusal::new(Reason::LifecycleStageUnknown)
            .with("stage", stage)
            .with("stages", known.join(", "))
            .into()),
    }
}

/// A portal whose wizard never began has no step that could be reached.
pub(super) fn no_setup() -> Refusal {
    Refusal::new(Reason::SetupStepNotReached).with("steps", Step::Prerequisites.name())
}

fn smart_list(list: ContactList) -> SmartList {
    SmartList {
        list_id: list.id,
        name: list.name,
        processing_type: processing_type(&list.processing_type),
        size: list.size.and_then(|size| i64::try_from(size).ok()),
    }
}

fn processing_type(kind: &ProcessingType) -> String {
    match kind {
        ProcessingType::Manual => "MANUAL",
        ProcessingType::Dynamic => "DYNAMIC",
        ProcessingType::Snapshot => "SNAPSHOT",
        ProcessingType::Other(other) => other,
    }
    .to_owned()
}
