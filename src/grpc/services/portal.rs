//! `PortalService`.

use tonic::{Request, async_trait};

use super::{Answer, Backend};
use crate::{
    api::{servers::portal_service_server::PortalService, v1},
    grpc::{convert, page_token::Paged, parse},
};

const LIST: Paged<'static> = Paged { list: "ListPortals", filter: "" };

#[async_trait]
impl PortalService for Backend {
    async fn register_portal(
        &self,
        request: Request<v1::RegisterPortalRequest>,
    ) -> Answer<v1::RegisterPortalResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::portal::register(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let (portal, revision) = self
                .control
                .register_portal(&change, &call.caller.access().portals, asked.credential, asked.display_name)
                .await?;
            Ok(v1::RegisterPortalResponse { portal: Some(convert::portal(&portal, revision)) })
        })
        .await
    }

    async fn get_portal(&self, request: Request<v1::GetPortalRequest>) -> Answer<v1::GetPortalResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let (portal, revision) = self.control.portal(parse::portal::get(&message)?).await?;
            Ok(v1::GetPortalResponse { portal: Some(convert::portal(&portal, revision)) })
        })
        .await
    }

    async fn list_portals(
        &self,
        request: Request<v1::ListPortalsRequest>,
    ) -> Answer<v1::ListPortalsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::portal::list(message)?;
            let after = LIST.key(asked.token.as_deref())?.unwrap_or(0_i64);
            let page = self.control.portals(&call.caller.access().portals, after, asked.size.into()).await?;
            let (portals, next_page_token) = LIST.fill(
                &page,
                |(portal, revision)| convert::portal(portal, *revision),
                |(portal, _)| portal.portal_id.get(),
            );
            Ok(v1::ListPortalsResponse { portals, next_page_token })
        })
        .await
    }

    async fn update_portal_credential(
        &self,
        request: Request<v1::UpdatePortalCredentialRequest>,
    ) -> Answer<v1::UpdatePortalCredentialResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::portal::update_credential(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let version = asked.mutation.version;
            let (portal, revision) = self
                .control
                .update_portal_credential(&change, asked.portal_id, asked.credential, version)
                .await?;
            Ok(v1::UpdatePortalCredentialResponse { portal: Some(convert::portal(&portal, revision)) })
        })
        .await
    }
}
