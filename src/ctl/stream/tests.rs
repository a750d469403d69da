//! Streams over a real transport that break in every way, and are seen whole and once.

#![expect(clippy::unwrap_used, reason = "test")]

use std::sync::PoisonError;

use tonic_types::ErrorDetails;

use super::*;
use crate::{
    api::v1::{
        TestContact, TestContactStatus, WatchEnd, WatchReset, WatchTestContactResponse,
        watch_test_contact_response::Event,
    },
    ctl::{
        exit::Exit,
        fake::{FakeTestContacts, Script, client},
    },
};

fn message(event: Event, token: &str) -> Result<WatchTestContactResponse, Status> {
    Ok(WatchTestContactResponse { event: Some(event), resume_token: token.to_owned() })
}

fn contact(status: TestContactStatus) -> TestContact {
    TestContact { status: status.into(), ..TestContact::default() }
}

fn end(cause: watch_end::Cause, token: &str) -> Result<WatchTestContactResponse, Status> {
    message(Event::End(WatchEnd { cause: cause.into() }), token)
}

use TestContactStatus::{Completed, Processing, Scheduling, Starting};

/// Follows what the scripts play; returns the statuses seen, the tokens sent and how it ended.
async fn play(
    scripts: Vec<Result<Script, Status>>,
) -> (Vec<TestContactStatus>, Vec<String>, Result<Ended, Error>) {
    let fake = FakeTestContacts::default();
    fake.watches.lock().unwrap().extend(scripts);
    let client = client(&fake.serve().await);
    let mut seen = Vec::new();
    let open = async |token: Request<String>| {
        let request =
            v1::WatchTestContactRequest { test_contact_id: "x".to_owned(), resume_token: token.into_inner() };
        client.test_contacts().watch_test_contact(request).await
    };
    let ended = follow(&client, String::new(), open, async |event| {
        if let Seen::Message(_, WatchTestContactResponse { event: Some(event), .. }) = event
            && let Event::Snapshot(contact) | Event::Transition(contact) = event
        {
            seen.push(contact.status());
        }
        Ok(ControlFlow::Continue(()))
    })
    .await;
    let tokens = fake.watch_tokens.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (seen, tokens, ended)
}

#[tokio::test]
async fn a_broken_stream_is_resumed_after_the_last_message_and_nothing_comes_twice() {
    let breaks = [
        Some(Status::unavailable("connection reset")),
        Some(Status::unknown("h2 protocol error")),
        Some(Status::internal("h2 protocol error")),
        Some(Status::cancelled("operation was canceled")),
        None,
    ];
    for broken in breaks {
        let how = format!("{broken:?}");
        let mut first = vec![
            message(Event::Snapshot(contact(Starting)), "t1"),
            message(Event::Transition(contact(Scheduling)), "t2"),
            message(Event::Heartbeat(v1::Heartbeat::default()), "t3"),
        ];
        first.extend(broken.map(Err));
        let second = vec![
            message(Event::Transition(contact(Processing)), "t4"),
            message(Event::Transition(contact(Completed)), "t5"),
            end(watch_end::Cause::Finished, "t6"),
        ];
        let (seen, tokens, ended) = play(vec![Ok(first), Ok(second)]).await;
        assert_eq!(seen, [Starting, Scheduling, Processing, Completed], "{how}");
        assert_eq!(tokens, ["", "t3"], "{how}");
        assert_eq!(ended.unwrap(), Ended::Finished, "{how}");
    }
}

#[tokio::test]
async fn a_server_that_goes_away_or_ends_an_old_stream_is_followed_elsewhere() {
    for cause in [watch_end::Cause::ServerShutdown, watch_end::Cause::MaxAge, watch_end::Cause::Unspecified] {
        let first = vec![message(Event::Snapshot(contact(Starting)), "t1"), end(cause, "t2")];
        let second =
            vec![message(Event::Transition(contact(Completed)), "t3"), end(watch_end::Cause::Finished, "t4")];
        let (seen, tokens, ended) =
            play(vec![Ok(first), Err(Status::unavailable("restarting")), Ok(second)]).await;
        assert_eq!(seen, [Starting, Completed], "{cause:?}");
        assert_eq!(tokens, ["", "t2", "t2"], "{cause:?}");
        assert_eq!(ended.unwrap(), Ended::Finished, "{cause:?}");
    }
}

#[tokio::test]
async fn a_reset_and_its_snapshot_are_passed_on() {
    let reset = WatchReset { cause: watch_reset::Cause::TokenTooOld.into() };
    let script = vec![
        message(Event::Reset(reset), ""),
        message(Event::Snapshot(contact(Processing)), "t9"),
        end(watch_end::Cause::Finished, ""),
    ];
    let (seen, _, ended) = play(vec![Ok(script)]).await;
    assert_eq!(seen, [Processing]);
    assert_eq!(ended.unwrap(), Ended::Finished);
}

#[tokio::test]
async fn a_refusal_ends_it() {
    let with_reason = |code, reason: &str| {
        let details = ErrorDetails::with_error_info(reason, "connector.v1", std::collections::HashMap::new());
        Status::with_error_details(code, "no", details)
    };
    let refusals = [
        (with_reason(Code::NotFound, "TEST_CONTACT_NOT_FOUND"), Exit::NotFound),
        (with_reason(Code::InvalidArgument, "RESUME_TOKEN_INVALID"), Exit::Invalid),
        (with_reason(Code::Internal, "INTERNAL_ERROR"), Exit::Internal),
        (Status::permission_denied("no"), Exit::Denied),
    ];
    for (refusal, exit) in refusals {
        let (seen, tokens, ended) = play(vec![Err(refusal.clone())]).await;
        assert!(seen.is_empty());
        assert_eq!(tokens.len(), 1, "{refusal:?}");
        assert_eq!(ended.unwrap_err().exit(), exit, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_consumer_that_has_seen_enough_stops_it() {
    let fake = FakeTestContacts::default();
    let script: Script =
        (1..100).map(|n| message(Event::Transition(contact(Starting)), &n.to_string())).collect();
    fake.watches.lock().unwrap().push_back(Ok(script));
    let client = client(&fake.serve().await);
    let mut seen = 0;
    let open = async |token: Request<String>| {
        let request = v1::WatchTestContactRequest { resume_token: token.into_inner(), ..Default::default() };
        client.test_contacts().watch_test_contact(request).await
    };
    let ended = follow(&client, String::new(), open, async |_: Seen<'_, WatchTestContactResponse>| {
        seen += 1;
        Ok(if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .await;
    assert_eq!((ended.unwrap(), seen), (Ended::Enough, 3));
}
