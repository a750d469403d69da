//! A portal in memory: what a change reads of it before anything is written, and what it adds to it.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
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
        transaction::{read_text, write_json},
    },
};

/// A portal as it was read. What the change saves replaces it, so that the change reads what it has saved.
#[derive(Clone)]
pub(in crate::store) struct Draft {
    target: Target,
    setup: Option<Document<Setup>>,
    connection: Option<Document<Connection>>,
    share: OrgShare,
    test_contact: Option<Document<TestContact>>,
    handoff: Option<Document<Handoff>>,
    /// Which there are, unless nobody has looked.
    secrets: Option<BTreeSet<String>>,
    secret: Option<StoredSecret>,
    beside: Beside,
}

/// A document, read when it is first asked for: one that can't be read fails for whom it concerns.
#[derive(Clone)]
enum Document<T> {
    Text(String),
    Value(T),
}

impl<T: Clone + DeserializeOwned> Document<T> {
    fn read(&mut self, what: &'static str) -> Result<T, StoreError> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Text(text) => {
                let value: T = read_text(what, text)?;
                *self = Self::Value(value.clone());
                Ok(value)
            }
        }
    }
}

fn read<T: Clone + DeserializeOwned>(
    what: &'static str,
    document: &mut Option<Document<T>>,
) -> Result<Option<T>, StoreError> {
    document.as_mut().map(|document| document.read(what)).transpose()
}

/// What is written and no event tells of.
#[derive(Clone, Default, Serialize)]
pub(super) struct Beside {
    secrets: Vec<SecretChange>,
    jobs: Vec<NewJob>,
    /// Of a new hand-off, in hexadecimal.
    token_hash: Option<String>,
}

impl Beside {
    pub(super) fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.jobs.is_empty() && self.token_hash.is_none()
    }
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
            setup: image.setup.map(Document::Text),
            connection: image.connection.map(Document::Text),
            share: image.share,
            test_contact: image.test_contact.map(Document::Text),
            handoff: image.handoff.map(Document::Text),
            secrets: Some(image.secrets.into_iter().collect()),
            secret: image.secret,
            beside: Beside::default(),
        }
    }

    /// Of a portal of which nothing is known but a setup, and that there is no connection and no test contact.
    pub(super) fn remembered(setup: Setup) -> Self {
        Self {
            target: Target::Setup(setup.id),
            setup: Some(Document::Value(setup)),
            connection: None,
            share: OrgShare::default(),
            test_contact: None,
            handoff: None,
            secrets: None,
            secret: None,
            beside: Beside::default(),
        }
    }

    /// The setup, if that and what [`remembered`](Self::remembered) says is all there is to know of the portal.
    pub(super) fn into_setup(self, id: SetupId) -> Option<Setup> {
        match self.setup {
            Some(Document::Value(setup))
                if setup.id == id && self.connection.is_none() && self.test_contact.is_none() =>
            {
                Some(setup)
            }
            _ => None,
        }
    }

    pub(super) fn beside(&self) -> &Beside {
        &self.beside
    }

    /// A setup of the portal, if it is the one that was read.
    pub(in crate::store) fn setup(&mut self, id: SetupId) -> Result<Setup, StoreError> {
        read("setup", &mut self.setup)?.filter(|setup| setup.id == id).ok_or(StoreError::NeedsLock)
    }

    pub(in crate::store) fn active_setup(&mut self) -> Result<Option<Setup>, StoreError> {
        let setup = read("setup", &mut self.setup)?;
        match &setup {
            Some(setup) if setup.status != Status::Abandoned => {}
            // Of those that were not asked for, only the active one is read.
            Some(_) => return Err(StoreError::NeedsLock),
            None => {}
        }
        Ok(setup)
    }

    pub(in crate::store) fn save_setup(&mut self, setup: &Setup) {
        self.setup = Some(Document::Value(setup.clone()));
    }

    pub(in crate::store) fn org_share(&mut self) -> Result<OrgShare, StoreError> {
        let is_connected = self.last_connection()?.is_some_and(|connection| connection.is_active());
        Ok(if is_connected { self.share.clone() } else { OrgShare::default() })
    }

    pub(in crate::store) fn last_connection(&mut self) -> Result<Option<Connection>, StoreError> {
        read("connection", &mut self.connection)
    }

    /// Saves a connection that takes no more of its org than before. What takes more, the other portals of the org have
    /// to make room for: that needs the org's lock.
    pub(in crate::store) fn save_connection(&mut self, connection: &Connection) -> Result<(), StoreError> {
        let before =
            self.last_connection()?.filter(|before| before.id == connection.id && before.is_active());
        if before.is_none_or(|before| connection.api_call_limit > before.api_call_limit) {
            return Err(StoreError::NeedsLock);
        }
        self.connection = Some(Document::Value(connection.clone()));
        Ok(())
    }

    pub(in crate::store) fn test_contact(&mut self, id: TestContactId) -> Result<TestContact, StoreError> {
        let contact = read("test contact", &mut self.test_contact)?;
        contact.filter(|contact| contact.id == id).ok_or(StoreError::NeedsLock)
    }

    pub(in crate::store) fn newest_test_contact(&mut self) -> Result<Option<TestContact>, StoreError> {
        match self.target {
            Target::TestContact(_) => Err(StoreError::NeedsLock),
            _ => read("test contact", &mut self.test_contact),
        }
    }

    pub(in crate::store) fn save_test_contact(&mut self, contact: &TestContact) {
        self.test_contact = Some(Document::Value(contact.clone()));
    }

    pub(in crate::store) fn handoff(
        &mut self,
        setup_id: SetupId,
        id: HandoffId,
    ) -> Result<Handoff, StoreError> {
        if self.target != Target::Handoff(setup_id, id) {
            return Err(StoreError::NeedsLock);
        }
        Ok(read("hand-off", &mut self.handoff)?.ok_or(Reason::HandoffNotFound)?)
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
        let is_new = self.known_secrets()?.insert(place(kind, role));
        self.change_secret(kind, role, Some(row));
        Ok(!is_new)
    }

    /// Whether there was one.
    pub(in crate::store) fn remove_secret(
        &mut self,
        kind: SecretKind,
        role: SecretRole,
    ) -> Result<bool, StoreError> {
        let was_there = self.known_secrets()?.remove(&place(kind, role));
        if was_there {
            self.change_secret(kind, role, None);
        }
        Ok(was_there)
    }

    fn known_secrets(&mut self) -> Result<&mut BTreeSet<String>, StoreError> {
        self.secrets.as_mut().ok_or(StoreError::NeedsLock)
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
