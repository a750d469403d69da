//! Settings of the sync, as the wizard and `UpdateSyncSettings` take them.

use super::{
    field::{self, MAX_NAME_CHARS},
    violations::{Violations, Wrong},
};
use crate::{
    api::v1,
    control::InclusionChoice,
    domain::settings::{ActivitySync, DEFAULT_LOWEST_STAGE, ObjectSync},
};

/// Both choices must be made.
pub fn object_sync(violations: &mut Violations, given: Option<v1::ObjectSync>) -> Option<ObjectSync> {
    let given = given.unwrap_or_default();
    let accounts = field::choice(violations, "object_sync.accounts", given.accounts);
    let opportunities = field::choice(violations, "object_sync.opportunities", given.opportunities);
    Some(ObjectSync { accounts: accounts?, opportunities: opportunities? })
}

/// Tasks must be chosen; an activity that is not ticked is a valid no.
pub fn activity_sync(violations: &mut Violations, given: Option<v1::ActivitySync>) -> Option<ActivitySync> {
    let given = given.unwrap_or_default();
    let tasks = field::choice(violations, "activity_sync.tasks", given.tasks);
    Some(ActivitySync {
        on_form_submission: given.on_form_submission,
        on_email_open: given.on_email_open,
        tasks: tasks?,
    })
}

/// "No inclusion list"; an empty stage means the default one.
pub fn no_list(violations: &mut Violations, field: &str, stage: &str) -> Option<InclusionChoice> {
    let stage = field::text(violations, field, stage, MAX_NAME_CHARS)?;
    let lowest_stage = if stage.is_empty() { DEFAULT_LOWEST_STAGE.to_owned() } else { stage };
    Some(InclusionChoice::NoList(lowest_stage))
}

/// A list as an answer showed it. Only its id counts; the rest has bounds all the same.
fn smart_list(violations: &mut Violations, list: &v1::SmartList) -> Option<String> {
    let id = field::list_id(violations, "inclusion.list.list_id", &list.list_id);
    let name = field::text(violations, "inclusion.list.name", &list.name, MAX_NAME_CHARS);
    let path = "inclusion.list.processing_type";
    let processing_type = field::text(violations, path, &list.processing_type, MAX_NAME_CHARS);
    let size = field::within(violations, "inclusion.list.size", list.size, 0..=i64::MAX);
    name.and(processing_type).and(size).and(id)
}

/// A rule that was set in a message.
pub fn inclusion(violations: &mut Violations, given: v1::InclusionRule) -> Option<InclusionChoice> {
    use v1::inclusion_rule::Rule;
    match given.rule {
        Some(Rule::List(list)) => smart_list(violations, &list).map(InclusionChoice::List),
        Some(Rule::NoList(none)) => {
            let path = "inclusion.no_list.lowest_lifecycle_stage";
            no_list(violations, path, &none.lowest_lifecycle_stage)
        }
        None => field::or_wrong(violations, "inclusion.rule", None, Wrong::ExactlyOne),
    }
}
