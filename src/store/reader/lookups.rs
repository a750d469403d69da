//! The statements: one for each kind of row, for any number of keys.
//!
//! Documents come as text and are parsed by who asked for them: one that can't be read fails for its reader alone.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Asked, Lookup, OwnerKey, Question};
use crate::store::{connections::ConnectionRow, setups::OrgShare};

/// Setups, with everything that is needed to show one. A portal stands for the one of its setups that is not abandoned.
pub(in crate::store) struct Setups;

#[derive(Clone, Debug)]
pub(in crate::store) struct SetupRow {
    pub(in crate::store) state: String,
    pub(in crate::store) revision: i64,
    pub(in crate::store) share: OrgShare,
}

impl Lookup for Setups {
    type Key = OwnerKey;
    type Row = SetupRow;

    async fn read(
        connection: &mut PgConnection,
        keys: &[OwnerKey],
    ) -> Result<HashMap<OwnerKey, SetupRow>, sqlx::Error> {
        let (ids, portals) = OwnerKey::split(keys);
        let rows = sqlx::query!(
            r#"/* lookups::setups */
            select s.setup_id as "setup_id!", s.portal_id as "portal_id!", s.active as "active!",
                s.state::text as "state!", p.revision as "revision!",
                o.allocation as "allocation?", o.allocation_source as "source?",
                coalesce(others.held, 0) as "held!", coalesce(others.shared, '{}') as "shared!",
                coalesce(others.names, '{}') as "names!"
            from setups s
            join portals p on p.portal_id = s.portal_id
            left join connections c on c.portal_id = s.portal_id and c.state <> 'disconnected'
            left join orgs o on o.org_id = c.org_id
            left join lateral (
                select sum(other.api_call_limit)::bigint as held,
                    array_agg(other.portal_id order by other.portal_id)
                        filter (where other.user_key = c.user_key) as shared,
                    array_agg(coalesce(named.portal ->> 'display_name', '') order by other.portal_id)
                        filter (where other.user_key = c.user_key) as names
                from connections other
                join portals named on named.portal_id = other.portal_id
                where other.org_id = c.org_id and other.portal_id <> c.portal_id and other.state <> 'disconnected'
            ) others on c.org_id is not null
            where s.setup_id = any($1) or (s.portal_id = any($2) and s.active)"#,
            &ids,
            &portals,
        )
        .fetch_all(connection)
        .await?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in rows {
            let read = SetupRow {
                state: row.state,
                revision: row.revision,
                share: OrgShare::new(row.allocation, row.source.as_deref(), row.held, row.shared, row.names),
            };
            // A question more than was asked does no harm; both may have been.
            if row.active && !portals.is_empty() {
                found.insert(OwnerKey::Portal(row.portal_id), read.clone());
            }
            found.insert(OwnerKey::Setup(row.setup_id), read);
        }
        Ok(found)
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Setup(asked)
    }
}

/// The connection of a portal in force, or else the last one, with the newest attempt of the portal's setup.
pub(in crate::store) struct Connections;

#[derive(Clone, Debug)]
pub(in crate::store) struct ConnectionRead {
    pub(in crate::store) connection: ConnectionRow,
    /// The setup, and its attempt.
    pub(in crate::store) attempt: Option<(Uuid, String)>,
}

impl Lookup for Connections {
    type Key = i64;
    type Row = ConnectionRead;

    async fn read(
        connection: &mut PgConnection,
        portals: &[i64],
    ) -> Result<HashMap<i64, ConnectionRead>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"/* lookups::connections */
            select distinct on (c.portal_id)
                c.connection_id, c.portal_id, c.org_id, o.name as org_name, c.place, c.state,
                c.credential::text as credential, c.api_call_limit, c.findings::text as "findings!", c.probed_at,
                c.connected_at, c.disconnected_at, c.version, s.setup_id as "setup_id?",
                nullif(s.state -> 'attempt', 'null')::text as attempt
            from connections c
            join orgs o on o.org_id = c.org_id
            left join setups s on s.portal_id = c.portal_id and s.active
            where c.portal_id = any($1)
            order by c.portal_id, c.state = 'disconnected', c.connected_at desc"#,
            portals,
        )
        .fetch_all(connection)
        .await?;
        let read = rows.into_iter().map(|row| {
            let connection = ConnectionRow {
                connection_id: row.connection_id,
                portal_id: row.portal_id,
                org_id: row.org_id,
                org_name: row.org_name,
                place: row.place,
                state: row.state,
                credential: row.credential,
                api_call_limit: row.api_call_limit,
                findings: row.findings,
                probed_at: row.probed_at,
                connected_at: row.connected_at,
                disconnected_at: row.disconnected_at,
                version: row.version,
            };
            (row.portal_id, ConnectionRead { connection, attempt: row.setup_id.zip(row.attempt) })
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Connection(asked)
    }
}

/// Portals.
pub(in crate::store) struct Portals;

#[derive(Clone, Debug)]
pub(in crate::store) struct PortalRow {
    pub(in crate::store) portal: String,
    pub(in crate::store) revision: i64,
}

impl Lookup for Portals {
    type Key = i64;
    type Row = PortalRow;

    async fn read(
        connection: &mut PgConnection,
        portals: &[i64],
    ) -> Result<HashMap<i64, PortalRow>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"/* lookups::portals */
            select portal_id, portal::text as "portal!", revision
            from portals where portal_id = any($1)"#,
            portals,
        )
        .fetch_all(connection)
        .await?;
        let read = rows.into_iter().map(|row| {
            let portal = PortalRow { portal: row.portal, revision: row.revision };
            (row.portal_id, portal)
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Portal(asked)
    }
}

/// The sync of a portal.
pub(in crate::store) struct Syncs;

#[derive(Clone, Debug)]
pub(in crate::store) struct SyncRow {
    pub(in crate::store) sync: String,
    pub(in crate::store) version: i64,
    pub(in crate::store) revision: i64,
    pub(in crate::store) setup: Option<String>,
    pub(in crate::store) org_id: Option<String>,
}

impl Lookup for Syncs {
    type Key = i64;
    type Row = SyncRow;

    async fn read(
        connection: &mut PgConnection,
        portals: &[i64],
    ) -> Result<HashMap<i64, SyncRow>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"/* lookups::syncs */
            select p.portal_id as "portal_id!", p.sync::text as "sync!", p.sync_version as "sync_version!",
                p.revision as "revision!", s.state::text as "setup?", c.org_id as "org_id?"
            from portals p
            left join setups s on s.portal_id = p.portal_id and s.active
            left join connections c on c.portal_id = p.portal_id and c.state <> 'disconnected'
            where p.portal_id = any($1)"#,
            portals,
        )
        .fetch_all(connection)
        .await?;
        let read = rows.into_iter().map(|row| {
            let sync = SyncRow {
                sync: row.sync,
                version: row.sync_version,
                revision: row.revision,
                setup: row.setup,
                org_id: row.org_id,
            };
            (row.portal_id, sync)
        });
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::Sync(asked)
    }
}

/// Test contacts, with the revisions of their portals.
pub(in crate::store) struct TestContacts;

#[derive(Clone, Debug)]
pub(in crate::store) struct TestContactRow {
    pub(in crate::store) state: String,
    pub(in crate::store) revision: i64,
}

impl Lookup for TestContacts {
    type Key = Uuid;
    type Row = TestContactRow;

    async fn read(
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, TestContactRow>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"/* lookups::test_contacts */
            select t.test_contact_id as "test_contact_id!", t.state::text as "state!", p.revision as "revision!"
            from test_contacts t join portals p using (portal_id)
            where t.test_contact_id = any($1)"#,
            ids,
        )
        .fetch_all(connection)
        .await?;
        let read = rows
            .into_iter()
            .map(|row| (row.test_contact_id, TestContactRow { state: row.state, revision: row.revision }));
        Ok(read.collect())
    }

    fn ask(asked: Asked<Self>) -> Question {
        Question::TestContact(asked)
    }
}
