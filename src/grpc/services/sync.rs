//! `SyncService`.

use tonic::{Request, async_trait};
use uuid::Uuid;

use super::{
    Answer, Backend,
    watching::{ResponseStream, Words},
};
use crate::{
    api::{servers::sync_service_server::SyncService, v1},
    domain::change::SyncView,
    grpc::{Call, convert, parse},
    watch::Listed,
};

fn status(call: &Call, view: &SyncView) -> v1::SyncStatus {
    convert::sync_status(call.language, view)
}

fn snapshot(call: &Call, listed: &Listed<SyncView>) -> v1::SyncStatusSnapshot {
    v1::SyncStatusSnapshot {
        statuses: listed.items.iter().map(|view| status(call, view)).collect(),
        more: listed.more,
    }
}

#[async_trait]
impl SyncService for Backend {
    type WatchSyncStatusStream = ResponseStream;

    async fn get_sync_status(
        &self,
        request: Request<v1::GetSyncStatusRequest>,
    ) -> Answer<v1::GetSyncStatusResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let view = self.control.sync_status(parse::sync::get(&message)?).await?;
            Ok(v1::GetSyncStatusResponse { status: Some(status(&call, &view)) })
        })
        .await
    }

    async fn watch_sync_status(
        &self,
        request: Request<v1::WatchSyncStatusRequest>,
    ) -> Answer<Self::WatchSyncStatusStream> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::sync::watch(message)?;
            let place = self.stream_place()?;
            let token = asked.resume_token.as_deref().unwrap_or_default();
            let messages = self.watches.syncs(&call.caller.access().portals, asked.portal_id, token).await?;
            let words = Words::<v1::WatchSyncStatusResponse, _> {
                subject: Uuid::nil(),
                snapshot,
                transition: |call, _, event| event.sync().map(|view| status(call, view)),
            };
            Ok(self.respond(place, &call, messages, words))
        })
        .await
    }

    async fn pause_sync(&self, request: Request<v1::PauseSyncRequest>) -> Answer<v1::PauseSyncResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::sync::pause(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let version = asked.mutation.version;
            // Also part of the state: it is shown as long as the sync is paused.
            let reason = asked.mutation.reason.unwrap_or_default();
            let view = self.control.pause_sync(&change, asked.portal_id, reason, version).await?;
            Ok(v1::PauseSyncResponse { status: Some(status(&call, &view)) })
        })
        .await
    }

    async fn resume_sync(&self, request: Request<v1::ResumeSyncRequest>) -> Answer<v1::ResumeSyncResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::sync::resume(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let view = self.control.resume_sync(&change, asked.portal_id, asked.mutation.version).await?;
            Ok(v1::ResumeSyncResponse { status: Some(status(&call, &view)) })
        })
        .await
    }

    async fn update_sync_settings(
        &self,
        request: Request<v1::UpdateSyncSettingsRequest>,
    ) -> Answer<v1::UpdateSyncSettingsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::sync::update_settings(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let view = self
                .control
                .update_sync_settings(
                    &change,
                    asked.portal_id,
                    asked.objects,
                    asked.activities,
                    asked.inclusion,
                    asked.mutation.version,
                )
                .await?;
            Ok(v1::UpdateSyncSettingsResponse { status: Some(status(&call, &view)) })
        })
        .await
    }
}
