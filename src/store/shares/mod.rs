//! An org with its portals, read in one snapshot, and its API calls shared out anew in two round trips: all that comes of
//! it is computed from what was read, and one statement writes it for all portals, or for none.
//!
//! The statement passes over what changed since, or what somebody holds. Then the shares are set the way that locks
//! ([`Store::allocate`]), as for any other change: see `docs/adr/0017-batches.md`.

mod write;

use std::collections::BTreeMap;

use serde::Deserialize;

use self::write::{Guard, Written};
use super::{
    BudgetRow, Call, OrgRecord, Settings, Store, StoreError,
    audit::{Changed, keep},
    connections::check_share,
    orgs::org_row,
    recorded::Recorded,
    setups::{OrgShare, view},
    transaction::read_text,
};
use crate::{
    audit::{Details, Hash, Head},
    domain::{
        OrgId, PortalId, Reason, Refusal, api_limit::ApiCallLimit, budget, change::Change,
        connection::Connection, portal::NamedPortal, setup::Setup,
    },
};

/// An org, its connections by place, and what its portals used.
pub type OrgBudget = (OrgRecord, Vec<Connection>, Vec<BudgetRow>);

/// An org as it was read, to show it or to share out its API calls.
pub struct OrgSeen {
    record: OrgRecord,
    guard: Guard,
    portals: Vec<PortalAtOrg>,
    usage: Vec<BudgetRow>,
    recorded: Option<Recorded>,
}

/// A portal at an org.
#[derive(Deserialize)]
struct PortalAtOrg {
    connection: Connection,
    user_key: Option<String>,
    display_name: String,
    revision: i64,
    audit_sequence: i64,
    #[serde(with = "hex::serde")]
    audit_head: Hash,
    /// Read for the portals that get another share.
    setup: Option<Setup>,
}

impl OrgSeen {
    /// Whether a portal is connected to the org.
    #[must_use]
    pub fn has(&self, portal_id: PortalId) -> bool {
        self.portals.iter().any(|portal| portal.connection.portal_id == portal_id)
    }

    /// Without what only a change needs.
    #[must_use]
    pub fn into_budget(self) -> OrgBudget {
        (self.record, self.portals.into_iter().map(|portal| portal.connection).collect(), self.usage)
    }

    /// The changes of the portals that get another share.
    fn share_out(
        &self,
        shares: &BTreeMap<PortalId, i64>,
        expected_version: Option<i64>,
        settings: &Settings,
    ) -> Result<Vec<Changed>, StoreError> {
        if expected_version.is_some_and(|expected| expected != self.record.version) {
            return Err(Reason::EtagMismatch.into());
        }
        if let Some(portal_id) = shares.keys().find(|portal_id| !self.has(**portal_id)) {
            return Err(Refusal::new(Reason::NotConnected).with("portal_id", portal_id).into());
        }
        let others = self.portals.iter().filter(|portal| !shares.contains_key(&portal.connection.portal_id));
        let unchanged = others.map(|portal| portal.connection.api_call_limit).sum();
        let wanted: i64 = shares.values().sum();
        check_share(wanted, unchanged, self.record.org.allocation)?;
        let changed = self.portals.iter().filter_map(|portal| {
            let limit = *shares.get(&portal.connection.portal_id)?;
            Some(self.share(portal, limit, wanted + unchanged - limit, settings))
        });
        changed.collect()
    }

    /// Another share for one portal, in its connection and in its setup's answer.
    fn share(
        &self,
        portal: &PortalAtOrg,
        limit: i64,
        held_by_others: i64,
        settings: &Settings,
    ) -> Result<Changed, StoreError> {
        let (before, revision) = (&portal.connection, portal.revision + 1);
        let mut details = Details::default();
        keep(&mut details, "connection", &before.id, before)?;
        let after = Connection { api_call_limit: limit, version: revision, ..before.clone() };
        let mut changes = vec![Change::Connection(after)];
        if let Some(before) = &portal.setup {
            keep(&mut details, "setup", &before.id, before)?;
            let mut setup = Setup { version: revision, ..before.clone() };
            setup.answers.api_call_limit = Some(ApiCallLimit { limit, by_hand: true });
            let org = &self.record.org;
            let share = OrgShare {
                allocation: Some((org.allocation, org.allocation_source)),
                held_by_others,
                shared_with: self.shared_with(portal),
            };
            changes.push(Change::Setup(view(setup, share, settings, revision)));
        }
        let audit_head = Head { sequence: portal.audit_sequence, hash: portal.audit_head };
        Ok(Changed { portal_id: before.portal_id, revision, changes, audit_head, details })
    }

    /// The other portals that are connected by the same Salesforce user.
    fn shared_with(&self, portal: &PortalAtOrg) -> Vec<NamedPortal> {
        let own = portal.connection.portal_id;
        let is_same = |other: &&PortalAtOrg| {
            other.connection.portal_id != own && other.user_key.is_some() && other.user_key == portal.user_key
        };
        let mut named: Vec<NamedPortal> = self
            .portals
            .iter()
            .filter(is_same)
            .map(|other| NamedPortal {
                portal_id: other.connection.portal_id,
                display_name: other.display_name.clone(),
            })
            .collect();
        named.sort_by_key(|portal| portal.portal_id);
        named
    }

    /// As it is after a change that was written, or that was only tried.
    fn shared_out(mut self, shares: &BTreeMap<PortalId, i64>, written: Option<&Written>) -> OrgBudget {
        for portal in &mut self.portals {
            let Some(limit) = shares.get(&portal.connection.portal_id) else { continue };
            portal.connection.api_call_limit = *limit;
            if written.is_some() {
                portal.connection.version = portal.revision + 1;
            }
        }
        if let Some(Written { version, updated_at }) = written {
            self.record.version = *version;
            self.record.updated_at = *updated_at;
        }
        self.into_budget()
    }
}

impl Store {
    /// An org, its connections by place, and what its portals used.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`.
    pub async fn budget(&self, org_id: &OrgId) -> Result<OrgBudget, StoreError> {
        Ok(self.read_org(None, org_id, &[]).await?.into_budget())
    }

    /// The same before these portals get other shares, and whether this very call was made before.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`.
    pub async fn look_at_org(
        &self,
        call: &Call,
        org_id: &OrgId,
        shares: &BTreeMap<PortalId, i64>,
    ) -> Result<OrgSeen, StoreError> {
        let portals: Vec<i64> = shares.keys().map(|portal| portal.get()).collect();
        self.read_org(Some(call), org_id, &portals).await
    }

    async fn read_org(
        &self,
        call: Option<&Call>,
        org_id: &OrgId,
        portals: &[i64],
    ) -> Result<OrgSeen, StoreError> {
        let row = sqlx::query!(
            r#"/* shares::read_org */
            select o.org_id, o.portal_cap, o.name, o.edition, o.environment, o.instance_url, o.seats, o.allocation,
                o.allocation_source, o.observed_used, o.observed_at, o.version, o.created_at, o.updated_at,
                o.xmin::text as "row_version!", clock_timestamp() as "now!",
                r.payload_hash as "payload_hash?", r.answer::text as "answer?",
                coalesce((
                    select jsonb_agg(jsonb_build_object(
                        'connection', jsonb_build_object(
                            'id', c.connection_id, 'portal_id', c.portal_id, 'org_id', c.org_id, 'org_name', o.name,
                            'place', c.place, 'state', c.state, 'credential', c.credential,
                            'api_call_limit', c.api_call_limit, 'findings', c.findings, 'probed_at', c.probed_at,
                            'connected_at', c.connected_at, 'disconnected_at', c.disconnected_at,
                            'version', c.version
                        ),
                        'user_key', c.user_key, 'display_name', coalesce(p.portal ->> 'display_name', ''),
                        'revision', p.revision, 'audit_sequence', p.audit_sequence,
                        'audit_head', encode(p.audit_head, 'hex'), 'setup', s.state
                    ) order by c.place)
                    from connections c
                    join portals p on p.portal_id = c.portal_id
                    left join setups s on s.portal_id = c.portal_id and s.active and s.portal_id = any($2)
                    where c.org_id = o.org_id and c.state <> 'disconnected'
                ), '[]')::text as "portals!",
                coalesce((
                    select jsonb_agg(to_jsonb(of_portal) order by of_portal.portal_id)
                    from (
                        select portal_id, sum(used)::bigint as used, sum(reserved)::bigint as reserved
                        from (
                            select portal_id, calls as used, 0 as reserved from api_calls
                            where org_id = $1 and bucket > statement_timestamp() - make_interval(secs => $6)
                            union all
                            select portal_id, 0, calls from api_reservations
                            where org_id = $1 and reserved_at > statement_timestamp() - make_interval(secs => $6)
                        ) entries
                        group by portal_id
                    ) of_portal
                ), '[]')::text as "usage!"
            from orgs o
            left join request_records r on r.principal = $3 and r.method = $4 and r.request_id = $5
            where o.org_id = $1"#,
            org_id.as_str(),
            portals,
            call.map(|call| call.principal.as_str()),
            call.map(|call| call.method),
            call.map(|call| call.request_id),
            budget::COUNTED.as_seconds_f64(),
        )
        .fetch_optional(&mut *self.pool.acquire().await?)
        .await?
        .ok_or(Reason::OrgNotFound)?;
        let org = org_row!(row);
        Ok(OrgSeen {
            record: org.read()?,
            guard: Guard { org_id: org_id.clone(), row_version: row.row_version, now: row.now },
            portals: read_text("portals of an org", &row.portals)?,
            usage: read_text("API calls of an org", &row.usage)?,
            recorded: Recorded::of(row.payload_hash, row.answer),
        })
    }

    /// Sets how many API calls portals of an org hold, all or none, in an org that was looked at. What has changed since
    /// then is noticed. Returns the org as it is then; of a call that is only tried, as it would be.
    ///
    /// # Errors
    /// `NOT_CONNECTED` for a portal that is not at the org, `ORG_API_CALL_LIMIT_EXCEEDED`, `ETAG_MISMATCH`,
    /// `REQUEST_ID_REUSED`.
    pub async fn allocate_seen(
        &self,
        call: &Call,
        mut seen: OrgSeen,
        shares: BTreeMap<PortalId, i64>,
        expected_version: Option<i64>,
    ) -> Result<OrgBudget, StoreError> {
        let Some(first) = shares.keys().next().copied() else { return Ok(seen.into_budget()) };
        if let Some(recorded) = seen.recorded.take().filter(|_| !call.validate_only) {
            recorded.read::<()>(call)?;
            return Ok(seen.into_budget());
        }
        let changed = seen.share_out(&shares, expected_version, &self.settings);
        let changed = changed.map_err(|error| error.about(first))?;
        if call.validate_only {
            return Ok(seen.shared_out(&shares, None));
        }
        match self.share_out(call, seen.guard.clone(), changed).await? {
            Some(written) => Ok(seen.shared_out(&shares, Some(&written))),
            None => {
                let org_id = &seen.record.org.org_id;
                self.allocate(call, org_id, shares, expected_version).await?;
                self.budget(org_id).await
            }
        }
    }
}
