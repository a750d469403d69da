//! Salesforce orgs: what the last probe saw, and how their API calls are shared.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{
    Call, PortalTx, Store, StoreError, Target,
    audit::{Changed, head, keep},
    connections::{ConnectionRow, check_share},
    setups::{org_share, source, source_name, view},
    transaction::read_json,
};
use crate::{
    audit::{Details, Head},
    domain::{
        OrgId, PortalId, Reason, Refusal,
        api_limit::ApiCallLimit,
        change::Change,
        connection::{Connection, Org},
        edition::{Edition, Environment},
        setup::Setup,
    },
};

/// A row as it is stored.
pub(super) struct OrgRow {
    pub(super) org_id: String,
    pub(super) portal_cap: i32,
    pub(super) name: String,
    pub(super) edition: Option<String>,
    pub(super) environment: String,
    pub(super) instance_url: String,
    pub(super) seats: Option<i32>,
    pub(super) allocation: i64,
    pub(super) allocation_source: String,
    pub(super) observed_used: Option<i64>,
    pub(super) observed_at: Option<OffsetDateTime>,
    pub(super) version: i64,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
}

/// An org of a row that has other columns as well.
macro_rules! org_row {
    ($row:ident) => {
        $crate::store::orgs::OrgRow {
            org_id: $row.org_id,
            portal_cap: $row.portal_cap,
            name: $row.name,
            edition: $row.edition,
            environment: $row.environment,
            instance_url: $row.instance_url,
            seats: $row.seats,
            allocation: $row.allocation,
            allocation_source: $row.allocation_source,
            observed_used: $row.observed_used,
            observed_at: $row.observed_at,
            version: $row.version,
            created_at: $row.created_at,
            updated_at: $row.updated_at,
        }
    };
}
pub(super) use org_row;

/// An org with its bookkeeping.
#[derive(Clone, Debug)]
pub struct OrgRecord {
    /// The org.
    pub org: Org,
    /// Salesforce's own counter: calls used, and when it was read.
    pub observed: Option<(i64, OffsetDateTime)>,
    /// Raised with every change of the org or of its shares.
    pub version: i64,
    /// When it was first seen.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

impl OrgRow {
    pub(super) fn read(self) -> Result<OrgRecord, StoreError> {
        Ok(OrgRecord {
            org: Org {
                org_id: OrgId::parse(&self.org_id).ok_or(Reason::OrgNotFound)?,
                name: self.name,
                edition: self.edition.as_deref().and_then(Edition::from_organization_type),
                environment: Environment::from_is_sandbox(self.environment == Environment::Sandbox.label()),
                instance_url: self.instance_url,
                portal_cap: self.portal_cap,
                seats: self.seats,
                allocation: self.allocation,
                allocation_source: source(&self.allocation_source),
            },
            observed: self.observed_used.zip(self.observed_at),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The inverse of [`Edition::from_organization_type`] for what is stored.
fn organization_type(edition: Edition) -> String {
    format!("{} Edition", edition.label())
}

impl PortalTx {
    /// Saves what the probe saw of an org, and keeps its row locked until the end of the transaction.
    pub(super) async fn save_org(&mut self, org: &Org) -> Result<(), StoreError> {
        sqlx::query!(
            "/* orgs::save_org */
            insert into orgs (org_id, portal_cap, name, edition, environment, instance_url, seats, allocation,
                allocation_source)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (org_id) do update
            set portal_cap = excluded.portal_cap, name = excluded.name, edition = excluded.edition,
                environment = excluded.environment, instance_url = excluded.instance_url,
                seats = coalesce(excluded.seats, orgs.seats),
                allocation = case when excluded.allocation_source = 'salesforce' or orgs.allocation_source = 'policy'
                    then excluded.allocation else orgs.allocation end,
                allocation_source = case when excluded.allocation_source = 'salesforce'
                    then 'salesforce' else orgs.allocation_source end,
                version = orgs.version + 1, updated_at = now()",
            org.org_id.as_str(),
            org.portal_cap,
            org.name,
            org.edition.map(organization_type),
            org.environment.label(),
            org.instance_url,
            org.seats,
            org.allocation,
            source_name(org.allocation_source),
        )
        .execute(&mut **self.sql()?)
        .await?;
        self.details.note(
            "org",
            serde_json::json!({
                "act": "seen",
                "org_id": org.org_id,
                "portal_cap": org.portal_cap,
                "edition": org.edition.map(organization_type),
                "environment": org.environment.label(),
                "seats": org.seats,
                "allocation": org.allocation,
            }),
        );
        Ok(())
    }
}

impl PortalTx {
    /// Locks the org that the portal is connected to, so that shares of one org change one after the other. On a draft
    /// no share grows, so there is nothing to wait for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_org(&mut self) -> Result<(), StoreError> {
        if self.draft().is_some() {
            return Ok(());
        }
        sqlx::query!(
            "/* orgs::lock_org */
            select o.org_id from orgs o
            where o.org_id = (select org_id from connections where portal_id = $1 and state <> 'disconnected')
            for update",
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?;
        Ok(())
    }
}

impl Store {
    /// Takes down what Salesforce said of its own counter.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn observe_api_calls(&self, org_id: &OrgId, used: i64, max: i64) -> Result<(), StoreError> {
        crate::failpoint::hit("budget.before_observe").await;
        sqlx::query!(
            "/* orgs::observe_api_calls */
            update orgs
            set observed_used = $2, observed_at = now(), allocation = $3, allocation_source = 'salesforce'
            where org_id = $1",
            org_id.as_str(),
            used,
            max,
        )
        .execute(&mut *self.pool.acquire().await?)
        .await?;
        Ok(())
    }

    /// Sets how many API calls portals of an org hold, all in one transaction: for what
    /// [`allocate_seen`](Self::allocate_seen) can't write.
    ///
    /// The portals are locked in ascending order, then the org: the order that connecting keeps as well.
    ///
    /// # Errors
    /// `ORG_NOT_FOUND`, `NOT_CONNECTED` for a portal that is not at the org, `ORG_API_CALL_LIMIT_EXCEEDED`,
    /// `ETAG_MISMATCH`.
    pub async fn allocate(
        &self,
        call: &Call,
        org_id: &OrgId,
        shares: BTreeMap<PortalId, i64>,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        let Some(first) = shares.keys().next().copied() else { return Ok(()) };
        let org_id = org_id.clone();
        // Other portals change along, and the org with them.
        self.change_along(call, Target::Portal(first), Vec::new(), move |tx| {
            let org_id = org_id.clone();
            let shares = shares.clone();
            Box::pin(async move { tx.allocate(&org_id, &shares, expected_version).await })
        })
        .await
    }
}

impl PortalTx {
    async fn allocate(
        &mut self,
        org_id: &OrgId,
        shares: &BTreeMap<PortalId, i64>,
        expected_version: Option<i64>,
    ) -> Result<(), StoreError> {
        let portals: Vec<i64> = shares.keys().map(|portal| portal.get()).collect();
        let heads = self.lock_portals(&portals).await?;
        let org = sqlx::query!(
            "/* orgs::allocate */ select allocation, version from orgs where org_id = $1 for update",
            org_id.as_str(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?
        .ok_or(Reason::OrgNotFound)?;
        if expected_version.is_some_and(|expected| expected != org.version) {
            return Err(Reason::EtagMismatch.into());
        }
        let connections = org_connections(self.sql()?, org_id).await?;
        for portal_id in shares.keys() {
            if !connections.iter().any(|connection| connection.portal_id == *portal_id) {
                return Err(Refusal::new(Reason::NotConnected).with("portal_id", portal_id).into());
            }
        }
        let unchanged: i64 = connections
            .iter()
            .filter(|connection| !shares.contains_key(&connection.portal_id))
            .map(|connection| connection.api_call_limit)
            .sum();
        check_share(shares.values().sum(), unchanged, org.allocation)?;
        let locked = self.portal_id();
        let (own, others): (Vec<_>, Vec<_>) = connections
            .into_iter()
            .filter_map(|connection| Some((*shares.get(&connection.portal_id)?, connection)))
            .partition(|(_, connection)| connection.portal_id == locked);
        // Setups show what the other portals hold, and so they are viewed once all shares are set.
        let mut setups = Vec::new();
        for (limit, connection) in others {
            let head = heads.get(&connection.portal_id).copied().ok_or(Reason::PortalNotFound)?;
            setups.push(self.set_share_of_other(connection, limit, head).await?);
        }
        for (limit, connection) in own {
            self.keep_before("connection", &connection.id, &connection)?;
            self.set_own_share(connection, limit).await?;
        }
        for (position, setup) in setups.into_iter().enumerate() {
            self.view_setup_of_other(position, setup).await?;
        }
        sqlx::query!(
            "/* orgs::allocate */ update orgs set version = version + 1, updated_at = now() where org_id = $1",
            org_id.as_str(),
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// Locks portals in ascending order. Returns the ends of their audit chains.
    async fn lock_portals(&mut self, portals: &[i64]) -> Result<BTreeMap<PortalId, Head>, StoreError> {
        let rows = sqlx::query!(
            "/* orgs::lock_portals */
            select portal_id, audit_sequence, audit_head from portals
            where portal_id = any($1) order by portal_id for update",
            portals,
        )
        .fetch_all(&mut **self.sql()?)
        .await?;
        rows.into_iter()
            .map(|row| {
                let portal_id = PortalId::parse(row.portal_id).ok_or(Reason::PortalNotFound)?;
                Ok((portal_id, head(row.audit_sequence, &row.audit_head)?))
            })
            .collect()
    }

    /// Gives the locked portal another share of the org's calls, in its connection and in its setup's answer.
    async fn set_own_share(&mut self, connection: Connection, limit: i64) -> Result<(), StoreError> {
        self.save_connection(Connection { api_call_limit: limit, ..connection }).await?;
        if let Some(mut setup) = self.active_setup().await? {
            setup.answers.api_call_limit = Some(ApiCallLimit { limit, by_hand: true });
            self.save_setup(setup).await?;
        }
        Ok(())
    }

    /// The same for another portal. Returns its setup after it, if it has one.
    async fn set_share_of_other(
        &mut self,
        connection: Connection,
        limit: i64,
        audit_head: Head,
    ) -> Result<Option<Setup>, StoreError> {
        let portal_id = connection.portal_id;
        let row = sqlx::query!(
            r#"/* orgs::set_share */
            with share as (
                update connections set api_call_limit = $3, version = p.revision + 1
                from portals p
                where connections.connection_id = $2 and p.portal_id = $1
            ), answer as (
                update setups set version = p.revision + 1,
                    state = jsonb_set(
                        jsonb_set(state, '{version}', to_jsonb(p.revision + 1)),
                        '{answers,api_call_limit}',
                        jsonb_build_object('limit', $3::bigint, 'by_hand', true)
                    )
                from portals p
                where setups.portal_id = $1 and setups.active and p.portal_id = $1
                returning setups.state
            )
            select revision + 1 as "revision!", (select state from answer) as setup,
                (select state from setups where portal_id = $1 and active) as setup_before
            from portals where portal_id = $1"#,
            portal_id.get(),
            connection.id.0,
            limit,
        )
        .fetch_one(&mut **self.sql()?)
        .await?;
        let mut details = Details::default();
        keep(&mut details, "connection", &connection.id, &connection)?;
        let setup: Option<Setup> = row.setup.map(|setup| read_json("setup", setup)).transpose()?;
        if let (Some(setup), Some(before)) = (&setup, &row.setup_before) {
            keep(&mut details, "setup", &setup.id, before)?;
        }
        let after = Connection { api_call_limit: limit, version: row.revision, ..connection };
        let changes = vec![Change::Connection(after)];
        self.others.push(Changed { portal_id, revision: row.revision, changes, audit_head, details });
        Ok(setup)
    }

    /// Leaves the change of another portal's setup behind.
    async fn view_setup_of_other(&mut self, position: usize, setup: Option<Setup>) -> Result<(), StoreError> {
        let portal_id = self.others.get(position).map(|other| other.portal_id);
        let (Some(setup), Some(portal_id)) = (setup, portal_id) else { return Ok(()) };
        let share = org_share(self.sql()?, portal_id).await?;
        let Some(other) = self.others.get_mut(position) else { return Ok(()) };
        other.changes.push(Change::Setup(view(setup, share, &self.settings, other.revision)));
        Ok(())
    }
}

/// The connections of an org that are in force, by place.
pub(super) async fn org_connections(
    connection: &mut PgConnection,
    org_id: &OrgId,
) -> Result<Vec<Connection>, StoreError> {
    sqlx::query_as!(
        ConnectionRow,
        r#"/* orgs::org_connections */
        select c.connection_id, c.portal_id, c.org_id, o.name as org_name, c.place, c.state,
            c.credential::text as credential, c.api_call_limit, c.findings::text as "findings!", c.probed_at,
            c.connected_at, c.disconnected_at, c.version
        from connections c
        join orgs o on o.org_id = c.org_id
        where c.org_id = $1 and c.state <> 'disconnected'
        order by c.place"#,
        org_id.as_str(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(ConnectionRow::read)
    .collect()
}
