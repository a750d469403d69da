//! The sync of a portal: operator state, suspension and health are three things; settings (R68, R79).

use anyhow::Result;
use connector::api::v1::{
    self, Choice, ErrorReason, OperatorState, Step, SuspensionReason, SyncHealth, SyncStatus,
};
use tonic::{Code, Status};

use crate::harness::{
    World,
    refusal::{inner, refused_for},
    walk::{Walk, request_id},
};

async fn pause(walk: &Walk, reason: &str, etag: &str) -> Result<SyncStatus, Status> {
    let request = v1::PauseSyncRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        reason: reason.to_owned(),
        etag: etag.to_owned(),
    };
    Ok(inner(walk.clients.sync.clone().pause_sync(request).await)?.status.unwrap_or_default())
}

async fn resume(walk: &Walk, etag: &str) -> Result<SyncStatus, Status> {
    let request = v1::ResumeSyncRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        etag: etag.to_owned(),
        ..Default::default()
    };
    Ok(inner(walk.clients.sync.clone().resume_sync(request).await)?.status.unwrap_or_default())
}

fn states(status: &SyncStatus) -> (OperatorState, SuspensionReason, SyncHealth) {
    (status.operator_state(), status.suspension(), status.health())
}

#[tokio::test]
async fn r79_pause_and_resume_are_the_operators_and_touch_nothing_else() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    let on = walk.sync_status().await?;
    assert_eq!(states(&on), (OperatorState::On, SuspensionReason::Unspecified, SyncHealth::Healthy));
    let paused = pause(&walk, "maintenance", "").await?;
    assert_eq!(states(&paused), (OperatorState::Paused, SuspensionReason::Unspecified, SyncHealth::Paused));
    assert_eq!((paused.pause_reason.as_str(), paused.operator.as_str()), ("maintenance", "local"));
    assert_eq!(paused.settings, on.settings);
    let again = pause(&walk, "another reason", "").await?;
    assert_eq!(again, paused, "idempotent: the first pause stands");
    refused_for(resume(&walk, &on.etag).await, Code::Aborted, ErrorReason::EtagMismatch)?;
    refused_for(pause(&walk, "", &on.etag).await, Code::Aborted, ErrorReason::EtagMismatch)?;
    // Switching on again is not resuming.
    walk.enable().await?;
    assert_eq!(walk.sync_status().await?.operator_state(), OperatorState::Paused);
    let resumed = resume(&walk, &paused.etag).await?;
    assert_eq!(states(&resumed), states(&on));
    assert_eq!((resumed.pause_reason.as_str(), &resumed.settings), ("", &on.settings));
    assert_eq!(resume(&walk, "").await?, resumed, "idempotent");
    let long = "x".repeat(501);
    let refusal =
        refused_for(pause(&walk, &long, "").await, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(refusal.fields, ["reason"]);
    Ok(())
}

#[tokio::test]
async fn r51_r79_a_suspension_is_the_systems_and_clears_by_itself() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::enabled(&world).await?;
    pause(&walk, "lunch", "").await?;
    walk.token("another").await?;
    let both = walk.sync_status().await?;
    assert_eq!(
        states(&both),
        (OperatorState::Paused, SuspensionReason::ConnectionStale, SyncHealth::Paused),
        "the pause is named first"
    );
    assert!(!both.suspension_detail.is_empty() && both.suspend_time.is_some());
    let resumed = resume(&walk, "").await?;
    assert_eq!(
        states(&resumed),
        (OperatorState::On, SuspensionReason::ConnectionStale, SyncHealth::Suspended),
        "resuming does not clear a suspension"
    );
    pause(&walk, "lunch", "").await?;
    walk.answer(Step::SecurityToken).await?;
    walk.answer_and_wait(Step::ConnectAccounts).await?;
    let probed = walk.sync_status().await?;
    assert_eq!(
        states(&probed),
        (OperatorState::Paused, SuspensionReason::Unspecified, SyncHealth::Paused),
        "connecting again clears only the suspension"
    );
    assert_eq!(probed.pause_reason, "lunch");
    let disconnect =
        v1::DisconnectRequest { request_id: request_id(), portal_id: walk.portal_id, ..Default::default() };
    walk.clients.connections.clone().disconnect(disconnect).await?;
    let apart = resume(&walk, "").await?;
    assert_eq!(states(&apart), (OperatorState::On, SuspensionReason::NotConnected, SyncHealth::Suspended));
    assert_eq!((apart.org_id.as_str(), &apart.settings), ("", &probed.settings), "settings are kept");
    walk.answer_and_wait(Step::ConnectAccounts).await?;
    let back = walk.sync_status().await?;
    assert_eq!(states(&back), (OperatorState::On, SuspensionReason::Unspecified, SyncHealth::Healthy));
    Ok(())
}

#[tokio::test]
async fn r68_only_what_is_on_can_be_paused() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::start(&world).await?;
    let off = walk.sync_status().await?;
    assert_eq!((off.operator_state(), off.health()), (OperatorState::Off, SyncHealth::Off));
    refused_for(pause(&walk, "", "").await, Code::FailedPrecondition, ErrorReason::SyncNotOn)?;
    refused_for(resume(&walk, "").await, Code::FailedPrecondition, ErrorReason::SyncNotOn)?;
    assert_eq!(walk.sync_status().await?, off);
    let nobody = Walk { portal_id: 4_711, ..walk };
    refused_for(pause(&nobody, "", "").await, Code::NotFound, ErrorReason::PortalNotFound)?;
    let request = v1::GetSyncStatusRequest { portal_id: 4_711 };
    let unknown = inner(nobody.clients.sync.clone().get_sync_status(request).await);
    refused_for(unknown, Code::NotFound, ErrorReason::PortalNotFound)?;
    Ok(())
}

#[tokio::test]
async fn r79_settings_change_in_parts() -> Result<()> {
    let world = World::start().await?;
    let walk = Walk::before(&world, Step::ObjectSync).await?;
    let update = |object_sync, activity_sync, inclusion, etag: &str| v1::UpdateSyncSettingsRequest {
        request_id: request_id(),
        portal_id: walk.portal_id,
        object_sync,
        activity_sync,
        inclusion,
        etag: etag.to_owned(),
        validate_only: false,
    };
    let mut sync = walk.clients.sync.clone();
    let objects = Some(v1::ObjectSync { accounts: Choice::No.into(), opportunities: Choice::Yes.into() });
    let activities =
        Some(v1::ActivitySync { on_email_open: true, tasks: Choice::No.into(), ..Default::default() });
    let list = |list_id: &str| {
        let list = v1::SmartList { list_id: list_id.to_owned(), ..Default::default() };
        Some(v1::InclusionRule { rule: Some(v1::inclusion_rule::Rule::List(list)) })
    };
    let refusal = inner(sync.update_sync_settings(update(None, activities, None, "")).await);
    let refusal = refused_for(refusal, Code::FailedPrecondition, ErrorReason::SetupStepNotReached)?;
    assert_eq!(refusal.subjects, ["STEP_OBJECT_SYNC"]);
    for step in [Step::ObjectSync, Step::ActivitySync, Step::InclusionList, Step::Review] {
        walk.answer(step).await?;
    }
    let before = walk.sync_status().await?;
    let status = inner(sync.update_sync_settings(update(objects, None, None, &before.etag)).await)?.status;
    let status = status.unwrap_or_default();
    let (now, then) =
        (status.settings.clone().unwrap_or_default(), before.settings.clone().unwrap_or_default());
    assert_eq!(
        (now.object_sync, now.activity_sync, now.inclusion),
        (objects, then.activity_sync, then.inclusion)
    );
    let stale = inner(sync.update_sync_settings(update(objects, None, None, &before.etag)).await);
    refused_for(stale, Code::Aborted, ErrorReason::EtagMismatch)?;
    let not_smart = inner(sync.update_sync_settings(update(None, None, list("1"), "")).await);
    refused_for(not_smart, Code::FailedPrecondition, ErrorReason::ListNotSmart)?;
    let half = Some(v1::ObjectSync { accounts: Choice::Yes.into(), opportunities: 0 });
    let half = inner(sync.update_sync_settings(update(half, None, None, "")).await);
    let refusal = refused_for(half, Code::InvalidArgument, ErrorReason::InvalidField)?;
    assert_eq!(refusal.fields, ["object_sync.opportunities"]);
    assert_eq!(walk.sync_status().await?, status);
    let all = inner(sync.update_sync_settings(update(objects, activities, list("3"), "")).await)?.status;
    let settings = all.and_then(|status| status.settings).unwrap_or_default();
    assert_eq!(settings.activity_sync, activities);
    assert_eq!(super::answers(&walk.setup().await?).activity_sync, activities, "the wizard shows the same");
    Ok(())
}
