//! Whole commands, from the command line to the exit code.

#![expect(clippy::unwrap_used, reason = "test")]

use clap::Parser as _;
use tonic::Status;

use super::*;
use crate::{
    api::v1::{
        self, TestContact, TestContactStatus, WatchEnd, WatchTestContactResponse, watch_end::Cause,
        watch_test_contact_response::Event,
    },
    ctl::fake::{FakeTestContacts, Script, context},
};

async fn run(fake: &FakeTestContacts, args: &[&str], yes: bool) -> Result<Exit, Error> {
    let mut context = context(&fake.serve().await);
    context.yes = yes;
    let command = Cli::try_parse_from(["connectorctl"].iter().chain(args)).unwrap().command;
    dispatch(&context, command).await
}

fn contact(status: TestContactStatus) -> TestContact {
    TestContact { test_contact_id: "0197".into(), status: status.into(), ..TestContact::default() }
}

/// A stream that tells of every status up to the last one.
fn travel(statuses: &[TestContactStatus]) -> Script {
    let message = |event| Ok(WatchTestContactResponse { event: Some(event), resume_token: "t".into() });
    let transitions = statuses.iter().map(|status| message(Event::Transition(contact(*status))));
    transitions.chain([message(Event::End(WatchEnd { cause: Cause::Finished.into() }))]).collect()
}

#[tokio::test]
async fn a_test_contact_ends_with_the_exit_code_of_its_outcome() {
    use TestContactStatus::{Cancelled, Completed, Failed, Processing, Scheduling, Starting};
    for (last, exit) in [(Completed, Exit::Ok), (Failed, Exit::Failed), (Cancelled, Exit::Failed)] {
        for args in [["test-contact", "create", "7"], ["test-contact", "watch", "0197"]] {
            let fake = FakeTestContacts::default();
            fake.creates.lock().unwrap().push_back(Ok(contact(Starting)));
            fake.watches.lock().unwrap().push_back(Ok(travel(&[Starting, Scheduling, Processing, last])));
            assert_eq!(run(&fake, &args, false).await.unwrap(), exit, "{args:?} {last:?}");
        }
    }
}

#[tokio::test]
async fn without_waiting_nothing_is_watched() {
    let fake = FakeTestContacts::default();
    fake.creates.lock().unwrap().push_back(Ok(contact(TestContactStatus::Starting)));
    let exit = run(&fake, &["test-contact", "create", "7", "--no-wait"], false).await.unwrap();
    assert_eq!(exit, Exit::Ok);
    assert!(fake.watch_tokens.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_watch_goes_on_from_the_token_that_is_given() {
    let fake = FakeTestContacts::default();
    fake.watches.lock().unwrap().push_back(Ok(travel(&[TestContactStatus::Completed])));
    run(&fake, &["test-contact", "watch", "0197", "--resume-token", "t9"], false).await.unwrap();
    assert_eq!(*fake.watch_tokens.lock().unwrap(), ["t9"]);
}

/// Tests have no terminal: nobody can be asked.
#[tokio::test]
async fn what_destroys_needs_yes_where_nobody_can_be_asked() {
    let destroying: [&[&str]; 3] = [
        &["test-contact", "delete", "0197"],
        &["connections", "disconnect", "7"],
        &["setup", "abandon", "--setup", "0197"],
    ];
    for args in destroying {
        let fake = FakeTestContacts::default();
        let refused = run(&fake, args, false).await.unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage, "{args:?}: {refused}");
        // With --yes it is sent: the fake knows none of the three.
        let sent = run(&fake, args, true).await.unwrap_err();
        assert_eq!(sent.status().map(Status::code), Some(tonic::Code::Unimplemented), "{args:?}");
    }
}

#[tokio::test]
async fn every_page_is_fetched_unless_one_is_asked_for() {
    let read = async |_size: i32, token: String| {
        let next = match token.as_str() {
            "" => "2",
            "2" => "3",
            _ => "",
        };
        let portal = v1::Portal { display_name: token, ..v1::Portal::default() };
        Ok(v1::ListPortalsResponse { portals: vec![portal], next_page_token: next.to_owned() })
    };
    let names = |answer: &v1::ListPortalsResponse| {
        answer.portals.iter().map(|portal| portal.display_name.clone()).collect::<Vec<_>>()
    };
    let all = pages(&PageArgs { page_size: None, page_token: None }, read, append!(portals)).await.unwrap();
    assert_eq!(
        (names(&all), all.next_page_token.as_str()),
        (vec![String::new(), "2".into(), "3".into()], "")
    );
    let one =
        pages(&PageArgs { page_size: Some(1), page_token: None }, read, append!(portals)).await.unwrap();
    assert_eq!((names(&one), one.next_page_token.as_str()), (vec![String::new()], "2"));
    let second = PageArgs { page_size: None, page_token: Some("2".into()) };
    let one = pages(&second, read, append!(portals)).await.unwrap();
    assert_eq!((names(&one), one.next_page_token.as_str()), (vec!["2".into()], "3"));
}

#[tokio::test]
async fn a_server_without_health_is_told() {
    let fake = FakeTestContacts::default();
    let error = run(&fake, &["health"], false).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Internal);
}
