//! Setups: one document for each run through the wizard.

use super::{
    PortalTx, StoreError,
    transaction::{read_json, write_json},
};
use crate::domain::{
    PortalId, Reason, SetupId,
    api_limit::{AllocationSource, LimitContext},
    change::{AttemptView, Change, SetupView},
    portal::NamedPortal,
    setup::{Setup, Status},
};

/// What the portal's connection says about the org's API calls.
#[derive(Clone, Debug, Default)]
pub(super) struct OrgShare {
    pub(super) allocation: Option<(i64, AllocationSource)>,
    pub(super) held_by_others: i64,
    pub(super) shared_with: Vec<NamedPortal>,
}

impl OrgShare {
    /// From a row; a portal without a connection has no allocation.
    pub(super) fn new(
        allocation: Option<i64>,
        of: Option<&str>,
        held: i64,
        shared: Vec<i64>,
        names: Vec<String>,
    ) -> Self {
        Self {
            allocation: allocation.zip(of.map(source)),
            held_by_others: held,
            shared_with: shared
                .into_iter()
                .zip(names)
                .filter_map(|(id, display_name)| {
                    Some(NamedPortal { portal_id: PortalId::parse(id)?, display_name })
                })
                .collect(),
        }
    }
}

impl PortalTx {
    /// A setup of this portal.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`.
    pub async fn setup(&mut self, id: SetupId) -> Result<Setup, StoreError> {
        let setup = match self.draft() {
            Some(draft) => draft.setup(id)?,
            None => self.read_setup(id).await?,
        };
        self.keep_before("setup", &id, &setup)?;
        Ok(setup)
    }

    async fn read_setup(&mut self, id: SetupId) -> Result<Setup, StoreError> {
        let state = sqlx::query_scalar!(
            "/* setups::setup */ select state from setups where setup_id = $1 and portal_id = $2",
            id.0,
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?
        .ok_or(Reason::SetupNotFound)?;
        read_json("setup", state)
    }

    /// The portal's setup that is not abandoned.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn active_setup(&mut self) -> Result<Option<Setup>, StoreError> {
        let setup = match self.draft() {
            Some(draft) => draft.active_setup()?,
            None => self.read_active_setup().await?,
        };
        if let Some(setup) = &setup {
            self.keep_before("setup", &setup.id, setup)?;
        }
        Ok(setup)
    }

    async fn read_active_setup(&mut self) -> Result<Option<Setup>, StoreError> {
        let state = sqlx::query_scalar!(
            "/* setups::active_setup */ select state from setups where portal_id = $1 and active",
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?;
        state.map(|state| read_json("setup", state)).transpose()
    }

    /// Saves a setup, new or changed, and leaves the change behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_setup(&mut self, mut setup: Setup) -> Result<SetupView, StoreError> {
        setup.version = self.next_revision();
        match self.draft() {
            Some(draft) => draft.save_setup(&setup),
            None => self.write_setup(&setup).await?,
        }
        let share = self.org_share().await?;
        let view = view(setup, share, &self.settings, self.next_revision());
        self.changes.retain(|change| !matches!(change, Change::Setup(_)));
        self.changes.push(Change::Setup(view.clone()));
        Ok(view)
    }

    async fn write_setup(&mut self, setup: &Setup) -> Result<(), StoreError> {
        sqlx::query!(
            "/* setups::save_setup */
            insert into setups (setup_id, portal_id, active, state, version, created_at)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (setup_id) do update
            set active = excluded.active, state = excluded.state, version = excluded.version",
            setup.id.0,
            setup.portal_id.get(),
            setup.status != Status::Abandoned,
            write_json("setup", setup)?,
            setup.version,
            setup.created_at,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }

    /// Saves a setup whose attempt changed, and leaves both changes behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_attempt(&mut self, setup: Setup) -> Result<SetupView, StoreError> {
        if let Some(attempt) = setup.attempt.clone() {
            let view = AttemptView { portal_id: setup.portal_id, setup_id: setup.id, attempt };
            self.changes.push(Change::Attempt(view));
        }
        self.save_setup(setup).await
    }

    /// A setup with what is needed to show it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn view_setup(&mut self, setup: Setup) -> Result<SetupView, StoreError> {
        let share = self.org_share().await?;
        // Without a change the portal's revision stays as it is.
        let revision = if self.changes.is_empty() { self.next_revision() - 1 } else { self.next_revision() };
        Ok(view(setup, share, &self.settings, revision))
    }

    async fn org_share(&mut self) -> Result<OrgShare, StoreError> {
        if let Some(draft) = self.draft() {
            return draft.org_share();
        }
        let portal_id = self.portal_id();
        org_share(self.sql()?, portal_id).await
    }
}

/// What the portal's connection, if any, says about the org's API calls and who shares its Salesforce user.
pub(super) async fn org_share(
    connection: &mut sqlx::PgConnection,
    portal_id: PortalId,
) -> Result<OrgShare, StoreError> {
    let row = sqlx::query!(
        r#"/* setups::org_share */
        select o.allocation, o.allocation_source,
            coalesce(sum(other.api_call_limit), 0)::bigint as "held!",
            coalesce(
                array_agg(other.portal_id order by other.portal_id) filter (where other.user_key = c.user_key), '{}'
            ) as "shared!",
            coalesce(
                array_agg(coalesce(p.portal ->> 'display_name', '') order by other.portal_id)
                    filter (where other.user_key = c.user_key), '{}'
            ) as "names!"
        from connections c
        join orgs o on o.org_id = c.org_id
        left join connections other
            on other.org_id = c.org_id and other.portal_id <> c.portal_id and other.state <> 'disconnected'
        left join portals p on p.portal_id = other.portal_id
        where c.portal_id = $1 and c.state <> 'disconnected'
        group by o.org_id, c.connection_id"#,
        portal_id.get(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map_or_else(OrgShare::default, |row| {
        OrgShare::new(Some(row.allocation), Some(&row.allocation_source), row.held, row.shared, row.names)
    }))
}

/// Puts a setup together with what is known of its org, or with the policy's estimate before there is one.
pub(super) fn view(setup: Setup, share: OrgShare, settings: &super::Settings, revision: i64) -> SetupView {
    let estimate = || {
        let answers = &setup.answers;
        let allocation = settings.policy.allocation(answers.edition?, answers.environment?, answers.seats?);
        Some((allocation, AllocationSource::Policy))
    };
    let limit = share.allocation.or_else(estimate).map(|(allocation, source)| LimitContext {
        allocation,
        source,
        held_by_others: share.held_by_others,
        policy: settings.policy,
        calls_per_contact_sync: settings.calls_per_contact_sync,
    });
    SetupView { setup, limit, shared_with: share.shared_with, revision }
}

pub(super) fn source(text: &str) -> AllocationSource {
    if text == "salesforce" { AllocationSource::Salesforce } else { AllocationSource::Policy }
}

pub(super) fn source_name(source: AllocationSource) -> &'static str {
    match source {
        AllocationSource::Policy => "policy",
        AllocationSource::Salesforce => "salesforce",
    }
}
