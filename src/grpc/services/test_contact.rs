//! `TestContactService`.

use tonic::{Request, async_trait};
use uuid::Uuid;

use super::{
    Answer, Backend,
    watching::{ResponseStream, Words},
};
use crate::{
    api::{servers::test_contact_service_server::TestContactService, v1},
    domain::{TestContactId, test_contact::TestContact},
    grpc::{Call, convert, page_token::Paged, parse},
};

/// A test contact after a change; its revision is that of the change.
fn changed(call: &Call, contact: &TestContact) -> v1::TestContact {
    convert::test_contact(call.language, contact, contact.version)
}

#[async_trait]
impl TestContactService for Backend {
    type WatchTestContactStream = ResponseStream;

    async fn create_test_contact(
        &self,
        request: Request<v1::CreateTestContactRequest>,
    ) -> Answer<v1::CreateTestContactResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::test_contact::create(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let contact = self.control.create_test_contact(&change, asked.portal_id).await?;
            Ok(v1::CreateTestContactResponse { test_contact: Some(changed(&call, &contact)) })
        })
        .await
    }

    async fn get_test_contact(
        &self,
        request: Request<v1::GetTestContactRequest>,
    ) -> Answer<v1::GetTestContactResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let (contact, revision) = self.control.test_contact(parse::test_contact::get(&message)?).await?;
            let contact = convert::test_contact(call.language, &contact, revision);
            Ok(v1::GetTestContactResponse { test_contact: Some(contact) })
        })
        .await
    }

    async fn list_test_contacts(
        &self,
        request: Request<v1::ListTestContactsRequest>,
    ) -> Answer<v1::ListTestContactsResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::test_contact::list(message)?;
            let filter = asked.portal_id.to_string();
            let list = Paged { list: "ListTestContacts", filter: &filter };
            let before: Option<Uuid> = list.key(asked.page.token.as_deref())?;
            let page = self.control.test_contacts(asked.portal_id, before, asked.page.size.into()).await?;
            let (test_contacts, next_page_token) =
                list.fill(&page, |contact| changed(&call, contact), |contact| contact.id.0);
            Ok(v1::ListTestContactsResponse { test_contacts, next_page_token })
        })
        .await
    }

    async fn cancel_test_contact(
        &self,
        request: Request<v1::CancelTestContactRequest>,
    ) -> Answer<v1::CancelTestContactResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::test_contact::cancel(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let contact = self.control.cancel_test_contact(&change, asked.test_contact_id).await?;
            Ok(v1::CancelTestContactResponse { test_contact: Some(changed(&call, &contact)) })
        })
        .await
    }

    async fn delete_test_contact(
        &self,
        request: Request<v1::DeleteTestContactRequest>,
    ) -> Answer<v1::DeleteTestContactResponse> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::test_contact::delete(message)?;
            let change = call.change(&self.control, &asked.mutation);
            let contact = self.control.delete_test_contact(&change, asked.test_contact_id).await?;
            Ok(v1::DeleteTestContactResponse { test_contact: Some(changed(&call, &contact)) })
        })
        .await
    }

    async fn watch_test_contact(
        &self,
        request: Request<v1::WatchTestContactRequest>,
    ) -> Answer<Self::WatchTestContactStream> {
        let (call, message) = self.open(request).await?;
        call.answer(async {
            let asked = parse::test_contact::watch(message)?;
            let place = self.stream_place()?;
            let token = asked.resume_token.as_deref().unwrap_or_default();
            let messages = self.watches.test_contact(asked.test_contact_id, token).await?;
            let words = Words::<v1::WatchTestContactResponse, _> {
                subject: asked.test_contact_id.0,
                snapshot: changed,
                transition: |call, id, event| {
                    event.test_contact(TestContactId(id)).map(|contact| changed(call, contact))
                },
            };
            Ok(self.respond(place, &call, messages, words))
        })
        .await
    }
}
