//! The test contact: the part that answers the caller.

use uuid::Uuid;

use super::{Control, ControlError};
use crate::{
    domain::{
        PortalId, Reason, TestContactId,
        connection::ConnectionState,
        setup::Actor,
        test_contact::{Cleanup, Status, TestContact},
    },
    store::{Call, JobKind, Page, Target},
};

impl Control {
    /// Creates a test contact. Returns at once; the worker sends it on its way.
    ///
    /// # Errors
    /// `NOT_CONNECTED`, `CONNECTION_STALE`, `SYNC_NOT_ENABLED`, `TEST_CONTACT_RUNNING`.
    pub async fn create_test_contact(
        &self,
        call: &Call,
        portal_id: PortalId,
    ) -> Result<TestContact, ControlError> {
        let id = TestContactId(Uuid::now_v7());
        let principal = call.principal.clone();
        let contact = self
            .inner
            .store
            .change(call, Target::Portal(portal_id), move |tx| {
                let actor = Actor { by: principal.clone(), at: tx.now() };
                Box::pin(async move {
                    let connection = tx.active_connection().await?.ok_or(Reason::NotConnected)?;
                    if connection.state == ConnectionState::Stale {
                        return Err(Reason::ConnectionStale.into());
                    }
                    if !tx.sync().is_enabled() {
                        return Err(Reason::SyncNotEnabled.into());
                    }
                    let newest = tx.newest_test_contact().await?;
                    if newest.is_some_and(|contact| !contact.status.is_final()) {
                        return Err(Reason::TestContactRunning.into());
                    }
                    if let Some(setup) = tx.active_setup().await? {
                        tx.save_setup(setup.tested_with(&actor, id, false)).await?;
                    }
                    tx.add_job(JobKind::TestContact, id.0, actor.at).await?;
                    let contact = TestContact::new(id, tx.portal_id(), actor.by, actor.at);
                    tx.save_test_contact(contact).await
                })
            })
            .await?;
        self.announce_work();
        Ok(contact)
    }

    /// Reads a test contact, with the portal's revision.
    ///
    /// # Errors
    /// `TEST_CONTACT_NOT_FOUND`.
    pub async fn test_contact(&self, id: TestContactId) -> Result<(TestContact, i64), ControlError> {
        Ok(self.inner.store.test_contact(id).await?)
    }

    /// A portal's test contacts, newest first, before one.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn test_contacts(
        &self,
        portal_id: PortalId,
        before: Option<Uuid>,
        size: i64,
    ) -> Result<Page<TestContact>, ControlError> {
        let page = self.inner.store.test_contacts(portal_id, before, size).await?;
        // A portal that has some is there.
        if page.items.is_empty() {
            self.inner.store.portal(portal_id).await?;
        }
        Ok(page)
    }

    /// Cancels a test contact before it is processed. Its job is still there, and ends with deleting what HubSpot has of
    /// it by then: sooner, a creation under way could come after the deletion.
    ///
    /// # Errors
    /// `TEST_CONTACT_ENDED`, `TEST_CONTACT_RUNNING` when it is being processed.
    pub async fn cancel_test_contact(
        &self,
        call: &Call,
        id: TestContactId,
    ) -> Result<TestContact, ControlError> {
        let contact = self
            .inner
            .store
            .change(call, Target::TestContact(id), move |tx| {
                Box::pin(async move {
                    let contact = tx.test_contact(id).await?;
                    let now = tx.now();
                    let mut cancelled = contact.moved(Status::Cancelled, now)?;
                    cancelled.cleanup = Cleanup::Deleting;
                    tx.save_test_contact(cancelled).await
                })
            })
            .await?;
        self.announce_work();
        Ok(contact)
    }

    /// Deletes the records of an ended test contact in both CRMs. Returns at once; `cleanup` shows how it went.
    ///
    /// # Errors
    /// `TEST_CONTACT_RUNNING`.
    pub async fn delete_test_contact(
        &self,
        call: &Call,
        id: TestContactId,
    ) -> Result<TestContact, ControlError> {
        let contact = self
            .inner
            .store
            .change(call, Target::TestContact(id), move |tx| {
                Box::pin(async move {
                    let contact = tx.test_contact(id).await?;
                    let deleting = contact.clone().deleting()?;
                    if deleting == contact {
                        return Ok(contact);
                    }
                    let now = tx.now();
                    tx.add_job(JobKind::TestContactCleanup, id.0, now).await?;
                    tx.save_test_contact(deleting).await
                })
            })
            .await?;
        self.announce_work();
        Ok(contact)
    }
}
