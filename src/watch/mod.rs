//! Watching: ordered, unique, complete, atomic and resumable streams over what changed.
//!
//! A stream over one portal resumes on the portal's revision, one over all portals on a position that no late commit
//! can slip behind. Each goes on at its consumer's pace: the hub wakes it and has the last events of its portal; whatever
//! the hub does not have, the stream reads from the database.

#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod hub;
mod message;
mod source;
mod stream;
mod token;
mod yields;

use std::time::Duration;

use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

pub use message::{EndCause, Item, Message, ResetCause, Yielded};
pub use source::Listed;
pub use stream::StreamSettings;
pub use yields::Yields;

use crate::{
    domain::{
        PortalId, SetupId, TestContactId,
        access::PortalGrant,
        change::{SetupView, SyncView},
        connection::Connection,
        test_contact::TestContact,
    },
    store::{History, Store, StoreError},
};
use hub::Hub;
use source::{ConnectionSource, SetupSource, Source, SyncSource, TestContactSource};
use stream::{Begin, Found, Sent, Stream};
use yields::Out;

/// A stream of setups.
pub type SetupStream = Yields<Yielded<SetupView>>;
/// A stream of a test contact.
pub type TestContactStream = Yields<Yielded<TestContact>>;
/// A stream of connections and attempts.
pub type ConnectionStream = Yields<Yielded<Listed<Connection>>>;
/// A stream of sync states.
pub type SyncStream = Yields<Yielded<Listed<SyncView>>>;

/// Opens streams. Cheap to clone.
#[derive(Clone)]
pub struct Watches {
    hub: Hub,
    settings: StreamSettings,
    stop: CancellationToken,
}

impl Watches {
    /// Streams over this database. They end with `SERVER_SHUTDOWN` once `stop` is cancelled.
    #[must_use]
    pub fn new(store: Store, settings: StreamSettings, stop: CancellationToken) -> Self {
        Self { hub: Hub::new(store), settings, stop }
    }

    /// Wakes streams until `stop`: by this process's commits, by other replicas' doorbell, by a poll.
    ///
    /// `direct_url` must not lead through a pooler in transaction mode.
    pub async fn run(&self, poll_every: Duration, direct_url: SecretString, stop: CancellationToken) {
        self.hub.clone().run(poll_every, direct_url, stop).await;
    }

    /// Streams a setup.
    ///
    /// # Errors
    /// `SETUP_NOT_FOUND`, `RESUME_TOKEN_INVALID`.
    pub async fn setup(&self, id: SetupId, token: &str) -> Result<SetupStream, StoreError> {
        let History { portal_id, revision, is_over, .. } = self.hub.store().history_of_setup(id).await?;
        self.open(SetupSource { id, portal_id }, token, Found { revision, is_over }).await
    }

    /// Streams a test contact.
    ///
    /// # Errors
    /// `TEST_CONTACT_NOT_FOUND`, `RESUME_TOKEN_INVALID`.
    pub async fn test_contact(
        &self,
        id: TestContactId,
        token: &str,
    ) -> Result<TestContactStream, StoreError> {
        let (contact, revision) = self.hub.store().test_contact(id).await?;
        let found = Found { revision, is_over: contact.status.is_final() };
        self.open(TestContactSource { id, portal_id: contact.portal_id }, token, found).await
    }

    /// Streams connections and attempts, of one portal or of all that are granted.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`, `RESUME_TOKEN_INVALID`.
    pub async fn connections(
        &self,
        grant: &PortalGrant,
        portal_id: Option<PortalId>,
        token: &str,
    ) -> Result<ConnectionStream, StoreError> {
        let found = self.find_portal(portal_id).await?;
        self.open(ConnectionSource { portal_id, grant: grant.clone() }, token, found).await
    }

    /// Streams sync states, of one portal or of all that are granted.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`, `RESUME_TOKEN_INVALID`.
    pub async fn syncs(
        &self,
        grant: &PortalGrant,
        portal_id: Option<PortalId>,
        token: &str,
    ) -> Result<SyncStream, StoreError> {
        let found = self.find_portal(portal_id).await?;
        self.open(SyncSource { portal_id, grant: grant.clone() }, token, found).await
    }

    async fn find_portal(&self, portal_id: Option<PortalId>) -> Result<Found, StoreError> {
        let Some(portal_id) = portal_id else { return Ok(Found::default()) };
        let revision = self.hub.store().history(portal_id).await?.revision;
        Ok(Found { revision, is_over: false })
    }

    async fn open<R: Source>(
        &self,
        source: R,
        token: &str,
        found: Found,
    ) -> Result<Yields<Sent<R>>, StoreError> {
        let out = Out::new();
        let mut stream = Stream::new(self.hub.clone(), source, self.settings, self.stop.clone(), out.share());
        let begin = if token.is_empty() { Begin::Snapshot } else { stream.resume(token, found).await? };
        Ok(out.of(Box::new(stream).run(begin)))
    }
}
