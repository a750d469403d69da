//! Names whose answers change between one look and the next.

#![expect(clippy::unwrap_used, reason = "test")]

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::Method;
use reqwest::dns::Resolve as _;
use tokio::net::TcpListener;

use super::{
    Timeouts, Transport, TransportError,
    dns::{Lookup, PublicAddresses},
};

const NAME: &str = "acme.my.salesforce.com";
/// Documented as public; nothing is ever sent there.
const PUBLIC: &str = "13.108.0.1";

/// A resolver with these answers in their order, over and over, and how often it was asked.
fn changing(answers: &[&[&str]]) -> (Lookup, Arc<AtomicUsize>) {
    let answers: VecDeque<Vec<SocketAddr>> = answers
        .iter()
        .map(|answer| answer.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect())
        .collect();
    let (answers, asked) = (Mutex::new(answers), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        let mut answers = answers.lock().unwrap();
        answers.rotate_left(1);
        let answer = answers.back().cloned().unwrap();
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

/// Counts who comes to a port of this machine, whatever the address.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = match TcpListener::bind("[::]:0").await {
        Ok(both) => both,
        Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
    };
    let port = listener.local_addr().unwrap().port();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&visits);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, visits)
}

#[tokio::test]
async fn a_name_is_looked_at_again_for_every_connection() {
    let (lookup, asked) = changing(&[&[PUBLIC], &["127.0.0.1"], &[PUBLIC, "127.0.0.1"], &[PUBLIC]]);
    let resolver = PublicAddresses::with_lookup(Vec::new(), lookup);
    let resolve = async || -> Option<Vec<IpAddr>> {
        let found = resolver.resolve(NAME.parse().unwrap()).await.ok()?;
        Some(found.map(|address| address.ip()).collect())
    };
    let public: IpAddr = PUBLIC.parse().unwrap();
    assert_eq!(resolve().await, Some(vec![public]));
    assert_eq!(resolve().await, None, "it has become private");
    assert_eq!(resolve().await, None, "one private address among them is enough");
    assert_eq!(resolve().await, Some(vec![public]));
    assert_eq!(asked.load(Ordering::SeqCst), 4, "nothing is remembered, and nothing is asked twice");
}

#[tokio::test]
async fn nothing_is_sent_to_a_private_address_however_the_answers_change() {
    let (port, visits) = trap().await;
    let answers: &[&[&str]] = &[
        &["127.0.0.1"],
        &[PUBLIC, "127.0.0.1"],
        &["127.0.0.1", PUBLIC],
        &["::1"],
        &["2600:1f18::1", "::1"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1", PUBLIC],
        &["0.0.0.0"],
        &["::"],
        &["127.8.8.8", "10.0.0.1", "169.254.169.254"],
    ];
    let (lookup, asked) = changing(answers);
    let resolver = PublicAddresses::with_lookup(Vec::new(), lookup);
    let transport = Transport::build("test", Timeouts::default(), resolver, None).unwrap();
    for round in 0..10 * answers.len() {
        let url = url::Url::parse(&format!("http://{NAME}:{port}/services/data")).unwrap();
        let request = transport.request(Method::POST, url).body("a secret");
        let error = transport.send(request, 1_024).await.unwrap_err();
        assert_eq!(error, TransportError::AddressRefused, "round {round}");
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0);
    assert_eq!(asked.load(Ordering::SeqCst), 10 * answers.len());
}

/// The trap works: the same answers, and somebody who trusts the name.
#[tokio::test]
async fn who_trusts_the_name_is_seen() {
    let (port, visits) = trap().await;
    let (lookup, _) = changing(&[&["127.0.0.1"]]);
    let resolver = PublicAddresses::with_lookup(vec![NAME.to_owned()], lookup);
    let timeouts = Timeouts { total: std::time::Duration::from_millis(200), ..Timeouts::default() };
    let transport = Transport::build("test", timeouts, resolver, None).unwrap();
    let request = transport.request(Method::GET, url::Url::parse(&format!("http://{NAME}:{port}/")).unwrap());
    transport.send(request, 1_024).await.unwrap_err();
    assert_eq!(visits.load(Ordering::SeqCst), 1);
}
