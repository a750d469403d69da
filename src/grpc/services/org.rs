//! `OrgService`.

use tonic::{Request, async_trait};

use super::{Answer, Backend};
use crate::{
    api::{servers::org_service_server::OrgService, v1},
    domain::OrgId,
    grpc::{convert, page_token::Paged, parse},
};

const LIST: Paged<'static> = Paged { list: "ListOrgs", filter: "" };

#[async_trait]
impl OrgService for Backend {
    async fn get_org(&self, request: Request<v1::GetOrgRequest>) -> Answer<v1::GetOrgResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let org = self.control.org(&parse::org::only_org(&message.org_id)?).await?;
            Ok(v1::GetOrgResponse { org: Some(convert::org(&org)) })
        })
        .await
    }

    async fn list_orgs(&self, request: Request<v1::ListOrgsRequest>) -> Answer<v1::ListOrgsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::org::list(message)?;
            let after: Option<OrgId> = LIST.key(asked.token.as_deref())?;
            let after = after.as_ref().map_or("", OrgId::as_str);
            let page = self.control.orgs(&call.caller.access().portals, after, asked.size.into()).await?;
            let (orgs, next_page_token) = LIST.fill(&page, convert::org, |org| org.record.org.org_id.clone());
            Ok(v1::ListOrgsResponse { orgs, next_page_token })
        })
        .await
    }

    async fn list_org_portals(
        &self,
        request: Request<v1::ListOrgPortalsRequest>,
    ) -> Answer<v1::ListOrgPortalsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let budget = self.control.budget(&parse::org::only_org(&message.org_id)?).await?;
            let (portals, other_portals) = convert::portals(&call.viewer(), &budget);
            Ok(v1::ListOrgPortalsResponse {
                portals,
                other_portals,
                portal_limit: budget.record.org.portal_cap,
            })
        })
        .await
    }

    async fn get_api_budget(
        &self,
        request: Request<v1::GetApiBudgetRequest>,
    ) -> Answer<v1::GetApiBudgetResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let budget = self.control.budget(&parse::org::only_org(&message.org_id)?).await?;
            Ok(v1::GetApiBudgetResponse { budget: Some(convert::budget(&call.viewer(), &budget)) })
        })
        .await
    }

    async fn allocate_api_calls(
        &self,
        request: Request<v1::AllocateApiCallsRequest>,
    ) -> Answer<v1::AllocateApiCallsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::org::allocate(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let version = asked.mutation.version;
            let budget = self
                .control
                .allocate_api_calls(
                    &change,
                    &call.caller.access().portals,
                    &asked.org_id,
                    asked.shares,
                    version,
                )
                .await?;
            Ok(v1::AllocateApiCallsResponse { budget: Some(convert::budget(&call.viewer(), &budget)) })
        })
        .await
    }
}
