//! Requests of `SyncService`.

use super::{
    connection::{WatchPortals, watch_portals},
    field,
    mutation::{Mutation, mutation},
    portal::only_portal,
    settings,
    violations::{Parsed, Violations},
};
use crate::{
    api::v1,
    control::InclusionChoice,
    domain::{
        PortalId,
        settings::{ActivitySync, ObjectSync},
    },
};

/// `GetSyncStatusRequest`, or everything that is wrong with it.
pub fn get(message: &v1::GetSyncStatusRequest) -> Parsed<PortalId> {
    only_portal(message.portal_id)
}

/// `WatchSyncStatusRequest`, or everything that is wrong with it.
pub fn watch(message: v1::WatchSyncStatusRequest) -> Parsed<WatchPortals> {
    watch_portals(message.portal_id, message.resume_token)
}

/// Pauses the sync of a portal.
#[derive(Debug)]
pub struct PauseSync {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
}

/// `PauseSyncRequest`, or everything that is wrong with it.
pub fn pause(mut message: v1::PauseSyncRequest) -> Parsed<PauseSync> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let parsed = || Some(PauseSync { mutation, portal_id: portal_id? });
    v.finish(parsed())
}

/// Resumes the sync of a portal.
#[derive(Debug)]
pub struct ResumeSync {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
}

/// `ResumeSyncRequest`, or everything that is wrong with it.
pub fn resume(mut message: v1::ResumeSyncRequest) -> Parsed<ResumeSync> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let parsed = || Some(ResumeSync { mutation, portal_id: portal_id? });
    v.finish(parsed())
}

/// Changes what syncs. A part that is `None` stays as it is.
#[derive(Debug)]
pub struct UpdateSyncSettings {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
    /// Accounts and opportunities.
    pub objects: Option<ObjectSync>,
    /// Activities and tasks.
    pub activities: Option<ActivitySync>,
    /// The inclusion rule.
    pub inclusion: Option<InclusionChoice>,
}

/// `UpdateSyncSettingsRequest`, or everything that is wrong with it.
pub fn update_settings(mut message: v1::UpdateSyncSettingsRequest) -> Parsed<UpdateSyncSettings> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let objects = message.object_sync.and_then(|given| settings::object_sync(&mut v, Some(given)));
    let activities = message.activity_sync.and_then(|given| settings::activity_sync(&mut v, Some(given)));
    let inclusion = message.inclusion.and_then(|given| settings::inclusion(&mut v, given));
    let parsed =
        || Some(UpdateSyncSettings { mutation, portal_id: portal_id?, objects, activities, inclusion });
    v.finish(parsed())
}
