//! A test contact, watched to its end.

use std::ops::ControlFlow;

use tonic::Request;

use super::{
    connecting::lost,
    context::Context,
    error::Error,
    exit::Exit,
    labels::label,
    render::status_line,
    stream::{Seen, follow},
};
use crate::api::v1::{self, TestContactStatus, watch_test_contact_response::Event};

/// Watches a test contact until it has ended, printing each status once, and returns it as it ended.
///
/// # Errors
/// [`Error::Rpc`] when the server refuses or can't be reached; the contact travels on without us.
pub async fn to_its_end(context: &Context, contact: v1::TestContact) -> Result<v1::TestContact, Error> {
    let (client, lang) = (&context.client, context.view.lang);
    let test_contact_id = contact.test_contact_id.clone();
    let open = async |token: Request<String>| {
        let request = v1::WatchTestContactRequest {
            test_contact_id: test_contact_id.clone(),
            resume_token: token.into_inner(),
        };
        client.test_contacts().watch_test_contact(request).await
    };
    let mut progress = context.progress();
    if is_over(&contact) {
        return Ok(contact);
    }
    progress.line(&lang.text("ctl-progress-detach"));
    let mut newest = contact;
    let mut shown = 0;
    follow(client, String::new(), open, async |seen| {
        match seen {
            Seen::Lost(status) => progress.state(&lost(status, lang)),
            Seen::Message(_, message) => {
                if let Some(Event::Snapshot(contact) | Event::Transition(contact)) = &message.event {
                    for reached in contact.history.iter().skip(shown) {
                        progress.line(status_line(reached, lang).trim_end());
                    }
                    shown = contact.history.len().max(shown);
                    progress.spin(&label::<TestContactStatus>(contact.status, lang));
                    newest = contact.clone();
                }
            }
        }
        Ok(if is_over(&newest) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await?;
    Ok(newest)
}

/// Whether it has reached a final status.
pub fn is_over(contact: &v1::TestContact) -> bool {
    use TestContactStatus as S;
    matches!(contact.status(), S::Completed | S::Failed | S::Cancelled)
}

/// The exit code for how it ended.
pub fn exit(contact: &v1::TestContact) -> Exit {
    if contact.status() == TestContactStatus::Completed { Exit::Ok } else { Exit::Failed }
}
