//! Requests of `ConnectionService`.

use super::{
    credential,
    field::{self, Page},
    mutation::{Mutation, mutation},
    portal::only_portal,
    setup::only_setup,
    violations::{Parsed, Violations, Wrong},
};
use crate::{
    api::v1,
    control::SalesforceLogin,
    domain::{OrgId, PortalId, SetupId},
};

/// Connects the portal of a setup.
#[derive(Debug)]
pub struct ConnectAccounts {
    /// The frame.
    pub mutation: Mutation,
    /// The setup.
    pub setup_id: SetupId,
    /// The credential; `None` to use the stored one again.
    pub credential: Option<SalesforceLogin>,
    /// The org that is meant.
    pub expected_org_id: Option<OrgId>,
}

/// `ConnectAccountsRequest`, or everything that is wrong with it.
pub fn connect(mut message: v1::ConnectAccountsRequest) -> Parsed<ConnectAccounts> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let setup_id = field::setup_id(&mut v, &message.setup_id);
    let credential = credential::salesforce(&mut v, message.credential);
    let expected_org_id = field::any_org_id(&mut v, "expected_org_id", &message.expected_org_id);
    let parsed = || Some(ConnectAccounts { mutation, setup_id: setup_id?, credential, expected_org_id });
    v.finish(parsed())
}

/// `CheckConnectionRequest`, or everything that is wrong with it.
pub fn check(message: &v1::CheckConnectionRequest) -> Parsed<SetupId> {
    only_setup(&message.setup_id)
}

/// `GetConnectionRequest`, or everything that is wrong with it.
pub fn get(message: &v1::GetConnectionRequest) -> Parsed<PortalId> {
    only_portal(message.portal_id)
}

/// Which connections to list.
#[derive(Debug, PartialEq, Eq)]
pub struct ListConnections {
    /// Only those of this org.
    pub org_id: Option<OrgId>,
    /// Also those that were disconnected.
    pub include_disconnected: bool,
    /// The page.
    pub page: Page,
}

/// `ListConnectionsRequest`, or everything that is wrong with it.
pub fn list(message: v1::ListConnectionsRequest) -> Parsed<ListConnections> {
    let mut v = Violations::new();
    let org_id = field::any_org_id(&mut v, "org_id", &message.org_id);
    let page = field::page(&mut v, message.page_size, message.page_token);
    let include_disconnected = message.include_disconnected;
    v.finish(page.map(|page| ListConnections { org_id, include_disconnected, page }))
}

/// Replaces the credential of a connection.
#[derive(Debug)]
pub struct RotateCredential {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
    /// The new credential.
    pub credential: SalesforceLogin,
}

/// `RotateCredentialRequest`, or everything that is wrong with it.
pub fn rotate(mut message: v1::RotateCredentialRequest) -> Parsed<RotateCredential> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    if message.credential.is_none() {
        v.add("credential", Wrong::Required);
    }
    let credential = credential::salesforce(&mut v, message.credential);
    let parsed = || Some(RotateCredential { mutation, portal_id: portal_id?, credential: credential? });
    v.finish(parsed())
}

/// A change of a portal that needs no more than its id.
#[derive(Debug)]
pub struct Disconnect {
    /// The frame.
    pub mutation: Mutation,
    /// The portal.
    pub portal_id: PortalId,
}

/// `DisconnectRequest`, or everything that is wrong with it.
pub fn disconnect(mut message: v1::DisconnectRequest) -> Parsed<Disconnect> {
    let mut v = Violations::new();
    let mutation = mutation(&mut v, &mut message);
    let portal_id = field::portal_id(&mut v, "portal_id", message.portal_id);
    let parsed = || Some(Disconnect { mutation, portal_id: portal_id? });
    v.finish(parsed())
}

/// One portal to watch, or all.
#[derive(Debug, PartialEq, Eq)]
pub struct WatchPortals {
    /// Only this portal.
    pub portal_id: Option<PortalId>,
    /// Where to go on.
    pub resume_token: Option<String>,
}

/// `WatchConnectionsRequest`, or everything that is wrong with it.
pub fn watch(message: v1::WatchConnectionsRequest) -> Parsed<WatchPortals> {
    watch_portals(message.portal_id, message.resume_token)
}

/// A request that watches one portal or all.
pub(super) fn watch_portals(hub_id: i64, resume_token: String) -> Parsed<WatchPortals> {
    let mut v = Violations::new();
    let portal_id = field::any_portal_id(&mut v, "portal_id", hub_id);
    let resume_token = field::opaque(&mut v, "resume_token", resume_token);
    v.finish(Some(WatchPortals { portal_id, resume_token }))
}
