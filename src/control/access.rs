//! What a caller may know of, where the request alone does not tell whose it is.
//!
//! A caller that may know of every portal needs no look: the use case finds out what exists. For any other, what is
//! foreign and what does not exist take the same way: one look into the database, and the same answer.

use std::collections::HashMap;

use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Control, ControlError};
use crate::domain::{
    OrgId, PortalId, SetupId, TestContactId,
    access::{Access, PortalGrant},
};

/// Most owners that are remembered; beyond that they are looked up anew.
const MAX_KNOWN: usize = 10_000;

/// Whose setups and test contacts are. That never changes.
///
/// It only ever shortens the way to a yes. A no always comes from the database: one that came faster for what
/// somebody else has just used would tell that it exists.
#[derive(Default)]
pub(super) struct Owners(Mutex<HashMap<Uuid, PortalId>>);

impl Owners {
    async fn known(&self, id: Uuid) -> Option<PortalId> {
        self.0.lock().await.get(&id).copied()
    }

    async fn learn(&self, id: Uuid, owner: PortalId) {
        let mut known = self.0.lock().await;
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(id, owner);
    }
}

impl Control {
    /// Whether a caller may know of a setup. For one that may know of all, also of one that does not exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sees_setup(&self, access: &Access, id: SetupId) -> Result<bool, ControlError> {
        if access.portals == PortalGrant::All && access.handoff.is_none() {
            return Ok(true);
        }
        let owners = &self.inner.owners;
        if owners.known(id.0).await.is_some_and(|owner| access.sees_setup(id, owner)) {
            return Ok(true);
        }
        let owner = self.inner.store.portal_of_setup(id).await?;
        let seen = owner.filter(|owner| access.sees_setup(id, *owner));
        if let Some(owner) = seen {
            owners.learn(id.0, owner).await;
        }
        Ok(seen.is_some())
    }

    /// Whether a caller may know of a test contact. For one that may know of all, also of one that does not exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sees_test_contact(&self, access: &Access, id: TestContactId) -> Result<bool, ControlError> {
        if access.portals == PortalGrant::All {
            return Ok(true);
        }
        let owners = &self.inner.owners;
        if owners.known(id.0).await.is_some_and(|owner| access.sees_portal(owner)) {
            return Ok(true);
        }
        let owner = self.inner.store.portal_of_test_contact(id).await?;
        let seen = owner.filter(|owner| access.sees_portal(*owner));
        if let Some(owner) = seen {
            owners.learn(id.0, owner).await;
        }
        Ok(seen.is_some())
    }

    /// Whether a caller may know of an org: one of its connected portals is granted. For one that may know of all, also
    /// of one that does not exist.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sees_org(&self, access: &Access, org_id: &OrgId) -> Result<bool, ControlError> {
        match access.portals.filter() {
            None => Ok(true),
            Some(portals) => Ok(self.inner.store.is_org_of(org_id, &portals).await?),
        }
    }
}
