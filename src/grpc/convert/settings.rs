//! What syncs.

use super::choice;
use crate::{
    api::v1,
    domain::settings::{ActivitySync, InclusionRule, ObjectSync, SmartList, SyncSettings},
};

pub(super) fn object_sync(sync: ObjectSync) -> v1::ObjectSync {
    v1::ObjectSync {
        accounts: choice(sync.accounts).into(),
        opportunities: choice(sync.opportunities).into(),
    }
}

pub(super) fn activity_sync(sync: ActivitySync) -> v1::ActivitySync {
    v1::ActivitySync {
        on_form_submission: sync.on_form_submission,
        on_email_open: sync.on_email_open,
        tasks: choice(sync.tasks).into(),
    }
}

/// A rule.
#[must_use]
pub fn inclusion_rule(rule: &InclusionRule) -> v1::InclusionRule {
    use v1::inclusion_rule::Rule;
    let rule = match rule {
        InclusionRule::List(list) => Rule::List(smart_list(list)),
        InclusionRule::NoList { lowest_stage } => {
            Rule::NoList(v1::NoInclusionList { lowest_lifecycle_stage: lowest_stage.clone() })
        }
    };
    v1::InclusionRule { rule: Some(rule) }
}

/// A list of HubSpot.
#[must_use]
pub fn smart_list(list: &SmartList) -> v1::SmartList {
    v1::SmartList {
        list_id: list.list_id.clone(),
        name: list.name.clone(),
        processing_type: list.processing_type.clone(),
        size: list.size.unwrap_or(0),
    }
}

/// Settings; a part that was not decided is not set.
#[must_use]
pub fn sync_settings(settings: &SyncSettings) -> v1::SyncSettings {
    v1::SyncSettings {
        object_sync: settings.objects.map(object_sync),
        activity_sync: settings.activities.map(activity_sync),
        inclusion: settings.inclusion.as_ref().map(inclusion_rule),
    }
}
