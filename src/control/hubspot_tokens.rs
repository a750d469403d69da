//! A portal's HubSpot API, and its access token, which all servers share: HubSpot may end a refresh token with its use,
//! so one server refreshes and stores what it got, and the others take that.

use std::{sync::Arc, time::Duration};

use futures::FutureExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use super::{Control, ControlError, HubSpotCredential};
use crate::{
    domain::{PortalId, Reason},
    hubspot::{AccessToken, HubSpotError, PortalApi, SharedTokens},
    store::{Call, SecretKind, SecretRole, SecretRow, Target},
};

/// Most portals whose API client is kept; beyond that they are made anew when needed.
const MAX_KEPT_APIS: usize = 4_096;
/// How long a renewal is left to one server: longer than HubSpot may take to answer.
const RENEWAL_LEASE: Duration = Duration::from_secs(45);
/// How long to wait for another server's renewal, and how often to look.
const RENEWAL_PATIENCE: Duration = Duration::from_secs(50);
const LOOK_EVERY: Duration = Duration::from_millis(25);

impl Control {
    /// The API of a portal over its stored credential.
    ///
    /// # Errors
    /// `HUBSPOT_CREDENTIAL_REFUSED` when none is stored.
    pub(super) async fn portal_api(&self, portal_id: PortalId) -> Result<PortalApi, ControlError> {
        let (kind, role) = (SecretKind::HubspotCredential, SecretRole::Current);
        let row = self.inner.store.secret(portal_id, kind, role).await?;
        self.portal_api_by(portal_id, row).await
    }

    /// The same over a credential that was read, if there is one.
    ///
    /// # Errors
    /// `HUBSPOT_CREDENTIAL_REFUSED` when there is none.
    pub(super) async fn portal_api_by(
        &self,
        portal_id: PortalId,
        row: Option<SecretRow>,
    ) -> Result<PortalApi, ControlError> {
        let (credential, row) = self.open_hubspot(portal_id, row).await?;
        let mut kept = self.inner.portal_apis.lock().await;
        if let Some((secret_id, api)) = kept.get(&portal_id)
            && *secret_id == row.secret_id
        {
            return Ok(api.clone());
        }
        let api = match credential {
            HubSpotCredential::StaticToken(_) => self.inner.hubspot.portal(credential),
            HubSpotCredential::OAuth { .. } => self.inner.hubspot.portal_with(self.shared_tokens(portal_id)),
        };
        if kept.len() >= MAX_KEPT_APIS {
            kept.clear();
        }
        kept.insert(portal_id, (row.secret_id, api.clone()));
        Ok(api)
    }

    async fn stored_hubspot(
        &self,
        portal_id: PortalId,
    ) -> Result<(HubSpotCredential, SecretRow), ControlError> {
        let (kind, role) = (SecretKind::HubspotCredential, SecretRole::Current);
        let row = self.inner.store.secret(portal_id, kind, role).await?;
        self.open_hubspot(portal_id, row).await
    }

    async fn open_hubspot(
        &self,
        portal_id: PortalId,
        row: Option<SecretRow>,
    ) -> Result<(HubSpotCredential, SecretRow), ControlError> {
        let row = row.ok_or(Reason::HubspotCredentialRefused)?;
        let (bytes, row) = self.open_row(portal_id, SecretKind::HubspotCredential, row).await?;
        Ok((self.read_hubspot_credential(&bytes)?, row))
    }

    fn shared_tokens(&self, portal_id: PortalId) -> SharedTokens {
        // The use cases keep the API that keeps this: a strong reference would be a circle.
        let inner = Arc::downgrade(&self.inner);
        Arc::new(move |refused| {
            let inner = inner.upgrade();
            async move {
                let control = Self { inner: inner.ok_or_else(HubSpotError::without_token)? };
                // In a task of its own: a refresh that is dropped on its way may lose a rotated refresh token.
                let renewal = tokio::spawn(async move { control.access_token(portal_id, refused).await });
                let outcome = renewal.await.map_err(|_| HubSpotError::without_token())?;
                outcome.map_err(|failed| match failed {
                    Renewal::HubSpot(error) => error,
                    Renewal::Ours(error) => {
                        tracing::warn!(%portal_id, %error, "no access token of hubspot could be had");
                        HubSpotError::without_token()
                    }
                })
            }
            .boxed()
        })
    }

    /// The access token in force, another than the one refused: the stored one, or a new one.
    async fn access_token(
        &self,
        portal_id: PortalId,
        refused: Option<SecretString>,
    ) -> Result<AccessToken, Renewal> {
        let deadline = Instant::now() + RENEWAL_PATIENCE;
        loop {
            if let Some(stored) = self.stored_access_token(portal_id, refused.as_ref()).await? {
                return Ok(stored);
            }
            let lease = self.inner.store.begin_renewal(portal_id, RENEWAL_LEASE).await;
            if let Some(holder) = lease.map_err(ControlError::from)? {
                let renewed = self.renew(portal_id, refused.as_ref()).await;
                self.inner.store.end_renewal(portal_id, holder).await.map_err(ControlError::from)?;
                return renewed;
            }
            if Instant::now() > deadline {
                return Err(HubSpotError::without_token().into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Refreshes under the lease, and stores what came of it.
    async fn renew(
        &self,
        portal_id: PortalId,
        refused: Option<&SecretString>,
    ) -> Result<AccessToken, Renewal> {
        // Another server may have renewed it between the look and the lease.
        if let Some(stored) = self.stored_access_token(portal_id, refused).await? {
            return Ok(stored);
        }
        let (credential, used) = self.stored_hubspot(portal_id).await?;
        let (access, update) = self.inner.hubspot.refresh(&credential).await?;
        crate::failpoint::hit("hubspot.refreshed").await;
        let sealed = self.seal_access_token(portal_id, &access).await?;
        let rotated = match update.refresh_token {
            Some(_) => {
                let rotated = with_refresh_token(credential, update.refresh_token);
                Some(self.seal_hubspot_credential(portal_id, &rotated).await?)
            }
            None => None,
        };
        self.inner
            .store
            .change(&Call::internal("portal.keep_access_token"), Target::Portal(portal_id), move |tx| {
                let (sealed, rotated, used) = (sealed.clone(), rotated.clone(), used.clone());
                Box::pin(async move {
                    let current = tx.portal().credential.as_ref().map(|info| &info.fingerprint);
                    if current != Some(&used.info.fingerprint) {
                        // The credential was replaced meanwhile: this token is of the one before it.
                        return Ok(());
                    }
                    tx.put_secret(SecretKind::HubspotAccessToken, SecretRole::Current, &sealed).await?;
                    let Some(rotated) = &rotated else { return Ok(()) };
                    tx.put_secret(SecretKind::HubspotCredential, SecretRole::Current, rotated).await?;
                    let mut portal = tx.portal().clone();
                    portal.credential = Some(rotated.info.clone());
                    tx.save_portal(portal).await.map(|_| ())
                })
            })
            .await
            .map_err(ControlError::from)?;
        Ok(access)
    }

    async fn stored_access_token(
        &self,
        portal_id: PortalId,
        refused: Option<&SecretString>,
    ) -> Result<Option<AccessToken>, ControlError> {
        let kind = SecretKind::HubspotAccessToken;
        let Some((bytes, _)) = self.open_secret(portal_id, kind, SecretRole::Current).await? else {
            return Ok(None);
        };
        let access = super::credential::read_access_token(&bytes)?;
        let is_refused =
            refused.is_some_and(|refused| refused.expose_secret() == access.token.expose_secret());
        Ok(Some(access).filter(|access| access.is_usable() && !is_refused))
    }
}

/// Why there is no token.
enum Renewal {
    /// HubSpot gives none.
    HubSpot(HubSpotError),
    /// It could not be read or stored.
    Ours(ControlError),
}

impl From<HubSpotError> for Renewal {
    fn from(error: HubSpotError) -> Self {
        Self::HubSpot(error)
    }
}

impl From<ControlError> for Renewal {
    fn from(error: ControlError) -> Self {
        Self::Ours(error)
    }
}

/// The same credential with the refresh token that replaces its own, if one does.
pub(super) fn with_refresh_token(
    credential: HubSpotCredential,
    rotated: Option<SecretString>,
) -> HubSpotCredential {
    match (credential, rotated) {
        (HubSpotCredential::OAuth { client_id, client_secret, .. }, Some(refresh_token)) => {
            HubSpotCredential::OAuth { client_id, client_secret, refresh_token }
        }
        (unchanged, _) => unchanged,
    }
}
