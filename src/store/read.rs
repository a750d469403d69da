//! Reads outside of transactions, from the primary: single rows by the batching reader, lists by one statement each,
//! paged by key.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Store, StoreError,
    connections::ConnectionRow,
    orgs::{OrgRecord, org_row},
    reader::{Connections, OwnerKey, Portals, Setups, Syncs, TestContacts},
    setups::{OrgShare, view},
    transaction::{read_json, read_text},
};
use crate::domain::{
    OrgId, PortalId, Reason, SetupId, TestContactId,
    access::PortalGrant,
    change::{AttemptView, SetupView, SyncView},
    connection::Connection,
    portal::Portal,
    setup::Setup,
    test_contact::TestContact,
};

/// One page: what was asked for, and whether there is more.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// More follow after the last one.
    pub more: bool,
}

impl<T> Page<T> {
    /// From one row more than was asked for.
    pub(super) fn cut(mut items: Vec<T>, size: i64) -> Self {
        let size = usize::try_from(size).unwrap_or(0);
        let more = items.len() > size;
        items.truncate(size);
        Self { items, more }
    }
}

/// Which connections to list.
#[derive(Clone, Debug, Default)]
pub struct ConnectionFilter {
    /// Only those of this org.
    pub org_id: Option<OrgId>,
    /// Also those that were disconnected.
    pub include_disconnected: bool,
}

impl Store {
    /// A portal and its revision.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn portal(&self, id: PortalId) -> Result<(Portal, i64), StoreError> {
        let row = self.reader.row::<Portals>(id.get()).await?.ok_or(Reason::PortalNotFound)?;
        Ok((read_text("portal", &row.portal)?, row.revision))
    }

    /// Granted portals by ascending hub id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals(
        &self,
        grant: &PortalGrant,
        after: i64,
        size: i64,
    ) -> Result<Page<(Portal, i64)>, StoreError> {
        let granted = grant.filter();
        let rows = sqlx::query!(
            "/* read::portals */
            select portal, revision from portals
            where portal_id > $1 and ($3::bigint[] is null or portal_id = any($3))
            order by portal_id limit $2",
            after,
            size + 1,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let portals = rows
            .into_iter()
            .map(|row| Ok((read_json("portal", row.portal)?, row.revision)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::cut(portals, size))
    }

    /// A setup with what is needed to show it.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn setup(&self, id: SetupId) -> Result<SetupView, StoreError> {
        self.setup_view(OwnerKey::Setup(id.0)).await?.ok_or(Reason::SetupNotFound.into())
    }

    /// The setup of a portal that is not abandoned.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setup_of_portal(&self, portal_id: PortalId) -> Result<Option<SetupView>, StoreError> {
        self.setup_view(OwnerKey::Portal(portal_id.get())).await
    }

    async fn setup_view(&self, key: OwnerKey) -> Result<Option<SetupView>, StoreError> {
        let Some(row) = self.reader.row::<Setups>(key).await? else { return Ok(None) };
        let setup: Setup = read_text("setup", &row.state)?;
        Ok(Some(view(setup, row.share, &self.settings, row.revision)))
    }

    /// Setups, newest first, of one portal or of all that are granted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn setups(
        &self,
        grant: &PortalGrant,
        portal_id: Option<PortalId>,
        before: Option<(OffsetDateTime, Uuid)>,
        size: i64,
    ) -> Result<Page<SetupView>, StoreError> {
        let granted = grant.filter();
        let rows = sqlx::query!(
            r#"/* read::setups */
            select s.state, p.revision, o.allocation as "allocation?", o.allocation_source as "source?",
                coalesce((
                    select sum(other.api_call_limit) from connections other
                    where other.org_id = c.org_id and other.portal_id <> s.portal_id
                      and other.state <> 'disconnected'
                ), 0)::bigint as "held!"
            from setups s
            join portals p using (portal_id)
            left join connections c on c.portal_id = s.portal_id and c.state <> 'disconnected'
            left join orgs o on o.org_id = c.org_id
            where ($1::bigint is null or s.portal_id = $1)
              and ($5::bigint[] is null or s.portal_id = any($5))
              and ($2::timestamptz is null or (s.created_at, s.setup_id) < ($2, $3))
            order by s.created_at desc, s.setup_id desc
            limit $4"#,
            portal_id.map(PortalId::get),
            before.map(|(at, _)| at),
            before.map(|(_, id)| id),
            size + 1,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let setups = rows
            .into_iter()
            .map(|row| {
                let share = OrgShare {
                    allocation: row.allocation.zip(row.source.as_deref().map(super::setups::source)),
                    held_by_others: row.held,
                    shared_with: Vec::new(),
                };
                Ok(view(read_json("setup", row.state)?, share, &self.settings, row.revision))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::cut(setups, size))
    }

    /// The connection of a portal in force, or else the last one, with the portal's revision.
    ///
    /// # Errors
    /// `CONNECTION_NOT_FOUND`.
    pub async fn connection(&self, portal_id: PortalId) -> Result<Connection, StoreError> {
        Ok(self.connection_and_attempt(portal_id).await?.0)
    }

    /// The same with the newest attempt of the portal's setup that is not abandoned.
    ///
    /// # Errors
    /// `CONNECTION_NOT_FOUND`, also of a portal that does not exist.
    pub async fn connection_and_attempt(
        &self,
        portal_id: PortalId,
    ) -> Result<(Connection, Option<AttemptView>), StoreError> {
        let read =
            self.reader.row::<Connections>(portal_id.get()).await?.ok_or(Reason::ConnectionNotFound)?;
        let attempt = read.attempt.map(|(setup_id, attempt)| {
            let attempt = read_text("attempt", &attempt)?;
            Ok::<_, StoreError>(AttemptView { portal_id, setup_id: SetupId(setup_id), attempt })
        });
        Ok((read.connection.read()?, attempt.transpose()?))
    }

    /// Connections of granted portals by ascending portal, then by time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn connections(
        &self,
        grant: &PortalGrant,
        filter: &ConnectionFilter,
        after: (i64, Uuid),
        size: i64,
    ) -> Result<Page<Connection>, StoreError> {
        let granted = grant.filter();
        let rows = sqlx::query_as!(
            ConnectionRow,
            r#"/* read::connections */
            select c.connection_id, c.portal_id, c.org_id, o.name as org_name, c.place, c.state,
                c.credential::text as credential, c.api_call_limit, c.findings::text as "findings!", c.probed_at,
                c.connected_at, c.disconnected_at, c.version
            from connections c
            join orgs o on o.org_id = c.org_id
            where ($1::text is null or c.org_id = $1)
              and ($2 or c.state <> 'disconnected')
              and (c.portal_id, c.connection_id) > ($3, $4)
              and ($6::bigint[] is null or c.portal_id = any($6))
            order by c.portal_id, c.connection_id
            limit $5"#,
            filter.org_id.as_ref().map(OrgId::as_str),
            filter.include_disconnected,
            after.0,
            after.1,
            size + 1,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let connections = rows.into_iter().map(ConnectionRow::read).collect::<Result<_, _>>()?;
        Ok(Page::cut(connections, size))
    }

    /// Orgs by ascending id, each with the number of portals that are connected. With a grant that names portals, those
    /// that one of them is connected to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn orgs(
        &self,
        grant: &PortalGrant,
        after: &str,
        size: i64,
    ) -> Result<Page<(OrgRecord, i64)>, StoreError> {
        let granted = grant.filter();
        let rows = sqlx::query!(
            r#"/* read::orgs */
            select o.org_id, o.portal_cap, o.name, o.edition, o.environment, o.instance_url, o.seats, o.allocation,
                o.allocation_source, o.observed_used, o.observed_at, o.version, o.created_at, o.updated_at,
                (select count(*) from connections c where c.org_id = o.org_id and c.state <> 'disconnected')
                    as "connected!"
            from orgs o
            where o.org_id > $1
              and ($3::bigint[] is null or exists (
                  select from connections c
                  where c.org_id = o.org_id and c.state <> 'disconnected' and c.portal_id = any($3)
              ))
            order by o.org_id
            limit $2"#,
            after,
            size + 1,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let orgs = rows
            .into_iter()
            .map(|row| {
                let org = org_row!(row);
                Ok((org.read()?, row.connected))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::cut(orgs, size))
    }

    /// The sync of a portal.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn sync_of_portal(&self, portal_id: PortalId) -> Result<SyncView, StoreError> {
        let row = self.reader.row::<Syncs>(portal_id.get()).await?.ok_or(Reason::PortalNotFound)?;
        let setup = row.setup.map(|setup| read_text::<Setup>("setup", &setup)).transpose()?;
        Ok(SyncView {
            portal_id,
            state: read_text("sync state", &row.sync)?,
            settings: setup.map(|setup| setup.settings()).unwrap_or_default(),
            org_id: row.org_id.as_deref().and_then(OrgId::parse),
            version: row.version,
            revision: row.revision,
        })
    }

    /// The sync of every granted portal, by ascending hub id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn syncs(
        &self,
        grant: &PortalGrant,
        after: i64,
        size: i64,
    ) -> Result<Page<SyncView>, StoreError> {
        let granted = grant.filter();
        let rows = sqlx::query!(
            r#"/* read::syncs */
            select p.portal_id, p.sync, p.sync_version, p.revision, s.state as "setup?", c.org_id as "org_id?"
            from portals p
            left join setups s on s.portal_id = p.portal_id and s.active
            left join connections c on c.portal_id = p.portal_id and c.state <> 'disconnected'
            where p.portal_id > $1 and ($3::bigint[] is null or p.portal_id = any($3))
            order by p.portal_id
            limit $2"#,
            after,
            size + 1,
            granted.as_deref(),
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let views = rows
            .into_iter()
            .map(|row| {
                let setup = row.setup.map(|setup| read_json::<Setup>("setup", setup)).transpose()?;
                Ok(SyncView {
                    portal_id: PortalId::parse(row.portal_id).ok_or(Reason::PortalNotFound)?,
                    state: read_json("sync state", row.sync)?,
                    settings: setup.map(|setup| setup.settings()).unwrap_or_default(),
                    org_id: row.org_id.as_deref().and_then(OrgId::parse),
                    version: row.sync_version,
                    revision: row.revision,
                })
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::cut(views, size))
    }

    /// A test contact and its portal's revision.
    ///
    /// # Errors
    /// `TEST_CONTACT_NOT_FOUND`.
    pub async fn test_contact(&self, id: TestContactId) -> Result<(TestContact, i64), StoreError> {
        let row = self.reader.row::<TestContacts>(id.0).await?.ok_or(Reason::TestContactNotFound)?;
        Ok((read_text("test contact", &row.state)?, row.revision))
    }

    /// A portal's test contacts, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn test_contacts(
        &self,
        portal_id: PortalId,
        before: Option<Uuid>,
        size: i64,
    ) -> Result<Page<TestContact>, StoreError> {
        let rows = sqlx::query_scalar!(
            "/* read::test_contacts */
            select state from test_contacts
            where portal_id = $1 and ($2::uuid is null or test_contact_id < $2)
            order by test_contact_id desc
            limit $3",
            portal_id.get(),
            before,
            size + 1,
        )
        .fetch_all(&mut *self.pool.acquire().await?)
        .await?;
        let contacts = rows
            .into_iter()
            .map(|state| read_json("test contact", state))
            .collect::<Result<_, StoreError>>()?;
        Ok(Page::cut(contacts, size))
    }
}
