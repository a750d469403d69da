//! Portals: registration, and the HubSpot credential.

use time::OffsetDateTime;

use super::{
    Control, ControlError, HubSpotCredential, check_etag, hubspot_tokens::with_refresh_token,
    vendor::hubspot_refusal,
};
use crate::{
    domain::{
        PortalId, Reason, Refusal,
        access::PortalGrant,
        edition::Subscription,
        portal::{Account, Portal, SubscriptionEvidence},
        sync_state::SuspensionReason,
    },
    hubspot::{AccountInfo, AccountType},
    store::{Call, Look, Page, PortalTx, SecretKind, SecretRole, SecretRow, Target},
};

impl Control {
    /// Registers a portal, or replaces its credential: HubSpot says which portal the credential belongs to.
    ///
    /// # Errors
    /// `PERMISSION_DENIED` when the portal is not granted, registered or not; `HUBSPOT_CREDENTIAL_REFUSED`,
    /// `HUBSPOT_UNAVAILABLE` and what else HubSpot answers.
    pub async fn register_portal(
        &self,
        call: &Call,
        grant: &PortalGrant,
        credential: HubSpotCredential,
        display_name: String,
    ) -> Result<(Portal, i64), ControlError> {
        // Asked again, HubSpot would see a refresh token that it may have replaced the first time.
        if let Some(answer) = self.inner.store.recorded(call).await? {
            return Ok(with_revision(answer));
        }
        let (info, portal_id, credential) = self.try_credential(credential).await?;
        // Only HubSpot could tell whose the credential is. Nothing has been looked up or stored yet.
        if !grant.allows(portal_id) {
            return Err(Refusal::new(Reason::PermissionDenied).with("method", call.method).into());
        }
        let now = OffsetDateTime::now_utc();
        let new = Portal {
            portal_id,
            display_name: display_name.clone(),
            account: account(&info),
            subscription: inferred_subscription(&info),
            credential: None,
            created_at: now,
            updated_at: now,
            version: 0,
        };
        let seen = match self.inner.store.ensure_portal(&new).await? {
            Some(seen) => seen,
            None => match self.inner.store.look(call, Target::Portal(portal_id)).await? {
                Look::Answered(answer) => return Ok(with_revision(answer)),
                Look::Seen(seen) => seen,
            },
        };
        self.store_credential(call, seen, credential, Some((info, display_name)), None).await
    }

    /// Replaces the credential of a portal, once HubSpot accepted the new one for it.
    ///
    /// # Errors
    /// `HUBSPOT_PORTAL_MISMATCH`, `PORTAL_NOT_FOUND`, `ETAG_MISMATCH`, and what HubSpot answers.
    pub async fn update_portal_credential(
        &self,
        call: &Call,
        portal_id_wanted: PortalId,
        credential: HubSpotCredential,
        etag: Option<i64>,
    ) -> Result<(Portal, i64), ControlError> {
        // What the database refuses is refused before anything is sent.
        let seen = match self.inner.store.look(call, Target::Portal(portal_id_wanted)).await? {
            Look::Answered(answer) => return Ok(with_revision(answer)),
            Look::Seen(seen) => seen,
        };
        check_etag(etag, seen.portal().version)?;
        let (_, found, credential) = self.try_credential(credential).await?;
        if found != portal_id_wanted {
            return Err(Refusal::new(Reason::HubspotPortalMismatch)
                .with("portal_id", portal_id_wanted)
                .with("found", found)
                .into());
        }
        self.store_credential(call, seen, credential, None, etag).await
    }

    async fn store_credential(
        &self,
        call: &Call,
        seen: Box<PortalTx>,
        credential: SecretRow,
        registration: Option<(AccountInfo, String)>,
        etag: Option<i64>,
    ) -> Result<(Portal, i64), ControlError> {
        let target = Target::Portal(seen.portal_id());
        let portal = self
            .inner
            .store
            .change_seen(call, target, seen, move |tx| {
                let credential = credential.clone();
                let registration = registration.clone();
                Box::pin(async move {
                    check_etag(etag, tx.portal().version)?;
                    tx.put_secret(SecretKind::HubspotCredential, SecretRole::Current, &credential).await?;
                    tx.delete_secret(SecretKind::HubspotAccessToken, SecretRole::Current).await?;
                    let mut portal = tx.portal().clone();
                    portal.credential = Some(credential.info.clone());
                    if let Some((info, display_name)) = &registration {
                        portal.account = account(info);
                        if !display_name.is_empty() {
                            portal.display_name.clone_from(display_name);
                        }
                    }
                    let cleared = tx.sync().clone().cleared(&[SuspensionReason::HubspotCredentialRefused]);
                    if cleared != *tx.sync() {
                        let view = tx.view_sync().await?;
                        tx.save_sync(cleared, view.settings, view.org_id).await?;
                    }
                    tx.save_portal(portal).await
                })
            })
            .await?;
        Ok(with_revision(portal))
    }

    /// Tries a credential: HubSpot's account information is the probe. A rotated refresh token replaces the one sent.
    async fn try_credential(
        &self,
        credential: HubSpotCredential,
    ) -> Result<(AccountInfo, PortalId, SecretRow), ControlError> {
        let api = self.inner.hubspot.portal(credential.clone());
        let info = api.account_info().await.map_err(|error| hubspot_refusal(&error))?;
        crate::failpoint::hit("portal.tried").await;
        let rotated = api.take_token_update().await.and_then(|update| update.refresh_token);
        let portal_id = portal_id(&info)?;
        let sealed =
            self.seal_hubspot_credential(portal_id, &with_refresh_token(credential, rotated)).await?;
        Ok((info, portal_id, sealed))
    }

    /// A portal and its revision.
    ///
    /// # Errors
    /// `PORTAL_NOT_FOUND`.
    pub async fn portal(&self, portal_id: PortalId) -> Result<(Portal, i64), ControlError> {
        Ok(self.inner.store.portal(portal_id).await?)
    }

    /// Granted portals by ascending hub id, after one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn portals(
        &self,
        grant: &PortalGrant,
        after: i64,
        size: i64,
    ) -> Result<Page<(Portal, i64)>, ControlError> {
        Ok(self.inner.store.portals(grant, after, size).await?)
    }
}

/// A portal that has just been saved was so at its newest revision.
fn with_revision(portal: Portal) -> (Portal, i64) {
    let revision = portal.version;
    (portal, revision)
}

fn portal_id(info: &AccountInfo) -> Result<PortalId, Refusal> {
    i64::try_from(info.portal_id).ok().and_then(PortalId::parse).ok_or_else(|| {
        Refusal::new(Reason::HubspotUnavailable).with("message", "the portal id cannot be read")
    })
}

fn account(info: &AccountInfo) -> Account {
    Account {
        account_type: account_type(&info.account_type),
        time_zone: info.time_zone.clone(),
        ui_domain: info.ui_domain.clone(),
        data_hosting_location: info.data_hosting_location.clone(),
    }
}

fn account_type(kind: &AccountType) -> String {
    match kind {
        AccountType::Standard => "STANDARD",
        AccountType::DeveloperTest => "DEVELOPER_TEST",
        AccountType::Sandbox => "SANDBOX",
        AccountType::AppDeveloper => "APP_DEVELOPER",
        AccountType::Other(other) => other,
    }
    .to_owned()
}

/// What the daily limit of a static token suggests. It proves nothing: limits can be bought, and OAuth apps have none.
fn inferred_subscription(info: &AccountInfo) -> Option<SubscriptionEvidence> {
    let daily = info.daily_limit?;
    let subscription = match daily {
        ..=250_000 => Subscription::Starter,
        250_001..=650_000 => Subscription::Professional,
        650_001.. => Subscription::Enterprise,
    };
    let evidence = format!("HubSpot allows {daily} calls a day");
    Some(SubscriptionEvidence { subscription, declared: false, evidence })
}
