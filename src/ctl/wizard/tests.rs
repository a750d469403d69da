//! The wizard against a server that keeps the order of the steps, answered by a script.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test")]

mod server;

use std::collections::VecDeque;

use secrecy::SecretString;

use self::server::FakeSetups;
use super::*;
use crate::ctl::fake;

/// An answer of the script. The question it is for is part of it: a wizard that asks something else fails the test.
enum Reply {
    Choose(&'static str, usize),
    Tick(&'static str, Vec<usize>),
    Confirm(&'static str, bool),
    Line(&'static str, &'static str),
    Secret(&'static str, &'static str),
    Escape,
}
use Reply::{Choose, Confirm, Escape, Line, Secret, Tick};

struct Script {
    replies: VecDeque<Reply>,
    said: String,
}

impl Script {
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self { replies: replies.into_iter().collect(), said: String::new() }
    }

    fn next(&mut self, question: &str) -> Option<Reply> {
        let reply = self.replies.pop_front().unwrap_or_else(|| panic!("no answer left for {question:?}"));
        let expected = match &reply {
            Choose(part, _) | Tick(part, _) | Confirm(part, _) | Line(part, _) | Secret(part, _) => *part,
            Escape => return None,
        };
        assert!(question.contains(expected), "asked {question:?}, expected {expected:?}");
        Some(reply)
    }
}

impl Prompts for Script {
    fn say(&mut self, text: &str) {
        self.said.push_str(text);
        self.said.push('\n');
    }

    fn choose(&mut self, question: &str, options: &[String]) -> Result<usize, Pause> {
        match self.next(question) {
            None => Err(Pause::Menu),
            Some(Choose(_, index)) => {
                assert!(index < options.len(), "{question}: {options:?}");
                Ok(index)
            }
            Some(_) => panic!("{question:?} is a choice"),
        }
    }

    fn tick(&mut self, question: &str, _: &[String]) -> Result<Vec<usize>, Pause> {
        match self.next(question) {
            None => Err(Pause::Menu),
            Some(Tick(_, ticked)) => Ok(ticked),
            Some(_) => panic!("{question:?} is for ticking"),
        }
    }

    fn confirm(&mut self, question: &str) -> Result<bool, Pause> {
        match self.next(question) {
            None => Err(Pause::Menu),
            Some(Confirm(_, answer)) => Ok(answer),
            Some(_) => panic!("{question:?} is for yes or no"),
        }
    }

    fn line(&mut self, question: &str, _: Option<&str>) -> Result<String, Pause> {
        match self.next(question) {
            None => Err(Pause::Menu),
            Some(Line(_, line)) => Ok(line.to_owned()),
            Some(_) => panic!("{question:?} is for a line"),
        }
    }

    fn secret(&mut self, question: &str) -> Result<SecretString, Pause> {
        match self.next(question) {
            None => Err(Pause::Menu),
            Some(Secret(_, secret)) => Ok(SecretString::from(secret)),
            Some(_) => panic!("{question:?} is for a secret"),
        }
    }
}

const PORTAL: SetupTarget = SetupTarget { portal: Some(7), setup: None };

/// Plays a script; returns what was said.
async fn play(endpoint: &str, replies: Vec<Reply>) -> (String, Exit) {
    let mut context = fake::context(endpoint);
    context.format = Format::Table;
    let mut script = Script::new(replies);
    let mut wizard =
        Wizard::enter(&context, &mut script, &PORTAL).await.unwrap_or_else(|_| panic!("not entered"));
    let exit = wizard.walk().await.unwrap();
    assert!(script.replies.is_empty(), "{} answers are left", script.replies.len());
    (script.said, exit)
}

fn up_to_the_token() -> Vec<Reply> {
    vec![
        Confirm("I have read what is needed", true),
        Choose("HUBSPOT?", 0),
        Choose("EDITION?", 1),
        Choose("ADMIN?", 0),
        Choose("ENVIRONMENT?", 0),
        Line("SEATS?", "fifteen"),
        Line("SEATS?", "15"),
        Line("CALLS?", ""),
        Confirm("PACKAGE?", true),
        Choose("Security token", 0),
        Secret("Enter your Salesforce token", "canary-token-1"),
    ]
}

fn from_visualforce_to_the_end() -> Vec<Reply> {
    vec![
        Choose("By which means", 0),
        Confirm("VISUALFORCE?", true),
        Choose("How shall the connector log in", 0),
        Line("user name", "admin@acme.com"),
        Secret("password", "canary-password-1"),
        Confirm("accounts?", true),
        Confirm("opportunities?", false),
        Tick("When shall a Salesforce activity", vec![0]),
        Confirm("tasks", true),
        Choose("Which contacts", 2),
        Choose("Are all decisions", 0),
        Choose("Test the integration", 1),
        Choose("exist already", 1),
    ]
}

#[tokio::test]
async fn it_walks_from_nothing_to_the_end_and_sends_every_answer() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let replies = up_to_the_token().into_iter().chain(from_visualforce_to_the_end()).collect();
    let (said, exit) = play(&endpoint, replies).await;
    assert_eq!(exit, Exit::Ok);
    assert!(said.contains("✓ all done, not tested"), "{said}");
    assert!(!said.contains("canary"), "{said}");

    let received = server.received();
    let expected = [
        ("acknowledge_prerequisites", "acknowledged: true, subscription: Professional"),
        ("select_edition", "edition: Enterprise"),
        ("confirm_admin_access", "admin_access: TopLevelAdministrator"),
        ("select_environment", "environment: Production, sandbox_notes_acknowledged: false"),
        ("set_seat_count", "seat_count: 15"),
        ("set_api_call_limit", "limit: None"),
        ("confirm_package_installed", "installed: true"),
        ("submit_security_token", "not_used: false"),
        ("confirm_visualforce_module", "added: true"),
        ("connect_accounts", "username: \"admin@acme.com\""),
        ("choose_object_sync", "accounts: Yes, opportunities: No"),
        ("choose_activity_sync", "on_form_submission: true, on_email_open: false, tasks: Yes"),
        ("choose_inclusion_list", "ListId(\"611\")"),
        ("enable_sync", "review_etag: \"review-1\""),
        ("finish_setup", "import_decision: DoNotImport"),
    ];
    assert_eq!(received.len(), expected.len(), "{received:#?}");
    for ((name, message), (expected_name, part)) in received.iter().zip(expected) {
        assert_eq!(*name, expected_name);
        assert!(message.contains(part), "{name}: {message} has no {part}");
    }
    assert_eq!(server.secrets(), ["canary-token-1", "canary-password-1"]);
}

#[tokio::test]
async fn r28_a_hand_off_walks_its_steps_and_no_other() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let hand_off = async |replies: Vec<Reply>| {
        let mut context = fake::context(&endpoint);
        context.format = Format::Table;
        let mut script = Script::new(replies);
        let exit = walk_handed_off(&context, &mut script, "setup-1").await.unwrap();
        assert!(script.replies.is_empty(), "{} answers are left", script.replies.len());
        (script.said, exit)
    };
    // Its steps are not reached yet.
    let (said, exit) = hand_off(Vec::new()).await;
    assert!(exit == Exit::Ok && said.contains("wait for another step"), "{said}");
    assert!(server.received().is_empty());

    let mut before = up_to_the_token();
    before.truncate(8);
    before.extend([Escape, Escape]);
    play(&endpoint, before).await;
    let steps =
        up_to_the_token().into_iter().skip(8).chain(from_visualforce_to_the_end().into_iter().take(5));
    let (said, exit) = hand_off(steps.collect()).await;
    assert!(exit == Exit::Ok && said.contains("connectorctl handoff --setup setup-1"), "{said}");
    let received: Vec<&str> = server.received().iter().skip(6).map(|(name, _)| *name).collect();
    let steps = [
        "confirm_package_installed",
        "submit_security_token",
        "confirm_visualforce_module",
        "connect_accounts",
    ];
    assert_eq!(received, steps);
}

#[tokio::test]
async fn it_is_left_at_any_question_and_goes_on_there() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let mut first = up_to_the_token();
    first.truncate(5);
    first.extend([Escape, Choose("What do you want", 2)]);
    let (said, exit) = play(&endpoint, first).await;
    assert_eq!(exit, Exit::Ok);
    assert!(said.contains("connectorctl setup --portal 7"), "{said}");

    let second = up_to_the_token().into_iter().skip(5).chain([Escape, Escape]).collect();
    let (said, _) = play(&endpoint, second).await;
    assert!(!said.contains("EDITION"), "{said}");
    assert_eq!(server.received().last().unwrap().0, "submit_security_token");
}

#[tokio::test]
async fn a_refusal_is_told_and_asked_about_again() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    server.refuse_next("select_edition", "SALESFORCE_EDITION_NOT_ELIGIBLE", "This edition won't do.");
    let mut replies = up_to_the_token();
    replies.truncate(3);
    replies.extend([
        Choose("What do you want", 0),
        Choose("EDITION?", 2),
        Escape,
        Choose("What do you want", 2),
    ]);
    let (said, _) = play(&endpoint, replies).await;
    assert!(said.contains("Error: This edition won't do. [SALESFORCE_EDITION_NOT_ELIGIBLE]"), "{said}");
    assert!(server.received().last().unwrap().1.contains("edition: Unlimited"));
}

#[tokio::test]
async fn an_earlier_answer_can_be_edited_and_the_stale_one_is_named() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let mut replies = up_to_the_token();
    replies.truncate(4);
    replies.extend([Escape, Choose("What do you want", 1), Choose("Which answer", 1), Choose("EDITION?", 0)]);
    // The fake makes the administrative access stale by an edit of the edition.
    replies.extend([Choose("ADMIN?", 0), Escape, Choose("What do you want", 2)]);
    let (said, _) = play(&endpoint, replies).await;
    assert!(said.contains("\"Salesforce edition\" changed since this was answered"), "{said}");
    let names: Vec<_> = server.received().into_iter().map(|(name, _)| name).collect();
    let edited = ["select_edition", "confirm_admin_access", "select_edition", "confirm_admin_access"];
    assert_eq!(names[1..], edited);
}

#[tokio::test]
async fn no_access_is_an_answer_that_waits() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let mut replies = up_to_the_token();
    replies.truncate(3);
    replies.push(Choose("ADMIN?", 1));
    let (said, exit) = play(&endpoint, replies).await;
    assert_eq!(exit, Exit::Ok);
    assert!(said.contains("Work with your Salesforce administrator"), "{said}");
}

#[tokio::test]
async fn without_terminal_it_says_so() {
    let context = fake::context("http://127.0.0.1:1");
    let refused = on_terminal(&context, &PORTAL).await.unwrap_err();
    assert_eq!(refused.exit(), Exit::Usage);
}

fn connecting() -> Vec<Reply> {
    let to_the_password = from_visualforce_to_the_end().into_iter().take(5);
    up_to_the_token().into_iter().chain(to_the_password).collect()
}

/// Between the answer of the call and the opening of the stream, an attempt may have ended.
#[tokio::test]
async fn an_attempt_that_ended_before_it_was_watched_is_seen() {
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    server.attempt_runs(Vec::new(), server::attempt(v1::ConnectState::Connected));
    let mut replies = connecting();
    replies.extend([Escape, Choose("What do you want", 2)]);
    let (said, _) = play(&endpoint, replies).await;
    assert!(said.contains("✓ Successfully connected your accounts"), "{said}");
}

#[tokio::test]
async fn a_running_attempt_is_joined_and_followed_to_its_failure_which_is_told_with_its_fix() {
    use v1::ConnectState::{Connected, Failed, LoggingIn, Probing};
    let server = FakeSetups::default();
    let endpoint = server.serve().await;
    let of_another = v1::ConnectAttempt { attempt_id: "another".into(), ..server::attempt(Connected) };
    let failed = v1::ConnectAttempt {
        message: "The org is a sandbox.".into(),
        fix: "Edit the sandbox step.".into(),
        findings: vec![v1::Finding {
            check: v1::Check::Environment.into(),
            result: v1::FindingResult::Failed.into(),
            claimed: "production".into(),
            found: "sandbox".into(),
            ..v1::Finding::default()
        }],
        ..server::attempt(Failed)
    };
    let changes = vec![server::attempt(Probing), of_another, failed];
    server.attempt_runs(changes, server::attempt(LoggingIn));
    let mut replies = connecting();
    // No credential is asked for: the attempt runs already.
    replies.truncate(replies.len() - 3);
    replies.push(Choose("What do you want", 2));
    let (said, _) = play(&endpoint, replies).await;
    assert!(said.contains("✗ The org is a sandbox.\n  Edit the sandbox step."), "{said}");
    assert!(said.contains("✗ Failed  Production or sandbox  production  sandbox"), "{said}");
}
