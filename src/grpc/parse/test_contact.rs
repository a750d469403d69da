//! Requests of `TestContactService`.

use super::{
    field::{self, Page},
    mutation::{Changes, Mutation, mutation},
    violations::{Parsed, Violations},
};
use crate::{
    api::v1,
    domain::{PortalId, TestContactId},
};

/// Creates a test contact.
#[derive(Debug)]
pub struct CreateTestContact {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
}

/// `CreateTestContactRequest`, or everything that is wrong with it.
pub fn create(mut message: v1::CreateTestContactRequest) -> Parsed<CreateTestContact> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let parsed = || Some(CreateTestContact { mutation, portal_id: portal_id? });
    v.finish(parsed())
}

/// `GetTestContactRequest`, or everything that is wrong with it.
pub fn get(message: &v1::GetTestContactRequest) -> Parsed<TestContactId> {
    let mut v = Violations::new();
    let id = field::test_contact_id(&mut v, &message.test_contact_id);
    v.finish(id)
}

/// Which test contacts to list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListTestContacts {
    /// The portal.
    pub portal_id: PortalId,
    /// The page.
    pub page: Page,
}

/// `ListTestContactsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListTestContactsRequest) -> Parsed<ListTestContacts> {
    let mut v = Violations::new();
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let page = field::page(&mut v, message.page_size, message.page_token);
    let parsed = || Some(ListTestContacts { portal_id: portal_id?, page: page? });
    v.finish(parsed())
}

/// A change of a test contact that needs no more than its id.
#[derive(Debug)]
pub struct ChangeTestContact {
    /// The frame.
    pub mutation: Mutation,
    /// The test contact.
    pub test_contact_id: TestContactId,
}

/// `CancelTestContactRequest`, or everything that is wrong with it.
pub fn cancel(message: v1::CancelTestContactRequest) -> Parsed<ChangeTestContact> {
    change(message, |m| &m.test_contact_id)
}

/// `DeleteTestContactRequest`, or everything that is wrong with it.
pub fn delete(message: v1::DeleteTestContactRequest) -> Parsed<ChangeTestContact> {
    change(message, |m| &m.test_contact_id)
}

fn change<M: Changes>(mut message: M, id: impl FnOnce(&M) -> &str) -> Parsed<ChangeTestContact> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let test_contact_id = field::test_contact_id(&mut v, id(&message));
    let parsed = || Some(ChangeTestContact { mutation, test_contact_id: test_contact_id? });
    v.finish(parsed())
}

/// A test contact to watch.
#[derive(Debug, PartialEq, Eq)]
pub struct WatchTestContact {
    /// The test contact.
    pub test_contact_id: TestContactId,
    /// Where to go on.
    pub resume_token: Option<String>,
}

/// `WatchTestContactRequest`, or everything that is wrong with it.
pub fn watch(message: v1::WatchTestContactRequest) -> Parsed<WatchTestContact> {
    let mut v = Violations::new();
    let id = field::test_contact_id(&mut v, &message.test_contact_id);
    let resume_token = field::opaque(&mut v, "resume_token", message.resume_token);
    v.finish(id.map(|test_contact_id| WatchTestContact { test_contact_id, resume_token }))
}
