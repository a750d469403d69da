//! Credentials that several connections share: one user of Salesforce, several portals.
//!
//! What proves good for one of them is swapped in for all, in the commit that connects; what Salesforce refuses for one
//! of them suspends all, in the commit that writes the refusal down.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Control, ControlError, SalesforceLogin};
use crate::{
    domain::{
        PortalId, Reason,
        connection::LoginIdentity,
        portal::CredentialMethod,
        setup::SecurityToken,
        sync_state::{SuspensionReason, SyncState},
    },
    store::{Call, LoginOutcome, PortalTx, SecretKind, SecretRole, SecretRow, StoreError, Target},
};

/// A credential sealed for another portal of the same Salesforce user: a seal is bound to its portal.
#[derive(Clone)]
pub(super) struct Copy {
    portal_id: PortalId,
    credential: SecretRow,
    token: Option<SecretRow>,
}

/// What proving good means to other portals.
#[derive(Clone)]
pub(super) struct Sharing {
    /// Who logs in.
    pub(super) login: LoginIdentity,
    /// For those that get the new credential.
    copies: Vec<Copy>,
    /// By which method those log in by now.
    method: CredentialMethod,
    /// The credential in force is that user's and is replaced.
    replaces: bool,
    /// Those whose refused credential is this very one, which has just been accepted.
    cleared: Vec<PortalId>,
}

impl Sharing {
    /// All portals that change along, for their locks.
    pub(super) fn portals(&self) -> Vec<PortalId> {
        let copies = self.copies.iter().map(|copy| copy.portal_id);
        copies.chain(self.cleared.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

impl Control {
    /// Finds who shares a login that proved good, and seals it for each. With `replaces`, it replaces the credential
    /// in force, and so for every connection of that Salesforce user that logs in by the same method.
    pub(super) async fn sharing(
        &self,
        portal_id: PortalId,
        login: &SalesforceLogin,
        replaces: bool,
    ) -> Result<Sharing, ControlError> {
        let identity = self.login_identity(login);
        let mut copies = Vec::new();
        let user = self.inner.store.user_of(portal_id).await?;
        let user = user.filter(|(user, _)| replaces && *user == identity.user_key);
        if let Some((user, method)) = &user {
            for other in self.inner.store.portals_of_user(user, *method).await? {
                if other != portal_id {
                    copies.push(self.seal_copy(other, login).await?);
                }
            }
        }
        let mut cleared = self.inner.store.portals_of_login(&identity.fingerprint).await?;
        cleared.retain(|other| *other != portal_id && !copies.iter().any(|copy| copy.portal_id == *other));
        Ok(Sharing {
            login: identity,
            copies,
            method: user.as_ref().map_or(login.method(), |(_, method)| *method),
            replaces: user.is_some(),
            cleared,
        })
    }

    /// The token goes along: what proved good is the credential with it.
    async fn seal_copy(&self, portal_id: PortalId, login: &SalesforceLogin) -> Result<Copy, ControlError> {
        let token = match login.own_token() {
            Some(token) => Some(self.seal_token(portal_id, token).await?),
            None => None,
        };
        Ok(Copy { portal_id, credential: self.seal_salesforce_login(portal_id, login).await?, token })
    }

    /// Writes down that Salesforce refused a login, and suspends every portal that is connected by this very one.
    pub(super) async fn refuse_login(
        &self,
        login_id: Uuid,
        login: &SalesforceLogin,
    ) -> Result<(), ControlError> {
        let fingerprint = self.login_identity(login).fingerprint;
        let sharing = self.inner.store.portals_of_login(&fingerprint).await?;
        let Some(first) = sharing.first().copied() else {
            return Ok(self.inner.store.end_login(login_id, LoginOutcome::Refused).await?);
        };
        self.inner
            .store
            .change_along(
                &Call::internal("login.refused"),
                Target::Portal(first),
                sharing.clone(),
                move |tx| {
                    let (locked, fingerprint) = (sharing.clone(), fingerprint.clone());
                    Box::pin(async move {
                        tx.end_login(login_id, LoginOutcome::Refused).await?;
                        let mut portals = tx.portals_of_login(&fingerprint).await?;
                        portals.retain(|portal| locked.contains(portal));
                        for portal_id in portals {
                            tx.in_portal(portal_id, |tx| Box::pin(suspend(tx))).await?;
                        }
                        Ok(())
                    })
                },
            )
            .await?;
        Ok(())
    }
}

async fn suspend(tx: &mut PortalTx) -> Result<(), StoreError> {
    let now = tx.now();
    edit_sync(tx, |sync| sync.suspended(SuspensionReason::SalesforceCredentialRefused, now)).await
}

/// Saves the sync if that changed it.
async fn edit_sync(tx: &mut PortalTx, edit: impl FnOnce(SyncState) -> SyncState) -> Result<(), StoreError> {
    let edited = edit(tx.sync().clone());
    if edited != *tx.sync() {
        let view = tx.view_sync().await?;
        tx.save_sync(edited, view.settings, view.org_id).await?;
    }
    Ok(())
}

async fn clear(tx: &mut PortalTx) -> Result<(), StoreError> {
    edit_sync(tx, |sync| sync.cleared(&[SuspensionReason::SalesforceCredentialRefused])).await
}

/// Swaps the credential in for the others, and ends their suspensions. Theirs is everything else: settings, findings,
/// what is stale.
///
/// # Errors
/// `CONFLICTING_CHANGE` when another connection of the user was made meanwhile: seal for it as well, and try again.
pub(super) async fn share(tx: &mut PortalTx, sharing: &Sharing) -> Result<(), StoreError> {
    if sharing.replaces {
        let now = tx.portals_of_user(&sharing.login.user_key, sharing.method).await?;
        let own = tx.portal_id();
        let is_known =
            |portal: &PortalId| *portal == own || sharing.copies.iter().any(|copy| copy.portal_id == *portal);
        if !now.iter().all(is_known) {
            return Err(Reason::ConflictingChange.into());
        }
    }
    for copy in &sharing.copies {
        let (copy, login) = (copy.clone(), sharing.login.clone());
        tx.in_portal(copy.portal_id, |tx| Box::pin(async move { swap(tx, &copy, &login).await })).await?;
    }
    for portal_id in &sharing.cleared {
        tx.in_portal(*portal_id, |tx| Box::pin(clear(tx))).await?;
    }
    Ok(())
}

async fn swap(tx: &mut PortalTx, copy: &Copy, login: &LoginIdentity) -> Result<(), StoreError> {
    // Disconnected meanwhile: there is nothing to swap.
    let Some(mut connection) = tx.active_connection().await? else { return Ok(()) };
    tx.put_secret(SecretKind::SalesforceCredential, SecretRole::Current, &copy.credential).await?;
    connection.credential = Some(copy.credential.info.clone());
    tx.save_login(connection, login).await?;
    if let Some(token) = &copy.token {
        tx.put_secret(SecretKind::SecurityToken, SecretRole::Current, token).await?;
        if let Some(mut setup) = tx.active_setup().await? {
            let (fingerprint, set_at) = (token.info.fingerprint.clone(), tx.now());
            setup.answers.security_token = Some(SecurityToken::Stored { fingerprint, set_at });
            tx.save_setup(setup).await?;
        }
    }
    clear(tx).await
}
