//! `InclusionListService`.

use tonic::{Request, async_trait};

use super::{Answer, Backend};
use crate::{
    api::{servers::inclusion_list_service_server::InclusionListService, v1},
    grpc::{Call, Failure, convert, page_token::Paged, parse},
};

impl Backend {
    async fn change_inclusion(
        &self,
        call: &Call,
        asked: parse::inclusion_list::ChangeInclusion,
    ) -> Result<Option<v1::InclusionRule>, Failure> {
        let change = call.change(&self.control, &asked.mutation);
        let version = asked.mutation.version;
        let sync = self.control.set_inclusion(&change, asked.portal_id, asked.choice, version).await?;
        Ok(sync.settings.inclusion.as_ref().map(convert::inclusion_rule))
    }
}

#[async_trait]
impl InclusionListService for Backend {
    async fn list_smart_lists(
        &self,
        request: Request<v1::ListSmartListsRequest>,
    ) -> Answer<v1::ListSmartListsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::inclusion_list::list(message)?;
            let filter = format!("{}:{}", asked.portal_id, asked.query);
            let list = Paged { list: "ListSmartLists", filter: &filter };
            let offset = list.key(asked.page.token.as_deref())?.unwrap_or(0_u32);
            let size = asked.page.size.unsigned_abs();
            let page = self.control.smart_lists(asked.portal_id, &asked.query, offset, size).await?;
            Ok(v1::ListSmartListsResponse {
                lists: page.lists.iter().map(convert::smart_list).collect(),
                next_page_token: list.next(true, page.next_offset),
            })
        })
        .await
    }

    async fn create_smart_list(
        &self,
        request: Request<v1::CreateSmartListRequest>,
    ) -> Answer<v1::CreateSmartListResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::inclusion_list::create(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let list = self
                .control
                .create_smart_list(&change, asked.portal_id, asked.name, asked.lifecycle_stages)
                .await?;
            Ok(v1::CreateSmartListResponse { list: Some(convert::smart_list(&list)) })
        })
        .await
    }

    async fn set_inclusion_list(
        &self,
        request: Request<v1::SetInclusionListRequest>,
    ) -> Answer<v1::SetInclusionListResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let inclusion = self.change_inclusion(&call, parse::inclusion_list::set(message)?).await?;
            Ok(v1::SetInclusionListResponse { inclusion })
        })
        .await
    }

    async fn clear_inclusion_list(
        &self,
        request: Request<v1::ClearInclusionListRequest>,
    ) -> Answer<v1::ClearInclusionListResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let inclusion = self.change_inclusion(&call, parse::inclusion_list::clear(message)?).await?;
            Ok(v1::ClearInclusionListResponse { inclusion })
        })
        .await
    }
}
