//! What the four streams show: their snapshots, and what they pick out of the events.

use aws_lc_rs::digest;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::token::StreamKind;
use crate::{
    domain::{
        PortalId, SetupId, TestContactId,
        access::PortalGrant,
        change::{Event, SetupView, SyncView},
        connection::Connection,
        setup::Status as SetupStatus,
        test_contact::TestContact,
    },
    store::{ConnectionFilter, Store, StoreError},
};

/// Resources in one message of a snapshot over many portals.
const SNAPSHOT_PAGE: i64 = 100;

/// Which events a stream reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope {
    Portal(PortalId),
    All,
}

/// One message of a snapshot.
pub(super) struct SnapshotPage<S> {
    pub(super) snapshot: S,
    /// For a stream over one portal: the revision that the snapshot was read at.
    pub(super) revision: i64,
    /// For a stream over all: each portal with the revision that is already in the snapshot.
    pub(super) included: Vec<(i64, i64)>,
    /// Where the next page begins.
    pub(super) next: Option<(i64, Uuid)>,
    /// Nothing more will happen.
    pub(super) finished: bool,
}

/// What a stream shows.
pub(super) trait Source: Send + Sync + 'static {
    /// A snapshot, or a part of it.
    type Snapshot: Send + 'static;
    fn kind(&self) -> StreamKind;
    fn subject(&self) -> u128;
    fn scope(&self) -> Scope;
    fn event_kinds(&self) -> &'static [&'static str];
    /// The portals that a stream over all of them shows.
    fn grant(&self) -> &PortalGrant {
        &PortalGrant::All
    }
    fn snapshot<'s>(
        &'s self,
        store: &'s Store,
        after: (i64, Uuid),
    ) -> BoxFuture<'s, Result<SnapshotPage<Self::Snapshot>, StoreError>>;
    /// Whether the stream shows something of an event.
    fn shows(&self, event: &Event) -> bool;
    /// Whether nothing follows an event that is shown.
    fn ends_with(&self, _: &Event) -> bool {
        false
    }
}

/// The changes of a setup.
pub(super) struct SetupSource {
    pub(super) id: SetupId,
    pub(super) portal_id: PortalId,
}

impl Source for SetupSource {
    type Snapshot = SetupView;

    fn kind(&self) -> StreamKind {
        StreamKind::Setup
    }

    fn subject(&self) -> u128 {
        self.id.0.as_u128()
    }

    fn scope(&self) -> Scope {
        Scope::Portal(self.portal_id)
    }

    fn event_kinds(&self) -> &'static [&'static str] {
        &["setup"]
    }

    fn snapshot<'s>(
        &'s self,
        store: &'s Store,
        _: (i64, Uuid),
    ) -> BoxFuture<'s, Result<SnapshotPage<SetupView>, StoreError>> {
        Box::pin(async move {
            let view = store.setup(self.id).await?;
            // A finished wizard can still be edited; only giving up is final.
            let finished = view.setup.status == SetupStatus::Abandoned;
            Ok(SnapshotPage {
                revision: view.revision,
                snapshot: view,
                included: Vec::new(),
                next: None,
                finished,
            })
        })
    }

    fn shows(&self, event: &Event) -> bool {
        event.setup(self.id).is_some()
    }

    fn ends_with(&self, event: &Event) -> bool {
        event.setup(self.id).is_some_and(|view| view.setup.status == SetupStatus::Abandoned)
    }
}

/// The status of a test contact.
pub(super) struct TestContactSource {
    pub(super) id: TestContactId,
    pub(super) portal_id: PortalId,
}

impl Source for TestContactSource {
    type Snapshot = TestContact;

    fn kind(&self) -> StreamKind {
        StreamKind::TestContact
    }

    fn subject(&self) -> u128 {
        self.id.0.as_u128()
    }

    fn scope(&self) -> Scope {
        Scope::Portal(self.portal_id)
    }

    fn event_kinds(&self) -> &'static [&'static str] {
        &["test_contact"]
    }

    fn snapshot<'s>(
        &'s self,
        store: &'s Store,
        _: (i64, Uuid),
    ) -> BoxFuture<'s, Result<SnapshotPage<TestContact>, StoreError>> {
        Box::pin(async move {
            let (contact, revision) = store.test_contact(self.id).await?;
            let finished = contact.status.is_final();
            Ok(SnapshotPage { revision, snapshot: contact, included: Vec::new(), next: None, finished })
        })
    }

    fn shows(&self, event: &Event) -> bool {
        event.test_contact(self.id).is_some()
    }

    fn ends_with(&self, event: &Event) -> bool {
        event.test_contact(self.id).is_some_and(|contact| contact.status.is_final())
    }
}

/// Resources as they stand, and whether more of them follow.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The resources.
    pub items: Vec<T>,
    /// Another message of this snapshot follows.
    pub more: bool,
}

/// The changes of connections and attempts, of one portal or of all.
pub(super) struct ConnectionSource {
    pub(super) portal_id: Option<PortalId>,
    pub(super) grant: PortalGrant,
}

impl Source for ConnectionSource {
    type Snapshot = Listed<Connection>;

    fn kind(&self) -> StreamKind {
        StreamKind::Connections
    }

    fn subject(&self) -> u128 {
        subject_of(self.portal_id, &self.grant)
    }

    fn grant(&self) -> &PortalGrant {
        &self.grant
    }

    fn scope(&self) -> Scope {
        self.portal_id.map_or(Scope::All, Scope::Portal)
    }

    fn event_kinds(&self) -> &'static [&'static str] {
        &["connection", "attempt"]
    }

    fn snapshot<'s>(
        &'s self,
        store: &'s Store,
        after: (i64, Uuid),
    ) -> BoxFuture<'s, Result<SnapshotPage<Listed<Connection>>, StoreError>> {
        Box::pin(async move {
            let Some(portal_id) = self.portal_id else {
                let page = store
                    .connections(&self.grant, &ConnectionFilter::default(), after, SNAPSHOT_PAGE)
                    .await?;
                let last = page.items.last().map(|connection| (connection.portal_id.get(), connection.id.0));
                return Ok(SnapshotPage {
                    revision: 0,
                    included: page.items.iter().map(|it| (it.portal_id.get(), it.version)).collect(),
                    next: last.filter(|_| page.more),
                    snapshot: Listed { items: page.items, more: page.more },
                    finished: false,
                });
            };
            loop {
                // The revision is read first: other changes in between come as transitions.
                let revision = store.history(portal_id).await?.revision;
                let items = match store.connection(portal_id).await {
                    // What it was at the revision can't be read any more.
                    Ok(connection) if connection.version > revision => continue,
                    Ok(connection) if connection.is_active() => vec![connection],
                    Ok(_) | Err(StoreError::Refused(_)) => Vec::new(),
                    Err(error) => return Err(error),
                };
                let snapshot = Listed { items, more: false };
                return Ok(SnapshotPage {
                    snapshot,
                    revision,
                    included: Vec::new(),
                    next: None,
                    finished: false,
                });
            }
        })
    }

    fn shows(&self, event: &Event) -> bool {
        event.connection().is_some() || event.attempt().is_some()
    }
}

/// The sync of one portal or of all.
pub(super) struct SyncSource {
    pub(super) portal_id: Option<PortalId>,
    pub(super) grant: PortalGrant,
}

impl Source for SyncSource {
    type Snapshot = Listed<SyncView>;

    fn kind(&self) -> StreamKind {
        StreamKind::SyncStatus
    }

    fn subject(&self) -> u128 {
        subject_of(self.portal_id, &self.grant)
    }

    fn grant(&self) -> &PortalGrant {
        &self.grant
    }

    fn scope(&self) -> Scope {
        self.portal_id.map_or(Scope::All, Scope::Portal)
    }

    fn event_kinds(&self) -> &'static [&'static str] {
        &["sync"]
    }

    fn snapshot<'s>(
        &'s self,
        store: &'s Store,
        after: (i64, Uuid),
    ) -> BoxFuture<'s, Result<SnapshotPage<Listed<SyncView>>, StoreError>> {
        Box::pin(async move {
            let Some(portal_id) = self.portal_id else {
                let page = store.syncs(&self.grant, after.0, SNAPSHOT_PAGE).await?;
                let last = page.items.last().map(|view| (view.portal_id.get(), Uuid::nil()));
                return Ok(SnapshotPage {
                    revision: 0,
                    included: page.items.iter().map(|it| (it.portal_id.get(), it.version)).collect(),
                    next: last.filter(|_| page.more),
                    snapshot: Listed { items: page.items, more: page.more },
                    finished: false,
                });
            };
            let view = store.sync_of_portal(portal_id).await?;
            Ok(SnapshotPage {
                revision: view.revision,
                snapshot: Listed { items: vec![view], more: false },
                included: Vec::new(),
                next: None,
                finished: false,
            })
        })
    }

    fn shows(&self, event: &Event) -> bool {
        event.sync().is_some()
    }
}

/// A stream over all portals is another one for each grant: whoever resumed with a wider one would never be told how
/// the portals that came with it stand.
fn subject_of(portal_id: Option<PortalId>, grant: &PortalGrant) -> u128 {
    match (portal_id, grant.filter()) {
        (Some(portal_id), _) => u128::try_from(portal_id.get()).unwrap_or(0),
        (None, None) => 0,
        (None, Some(portals)) => {
            let bytes: Vec<u8> = portals.iter().flat_map(|portal_id| portal_id.to_be_bytes()).collect();
            let digest = digest::digest(&digest::SHA256, &bytes);
            let (first, _) = digest.as_ref().split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
            // No hub id is that large.
            u128::from_be_bytes(*first) | 1 << 127
        }
    }
}
