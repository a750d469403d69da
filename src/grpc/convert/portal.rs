//! Portals and stored credentials.

use super::{etag, subscription, timestamp};
use crate::{
    api::v1,
    domain::portal::{CredentialInfo, Portal, SubscriptionEvidence},
};

/// A portal, with its revision when it was read.
#[must_use]
pub fn portal(portal: &Portal, revision: i64) -> v1::Portal {
    v1::Portal {
        portal_id: portal.portal_id.get(),
        display_name: portal.display_name.clone(),
        account_type: portal.account.account_type.clone(),
        time_zone: portal.account.time_zone.clone(),
        ui_domain: portal.account.ui_domain.clone(),
        data_hosting_location: portal.account.data_hosting_location.clone(),
        subscription: portal.subscription.as_ref().map(evidence),
        credential: portal.credential.as_ref().map(credential),
        revision,
        etag: etag(portal.version),
        create_time: Some(timestamp(portal.created_at)),
        update_time: Some(timestamp(portal.updated_at)),
    }
}

fn evidence(known: &SubscriptionEvidence) -> v1::SubscriptionEvidence {
    use v1::subscription_evidence::Source;
    v1::SubscriptionEvidence {
        subscription: subscription(known.subscription).into(),
        source: if known.declared { Source::Declared } else { Source::Inferred }.into(),
        evidence: known.evidence.clone(),
    }
}

/// A stored credential without its secret.
#[must_use]
pub fn credential(info: &CredentialInfo) -> v1::CredentialInfo {
    v1::CredentialInfo {
        method: info.method.name().to_owned(),
        username: info.username.clone().unwrap_or_default(),
        fingerprint: info.fingerprint.clone(),
        set_time: Some(timestamp(info.set_at)),
    }
}
