//! What an answer of the wizard entails elsewhere: the declared subscription, the connection, the settings in force.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::check_etag;
use crate::{
    domain::{
        Refusal, SetupId,
        api_limit::LimitContext,
        change::SetupView,
        connection::{Connection, ConnectionState},
        portal::{Portal, SubscriptionEvidence},
        setup::{Actor, Setup, Step},
        sync_state::SuspensionReason,
    },
    store::{Call, PortalTx, StoreError},
};

/// What a step does in its transaction.
pub(super) fn step<F>(
    call: &Call,
    id: SetupId,
    etag: Option<i64>,
    answer: F,
) -> impl for<'tx> Fn(&'tx mut PortalTx) -> BoxFuture<'tx, Result<SetupView, StoreError>> + Send + Sync + 'static
where
    F: Fn(Setup, &Actor, Option<&LimitContext>) -> Result<Setup, Refusal> + Send + Sync + 'static,
{
    let answer = Arc::new(answer);
    let principal = call.principal.clone();
    move |tx| {
        let (answer, principal) = (Arc::clone(&answer), principal.clone());
        Box::pin(async move {
            let setup = tx.setup(id).await?;
            check_etag(etag, setup.version)?;
            // Limits of one org are set one after the other, so that their sum holds.
            tx.lock_org().await?;
            let limit = tx.view_setup(setup.clone()).await?.limit;
            let actor = Actor { by: principal, at: tx.now() };
            let answered = answer(setup.clone(), &actor, limit.as_ref())?;
            save_answer(tx, &setup, answered).await
        })
    }
}

/// Saves an answered setup with what it entails: the declared subscription, a stale connection, a new share of the
/// org's calls, settings that are in force.
pub(super) async fn save_answer(
    tx: &mut PortalTx,
    before: &Setup,
    after: Setup,
) -> Result<SetupView, StoreError> {
    if after.answers.subscription != before.answers.subscription {
        let portal = declared(tx.portal(), &after);
        tx.save_portal(portal).await?;
    }
    if let Some(connection) = tx.active_connection().await? {
        follow_connection(tx, connection, before, &after).await?;
    } else if before.settings() != after.settings() {
        tx.save_sync(tx.sync().clone(), after.settings(), None).await?;
    }
    tx.save_setup(after).await
}

/// A portal with the subscription that its setup declares.
fn declared(portal: &Portal, setup: &Setup) -> Portal {
    let mut portal = portal.clone();
    portal.subscription = setup.answers.subscription.map(|subscription| SubscriptionEvidence {
        subscription,
        declared: true,
        evidence: "declared in the set-up wizard".to_owned(),
    });
    portal
}

async fn follow_connection(
    tx: &mut PortalTx,
    connection: Connection,
    before: &Setup,
    after: &Setup,
) -> Result<(), StoreError> {
    let org_id = connection.org_id.clone();
    let mut followed = connection.clone();
    let mut sync = tx.sync().clone();
    if !after.holds(Step::ConnectAccounts) && followed.state == ConnectionState::Connected {
        followed.state = ConnectionState::Stale;
        sync = sync.suspended(SuspensionReason::ConnectionStale, tx.now());
    }
    if let Some(limit) = after.answers.api_call_limit {
        followed.api_call_limit = limit.limit;
    }
    if followed != connection {
        tx.save_connection(followed).await?;
    }
    if sync != *tx.sync() || before.settings() != after.settings() {
        tx.save_sync(sync, after.settings(), Some(org_id)).await?;
    }
    Ok(())
}
