//! `KeyService`.

use tonic::{Request, async_trait};

use super::{Answer, Backend};
use crate::{
    api::{servers::key_service_server::KeyService, v1},
    grpc::{convert, parse},
};

#[async_trait]
impl KeyService for Backend {
    async fn get_key_status(
        &self,
        request: Request<v1::GetKeyStatusRequest>,
    ) -> Answer<v1::GetKeyStatusResponse> {
        let (call, _) = self.open(request).await?;
        call.answer(async {
            let status = self.control.key_status().await?;
            Ok(v1::GetKeyStatusResponse { status: Some(convert::key_status(&status)) })
        })
        .await
    }

    async fn rotate_keys(&self, request: Request<v1::RotateKeysRequest>) -> Answer<v1::RotateKeysResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let mutation = parse::key::rotate(message)?;
            let status = self.control.rotate_keys(&call.change(&self.control, &mutation)).await?;
            Ok(v1::RotateKeysResponse { status: Some(convert::key_status(&status)) })
        })
        .await
    }

    async fn retire_key(&self, request: Request<v1::RetireKeyRequest>) -> Answer<v1::RetireKeyResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::key::retire(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let status = self.control.retire_key(&change, &asked.key_id).await?;
            Ok(v1::RetireKeyResponse { status: Some(convert::key_status(&status)) })
        })
        .await
    }
}
