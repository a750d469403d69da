//! `test-contact`.

use std::ops::ControlFlow;

use tonic::Request;

use super::{append, pages};
use crate::{
    api::v1::{self, TestContactStatus, watch_test_contact_response::Event},
    ctl::{
        answer::present,
        args::TestContactCommand,
        connecting::lost,
        context::Context,
        error::Error,
        exit::Exit,
        output::{self, Format},
        render::status_line,
        stream::{Seen, follow},
        testing_contact,
    },
};

pub async fn run(context: &Context, command: TestContactCommand) -> Result<Exit, Error> {
    let client = &context.client;
    match command {
        TestContactCommand::Create { portal, no_wait } => return create(context, portal, no_wait).await,
        TestContactCommand::Watch { id, watch } => return follow_one(context, id, watch.resume_token).await,
        TestContactCommand::Get { id: test_contact_id } => {
            let get = async |request| client.test_contacts().get_test_contact(request).await;
            context.print(&client.read(v1::GetTestContactRequest { test_contact_id }, get).await?)?;
        }
        TestContactCommand::List { portal: portal_id, page } => {
            let read = async |page_size, page_token| {
                let message = v1::ListTestContactsRequest { portal_id, page_size, page_token };
                client
                    .read(message, async |request| client.test_contacts().list_test_contacts(request).await)
                    .await
            };
            let answer: v1::ListTestContactsResponse = pages(&page, read, append!(test_contacts)).await?;
            context.print(&answer)?;
        }
        TestContactCommand::Cancel { id: test_contact_id } => {
            let request_id = client.request_id();
            let message = v1::CancelTestContactRequest { request_id: request_id.clone(), test_contact_id };
            let cancel = async |request| client.test_contacts().cancel_test_contact(request).await;
            context.print(&client.change(&request_id, message, cancel).await?)?;
        }
        TestContactCommand::Delete { id: test_contact_id } => {
            let named = [("test_contact_id", test_contact_id.as_str())];
            context.confirm(&context.view.lang.with("ctl-confirm-delete-test", &named))?;
            let request_id = client.request_id();
            let message = v1::DeleteTestContactRequest { request_id: request_id.clone(), test_contact_id };
            let delete = async |request| client.test_contacts().delete_test_contact(request).await;
            context.print(&client.change(&request_id, message, delete).await?)?;
        }
    }
    Ok(Exit::Ok)
}

async fn create(context: &Context, portal_id: i64, no_wait: bool) -> Result<Exit, Error> {
    let client = &context.client;
    let request_id = client.request_id();
    let message = v1::CreateTestContactRequest { request_id: request_id.clone(), portal_id };
    let create = async |request| client.test_contacts().create_test_contact(request).await;
    let answer = client.change(&request_id, message, create).await?;
    if no_wait {
        context.print(&answer)?;
        return Ok(Exit::Ok);
    }
    let ended = testing_contact::to_its_end(context, present(answer.test_contact)?).await?;
    let exit = testing_contact::exit(&ended);
    match context.format {
        Format::Json => context.print(&ended)?,
        // Its history has been shown line by line.
        Format::Table => context.print(&v1::TestContact { history: Vec::new(), ..ended })?,
    }
    Ok(exit)
}

/// Prints each status once as it is reached; as JSON, each message.
async fn follow_one(
    context: &Context,
    test_contact_id: String,
    token: Option<String>,
) -> Result<Exit, Error> {
    let (client, lang) = (&context.client, context.view.lang);
    let open = async |token: Request<String>| {
        let request = v1::WatchTestContactRequest {
            test_contact_id: test_contact_id.clone(),
            resume_token: token.into_inner(),
        };
        client.test_contacts().watch_test_contact(request).await
    };
    let mut exit = Exit::Ok;
    let mut last = TestContactStatus::Unspecified;
    follow(client, token.unwrap_or_default(), open, async |seen| {
        let message = match seen {
            Seen::Message(_, message) => message,
            Seen::Lost(status) => {
                context.note(&lost(status, lang));
                return Ok(ControlFlow::Continue(()));
            }
        };
        if let Some(Event::Snapshot(contact) | Event::Transition(contact)) = &message.event {
            if context.format == Format::Table {
                print_since(contact, last, context)?;
            }
            last = contact.status();
            exit = if testing_contact::is_over(contact) { testing_contact::exit(contact) } else { Exit::Ok };
        }
        if context.format == Format::Json {
            context.print_event(message)?;
        }
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(exit)
}

/// The statuses that were reached after `last`, and at the end the whole contact.
fn print_since(contact: &v1::TestContact, last: TestContactStatus, context: &Context) -> Result<(), Error> {
    let known =
        contact.history.iter().position(|reached| reached.status() == last).map_or(0, |index| index + 1);
    let lines: String =
        contact.history.iter().skip(known).map(|reached| status_line(reached, context.view.lang)).collect();
    if !lines.is_empty() {
        output::write(&lines)?;
    }
    if testing_contact::is_over(contact) && last != contact.status() {
        let summary = v1::TestContact { history: Vec::new(), ..contact.clone() };
        output::write("")?;
        context.print(&summary)?;
    }
    Ok(())
}
