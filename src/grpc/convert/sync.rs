//! The sync of a portal.

use super::{etag, settings::sync_settings, timestamp};
use crate::{
    api::v1,
    domain::{
        change::SyncView,
        sync_state::{Deed, Health, Operator, SuspensionReason},
    },
    locale::{self, Language},
};

/// The sync of a portal.
#[must_use]
pub fn sync_status(language: Language, view: &SyncView) -> v1::SyncStatus {
    let (operator_state, deed, pause_reason) = operator(&view.state.operator);
    let suspension = view.state.suspension.map(|suspension| self::suspension(suspension.reason));
    v1::SyncStatus {
        portal_id: view.portal_id.get(),
        operator_state: operator_state.into(),
        operator: deed.map(|deed| deed.by.clone()).unwrap_or_default(),
        pause_reason: pause_reason.to_owned(),
        operator_time: deed.map(|deed| timestamp(deed.at)),
        suspension: suspension.unwrap_or_default().into(),
        suspension_detail: suspension
            .map(|reason| locale::suspension_detail(language, reason.as_str_name(), &[]))
            .unwrap_or_default(),
        suspend_time: view.state.suspension.map(|suspension| timestamp(suspension.since)),
        health: health(view.state.health()).into(),
        settings: Some(sync_settings(&view.settings)),
        org_id: view.org_id.as_ref().map(ToString::to_string).unwrap_or_default(),
        etag: etag(view.version),
        revision: view.revision,
    }
}

fn operator(operator: &Operator) -> (v1::OperatorState, Option<&Deed>, &str) {
    match operator {
        Operator::Off => (v1::OperatorState::Off, None, ""),
        Operator::On(deed) => (v1::OperatorState::On, Some(deed), ""),
        Operator::Paused { deed, reason, .. } => (v1::OperatorState::Paused, Some(deed), reason),
    }
}

fn suspension(reason: SuspensionReason) -> v1::SuspensionReason {
    match reason {
        SuspensionReason::NotConnected => v1::SuspensionReason::NotConnected,
        SuspensionReason::ConnectionStale => v1::SuspensionReason::ConnectionStale,
        SuspensionReason::SalesforceCredentialRefused => v1::SuspensionReason::SalesforceCredentialRefused,
        SuspensionReason::HubspotCredentialRefused => v1::SuspensionReason::HubspotCredentialRefused,
        SuspensionReason::ApiCallsExhausted => v1::SuspensionReason::ApiCallsExhausted,
    }
}

fn health(health: Health) -> v1::SyncHealth {
    match health {
        Health::Off => v1::SyncHealth::Off,
        Health::Paused => v1::SyncHealth::Paused,
        Health::Suspended => v1::SyncHealth::Suspended,
        Health::Healthy => v1::SyncHealth::Healthy,
    }
}
