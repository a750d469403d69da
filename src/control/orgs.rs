//! Orgs: places, and how their API calls are shared.

use std::collections::BTreeMap;

use super::{Control, ControlError};
use crate::{
    domain::{OrgId, PortalId, Reason, Refusal, access::PortalGrant, connection::Connection},
    store::{BudgetRow, Call, OrgBudget, OrgRecord, Page},
};

/// An org with its connections.
#[derive(Clone, Debug)]
pub struct OrgView {
    /// The org.
    pub record: OrgRecord,
    /// How many portals are connected.
    pub connected: i64,
}

/// How an org's API calls are shared and used, over the last 24 hours.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The org.
    pub record: OrgRecord,
    /// Its connections, by place.
    pub connections: Vec<Connection>,
    /// What its portals used and have set aside.
    pub usage: Vec<BudgetRow>,
}

impl From<OrgBudget> for Budget {
    fn from((record, connections, usage): OrgBudget) -> Self {
        Self { record, connections, usage }
    }
}

impl Budget {
    /// What a portal used.
    #[must_use]
    pub fn used_by(&self, portal_id: PortalId) -> i64 {
        self.usage.iter().filter(|row| row.portal_id == portal_id).map(|row| row.used).sum()
    }
}

impl Control {
    /// Reads an org.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`.
    pub async fn org(&self, org_id: &OrgId) -> Result<OrgView, ControlError> {
        let budget = self.budget(org_id).await?;
        let connected = i64::try_from(budget.connections.len()).unwrap_or(i64::MAX);
        Ok(OrgView { record: budget.record, connected })
    }

    /// Orgs of granted portals by ascending id, after one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn orgs(
        &self,
        grant: &PortalGrant,
        after: &str,
        size: i64,
    ) -> Result<Page<OrgView>, ControlError> {
        let page = self.inner.store.orgs(grant, after, size).await?;
        Ok(Page {
            items: page.items.into_iter().map(|(record, connected)| OrgView { record, connected }).collect(),
            more: page.more,
        })
    }

    /// Reads how an org's API calls are shared and used.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`.
    pub async fn budget(&self, org_id: &OrgId) -> Result<Budget, ControlError> {
        Ok(self.inner.store.budget(org_id).await?.into())
    }

    /// Sets how many API calls portals hold, all in one. With `validate_only` in the call nothing changes.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`, `NOT_CONNECTED`, `ORG_API_CALL_LIMIT_EXCEEDED`, `ETAG_MISMATCH`.
    pub async fn allocate_api_calls(
        &self,
        call: &Call,
        grant: &PortalGrant,
        org_id: &OrgId,
        shares: BTreeMap<PortalId, i64>,
        etag: Option<i64>,
    ) -> Result<Budget, ControlError> {
        // One that is not granted must not be told from one that is not at the org, or does not exist.
        let store = &self.inner.store;
        let seen = store.look_at_org(call, org_id, &shares).await?;
        if let Some(portal_id) = shares.keys().find(|id| !seen.has(**id) || !grant.allows(**id)) {
            return Err(Refusal::new(Reason::NotConnected).with("portal_id", portal_id).into());
        }
        Ok(store.allocate_seen(call, seen, shares, etag).await?.into())
    }
}
