//! Test contacts: one document each.

use super::{
    PortalTx, StoreError,
    transaction::{read_json, write_json},
};
use crate::domain::{Reason, TestContactId, change::Change, test_contact::TestContact};

impl PortalTx {
    /// A test contact of this portal.
    ///
    /// # Errors
    /// `TEST_CONTACT_NOT_FOUND`.
    pub async fn test_contact(&mut self, id: TestContactId) -> Result<TestContact, StoreError> {
        let contact = match self.draft() {
            Some(draft) => draft.test_contact(id)?,
            None => self.read_test_contact(id).await?,
        };
        self.keep_before("test_contact", &id, &contact)?;
        Ok(contact)
    }

    async fn read_test_contact(&mut self, id: TestContactId) -> Result<TestContact, StoreError> {
        let state = sqlx::query_scalar!(
            "/* test_contacts::test_contact */
            select state from test_contacts where test_contact_id = $1 and portal_id = $2",
            id.0,
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?
        .ok_or(Reason::TestContactNotFound)?;
        read_json("test contact", state)
    }

    /// The portal's newest test contact.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn newest_test_contact(&mut self) -> Result<Option<TestContact>, StoreError> {
        let contact = match self.draft() {
            Some(draft) => draft.newest_test_contact()?,
            None => self.read_newest_test_contact().await?,
        };
        if let Some(contact) = &contact {
            self.keep_before("test_contact", &contact.id, contact)?;
        }
        Ok(contact)
    }

    async fn read_newest_test_contact(&mut self) -> Result<Option<TestContact>, StoreError> {
        let state = sqlx::query_scalar!(
            "/* test_contacts::newest_test_contact */
            select state from test_contacts where portal_id = $1 order by test_contact_id desc limit 1",
            self.portal_id().get(),
        )
        .fetch_optional(&mut **self.sql()?)
        .await?;
        state.map(|state| read_json("test contact", state)).transpose()
    }

    /// Saves a test contact, new or changed, and leaves the change behind.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_test_contact(&mut self, mut contact: TestContact) -> Result<TestContact, StoreError> {
        contact.version = self.next_revision();
        match self.draft() {
            Some(draft) => draft.save_test_contact(&contact),
            None => self.write_test_contact(&contact).await?,
        }
        self.changes.push(Change::TestContact(contact.clone()));
        Ok(contact)
    }

    async fn write_test_contact(&mut self, contact: &TestContact) -> Result<(), StoreError> {
        sqlx::query!(
            "/* test_contacts::save_test_contact */
            insert into test_contacts (test_contact_id, portal_id, state, version)
            values ($1, $2, $3, $4)
            on conflict (test_contact_id) do update set state = excluded.state, version = excluded.version",
            contact.id.0,
            contact.portal_id.get(),
            write_json("test contact", contact)?,
            contact.version,
        )
        .execute(&mut **self.sql()?)
        .await?;
        Ok(())
    }
}
