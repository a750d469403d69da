//! Connections: the mapping of portals to orgs. The database holds the rules; this file only finds the free place.

use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    PortalTx, StoreError,
    transaction::{read_text, write_json},
};
use crate::domain::{
    ConnectionId, OrgId, PortalId, Reason, Refusal,
    change::Change,
    connection::{Connection, ConnectionState, LoginIdentity, Org},
    portal::CredentialInfo,
    probe::Finding,
};

/// What a new or renewed connection is made of.
#[derive(Clone, Debug)]
pub struct NewConnection {
    /// The org as the probe saw it.
    pub org: Org,
    /// The credential that proved good, without its secret.
    pub credential: CredentialInfo,
    /// The Salesforce user and the login that proved good, as keyed fingerprints.
    pub login: LoginIdentity,
    /// API calls per rolling 24 hours.
    pub api_call_limit: i64,
    /// What the probe found.
    pub findings: Vec<Finding>,
    /// API calls that were made to find it.
    pub api_calls: i64,
}

/// A row as it is stored, its documents as text.
#[derive(Clone, Debug)]
pub(super) struct ConnectionRow {
    pub(super) connection_id: Uuid,
    pub(super) portal_id: i64,
    pub(super) org_id: String,
    pub(super) org_name: String,
    pub(super) place: i32,
    pub(super) state: String,
    pub(super) credential: Option<String>,
    pub(super) api_call_limit: i64,
    pub(super) findings: String,
    pub(super) probed_at: OffsetDateTime,
    pub(super) connected_at: OffsetDateTime,
    pub(super) disconnected_at: Option<OffsetDateTime>,
    pub(super) version: i64,
}

impl ConnectionRow {
    pub(super) fn read(self) -> Result<Connection, StoreError> {
        Ok(Connection {
            id: ConnectionId(self.connection_id),
            portal_id: PortalId::parse(self.portal_id).ok_or(Reason::PortalNotFound)?,
            org_id: OrgId::parse(&self.org_id).ok_or(Reason::OrgNotFound)?,
            org_name: self.org_name,
            place: self.place,
            state: match self.state.as_str() {
                "connected" => ConnectionState::Connected,
                "stale" => ConnectionState::Stale,
                _ => ConnectionState::Disconnected,
            },
            credential: self.credential.map(|text| read_text("credential", &text)).transpose()?,
            api_call_limit: self.api_call_limit,
            findings: read_text("findings", &self.findings)?,
            probed_at: self.probed_at,
            connected_at: self.connected_at,
            disconnected_at: self.disconnected_at,
            version: self.version,
        })
    }
}

pub(super) fn state_name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Connected => "connected",
        ConnectionState::Stale => "stale",
        ConnectionState::Disconnected => "disconnected",
    }
}

impl PortalTx {
    /// The connection in force.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn active_connection(&mut self) -> Result<Option<Connection>, StoreError> {
        Ok(self.last_connection().await?.filter(Connection::is_active))
    }

    /// The connection in force, or else the last one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_connection(&mut self) -> Result<Option<Connection>, StoreError> {
        let portal_id = self.portal_id();
        let connection = match self.draft() {
            Some(draft) => draft.last_connection()?,
            None => last_connection(self.sql()?, portal_id).await?,
        };
        if let Some(connection) = &connection {
            self.keep_before("connection", &connection.id, connection)?;
        }
        Ok(connection)
    }

    /// Connects the portal with an org, or renews its connection with the same org.
    ///
    /// The org's row is locked, so that two portals that want the last place take turns; the unique indexes hold the
    /// rule all the same.
    ///
    /// # Errors
    /// `PORTAL_ALREADY_CONNECTED`, `ORG_PORTAL_LIMIT_REACHED`, `ORG_API_CALL_LIMIT_EXCEEDED`.
    pub async fn connect(&mut self, new: &NewConnection) -> Result<Connection, StoreError> {
        self.save_org(&new.org).await?;
        self.count_api_calls(&new.org.org_id, new.api_calls).await?;
        if let Some(existing) = self.active_connection().await? {
            if existing.org_id != new.org.org_id {
                return Err(Refusal::new(Reason::PortalAlreadyConnected)
                    .with("portal_id", self.portal_id())
                    .with("org_id", existing.org_id)
                    .into());
            }
            return self.renew(existing, new).await;
        }
        let (place, held_by_others) = self.free_place(&new.org).await?;
        check_share(new.api_call_limit, held_by_others, new.org.allocation)?;
        let connection = Connection {
            id: ConnectionId(Uuid::now_v7()),
            portal_id: self.portal_id(),
            org_id: new.org.org_id.clone(),
            org_name: new.org.name.clone(),
            place,
            state: ConnectionState::Connected,
            credential: Some(new.credential.clone()),
            api_call_limit: new.api_call_limit,
            findings: new.findings.clone(),
            probed_at: self.now(),
            connected_at: self.now(),
            disconnected_at: None,
            version: self.next_revision(),
        };
        self.insert_connection(&connection, &new.org, &new.login).await?;
        self.changes.push(Change::Connection(connection.clone()));
        Ok(connection)
    }

    async fn renew(&mut self, existing: Connection, new: &NewConnection) -> Result<Connection, StoreError> {
        let renewed = Connection {
            state: ConnectionState::Connected,
            credential: Some(new.credential.clone()),
            org_name: new.org.name.clone(),
            findings: new.findings.clone(),
            probed_at: self.now(),
            ..existing
        };
        self.save_login(renewed, &new.login).await
    }

    /// Saves a connection that logs in by another credential from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_login(
        &mut self,
        connection: Connection,
        login: &LoginIdentity,
    ) -> Result<Connection, StoreError> {
        sqlx::query!(
            "/* connections::save_login */
            update connections set user_key = $2, login_fingerprint = $3 where connection_id = $1",
            connection.id.0,
            login.user_key,
            login.fingerprint,
        )
        .execute(&mut **self.sql()?)
        .await?;
        self.save_connection(connection).await
    }

    /// Saves a connection that exists, and leaves the change behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_connection(&mut self, mut connection: Connection) -> Result<Connection, StoreError> {
        connection.version = self.next_revision();
        match self.draft() {
            Some(draft) => draft.save_connection(&connection)?,
            None => self.write_connection(&connection).await?,
        }
        self.changes.retain(|change| !matches!(change, Change::Connection(_)));
        self.changes.push(Change::Connection(connection.clone()));
        Ok(connection)
    }

    /// A share that grows writes its org's row, as it is: whoever shares out the org's calls by what he has read, without a
    /// lock, sees by the row's version that he has read too little (`shares`).
    async fn write_connection(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let credential =
            connection.credential.as_ref().map(|info| write_json("credential", info)).transpose()?;
        sqlx::query!(
            "/* connections::save_connection */
            with grown as (
                update orgs set version = version
                where org_id = (select org_id from connections where connection_id = $1 and api_call_limit < $4)
            )
            update connections
            set state = $2, credential = $3, api_call_limit = $4, findings = $5, probed_at = $6,
                disconnected_at = $7, version = $8
            where connection_id = $1",
            connection.id.0,
            state_name(connection.state),
            credential,
            connection.api_call_limit,
            write_json("findings", &connection.findings)?,
            connection.probed_at,
            connection.disconnected_at,
            connection.version,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// The lowest place that is free, and the calls that the org's portals hold.
    async fn free_place(&mut self, org: &Org) -> Result<(i32, i64), StoreError> {
        let row = sqlx::query!(
            r#"/* connections::free_place */
            select
                (select min(candidate) from generate_series(1, $2::int) as candidate
                 where not exists (
                     select from connections c
                     where c.org_id = $1 and c.place = candidate and c.state <> 'disconnected'
                 )) as place,
                (select string_agg(portal_id::text, ', ' order by place)
                 from connections where org_id = $1 and state <> 'disconnected') as portals,
                coalesce((
                    select sum(api_call_limit) from connections where org_id = $1 and state <> 'disconnected'
                ), 0)::bigint as "held!""#,
            org.org_id.as_str(),
            org.portal_cap,
        )
        .fetch_one(&mut **self.sql()?)
        .await?;
        let place = row.place.ok_or_else(|| {
            Refusal::new(Reason::OrgPortalLimitReached)
                .with("limit", org.portal_cap)
                .with("portals", row.portals.unwrap_or_default())
                .with("org_id", &org.org_id)
        })?;
        Ok((place, row.held))
    }

    async fn insert_connection(
        &mut self,
        connection: &Connection,
        org: &Org,
        login: &LoginIdentity,
    ) -> Result<(), StoreError> {
        let credential =
            connection.credential.as_ref().map(|info| write_json("credential", info)).transpose()?;
        sqlx::query!(
            "/* connections::insert_connection */
            insert into connections (connection_id, portal_id, org_id, portal_cap, place, state, api_call_limit,
                credential, user_key, login_fingerprint, findings, probed_at, connected_at, version)
            values ($1, $2, $3, $4, $5, 'connected', $6, $7, $8, $9, $10, $11, $11, $12)",
            connection.id.0,
            connection.portal_id.get(),
            connection.org_id.as_str(),
            org.portal_cap,
            connection.place,
            connection.api_call_limit,
            credential,
            login.user_key,
            login.fingerprint,
            write_json("findings", &connection.findings)?,
            connection.connected_at,
            connection.version,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }
}

/// Refuses shares that together are more than the org is granted.
pub(super) fn check_share(limit: i64, held_by_others: i64, allocation: i64) -> Result<(), StoreError> {
    if limit.saturating_add(held_by_others) <= allocation {
        return Ok(());
    }
    Err(Refusal::new(Reason::OrgApiCallLimitExceeded)
        .with("limit", limit)
        .with("allocation", allocation)
        .with("held_by_others", held_by_others)
        .with("available", (allocation - held_by_others).max(0))
        .into())
}

/// The connection of a portal that is in force, or else the last one.
pub(super) async fn last_connection(
    connection: &mut PgConnection,
    portal_id: PortalId,
) -> Result<Option<Connection>, StoreError> {
    sqlx::query_as!(
        ConnectionRow,
        r#"/* connections::last_connection */
        select c.connection_id, c.portal_id, c.org_id, o.name as org_name, c.place, c.state,
            c.credential::text as credential, c.api_call_limit, c.findings::text as "findings!", c.probed_at,
            c.connected_at, c.disconnected_at, c.version
        from connections c
        join orgs o on o.org_id = c.org_id
        where c.portal_id = $1
        order by c.state = 'disconnected', c.connected_at desc
        limit 1"#,
        portal_id.get(),
    )
    .fetch_optional(connection)
    .await?
    .map(ConnectionRow::read)
    .transpose()
}
