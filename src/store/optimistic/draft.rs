//! A portal in memory: what a change reads of it before anything is written, and what it adds to it.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::image::Image;
use crate::{
    domain::{
        HandoffId, Reason, SetupId, TestContactId, connection::Connection, handoff::Handoff, setup::Setup,
        setup::Status, test_contact::TestContact,
    },
    store::{
        JobKind, SecretKind, SecretRole, SecretRow, StoreError, Target, TokenHash,
        secrets::StoredSecret,
        setups::OrgShare,
        transaction::{read_text, write_json, write_text},
    },
};

/// A portal as it was read. What the change saves replaces it, so that the change reads what it has saved.
#[derive(Clone)]
pub(in crate::store) struct Draft {
    target: Target,
    setup: Option<String>,
    connection: Option<String>,
    share: OrgShare,
    test_contact: Option<String>,
    handoff: Option<String>,
    secrets: BTreeSet<String>,
    secret: Option<StoredSecret>,
    beside: Beside,
}

/// What is written and no event tells of.
#[derive(Clone, Default, Serialize)]
pub(super) struct Beside {
    secrets: Vec<SecretChange>,
    jobs: Vec<NewJob>,
    /// Of a new hand-off, in hexadecimal.
    token_hash: Option<String>,
}

#[derive(Clone, Serialize)]
struct SecretChange {
    kind: &'static str,
    role: &'static str,
    /// `None` deletes it.
    row: Option<NewSecret>,
}

#[derive(Clone, Serialize)]
struct NewSecret {
    secret_id: Uuid,
    version: i32,
    /// In hexadecimal.
    sealed: String,
    info: Value,
}

#[derive(Clone, Serialize)]
struct NewJob {
    job_id: Uuid,
    kind: &'static str,
    subject_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    run_at: OffsetDateTime,
}

impl Draft {
    pub(super) fn new(target: Target, image: Image) -> Self {
        Self {
            target,
            setup: image.setup,
            connection: image.connection,
            share: image.share,
            test_contact: image.test_contact,
            handoff: image.handoff,
            secrets: image.secrets.into_iter().collect(),
            secret: image.secret,
            beside: Beside::default(),
        }
    }

    pub(super) fn beside(&self) -> &Beside {
        &self.beside
    }

    fn read_setup(&self) -> Result<Option<Setup>, StoreError> {
        self.setup.as_deref().map(|text| read_text("setup", text)).transpose()
    }

    /// A setup of the portal, if it is the one that was read.
    pub(in crate::store) fn setup(&self, id: SetupId) -> Result<Setup, StoreError> {
        self.read_setup()?.filter(|setup| setup.id == id).ok_or(StoreError::NeedsLock)
    }

    pub(in crate::store) fn active_setup(&self) -> Result<Option<Setup>, StoreError> {
        let setup = self.read_setup()?;
        match &setup {
            Some(setup) if setup.status != Status::Abandoned => {}
            // Of those that were not asked for, only the active one is read.
            Some(_) => return Err(StoreError::NeedsLock),
            None => {}
        }
        Ok(setup)
    }

    pub(in crate::store) fn save_setup(&mut self, setup: &Setup) -> Result<(), StoreError> {
        self.setup = Some(write_text("setup", setup)?);
        Ok(())
    }

    pub(in crate::store) fn org_share(&self) -> Result<OrgShare, StoreError> {
        let is_connected = self.last_connection()?.is_some_and(|connection| connection.is_active());
        Ok(if is_connected { self.share.clone() } else { OrgShare::default() })
    }

    pub(in crate::store) fn last_connection(&self) -> Result<Option<Connection>, StoreError> {
        self.connection.as_deref().map(|text| read_text("connection", text)).transpose()
    }

    /// Saves a connection that takes no more of its org than before. What takes more, the other portals of the org have
    /// to make room for: that needs the org's lock.
    pub(in crate::store) fn save_connection(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let before =
            self.last_connection()?.filter(|before| before.id == connection.id && before.is_active());
        if before.is_none_or(|before| connection.api_call_limit > before.api_call_limit) {
            return Err(StoreError::NeedsLock);
        }
        self.connection = Some(write_text("connection", connection)?);
        Ok(())
    }

    pub(in crate::store) fn test_contact(&self, id: TestContactId) -> Result<TestContact, StoreError> {
        self.read_test_contact()?.filter(|contact| contact.id == id).ok_or(StoreError::NeedsLock)
    }

    pub(in crate::store) fn newest_test_contact(&self) -> Result<Option<TestContact>, StoreError> {
        match self.target {
            Target::TestContact(_) => Err(StoreError::NeedsLock),
            _ => self.read_test_contact(),
        }
    }

    fn read_test_contact(&self) -> Result<Option<TestContact>, StoreError> {
        self.test_contact.as_deref().map(|text| read_text("test contact", text)).transpose()
    }

    pub(in crate::store) fn save_test_contact(&mut self, contact: &TestContact) -> Result<(), StoreError> {
        self.test_contact = Some(write_text("test contact", contact)?);
        Ok(())
    }

    pub(in crate::store) fn handoff(&self, setup_id: SetupId, id: HandoffId) -> Result<Handoff, StoreError> {
        if self.target != Target::Handoff(setup_id, id) {
            return Err(StoreError::NeedsLock);
        }
        read_text("hand-off", self.handoff.as_deref().ok_or(Reason::HandoffNotFound)?)
    }

    pub(in crate::store) fn add_handoff(&mut self, hash: &TokenHash) {
        self.beside.token_hash = Some(hex::encode(hash));
    }

    /// The one that was asked for along with the portal.
    pub(in crate::store) fn take_secret(&mut self) -> Option<StoredSecret> {
        self.secret.take()
    }

    /// Whether there was one before.
    pub(in crate::store) fn put_secret(
        &mut self,
        kind: SecretKind,
        role: SecretRole,
        secret: &SecretRow,
    ) -> Result<bool, StoreError> {
        let row = NewSecret {
            secret_id: secret.secret_id,
            version: secret.version,
            sealed: hex::encode(&secret.sealed),
            info: write_json("credential", &secret.info)?,
        };
        self.change_secret(kind, role, Some(row));
        Ok(!self.secrets.insert(place(kind, role)))
    }

    /// Whether there was one.
    pub(in crate::store) fn remove_secret(&mut self, kind: SecretKind, role: SecretRole) -> bool {
        let was_there = self.secrets.remove(&place(kind, role));
        if was_there {
            self.change_secret(kind, role, None);
        }
        was_there
    }

    fn change_secret(&mut self, kind: SecretKind, role: SecretRole, row: Option<NewSecret>) {
        let (kind, role) = (kind.name(), role.name());
        self.beside.secrets.retain(|change| (change.kind, change.role) != (kind, role));
        self.beside.secrets.push(SecretChange { kind, role, row });
    }

    pub(in crate::store) fn add_job(&mut self, kind: JobKind, subject_id: Uuid, run_at: OffsetDateTime) {
        self.beside.jobs.push(NewJob { job_id: Uuid::now_v7(), kind: kind.name(), subject_id, run_at });
    }
}

fn place(kind: SecretKind, role: SecretRole) -> String {
    format!("{}/{}", kind.name(), role.name())
}
