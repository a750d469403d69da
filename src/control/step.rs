//! A step in memory, for a portal that is not connected yet: what [`save_answer`](super::setup::save_answer) does there.

use super::check_etag;
use crate::{
    domain::{
        Refusal,
        api_limit::LimitContext,
        change::SetupView,
        portal::{Portal, SubscriptionEvidence},
        setup::{Actor, Setup},
    },
    store::{Draft, StoreError},
};

/// Answers a step.
///
/// # Errors
/// `ETAG_MISMATCH` and what `answer` refuses.
pub(super) fn draft_answer(
    draft: &mut Draft<'_>,
    principal: &str,
    etag: Option<i64>,
    answer: impl Fn(Setup, &Actor, Option<&LimitContext>) -> Result<Setup, Refusal>,
) -> Result<SetupView, StoreError> {
    let before = draft.setup().clone();
    check_etag(etag, before.version)?;
    let limit = draft.view_setup(before.clone()).limit;
    let actor = Actor { by: principal.to_owned(), at: draft.now() };
    let after = answer(before.clone(), &actor, limit.as_ref())?;
    if after.answers.subscription != before.answers.subscription {
        let portal = declared(draft.portal(), &after);
        draft.save_portal(portal)?;
    }
    let settings = after.settings();
    if settings != before.settings() {
        draft.save_sync_settings(settings)?;
    }
    draft.save_setup(after)
}

/// A portal with the subscription that its setup declares.
pub(super) fn declared(portal: &Portal, setup: &Setup) -> Portal {
    let mut portal = portal.clone();
    portal.subscription = setup.answers.subscription.map(|subscription| SubscriptionEvidence {
        subscription,
        declared: true,
        evidence: "declared in the set-up wizard".to_owned(),
    });
    portal
}
