//! Requests of `InclusionListService`.

use std::collections::BTreeSet;

use super::{
    field::{self, MAX_NAME_CHARS, Page},
    mutation::{Mutation, mutation},
    settings,
    violations::{Parsed, Violations, Wrong},
};
use crate::{api::v1, control::InclusionChoice, domain::PortalId};

/// Stages in one list.
const MAX_STAGES: usize = 50;

/// Which smart lists to list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListSmartLists {
    /// The portal.
    pub portal_id: PortalId,
    /// Part of the name; may be empty.
    pub query: String,
    /// The page.
    pub page: Page,
}

/// `ListSmartListsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListSmartListsRequest) -> Parsed<ListSmartLists> {
    let mut v = Violations::new();
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let query = field::text(&mut v, "query", &message.query, MAX_NAME_CHARS);
    let page = field::page(&mut v, message.page_size, message.page_token);
    let parsed = || Some(ListSmartLists { portal_id: portal_id?, query: query?, page: page? });
    v.finish(parsed())
}

/// A smart list to create.
#[derive(Debug)]
pub struct CreateSmartList {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
    /// The name.
    pub name: String,
    /// HubSpot's internal values of the stages that are in, each once.
    pub lifecycle_stages: Vec<String>,
}

/// `CreateSmartListRequest`, or everything that is wrong with it.
pub fn create(mut message: v1::CreateSmartListRequest) -> Parsed<CreateSmartList> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let name = field::required_text(&mut v, "name", &message.name, MAX_NAME_CHARS);
    let lifecycle_stages = stages(&mut v, &message.lifecycle_stages);
    let parsed = || Some(CreateSmartList { mutation, portal_id: portal_id?, name: name?, lifecycle_stages });
    v.finish(parsed())
}

fn stages(violations: &mut Violations, given: &[String]) -> Vec<String> {
    if given.is_empty() {
        violations.add("lifecycle_stages", Wrong::Required);
    } else if given.len() > MAX_STAGES {
        violations.add("lifecycle_stages", Wrong::TooMany { max: MAX_STAGES });
    }
    let mut seen = BTreeSet::new();
    let mut stages = Vec::new();
    for (position, stage) in given.iter().take(MAX_STAGES).enumerate() {
        let path = format!("lifecycle_stages[{position}]");
        let Some(stage) = field::required_text(violations, &path, stage, MAX_NAME_CHARS) else { continue };
        if seen.insert(stage.clone()) {
            stages.push(stage);
        } else {
            violations.add(path, Wrong::Duplicate);
        }
    }
    stages
}

/// The inclusion rule of a portal.
#[derive(Debug)]
pub struct ChangeInclusion {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
    /// The new rule.
    pub choice: InclusionChoice,
}

/// `SetInclusionListRequest`, or everything that is wrong with it.
pub fn set(mut message: v1::SetInclusionListRequest) -> Parsed<ChangeInclusion> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let choice = field::list_id(&mut v, "list_id", &message.list_id).map(InclusionChoice::List);
    let parsed = || Some(ChangeInclusion { mutation, portal_id: portal_id?, choice: choice? });
    v.finish(parsed())
}

/// `ClearInclusionListRequest`, or everything that is wrong with it.
pub fn clear(mut message: v1::ClearInclusionListRequest) -> Parsed<ChangeInclusion> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let choice = settings::no_list(&mut v, "lowest_lifecycle_stage", &message.lowest_lifecycle_stage);
    let parsed = || Some(ChangeInclusion { mutation, portal_id: portal_id?, choice: choice? });
    v.finish(parsed())
}
