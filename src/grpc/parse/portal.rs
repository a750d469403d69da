//! Requests of `PortalService`.

use super::{
    credential,
    field::{self, MAX_NAME_CHARS, Page},
    mutation::{Mutation, mutation},
    violations::{Parsed, Violations},
};
use crate::{api::v1, domain::PortalId, hubspot};

/// Registers a portal.
#[derive(Debug)]
pub struct RegisterPortal {
    /// The frame.
    pub mutation: Mutation,
    /// The credential to try.
    pub credential: hubspot::Credential,
    /// A name for people; may be empty.
    pub display_name: String,
}

/// `RegisterPortalRequest`, or everything that is wrong with it.
pub fn register(mut message: v1::RegisterPortalRequest) -> Parsed<RegisterPortal> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let credential = credential::hubspot(&mut v, message.credential);
    let display_name = field::text(&mut v, "display_name", &message.display_name, MAX_NAME_CHARS);
    let parsed = || Some(RegisterPortal { mutation, credential: credential?, display_name: display_name? });
    v.finish(parsed())
}

/// Replaces a portal's credential.
#[derive(Debug)]
pub struct UpdateCredential {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
    /// The credential to try.
    pub credential: hubspot::Credential,
}

/// `UpdatePortalCredentialRequest`, or everything that is wrong with it.
pub fn update_credential(mut message: v1::UpdatePortalCredentialRequest) -> Parsed<UpdateCredential> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let credential = credential::hubspot(&mut v, message.credential);
    let parsed = || Some(UpdateCredential { mutation, portal_id: portal_id?, credential: credential? });
    v.finish(parsed())
}

/// `GetPortalRequest`, or everything that is wrong with it.
pub fn get(message: &v1::GetPortalRequest) -> Parsed<PortalId> {
    only_portal(message.portal_id)
}

/// `ListPortalsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListPortalsRequest) -> Parsed<Page> {
    let mut v = Violations::new();
    let page = field::page(&mut v, message.page_size, message.page_token);
    v.finish(page)
}

/// A request that names a portal and nothing else.
pub(super) fn only_portal(hub_id: i64) -> Parsed<PortalId> {
    let mut v = Violations::new();
    let id = field::portal_id(&mut v, "portal_id", hub_id);
    v.finish(id)
}
