//! `SetupService`: hand-offs.

use secrecy::ExposeSecret as _;
use tonic::Request;
use uuid::Uuid;

use super::{Answer, Backend};
use crate::{
    api::v1,
    grpc::{convert, page_token::Paged, parse},
};

impl Backend {
    pub(super) async fn handle_create_handoff(
        &self,
        request: Request<v1::CreateHandoffRequest>,
    ) -> Answer<v1::CreateHandoffResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::handoff::create(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let new = self.control.create_handoff(&change, asked.setup_id, asked.hours).await?;
            Ok(v1::CreateHandoffResponse {
                handoff: Some(convert::handoff(&new.handoff)),
                token: new.token.map(|token| token.expose_secret().to_owned()).unwrap_or_default(),
            })
        })
        .await
    }

    pub(super) async fn handle_list_handoffs(
        &self,
        request: Request<v1::ListHandoffsRequest>,
    ) -> Answer<v1::ListHandoffsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::handoff::list(message)?;
            let filter = asked.setup_id.to_string();
            let list = Paged { list: "ListHandoffs", filter: &filter };
            let before: Option<Uuid> = list.key(asked.page.token.as_deref())?;
            let page = self.control.handoffs(asked.setup_id, before, asked.page.size.into()).await?;
            let (handoffs, next_page_token) = list.fill(&page, convert::handoff, |handoff| handoff.id.0);
            Ok(v1::ListHandoffsResponse { handoffs, next_page_token })
        })
        .await
    }

    pub(super) async fn handle_revoke_handoff(
        &self,
        request: Request<v1::RevokeHandoffRequest>,
    ) -> Answer<v1::RevokeHandoffResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::handoff::revoke(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let revoked = self.control.revoke_handoff(&change, asked.setup_id, asked.handoff_id).await?;
            Ok(v1::RevokeHandoffResponse { handoff: Some(convert::handoff(&revoked)) })
        })
        .await
    }
}
