//! Calls over a real transport: what goes along with them, what is retried and what is not.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::{collections::HashSet, time::Instant};

use tonic_types::ErrorDetails;

use super::*;
use crate::{
    api::v1,
    ctl::{
        exit::Exit,
        fake::{FakeTestContacts, client},
    },
};

async fn create(client: &Client) -> Result<v1::CreateTestContactResponse, Error> {
    let request_id = client.request_id();
    let message = v1::CreateTestContactRequest { request_id: request_id.clone(), portal_id: 7 };
    client
        .change(&request_id, message, async |request| {
            client.test_contacts().create_test_contact(request).await
        })
        .await
}

async fn get(client: &Client) -> Result<v1::GetTestContactResponse, Error> {
    let message = v1::GetTestContactRequest { test_contact_id: "x".to_owned() };
    client.read(message, async |request| client.test_contacts().get_test_contact(request).await).await
}

#[tokio::test]
async fn a_change_is_retried_under_the_same_id_and_says_who_calls_in_which_language() {
    let fake = FakeTestContacts::default();
    let away = || Err(Status::unavailable("away"));
    fake.creates.lock().unwrap().extend([away(), away(), Ok(v1::TestContact::default())]);
    let client = client(&fake.serve().await);

    create(&client).await.unwrap();

    let requests = fake.create_requests.lock().unwrap();
    assert_eq!(requests.len(), 3);
    let ids: HashSet<_> = requests.iter().map(|(message, _)| message.request_id.clone()).collect();
    assert_eq!(ids.len(), 1, "one change has one id");
    let id: Uuid = ids.into_iter().next().unwrap().parse().unwrap();
    assert_eq!(id.get_version_num(), 7);
    for (_, metadata) in requests.iter() {
        assert_eq!(metadata.get("authorization").unwrap(), "Bearer canary-token");
        assert_eq!(metadata.get("accept-language").unwrap(), "ja");
        assert!(metadata.contains_key("grpc-timeout"));
    }
}

#[tokio::test]
async fn two_changes_have_two_ids() {
    let fake = FakeTestContacts::default();
    fake.creates.lock().unwrap().extend([Ok(v1::TestContact::default()), Ok(v1::TestContact::default())]);
    let client = client(&fake.serve().await);
    create(&client).await.unwrap();
    create(&client).await.unwrap();
    let requests = fake.create_requests.lock().unwrap();
    assert_ne!(requests[0].0.request_id, requests[1].0.request_id);
}

#[tokio::test]
async fn retries_are_bounded_and_the_id_is_told() {
    let fake = FakeTestContacts::default();
    fake.creates.lock().unwrap().extend((0..50).map(|_| Err(Status::unavailable("away"))));
    let error = create(&client(&fake.serve().await)).await.unwrap_err();
    let requests = fake.create_requests.lock().unwrap();
    assert_eq!(requests.len(), RETRIES + 1);
    let Error::Rpc(failure) = &error else { unreachable!("{error:?}") };
    assert_eq!(failure.request_id.as_deref(), Some(requests[0].0.request_id.as_str()));
    assert_eq!(error.exit(), Exit::Unavailable);
}

#[tokio::test]
async fn a_pause_that_is_too_long_is_told_and_not_waited_for() {
    let fake = FakeTestContacts::default();
    let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(60)));
    let status = Status::with_error_details(Code::Unavailable, "maintenance", details);
    fake.creates.lock().unwrap().extend([Err(status), Ok(v1::TestContact::default())]);
    let begun = Instant::now();
    assert_eq!(create(&client(&fake.serve().await)).await.unwrap_err().exit(), Exit::Unavailable);
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(fake.create_requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_not_retried_and_keeps_its_details() {
    let fake = FakeTestContacts::default();
    let details = ErrorDetails::with_error_info(
        "TEST_CONTACT_NOT_FOUND",
        "connector.v1",
        std::collections::HashMap::new(),
    );
    let refusal = Status::with_error_details(Code::NotFound, "no such test contact", details);
    fake.gets.lock().unwrap().extend([Err(refusal), Ok(v1::TestContact::default())]);
    let error = get(&client(&fake.serve().await)).await.unwrap_err();
    assert_eq!(error.exit(), Exit::NotFound);
    let info = error.status().unwrap().get_error_details();
    assert_eq!(info.error_info().unwrap().reason, "TEST_CONTACT_NOT_FOUND");
    assert_eq!(fake.gets.lock().unwrap().len(), 1, "one answer is left");
}

#[tokio::test]
async fn nobody_there_is_unavailable_and_names_the_place() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = get(&client(&endpoint)).await.unwrap_err();
    assert_eq!(error.exit(), Exit::Unavailable);
    let text = crate::ctl::error::text(&error, Lang::En, false);
    assert!(text.starts_with(&format!("Error: Cannot reach {endpoint}: ")), "{text}");
}

#[test]
fn endpoints_that_cannot_be_used_are_usage_errors() {
    let client = |endpoint: &str, ca_pem: Option<&[u8]>, token: &str| {
        let target = Target {
            endpoint: endpoint.to_owned(),
            token: Some(token.into()),
            ca_pem: ca_pem.map(<[u8]>::to_vec),
            identity: None,
        };
        Client::new(&target, Lang::En, None, None).map(|_| ())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let cases: [(&str, Option<&[u8]>, &str); 5] = [
        ("ftp://h:1", None, "t"),
        ("not a url", None, "t"),
        ("", None, "t"),
        ("http://h:1", Some(b"pem"), "t"),
        ("http://h:1", None, "two\nlines"),
    ];
    for (endpoint, ca_pem, token) in cases {
        assert!(matches!(client(endpoint, ca_pem, token), Err(Error::Usage(_))), "{endpoint:?}");
    }
    assert!(client("http://h:1", None, "t").is_ok());
    assert!(client("https://h:1", None, "t").is_ok());
}
