//! A portal in memory, and what a step makes of it.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::{read::StepRow, write::Sealed};
use crate::{
    audit::{Details, Head},
    domain::{
        PortalId, Reason,
        change::{Change, Event, SetupView, SyncView},
        portal::Portal,
        settings::SyncSettings,
        setup::Setup,
        sync_state::SyncState,
    },
    store::{
        Call, Settings, StoreError,
        audit::{Changed, head, keep},
        setups::{OrgShare, view},
        transaction::read_text,
    },
};

/// A portal without a connection, as it was read. Saving changes it in memory.
pub struct Draft<'s> {
    settings: &'s Settings,
    portal_id: PortalId,
    revision: i64,
    audit_head: Head,
    now: OffsetDateTime,
    portal: Portal,
    sync: SyncState,
    setup: Setup,
    changes: Vec<Change>,
    details: Details,
    /// Columns that are written anew, where they changed.
    new_portal: Option<String>,
    new_sync: Option<String>,
}

impl<'s> Draft<'s> {
    pub(super) fn new(row: &StepRow, settings: &'s Settings) -> Result<Self, StoreError> {
        Ok(Self {
            settings,
            portal_id: PortalId::parse(row.portal_id).ok_or(Reason::PortalNotFound)?,
            revision: row.revision,
            audit_head: head(row.audit_sequence, &row.audit_head)?,
            now: row.now,
            portal: read_text("portal", &row.portal)?,
            sync: read_text("sync state", &row.sync)?,
            setup: read_text("setup", &row.setup)?,
            changes: Vec::new(),
            details: Details::default(),
            new_portal: None,
            new_sync: None,
        })
    }

    pub(super) fn portal_id(&self) -> PortalId {
        self.portal_id
    }

    fn next_revision(&self) -> i64 {
        self.revision + 1
    }

    /// The database's time of the read.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The setup as it was read.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The portal as it is.
    #[must_use]
    pub fn portal(&self) -> &Portal {
        &self.portal
    }

    /// A setup with what is needed to show it. Without a connection no org has a say.
    #[must_use]
    pub fn view_setup(&self, setup: Setup) -> SetupView {
        view(setup, OrgShare::default(), self.settings, self.next_revision())
    }

    /// Saves the portal and leaves the change behind.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn save_portal(&mut self, portal: Portal) -> Result<(), StoreError> {
        keep(&mut self.details, "portal", &self.portal_id, &self.portal)?;
        self.new_portal = Some(write_text("portal", &portal)?);
        self.portal = portal.clone();
        self.changes.push(Change::Portal(portal));
        Ok(())
    }

    /// Leaves behind that the sync has other settings; its state stays.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn save_sync_settings(&mut self, settings: SyncSettings) -> Result<(), StoreError> {
        keep(&mut self.details, "sync", &self.portal_id, &self.sync)?;
        self.new_sync = Some(write_text("sync state", &self.sync)?);
        self.changes.push(Change::Sync(SyncView {
            portal_id: self.portal_id,
            state: self.sync.clone(),
            settings,
            org_id: None,
            version: self.next_revision(),
            revision: self.next_revision(),
        }));
        Ok(())
    }

    /// Saves the setup and leaves the change behind.
    ///
    /// # Errors
    /// When it can't be written as JSON.
    pub fn save_setup(&mut self, mut setup: Setup) -> Result<SetupView, StoreError> {
        keep(&mut self.details, "setup", &self.setup.id, &self.setup)?;
        setup.version = self.next_revision();
        self.setup = setup.clone();
        let view = self.view_setup(setup);
        self.changes.push(Change::Setup(view.clone()));
        Ok(view)
    }

    /// All that is written.
    pub(super) fn seal(self, call: &Call, answer: &SetupView) -> Result<Sealed, StoreError> {
        let changed = Changed {
            portal_id: self.portal_id,
            revision: self.next_revision(),
            changes: self.changes,
            audit_head: self.audit_head,
            details: self.details,
        };
        let audit = changed.audit_row(call, self.now)?;
        let changes = write_text("event", &changed.changes)?;
        let event =
            Event { portal_id: changed.portal_id, revision: changed.revision, changes: changed.changes };
        let mut kinds: Vec<&str> = event.changes.iter().map(Change::kind).collect();
        kinds.sort_unstable();
        Ok(Sealed {
            revision: self.revision,
            portal: self.new_portal,
            sync: self.new_sync,
            setup_id: self.setup.id.0,
            setup: write_text("setup", &self.setup)?,
            kinds: kinds.join(","),
            changes,
            answer: write_text("answer", answer)?,
            payload_hash: call.payload_hash.to_vec(),
            audit,
            event: Arc::new(event),
        })
    }
}

fn write_text<T: Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::Unreadable { what, source })
}
